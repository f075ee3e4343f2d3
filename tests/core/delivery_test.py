"""The table of legal moves, and that every state can say why it waits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.delivery import DUE, MOVES, PLANS_MOVES, TITLES, PlansState, State, move, why
from gateway.domain.errors import SubmissionError

FINAL = {State.CONFIRMED, State.REJECTED, State.WITHDRAWN, State.EXPIRED}


def test_final_means_that_no_move_leads_out() -> None:
    assert {state for state in State if state.final} == FINAL


@given(st.lists(st.sampled_from(State), max_size=12))
def test_a_walk_through_the_table_never_leaves_a_final_state_or_loses_what_was_handed_over(
    targets: list[State],
) -> None:
    state, delivered = State.DRAFT, False
    for target in targets:
        try:
            state = move(state, target)
        except SubmissionError:
            assert target not in MOVES[state]
            continue
        delivered |= state.delivered
        assert not delivered or state.delivered


def test_every_state_can_be_reached_and_every_open_state_leads_to_an_end() -> None:
    reached, todo = set(), [State.DRAFT]
    while todo:
        state = todo.pop()
        if state not in reached:
            reached.add(state)
            todo.extend(MOVES[state])
    assert reached == set(State)
    for state in State:
        ends, todo, seen = set(), [state], set()
        while todo:
            current = todo.pop()
            if current in seen:
                continue
            seen.add(current)
            ends |= {current} & (FINAL | {State.HANDED_OVER})
            todo.extend(MOVES[current])
        assert ends, state


def test_nothing_is_confirmed_that_was_neither_ready_nor_handed_over() -> None:
    assert {state for state in State if State.CONFIRMED in MOVES[state]} == {State.AVAILABLE, State.HANDED_OVER}


def test_a_worker_takes_only_what_is_waiting_for_one() -> None:
    assert {state for state in State if State.UNDER_WAY in MOVES[state]} == DUE


@given(st.sampled_from(State), st.text(max_size=40), st.text(max_size=20), st.integers(0, 99))
def test_every_state_says_in_one_sentence_why_it_waits(state: State, reason: str, at: str, attempts: int) -> None:
    said = why(state, authority="Kreis Höxter", reason=reason, next_at=at, attempts=attempts)
    assert said.de.endswith(".")
    assert said.en.endswith(".")
    assert TITLES[state]


@pytest.mark.parametrize("state", PlansState)
def test_plans_that_have_arrived_stay_arrived(state: PlansState) -> None:
    assert PLANS_MOVES[PlansState.ARRIVED] == frozenset()
    assert PlansState.EXPECTED not in PLANS_MOVES[state]
