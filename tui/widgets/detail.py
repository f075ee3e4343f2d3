"""What is to be said about the row under the cursor: the first sentence whole, the rest as far as there is room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual.widget import Widget

from tui.plain import fit, plain
from tui.widgets.sheet import wrapped

INDENT = 1


def laid_out(lines: Sequence[str], width: int, height: int) -> list[str]:
    """Return the sentences in at most `height` lines: each keeps one line at least, the first takes what it needs."""
    sentences = [plain(line).strip() for line in lines]
    found: list[str] = []
    for at, sentence in enumerate(sentences):
        room = height - len(found) - (len(sentences) - at - 1)
        if room < 1:
            break
        parts = wrapped(sentence, width)
        found += parts if len(parts) <= room else [*parts[: room - 1], fit(" ".join(parts[room - 1 :]), width)]
    return found


class Detail(Widget):
    """A few lines of one indent below a list; how many, the stylesheet says."""

    DEFAULT_CSS = """
    Detail { height: auto; }
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.lines: tuple[str, ...] = ()

    def say(self, lines: Sequence[str]) -> None:
        """Take other sentences."""
        if tuple(lines) != self.lines:
            self.lines = tuple(lines)
            self.refresh()

    def render(self) -> Text:
        """Draw them."""
        lines = laid_out(self.lines, max(1, self.size.width - 2 * INDENT), self.size.height)
        return Text("\n".join(" " * INDENT + line for line in lines), no_wrap=True, overflow="crop")
