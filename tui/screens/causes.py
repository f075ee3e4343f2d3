"""What stands still, grouped by its cause: one line where a list would have a hundred."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui import signs
from tui.calls import deliveries
from tui.calls.deliveries import MOST_AT_ONCE, Asked, Cause, DeliveryRow
from tui.client import ApiError, Client
from tui.formats import age, moment
from tui.list_page import ListPage
from tui.screens.delivering import act_on
from tui.tables import Cell, Column, Table
from tui.texts import Texts

MOST = 5000
"""Deliveries of one cause that are put back at once; the server takes no more in one call."""


class CausesPage(ListPage[Cause]):
    """The causes, the most frequent first; enter narrows the deliveries to one."""

    section = "causes"
    export_name = "gruende"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("a", "act", "key.act")]

    def __init__(self, narrow: Callable[[str], None]) -> None:
        super().__init__()
        self._narrow = narrow

    def table(self) -> Table[Cause]:
        """Return the columns."""
        texts, clock = self.texts, self.console.clock

        def oldest(cause: Cause) -> str:
            at = moment(cause.oldest_at)
            return age((clock() - at).total_seconds(), texts) if at else "–"

        columns: tuple[Column[Cause], ...] = (
            Column("count", 6, lambda cause: Cell(str(cause.count), "strong"), lambda cause: cause.count, right=True),
            Column("state", 14, lambda cause: signs.state(cause.state, texts)),
            Column("title", 30, lambda cause: cause.title or cause.code, grow=2),
            Column("oldest", 7, oldest, lambda cause: moment(cause.oldest_at), right=True),
            Column("reason", 24, lambda cause: cause.reason, rank=1, grow=4),
        )
        return Table("causes", lambda cause: f"{cause.code}/{cause.state}", columns)

    async def fetch(self, client: Client) -> Sequence[Cause]:
        """Return the causes."""
        return await deliveries.causes(client)

    def crumbs(self) -> Sequence[str]:
        """Below the deliveries."""
        return [self.texts("deliveries.title"), self.t("title")]

    def twin(self) -> str:
        """The same on the command line."""
        return self.worded("bauweiche deliveries causes")

    def describe(self, item: Cause) -> Sequence[str]:
        """Say the whole reason."""
        return [f" {item.reason or item.title}", f" {self.t('example', name=item.example)}" if item.example else ""]

    def opened(self, item: Cause) -> None:
        """Show the deliveries of the cause."""
        self.console.back()
        self._narrow(filter_for(item, self.texts))

    @work(exclusive=True, group="dialog")
    async def action_act(self) -> None:
        """Put back, hold or divert everything of the cause."""
        cause = self.rows.current
        if cause is None:
            self.say(self.texts("shell.nothing_chosen"))
            return
        try:
            rows = await every_one(await self.console.api(), cause)
        except ApiError as error:
            self.say(error.text, wrong=True)
            return
        if await act_on(self, rows):
            self.reload()


async def every_one(client: Client, cause: Cause) -> list[DeliveryRow]:
    """Return all deliveries of a cause, up to what the server takes in one call."""
    rows: list[DeliveryRow] = []
    asked = Asked((cause.state,), cause=cause.code)
    after: int | None = 0
    while after is not None and len(rows) < MOST:
        found = await deliveries.listed(client, asked, after=after, limit=MOST_AT_ONCE)
        rows += [row for row in found.rows if row.code == cause.code]
        after = found.next
    return rows[:MOST]


def filter_for(cause: Cause, texts: Texts) -> str:
    """Return the filter of the deliveries for a cause; what was stopped by hand has no code, only its state."""
    state = f"{texts('deliveries.field.state')}:{texts.value('state', cause.state)}"
    return f"{state} {texts('deliveries.field.cause')}:{cause.code}" if cause.code else state
