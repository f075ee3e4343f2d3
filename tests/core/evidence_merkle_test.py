"""Merkle paths: each leaf leads to its root, at its own place only."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.merkle import leads_to, path, root


def leaves(count: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]


@given(count=st.integers(1, 300), place=st.integers(0, 10**6), other=st.integers(0, 10**6))
def test_a_leaf_leads_to_the_root_from_its_own_place_and_from_no_other(count: int, place: int, other: int) -> None:
    every = leaves(count)
    index = place % count
    steps = path(every, index)
    assert len(steps) <= count.bit_length()
    assert leads_to(every[index], index, count, steps, root(every))
    if other % count != index:
        assert not leads_to(every[index], other % count, count, steps, root(every))
        assert not leads_to(every[other % count], index, count, steps, root(every))
    assert not leads_to(every[index], index, count, steps, root(leaves(count + 1)))


def test_the_tree_is_the_one_of_rfc_9162() -> None:
    """The root over one empty-string leaf is published: SHA-256 of a zero byte."""
    assert root([""]) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_a_tree_without_leaves_and_a_place_outside_it_are_refused() -> None:
    with pytest.raises(ValueError, match="leaves"):
        root([])
    with pytest.raises(IndexError):
        path(leaves(3), 3)
    assert not leads_to(leaves(1)[0], 1, 1, (), root(leaves(1)))
    assert not leads_to(leaves(1)[0], 0, 1, leaves(1), root(leaves(1)))
    assert not leads_to(leaves(2)[0], 0, 2, (), root(leaves(2)))
