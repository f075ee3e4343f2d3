"""What the charsets allow, and how text and file names are made to fit."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.xbau.charset import CHARSETS, Kind, file_name_for, file_names_for, forbidden, normalise

OFFICIAL = Path(__file__).parents[3] / "shared" / "xbau" / "official"
official_only = pytest.mark.skipif(
    not OFFICIAL.is_dir(), reason="the official XBau schemas are not beside this checkout"
)

LATIN = ("2.2", "latinchars.xsd", "String.Latin")
SPEC = ("2.3.1", "din-91379-datatypes.xsd", "datatypeC")
NORM_C = ("2.6", "din-norm-91379-datatypes.xsd", "datatypeC")
NORM_D = ("2.6", "din-norm-91379-datatypes.xsd", "datatypeD")
FILE = ("2.6", "xbau-kernmodul-basisdatentypen.xsd", "Dateiname")
TYPES: dict[tuple[str, Kind], tuple[str, str, str]] = {
    ("latin-1.1", "name"): LATIN,
    ("latin-1.1", "attachment-title"): LATIN,
    ("latin-1.1", "text"): LATIN,
    ("latin-1.1", "file-name"): LATIN,
    ("din-spec-c", "name"): SPEC,
    ("din-spec-c", "file-name"): SPEC,
    ("din-c", "name"): NORM_C,
    ("din-c", "attachment-title"): NORM_C,
    ("din-c", "file-name"): NORM_C,
    ("din-c+d", "name"): NORM_C,
    ("din-c+d", "attachment-title"): NORM_D,
    ("din-c+d", "file-name"): NORM_D,
    ("din-c+d-2.6", "name"): NORM_C,
    ("din-c+d-2.6", "attachment-title"): NORM_D,
    ("din-c+d-2.6", "file-name"): FILE,
}
KINDS: tuple[Kind, ...] = ("name", "attachment-title", "text", "file-name")
XML = st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
    lambda character: ord(character) >= 32 or character in "\t\n\r"
)
MARKED = st.builds(
    lambda base, marks: base + "".join(marks),
    st.sampled_from("ACDKLMNSTZacdklmnsztHhÇĒŌāēīṢẠỤ"),
    st.lists(
        st.characters(min_codepoint=0x300, max_codepoint=0x331) | st.sampled_from(["\u035f", "\u035fh"]), max_size=2
    ),
)
TEXT = st.lists(XML | st.characters(max_codepoint=0x2FF).filter(lambda c: ord(c) >= 32) | MARKED, max_size=12).map(
    "".join
)


@lru_cache
def official_type(folder: str, file: str, name: str) -> etree.XMLSchema:
    path = OFFICIAL / folder / "xsd_dev" / file
    space = etree.parse(path).getroot().get("targetNamespace")
    source = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="{space}">
      <xs:import namespace="{space}" schemaLocation="{path.as_uri()}"/>
      <xs:element name="e" type="t:{name}"/></xs:schema>"""
    return etree.XMLSchema(etree.fromstring(source))


def official_accepts(text: str, which: tuple[str, str, str]) -> bool:
    element = etree.Element("e")
    element.text = text
    return official_type(*which).validate(element)


@official_only
@pytest.mark.parametrize(("charset", "kind"), TYPES)
def test_every_single_character_is_judged_as_by_the_official_type(charset: str, kind: Kind) -> None:
    body = ".pdf" if (charset, kind) == ("din-c+d-2.6", "file-name") else ""
    points = [
        *range(0x20, 0x400),
        *range(0x1E00, 0x2140),
        0x2264,
        0x1D48,
        0x221E,
        9,
        10,
        13,
        0xE000,
        0xFB01,
        0xFEFF,
        0xFFFD,
        0x1F600,
    ]
    wrong = [
        f"{point:x}"
        for point in points
        if (not forbidden(chr(point), charset, kind)) != official_accepts(chr(point) + body, TYPES[charset, kind])
    ]
    assert wrong == []


@official_only
@pytest.mark.parametrize(("charset", "kind"), TYPES)
@settings(max_examples=60)
@given(text=TEXT)
@example(text="K\u035fH")
@example(text="C\u0328\u0306")
@example(text="e\u0301")
def test_any_text_is_judged_as_by_the_official_type(charset: str, kind: Kind, text: str) -> None:
    candidate = f"{text}a.pdf" if (charset, kind) == ("din-c+d-2.6", "file-name") else text
    assert (forbidden(candidate, charset, kind) == []) == official_accepts(candidate, TYPES[charset, kind])


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=50)
@given(text=TEXT | st.text(max_size=20))
def test_normalising_twice_changes_nothing_more_and_never_makes_it_worse(charset: str, kind: Kind, text: str) -> None:
    once = normalise(text, charset, kind)
    assert normalise(once, charset, kind) == once
    assert len(forbidden(once, charset, kind)) <= len(forbidden(unicodedata.normalize("NFC", text), charset, kind))


