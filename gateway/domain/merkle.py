"""Merkle trees over digests, as RFC 9162 builds them: proof that one leaf belongs to a root, in few hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def root(leaves: Sequence[str]) -> str:
    """Return the root (hex) over leaves (hex).

    Raises:
        ValueError: there are no leaves.
    """
    if not leaves:
        raise ValueError("a tree needs leaves")
    return _root([_leaf(leaf) for leaf in leaves]).hex()


def path(leaves: Sequence[str], index: int) -> tuple[str, ...]:
    """Return the hashes (hex) that lead from leaf `index` (from 0) to the root, lowest first.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    return tuple(step.hex() for step in _path([_leaf(leaf) for leaf in leaves], index))


def leads_to(leaf: str, index: int, size: int, steps: Sequence[str], wanted: str) -> bool:
    """Return whether a leaf stands at `index` of the tree of `size` leaves that has the root `wanted`."""
    if not 0 <= index < size or len(steps) > size.bit_length():
        return False
    place, last, found = index, size - 1, _leaf(leaf)
    for step in map(bytes.fromhex, steps):
        if last == 0:
            return False
        if place & 1 or place == last:
            found = _node(step, found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = _node(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found.hex() == wanted


def _root(nodes: Sequence[bytes]) -> bytes:
    if len(nodes) == 1:
        return nodes[0]
    half = _half(len(nodes))
    return _node(_root(nodes[:half]), _root(nodes[half:]))


def _path(nodes: Sequence[bytes], index: int) -> list[bytes]:
    if len(nodes) == 1:
        return []
    half = _half(len(nodes))
    if index < half:
        return [*_path(nodes[:half], index), _root(nodes[half:])]
    return [*_path(nodes[half:], index - half), _root(nodes[:half])]


def _half(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _leaf(digest: str) -> bytes:
    return hashlib.sha256(b"\x00" + bytes.fromhex(digest)).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
