"""Our schemas: written from one description, and agreeing with the charsets and code lists of the product."""

from __future__ import annotations

import pytest
from lxml import etree

from gateway.xbau.charset import Kind, forbidden
from gateway.xbau.codelists import codelist
from gateway.xbau.release import RELEASES
from gateway.xbau.schema import XS, Shape, code_lists, message, messages
from xsd.xbau.source import MODEL, ReleaseLine, read
from xsd.xbau.write import schemas

FOLDER = MODEL.parent
SOURCE = read(MODEL.read_text("utf-8"))
SAMPLE = [*range(0x20, 0x600), *range(0x1E00, 0x1F00), *range(0x2000, 0x2300), 0x410, 0x4E00, 0xFB01, 0x1F3E0]
EVERY = pytest.mark.parametrize("release", SOURCE.releases, ids=lambda release: release.name)
KINDS: dict[str, Kind] = {"text": "name", "title": "attachment-title", "para": "text"}


@EVERY
def test_the_schemas_are_those_that_the_description_gives(release: ReleaseLine) -> None:
    for name, text in schemas(SOURCE, release).items():
        assert (FOLDER / release.name / name).read_text("utf-8") == text, "run python -m xsd.xbau.write"


@EVERY
def test_the_description_names_releases_as_the_table_does(release: ReleaseLine) -> None:
    known = RELEASES[release.name]
    assert known.namespace.endswith(f"/xbau/{release.xbau}")
    assert known.kernel is None or known.kernel.endswith(f"/kernmodul/{release.kernel}")
    assert (known.header_element, known.charset) == (release.header, release.charset)
    assert (known.kernel_version or "-") == release.kernel_version


@EVERY
def test_no_element_has_a_value_that_an_empty_one_would_take(release: ReleaseLine) -> None:
    """XML Schema gives an empty element its fixed or default value: what the official set rejects would pass."""
    for name in schemas(SOURCE, release):
        elements = etree.parse(str(FOLDER / release.name / name)).iter(f"{XS}element")
        assert [one.get("name") for one in elements if one.get("fixed") or one.get("default")] == []


@EVERY
@pytest.mark.parametrize("kind", KINDS)
def test_a_field_takes_exactly_the_characters_its_charset_has(release: ReleaseLine, kind: str) -> None:
    schema = _field_schema(release.name, kind)
    for point in SAMPLE:
        element = etree.Element("v")
        element.text = chr(point)
        allowed = not forbidden(chr(point), release.charset, KINDS[kind])
        assert schema.validate(element) == allowed, f"U+{point:04X} in {kind} of {release.name}"
    for chain in ("C\u0308", "K\u035fH", "g\u0300", "1\u0308", "Z\u0302"):
        element = etree.Element("v")
        element.text = chain
        assert schema.validate(element) == (not forbidden(chain, release.charset, KINDS[kind])), chain


def test_closed_lists_hold_the_codes_that_the_product_knows() -> None:
    for name, (uri, versions) in SOURCE.lists.items():
        for version in versions.values():
            try:
                held = codelist(name, version)
            except LookupError:
                continue
            values = SOURCE.codes(name, version)
            assert held.uri == uri
            assert set(values) <= set(held), f"{name} {version}"
            if name != "xbau-nachrichten" and values:
                assert set(values) == set(held), f"{name} {version}"


@pytest.mark.parametrize("name", list(RELEASES))
def test_no_two_children_of_an_element_share_a_name(name: str) -> None:
    def walk(shape: Shape) -> None:
        assert len(shape.names) == len(shape.children), shape.name
        for child in shape.children:
            walk(child)

    for number in messages(RELEASES[name]):
        walk(message(RELEASES[name], number).root)


def test_the_lists_of_a_release_are_known_by_uri_and_version() -> None:
    assert code_lists(RELEASES["2.6"])["anlagen"] == RELEASES["2.6"].anlagen
    assert code_lists(RELEASES["2.2"])["vorlagenantragstellung"] == RELEASES["2.2"].anlagen
    assert code_lists(RELEASES["2.4"])["kernmodul-nachrichten"][1] == ""


def _field_schema(release: str, kind: str) -> etree.XMLSchema:
    """Return a schema of one element `v` with that simple type."""
    file = FOLDER / release / ("xbau.xsd" if release == "2.2" else "kernel.xsd")
    root = etree.parse(str(file)).getroot()
    root.attrib.pop("targetNamespace")
    for child in list(root):
        if child.get("name") != kind:
            root.remove(child)
    etree.SubElement(root, f"{XS}element", name="v", type=kind)
    return etree.XMLSchema(root)
