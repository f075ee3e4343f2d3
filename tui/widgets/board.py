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


GAP = 3
MOST_SPARE = 14


def _needed(stack: Stack) -> int:
    """Return the width of a stack: sign, longest label, a space, its number, and the gap."""
    longest = max((cell_len(one.label) + cell_len(one.value) for one in stack.tallies), default=0)
    return max(longest + 3, cell_len(stack.title)) + GAP


class Board(Widget, can_focus=True):
    """Stacks side by side; arrows choose a number, enter follows it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"board--title", "board--cursor"} | {f"board--{tone}" for tone in TONES}
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
        left = 0
        for column, width in enumerate(self._widths()):
            row = event.y - 1
            if left <= event.x < left + width and 0 <= row < len(self.stacks[column].tallies):
                self.at = (column, row)
                self.refresh()
                self.action_follow()
            left += width

    def get_content_height(self, container: Any, viewport: Any, width: int) -> int:  # noqa: ARG002  # Textual's
        """As many lines as the longest stack needs."""
        return max((len(stack.tallies) for stack in self.stacks), default=6) + 1

    def _widths(self) -> list[int]:
        """Return what each stack needs, and its share of what is left over."""
        needed = [_needed(stack) for stack in self.stacks]
        spare = max(0, self.size.width - sum(needed))
        share = min(spare // max(1, len(needed)), MOST_SPARE)
        narrower = -(-max(0, sum(needed) - self.size.width) // max(1, len(needed)))
        return [width + share - narrower for width in needed]

    def render(self) -> Text:
        """Draw the stacks side by side."""
        text = Text(no_wrap=True, overflow="crop")
        widths = self._widths()
        height = max((len(stack.tallies) for stack in self.stacks), default=0)
        title = self.get_component_rich_style("board--title")
        for stack, width in zip(self.stacks, widths, strict=True):
            text.append(" ")
            text.append(fit(stack.title, width - GAP), title)
            text.append(" " * (GAP - 1))
        for row in range(height):
            text.append("\n")
            for column, (stack, width) in enumerate(zip(self.stacks, widths, strict=True)):
                if row < len(stack.tallies):
                    self._draw(text, stack.tallies[row], width, (column, row))
                else:
                    text.append(" " * width)
        return text

    def _draw(self, text: Text, tally: Tally, width: int, place: tuple[int, int]) -> None:
        here = place == self.at and self.has_focus
        ground = self.get_component_rich_style("board--cursor", partial=True) if here else Style()
        tone = self.get_component_rich_style(f"board--{tally.tone}", partial=True) if tally.tone else Style()
        room = width - GAP - 2
        text.append("▸" if here else " ", ground)
        text.append(f"{tally.sign} ", tone + ground)
        left = room - cell_len(tally.value)
        cut = cell_len(tally.label) > left and bool(tally.value)
        text.append(fit(tally.label, left - 1) + " " if cut else fit(tally.label, left), ground)
        text.append(tally.value, tone + ground)
        text.append(" " * (GAP - 1))

    def on_focus(self) -> None:
        """The cursor shows."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor hides."""
        self.refresh()
