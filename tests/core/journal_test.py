"""The hash chain: any change, gap, swap or cut in the middle is found, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.journal import GENESIS, Act, Entry, link, verify

BEGIN = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
texts = st.text(max_size=12)
acts = st.builds(Act, texts, texts, texts, texts, st.dictionaries(texts, st.integers() | texts, max_size=3))


def chain(made: list[Act]) -> list[Entry]:
    entries: list[Entry] = []
    for number, act in enumerate(made, start=1):
        before = entries[-1].digest if entries else GENESIS
        entries.append(link(number, BEGIN + timedelta(seconds=number), act, before))
    return entries


@given(st.lists(acts, max_size=8))
def test_an_untouched_chain_holds(made: list[Act]) -> None:
    assert verify(chain(made)) is None


@given(st.lists(acts, min_size=1, max_size=8), st.data())
def test_a_changed_entry_is_found_where_it_is(made: list[Act], data: st.DataObject) -> None:
    entries = chain(made)
    index = data.draw(st.integers(0, len(entries) - 1))
    entry = entries[index]
    other = data.draw(
        st.sampled_from(
            [
                replace(entry, at=entry.at + timedelta(microseconds=1)),
                replace(entry, act=replace(entry.act, actor=entry.act.actor + "x")),
                replace(entry, act=replace(entry.act, what=entry.act.what + "x")),
                replace(entry, act=replace(entry.act, subject=entry.act.subject + "x")),
                replace(entry, act=replace(entry.act, why=entry.act.why + "x")),
                replace(entry, act=replace(entry.act, facts={**entry.act.facts, "new": 1})),
                replace(entry, digest="0" * 64),
                replace(entry, before="f" * 64),
            ]
        )
    )
    entries[index] = other
    broken = verify(entries)
    assert broken is not None
    assert broken.number in (index + 1, index + 2)


@given(st.lists(acts, min_size=2, max_size=8), st.data())
def test_a_removed_entry_is_found_unless_it_was_the_last(made: list[Act], data: st.DataObject) -> None:
    entries = chain(made)
    del entries[data.draw(st.integers(0, len(entries) - 2))]
    assert verify(entries) is not None


@given(st.lists(acts, min_size=2, max_size=8, unique_by=repr))
def test_swapped_entries_are_found(made: list[Act]) -> None:
    entries = chain(made)
    entries[0], entries[1] = entries[1], entries[0]
    assert verify(entries) is not None


def test_fields_cannot_be_shifted_into_each_other() -> None:
    first = link(1, BEGIN, Act("ab", "c"), GENESIS)
    second = link(1, BEGIN, Act("a", "bc"), GENESIS)
    assert first.digest != second.digest
