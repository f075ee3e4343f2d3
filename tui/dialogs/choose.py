"""One of several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.dialogs.dialog import Dialog
from tui.plain import plain


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: what is returned, and what is read."""

    id: str
    label: str


class Answers(OptionList):
    """The answers; arrows or j and k choose one, as in every list of the console."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "key.down", show=False),
        Binding("k", "cursor_up", "key.up", show=False),
        Binding("g", "first", "key.first", show=False),
        Binding("G", "last", "key.last", show=False),
    ]


class Choose(Dialog[str]):
    """Returns the id of the chosen answer; `body` are lines read before choosing, `present` is where the cursor is."""

    def __init__(self, title: str, choices: Sequence[Choice], body: Sequence[str] = (), *, present: str = "") -> None:
        super().__init__(title)
        self._choices = tuple(choices)
        self._body = tuple(body)
        self._present = next((at for at, choice in enumerate(self._choices) if choice.id == present), 0)

    def on_mount(self) -> None:
        """Begin at the present answer."""
        super().on_mount()
        self.query_one(Answers).highlighted = self._present

    def inside(self) -> Iterable[Widget]:
        """The lines, then the answers."""
        if self._body:
            yield VerticalScroll(Static(Text("\n".join(plain(line) for line in self._body)), markup=False), id="body")
        yield Answers(
            *(Option(Text(plain(choice.label)), id=choice.id) for choice in self._choices), compact=True, markup=False
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return the answer."""
        self.dismiss(event.option.id)
