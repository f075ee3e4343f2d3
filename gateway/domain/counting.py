"""Numbers in German sentences: one authority, two authorities."""

from __future__ import annotations


def counted(number: int, one: str, many: str) -> str:
    """Return a number with the word, or words, that go with it: `1 Behörde wurde`, `2 Behörden wurden`."""
    return f"{number} {one if number == 1 else many}"
