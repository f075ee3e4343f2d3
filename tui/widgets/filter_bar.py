"""The line in which a filter is typed; hidden until it is needed."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static


class FilterBar(Horizontal):
    """`/` shows it, enter keeps the filter, esc clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "leave", "key.filter_done", key_display="⏎"),
        Binding("down", "leave", "key.down", show=False),
        Binding("escape", "clear", "key.filter_off"),
    ]

    class Typed(Message):
        """The filter reads differently now."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The list has the keys again."""

    def __init__(self, hint: str) -> None:
        super().__init__()
        self._hint = hint

    def compose(self) -> ComposeResult:
        """The sign and the field."""
        yield Static("/", markup=False)
        yield Input(placeholder=self._hint, compact=True, select_on_focus=False)

    @property
    def text(self) -> str:
        """What is typed."""
        return self.query_one(Input).value

    @text.setter
    def text(self, value: str) -> None:
        self.query_one(Input).value = value

    def open(self, text: str = "") -> None:
        """Show the line and give it the keys, once it can have them."""
        self.add_class("-open")
        field = self.query_one(Input)
        field.value = text or field.value
        field.cursor_position = len(field.value)
        self.call_after_refresh(field.focus)

    def action_clear(self) -> None:
        """Empty the filter and hide the line."""
        self.query_one(Input).value = ""
        self.action_leave()

    def action_leave(self) -> None:
        """Give the keys back to the list; a filter that is set stays in sight."""
        self.set_class(bool(self.text), "-open")
        self.post_message(self.Left())

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what is typed."""
        event.stop()
        self.post_message(self.Typed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter keeps the filter."""
        event.stop()
        self.action_leave()
