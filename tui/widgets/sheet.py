"""A sheet to read: lines with a name at the left and sentences beside it, wrapped to the width at hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from tui.plain import fit, plain
from tui.tables import TONES, Cell


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a name (empty: the sentences take the whole width) and its sentences, each a paragraph of its own."""

    name: str = ""
    tone: str = ""
    said: tuple[Cell, ...] = ()
    indent: int = 0
    room: int = 0
    """Cells for the name where it is not the sheet's own."""


class Sheet(Widget):
    """Draws lines; names stand in a column of their own, so that every sentence begins at the same place."""

    DEFAULT_CSS = """
    Sheet { height: auto; width: 1fr; }
    Sheet > .sheet--good { color: $tone-good; }
    Sheet > .sheet--warn { color: $tone-warn; }
    Sheet > .sheet--bad { color: $tone-bad; text-style: bold; }
    Sheet > .sheet--muted { color: $tone-muted; }
    Sheet > .sheet--accent { color: $tone-accent; text-style: bold; }
    Sheet > .sheet--strong { color: $tone-strong; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"sheet--{tone}" for tone in TONES}

    def __init__(self, name_room: int = 30, **given: Any) -> None:
        super().__init__(**given)
        self.lines: tuple[Line, ...] = ()
        self._room = name_room

    def show(self, lines: Sequence[Line]) -> None:
        """Take new lines."""
        if tuple(lines) != self.lines:
            self.lines = tuple(lines)
            self.refresh(layout=True)

    @property
    def plain_text(self) -> str:
        """What stands on the sheet, as it is drawn."""
        return self.render().plain

    def get_content_height(self, container: Any, viewport: Any, width: int) -> int:  # noqa: ARG002  # Textual's shape
        """As many lines as the wrapping makes."""
        return sum(1 for line in self.lines for _ in self._drawn(line, width))

    def render(self) -> Text:
        """Draw the lines."""
        text = Text(no_wrap=True, overflow="crop")
        for line in self.lines:
            for parts in self._drawn(line, self.size.width or 80):
                if text.plain:
                    text.append("\n")
                for part in parts:
                    text.append(part.text, self._ink(part.tone))
        return text

    def _drawn(self, line: Line, width: int) -> Iterator[list[Cell]]:
        room = line.room or min(self._room, max(12, width * 2 // 5))
        left = line.indent + (room + 1 if line.name or line.room else 0)
        rest = max(8, width - left - 1)
        bodies = [Cell(row, said.tone) for said in line.said for row in wrapped(plain(said.text), rest)]
        first = " " * line.indent + fit(plain(line.name), room) + " " if left > line.indent else " " * line.indent
        if not bodies:
            yield [Cell(" " * line.indent + plain(line.name), line.tone)]
        for at, body in enumerate(bodies):
            yield [Cell(first if at == 0 else " " * left, line.tone), body]

    def _ink(self, tone: str) -> Any:
        return self.get_component_rich_style(f"sheet--{tone}", partial=True) if tone in TONES else ""


class Paper(VerticalScroll, can_focus=True):
    """A sheet that scrolls, by arrows or j and k."""

    DEFAULT_CSS = """
    Paper { height: 1fr; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_down", "key.down", show=False),
        Binding("k,up", "scroll_up", "key.up", show=False),
        Binding("g,home", "scroll_home", "key.first", show=False),
        Binding("G,end", "scroll_end", "key.last", show=False),
        Binding("pagedown,ctrl+f", "page_down", "key.page_down", show=False),
        Binding("pageup,ctrl+b", "page_up", "key.page_up", show=False),
    ]


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width` terminal cells, broken between words where there are any."""
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        candidate = f"{current} {word}" if current else word
        if cell_len(candidate) <= width:
            current = candidate
            continue
        if current:
            lines.append(current)
        while cell_len(word) > width:
            piece = _front(word, width)
            lines.append(piece)
            word = word[len(piece) :]
        current = word
    return [*lines, current] if current or not lines else lines


def _front(word: str, width: int) -> str:
    used = 0
    for at, sign in enumerate(word):
        used += cell_len(sign)
        if used > width:
            return word[: max(1, at)]
    return word
