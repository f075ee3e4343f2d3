"""Answers to what operators ask of the queue as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey

OPEN = tuple(state for state in State if not state.final and not state.delivered and state is not State.DRAFT)
"""States of deliveries that the authority does not have yet."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is open for one authority; `last_pickup` is when it last took something over."""

    open: int = 0
    held: int = 0
    waiting: int = 0
    last_pickup: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Deliveries that stand still for the same reason; `example` is a message id."""

    code: str
    state: State
    count: int
    oldest_at: datetime
    reason: str
    example: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries an operator wants to see, newest or oldest first; `after` is the position to go on from.

    With `case_number_to`, case numbers from `case_number` up to it are meant.
    """

    states: frozenset[State] = frozenset()
    authorities: frozenset[AuthorityKey] | None = None
    code: str = ""
    case_number: str = ""
    case_number_to: str = ""
    after: int = 0
    limit: int = 100
    oldest_first: bool = False
