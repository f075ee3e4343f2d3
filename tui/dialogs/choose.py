"""One of several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.text import Text
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


class Choose(Dialog[str]):
    """Returns the id of the chosen answer; `body` are lines read before choosing."""

    def __init__(self, title: str, choices: Sequence[Choice], body: Sequence[str] = ()) -> None:
        super().__init__(title)
        self._choices = tuple(choices)
        self._body = tuple(body)

    def inside(self) -> Iterable[Widget]:
        """The lines, then the answers."""
        if self._body:
            yield VerticalScroll(Static(Text("\n".join(plain(line) for line in self._body)), markup=False), id="body")
        yield OptionList(
            *(Option(Text(plain(choice.label)), id=choice.id) for choice in self._choices), compact=True, markup=False
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return the answer."""
        self.dismiss(event.option.id)
