"""The rehearsal: what would go wrong on a day that has not come yet, while there is still time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui.calls import records
from tui.calls.records import RehearsedRow
from tui.client import ApiError, Client
from tui.dialogs.ask import Ask
from tui.formats import day, read_day
from tui.list_page import ListPage
from tui.tables import Cell, Column, Table
from tui.texts import Texts

AHEAD = 30
"""Days from today that are rehearsed unless a day is chosen."""


class RehearsalPage(ListPage[RehearsedRow]):
    """The findings for a day, the nearest first."""

    section = "rehearsal"
    export_name = "probelauf"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("d", "day", "key.day")]

    def __init__(self) -> None:
        super().__init__()
        self.chosen: date | None = None

    @property
    def at(self) -> date:
        """The day that is rehearsed."""
        return self.chosen or self.console.today() + timedelta(days=AHEAD)

    def table(self) -> Table[RehearsedRow]:
        """Return the columns."""
        return rehearsal_table(self.texts)

    async def fetch(self, client: Client) -> Sequence[RehearsedRow]:
        """Return what would go wrong."""
        return await records.rehearse(client, self.at.isoformat())

    def crumbs(self) -> Sequence[str]:
        """With the day."""
        return [self.t("title"), day(self.at.isoformat())]

    def twin(self) -> str:
        """The same on the command line."""
        return f"bauweiche rehearse --at {self.at.isoformat()}"

    def describe(self, item: RehearsedRow) -> Sequence[str]:
        """Say the whole sentence."""
        return [f" {item.sentence}"]

    def opened(self, item: RehearsedRow) -> None:
        """Open the authority."""
        if item.authority:
            self.console.open_authority(item.authority, item.authority_name)

    @work(exclusive=True, group="dialog")
    async def action_day(self) -> None:
        """Ask for a day."""

        async def take(answer: str) -> date:
            found = read_day(answer)
            if found is None:
                raise ApiError(self.texts("dialogs.day"))
            return found

        window = Ask(self.t("key.day"), self.t("day"), take, value=day(self.at.isoformat()))
        chosen = await self.app.push_screen_wait(window)
        if chosen:
            self.chosen = chosen
            self.reload()


def rehearsal_table(texts: Texts) -> Table[RehearsedRow]:
    """Return the list's columns and filter fields."""
    columns: tuple[Column[RehearsedRow], ...] = (
        Column("on", 10, lambda row: day(row.on), lambda row: row.on),
        Column("authority", 20, lambda row: Cell(row.authority_name, "strong"), grow=1),
        Column("kind", 14, lambda row: kind_word(row.kind, texts)),
        Column("sentence", 26, lambda row: row.sentence, grow=4),
    )
    fields: dict[str, Callable[[RehearsedRow], str]] = {
        texts("rehearsal.field.kind"): lambda row: f"{row.kind} {kind_word(row.kind, texts)}",
        texts("rehearsal.field.authority"): lambda row: f"{row.authority} {row.authority_name}",
    }
    return Table("rehearsal", lambda row: f"{row.on}/{row.authority}/{row.kind}/{row.sentence}", columns, fields)


def kind_word(kind: str, texts: Texts) -> str:
    """Return the word for a kind of finding; its code where it is new."""
    name = f"rehearsal.kind.{kind}"
    return texts(name) if texts.has(name) else kind
