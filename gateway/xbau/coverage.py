"""What of XBau passes the gateway, read off the code: `python -m gateway.xbau.coverage docs/xbau.md` writes it down."""

from __future__ import annotations

import re
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from gateway.xbau.antrag import FOLLOWUPS, MODELS
from gateway.xbau.antrag.base import Teil
from gateway.xbau.authority import REPLIES
from gateway.xbau.codelists import versions
from gateway.xbau.detect import is_reply, message_names
from gateway.xbau.emit import INNER, OTHER_NAMES, UNASKED
from gateway.xbau.release import RELEASES, Release
from gateway.xbau.schema import Shape, code_lists, messages
from gateway.xbau.tree import fields
from gateway.xbau.values import BORROWED

SENT, READ, PLAYED, NONE = "→", "←", "⇐", "·"
CHARSETS: Mapping[str, str] = MappingProxyType(
    {
        "latin-1.1": "String.Latin 1.1",
        "din-spec-c": "DIN SPEC 91379 C",
        "din-c": "DIN 91379 C",
        "din-c+d": "DIN 91379 C; Titel und Dateinamen D",
        "din-c+d-2.6": "DIN 91379 C; Titel D, Dateinamen eigene Liste",
    }
)
FILLED = frozenset({"bezug", "datenBauabgang"})
"""What the composer fills in where the portal is silent."""

GREATEST = 100
"""Rows of one table, at most: beyond that nobody would read it."""


def main(arguments: list[str]) -> None:
    """Write the blocks into the file that is named, or print them."""
    if arguments:
        file = Path(arguments[0])
        file.write_text(updated(file.read_text("utf-8")), "utf-8")
        return
    sys.stdout.write("\n\n".join(build() for build in BLOCKS.values()) + "\n")


def updated(text: str) -> str:
    """Return a document whose blocks say what the code says now; a block stands between two comments of its name."""
    for name, build in BLOCKS.items():
        begin, end = f"<!-- {name}: aus dem Code -->", f"<!-- {name}: Ende -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if pattern.search(text) is None:
            raise LookupError(f"no block {name}")
        block = f"{begin}\n{build()}\n{end}"
        text = pattern.sub(lambda _, block=block: block, text)  # type: ignore[misc]  # mypy cannot infer a default
    return text


def releases() -> str:
    """Return what tells the releases apart on the wire."""
    rows = [
        [
            f"**{one.name}**",
            f"`{one.namespace}`",
            f"`{one.kernel}` ({one.kernel_version})" if one.kernel else "keines",
            "XInneres" if one.header == "xinneres" else "XÖV-Basisnachricht 1.1",
            CHARSETS[one.charset],
        ]
        for one in RELEASES.values()
    ]
    return _table(["XBau", "Namensraum", "Kernmodul", "Nachrichtenkopf", "Zeichen"], rows)


def coverage() -> str:
    """Return the table message × release × direction."""
    names = {number: name for release in RELEASES.values() for number, name in _names(release).items()}
    known = {name: _names(release) for name, release in RELEASES.items()}
    rows = []
    for number in sorted(names):
        cells = [directions(release, number) if number in known[name] else NONE for name, release in RELEASES.items()]
        if any(cell.strip(NONE) for cell in cells):
            rows.append([f"`{number}`", names[number].rpartition(".")[0], *cells])
    return _table(["Nachricht", "Name", *RELEASES], rows)


def _names(release: Release) -> dict[str, str]:
    return {**message_names(release, kernel=False), **message_names(release, kernel=True)}


def directions(release: Release, number: str) -> str:
    """Return in which directions a message of a release passes the gateway."""
    ways = [SENT] if number in messages(release) or number == "1100" else []
    ways += [READ] if is_reply(number) else []
    ways += [PLAYED] if number in REPLIES else []
    return " ".join(ways) or NONE


def losses() -> str:
    """Return what a release has no place for, by the place in `antrag` or `nachricht`."""
    return _places(_homeless, "fehlt")


def demands() -> str:
    """Return what a release wants although the model leaves it free."""
    return _places(_demanded, "Pflicht")


Walk = Callable[[type[Teil], Shape, Release], Iterator[str]]


def _places(walk: Walk, word: str) -> str:
    found: dict[str, dict[str, set[str]]] = {}
    for name, release in RELEASES.items():
        for number, model in _models().items():
            shape = messages(release).get(number)
            for place in walk(model, shape.root, release) if shape else ():
                found.setdefault(place, {}).setdefault(name, set()).add(number)
    rows = [
        [f"`{place}`", _numbers(where), *(word if name in where else NONE for name in RELEASES)]
        for place, where in sorted(found.items())
    ]
    assert len(rows) <= GREATEST, "a table that long says nothing"
    return _table(["Stelle", "in", *RELEASES], rows)


