"""Matching a reply to its case: exact or not at all, ranked for a human where it is not."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from gateway.domain.case import Case, Delivery
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.domain.reply import Proof, Reply, ReplyState
from gateway.edges.store import open_store
from gateway.edges.store.cases import _values as case_values
from gateway.edges.store.deliveries import _values as delivery_values
from gateway.edges.store.engine import open_engines
from gateway.edges.store.replies import _values as reply_values
from gateway.edges.store.reply_tables import REPLIES
from gateway.edges.store.tables import CASES, DELIVERIES
from gateway.flow.matching import NOBODY, Clues, Found, look_up, match, rank
from gateway.ports import Store
from tests.kit.stores import AHLEN, BOCHUM, DAWN, StillClock, a_case, a_delivery, uuid_of

KINDS = ["ref", "msg", "file", "number"]
DELIVERY_FIELDS = tuple(field.name for field in fields(Delivery) if field.name != "position")


def clues(**changes: Any) -> Clues:
    """Return the clues of a receipt from Ahlen that says nothing."""
    given: dict[str, Any] = {
        "accounts": frozenset({AHLEN}), "number": "1120", "release": "2.6", "test": False,
        "received_at": DAWN + timedelta(days=1), "reference": None, "reference_as_sent": "", "file_reference": "",
        "in_reply_to": None,
    }  # fmt: skip
    return Clues(**(given | changes))


def sent(number: int, **changes: Any) -> tuple[Case, Delivery]:
    """Return a case that the authority has."""
    case = a_case(number, state=State.HANDED_OVER, **changes)
    return case, a_delivery(number, case, state=State.HANDED_OVER, authority=case.authority)


def test_the_reference_alone_is_enough() -> None:
    case, _ = sent(1)
    found = match(clues(reference=case.reference), Found(by_reference=(case,)))
    assert (found.case, found.by) == (case, "reference")


def test_reference_and_message_must_not_contradict_each_other() -> None:
    one, (other, delivery) = sent(1)[0], sent(2)
    both = clues(reference=one.reference, in_reply_to=delivery.message_id)
    found = match(both, Found(by_reference=(one,), by_message=(other, delivery)))
    assert found.case is None
    assert found.reason == "Die Angaben der Antwort führen zu verschiedenen Vorgängen."
    assert [candidate.case_id for candidate in found.candidates] == [one.id, other.id]


def test_the_filler_reference_says_nothing() -> None:
    case = a_case(1, file_reference="63/1")
    found = match(clues(reference=NOBODY, file_reference="63/1"), Found(by_file=(case,)))
    assert (found.case, found.by) == (case, "file_reference")


def test_a_file_reference_does_not_outweigh_a_reference_that_is_not_ours() -> None:
    case = a_case(1, file_reference="63/1")
    found = match(clues(reference=uuid4(), file_reference="63/1"), Found(by_file=(case,)))
    assert found.case is None
    assert found.candidates[0].case_id == case.id


def test_a_file_reference_of_two_cases_decides_nothing() -> None:
    cases = tuple(a_case(number, file_reference="63/1") for number in (1, 2))
    found = match(clues(file_reference="63/1"), Found(by_file=cases))
    assert found.case is None
    assert len(found.candidates) == 2


def test_what_a_predecessor_began_is_the_sender_s_but_not_by_a_file_reference_alone() -> None:
    case, delivery = sent(1, authority=BOCHUM, file_reference="63/1")
    own = clues(municipalities=frozenset({case.municipality}), reference=case.reference, file_reference="63/1")
    assert match(own, Found(by_reference=(case,))).by == "reference+successor"
    rejected = clues(number="1100", municipalities=own.municipalities, in_reply_to=delivery.message_id)
    assert match(rejected, Found(by_message=(case, delivery))).by == "message_id+successor"
    filed = clues(municipalities=own.municipalities, file_reference="63/1")
    found = match(filed, Found(by_file=(case,)))
    assert (found.case, [candidate.case_id for candidate in found.candidates]) == (None, [case.id])
    assert match(clues(reference=case.reference), Found(by_reference=(case,))).case is None


def test_a_rejection_is_matched_by_the_message_it_names_and_by_nothing_else() -> None:
    case, delivery = sent(1)
    named = clues(number="1100", in_reply_to=delivery.message_id, reference=uuid4())
    assert match(named, Found(by_message=(case, delivery))).by == "message_id"
    assert match(clues(number="1100", reference=case.reference), Found(by_reference=(case,))).case is None


def test_a_case_number_in_the_text_leads_the_candidates_but_decides_nothing() -> None:
    case, delivery = sent(1)
    others = tuple(sent(number) for number in range(2, 9))
    found = match(clues(), Found(by_number=(case,), latest=((case, delivery), *others)))
    assert found.case is None
    assert found.candidates[0].case_id == case.id
    assert "Vorgangsnummer im Text" in found.candidates[0].reasons


def test_what_still_waits_for_such_an_answer_ranks_before_what_has_it() -> None:
    confirmed, waiting = sent(1), sent(2)
    done = (confirmed[0], confirmed[1].but(state=State.CONFIRMED))
    ranked = rank(clues(), Found(latest=(done, waiting)))
    assert [candidate.case_id for candidate in ranked] == [waiting[0].id]


@given(
    st.lists(st.tuples(st.integers(1, 6), st.sampled_from([AHLEN, BOCHUM]), st.sampled_from(KINDS)), max_size=6),
    st.sampled_from(["1100", "1120", "1121", "1170", "0205"]),
    st.booleans(),
)  # fmt: skip
def test_a_match_is_always_the_senders_own_and_the_only_one_meant(
    hits: list[tuple[int, AuthorityKey, str]], number: str, test: bool
) -> None:
    made = {(n, key): sent(n + 10 * (key == BOCHUM), authority=key) for n, key, _ in hits}
    by = {kind: [made[n, key] for n, key, how in hits if how == kind] for kind in ("ref", "msg", "file", "number")}
    found = Found(
        by_reference=tuple(case for case, _ in by["ref"]),
        by_message=by["msg"][0] if by["msg"] else None,
        by_file=tuple(case for case, _ in by["file"]),
        by_number=tuple(case for case, _ in by["number"]),
        latest=tuple(made.values()),
    )
    reference = by["ref"][0][0].reference if by["ref"] else None
    asked = clues(number=number, test=test, reference=reference, file_reference="x" if by["file"] else "")
    result = match(asked, found)
    if result.case is not None:
        assert result.case.authority == AHLEN
        assert not test
        meant = {case.id for case, _ in by["ref"] + by["msg"][:1] if case.authority == AHLEN} if number != "1100" else {
            case.id for case, _ in by["msg"][:1]}  # fmt: skip
        assert not meant or meant == {result.case.id}
        assert result.by
    else:
        assert result.reason
        assert [one.score for one in result.candidates] == sorted(
            (one.score for one in result.candidates), reverse=True
        )


@pytest.mark.slow
def test_ten_thousand_cases_and_replies_do_not_slow_matching(tmp_path: Path) -> None:
    few, many = _filled(tmp_path / "few", 250), _filled(tmp_path / "many", 10_000)
    try:
        pairs = [(_seconds(few, number), _seconds(many, number)) for number in range(1, 61)]
    finally:
        few.close()
        many.close()
    quick, slow = (median(times) for times in zip(*pairs, strict=True))
    assert slow < quick * 2, f"{slow * 1000:.2f} ms among 10 000, {quick * 1000:.2f} ms among 250"


def _filled(folder: Path, count: int) -> Store:
    """Return a store with as many cases, all of one authority, and as many matched replies; filled in bulk."""
    address = f"sqlite:///{folder / 'x.db'}"
    store = open_store(address, StillClock())
    made = [sent(number, file_reference=f"63/{number}") for number in range(1, count + 1)]
    replies = [_reply(case, number) for number, (case, _) in enumerate(made, start=1)]
    engines = open_engines(address)
    with engines.writer.begin() as connection:
        connection.execute(insert(CASES), [case_values(case) for case, _ in made])
        connection.execute(insert(DELIVERIES), [delivery_values(delivery, DELIVERY_FIELDS) for _, delivery in made])
        connection.execute(insert(REPLIES), [reply_values(reply) for reply in replies])
    engines.dispose()
    return store


def _reply(case: Case, number: int) -> Reply:
    identity = str(uuid_of(number + 5 * 10**6))
    return Reply(
        identity, AHLEN, "file_drop", f"t-{number}", DAWN, Proof.UNSIGNED, "ab" * 32, 1000, b"key", message_id=identity,
        number="1120", release="2.6", state=ReplyState.MATCHED, case_id=case.id, case_number=case.number,
        client="portal", cursor=number,
    )  # fmt: skip


def _seconds(store: Store, number: int) -> float:
    """Return the seconds that one known and one lost reply take together."""
    meant = a_delivery(number).message_id
    asked = clues(reference=a_case(number).reference, in_reply_to=meant, file_reference=f"63/{number}")
    lost = clues(reference=UUID(int=number), in_reply_to=MessageId(str(uuid_of(9 * 10**7 + number))))
    begin = perf_counter()
    with store.reading() as tx:
        assert tx.replies.by_message_id(AHLEN, meant) is None
        assert tx.replies.by_transport_id(AHLEN, f"t-{number}") is not None
        assert match(asked, look_up(tx, asked)).case is not None
        assert match(lost, look_up(tx, lost)).case is None
        assert len(tx.replies.released("portal", 200, 10)) == 10
        tx.replies.next_cursor()
    return perf_counter() - begin
