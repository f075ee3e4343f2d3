"""A screen that is a list: filter, order, marks, copy, export; a subclass says what is in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.client import Client
from tui.dialogs.choose import Choice, Choose
from tui.dialogs.export import Export
from tui.page import Page
from tui.tables import Column, Table, cell_of
from tui.twins import with_words
from tui.widgets.detail import Detail
from tui.widgets.filter_bar import FilterBar
from tui.widgets.rows import Rows

T = TypeVar("T")


class ListPage(Page, Generic[T]):
    """A list of values; a subclass gives `table()` and `fetch()`."""

    export_name: ClassVar[str] = "liste"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "key.filter", key_display="/"),
        Binding("s", "sort", "key.sort", show=False),
        Binding("S", "turn_round", "key.sort_back", show=False),
        Binding("x", "export", "key.export"),
        Binding("y", "copy_id", "key.copy", show=False),
        Binding("Y", "copy_row", "key.copy_row", show=False),
    ]

    def table(self) -> Table[T]:
        """Return what the list shows."""
        raise NotImplementedError

    async def fetch(self, client: Client) -> Sequence[T]:
        """Return the rows."""
        raise NotImplementedError

    def describe(self, item: T) -> Sequence[str]:  # noqa: ARG002  # for subclasses
        """Return the lines below the list that say more about the row under the cursor."""
        return ()

    def opened(self, item: T) -> None:
        """Enter was pressed on a row."""

    def worded(self, command: str) -> str:
        """Return a command with the words of the filter, in the German names of fields that it knows."""
        return with_words(command, self.rows.wanted, self.rows.table.section, self.texts)

    # -- parts --------------------------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """The filter's line, the list, and what is to be said about its row."""
        yield FilterBar(self.texts("shell.filter_hint", fields=" ".join(f"{name}:…" for name in self.table().fields)))
        yield Rows(self.table(), self.texts, id="rows")
        yield Detail(id="detail")

    @property
    def rows(self) -> Rows[T]:
        """The list."""
        return self.query_one("#rows", Rows)

    async def load(self, client: Client) -> None:
        """Fetch the rows and show them."""
        self.rows.show(await self.fetch(client))

    def help_lines(self) -> list[tuple[str, str]]:
        """Return a sentence for each column."""
        table = self.rows.table
        helped = [column for column in table.columns if not column.title]
        return [(self.title_of(column), self.texts(f"{table.section}.help.{column.name}")) for column in helped]

    def title_of(self, column: Column[T]) -> str:
        """Return a column's title."""
        return column.title or self.texts(f"{self.rows.table.section}.col.{column.name}")

    def tell_list(self) -> None:
        """Write count, marks, filter and the lines about the row."""
        rows = self.rows
        shown, total = len(rows.visible_items), len(rows.items)
        count = self.texts("shell.count", n=total)
        if rows.wanted.terms:
            count = self.texts("shell.count_filtered", n=shown, total=total)
        notes = [self.texts("shell.marked", n=len(rows.marks))] if rows.marks else []
        if rows.wanted.unknown:
            notes.append(self.texts("shell.filter_unknown", names=", ".join(rows.wanted.unknown)))
        self.tell_place(count if self.loaded_at or rows.items else "", " · ".join(notes))
        current = rows.current
        self.query_one(Detail).say(list(self.describe(current)) if current is not None else [])

    # -- messages -----------------------------------------------------------------------------------------------

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Say what the cursor stands on."""
        event.stop()
        self.tell_list()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Open the row."""
        event.stop()
        self.opened(event.item)

    def on_filter_bar_typed(self, event: FilterBar.Typed) -> None:
        """Filter while it is typed."""
        self.rows.narrow(event.text)

    def on_filter_bar_left(self) -> None:
        """The list has the keys again."""
        self.rows.focus()

    # -- keys ---------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Show the filter's line."""
        self.query_one(FilterBar).open()

    def filter_by(self, text: str) -> None:
        """Set the filter from elsewhere."""
        bar = self.query_one(FilterBar)
        bar.text = text
        bar.set_class(bool(text), "-open")
        self.rows.narrow(text)
        self.rows.focus()

    def action_back(self) -> None:
        """First clear the filter, then the marks, then go back."""
        if self.rows.query_text:
            self.filter_by("")
        elif self.rows.marks:
            self.rows.marks = set()
            self.rows.refresh()
            self.tell_list()
        else:
            super().action_back()

    @work(exclusive=True, group="dialog")
    async def action_sort(self) -> None:
        """Ask by which column."""
        choices = [Choice(column.name, self.title_of(column)) for column in self.rows.table.columns]
        name = await self.app.push_screen_wait(Choose(self.texts("dialogs.sort"), choices))
        if name:
            self.rows.sort_by(name)

    def action_turn_round(self) -> None:
        """Reverse the order."""
        self.rows.turn_round()

    def action_copy_id(self) -> None:
        """Copy the row's id."""
        current = self.rows.current
        if current is None:
            self.say(self.texts("shell.nothing_chosen"))
            return
        self.copy(self.rows.table.key(current))

    def action_copy_row(self) -> None:
        """Copy the row, its cells parted by tabulators."""
        current = self.rows.current
        if current is None:
            self.say(self.texts("shell.nothing_chosen"))
            return
        self.copy("\t".join(self.cells(current)))

    def cells(self, item: T) -> list[str]:
        """Return a row's texts, all columns."""
        return [cell_of(column, item).text for column in self.rows.table.columns]

    @work(exclusive=True, group="dialog")
    async def action_export(self) -> None:
        """Ask for a file and write what the list shows, or the marked rows."""
        rows = self.rows
        items = rows.marked or rows.visible_items
        table = self.export_table()
        titles = [self.title_of(column) for column in table.columns]
        name = f"{self.export_name}-{self.console.clock():%Y-%m-%d}.xlsx"
        lines = [[cell_of(column, item).text for column in table.columns] for item in items]
        done = await self.app.push_screen_wait(Export(name, self.t("title"), titles, lines))
        if done:
            self.say(self.texts("dialogs.exported", n=len(lines), name=done))

    def export_table(self) -> Table[T]:
        """Return what an export contains; more than the screen where a subclass says so."""
        return self.rows.table
