"""Every character a release allows is carried by it, in every kind of field and every place in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from lxml import etree

from gateway.domain.message import Document
from gateway.domain.procedure import Procedure
from gateway.xbau import characters
from gateway.xbau.charset import Kind, file_name_for, file_names_for, forbidden, normalise
from gateway.xbau.compose import compose, faults_for, parse_antrag
from gateway.xbau.release import RELEASES, Release
from gateway.xbau.schema import XS
from tests.kit.xbau_official import FOLDER, official
from tests.kit.xbau_samples import sample_antrag, sample_document, sample_heading
from xsd.xbau.source import MODEL

EVERY = pytest.mark.parametrize("release", RELEASES.values(), ids=lambda release: release.name)
KINDS: dict[str, Kind] = {"text": "name", "title": "attachment-title", "para": "text", "file": "file-name"}
POINTS = [*range(0x20, 0x2400), 0x3000, 0x4E00, 0xD7FF, 0xE000, 0xFB01, 0xFFFD, 0x10000, 0x1F3E0, 0x10FFFF]
XML = {*range(0x20, 0xD800), *range(0xE000, 0xFFFE), *range(0x10000, 0x110000)}
SEQUENCES = characters.LATIN_SEQUENCES, characters.DIN_SPEC_SEQUENCES, characters.DIN_MORE_SEQUENCES


@cache
def allowed(charset: str, kind: Kind) -> tuple[str, ...]:
    """Return every character and sequence that a field may hold, as it is normalised, but for white space."""
    chains = [
        "".join(chr(int(point, 16)) for point in chain.split("+")) for group in SEQUENCES for chain in group.split()
    ]
    pieces = dict.fromkeys([*map(chr, POINTS), *chains])
    return tuple(
        piece
        for piece in pieces
        if not piece.isspace()
        and not forbidden(piece, charset, kind)
        and normalise(f"a{piece}b", charset, kind) == f"a{piece}b"
    )


def refused(charset: str, kind: Kind) -> tuple[str, ...]:
    """Return what a field may not hold: all of it in ASCII and Latin, beyond that the neighbours of what it may."""
    good = {ord(piece) for piece in allowed(charset, kind) if len(piece) == 1}
    near = {point for known in good for point in range(known - 2, known + 3)} | set(range(0x21, 0x180))
    return tuple(chr(point) for point in sorted(near & XML) if forbidden(chr(point), charset, kind))


@cache
def simple_types(release: str) -> dict[str, etree._Element]:
    """Return our simple types of a release by name."""
    found = {}
    for file in sorted((MODEL.parent / release).glob("*.xsd")):
        for element in etree.parse(str(file)).getroot().iter(f"{XS}simpleType"):
            if element.get("name"):
                found[str(element.get("name"))] = element
    return found


def field_schema(release: str, kind: str) -> etree.XMLSchema:
    """Return a schema of one element `v` of that simple type."""
    root = etree.Element(f"{XS}schema", nsmap={"xs": XS[1:-1]})
    root.append(etree.fromstring(etree.tostring(simple_types(release)[kind])))
    etree.SubElement(root, f"{XS}element", name="v", type=kind)
    return etree.XMLSchema(root)


def takes(schema: etree.XMLSchema, text: str) -> bool:
    element = etree.Element("v")
    element.text = text
    return schema.validate(element)


@EVERY
@pytest.mark.parametrize("kind", KINDS)
def test_our_schema_takes_exactly_what_the_charset_has_wherever_it_stands(release: Release, kind: str) -> None:
    schema, end = field_schema(release.name, kind), ".pdf" if kind == "file" else ""
    for piece in allowed(release.charset, KINDS[kind]):
        for text in (piece, f"a{piece}b", f"{piece}{piece}"):
            assert takes(schema, text + end), f"{piece!a} in {kind} of {release.name}"
    for piece in refused(release.charset, KINDS[kind]):
        for text in (f"{piece}b", f"a{piece}b"):
            assert not takes(schema, text + end), f"{piece!a} in {kind} of {release.name}"


@EVERY
def test_a_message_carries_every_character_of_its_charset_unchanged(release: Release) -> None:
    """In names, titles, running text and file names at once; what comes out is held against the official schema too."""
    names = chunks(allowed(release.charset, "name"), 400)
    titles = chunks(allowed(release.charset, "attachment-title"), 90)
    files = [f"{chunk}.pdf" for chunk in chunks(harmless(release.charset), 60)]
    assert file_names_for(tuple(files), release.charset) == tuple(files)
    documents = tuple(document(index, *pair) for index, pair in enumerate(paired(titles, files)))
    lines = chunks(allowed(release.charset, "text"), 5000)
    lines = [line for line in lines if normalise(line, release.charset, "text") == line]
    for number, name in enumerate(names):
        value = sample_antrag()
        value["bauvorhaben"]["bezeichnung_des_bauvorhabens"] = name
        value["beantragte_abweichung"][0]["begruendung"] = lines[number % len(lines)]
        antrag = parse_antrag(Procedure.BUILDING_PERMIT, value)
        heading = replace(sample_heading(), documents=documents)
        assert not faults_for(antrag, heading, release, lossy=True)
        root = etree.fromstring(compose(antrag, heading, release, lossy=True))
        texts = [element.text for element in root.iter() if element.text]
        assert {name, *titles, *files} <= set(texts)
        assert lines[number % len(lines)] in texts
        if FOLDER.is_dir():
            schema = official(release.name)
            assert schema.validate(root), schema.error_log


def harmless(charset: str) -> tuple[str, ...]:
    """Return what file names keep: without what a file system reads its own way, and not at their ends."""
    return tuple(
        f"a{piece}b"
        for piece in allowed(charset, "file-name")
        if file_name_for(f"a{piece}b.pdf", charset) == f"a{piece}b.pdf"
    )


def document(index: int, title: str, file_name: str) -> Document:
    return replace(sample_document(index), title=title, file_name=file_name)


def chunks(pieces: tuple[str, ...], size: int) -> list[str]:
    """Return the pieces joined to texts of at most that size, none with a mark that would join the piece before."""
    texts = [""]
    for piece in pieces:
        if len(texts[-1]) + len(piece) + 1 > size:
            texts.append("")
        texts[-1] += piece if not texts[-1] else f"x{piece}"
    return texts


def paired(titles: list[str], files: list[str]) -> Iterator[tuple[str, str]]:
    for index in range(max(len(titles), len(files))):
        yield titles[index % len(titles)], files[index] if index < len(files) else f"Datei {index}.pdf"


@EVERY
def test_no_pattern_of_ours_is_read_differently_by_the_validator(release: Release) -> None:
    """libxml2 has misread ranges that end in an escape: every ASCII character is tried in every place of a value."""
    for kind, samples in SAMPLES.items():
        if kind not in simple_types(release.name):
            continue
        pattern = simple_types(release.name)[kind].find(f".//{XS}pattern")
        assert pattern is not None
        wanted, schema = re.compile(pattern.get("value", "")), field_schema(release.name, kind)
        for sample in samples:
            assert takes(schema, sample), (kind, sample)
            for text in variations(sample):
                if takes(schema, text):
                    assert wanted.fullmatch(text.strip()), (kind, text)
                elif wanted.fullmatch(text) and kind in FREE:
                    pytest.fail(f"{text!r} is refused as {kind}")


SAMPLES = {
    "uuid": ("0f9619ff-8b86-4011-b42d-00c04fc964ff",),
    "xmlid": ("urn_uuid_0f96-1.9",),
    "documentid": ("urn_uuid_0f96-1.9",),
    "sha256": ("0123456789abcdef" * 4,),
    "kennung": ("bab:05315000",),
    "date": ("2026-05-01",),
    "month": ("2026-05",),
    "datetime": ("2026-05-04T08:30:00+00:00", "2026-05-04T08:30:00-01:00", "2026-05-04T08:30:00Z"),
    "count": ("120",),
    "positive": ("120",),
    "decimal": ("-12.50", "123456.7"),
    "token": ("A b",),
    "plz": ("50667",),
    "housenumber": ("12",),
}
FREE = frozenset({"uuid", "xmlid", "documentid", "sha256", "kennung", "plz", "housenumber"})
"""Kinds for which the pattern says everything: of a date it does not."""


def variations(sample: str) -> Iterator[str]:
    for place in range(len(sample)):
        for point in range(0x20, 0x7F):
            yield sample[:place] + chr(point) + sample[place + 1 :]
    yield from (sample + "-", "-" + sample, sample[1:], sample[:-1], sample + sample)


@EVERY
def test_no_code_is_read_differently_by_the_validator(release: Release) -> None:
    files = sorted((MODEL.parent / release.name).glob("*.xsd"))
    sources = {
        source for file in files for source in re.findall('<xs:pattern value="([^"]*)"', file.read_text("utf-8"))
    }
    (source,) = [one for one in sources if one.startswith("[A-Za-z0-9]") and "/" in one]
    schema = etree.XMLSchema(
        etree.fromstring(
            f"<xs:schema xmlns:xs='{XS[1:-1]}'><xs:element name='v'><xs:simpleType><xs:restriction base='xs:token'>"
            f"<xs:pattern value='{source}'/></xs:restriction></xs:simpleType></xs:element></xs:schema>"
        )
    )
    for text in variations("64.1-a_b/c"):
        assert takes(schema, text) == (re.fullmatch(source, text.strip()) is not None), text
