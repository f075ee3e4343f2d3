"""All deliveries: where each stands, how old it is, when it is tried again, and why it waits, in a sentence."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from gateway.domain.filtering import Query, fold, parse
from tui import signs
from tui.calls import deliveries
from tui.calls.deliveries import Asked, DeliveryRow, Listed
from tui.client import Client
from tui.dialogs.choose import Choice, Choose
from tui.formats import age, full, lately, moment, size
from tui.paged import PagedPage
from tui.screens.causes import CausesPage
from tui.screens.delivering import act_on, way_name
from tui.screens.trace import TracePage, find_case
from tui.tables import Cell, Column, Table
from tui.texts import Texts

QUIET = ("accepted", "under_way", "waiting", "held", "available", "handed_over", "confirmed", "rejected", "withdrawn")
"""The states a view can be narrowed to, in the order of a delivery's life."""


class DeliveriesPage(PagedPage[DeliveryRow]):
    """The list of deliveries, newest first; filtered, paged, and by age ordered by the server."""

    section = "deliveries"
    export_name = "sendungen"
    served = "age"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "export", "key.export", show=False),
        Binding("a", "act", "key.act"),
        Binding("c", "causes", "key.causes"),
        Binding("t", "search", "key.trace"),
        Binding("v", "narrow_state", "key.state", show=False),
    ]

    def table(self) -> Table[DeliveryRow]:
        """Return the columns."""
        return deliveries_table(self.texts, self.console.clock)

    async def listed(self, client: Client, words: str, after: int, limit: int) -> Listed:
        """Ask the server for what was typed."""
        asked = replace(asked_for(parse(words, self.rows.table.fields), self.texts), oldest_first=self.backwards)
        return await deliveries.listed(client, asked, after=after, limit=limit)

    def unknown_fields(self) -> Sequence[str]:
        """Say which words of the filter the server cannot answer."""
        query = parse(self.rows.query_text, self.rows.table.fields)
        state = self.t("field.state")
        refused = [f"!{term.values[0]}" for term in query.terms if term.negated and term.field != state]
        return [*query.unknown, *refused]

    def twin(self) -> str:
        """The same list on the command line."""
        asked = asked_for(parse(self.rows.query_text, self.rows.table.fields), self.texts)
        options = [f"--state {state}" for state in asked.states]
        options += [f"--authority {asked.authority}"] if asked.authority else []
        options += [f"--cause {shlex.quote(asked.cause)}"] if asked.cause else []
        options += ["--oldest-first"] if self.backwards else []
        words = [shlex.quote(word) for word in asked.words.split()]
        dashed = ["--"] if any(word.startswith("-") for word in words) else []
        return " ".join(["bauweiche deliveries list", *options, *dashed, *words])

    def describe(self, item: DeliveryRow) -> Sequence[str]:
        """Say why it stands where it stands."""
        return describe(item, self.texts)

    def help_lines(self) -> list[tuple[str, str]]:
        """A sentence for each column and each state."""
        states = [(signs.state(state, self.texts).text, self.t(f"state.{state}")) for state in QUIET]
        return [*super().help_lines(), *states]

    def opened(self, item: DeliveryRow) -> None:
        """Open the case as a timeline."""
        self.app.push_screen(TracePage(item.case_number or item.message_id))

    def export_table(self) -> Table[DeliveryRow]:
        """An export has everything."""
        return export_table(self.rows.table)

    @work(exclusive=True, group="dialog")
    async def action_act(self) -> None:
        """Ask what to do with the marked deliveries, or with the one under the cursor."""
        if await act_on(self, self.rows.affected):
            self.rows.marks = set()
            self.reload()

    def action_causes(self) -> None:
        """Group what stands still by its cause."""
        self.app.push_screen(CausesPage(self.filter_by))

    @work(exclusive=True, group="dialog")
    async def action_narrow_state(self) -> None:
        """Ask for a state and show only that."""
        choices = [Choice("", self.t("all"))]
        choices += [Choice(state, signs.state(state, self.texts).text) for state in QUIET]
        chosen = await self.app.push_screen_wait(Choose(self.t("key.state"), choices))
        if chosen is not None:
            self.filter_by(state_filter(chosen, self.texts) if chosen else "")

    @work(exclusive=True, group="dialog")
    async def action_search(self) -> None:
        """Find a case by any of its numbers."""
        await find_case(self)


def state_filter(state: str, texts: Texts) -> str:
    """Return the filter that shows one state."""
    return f"{texts('deliveries.field.state')}:{texts.value('state', state)}"


