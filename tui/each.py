"""The same act on several things, one after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tui.client import UNREACHABLE, ApiError
from tui.texts import Texts

Act = Callable[[], Awaitable[Any]]
Troubles = list[tuple[str, str]]
"""What failed, by name, and why."""


async def each(acts: Sequence[tuple[str, Act]], texts: Texts) -> tuple[int, Troubles]:
    """Do one after the other; what is refused once keeps no other from it. Returns how many were done, and the rest.

    Raises:
        ApiError: nothing was done, because the server cannot be reached or the only act was refused.
    """
    done, troubles = 0, Troubles()
    for position, (name, act) in enumerate(acts):
        try:
            await act()
        except ApiError as error:
            lost = error.code == UNREACHABLE
            if len(acts) == 1 or (lost and not done and not troubles):
                raise
            troubles.append((name, error.text))
            if lost:
                return done, troubles + [(later, texts("errors.not_sent")) for later, _ in acts[position + 1 :]]
        else:
            done += 1
    return done, troubles
