"""The PDF corpus itself; the gate's answer to each kind is asked in tests/edges/gate_test.py."""

from __future__ import annotations

from tests.kit import pdfs_hostile
from tests.kit.corpus import corpus
from tests.kit.pdfs import GOOD
from tests.kit.pdfs_hostile import HOSTILE

PDFS = corpus("pdf")


def test_every_kind_that_is_made_has_its_answer_and_every_answer_its_kind() -> None:
    good = {f"good: {kind}" for kind in GOOD}
    assert {name for name, attack in PDFS.items() if attack["answer"] == ""} == good
    assert set(PDFS) - good == set(pdfs_hostile.BUILDERS)


def test_the_corpus_has_more_than_sixty_kinds_that_must_be_refused() -> None:
    assert len(HOSTILE) >= 60
