"""Every message in every release, byte for byte as it was last reviewed.

`GOLDEN=write python -m pytest tests/core/xbau_compose_golden_test.py` writes the files anew; look at the difference.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from gateway.domain.procedure import Procedure
from gateway.xbau.compose import compose, compose_followup, parse_antrag, parse_followup
from gateway.xbau.release import RELEASES, Release
from gateway.xbau.schema import messages
from tests.kit.xbau_official import needs_official, official
from tests.kit.xbau_samples import sample_antrag, sample_followup, sample_heading

GOLDEN = Path(__file__).parent / "golden"
PROCEDURES = {procedure.number: procedure for procedure in Procedure}
REALISTIC = ("0200", "0950")


def cases() -> Iterator[tuple[Release, str]]:
    for release in RELEASES.values():
        for number in messages(release):
            yield release, number


def composed(release: Release, number: str) -> bytes:
    """Return the golden submission of a message; where 2.2 lacks a place for something, it is left out."""
    old = release.name == "2.2"
    by_post = 1 if number == "0200" and not old else 0
    heading = sample_heading(2, by_post, test="Golden" if number == "0210" else None, file_reference="63/B21/0042/2026")
    if number not in PROCEDURES:
        return compose_followup(parse_followup(number, sample_followup(number)), heading, release, lossy=old)
    value = sample_antrag(PROCEDURES[number], "realistic" if number in REALISTIC else "minimal")
    if number == "0910" and old:
        value["bezug"] = {"mit_aktenzeichen": {"vorgang": "63/B21/0042/2026"}}
    return compose(parse_antrag(PROCEDURES[number], value), heading, release, lossy=old)


@pytest.mark.parametrize(
    ("release", "number"), [pytest.param(*case, id=f"{case[0].name}-{case[1]}") for case in cases()]
)
def test_a_message_is_composed_byte_for_byte_as_reviewed(release: Release, number: str) -> None:
    data = composed(release, number)
    file = GOLDEN / release.name / f"{number}.xml"
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    assert data == file.read_bytes()
    assert composed(release, number) == data, "the same input is the same bytes"


@needs_official
@pytest.mark.parametrize("release", RELEASES.values(), ids=lambda release: release.name)
def test_the_official_schemas_agree_with_every_golden_file(release: Release) -> None:
    schema = official(release.name)
    files = sorted((GOLDEN / release.name).glob("*.xml"))
    assert [file.stem for file in files] == sorted(messages(release))
    wrong = {file.name: str(schema.error_log) for file in files if not schema.validate(etree.parse(str(file)))}
    assert wrong == {}


def test_no_golden_file_is_left_over() -> None:
    files = {(file.parent.name, file.stem) for file in GOLDEN.glob("*/*.xml")}
    assert files == {(release.name, number) for release, number in cases()}