@pytest.mark.parametrize(
    ("text", "charset", "kind", "expected"),
    [
        ("Bu\u0308ro – „Süd“ …", "latin-1.1", "name", 'Büro - "Süd" ...'),
        ("Bu\u0308ro – „Süd“ …", "din-c", "name", 'Büro - "Süd" ...'),
        ("Büro – „Süd“ …", "din-c+d", "attachment-title", "Büro - „Süd“ …"),
        ("Büro – „Süd“ …", "din-c", "text", "Büro – „Süd“ …"),
        ("Peter’s Café", "latin-1.1", "name", "Peter's Café"),
        ("Peter’s Café", "din-c", "name", "Peter’s Café"),
        ("a\u00a0b", "latin-1.1", "name", "a b"),
        ("a\u00a0b", "din-c", "name", "a\u00a0b"),
        ("Zeile 1\r\nZeile 2\rZeile 3", "din-c", "name", "Zeile 1\nZeile 2\nZeile 3"),
        ("Zeile 1\nZeile 2", "din-c+d", "attachment-title", "Zeile 1 Zeile 2"),
        ("Grund\u00adstück\u200b \u202eabc", "din-c", "text", "Grundstück abc"),
        ("• Eins → ⌀ 10", "din-c", "name", "- Eins -> Ø 10"),
        ("≥ 5 ‰ ™", "din-c", "name", ">= 5 o/oo (TM)"),
        ("CO₂, 20 m³, ½, €", "din-c", "name", "CO2, 20 m³, ½, €"),
        ("ﬁx", "latin-1.1", "name", "fix"),
    ],
)
def test_typographic_text_becomes_what_the_release_can_carry(
    text: str, charset: str, kind: Kind, expected: str
) -> None:
    assert normalise(text, charset, kind) == expected
    assert forbidden(expected, charset, kind) == []


def test_what_is_still_forbidden_is_named_once_each_in_order() -> None:
    assert forbidden("a – Ж😀 –", "din-c") == [
        "U+2013 EN DASH",
        "U+0416 CYRILLIC CAPITAL LETTER ZHE",
        "U+1F600 GRINNING FACE",
    ]
    assert forbidden("a\x00\x07", "din-c", "text") == ["U+0000 CONTROL CHARACTER", "U+0007 CONTROL CHARACTER"]
    assert forbidden("\ud800", "din-c", "text") == ["U+D800 SURROGATE"]
    assert forbidden("u\u0308", "din-c") == ["U+0308 COMBINING DIAERESIS"]
    assert forbidden("", "latin-1.1") == []


def test_an_unknown_charset_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="utf-7"):
        forbidden("a", "utf-7")


@pytest.mark.parametrize(
    ("name", "charset", "expected"),
    [
        ("Lageplan Süd.pdf", "din-c+d-2.6", "Lageplan Süd.pdf"),
        ("Café & Bar.PDF", "din-c+d-2.6", "Cafe _ Bar.PDF"),
        ("Café & Bar.PDF", "din-c", "Café & Bar.PDF"),
        ("../../etc/passwd", "din-c", "passwd.pdf"),
        ("C:\\Pläne\\Schnitt.pdf", "din-c+d-2.6", "Schnitt.pdf"),
        ("a<b>:c?*.pdf", "din-c", "a_b_c_.pdf"),
        ("Plan\x00\r\n.pdf", "din-c+d-2.6", "Plan_.pdf"),
        ("gpj\u202e.fdp", "din-c", "gpj.fdp"),
        ("", "din-c+d-2.6", "Datei.pdf"),
        ("...", "din-c+d-2.6", "Datei.pdf"),
        (".pdf", "din-c+d-2.6", "pdf.pdf"),
        ("NUL.pdf", "din-c", "_NUL.pdf"),
        ("com1", "din-c", "_com1.pdf"),
        ("Plan Nr.5", "din-c", "Plan Nr.5.pdf"),
        ("Schnitt ½.pdf", "din-c+d-2.6", "Schnitt _.pdf"),
        ("План.pdf", "din-c+d-2.6", "_.pdf"),
        (f"{'x' * 200}.pdf", "din-c+d-2.6", f"{'x' * 136}.pdf"),
    ],
)
def test_a_file_name_becomes_valid_and_harmless(name: str, charset: str, expected: str) -> None:
    assert file_name_for(name, charset) == expected


@pytest.mark.parametrize("charset", CHARSETS)
@given(name=TEXT | st.text(max_size=200) | st.text("./\\ CONcon1-ß_\u0301K\u035fH", max_size=170))
@example(name="a" * 135 + "K\u035fH" + ".pdf")
def test_any_file_name_comes_out_valid_short_pathless_and_stable(charset: str, name: str) -> None:
    result = file_name_for(name, charset)
    assert file_name_for(result, charset) == result
    assert forbidden(result, charset, "file-name") == []
    assert 0 < len(result) <= 140
    assert not set(result) & set('/\\<>:"|?*\0\n')
    assert re.search(r"[^ .]\.[A-Za-z0-9]{1,10}\Z", result)
    assert not result.startswith((".", " "))


@given(
    names=st.lists(st.sampled_from(["a.pdf", "A.pdf", "a-2.pdf", "x" * 150 + ".pdf", "?.pdf", "b"]) | TEXT, max_size=8)
)
def test_file_names_of_one_message_never_collide(names: list[str]) -> None:
    result = file_names_for(tuple(names), "din-c+d-2.6")
    assert len({name.casefold() for name in result}) == len(names)
    assert all(len(name) <= 140 and not forbidden(name, "din-c+d-2.6", "file-name") for name in result)


def test_a_twin_is_numbered() -> None:
    assert file_names_for(("Plan.pdf", "plan.PDF", "Plan.pdf"), "din-c") == ("Plan.pdf", "plan-2.PDF", "Plan-3.pdf")
