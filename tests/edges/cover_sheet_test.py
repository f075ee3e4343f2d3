"""The PDFs: one page, accessible, archivable, and codes that a scanner reads back from the rendered page."""

from __future__ import annotations

import io
import subprocess
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gateway.domain.evidence import facts_of_acceptance
from gateway.edges.code128 import QUIET, START_B, STOP, svg, widths
from gateway.edges.cover_sheet import CoverSheet, PostedPlan, ReceiptSheet, cover_sheet, receipt_sheet
from tests.kit.stores import a_case

NUMBER = "BW-2026-7K3M-9QXA"
AT = datetime(2026, 11, 21, 22, 0, 7, 471102, tzinfo=UTC)
PLANS = [
    PostedPlan("Lageplan 1:500", "2001", date(2026, 5, 4)),
    PostedPlan(
        "Brandschutznachweis für die Tiefgaragenentwässerungsanlage, Größe Übergröße ẞ", "2003", date(2026, 5, 4)
    ),
]


def a_sheet(**changes: Any) -> CoverSheet:
    given: dict[str, Any] = {
        "case_number": NUMBER,
        "address": ["Kreis Warendorf", "Bauamt", "Waldenburger Straße 2", "48231 Warendorf"],
        "due": date(2026, 12, 5),
        "count": len(PLANS),
        "plans": PLANS,
        "at": AT,
    }
    return CoverSheet(**(given | changes))


