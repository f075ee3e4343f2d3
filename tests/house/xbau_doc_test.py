"""docs/xbau.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.procedure import Procedure
from gateway.xbau.compose import faults_for, losses, parse_antrag
from gateway.xbau.coverage import BLOCKS, coverage, updated
from gateway.xbau.release import RELEASES
from gateway.xbau.schema import code_lists, messages
from tests.kit.xbau_random import random_antrag
from tests.kit.xbau_samples import sample_heading

DOCUMENT = (Path(__file__).parents[2] / "docs" / "xbau.md").read_text("utf-8")


def test_the_tables_are_those_of_the_code() -> None:
    assert updated(DOCUMENT) == DOCUMENT, "python -m gateway.xbau.coverage docs/xbau.md"


def test_a_document_without_a_block_is_noticed() -> None:
    with pytest.raises(LookupError, match="abdeckung"):
        updated(DOCUMENT.replace("<!-- abdeckung: Ende -->", ""))


def test_every_message_that_a_portal_can_send_has_its_row_with_the_releases_that_have_it() -> None:
    rows = {cells[0].strip("` "): cells[2:] for line in coverage().splitlines() if (cells := _cells(line))}
    for number in sorted({number for release in RELEASES.values() for number in messages(release)}):
        for cell, release in zip(rows[number], RELEASES.values(), strict=True):
            assert ("→" in cell) == (number in messages(release)), (number, release.name)


@pytest.mark.parametrize("procedure", Procedure, ids=lambda procedure: procedure.number)
def test_whatever_a_release_cannot_say_of_a_generated_submission_stands_in_the_document(procedure: Procedure) -> None:
    """The table is read off the models, this comes from composing: both must say the same."""
    listed = {cells[0].strip("` "): cells[2:] for line in _block("verluste") if (cells := _cells(line))}
    demanded = {cells[0].strip("` "): cells[2:] for line in _block("pflichten") if (cells := _cells(line))}
    for seed in range(25):
        value = random_antrag(procedure, seed)
        antrag = parse_antrag(procedure, value)
        for position, release in enumerate(RELEASES.values()):
            if procedure.number not in messages(release):
                continue
            for fault in losses(antrag, sample_heading(1), release):
                if "kennt die Angabe" in fault.detail:
                    places = _places(fault.pointer)
                    assert any(listed.get(place, [""] * 6)[position] == "fehlt" for place in places), (fault, release)
            for fault in faults_for(antrag, sample_heading(1), release, lossy=True):
                if fault.code.name == "field-missing" and not _named(value, fault.pointer):
                    places = _places(fault.pointer)
                    assert any(demanded.get(place, [""] * 6)[position] == "Pflicht" for place in places), fault


def test_every_list_whose_version_is_doubtful_is_one_that_we_use() -> None:
    used = {name for release in RELEASES.values() for name in code_lists(release)}
    doubts = DOCUMENT.partition("### Was davon zweifelhaft ist")[2]
    named = {name for line in doubts.splitlines() for name in re.findall(r"`([a-z-]+)`(?= [\d(]|:|,)", line)}
    assert {"mimetypes", "verzeichnisdienst", "praefix", "vorlagenantragstellung"} <= named
    assert named <= used | {"bap"}


def _named(value: Any, pointer: str) -> bool:
    """Tell whether a submission names what is missing: then nothing, or nothing this release takes, is in it.

    Of alternatives the first is called missing, also where the other one is named but empty.
    """
    pointer = pointer.removesuffix("/mit_aktenzeichen")
    for step in pointer.split("/")[2:]:
        if not isinstance(value, list) and step not in value:
            return False
        value = value[int(step)] if isinstance(value, list) else value[step]
    return True


def _block(name: str) -> list[str]:
    assert name in BLOCKS
    return DOCUMENT.partition(f"<!-- {name}: aus dem Code -->")[2].partition("<!--")[0].splitlines()


def _cells(line: str) -> list[str]:
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    return cells if cells and cells[0].startswith("`") else []


def _places(pointer: str) -> list[str]:
    """Return the rows that may stand for a pointer: its last two steps, those above it, without numbers."""
    steps = [step for step in pointer.split("/")[2:] if not step.isdecimal()]
    steps = [step.replace("_aenderungsdaten", "") for step in steps]
    return ["/".join(steps[:end][-2:]) for end in range(len(steps), 0, -1)]
