"""What every window is that asks, warns or explains."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from tui.plain import plain
from tui.texts import Texts
from tui.widgets.too_small import HORIZONTAL, VERTICAL, TooSmall

if TYPE_CHECKING:
    from tui.app import Console

R = TypeVar("R")


class Dialog(ModalScreen[R | None], Generic[R]):
    """A window over the screen; esc closes it without an answer."""

    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL
    AUTO_FOCUS: ClassVar[str | None] = "Input, OptionList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "key.cancel", show=False),
        # Ahead of the focused widget's own queue: what is typed right after Tab belongs to the next field already.
        Binding("tab", "app.focus_next", "key.next_field", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", "key.previous_field", show=False, priority=True),
    ]

    def __init__(self, title: str, hint: str = "") -> None:
        super().__init__()
        self._title = title
        self._hint = hint
        self.busy = False
        self._answered = False

    @property
    def texts(self) -> Texts:
        """The texts of the chosen language."""
        return cast("Console", self.app).texts

    def compose(self) -> ComposeResult:
        """A frame with the title, what is inside, and the keys that count here."""
        with Vertical(id="window") as window:
            window.border_title = Text(plain(self._title))  # a str would be read as markup
            yield from self.inside()
            yield Static("", id="wrong", markup=False)
            yield Static(Text(self._hint or self.texts("dialogs.hint")), id="hint", markup=False)
        yield TooSmall(self.texts)

    def on_mount(self) -> None:
        """What was said in the corner before must not cover what is asked now."""
        self.app.clear_notifications()
        for below in self.app.screen_stack:
            below.query("ToastHolder").remove()

    def inside(self) -> Iterable[Widget]:
        """Return what the window holds."""
        raise NotImplementedError

    def wrong(self, sentence: str) -> None:
        """Say in the window what is wrong; nothing typed is lost."""
        self._tell("!", sentence)

    def under_way(self, sentence: str) -> None:
        """Say in the window that a change is on its way."""
        self._tell("↻", sentence)

    def _tell(self, sign: str, sentence: str) -> None:
        shown = self.query_one("#wrong", Static)
        shown.update(Text(f"{sign} {plain(sentence)}" if sentence else ""))
        shown.set_class(bool(sentence), "-on")

    def hint(self, sentence: str) -> None:
        """Name the keys that count now."""
        self.query_one("#hint", Static).update(Text(sentence))

    def begin(self) -> bool:
        """Begin to send a change; False while one is on its way, or done: nothing is sent twice.

        Whoever began sets `busy` back where the change was refused; after a change that was made the window closes.
        """
        begins = not self.busy
        self.busy = True
        return begins

    def dismiss(self, result: R | None = None) -> AwaitComplete:
        """Close with an answer; the first one counts."""
        if self._answered:
            return AwaitComplete()
        self._answered = True
        return super().dismiss(result)

    def action_cancel(self) -> None:
        """Close without an answer, unless a change is on its way: nobody leaves without knowing what became of it."""
        if not self.busy:
            self.dismiss(None)