def text_of(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def rendered(pdf: bytes, folder: Path, dpi: int = 300) -> Image.Image:
    """Return the first page as a picture, black and white."""
    (folder / "page.pdf").write_bytes(pdf)
    subprocess.run(
        ["pdftoppm", "-r", str(dpi), "-png", "-singlefile", str(folder / "page.pdf"), str(folder / "page")], check=True
    )
    return Image.open(folder / "page.png").convert("L").point(lambda value: 0 if value < 128 else 255)


def read_code128(line: bytes) -> str:
    """Read a bar code back from one line of pixels, as a scanner does: by the widths of bars and gaps."""
    runs: list[int] = []
    dark = [value == 0 for value in line]
    begin, end = dark.index(True), len(dark) - dark[::-1].index(True)
    last = None
    for value in dark[begin:end]:
        runs = [*runs[:-1], runs[-1] + 1] if value == last else [*runs, 1]
        last = value
    module = sum(runs) / sum(map(int, widths(NUMBER)))
    found = "".join(str(round(run / module)) for run in runs)
    table = {widths(chr(code))[6:12]: chr(code) for code in range(32, 127)}
    assert found == widths(NUMBER)
    return "".join(table[found[place : place + 6]] for place in range(6, 6 + 6 * len(NUMBER), 6))


def test_a_scanner_reads_the_case_number_from_the_printed_page(tmp_path: Path) -> None:
    page = rendered(cover_sheet(a_sheet()), tmp_path)
    width, height = page.size
    lines = [page.crop((0, row, width // 2, row + 1)).tobytes() for row in range(height // 6, height // 2)]
    barred = [line for line in lines if sum(left != right for left, right in pairwise(line)) > 100]
    assert barred
    assert read_code128(barred[len(barred) // 2]) == NUMBER


def test_the_printed_qr_code_is_the_case_number(tmp_path: Path) -> None:
    page = rendered(cover_sheet(a_sheet()), tmp_path)
    width, height = page.size
    right = page.crop((int(width * 0.7), int(height * 0.23), width, int(height * 0.35)))
    box = right.point(lambda value: 255 - value).getbbox()
    assert box is not None
    code = right.crop(box)
    matrix = [[bool(value) for value in row] for row in segno.make(NUMBER, error="q", micro=False).matrix]
    step_x, step_y = code.width / len(matrix), code.height / len(matrix)
    seen = [
        [code.getpixel((int((x + 0.5) * step_x), int((y + 0.5) * step_y))) == 0 for x in range(len(matrix))]
        for y in range(len(matrix))
    ]
    assert seen == matrix


@pytest.mark.parametrize(
    "sheet",
    [
        a_sheet(),
        a_sheet(count=6, plans=[PostedPlan("Große Brandwand " * 9, "Nachweis über Nutzung " * 9, AT.date())] * 6,
                test=True, address_kept=False, address=["Behörde " * 30] * 8),
        a_sheet(count=500, plans=[PostedPlan("W" * 1000, "2001", date(2026, 5, 4))] * 500, test=True,
                address=["Sehr lange Zeile der Anschrift der Behörde " * 9] * 30),
        a_sheet(count=500, plans=[PostedPlan("Große Brandwand " * 9, "Nachweis über Nutzung " * 9, AT.date())] * 500,
                test=True, address_kept=False, address=["Behörde " * 30] * 30),
        a_sheet(count=14, plans=[PostedPlan("Große Brandwand " * 9, "Nachweis über Nutzung " * 9, AT.date())] * 14,
                test=True, address_kept=False, address=["Behörde " * 30] * 8),
        a_sheet(plans=None),
        a_sheet(count=0, plans=[]),
        a_sheet(plans=[PostedPlan("漢字 😀 Ωμέγα Журавль ẖĀČ\x00\u202e #eval(1) *x* \\", "2001", date(2026, 5, 4))]),
    ],
    ids=["usual", "six", "far too much", "long words", "fourteen", "erased", "none", "exotic letters and markup"],
)  # fmt: skip
def test_every_sheet_is_one_page_accessible_and_archivable(sheet: CoverSheet) -> None:
    made = cover_sheet(sheet)
    with pikepdf.open(io.BytesIO(made)) as pdf, pdf.open_metadata() as metadata:
        assert len(pdf.pages) == 1
        assert metadata["pdfuaid:part"] == "1"
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "A")
        assert pdf.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in pdf.Root
        assert str(pdf.Root.Lang) == "de-DE"
    text = text_of(made)
    assert NUMBER in text
    assert "05.12.2026" in text


def test_german_words_keep_their_letters_and_markup_stays_text() -> None:
    text = " ".join(text_of(cover_sheet(a_sheet())).split())
    for word in ("Lageplan 1:500", "Übergröße", "ẞ", "Waldenburger Straße 2", "zurück"):
        assert word in text
    assert "#eval(1) *x*" in text_of(cover_sheet(a_sheet(plans=[PostedPlan("#eval(1) *x*", "1", AT.date())])))


def test_a_missing_postal_address_is_said_plainly() -> None:
    page = " ".join(text_of(cover_sheet(a_sheet(address=["Stadt Ahlen"], address_kept=False))).split())
    assert "Straße und Ort sind hier nicht hinterlegt: Bitte erfragen Sie die Postanschrift bei der Behörde." in page
    assert "nicht hinterlegt" not in text_of(cover_sheet(a_sheet()))


def test_the_same_sheet_gives_the_same_bytes() -> None:
    assert cover_sheet(a_sheet()) == cover_sheet(a_sheet())


def test_a_receipt_with_500_parts_is_made() -> None:
    case = a_case(1)
    facts = facts_of_acceptance(case, {"name": "Stadt Ahlen"}, "bap:1", b"m", b"x")
    facts["parts"] = facts["parts"] * 500
    event = {"case_number": NUMBER, "at": AT.isoformat(), "message_id": "m-1", "facts": facts}
    made = receipt_sheet(ReceiptSheet(event, "Baugenehmigung", "CN=Bauweiche", "ab" * 32, AT))
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert len(pdf.pages) > 5
    assert "Anlage 500" in text_of(made)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40))
def test_code_128_has_start_check_and_stop_and_eleven_modules_a_character(text: str) -> None:
    found = widths(text)
    assert sum(map(int, found)) == 11 * (len(text) + 2) + 13
    assert f'viewBox="0 0 {sum(map(int, found)) + 2 * QUIET} 1"' in svg(text)


def test_code_128_of_a_published_example_and_what_it_cannot_hold() -> None:
    assert (START_B, STOP) == (104, 106)
    assert widths("A") == "211214" + "111323" + "131123" + "2331112"  # check character 104 + 33 = 137 = 34 mod 103
    for text in ("", "ä", "\n"):
        with pytest.raises(ValueError, match="ASCII"):
            widths(text)
