"""Windows to read: the help made from a screen, and the command that does the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from tui.dialogs.dialog import Dialog
from tui.plain import plain
from tui.tables import Cell
from tui.widgets.sheet import Line, Paper, Sheet

LONGEST_NAME = 22


class Reading(Dialog[None]):
    """Headings and lines of two columns; every key that closes things closes it."""

    AUTO_FOCUS: ClassVar[str | None] = "Paper"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,question_mark,f1,enter", "cancel", "key.back", show=False),
    ]

    def __init__(self, title: str, parts: Sequence[tuple[str, Sequence[tuple[str, str]]]], hint: str = "") -> None:
        super().__init__(title, hint)
        self._parts = parts

    def inside(self) -> Iterable[Widget]:
        """The lines; names in a column of their own, so that every sentence begins at the same place."""
        longest = max((len(name) for _, lines in self._parts for name, _ in lines), default=0)
        sheet = Sheet(min(longest, LONGEST_NAME))
        sheet.show(list(self._lines()))
        yield Paper(sheet, id="body")

    def _lines(self) -> Iterable[Line]:
        for number, (heading, lines) in enumerate(self._parts):
            if number:
                yield Line(said=(Cell(" "),))
            if heading:
                yield Line(said=(Cell(heading, "accent"),))
            for name, sentence in lines:
                yield Line(name or " ", "strong", (Cell(sentence),))


class Twin(Dialog[None]):
    """The command that does on the command line what the screen does; `y` copies it."""

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
