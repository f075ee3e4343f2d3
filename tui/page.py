"""What every screen of the console is: a top line, the way there, a body, the keys; data that refresh by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from tui.client import ApiError, Client
from tui.plain import plain
from tui.texts import Texts
from tui.widgets.foot import Foot
from tui.widgets.head import Head
from tui.widgets.lines import Crumbs
from tui.widgets.too_small import HORIZONTAL, VERTICAL, TooSmall

if TYPE_CHECKING:
    from tui.app import Console


class Page(Screen[None]):
    """A screen; a subclass names its `section` of texts, draws `body()` and fills it in `load()`.

    `foot` names the keys of the bottom line in their order; without it the bindings that are to be shown stand there.
    """

    section: ClassVar[str] = ""
    foot: ClassVar[tuple[str, ...]] = ()
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL
    AUTO_FOCUS: ClassVar[str | None] = "Rows"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "key.back", show=False)]

    class Loaded(Message):
        """New data are on the screen (tests wait for it)."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded_at: datetime | None = None
        self.failure = ""

    # -- what a screen is made of -------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Top line, the way here, the body, a remark if something is wrong, the keys."""
        yield Head(self.texts)
        yield Crumbs()
        yield from self.body()
        yield Static("", id="notice", markup=False)
        yield Foot(self.word)
        yield TooSmall(self.texts)

    def body(self) -> Iterable[Widget]:
        """Return the widgets between the top lines and the keys."""
        raise NotImplementedError

    async def load(self, client: Client) -> None:
        """Fetch what the screen shows and show it.

        Raises:
            ApiError: the server could not be asked or refused.
        """
        raise NotImplementedError

    def twin(self) -> str:
        """Return the command that shows the same on the command line."""
        raise NotImplementedError

    def crumbs(self) -> Sequence[str]:
        """Return the way here; the last one is this screen."""
        return [self.t("title")]

    def help_lines(self) -> list[tuple[str, str]]:
        """Return names and sentences for the help: a line for each column, symbol or field."""
        return []

    # -- for subclasses -----------------------------------------------------------------------------------------

    @property
    def console(self) -> Console:
        """The application."""
        return cast("Console", self.app)

    @property
    def texts(self) -> Texts:
        """The texts of the chosen language."""
        return self.console.texts

    def t(self, name: str, /, **values: object) -> str:
        """Return a text of this screen's section."""
        return self.texts(f"{self.section}.{name}", **values)

    def word(self, name: str) -> str:
        """Return the word for a key: the screen's own, else the one all screens share."""
        own = f"{self.section}.{name}"
        return self.texts(own if self.texts.has(own) else f"shell.{name}") if name else ""

    def say(self, sentence: str, *, wrong: bool = False) -> None:
        """Tell the person something in a corner, as it is."""
        if wrong:
            self.app.notify(f"! {plain(sentence)}", severity="error", markup=False, timeout=8)
        else:
            self.app.notify(plain(sentence), markup=False, timeout=4)

    def tell_place(self, count: str = "", note: str = "") -> None:
        """Write the line that says where I am."""
        self.query_one(Crumbs).tell(self.crumbs(), count, note)

    # -- loading ------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Say where we are, then ask for the data."""
        self.tell_place()
        self.reload()

    def on_screen_resume(self) -> None:
        """Coming back shows the present state."""
        self.console.tick()
        if self.loaded_at is not None:
            self.reload()

    @work(exclusive=True, group="load")
    async def reload(self) -> None:
        """Load once; what is on the screen stays if that fails, and a sentence says why."""
        try:
            client = await self.console.api()
            if self.is_mounted:
                await self.load(client)
        except NoMatches:
            # The screen was closed while the answer was under way: nobody waits for it any more.
            return
        except ApiError as error:
            self.failed(error)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            # An answer of another version must not end the console; what was shown stays.
            self.log.error(repr(error))
            self.failed(ApiError(self.texts("errors.broken_answer")))
        else:
            self.loaded_at = self.console.clock()
            self._notice("")
            self.console.reached()
            self.post_message(self.Loaded())
        self.console.tick()

    def failed(self, error: ApiError) -> None:
        """Say what went wrong while loading."""
        self.console.missed(error)
        expired = error.code in ("token-expired", "token-invalid", "token-missing")
        self._notice(self.texts("errors.token_expired") if expired and self.console.has_token else error.text)

    def _notice(self, sentence: str) -> None:
        self.failure = sentence
        for notice in self.query("#notice").results(Static):
            notice.update(Text(f" ! {plain(sentence)}" if sentence else ""))
            notice.set_class(bool(sentence), "-on")

    # -- keys ---------------------------------------------------------------------------------------------------

    def action_back(self) -> None:
        """Go back one screen."""
        self.console.back()

    def copy(self, text: str) -> None:
        """Put a text into the terminal's clipboard (OSC 52, also over SSH)."""
        self.app.copy_to_clipboard("\t".join(plain(part) for part in text.split("\t")))
        self.say(self.texts("shell.copied", text=plain(text)[:60]))

    async def attempt(self, doing: Any) -> Any:
        """Await an answer; a refusal becomes a sentence and None."""
        try:
            return await doing
        except ApiError as error:
            self.say(error.with_faults(error.faults), wrong=True)
            return None
