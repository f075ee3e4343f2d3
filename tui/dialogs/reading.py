"""Windows to read: the help made from a screen, and the command that does the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from tui.dialogs.dialog import Dialog
from tui.plain import fit, plain


class Reading(Dialog[None]):
    """Headings and lines of two columns; every key that closes things closes it."""

    AUTO_FOCUS: ClassVar[str | None] = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,question_mark,f1,enter", "cancel", "key.back", show=False),
        Binding("j", "scroll(1)", "key.down", show=False),
        Binding("k", "scroll(-1)", "key.up", show=False),
    ]

    def __init__(self, title: str, parts: Sequence[tuple[str, Sequence[tuple[str, str]]]], hint: str = "") -> None:
        super().__init__(title, hint)
        self._parts = parts

    def inside(self) -> Iterable[Widget]:
        """The lines; names in a column of their own, so that every sentence begins at the same place."""
        yield VerticalScroll(*self._lines(), id="body")

    def _lines(self) -> Iterable[Widget]:
        longest = max((len(name) for _, lines in self._parts for name, _ in lines), default=0)
        for heading, lines in self._parts:
            if heading:
                yield Static(Text(plain(heading)), classes="heading", markup=False)
            for name, sentence in lines:
                line = Static(Text(plain(sentence)), classes="sentence", markup=False)
                line.styles.margin = (0, 0, 0, 1)
                key = Static(Text(fit(plain(name), min(longest, 22)), no_wrap=True), classes="key", markup=False)
                key.styles.width = min(longest, 22) + 1
                yield Pair(key, line)

    def action_scroll(self, by: int) -> None:
        """Scroll by a line."""
        self.query_one("#body", VerticalScroll).scroll_relative(y=by, animate=False)


class Pair(Horizontal):
    """A name and its sentence side by side."""


class Twin(Dialog[None]):
    """The command that does on the command line what the screen does; `y` copies it."""

    AUTO_FOCUS: ClassVar[str | None] = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,e,enter", "cancel", "key.back", show=False),
        Binding("y", "copy", "key.copy", show=False),
    ]

    def __init__(self, title: str, command: str, hint: str) -> None:
        super().__init__(title, hint)
        self.command = plain(command)

    def inside(self) -> Iterable[Widget]:
        """The command alone."""
        yield VerticalScroll(Static(Text(self.command), id="command", markup=False), id="body")

    def action_copy(self) -> None:
        """Put the command into the clipboard."""
        self.app.copy_to_clipboard(self.command)
        self.app.notify(self.texts("shell.copied", text=self.command[:60]), markup=False)
