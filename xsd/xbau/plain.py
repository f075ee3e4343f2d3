"""The simple types of our schemas: what a single value may look like."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from xml.sax.saxutils import quoteattr

from gateway.xbau import characters

UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
XML_ID = r"[A-Za-z_][A-Za-z0-9_.\-]*"
PLAIN = {
    "boolean": ("xs:boolean", None),
    "true": ("xs:boolean", "true"),  # no fixed value: that would let an empty element pass
    "date": ("xs:date", r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "month": ("xs:gYearMonth", "[0-9]{4}-[0-9]{2}"),
    "datetime": ("xs:dateTime", r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(Z|[+\-][0-9]{2}:[0-9]{2})"),
    "count": ("xs:nonNegativeInteger", "[0-9]+"),
    "positive": ("xs:positiveInteger", "0*[1-9][0-9]*"),
    "decimal": ("xs:decimal", r"-?[0-9]{1,12}(\.[0-9]{1,2})?"),
    "uuid": ("xs:token", UUID),
    "xmlid": ("xs:ID", XML_ID),
    "documentid": ("xs:anyURI", XML_ID),
    "sha256": ("xs:token", "[0-9a-f]{64}"),
    "kennung": ("xs:string", "[a-z]{3}:[0-9]+"),
    "token": ("xs:token", r"\S.*"),
    "plz": ("xs:string", "[0-9]{5}"),
    "housenumber": ("xs:string", "[0-9]{1,4}"),
}
FIELDS = {"text": "name", "title": "attachment-title", "file": "file-name", "para": "text"}
ASCII = set(range(0x20, 0x7F))


def simple_type(kind: str, charset: str) -> Iterator[str]:
    """Yield the lines of a simple type; texts follow the charset of the release and are never empty."""
    base, pattern = PLAIN[kind] if kind in PLAIN else ("xs:string", text_pattern(charset, FIELDS[kind]))
    yield f'  <xs:simpleType name="{kind}">'
    yield f'    <xs:restriction base="{base}">'
    if kind in FIELDS:
        yield '      <xs:minLength value="1"/>'
    if pattern is not None:
        yield f"      <xs:pattern value={quoteattr(pattern)}/>"
    yield "    </xs:restriction>"
    yield "  </xs:simpleType>"


def text_pattern(charset: str, kind: str) -> str | None:
    """Return the pattern of a text field, None where every character of XML is allowed.

    ASCII stands first because validators try branches in order: it halves the time of a whole message.
    """
    points, chains = members(charset, kind)
    if kind == "file-name" and charset == "din-c+d-2.6":
        return rf"[{_class(points, set())}]+\.[a-zA-Z0-9]+"
    if points == characters.XML:
        return None
    sequences = "|".join("".join(chr(int(point, 16)) for point in chain.split("+")) for chain in chains.split())
    return f"([ -~]|[{_class(points, ASCII)}]|{sequences})*"


def members(charset: str, kind: str) -> tuple[str, str]:
    """Return the code points and the sequences that a field may hold, as `characters` writes them."""
    if charset == "latin-1.1":
        return characters.LATIN, characters.LATIN_SEQUENCES
    if kind == "text":
        return characters.XML, ""
    if charset == "din-spec-c":
        return characters.DIN_SPEC_C, characters.DIN_SPEC_SEQUENCES
    sequences = f"{characters.DIN_SPEC_SEQUENCES} {characters.DIN_MORE_SEQUENCES}"
    if charset == "din-c+d-2.6" and kind == "file-name":
        return characters.FILE_NAME, ""
    if charset != "din-c" and kind in ("attachment-title", "file-name"):
        return f"{characters.DIN_LETTERS} {characters.DIN_MORE} {characters.DIN_D}", sequences
    return f"{characters.DIN_SPEC_C} {characters.DIN_MORE}", sequences


def _class(points: str, without: set[int]) -> str:
    """Return the inside of a character class."""
    parts = []
    for span in points.split():
        first, _, last = span.partition("-")
        low, high = int(first, 16), int(last or first, 16)
        cuts = [low - 1, *sorted(point for point in without if low <= point <= high), high + 1]
        parts += [_span(a + 1, b - 1) for a, b in pairwise(cuts) if b - a > 1]
    return "".join(parts)


def _span(low: int, high: int) -> str:
    """Return a range of a class; one that ends in an escape is spelled out, since libxml2 misreads such ranges."""
    if low == high:
        return _escaped(low)
    if len(_escaped(low)) > 1 or len(_escaped(high)) > 1:
        return "".join(_escaped(point) for point in range(low, high + 1))
    return f"{_escaped(low)}-{_escaped(high)}"


def _escaped(point: int) -> str:
    """Return one character as a class member; what XML would fold or a class would read otherwise is escaped."""
    named = {0x9: r"\t", 0xA: r"\n", 0xD: r"\r"}
    if point in named:
        return named[point]
    return f"\\{chr(point)}" if chr(point) in r"\[]^-.?*+{}()|" else chr(point)
