"""Stages of onboarding: legal moves only, proved by evidence, and two people for going live."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import codes
from gateway.domain.errors import RoutingError
from gateway.domain.onboarding import (
    MOVES,
    STAGE_PHASES,
    STAGE_TITLES,
    Check,
    Evidence,
    Stage,
    approval_faults,
    latest,
    move,
    unproved,
)
from gateway.domain.participation import Phase

NOW = datetime(2026, 11, 21, 14, 3, tzinfo=UTC)
COMPLETE = tuple(Evidence(check, NOW, True, "gut") for check in Check)


@given(st.lists(st.sampled_from(Stage), max_size=30))
def test_no_sequence_of_wishes_leads_past_the_table(wishes: list[Stage]) -> None:
    stage = Stage.INVITED
    for wish in wishes:
        if wish in MOVES[stage]:
            stage = move(stage, wish, COMPLETE)
            assert stage is wish
        else:
            with pytest.raises(RoutingError):
                move(stage, wish, COMPLETE)


def test_live_is_reached_only_through_every_stage_before_it() -> None:
    path = list(Stage)[: list(Stage).index(Stage.LIVE) + 1]
    for current, target in pairwise(path):
        assert move(current, target, COMPLETE) is target
    reaching = {stage for stage in Stage if Stage.LIVE in MOVES[stage]}
    assert reaching == {Stage.APPROVED, Stage.PAUSED}


def test_every_stage_has_a_german_name_and_only_live_takes_real_messages() -> None:
    assert set(STAGE_TITLES) == set(STAGE_PHASES) == set(MOVES) == set(Stage)
    assert [stage for stage in Stage if stage.phase is Phase.LIVE] == [Stage.LIVE]
    assert Stage.DETAILS.label == "Angaben da"


def test_a_stage_without_its_evidence_is_refused_and_every_open_check_is_named() -> None:
    some = [evidence for evidence in COMPLETE if evidence.check not in (Check.CLOCK, Check.CONTACT)]
    with pytest.raises(RoutingError) as caught:
        move(Stage.DETAILS, Stage.CONNECTED, some)
    assert caught.value.code is codes.STATE_CONFLICT
    assert [fault.pointer for fault in caught.value.faults] == ["/evidence/contact", "/evidence/clock"]
    assert "Uhrzeit" in caught.value.reason


def test_a_later_failure_undoes_an_earlier_success_whatever_the_order() -> None:
    failure = Evidence(Check.REACHABLE, NOW + timedelta(minutes=1), False, "Zeit abgelaufen")
    for evidence in ((*COMPLETE, failure), (failure, *COMPLETE)):
        assert latest(evidence)[Check.REACHABLE] is failure
        assert unproved(evidence, Stage.APPROVED) == (Check.REACHABLE,)
    assert unproved(COMPLETE, Stage.LIVE) == ()


@pytest.mark.parametrize(
    ("proposer", "approver", "typed", "pointers"),
    [
        ("op-01", "op-02", "Kreis Warendorf", []),
        ("op-01", "op-02", "  Kreis   Warendorf ", []),
        ("op-01", "OP-01 ", "Kreis Warendorf", ["/approver"]),
        ("", "op-02", "Kreis Warendorf", ["/proposer"]),
        ("op-01", "", "Warendorf", ["/approver", "/typed_name"]),
    ],
)
def test_four_eyes_and_a_typed_name(proposer: str, approver: str, typed: str, pointers: list[str]) -> None:
    assert [fault.pointer for fault in approval_faults(proposer, approver, typed, "Kreis Warendorf")] == pointers