def _models() -> Mapping[str, type[Teil]]:
    opening = {procedure.number: model for procedure, model in MODELS.items()}
    return {**opening, **FOLLOWUPS}


def _numbers(where: Mapping[str, set[str]]) -> str:
    numbers = sorted(set().union(*where.values()))
    return ", ".join(numbers) if len(numbers) <= 3 else f"{numbers[0]} … {numbers[-1]} ({len(numbers)})"


def _homeless(model: type[Teil], shape: Shape, release: Release, path: str = "") -> Iterator[str]:
    if path and not shape.children:
        return
    by_name = {name: field for field, name in fields(model)}
    core = _unwrapped(model, shape)
    if core is not None:
        inner = INNER[shape.name]
        others = [field for name, field in by_name.items() if name != inner and not _elsewhere(name, release)]
        yield from (_short(path, field) for field in others)
        yield from _homeless(core, shape, release, path)
        return
    for name, field in by_name.items():
        child = _child(shape, name)
        part = _part(model, field)
        if child is not None and part is not None:
            yield from _homeless(part, child, release, f"{_short(path, field)}/")
        elif child is None and not _elsewhere(name, release):
            yield _short(path, field)


def _demanded(model: type[Teil], shape: Shape, release: Release, path: str = "") -> Iterator[str]:
    core = _unwrapped(model, shape)
    if core is not None:
        yield from _demanded(core, shape, release, path)
        return
    for field, name in fields(model):
        child = _child(shape, name)
        if child is None:
            continue
        given = model.model_fields[field].is_required() or field in model.TOLD or name in FILLED
        if child.name in shape.needed and not given:
            yield _short(path, field)
        part = _part(model, field)
        if part is not None:
            yield from _demanded(part, child, release, f"{_short(path, field)}/")


def _unwrapped(model: type[Teil], shape: Shape) -> type[Teil] | None:
    """Return what is in the wrapper that an older release lacks there; None where nothing is unwrapped."""
    inner = INNER.get(shape.name, "")
    field = {name: field for field, name in fields(model)}.get(inner)
    return _part(model, field) if field is not None and inner not in shape.names else None


def _child(shape: Shape, name: str) -> Shape | None:
    wanted = name if name in shape.names else OTHER_NAMES.get(name, "")
    return next((child for child in shape.children if child.name == wanted), None)


def _elsewhere(name: str, release: Release) -> bool:
    """Return whether what has no place there is told elsewhere, filled in by us, or asked for by no older release."""
    return name in UNASKED or name.startswith("@") or (name == "gebuehrenpflichtiger" and release.payer != "none")


def _short(path: str, field: str) -> str:
    """Return a place by its last two steps, so that what many messages share is one row."""
    return "/".join([*path.strip("/").split("/"), field][-2:]).lstrip("/").replace("_aenderungsdaten/", "/")


@cache
def _part(model: type[Teil], field: str) -> type[Teil] | None:
    """Return the model of a field that holds parts, one or several."""
    open_ends = [typing.get_type_hints(model)[field]]
    while open_ends:
        hint = open_ends.pop()
        if isinstance(hint, type) and issubclass(hint, Teil):
            return hint
        if typing.get_origin(hint) in (tuple, typing.Union, types.UnionType, typing.Annotated):
            open_ends += typing.get_args(hint)
    return None


def lists() -> str:
    """Return the code lists and the version that each release gets; bold where we hold it and check every code."""
    names = sorted({name for release in RELEASES.values() for name in code_lists(release)})
    return _table(
        ["Codeliste", *RELEASES],
        [[f"`{name}`", *(_version(release, name) for release in RELEASES.values())] for name in names],
    )


def _version(release: Release, name: str) -> str:
    uri_and_version = code_lists(release).get(name)
    if uri_and_version is None:
        return NONE
    version = uri_and_version[1]
    held, wanted = BORROWED.get(name, (name, version))
    closed = name in _closed_lists(release)
    checked = closed or wanted in versions(held)
    return f"**{version or 'ohne'}**" if checked else (version or "ohne")


def _closed_lists(release: Release) -> set[str]:
    """Return the lists whose codes stand in our schema."""
    found: set[str] = set()
    seen: set[int] = set()
    stack = [message.root for message in messages(release).values()]
    while stack:
        shape = stack.pop()
        if id(shape) in seen:
            continue
        seen.add(id(shape))
        if shape.codes:
            found.add(shape.code_list)
        stack += shape.children
    return found


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


BLOCKS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {"versionen": releases, "abdeckung": coverage, "verluste": losses, "pflichten": demands, "codelisten": lists}
)
"""The parts of the document that come from the code, by the name of the comments around them."""


if __name__ == "__main__":
    main(sys.argv[1:])
