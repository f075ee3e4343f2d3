"""The code lists as values, held against the official ones where those are at hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.xbau.codelists import codelist, newest, versions

HERE = Path(__file__).parents[2] / "xsd" / "xbau" / "codelists"
SHARED = Path(__file__).parents[3] / "shared" / "xbau"
XS = "{http://www.w3.org/2001/XMLSchema}"
shared_only = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the official XBau code lists are not beside this checkout"
)
NAMES = sorted(path.stem for path in HERE.glob("*.json"))
PARTIAL = {"dvdv.praefix"}
"""Lists of which we hold only the rows that concern building authorities."""


def test_a_code_has_a_label_and_a_stranger_has_none() -> None:
    anlagen = codelist("anlagen", "3.0")
    assert anlagen.uri == "urn:xoev-de:xbau:codeliste:anlagen"
    assert (anlagen.name, anlagen.version, len(anlagen)) == ("anlagen", "3.0", 312)
    assert anlagen.label("1803") == "Lageplan"
    assert "1803" in anlagen
    assert "ZZZZ" not in anlagen
    assert anlagen.label("ZZZZ") == ""


def test_the_nearest_codes_are_found_by_code_and_by_label() -> None:
    assert codelist("baumassnahmeart", "2.0").nearest("Errichtng")[0] == "11"
    assert codelist("baumassnahmeart", "2.0").nearest("15") == ("10", "11", "12")
    assert "1803" in codelist("anlagen", "3.0").nearest("Lageplan")
    assert codelist("anlagen", "3.0").nearest("0000000000000000") == ()
    assert codelist("anlagen", "3.0").nearest("  ") == ()
    assert len(codelist("anlagen", "3.0").nearest("nachweis", 5)) == 5


def test_a_code_means_what_it_meant_in_that_version() -> None:
    assert codelist("vorbescheidbetreff", "1.0").label("1") != codelist("vorbescheidbetreff", "2.0").label("1")
    assert "4" in codelist("abweichungart", "2.1")
    assert "4" not in codelist("abweichungart", "1.0")
    assert "A010" not in codelist("xbau-fehlerkennzahlen", "2.1")


def test_versions_are_ordered_and_the_newest_is_the_last() -> None:
    assert versions("anlagen") == ("2.0", "2.1", "3.0")
    assert newest("anlagen").version == "3.0"
    assert versions("no-such-list") == ()


@pytest.mark.parametrize(
    ("name", "version"), [("anlagen", "9.9"), ("no-such-list", "1.0"), ("../codelists/anlagen", "3.0")]
)
def test_a_list_that_is_not_held_is_a_lookup_error(name: str, version: str) -> None:
    with pytest.raises(LookupError):
        codelist(name, version)


@pytest.mark.parametrize("name", NAMES)
def test_every_list_is_sound(name: str) -> None:
    data = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    assert data["uri"].endswith(f":{name}")
    for version in versions(name):
        table = codelist(name, version)
        assert len(table) > 0
        assert all(label.strip() and len(label) <= 100 for label in table.labels.values())
    for version, labels in data.get("then", {}).items():
        assert set(labels) <= set(codelist(name, version))


@given(st.text(max_size=30))
def test_nearest_answers_any_text_with_codes_of_the_list(text: str) -> None:
    table = codelist("statusbauportal", "3.0")
    assert set(table.nearest(text)) <= set(table)


@shared_only
def test_codes_are_those_of_the_official_lists() -> None:
    for path in (SHARED / "codelists").glob("*.xml"):
        name, version = path.stem.rsplit("_", 1)
        root = etree.parse(path).getroot()
        key = next(root.iter("{*}ColumnRef")).get("Ref")
        official = {value.findtext("SimpleValue") for value in root.iter("Value") if value.get("ColumnRef") == key}
        if name in PARTIAL:
            assert set(codelist(name, version)) <= official
        else:
            assert set(codelist(name, version)) == official, path.name


@shared_only
def test_codes_are_those_enumerated_in_the_official_schemas() -> None:
    seen = 0
    for path in (SHARED / "official").glob("*/xsd_dev/*codes.xsd"):
        for kind in etree.parse(path).getroot().iter(f"{XS}simpleType", f"{XS}complexType"):
            uri, version = kind.findtext(".//codeliste/kennung"), kind.findtext(".//versionCodeliste/version")
            codes = {value.get("value") for value in kind.iter(f"{XS}enumeration")}
            name = (uri or "").strip().rsplit(":", 1)[-1]
            if not codes or name not in NAMES:
                continue
            assert set(codelist(name, (version or "").strip())) == codes, (path.name, name)
            seen += 1
    assert seen > 100
