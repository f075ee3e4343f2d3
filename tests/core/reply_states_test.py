"""The table of a reply's moves, and what a value of it may say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.domain.reply import MOVES, OVER, TITLES, Proof, Reply, ReplyState, move

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def a_reply(**changes: object) -> Reply:
    reply = Reply("r-1", AuthorityKey("05570000"), "file_drop", "t-1", AT, Proof.UNSIGNED, "ab" * 32, 10, b"key")
    return reply.but(**changes)


def test_every_state_has_moves_and_a_title() -> None:
    assert set(MOVES) == set(TITLES) == set(ReplyState)


@given(st.lists(st.sampled_from(list(ReplyState)), max_size=12))
def test_no_walk_leaves_the_table_and_what_is_over_never_comes_back(wishes: list[ReplyState]) -> None:
    reply, over = a_reply(), False
    for wish in wishes:
        before = reply.state
        if wish in MOVES[before]:
            reply = reply.moved(wish)
            assert reply.state is wish
        else:
            with pytest.raises(SubmissionError, match="state-conflict"):
                reply.moved(wish)
        over = over or before in OVER
        assert not (over and reply.state in (ReplyState.MATCHED, ReplyState.QUARANTINED))


def test_every_state_but_the_first_is_reached_and_every_end_is_free_of_content() -> None:
    reached = {target for targets in MOVES.values() for target in targets}
    assert reached == set(ReplyState) - {ReplyState.RECEIVED}
    assert {state for state in ReplyState if state.final} == {
        ReplyState.REFUSED, ReplyState.DISCARDED, ReplyState.ERASED,
    }  # fmt: skip


@pytest.mark.parametrize("state", sorted(OVER))
def test_erasing_keeps_what_became_of_it_where_nobody_took_it_over(state: ReplyState) -> None:
    erased = a_reply(state=state).erased(AT)
    assert erased.wrapped_key is None
    assert erased.erased_at == AT
    assert erased.state is (ReplyState.ERASED if state is ReplyState.ACKNOWLEDGED else state)


def test_a_reply_that_waits_for_a_portal_cannot_be_discarded() -> None:
    with pytest.raises(SubmissionError):
        move(ReplyState.MATCHED, ReplyState.DISCARDED)
