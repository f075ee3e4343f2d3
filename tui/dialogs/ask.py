"""A question with one line as its answer; what is wrong with the answer is said in the window."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from rich.text import Text
from textual import work
from textual.containers import VerticalScroll
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.client import ApiError
from tui.dialogs.dialog import Dialog
from tui.plain import plain


class Ask(Dialog[Any]):
    """Returns what `take` makes of the answer; where `take` raises ApiError the window stays and says why."""

    def __init__(
        self,
        title: str,
        label: str,
        take: Callable[[str], Awaitable[Any]],
        *,
        value: str = "",
        lines: Sequence[str] = (),
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__(title)
        self._label, self._take, self._value = label, take, value
        self._lines = tuple(lines)
        self._suggester = suggester

    def inside(self) -> Iterable[Widget]:
        """The question and the line."""
        if self._lines:
            yield VerticalScroll(Static(Text("\n".join(plain(line) for line in self._lines)), markup=False), id="body")
        yield Static(Text(plain(self._label)), classes="label", markup=False)
        yield Input(self._value, id="answer", compact=True, suggester=self._suggester, max_length=500)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Try the answer."""
        event.stop()
        self._try(" ".join(event.value.split()))

    @work(exclusive=True, group="ask")
    async def _try(self, answer: str) -> None:
        if not answer:
            return
        self.wrong("")
        try:
            taken = await self._take(answer)
        except ApiError as error:
            self.wrong(error.with_faults(error.faults))
        else:
            self.dismiss(taken)
