"""Things to tick: `[x]` and `[ ]` say by their sign, not by their colour, what is chosen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget

from tui.plain import plain


class Ticks(Widget, can_focus=True):
    """A column of ticks; space ticks the line under the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"ticks--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "key.down", show=False),
        Binding("up", "move(-1)", "key.up", show=False),
        Binding("space,x", "tick", "key.mark", show=False),
    ]

    class Changed(Message):
        """Another choice."""

        def __init__(self, ticks: Ticks) -> None:
            super().__init__()
            self.ticks = ticks

    def __init__(self, options: Sequence[tuple[str, str]], chosen: Collection[str], **given: Any) -> None:
        super().__init__(**given)
        self.options = tuple(options)
        self.chosen = {value for value, _ in self.options if value in chosen}
        self.cursor = 0

    def action_move(self, step: int) -> None:
        """Move the cursor; beyond the ends the next field has the keys."""
        target = self.cursor + step
        if target < 0:
            self.screen.focus_previous()
        elif target >= len(self.options):
            self.screen.focus_next()
        else:
            self.cursor = target
            self._in_view()

    def action_tick(self) -> None:
        """Tick, or take the tick away."""
        if self.options:
            self.chosen ^= {self.options[self.cursor][0]}
            self.refresh()
            self.post_message(self.Changed(self))

    def on_click(self, event: events.Click) -> None:
        """Tick by mouse."""
        if event.y < len(self.options):
            self.cursor = event.y
            self.action_tick()

    def _in_view(self) -> None:
        """Draw the cursor, and scroll so far that its line can be seen."""
        self.refresh()
        self.call_after_refresh(self._scroll)

    def _scroll(self) -> None:
        around = next((one for one in self.ancestors if isinstance(one, ScrollableContainer)), None)
        if around is not None:
            top = self.region.y + self.cursor - around.region.y + around.scroll_offset.y
            around.scroll_to_region(Region(0, top, 1, 1), animate=False, force=True)

    def on_focus(self) -> None:
        """The cursor shows."""
        self._in_view()

    def on_blur(self) -> None:
        """The cursor hides."""
        self.refresh()

    def get_content_height(self, container: Any, viewport: Any, width: int) -> int:  # noqa: ARG002  # Textual's
        """A line for each."""
        return max(1, len(self.options))

    def render(self) -> Text:
        """Draw the lines."""
        text = Text(no_wrap=True, overflow="ellipsis")
        cursor = self.get_component_rich_style("ticks--cursor")
        for number, (value, label) in enumerate(self.options):
            here = number == self.cursor and self.has_focus
            sign = "[x]" if value in self.chosen else "[ ]"
            text.append(f"{'▸' if here else ' '}{sign} {plain(label)}", cursor if here else "")
            text.append("\n" if number + 1 < len(self.options) else "")
        return text
