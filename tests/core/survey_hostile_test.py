"""Hostile and broken survey files: each is refused in one German sentence, quickly and without eating memory."""

import io
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import registry
from gateway.domain.errors import RoutingError
from gateway.survey import Knowledge, plan_of, read_table
from tests.kit.surveys import bent, csv_bytes, xlsx_bytes

GOOD = xlsx_bytes([["AGS", "Option"], [5570000, "1"]])
SHEET = "xl/worksheets/sheet1.xml"
KNOWN = Knowledge(registry.editions()["212"], registry.municipalities(), lambda _: (), {"2.6"}, {"file_drop": "Ablage"})
DAY = date(2026, 12, 1)


def sheet(inside: str, after: str = "") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{inside}</sheetData>{after}</worksheet>'.encode()


def refusal(octets: bytes) -> RoutingError:
    with pytest.raises(RoutingError) as caught:
        plan_of(read_table(octets), KNOWN, DAY)
    assert caught.value.reason.endswith(".")
    assert len(caught.value.reason) < 300
    return caught.value


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/bomb.xml", b" " * 50_000_000)
    return file.getvalue()


def lying_bomb() -> bytes:
    """A part that says in the archive that it is small and unpacks to 50 MB."""
    octets = bomb()
    return octets.replace((50_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "leer"),
        (b" \r\n\t ", "leer"),
        (b"\xef\xbb\xbf", "keine einzige ausgefüllte Zeile"),
        (b";;;\r\n;;;\r\n", "keine einzige ausgefüllte Zeile"),
        (b"AGS\x00;Option\n1;2", "keine Texttabelle"),
        (b"\x81\x8d\x8f\x90\x9d\n", "weder UTF-8 noch Windows-1252"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "Kennwort"),
        (b"x" * 10_000_001, "größer als 10 MB"),
        (b"AGS;Option\n05570000;" + b"x" * 1_000_000, "ab Zeile"),
        (b'AGS;Option\n"05570000;1\n' + b"x" * 200_000, "ab Zeile"),
        (b"AGS;Option\n" + b"05570000;1\n" * 2001, "mehr als 2000 Zeilen"),
        (b"a;" * 101, "mehr als 100 Spalten"),
        (b"PK\x03\x04" + b"\x00" * 100, "beschädigt"),
        (GOOD[:-40], "beschädigt"),
        (GOOD[:300], "beschädigt"),
        (bomb(), "ausgepackt zu groß"),
        (lying_bomb(), "beschädigt"),
        (bent(GOOD, {"xl/workbook.xml": None}), "keine Excel-Arbeitsmappe"),
        (bent(GOOD, {SHEET: None}), "beschädigt"),
        (bent(GOOD, {SHEET: b"<worksheet>"}), "unzulässig aufgebaut"),
        (bent(GOOD, {SHEET: b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet/>'}), "DOCTYPE"),
        (bent(GOOD, {SHEET: b"<a>" * 100_000}), "unzulässig aufgebaut"),
        (bent(GOOD, {SHEET: sheet('<row r="1"><c r="XFD1048576"><v>1</v></c></row>')}), "XFD1048576"),
        (bent(GOOD, {SHEET: sheet('<row r="1048576"><c><v>1</v></c></row>')}), "1048576"),
        (bent(GOOD, {SHEET: sheet('<row r="1"><c r="&#65;1"/><c r="zz"/></row>')}), "keinen gültigen Platz"),
        (bent(GOOD, {SHEET: sheet("<row>" + "<c><v>1</v></c>" * 150 + "</row>")}), "mehr als 100 Spalten"),
        (bent(GOOD, {SHEET: sheet("")}), "keine einzige ausgefüllte Zeile"),
        (
            bent(
                GOOD,
                {
                    SHEET: sheet(
                        '<row r="1"><c r="A1"><v>1</v></c></row>',
                        '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',
                    )
                },
            ),
            "verbundene Zellen",
        ),
        (bent(GOOD, {f"xl/a{number}.xml": b"<a/>" for number in range(400)}), "ausgepackt zu groß"),
    ],
)
def test_a_hostile_file_is_refused_in_a_sentence(octets: bytes, words: str) -> None:
    assert words in refusal(octets).reason


def steps_of(act: Callable[[], object]) -> int:
    """Return how many calls an act makes: what it costs, on a machine of any speed and load."""
    made = 0

    def note(_frame: object, _event: str, _argument: object) -> None:
        nonlocal made
        made += 1

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize("octets", [bomb(), bent(GOOD, {SHEET: sheet('<row r="1"><c r="XFD1048576"/></row>')})])
def test_a_bomb_costs_neither_time_nor_memory(octets: bytes) -> None:
    tracemalloc.start()
    steps = steps_of(lambda: refusal(octets))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert steps < 20_000
    assert peak < 20_000_000


def test_a_cell_of_a_megabyte_in_a_workbook_is_an_error_of_its_row_only() -> None:
    text = f'<c r="B2" t="inlineStr"><is><t>{"x" * 1_000_000}</t></is></c>'
    heading = '<row r="1"><c r="A1" t="str"><v>AGS</v></c><c r="B1" t="str"><v>Option</v></c></row>'
    octets = bent(GOOD, {SHEET: sheet(f'{heading}<row r="2"><c r="A2"><v>5570000</v></c>{text}</row>')})
    (row,) = plan_of(read_table(octets), KNOWN, DAY).rows
    assert "1000000 Zeichen zu lang" in row.findings[0].text
    assert all(len(finding.text) < 300 for finding in row.findings)


def test_the_parts_of_sharepoint_and_macros_are_left_behind() -> None:
    extra = {
        "customXml/item1.xml": b'<?mso-contentType?><FormTemplates xmlns="http://schemas.microsoft.com/x"/>',
        "xl/vbaProject.bin": b"MZ",
        "../../etc/passwd": b"x",
    }
    assert len(plan_of(read_table(bent(GOOD, extra)), KNOWN, DAY).rows) == 1


def test_an_endless_name_or_many_unknown_towns_do_not_take_long() -> None:
    rows = [["Behörde", "Option"], *([f"Stadt Unbekannt {number} an der Lenne" * 20, "1"] for number in range(212))]
    found = []
    steps = steps_of(lambda: found.extend(plan_of(read_table(csv_bytes(rows)), KNOWN, DAY).rows))
    assert steps < 15_000_000
    assert all(row.authority is None for row in found)


def sentences(octets: bytes) -> list[str]:
    """Return everything that is said about a file, whether it was refused or planned."""
    try:
        return [finding.text for finding in plan_of(read_table(octets), KNOWN, DAY).every_finding()]
    except RoutingError as refused:
        return [refused.reason]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_plan_or_a_refusal(octets: bytes) -> None:
    for data in (octets, b"AGS;Option;Name\n" + octets, b"PK" + octets):
        assert all(text.endswith((".", "?")) for text in sentences(data))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_workbook_with_flipped_bytes_gives_a_plan_or_a_refusal(flips: list[tuple[int, int]]) -> None:
    octets = bytearray(GOOD)
    for place, value in flips:
        octets[place] = value
    assert all(text.endswith((".", "?")) for text in sentences(bytes(octets)))
