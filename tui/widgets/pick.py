"""One of several in a single line: arrows go through them, enter or space shows them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.dialogs.choose import Choice, Choose
from tui.plain import fit, plain


class Pick(Widget, can_focus=True):
    """A choice; `value` is empty while nothing is chosen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pick--focus"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "step(1)", "key.right", show=False),
        Binding("left", "step(-1)", "key.left", show=False),
        Binding("down", "app.focus_next", "key.next_field", show=False),
        Binding("up", "app.focus_previous", "key.previous_field", show=False),
        Binding("enter,space", "show_all", "key.open", show=False),
    ]

    value: reactive[str] = reactive("", init=False)

    class Changed(Message):
        """Another choice."""

        def __init__(self, pick: Pick) -> None:
            super().__init__()
            self.pick = pick

    def __init__(self, options: Sequence[tuple[str, str]], value: str, title: str, nothing: str, **given: Any) -> None:
        super().__init__(**given)
        self.options = tuple(options)
        self._title = title
        self._nothing = nothing
        known = value in [option for option, _ in self.options]
        self.set_reactive(Pick.value, value if known else "")

    def watch_value(self) -> None:
        """Tell the form."""
        self.post_message(self.Changed(self))

    def action_step(self, by: int) -> None:
        """Take the next one."""
        values = [option for option, _ in self.options]
        at = values.index(self.value) + by if self.value in values else 0
        if values:
            self.value = values[at % len(values)]

    @work(exclusive=True, group="pick")
    async def action_show_all(self) -> None:
        """Ask in a window."""
        choices = [Choice(option, label) for option, label in self.options]
        chosen = await self.app.push_screen_wait(Choose(self._title, choices, present=self.value))
        if chosen is not None:
            self.value = chosen

    def on_click(self) -> None:
        """A click shows them all."""
        self.action_show_all()

    def render(self) -> Text:
        """Draw the chosen one between arrows."""
        label = next((label for option, label in self.options if option == self.value), self._nothing)
        here = self.has_focus
        style = self.get_component_rich_style("pick--focus") if here else ""
        text = Text(no_wrap=True, overflow="ellipsis")
        return text.append(fit(f"{'▸' if here else ' '}‹ {plain(label)} ›", self.size.width), style)

    def on_focus(self) -> None:
        """The cursor shows."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor hides."""
        self.refresh()
