"""Columns of numbers; each number leads to its list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from tui.plain import fit
from tui.tables import TONES


@dataclass(frozen=True, slots=True)
class Tally:
    """One number: its sign, its word, what it counts, and where it leads (a place and a filter)."""

    sign: str
    label: str
    value: str
    tone: str = ""
    place: str = ""
    filter: str = ""


@dataclass(frozen=True, slots=True)
class Stack:
    """A heading with its numbers."""

    title: str
    tallies: Sequence[Tally]


class Board(Widget, can_focus=True):
    """Stacks side by side; arrows choose a number, enter follows it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"board--title", "board--cursor"} | {
        f"board--{tone}" for tone in TONES
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(0, 1)", "key.down", show=False),
        Binding("up,k", "move(0, -1)", "key.up", show=False),
        Binding("left,h", "move(-1, 0)", "key.left", show=False),
        Binding("right,l", "move(1, 0)", "key.right", show=False),
        Binding("enter", "follow", "key.follow", show=False),
    ]

    class Followed(Message):
        """A number was chosen."""

        def __init__(self, tally: Tally) -> None:
            super().__init__()
            self.tally = tally

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.stacks: tuple[Stack, ...] = ()
        self.at = (0, 0)

    def show(self, stacks: Sequence[Stack]) -> None:
        """Take new numbers; the chosen place stays."""
        self.stacks = tuple(stacks)
        self.refresh(layout=True)

    @property
    def current(self) -> Tally | None:
        """The number under the cursor."""
        column, row = self.at
        return self.stacks[column].tallies[row] if self.stacks else None

    def action_move(self, right: int, down: int) -> None:
        """Choose the next number in a direction."""
        if not self.stacks:
            return
        column = max(0, min(self.at[0] + right, len(self.stacks) - 1))
        row = max(0, min(self.at[1] + down, len(self.stacks[column].tallies) - 1))
        if down > 0 and row == self.at[1]:
            self.screen.focus_next()
        self.at = (column, row)
        self.refresh()

    def action_follow(self) -> None:
        """Go where the number leads."""
        current = self.current
        if current is not None and current.place:
            self.post_message(self.Followed(current))

    def on_click(self, event: events.Click) -> None:
        """A click chooses and follows."""
        column = event.x // max(1, self._width())
        row = event.y - 1
        if 0 <= column < len(self.stacks) and 0 <= row < len(self.stacks[column].tallies):
            self.at = (column, row)
            self.refresh()
            self.action_follow()

    def get_content_height(self, container: Any, viewport: Any, width: int) -> int:
        """As many lines as the longest stack needs."""
        return max((len(stack.tallies) for stack in self.stacks), default=6) + 1

    def _width(self) -> int:
        return self.size.width // max(1, len(self.stacks))

    def render(self) -> Text:
        """Draw the stacks side by side."""
        text = Text(no_wrap=True)
        width = self._width()
        height = max((len(stack.tallies) for stack in self.stacks), default=0)
        for stack in self.stacks:
            text.append(fit(f" {stack.title}", width), self.get_component_rich_style("board--title"))
        for row in range(height):
            text.append("\n")
            for column, stack in enumerate(self.stacks):
                if row < len(stack.tallies):
                    self._draw(text, stack.tallies[row], width, (column, row))
                else:
                    text.append(" " * width)
        return text

    def _draw(self, text: Text, tally: Tally, width: int, place: tuple[int, int]) -> None:
        room = min(width - 3, 34)
        here = place == self.at and self.has_focus
        ground = self.get_component_rich_style("board--cursor", partial=True) if here else Style()
        tone = self.get_component_rich_style(f"board--{tally.tone}", partial=True) if tally.tone else Style()
        label = fit(tally.label, max(4, room - 2 - cell_len(tally.value)))
        text.append("▸" if here else " ")
        text.append(f"{tally.sign} ", tone + ground)
        text.append(label, ground)
        text.append(tally.value, tone + ground)
        text.append(" " * max(0, width - 3 - cell_len(label) - cell_len(tally.value)))

    def on_focus(self) -> None:
        """The cursor shows."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor hides."""
        self.refresh()
