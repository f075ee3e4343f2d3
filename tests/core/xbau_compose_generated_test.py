"""Generated submissions: what we compose is valid, for us and officially; what we refuse, we name."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.domain.errors import SubmissionError
from gateway.domain.procedure import Procedure
from gateway.xbau.antrag import Antrag
from gateway.xbau.compose import (
    compose,
    compose_followup,
    faults_for,
    followup_faults,
    parse_antrag,
    parse_followup,
)
from gateway.xbau.release import RELEASES, Release
from gateway.xbau.schema import messages, validator
from tests.kit.xbau_generated import LOSSY, REFUSED, WHOLE, Outcome, check_refusal, tried
from tests.kit.xbau_official import FOLDER, official
from tests.kit.xbau_random import random_followup
from tests.kit.xbau_samples import sample_antrag, sample_heading

EXAMPLES = int(os.environ.get("XBAU_EXAMPLES", "4"))
"""What hypothesis draws, per test."""

SUBMISSIONS = int(os.environ.get("XBAU_SUBMISSIONS", "30"))
"""Submissions per procedure, each in every release; `python -m bench.generated` takes thousands and counts."""

THOUSANDS = int(os.environ.get("XBAU_THOUSANDS", "2000"))
"""What hypothesis draws per procedure where time is no matter, each in every release that has the procedure."""

SEEDS = st.integers(0, 2**32)


def check(data: bytes, release: Release, number: str) -> None:
    document = etree.fromstring(data)
    ours = validator(release, number)
    assert ours.validate(document), ours.error_log
    if FOLDER.is_dir():
        theirs = official(release.name)
        assert theirs.validate(document), theirs.error_log
    assert not [leaf.tag for leaf in document.iter() if len(leaf) == 0 and not (leaf.text or "").strip()]


@pytest.mark.parametrize("procedure", Procedure, ids=lambda procedure: procedure.number)
def test_dozens_of_submissions_are_composed_validly_or_refused_with_their_places(procedure: Procedure) -> None:
    told = Counter(outcome.how for seed in range(SUBMISSIONS) for outcome in tried(procedure, seed))
    assert told[WHOLE] + told[LOSSY] > told[REFUSED], "most of what people write can be sent"


@pytest.mark.parametrize("procedure", Procedure, ids=lambda procedure: procedure.number)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_submission_is_composed_validly_or_refused_with_its_places(procedure: Procedure, seed: int) -> None:
    assert list(tried(procedure, seed))


@pytest.mark.long
@pytest.mark.parametrize("procedure", Procedure, ids=lambda procedure: procedure.number)
def test_thousands_of_submissions_in_every_release_are_composed_validly_or_refused(procedure: Procedure) -> None:
    told: Counter[Outcome] = Counter()

    @given(seed=SEEDS)
    @settings(max_examples=THOUSANDS, deadline=None, database=None, phases=(Phase.generate,))
    def tries(seed: int) -> None:
        told.update(tried(procedure, seed, thorough=seed % 4 == 0))

    tries()
    for release in RELEASES.values():
        if procedure.number in messages(release):
            assert sum(told[Outcome(release.name, how)] for how in (WHOLE, LOSSY, REFUSED)) >= THOUSANDS
            assert told[Outcome(release.name, WHOLE)] + told[Outcome(release.name, LOSSY)] > THOUSANDS // 10


@pytest.mark.parametrize("number", ["0202", "1130", "1142"])
@given(seed=SEEDS)
@settings(max_examples=EXAMPLES, deadline=None)
def test_every_generated_message_about_a_running_case_is_composed_validly_or_refused(number: str, seed: int) -> None:
    value = random_followup(number, seed)
    followup = parse_followup(number, value)
    for release in RELEASES.values():
        if number not in messages(release):
            continue
        heading = sample_heading(1, file_reference="63/B21/0042/2026")
        faults = followup_faults(followup, heading, release)
        check_refusal(faults, value)
        if not faults:
            check(compose_followup(followup, heading, release), release, number)


@given(text=st.text(min_size=1, max_size=60))
@example(text="u\u0308 – „Größe“ ≥ 3 m²\u00a0½")
@settings(max_examples=EXAMPLES * 4, deadline=None)
def test_any_text_is_either_carried_by_a_release_or_its_characters_are_named(text: str) -> None:
    value = sample_antrag(size="minimal")
    value["bauvorhaben"]["bezeichnung_des_bauvorhabens"] = text
    place = "/antrag/bauvorhaben/bezeichnung_des_bauvorhabens"
    try:
        antrag = parse_antrag(Procedure.BUILDING_PERMIT, value)
    except SubmissionError as refusal:
        named = [fault.pointer for fault in refusal.faults]
    else:
        named = []
        check_text(antrag, place)
    assert named in ([], [place])


def check_text(antrag: Antrag, place: str) -> None:
    for release in RELEASES.values():
        faults = faults_for(antrag, sample_heading(1), release)
        if faults:
            assert {fault.pointer for fault in faults} == {place}
        else:
            check(compose(antrag, sample_heading(1), release), release, "0200")


@given(name=st.text(max_size=40), title=st.text(min_size=1, max_size=40))
@settings(max_examples=EXAMPLES * 2, deadline=None)
def test_any_file_name_and_title_is_carried_or_named(name: str, title: str) -> None:
    antrag = parse_antrag(Procedure.BUILDING_PERMIT, sample_antrag(size="minimal"))
    heading = sample_heading(2)
    heading = replace(
        heading, documents=(replace(heading.documents[0], file_name=name, title=title), *heading.documents[1:])
    )
    for release in RELEASES.values():
        faults = faults_for(antrag, heading, release)
        assert {fault.pointer for fault in faults} <= {"/attachments/0/title"}, faults
        if not faults:
            check(compose(antrag, heading, release), release, "0200")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(junk=JSON, key=st.sampled_from(sorted(sample_antrag())))
@settings(max_examples=EXAMPLES * 15, deadline=None)
def test_no_json_value_in_any_place_does_more_than_be_refused(junk: Any, key: str) -> None:
    for value in (junk, {**sample_antrag(size="minimal"), key: junk}):
        try:
            parse_antrag(Procedure.BUILDING_PERMIT, value)
        except SubmissionError as refusal:
            places = {fault.pointer.split("/")[1] for fault in refusal.faults}
        else:
            places = {"antrag"}
        assert places == {"antrag"}
