"""A question before something is changed: with the reason, and where it matters the name to type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from rich.text import Text
from textual import work
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.client import ApiError
from tui.dialogs.dialog import Dialog
from tui.plain import plain

REASON_LIMIT = 500


class Confirm(Dialog[str]):
    """Returns the reason. `typed` must be entered exactly (go-live, end, purge, large bulks), `reason` pre-fills.

    With `act` it is done from here: a refusal or a lost connection is said in the window, and what was typed stays.
    What `act` returned is `outcome` then.
    """

    def __init__(
        self,
        title: str,
        lines: Sequence[str] = (),
        *,
        typed: str = "",
        reason: str = "",
        act: Callable[[str], Awaitable[Any]] | None = None,
    ) -> None:
        super().__init__(title)
        self._act = act
        self.outcome: Any = None
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
        elif self._act is None:
            self.dismiss(reason)
        elif self.begin():
            self._do(self._act, reason)

    @work(group="act")
    async def _do(self, act: Callable[[str], Awaitable[Any]], reason: str) -> None:
        self.under_way(self.texts("dialogs.under_way"))
        try:
            self.outcome = await act(reason)
        except ApiError as error:
            self.busy = False
            self.wrong(error.with_faults(error.faults))
        else:
            self.dismiss(reason)
