"""What is overdue: who has not fetched for a working day, and whose plans have not come by post."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.calls import desk
from tui.calls.desk import Late
from tui.client import Client
from tui.formats import day, full
from tui.list_page import ListPage
from tui.screens.trace import TracePage
from tui.tables import Cell, Column, Table
from tui.texts import Texts


class OverduePage(ListPage[Late]):
    """What is overdue, the longest waiting first; enter opens the case that has waited longest."""

    section = "overdue"
    export_name = "ueberfaellig"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("b", "authority", "key.authority")]

    def table(self) -> Table[Late]:
        """Return the columns."""
        return overdue_table(self.texts)

    async def fetch(self, client: Client) -> Sequence[Late]:
        """Return everything that is overdue."""
        return await desk.overdue(client)

    def twin(self) -> str:
        """The same on the command line."""
        return self.worded("bauweiche overdue")

    def describe(self, item: Late) -> Sequence[str]:
        """Say what to do."""
        return [f" {self.t(f'next.{item.kind}')}", f" {item.authority} · {item.case_number}"]

    def opened(self, item: Late) -> None:
        """Open the case as a timeline."""
        self.app.push_screen(TracePage(item.case_number))

    def action_authority(self) -> None:
        """Open the authority: its contacts are there."""
        item = self.rows.current
        if item is None:
            self.say(self.texts("shell.nothing_chosen"))
        else:
            self.console.open_authority(item.authority, item.authority_name, "contacts")


def overdue_table(texts: Texts) -> Table[Late]:
    """Return the columns, and the field by which the overview leads here."""

    def kind(item: Late) -> str:
        return texts(f"overdue.kind.{item.kind}")

    columns: tuple[Column[Late], ...] = (
        Column("kind", 10, lambda item: Cell(f"! {kind(item)}", "warn"), kind),
        Column("authority", 20, lambda item: Cell(item.authority_name, "strong"), grow=2),
        Column("since", 17, lambda item: full(item.since) if item.kind == "pickup" else day(item.since), _since),
        Column("missed", 9, lambda item: str(item.missed or "–"), lambda item: item.missed, right=True),
        Column("count", 7, lambda item: str(item.count), lambda item: item.count, rank=1, right=True),
        Column("case", 17, lambda item: item.case_number),
    )
    fields: dict[str, Callable[[Late], str]] = {texts("overdue.field.kind"): kind}
    return Table("overdue", lambda item: f"{item.kind}/{item.authority}/{item.case_number}", columns, fields)


def _since(item: Late) -> str:
    return item.since
