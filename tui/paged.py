"""A list that the server pages: a hundred rows at a time, more as the cursor comes near the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual import work
from textual.timer import Timer

from gateway.domain.filtering import parse
from tui.calls.deliveries import MOST_AT_ONCE, PAGE, Listed
from tui.client import ApiError, Client
from tui.list_page import ListPage
from tui.tables import Order
from tui.twins import german_words, with_words
from tui.widgets.filter_bar import FilterBar
from tui.widgets.rows import Rows

T = TypeVar("T")

NEAR = 20
"""Rows before the end at which the next ones are asked for."""

PAUSE_BEFORE_ASKING = 0.2


class PagedPage(ListPage[T]):
    """A subclass gives `table()` and `listed()`; the filter is the server's work, or it would see one page only.

    `served` names the column by which the server can order too: `listed` then asks for it `backwards`. By any other
    column only what is loaded is sorted, and the screen says so.
    """

    served: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self.next: int | None = None
        self.total, self.capped = 0, False
        self._waiting: Timer | None = None
        self._asked_for = ("", False)
        self._ordered = False

    async def listed(self, client: Client, words: str, after: int, limit: int) -> Listed:
        """Return rows for what was typed."""
        raise NotImplementedError

    def asked_words(self, words: str) -> str:
        """Return a filter as the server reads it."""
        table = self.rows.table
        return " ".join(german_words(parse(words, table.fields), table.section, self.texts))

    def worded(self, command: str) -> str:
        """Return a command with the words of the filter that the server was asked for."""
        table = self.rows.table
        return with_words(command, parse(self.rows.query_text, table.fields), table.section, self.texts)

    @property
    def backwards(self) -> bool:
        """Whether the server is to begin at the other end."""
        return bool(self.served) and self.rows.order == Order(self.served, backwards=True)

    def _asking(self) -> tuple[str, bool]:
        return self.rows.query_text, self.backwards

    # -- loading ------------------------------------------------------------------------------------------------

    async def load(self, client: Client) -> None:
        """Fetch the rows in view anew; rows far below keep the state they were loaded with."""
        words, asked = self.rows.query_text, self._asking()
        same = asked == self._asked_for
        known: list[T] = self.rows.items if same else []
        found = await self.listed(client, words, 0, min(MOST_AT_ONCE, max(PAGE, len(known))))
        if asked != self._asking():
            return
        self._asked_for = asked
        older = self._older(known, found)
        self.total, self.capped = found.total, found.capped
        self.next = self.next if older else found.next
        self.rows.show([*found.rows, *older])

    def _older(self, known: Sequence[T], found: Listed) -> list[T]:
        """Return the rows that were loaded beyond what one answer holds."""
        if len(known) <= len(found.rows) or found.next is None:
            return []
        key = self.rows.table.key
        fresh = {key(row) for row in found.rows}
        last = key(found.rows[-1]) if found.rows else ""
        at = next((number for number, row in enumerate(known) if key(row) == last), len(known))
        return [row for row in known[at + 1 :] if key(row) not in fresh]

    @work(exclusive=True, group="more")
    async def more(self) -> None:
        """Fetch the rows that follow; once a list was read to its end, nothing is asked."""
        words, asked, after = self.rows.query_text, self._asking(), self.next
        if after is None or asked != self._asked_for:
            return
        try:
            found = await self.listed(await self.console.api(), words, after, PAGE)
        except ApiError as error:
            self.failed(error)
            return
        if asked == self._asking() and after == self.next:
            key = self.rows.table.key
            known = {key(row) for row in self.rows.items}
            self.next = found.next
            self.rows.show([*self.rows.items, *(row for row in found.rows if key(row) not in known)])

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Say what the cursor stands on; near the end ask for more."""
        super().on_rows_moved(event)
        if self.backwards != self._ordered:
            self._ordered = self.backwards
            self.rows.go_to_row(0)  # the row it stood on is at the other end of a list that nobody has read so far
            self.reload()
        elif self.next is not None and event.rows.cursor >= len(event.rows.visible_items) - NEAR:
            self.more()

    # -- the filter is the server's -----------------------------------------------------------------------------

    def on_filter_bar_typed(self, event: FilterBar.Typed) -> None:
        """Ask when the typing pauses."""
        self.rows.query_text = event.text
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(PAUSE_BEFORE_ASKING, self.reload)

    def filter_by(self, text: str) -> None:
        """Set the filter from elsewhere."""
        bar = self.query_one(FilterBar)
        bar.text = text
        bar.set_class(bool(text), "-open")
        self.rows.query_text = text
        self.rows.focus()
        self.reload()

    def tell_list(self) -> None:
        """Write how many there are, and how many of them are loaded."""
        super().tell_list()
        if not (self.loaded_at or self.rows.items):
            return
        shown = len(self.rows.visible_items)
        more = self.next is not None
        total = whole(self.total, capped=self.capped) if self.total else f"{shown}+" if more else str(shown)
        count = self.texts("shell.count_filtered", n=shown, total=total) if more else total
        notes = [self.texts("shell.marked", n=len(self.rows.marks))] if self.rows.marks else []
        unknown = self.unknown_fields()
        notes += [self.texts("shell.filter_unknown", names=", ".join(unknown))] if unknown else []
        if more and self.rows.order.column not in ("", self.served):
            notes.append(self.texts("shell.sorted_loaded", n=shown))
        self.tell_place(count, " · ".join([*notes, *self.remarks()]))

    def unknown_fields(self) -> Sequence[str]:
        """Return the fields in the filter that this list does not have."""
        return parse(self.rows.query_text, self.rows.table.fields).unknown

    def remarks(self) -> Sequence[str]:
        """Return what else stands at the right of the line that says where I am."""
        return ()


def whole(total: int, *, capped: bool) -> str:
    """Return how many there are as people read it: `1000`, `23 456`, `10 000+` where nobody counted further."""
    return (f"{total:_}".replace("_", "\u00a0") if total >= 10_000 else str(total)) + ("+" if capped else "")
