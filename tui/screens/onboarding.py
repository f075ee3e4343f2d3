"""How far every authority has come, what needs somebody first, and what the next step is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui import signs
from tui.calls import onboarding
from tui.calls.onboarding import OnboardingRow
from tui.client import Client
from tui.facts import who
from tui.formats import full, lately, moment
from tui.list_page import ListPage
from tui.screens.checklist import ChecklistPage
from tui.tables import Cell, Column, Table
from tui.texts import Texts

URGENCY = ("verified", "approved", "connected", "details", "paused", "live", "invited", "ended")
"""Which stage needs somebody first: those nearest to going live."""

DECLINED = ("3a", "3b")
"""Options by which nothing arrives through us; an authority that has not answered yet has none at all."""


class OnboardingPage(ListPage[OnboardingRow]):
    """The list of authorities by how far they have come."""

    section = "onboarding"
    export_name = "anbindung"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("b", "authority", "key.authority")]

    def table(self) -> Table[OnboardingRow]:
        """Return the columns."""
        return onboarding_table(self.texts, self.console.clock)

    async def fetch(self, client: Client) -> Sequence[OnboardingRow]:
        """Return all rows, what needs somebody first."""
        return sorted(await onboarding.rows(client), key=_urgency)

    def twin(self) -> str:
        """The same list on the command line."""
        return self.worded("bauweiche onboarding list")

    def describe(self, item: OnboardingRow) -> Sequence[str]:
        """Say the whole next step."""
        step = self.t("next", step=item.next_step) if item.next_step else self.t("nothing")
        facts = [item.key, full(item.updated_at)]
        facts += [self.t("proposed", who=who(item.proposer))] if item.proposer else []
        return [f" {step}", f" {' · '.join(fact for fact in facts if fact)}"]

    def help_lines(self) -> list[tuple[str, str]]:
        """A sentence for each column and each stage."""
        stages = [(signs.stage(stage, self.texts).text, self.t(f"stage.{stage}")) for stage in signs.STAGES]
        return [*super().help_lines(), *stages]

    def opened(self, item: OnboardingRow) -> None:
        """Open the checklist."""
        self.app.push_screen(ChecklistPage(item.key, item.name))

    def action_authority(self) -> None:
        """Open everything about the authority."""
        current = self.rows.current
        if current is not None:
            self.console.open_authority(current.key, current.name)


def _urgency(row: OnboardingRow) -> tuple[bool, bool, int, int, bool, str]:
    rank = URGENCY.index(row.stage) if row.stage in URGENCY else len(URGENCY)
    waits_for_approval = bool(row.proposer) and row.stage == "verified"
    return (_declined(row), not waits_for_approval, rank, -row.complete, not row.option, row.name)


def _declined(row: OnboardingRow) -> bool:
    """Return whether there is nothing to connect: an authority that accepts nothing through us and never did."""
    return row.option in DECLINED and row.stage == "invited"


def onboarding_table(texts: Texts, clock: Callable[[], datetime]) -> Table[OnboardingRow]:
    """Return the list's columns and filter fields."""
    columns: tuple[Column[OnboardingRow], ...] = (
        Column("name", 18, lambda row: Cell(row.name, "strong"), lambda row: row.name, grow=2),
        Column(
            "stage",
            13,
            lambda row: Cell("–", "muted") if _declined(row) else signs.stage(row.stage, texts),
            lambda row: list(signs.STAGES).index(row.stage) if row.stage in signs.STAGES else 99,
        ),
        Column(
            "option",
            8,
            lambda row: signs.option_short(row.option, texts) if row.option else Cell("–", "muted"),
            lambda row: row.option,
            rank=3,
        ),
        Column("complete", 12, lambda row: _progress(row, texts), lambda row: row.complete),
        Column("next", 30, lambda row: row.next_step or "–", grow=6),
        Column("proposer", 10, lambda row: who(row.proposer), rank=2),
        Column(
            "updated",
            7,
            lambda row: lately(row.updated_at, clock(), texts),
            lambda row: moment(row.updated_at),
            rank=1,
            right=True,
        ),
    )
    fields: dict[str, Callable[[OnboardingRow], str]] = {
        texts("onboarding.field.stage"): lambda row: texts.value("stage", row.stage),
        texts("onboarding.field.complete"): lambda row: str(row.complete),
        texts("onboarding.field.proposer"): lambda row: who(row.proposer),
        texts("onboarding.field.kreis"): lambda row: f"{row.kreis_abbr} {row.kreis} {row.kreis_key}",
        texts("onboarding.field.option"): lambda row: row.option,
        texts("onboarding.field.way"): lambda row: f"{row.adapter} {row.adapter_title}",
    }
    return Table("onboarding", lambda row: row.key, columns, fields)


def _progress(row: OnboardingRow, texts: Texts) -> Cell:
    """Return `■■■■□□□□ 4/8`."""
    if _declined(row):
        return Cell("–", "muted")
    total = max(row.total, row.complete)
    bar = "■" * row.complete + "□" * (total - row.complete)
    tone = "good" if total and row.complete == total else "" if row.complete else "muted"
    return Cell(f"{bar} {texts('onboarding.of', n=row.complete, total=total)}", tone)
