"""A question before something is changed: with the reason, and where it matters the name to type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.dialogs.dialog import Dialog
from tui.plain import plain

REASON_LIMIT = 500


class Confirm(Dialog[str]):
    """Returns the reason. `typed` must be entered exactly (go-live, end, purge, large bulks), `reason` pre-fills."""

    def __init__(self, title: str, lines: Sequence[str] = (), *, typed: str = "", reason: str = "") -> None:
        super().__init__(title)
        self._lines = tuple(lines)
        self._typed = plain(typed)
        self._reason = reason

    def inside(self) -> Iterable[Widget]:
        """What will happen, why, and the name."""
        if self._lines:
            yield VerticalScroll(Static(Text("\n".join(plain(line) for line in self._lines)), markup=False), id="body")
        yield Static(Text(self.texts("dialogs.reason")), classes="label", markup=False)
        yield Input(self._reason, id="reason", compact=True, max_length=REASON_LIMIT)
        if self._typed:
            yield Static(Text(self.texts("dialogs.type_name", name=self._typed)), classes="label", markup=False)
            yield Input(id="typed", compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes on to the next line, on the last one it confirms."""
        event.stop()
        if event.input.id == "reason" and self._typed and event.value.strip():
            self.query_one("#typed", Input).focus()
            return
        self._finish()

    def _finish(self) -> None:
        reason = " ".join(self.query_one("#reason", Input).value.split())
        if not reason:
            self.wrong(self.texts("dialogs.reason_missing"))
            self.query_one("#reason", Input).focus()
        elif self._typed and " ".join(self.query_one("#typed", Input).value.split()) != self._typed:
            self.wrong(self.texts("dialogs.typed_wrong", name=self._typed))
        else:
            self.dismiss(reason)
