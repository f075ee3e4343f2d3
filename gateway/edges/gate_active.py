"""What a PDF would do by itself or brings along: scripts, programs, media, hidden files (ISO 32000-2, §§ 7.11, 12.6).

Every object is looked at, also those that no page refers to, and those in object streams. qpdf has already undone
`#xx` escapes in names, so that a name has one spelling only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pikepdf import Array, Dictionary, Name, Object, Stream, String

from gateway.domain import codes
from gateway.domain.codes import Code
from gateway.edges.gate_pages import ObjectId
from gateway.edges.gate_xfa import xfa_trouble

_SCRIPT = "JavaScript"
_LAUNCH = "eine Aktion, die ein Programm startet"
_IMPORT = "eine Aktion, die Daten einliest"
_MEDIA = "Multimedia-Inhalte"
_POSTSCRIPT = "PostScript-Programmcode"
_OUTSIDE = "Inhalte, die von außerhalb nachgeladen werden"
_FILE = "eine eingebettete Datei"
_PORTFOLIO = "eine Dateisammlung (Portfolio)"

_ACTIONS = {"/JavaScript": _SCRIPT, "/Launch": _LAUNCH, "/ImportData": _IMPORT, "/RichMediaExecute": _MEDIA}
"""Actions that are refused wherever they are; others only where nobody has to click."""

_BY_ITSELF = frozenset({"/URI", "/GoToR", "/GoToE", "/SubmitForm", "/Rendition", "/Movie", "/Sound"})

_SUBTYPES: dict[str, tuple[Code, str]] = {
    "/RichMedia": (codes.PDF_ACTIVE, _MEDIA),
    "/Movie": (codes.PDF_ACTIVE, _MEDIA),
    "/Sound": (codes.PDF_ACTIVE, _MEDIA),
    "/PS": (codes.PDF_ACTIVE, _POSTSCRIPT),
    "/FileAttachment": (codes.PDF_EMBEDDED, _FILE),
}

_FILE_KEYS = ("/F", "/UF", "/DOS", "/Mac", "/Unix")
_CHAIN = 1000

_TELLTALE = re.compile(
    rb"/(?:JavaScript|JS|Launch|ImportData|RichMedia(?:Execute|Content)?|OpenAction|AA|XFA|NeedsRendering|Movie|Sound"
    rb"|OnInstantiate|PS|Ref|EF|EmbeddedFiles?|FileAttachment|Collection)(?=[\s()<>\[\]{}/%]|$)"
)
_HIDDEN_NAMES = frozenset({*_ACTIONS, *_SUBTYPES, "/EmbeddedFile"}) - {"/PS"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must not be in the file: what it is, in German, and in which object."""

    code: Code
    what: str
    where: ObjectId


def findings(item: Object) -> Iterator[Finding]:
    """Yield what is wrong with one top-level object and everything that stands inside it."""
    place = item.objgen
    if isinstance(item, Name):
        # a name of its own object: only a file that hides an action from searchers is written like that
        if str(item) in _HIDDEN_NAMES:
            yield Finding(codes.PDF_ACTIVE, "eine versteckte Aktion", place)
        return
    if isinstance(item, Stream):
        yield from (Finding(code, what, place) for code, what in _stream_faults(item.stream_dict))
        item = item.stream_dict
    if isinstance(item, (Dictionary, Array)) and _TELLTALE.search(item.unparse(resolved=True)):
        for node in _inside(item):
            yield from (Finding(code, what, place) for code, what in _faults(node))


def _inside(item: Object) -> Iterator[Dictionary]:
    """Yield every dictionary that stands directly in an object; qpdf has already bounded how deep that goes."""
    pending = [item]
    while pending:
        node = pending.pop()
        if isinstance(node, Dictionary):
            yield node
            children = [value for _, value in node.items()]
        else:
            children = list(node) if isinstance(node, Array) else []
        pending.extend(child for child in children if isinstance(child, (Dictionary, Array)) and not child.is_indirect)


def _faults(node: Dictionary) -> Iterator[tuple[Code, str]]:
    action = _name(node, "/S")
    if action in _ACTIONS:
        yield codes.PDF_ACTIVE, _ACTIONS[action]
    elif _is_script(node.get("/JS")) or _is_script(node.get("/OnInstantiate")) or _filled(node.get("/JavaScript")):
        yield codes.PDF_ACTIVE, _SCRIPT
    if (subtype := _name(node, "/Subtype")) in _SUBTYPES:
        yield _SUBTYPES[subtype]
    if "/RichMediaContent" in node:
        yield codes.PDF_ACTIVE, _MEDIA
    for kind in sorted(_automatic(node)):
        yield codes.PDF_ACTIVE, f"eine Aktion, die ohne Klick ausgelöst wird ({kind[1:]})"
    if trouble := xfa_trouble(node):
        yield codes.PDF_ACTIVE, trouble
    if _holds_file(node.get("/EF")) or _filled(node.get("/EmbeddedFiles")) or _name(node, "/Type") == "/EmbeddedFile":
        yield codes.PDF_EMBEDDED, _FILE
    if isinstance(node.get("/Collection"), Dictionary) and "/Pages" in node:
        yield codes.PDF_EMBEDDED, _PORTFOLIO


def _stream_faults(head: Dictionary) -> Iterator[tuple[Code, str]]:
    """Yield what only a stream can do: draw its data from another file (ISO 32000-2, §§ 7.3.8.2, 8.10.4)."""
    reference = head.get("/Ref")
    if "/F" in head or (isinstance(reference, Dictionary) and "/F" in reference):
        yield codes.PDF_ACTIVE, _OUTSIDE
    if _name(head, "/Subtype2") == "/PS":
        yield codes.PDF_ACTIVE, _POSTSCRIPT


def _automatic(node: Dictionary) -> set[str]:
    """Return the actions that a node's triggers set off without a click and that reach out of the document."""
    first = [node.get("/OpenAction")]
    triggers = node.get("/AA")
    if isinstance(triggers, Dictionary):
        first.extend(value for _, value in triggers.items())
    return {kind for start in first if start is not None for kind in _chain(start) if kind in _BY_ITSELF}


def _chain(start: Object) -> Iterator[str]:
    """Yield the kinds of an action and of all that follow it; a chain without end is cut."""
    pending = [start]
    for _ in range(_CHAIN):
        if not pending:
            return
        action = pending.pop()
        if isinstance(action, Dictionary):
            yield _name(action, "/S")
            following = action.get("/Next")
            if isinstance(following, Array):
                pending.extend(following)
            elif following is not None:
                pending.append(following)


def _name(node: Dictionary, key: str) -> str:
    value = node.get(key)
    return str(value) if isinstance(value, Name) else ""


def _is_script(value: Object | None) -> bool:
    """Tell a script (text or stream) from a resource that happens to have such a name."""
    return isinstance(value, String) or (isinstance(value, Stream) and "/Subtype" not in value.stream_dict)


def _filled(tree: Object | None) -> bool:
    """Return whether a name tree has any entry."""
    return isinstance(tree, Dictionary) and any(
        isinstance(part := tree.get(key), Array) and len(part) > 0 for key in ("/Names", "/Kids")
    )


def _holds_file(value: Object | None) -> bool:
    return isinstance(value, Dictionary) and any(isinstance(value.get(key), Stream) for key in _FILE_KEYS)
