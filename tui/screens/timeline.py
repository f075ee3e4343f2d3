"""What happened to a case, as a timeline: when, how long after the last, what, who, why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.domain.calendar import BERLIN
from tui.facts import actor_of
from tui.formats import age, moment
from tui.tables import Cell, Column, Table
from tui.texts import Texts

Event = dict[str, Any]

GOOD = ("accepted", "available", "fetched", "handed_over", "confirmed", "arrived", "assigned", "acknowledged")
BAD = ("held", "rejected", "refused", "overdue", "expired", "failed")
WAITS = ("waiting", "interrupted", "quarantined", "reminded")


def with_gaps(events: Sequence[Event]) -> list[Event]:
    """Return the events, each with the seconds since the one before it."""
    found: list[Event] = []
    before = None
    for event in events:
        at = moment(str(event.get("at", "")))
        gap = (at - before).total_seconds() if at and before else None
        found.append(event | {"gap": gap})
        before = at or before
    return found


def timeline_table(texts: Texts) -> Table[Event]:
    """Return the columns of a timeline."""
    columns: tuple[Column[Event], ...] = (
        Column("at", 15, lambda event: stamp(str(event.get("at", ""))), lambda event: str(event.get("at", ""))),
        Column("gap", 8, lambda event: Cell(_gap(event, texts), "muted"), lambda event: event.get("gap"), right=True),
        Column("what", 32, lambda event: _signed(event, texts), grow=2),
        Column("actor", 16, lambda event: Cell(actor_of(str(event.get("actor", "")), texts), "muted"), grow=1),
        Column("why", 30, lambda event: str(event.get("why", "")), rank=1, grow=3),
    )
    return Table("trace", lambda event: str(event.get("number", "")), columns)


def stamp(text: str) -> str:
    """Return a moment as `21.11. 13:58:01`."""
    at = moment(text)
    return f"{at.astimezone(BERLIN):%d.%m. %H:%M:%S}" if at else text


def _gap(event: Event, texts: Texts) -> str:
    gap = event.get("gap")
    return "" if gap is None or gap < 1 else f"+{age(gap, texts)}"


def _signed(event: Event, texts: Texts) -> Cell:
    what = str(event.get("what", "")).rpartition(".")[2]
    sign, tone = ("✓", "good") if what in GOOD else ("!", "bad") if what in BAD else ("·", "")
    if what in WAITS:
        sign, tone = "↻", "warn"
    return Cell(f"{sign} {event_text(event, texts)}", tone)


def event_text(event: Mapping[str, Any], texts: Texts) -> str:
    """Return what happened in words: the server's, else ours, else its name in the journal."""
    what = str(event.get("what", ""))
    given = str(event.get("text", ""))
    ours = f"events.{what}"
    if texts.has(ours) and (texts.language != "de" or given in ("", what)):
        return texts(ours)
    return given or what
