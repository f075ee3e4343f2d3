"""The list of the console: draws only the lines in view, so a thousand rows cost what twenty cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gateway.domain.filtering import Query, parse
from tui.plain import fit
from tui.tables import GAP, TONES, Column, Order, Table, cell_of, chosen, haystack, layout
from tui.texts import Texts
from tui.widgets.empty import said_of_nothing

T = TypeVar("T")

LEAD = 2
"""Cells at the left of every row: the cursor's and the mark's sign."""


class Rows(ScrollView, Generic[T], can_focus=True):
    """A list with a cursor, marks, a filter and an order. It keeps the cursor on the same row across new data."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--head", "rows--cursor", "rows--marked"} | {
        f"rows--{tone}" for tone in TONES
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "key.down", show=False),
        Binding("k,up", "move(-1)", "key.up", show=False),
        Binding("g,home", "edge(0)", "key.first", show=False),
        Binding("G,end", "edge(1)", "key.last", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "key.page_down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "key.page_up", show=False),
        Binding("space", "mark", "key.mark", key_display="␣"),
        Binding("asterisk", "mark_all", "key.mark_all", show=False),
        Binding("enter", "choose", "key.open", show=False),
    ]

    @dataclass
    class Moved(Message):
        """The cursor stands on another row, or the rows are others."""

        rows: Rows[Any]

    @dataclass
    class Chosen(Message):
        """Enter or a second click on a row."""

        rows: Rows[Any]
        item: Any

    def __init__(self, table: Table[T], texts: Texts, **given: Any) -> None:
        super().__init__(**given)
        self.table = table
        self.texts = texts
        self.query_text = ""
        self.wanted = Query()
        self.order = Order()
        self.marks: set[str] = set()
        self.items: list[T] = []
        self.visible_items: list[T] = []
        self.cursor = 0
        self.loaded = False
        self._stacks: list[str] = []
        self._columns: list[tuple[Column[T], int]] = []
        self._laid_out = -1
        self._styles_by_tone: dict[str, Style] = {}

    # -- what is shown ------------------------------------------------------------------------------------------

    def show(self, items: Sequence[T]) -> None:
        """Take new data; cursor, marks, filter and order stay."""
        self.items, self.loaded = list(items), True
        self._stacks = [haystack(self.table, item) for item in self.items]
        self.marks &= {self.table.key(item) for item in self.items}
        self._arrange()

    def change_table(self, table: Table[T], items: Sequence[T]) -> None:
        """Show another kind of list; the cursor begins at the top."""
        self.table, self.cursor, self.marks, self.order = table, 0, set(), Order()
        self.visible_items, self.items, self._stacks = [], [], []
        self.narrow("")
        self.show(items)
        self.relayout()

    def narrow(self, text: str) -> None:
        """Filter by what was typed."""
        self.query_text = text
        self.wanted = parse(text, self.table.fields)
        self._arrange()

    def sort_by(self, column: str) -> None:
        """Sort by a column; by the same one again: the other way round."""
        same = self.order.column == column
        self.order = Order(column, same and not self.order.backwards)
        self._arrange()

    def turn_round(self) -> None:
        """Reverse the order."""
        self.order = Order(self.order.column or self.table.columns[0].name, not self.order.backwards)
        self._arrange()

    @property
    def current(self) -> T | None:
        """The row under the cursor; None in an empty list."""
        return self.visible_items[self.cursor] if self.cursor < len(self.visible_items) else None

    @property
    def marked(self) -> list[T]:
        """The marked rows in the order of the data, whether the filter shows them or not."""
        return [item for item in self.items if self.table.key(item) in self.marks]

    @property
    def affected(self) -> list[T]:
        """What an action works on: the marked rows, else the one under the cursor."""
        current = self.current
        return self.marked or ([current] if current is not None else [])

    def go_to(self, key: str) -> None:
        """Put the cursor on the row with a key, if it is shown."""
        keys = [self.table.key(item) for item in self.visible_items]
        if key in keys:
            self._set_cursor(keys.index(key))

    def go_to_row(self, row: int) -> None:
        """Put the cursor on a row by its number."""
        self._set_cursor(row)

    def _arrange(self) -> None:
        current = self.current
        kept = self.table.key(current) if current is not None else None
        self.visible_items = chosen(self.table, self.items, self._stacks, self.wanted, self.order)
        keys = [self.table.key(item) for item in self.visible_items]
        self.cursor = keys.index(kept) if kept in keys else min(self.cursor, max(0, len(keys) - 1))
        self.virtual_size = Size(self.size.width, len(keys) + 1)
        self._keep_in_view()
        self.refresh()
        self.post_message(self.Moved(self))

    # -- keys ---------------------------------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        """Move the cursor by rows."""
        self._set_cursor(self.cursor + step)

    def action_page(self, step: int) -> None:
        """Move the cursor by screens."""
        self._set_cursor(self.cursor + step * max(1, self.size.height - 2))

    def action_edge(self, end: int) -> None:
        """Move the cursor to the first or the last row."""
        self._set_cursor(len(self.visible_items) - 1 if end else 0)

    def action_mark(self) -> None:
        """Mark the row, or take its mark away, and go on to the next."""
        current = self.current
        if current is None:
            return
        self.marks ^= {self.table.key(current)}
        self.refresh()
        self._set_cursor(self.cursor + 1)

    def action_mark_all(self) -> None:
        """Mark every row the filter shows; if all are, take the marks away."""
        keys = {self.table.key(item) for item in self.visible_items}
        self.marks = self.marks - keys if keys <= self.marks else self.marks | keys
        self.refresh()
        self.post_message(self.Moved(self))

    def action_choose(self) -> None:
        """Open the row."""
        current = self.current
        if current is not None:
            self.post_message(self.Chosen(self, current))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a click on the cursor's row opens it, one on a title sorts."""
        if event.y == 0:
            name = self._column_at(event.x)
            if name:
                self.sort_by(name)
            return
        row = event.y - 1 + self.scroll_offset.y
        if row == self.cursor:
            self.action_choose()
        elif row < len(self.visible_items):
            self._set_cursor(row)

    def _column_at(self, x: int) -> str:
        at = LEAD
        for column, width in self._columns:
            if at <= x < at + width:
                return column.name
            at += width + GAP
        return ""

    def _set_cursor(self, row: int) -> None:
        self.cursor = max(0, min(row, len(self.visible_items) - 1))
        self._keep_in_view()
        self.refresh()
        self.post_message(self.Moved(self))

    def _keep_in_view(self) -> None:
        if self.size.height > 1:
            region = Region(0, self.cursor, self.size.width, 2)
            self.scroll_to_region(region, animate=False, force=True, immediate=True)

    # -- drawing ------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Find again which columns fit."""
        self.relayout()

    def notify_style_update(self) -> None:
        """Colours have changed."""
        self._styles_by_tone = {}
        super().notify_style_update()

    def relayout(self) -> None:
        """Find again which columns fit."""
        self._lay_out(self.scrollable_content_region.width)
        self.virtual_size = Size(self.size.width, len(self.visible_items) + 1)
        self._keep_in_view()
        self.refresh()

    def _lay_out(self, width: int) -> None:
        self._columns = layout(self.table, width - LEAD)
        self._laid_out = width

    def render_line(self, y: int) -> Strip:
        """Draw one line: the titles at the top, then the rows in view."""
        width = self.scrollable_content_region.width
        if width != self._laid_out:  # a scroll bar that comes or goes with the rows tells nobody
            self._lay_out(width)
        if y == 0:
            return self._strip([Segment(self._titles(width), self._style("head"))], width, self._style("head"))
        row = y - 1 + self.scroll_offset.y
        if row >= len(self.visible_items):
            said = [] if self.visible_items else self._nothing(width - LEAD)
            text = said[row] if row < len(said) else ""
            return self._strip(
                [Segment(fit(f"  {text}", width), self.rich_style + self._style("muted"))], width, self.rich_style
            )
        return self._strip(self._row(row), width, self._ground(row))

    def _row(self, row: int) -> list[Segment]:
        item = self.visible_items[row]
        ground = self._ground(row)
        marked = self.table.key(item) in self.marks
        sign = "▸" if self.has_focus else "›"
        lead = (sign if row == self.cursor else " ") + ("*" if marked else " ")
        segments = [Segment(lead, ground + self._style("accent"))]
        for column, width in self._columns:
            cell = cell_of(column, item)
            style = ground + self._style(cell.tone) if cell.tone in TONES else ground
            segments.append(Segment(fit(cell.text, width, right=column.right), style))
            segments.append(Segment(" " * GAP, ground))
        return segments

    def _titles(self, width: int) -> str:
        parts = []
        for column, room in self._columns:
            title = column.title or self.texts(f"{self.table.section}.col.{column.name}")
            if column.name == self.order.column:
                title = fit(title, room - 1).rstrip() + ("▼" if self.order.backwards else "▲")
            parts.append(fit(title, room, right=column.right))
        return fit("  " + " ".join(parts), width)

    def _nothing(self, width: int) -> Sequence[str]:
        if not self.loaded:
            return [self.texts("shell.loading")]
        return said_of_nothing(self.table, self.query_text, self.wanted, self.texts, width)

    def _ground(self, row: int) -> Style:
        if row == self.cursor and self.has_focus:
            return self._style("cursor")
        return self._style("marked") if self.table.key(self.visible_items[row]) in self.marks else self.rich_style

    def _style(self, name: str) -> Style:
        found = self._styles_by_tone.get(name)
        if found is None:
            whole = self.get_component_styles(f"rows--{name}")
            found = whole.partial_rich_style if name in TONES else self.get_component_rich_style(f"rows--{name}")
            self._styles_by_tone[name] = found
        return found

    @staticmethod
    def _strip(segments: list[Segment], width: int, rest: Style) -> Strip:
        return Strip(segments).adjust_cell_length(width, rest)
