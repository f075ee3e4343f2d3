"""Matching a reply to its case: exact or not at all, ranked for a human where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.matching import plans
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey
from gateway.flow.matching import NOBODY, Found, look_up, match, rank
from gateway.ports import Store
from tests.kit.many_replies import clues, filled, known_clues, lost_clues, sent
from tests.kit.stores import AHLEN, BOCHUM, a_case

KINDS = ["ref", "msg", "file", "number"]


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


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = filled(tmp_path_factory.mktemp("many"), 2_000)
    yield store
    store.close()


def test_among_many_each_reply_finds_its_own_case(many: Store) -> None:
    for number in (1, 777, 2_000):
        with many.reading() as tx:
            found = match(known_clues(number), look_up(tx, known_clues(number)))
            assert (found.case and found.case.id, found.by) == (a_case(number).id, "reference+message_id")
            assert match(lost_clues(number), look_up(tx, lost_clues(number))).case is None


def test_no_lookup_of_a_reply_walks_through_a_table(tmp_path: Path) -> None:
    """However many cases and replies there are, an index leads to the one; `python -m bench.matching` measures it."""
    filled(tmp_path, 1).close()
    found = plans(tmp_path)
    assert len(found) >= 6
    assert [one for one in found if "SCAN" in one[1] and "USING" not in one[1]] == []
