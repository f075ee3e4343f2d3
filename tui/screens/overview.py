"""The first screen: who takes part, what went through today, what needs somebody; each number leads to its list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from tui import signs
from tui.calls import desk
from tui.client import Client
from tui.formats import age, spark
from tui.page import Page
from tui.plain import plain
from tui.tables import Cell, Column, Table
from tui.texts import Texts
from tui.values import Overview
from tui.widgets.board import Board, Stack, Tally
from tui.widgets.detail import Detail
from tui.widgets.rows import Rows

Item = dict[str, Any]

WIDE = 100
"""Columns from which there is room for the hours beside their bars."""


class OverviewPage(Page):
    """Numbers above, what needs somebody below."""

    section = "overview"
    AUTO_FOCUS: ClassVar[str | None] = "Board"
    CSS_PATH = "overview.tcss"
    _nobody = False

    def body(self) -> Iterable[Widget]:
        """The numbers, the hours of today, and the list of what needs somebody."""
        yield Board(id="board")
        yield Static("", id="hours", markup=False)
        yield Static("", id="rule", markup=False)
        yield Rows(items_table(self.texts), self.texts, id="rows")
        yield Detail(id="detail")
        yield Static("", id="places", markup=False)

    async def load(self, client: Client) -> None:
        """Fetch the numbers."""
        seen = await desk.overview(client)
        self.query_one(Board).show(stacks(seen, self.texts))
        self._hours(seen)
        self.query_one("#rows", Rows).show(seen.items)
        self._nobody = not seen.items and seen.participation.get("3b") == seen.participation.get("sum")
        self.query_one("#places", Static).update(self._places())
        tests = seen.today.get("tests", 0)
        self.tell_place("", self.t("tests", n=tests) if tests else "")

    def twin(self) -> str:
        """The report has the same numbers."""
        return "bauweiche overview"

    def help_lines(self) -> list[tuple[str, str]]:
        """What each number counts."""
        names = ("participation", "today", "attention", "hours")
        return [(self.t(name), self.t(f"help.{name}")) for name in names]

    def _hours(self, seen: Overview) -> None:
        left = f" {self.t('hours')}  {spark(seen.per_hour)}"
        left += f"  {self.t('hours_range')}" if self.size.width >= WIDE else ""
        if seen.longest_wait:
            wait = seen.longest_wait
            way = signs.way(str(wait.get("adapter", "")), "", self.texts)
            left += f"   {self.t('longest', name=plain(wait.get('name', '')), way=plain(way))}"
        self.query_one("#hours", Static).update(Text(left, no_wrap=True, overflow="ellipsis"))

    def _places(self) -> Text:
        from tui.screens import PLACES

        text, used = Text(" ", no_wrap=True), 1
        for place in PLACES:
            title = f" {self.texts(f'{place.name}.title')}  "
            if not place.key:
                continue
            if used + len(place.key + title.rstrip()) > self.size.width:
                text.append("\n ")
                used = 1
            text.append(place.key, "bold")
            text.append(title)
            used += len(place.key + title)
        return text

    def on_board_followed(self, event: Board.Followed) -> None:
        """Go where the number leads."""
        self.lead(event.tally.place, event.tally.filter)

    def lead(self, place: str, filter_text: str) -> None:
        """Go to a list with a filter."""
        from tui.screens import PLACES

        if place in [known.name for known in PLACES]:
            self.console.call_later(self.console.visit, place, filter_text)
        else:
            self.say(self.texts("shell.screen.missing"))

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Say the whole sentence about the item under the cursor."""
        item = event.rows.current
        lines = [str(item.get("sentence", ""))] if item is not None else [self.t("nobody")] if self._nobody else []
        if item is not None and item.get("next_step"):
            lines.append(f"{self.t('next')} {item['next_step']}")
        self.query_one(Detail).say(lines)

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Open the case in the deliveries."""
        self.lead("deliveries", str(event.item.get("case_number", "")))


def stacks(seen: Overview, texts: Texts) -> Sequence[Stack]:
    """Return the three stacks of numbers."""
    return [
        Stack(texts("overview.participation"), _participation(seen, texts)),
        Stack(texts("overview.today"), _today(seen, texts)),
        Stack(texts("overview.attention"), _attention(seen, texts)),
    ]


def _participation(seen: Overview, texts: Texts) -> list[Tally]:
    tallies = []
    for code in ("1", "2", "3a", "3b"):
        sign = signs.OPTIONS[code]
        label = f"{code} {texts.value('option', code)}"
        count = str(seen.participation.get(code, 0))
        tallies.append(Tally(sign.sign, label, count, sign.tone, "authorities", f"option:{code}"))
    everyone = str(seen.participation.get("sum", 0))
    live = texts("overview.live_test", live=seen.live, test=seen.test)
    return [
        *tallies,
        Tally(" ", texts("overview.sum"), everyone, "strong", "authorities", ""),
        Tally("●", live, "", "good", "authorities", f"{texts('authorities.field.stage')}:live"),
    ]


def _today(seen: Overview, texts: Texts) -> list[Tally]:
    tallies = []
    for name, state in (
        ("submitted", "accepted"),
        ("available", "available"),
        ("handed_over", "handed_over"),
        ("confirmed", "confirmed"),
        ("rejected", "rejected"),
    ):
        sign = signs.STATES[state]
        filter_text = "" if name == "submitted" else f"{texts('overview.state_field')}:{texts.value('state', state)}"
        label = texts(f"overview.today.{name}")
        tallies.append(Tally(sign.sign, label, str(seen.today.get(name, 0)), sign.tone, "deliveries", filter_text))
    sign = signs.STATES["waiting"]
    filter_text = f"{texts('overview.state_field')}:{texts.value('state', 'waiting')}"
    return [
        *tallies,
        Tally(
            sign.sign,
            texts("overview.waiting"),
            str(seen.waiting),
            sign.tone if seen.waiting else "muted",
            "deliveries",
            filter_text,
        ),
    ]


def _attention(seen: Overview, texts: Texts) -> list[Tally]:
    state_field, kind_field = texts("overview.state_field"), texts("overdue.field.kind")
    leads = {
        "held": ("deliveries", f"{state_field}:{texts.value('state', 'held')}"),
        "overdue": ("overdue", f"{kind_field}:{texts('overdue.kind.pickup')}"),
        "certificates": ("authorities", f"{texts('authorities.field.certificate')}:<{signs.SOON}"),
        "replies": ("replies", ""),
        "plans_overdue": ("overdue", f"{kind_field}:{texts('overdue.kind.plans')}"),
    }
    tallies = []
    for name, (place, filter_text) in leads.items():
        count = seen.attention.get(name, 0)
        tone = "warn" if count else "muted"
        sign = ("?" if name == "replies" else "!") if count else "·"
        tallies.append(Tally(sign, texts(f"overview.attention.{name}"), str(count), tone, place, filter_text))
    oldest = seen.oldest or {}
    value = age(oldest.get("age_seconds"), texts)
    case_number = plain(oldest.get("case_number", ""))
    return [*tallies, Tally("·", texts("overview.oldest"), value, "", "deliveries" if case_number else "", case_number)]


def items_table(texts: Texts) -> Table[Item]:
    """Return the list of what needs somebody."""
    return Table(
        "overview",
        lambda item: str(item.get("message_id", "")),
        (
            Column("state", 14, lambda item: signs.state(str(item.get("state", "")), texts)),
            Column("case", 17, lambda item: Cell(str(item.get("case_number", "")), "strong")),
            Column("authority", 18, lambda item: str(item.get("authority_name", "")), grow=1),
            Column("sentence", 20, lambda item: str(item.get("sentence", "")), grow=5),
        ),
    )
