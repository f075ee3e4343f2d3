"""Covers a screen that is too small to show what it must, and says so."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from tui.texts import Texts

HORIZONTAL = [(0, "-tiny"), (60, "-narrow"), (80, "-normal"), (120, "-wide")]
VERTICAL = [(0, "-flat"), (18, "-tall")]
"""Widths and heights from which a screen has a class of its own; the first ones are too small."""


class TooSmall(Static):
    """The sentence with the present size; what lies under it keeps its state and the keys."""

    def __init__(self, texts: Texts) -> None:
        super().__init__("", markup=False)
        self.texts = texts

    def render(self) -> Text:
        """Draw the sentence."""
        size = self.app.size
        return Text(self.texts("shell.too_small", width=size.width, height=size.height), justify="center")
