"""The page of proofs says what is recorded, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from proof import page
from proof.__main__ import SECTIONS
from proof.frame import RECORDED, Figure, Finding, Record, exactly, lines, load

ROOT = Path(__file__).parents[2]
NAMES = [name for names in SECTIONS.values() for name in names]
RECORD = Record(
    "storm", "python -m proof --only storm", "2026-11-22 02:20 UTC", "2 cores", 700,
    Finding("Nothing is lost.", (exactly("lost", 0, 0), Figure("kills", 512, least=500)), (), ("no network card",)),
)  # fmt: skip


def test_the_page_is_written_from_the_records() -> None:
    written = page.text(SECTIONS, {name: load(name) for name in NAMES})
    assert page.PAGE.read_text(encoding="utf-8") == written, "python -m proof --page writes it"


def test_every_proof_of_the_list_is_a_module_and_every_record_belongs_to_one() -> None:
    assert [name for name in NAMES if find_spec(f"proof.{name}") is None] == []
    assert {path.stem for path in RECORDED.glob("*.json")} <= set(NAMES)


def test_every_recorded_command_names_the_proof_it_stands_at() -> None:
    for name in NAMES:
        record = load(name)
        assert record is None or re.search(rf"\b{name}\b", record.command), name


def test_a_record_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    RECORD.save(tmp_path)
    assert load("storm", tmp_path) == RECORD


def test_a_missed_figure_and_a_contradiction_are_both_called_missed() -> None:
    lost = replace(RECORD.finding, figures=(exactly("lost", 1, 0),))
    against = replace(RECORD.finding, failures=("case 7 arrived twice",))
    for finding in (lost, against):
        assert not finding.kept
        written = page.text({"Faults": ["storm"]}, {"storm": replace(RECORD, finding=finding)})
        assert "| **missed** |" in written
        assert any("MISSED" in line or "FAILED" in line for line in lines(finding))


def test_the_page_names_value_promise_command_date_and_what_was_not_shown() -> None:
    written = page.text({"Faults": ["storm"]}, {"storm": RECORD})
    for part in ("| kills | 512 | ≥ 500 | kept |", "`python -m proof --only storm`", "2026-11-22", "no network card"):
        assert part in written, part
