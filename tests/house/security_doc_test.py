"""The threat model names a test beside every defence, and every test it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.kit.corpus import FOLDER, corpus

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "sicherheit.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[a-z_/]+\.py)(?:::(test_\w+))?`", TEXT)


@pytest.mark.parametrize(("file", "test"), NAMED, ids=lambda value: value)
def test_a_named_test_exists(file: str, test: str) -> None:
    source = (ROOT / file).read_text(encoding="utf-8")
    assert not test or re.search(rf"^(async )?def {test}\(", source, re.MULTILINE)


def test_every_defence_has_its_test() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and "|---" not in line]
    inside = TEXT.partition("## Türen und ihre Abwehr")[2].partition("## ClamAV")[0]
    defences = [line for line in rows if line in inside and not line.startswith("| Angriff")]
    assert len(defences) > 25
    assert all("`tests/" in line for line in defences)


def test_every_test_of_attacks_serves_a_named_defence() -> None:
    files = {path.name for path in (ROOT / "tests" / "attacks").glob("*_test.py")}
    assert files - {Path(file).name for file, _ in NAMED} == {"pdf_door_test.py"}, "that one counts the corpus"


@pytest.mark.parametrize(
    ("door", "least"),
    [("pdf", 60), ("portal_json", 100), ("file_names", 100), ("http", 60), ("xml", 60), ("urls", 60),
     ("certificates", 20), ("tokens", 30), ("replies", 15), ("evidence", 20)],
)  # fmt: skip
def test_every_door_has_its_corpus(door: str, least: int) -> None:
    assert len(corpus(door)) >= least


def test_no_corpus_is_forgotten() -> None:
    assert len(list(FOLDER.glob("*.json"))) == 10
