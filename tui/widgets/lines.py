"""Single lines: where I am, and a row of tabs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from tui.plain import fit, plain


class Crumbs(Widget):
    """Where I am: `Behörden › Kreis Warendorf`, with the count beside it and the filter at the right."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"crumbs--last", "crumbs--note"}

    def __init__(self) -> None:
        super().__init__()
        self.parts: tuple[str, ...] = ()
        self.count = ""
        self.note = ""

    def tell(self, parts: Sequence[str], count: str = "", note: str = "") -> None:
        """Take the way from the first screen to this one, the count and a remark."""
        told = (tuple(plain(part) for part in parts), count, plain(note))
        if told != (self.parts, self.count, self.note):
            self.parts, self.count, self.note = told
            self.refresh()

    def render(self) -> Text:
        """Draw the line."""
        text = Text(" ", no_wrap=True, overflow="ellipsis")
        text.append(" › ".join(self.parts[:-1]) + (" › " if len(self.parts) > 1 else ""))
        text.append(self.parts[-1] if self.parts else "", self.get_component_rich_style("crumbs--last"))
        text.append(f"  {self.count}" if self.count else "")
        room = self.size.width - cell_len(text.plain) - 3
        if self.note and room > 8:
            note = fit(self.note, min(room, cell_len(self.note)))
            text.append(" " * (self.size.width - cell_len(text.plain) - cell_len(note) - 1))
            text.append(note, self.get_component_rich_style("crumbs--note"))
        return text


class TabLine(Widget):
    """A row of names, one of them chosen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tabs--active", "tabs--idle"}

    class Changed(Message):
        """Another name was chosen by mouse."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, names: Sequence[str], titles: Sequence[str], active: str) -> None:
        super().__init__()
        self.names = tuple(names)
        self.titles = tuple(titles)
        self.active = active

    def choose(self, name: str) -> None:
        """Show another name as chosen."""
        self.active = name
        self.refresh()

    def step(self, by: int) -> str:
        """Return the name that is `by` places further, round the end."""
        return self.names[(self.names.index(self.active) + by) % len(self.names)]

    def render(self) -> Text:
        """Draw the row; where it is too narrow the names are shortened evenly."""
        gap = self._gap()
        room = max(4, (self.size.width - 1) // len(self.titles) - 1) if gap == 0 else 99
        text = Text(" " if gap else "", no_wrap=True)
        for name, title in zip(self.names, self.titles, strict=True):
            style = "tabs--active" if name == self.active else "tabs--idle"
            text.append(fit(title, min(room, cell_len(title))), self.get_component_rich_style(style))
            text.append(" " * max(1, gap))
        return text

    def _gap(self) -> int:
        used = sum(cell_len(title) for title in self.titles) + 1
        spare = self.size.width - used
        return max(0, min(3, spare // len(self.titles)))

    def on_click(self, event: events.Click) -> None:
        """Choose by mouse."""
        at = 0
        drawn = self.render().plain
        for name, title in zip(self.names, self.titles, strict=True):
            at = drawn.find(title[:4], at)
            if at <= event.x < at + cell_len(title):
                self.post_message(self.Changed(name))
                return