def asked_for(query: Query, texts: Texts) -> Asked:
    """Return what the server is asked for a filter; a negated state asks for all the others."""
    names = {texts(f"deliveries.field.{name}"): name for name in ("state", "authority", "cause")}
    states: set[str] = set()
    excluded: set[str] = set()
    found = {"authority": "", "cause": ""}
    words: list[str] = []
    for term in query.terms:
        name = names.get(term.field, "")
        if name == "state":
            (excluded if term.negated else states).update(_states(term.values, texts))
        elif term.negated:
            continue
        elif name == "authority" and not (term.values[0].isdigit() and len(term.values[0]) == 8):
            words.append(term.values[0])
        elif name:
            found[name] = term.values[0]
        else:
            words.append(term.values[0])
    wanted = (states or set(signs.STATES)) - excluded if states or excluded else set()
    return Asked(
        tuple(state for state in signs.STATES if state in wanted), found["authority"], found["cause"], " ".join(words)
    )


def _states(values: Sequence[str], texts: Texts) -> list[str]:
    return [
        state
        for state in signs.STATES
        if any(fold(texts.value("state", state)).startswith(value) or state == value for value in values)
    ]


def deliveries_table(texts: Texts, clock: Callable[[], datetime]) -> Table[DeliveryRow]:
    """Return the list's columns and the fields its filter knows."""
    columns: tuple[Column[DeliveryRow], ...] = (
        Column(
            "state",
            16,
            lambda row: signs.state(row.state, texts),
            lambda row: list(signs.STATES).index(row.state) if row.state in signs.STATES else 99,
        ),
        Column("case", 17, lambda row: Cell(row.case_number, "strong")),
        Column("authority", 16, lambda row: row.authority_name, grow=1),
        Column("number", 6, lambda row: f"{row.number}{' T' if row.test else ''}", rank=3),
        Column("age", 6, lambda row: age(row.age_seconds, texts), lambda row: row.age_seconds, right=True),
        Column(
            "attempt",
            5,
            lambda row: Cell(str(row.attempt or "–"), "" if row.attempt else "muted"),
            lambda row: row.attempt,
            rank=2,
            right=True,
        ),
        Column("next", 6, lambda row: _next(row, clock(), texts), lambda row: moment(row.next_at), rank=1, right=True),
        Column("sentence", 36, lambda row: said(row, texts), rank=4, grow=6),
    )
    fields: dict[str, Callable[[DeliveryRow], str]] = {
        texts("deliveries.field.state"): lambda row: texts.value("state", row.state),
        texts("deliveries.field.authority"): lambda row: f"{row.authority} {row.authority_name}",
        texts("deliveries.field.cause"): lambda row: row.code,
    }
    return Table("deliveries", lambda row: row.message_id, columns, fields)


def export_table(table: Table[DeliveryRow]) -> Table[DeliveryRow]:
    """Return the list's columns and all that has no room on the screen."""
    more = (
        Column[DeliveryRow]("message_id", 36, lambda row: row.message_id),
        Column[DeliveryRow]("authority_key", 8, lambda row: row.authority),
        Column[DeliveryRow]("way", 12, lambda row: row.adapter),
        Column[DeliveryRow]("release", 7, lambda row: row.release),
        Column[DeliveryRow]("size", 9, lambda row: str(row.size)),
        Column[DeliveryRow]("reason", 30, lambda row: row.reason),
        Column[DeliveryRow]("code", 20, lambda row: row.code),
        Column[DeliveryRow]("available_at", 16, lambda row: full(row.available_at)),
        Column[DeliveryRow]("fetched_at", 16, lambda row: full(row.fetched_at)),
        Column[DeliveryRow]("handed_over_at", 16, lambda row: full(row.handed_over_at)),
    )
    return Table(table.section, table.key, (*table.columns, *more), table.fields)


def _next(row: DeliveryRow, now: datetime, texts: Texts) -> Cell:
    at = moment(row.next_at)
    if at is None or row.state not in ("accepted", "waiting"):
        return Cell("–", "muted")
    return Cell(texts("deliveries.now") if at <= now else lately(row.next_at, now, texts), "warn")


def said(row: DeliveryRow, texts: Texts) -> str:
    """Return why a delivery stands where it stands, in the language of the console."""
    return row.sentence_en if texts.language == "en" and row.sentence_en else row.sentence


def describe(row: DeliveryRow, texts: Texts) -> list[str]:
    """Return the sentence, and below it way, release, size and id."""
    facts = [texts("deliveries.test")] if row.test else []
    release = f"XBau {row.release}" if row.release else ""
    facts += [way_name(row.adapter, texts), release, size(row.size), row.message_id]
    return [said(row, texts), " · ".join(fact for fact in facts if fact)]
