"""Rules of XBau that its schemas do not hold: official Schematron, kernel specification, Handlungsanweisung 2026."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from lxml import etree

from gateway.xbau.codelists import Codelist, codelist, versions
from gateway.xbau.detect import Identity
from gateway.xbau.findings import RULE, Finding
from gateway.xbau.replies.header import header_element
from gateway.xbau.replies.walk import EXTENSION, MOST, child, children, line_of, path_of, text

PARTLY_HELD = frozenset({"dvdv.praefix"})
GML_ID = "{http://www.opengis.net/gml/3.2}id"


@dataclass(frozen=True, slots=True)
class Seen:
    """A message looked at once for all rules: `elements` are all but those a vendor put into an extension."""

    root: etree._Element
    identity: Identity
    elements: tuple[etree._Element, ...]

    def named(self, name: str) -> list[etree._Element]:
        """Return the elements of that local name."""
        end = f"}}{name}"
        return [one for one in self.elements if one.tag == name or str(one.tag).endswith(end)]


def broken_rules(root: etree._Element, identity: Identity) -> Iterator[Finding]:
    """Yield where a message breaks a rule, each rule at most a hundred times."""
    seen = Seen(root, identity, tuple(_own(root)))
    for rule in _RULES:
        yield from islice(rule(seen), MOST)


def wrong_release(root: etree._Element, identity: Identity) -> Iterator[Finding]:
    """Yield where the root says another release of itself than its namespace does, where no schema is asked."""
    release = identity.release
    if release.unfixed_root:
        return
    kernel = etree.QName(root).namespace == release.kernel
    standard = "XBau-Kernmodul" if kernel else "XBau-Hochbau"
    if root.get("standard") != standard:
        sentence = f"Der standard ist {root.get('standard', '')!r}; zum Namensraum gehört {standard}."
        yield _broken(root, sentence, "fixed attribute standard")
    version = release.kernel_version if kernel else release.name
    if root.get("version") != version:
        sentence = f"Die version ist {root.get('version', '')!r}; zum Namensraum gehört {version}."
        yield _broken(root, sentence, "fixed attribute version", kennzahl="V000")


def _says_its_number(seen: Seen) -> Iterator[Finding]:
    place = child(header_element(seen.root), "identifikation.nachricht", "nachrichtentyp", "code")
    if place is not None and text(place) != seen.identity.number:
        sentence = f"Der nachrichtentyp ist {text(place) or 'leer'}, das Wurzelelement sagt {seen.identity.number}."
        yield _broken(place, sentence, "nachrichtentyp = root")


def _no_empty_leaves(seen: Seen) -> Iterator[Finding]:
    for element in seen.elements:
        if len(element) == 0 and not (element.text or "").strip():
            name = etree.QName(element).localname
            minor = not seen.identity.release.schematron
            yield _broken(element, f"Das Element {name} ist leer.", "xbau-schematron-leere-elemente", minor=minor)


def _dvdv_keys(seen: Seen) -> Iterator[Finding]:
    for role in ("leser", "autor"):
        party = child(header_element(seen.root), role)
        place = child(party, "kennung")
        if place is None or text(party, "verzeichnisdienst", "code") != "DVDV":
            continue
        if not re.fullmatch(r"[a-z]{3}:[0-9]+", place.text or ""):
            sentence = f"Die Kennung {text(place)!r} hat nicht die Form praefix:ziffern (etwa bab:05315000)."
            yield _broken(place, sentence, "sch-xbau-001/002", minor=not seen.identity.release.schematron)


def _someone_gives_notice(seen: Seen) -> Iterator[Finding]:
    if seen.identity.number == "0950" and child(seen.root, "anzeigender") is None:
        yield _broken(seen.root, "Die Anzeige nennt niemanden, der anzeigt (anzeigender).", "sch-anz-001")


def _ids_are_unique(seen: Seen) -> Iterator[Finding]:
    marks = [(element.get(GML_ID, ""), element) for element in seen.elements if element.get(GML_ID)]
    if seen.identity.release.xml_ids:
        marks += [(text(element), element) for element in seen.named("id")]
    yield from _twins(marks, "Die Kennung {} kommt mehrmals vor.", "xs:ID unique")


def _attachments_are_unique(seen: Seen) -> Iterator[Finding]:
    modern = seen.identity.release.attachments == "anlage"
    ids = seen.named("dokumentid" if modern else "referenzPrimaerdokument")
    names = seen.named("dateiname" if modern else "dateinameAnhang")
    yield from _twins([(text(one), one) for one in ids], "Die dokumentid {} kommt mehrmals vor.", "dokumentid unique")
    # file systems that ignore case would lose one of the two
    yield from _twins(
        [(text(one).casefold(), one) for one in names], "Der Dateiname {} kommt mehrmals vor.", "dateiname unique"
    )
    for one in ids:
        if text(one) and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.\-]*", text(one)):
            sentence = (
                f"Die dokumentid {text(one)!r} taugt nicht als Kennung im Transport (nur Buchstaben, Ziffern, _ - .)."
            )
            yield _broken(one, sentence, "dokumentid = xs:ID (Handlungsanweisung 2026)", minor=True)


def _codes_are_listed(seen: Seen) -> Iterator[Finding]:
    for element in seen.elements:
        uri, version = element.get("listURI"), element.get("listVersionID")
        found = _held(uri, version) if uri and version else None
        place = None if found is None else next(children(element, "code"), None)
        if found is None or place is None or text(place) in found:
            continue
        near = ", ".join(f"{code} {found.label(code)}" for code in found.nearest(text(place)))
        sentence = f"Den Schlüssel {text(place)!r} gibt es in der Codeliste {found.name} {version} nicht."
        yield _broken(place, sentence + (f" Ähnlich: {near}." if near else ""), "code list", kennzahl="X011")


@lru_cache(maxsize=256)
def _held(uri: str, version: str) -> Codelist | None:
    name = uri.rpartition(":")[2]
    if name in PARTLY_HELD or version not in versions(name):
        return None
    found = codelist(name, version)
    return found if uri == found.uri or uri.endswith(":xbau-fehlerkennzahlen") else None


def _twins(marks: list[tuple[str, etree._Element]], sentence: str, rule: str) -> Iterator[Finding]:
    taken: set[str] = set()
    for mark, element in marks:
        if mark and mark in taken:
            yield _broken(element, sentence.format(repr(mark)), rule)
        taken.add(mark)


def _own(root: etree._Element) -> Iterator[etree._Element]:
    """Yield all elements of a message but those a vendor put into an extension."""
    stack = [root]
    while stack:
        element = stack.pop()
        yield element
        if not str(element.tag).endswith(EXTENSION):
            stack.extend(reversed(element))


def _broken(
    element: etree._Element, sentence: str, rule: str, *, kennzahl: str = "X001", minor: bool = False
) -> Finding:
    return Finding(path_of(element), line_of(element), sentence, rule, RULE, kennzahl, minor)


_RULES: tuple[Callable[[Seen], Iterator[Finding]], ...] = (
    _says_its_number,
    _no_empty_leaves,
    _dvdv_keys,
    _someone_gives_notice,
    _ids_are_unique,
    _attachments_are_unique,
    _codes_are_listed,
)
