"""Names of written files: whatever an applicant called a file, it stays one harmless path component."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.seal.names import LENGTH, safe_name

hostile = st.text(st.characters() | st.sampled_from("./\\:\0\n\r\u202e\u200b \"*?<>|~$%`'"), max_size=300)


@given(hostile, st.lists(hostile, max_size=3))
def test_any_name_becomes_one_component_that_every_system_takes(wanted: str, others: list[str]) -> None:
    taken: set[str] = set()
    for text in [*others, wanted, wanted]:
        name = safe_name(text, "part-0001.pdf", taken)
        assert PurePosixPath(name).name == name == PureWindowsPath(name).name
        assert not PureWindowsPath(name).drive
        assert not name.startswith((".", " "))
        assert not name.endswith((".", " "))
        assert 0 < len(name.encode()) <= LENGTH
        assert not any(unicodedata.category(character).startswith(("C", "Zl", "Zp")) for character in name)
        assert name.casefold() not in {other.casefold() for other in taken}
        taken.add(name)


@pytest.mark.parametrize(
    ("wanted", "written"),
    [
        ("Lageplan.pdf", "Lageplan.pdf"),
        ("Grundriß Erdgeschoß (2).pdf", "Grundriß Erdgeschoß (2).pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "part-0001.pdf"),
        ("", "part-0001.pdf"),
        (".pdf", "pdf"),
        ("///", "part-0001.pdf"),
        ("NUL.pdf", "part-0001.pdf"),
        ("com1", "part-0001.pdf"),
        ("C:\\Windows\\x.pdf", "C__Windows_x.pdf"),
        ("a\x00b\nc.pdf", "a_b_c.pdf"),
        ("Rechnung\u202efdp.exe", "Rechnung_fdp.exe"),
        ("plan.pdf. . ", "plan.pdf"),
        ("Mu\u0308ller.pdf", "Müller.pdf"),
    ],
)
def test_names_people_and_attackers_use(wanted: str, written: str) -> None:
    assert safe_name(wanted, "part-0001.pdf") == written


def test_a_name_taken_in_other_letter_case_gets_a_number() -> None:
    assert safe_name("plan.pdf", "x.pdf", {"PLAN.pdf"}) == "plan (2).pdf"
    assert safe_name("plan.pdf", "x.pdf", {"PLAN.pdf", "plan (2).pdf"}) == "plan (3).pdf"


def test_a_long_name_is_cut_before_its_ending() -> None:
    name = safe_name("ß" * 300 + ".pdf", "x.pdf")
    assert name.endswith("ß.pdf")
    assert len(name.encode()) <= LENGTH
