"""The console: where the screens come together. It knows who is asked, what time it is and which language is spoken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any, ClassVar, cast

from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.events import DescendantFocus
from textual.screen import Screen
from textual.widgets import Input, TextArea

from gateway.domain.calendar import local_date
from tui import styles
from tui.calls import desk
from tui.client import UNREACHABLE, ApiError, Client
from tui.dialogs.reading import Reading, Twin
from tui.in_order import InOrder
from tui.page import Page
from tui.palette import AuthorityHits, ScreenHits
from tui.screens import PLACES, open_page
from tui.texts import Texts
from tui.themes import THEMES
from tui.values import AuthorityRow
from tui.widgets.head import Head, Status
from tui.widgets.too_small import HORIZONTAL, VERTICAL

REFRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Setting:
    """How a console is started; `connect` may take its time and is called in a thread of its own."""

    connect: Callable[[], Client]
    texts: Texts
    clock: Callable[[], datetime]
    read_only: bool = False
    has_token: bool = False
    theme: str = THEMES[0].name
    first: str = PLACES[0].name
    refresh_seconds: float = REFRESH_SECONDS


class Console(InOrder):
    """The operators' console."""

    CSS_PATH: ClassVar[Any] = styles.PATHS
    TITLE = "Bauweiche"
    COMMANDS: ClassVar[set[Any]] = {ScreenHits, AuthorityHits}
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL
    AUTO_FOCUS: ClassVar[str | None] = "Rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "explain", "key.help", key_display="?"),
        Binding("colon,ctrl+p", "command_palette", "key.palette", show=False, key_display=":"),
        Binding("r", "refresh_now", "key.refresh", show=False),
        Binding("p", "toggle_pause", "key.pause", show=False),
        Binding("e", "twin", "key.twin", show=False),
        Binding("T", "next_theme", "key.theme", show=False),
        Binding("q", "quit", "key.quit", show=False),
        *(
            Binding(place.key, f"go('{place.name}')", f"place.{place.name}", show=False)
            for place in PLACES
            if place.key
        ),
    ]

    def __init__(self, setting: Setting) -> None:
        # Begun in its first mode, the console draws no empty screen before: that costs as much as the screen itself.
        self.DEFAULT_MODE = setting.first  # type: ignore[misc]  # chosen per console, though Textual has it per class
        super().__init__()
        self.stylesheet = styles.ReadOnce(variables=self.get_css_variables())
        self.setting = setting
        self.texts = setting.texts
        self.clock = setting.clock
        self.has_token = setting.has_token
        self.status = Status(read_only=setting.read_only)
        self.known: list[AuthorityRow] = []
        self.animation_level = "none"
        self._client: Client | None = None
        self._broken: ApiError | None = None
        self._connected = asyncio.Event()
        for theme in THEMES:
            self.register_theme(theme)
        self.colours = [theme.name for theme in THEMES if not (self.no_color and theme.name.endswith("-ansi"))]
        self.theme = setting.theme if setting.theme in self.colours else self.colours[0]
        for place in PLACES:
            self.add_mode(place.name, partial(open_page, place))

    # -- life ---------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Connect while the first screen is drawn."""
        self.connect()
        self.set_interval(1.0, self.tick)
        if self.setting.refresh_seconds:
            self.set_interval(self.setting.refresh_seconds, self._refresh)

    @work(exclusive=True, group="connect")
    async def connect(self) -> None:
        """Get the client ready and learn who sits here."""
        try:
            self._client = await asyncio.to_thread(self.setting.connect)
        except ApiError as error:
            self._broken = error
        self._connected.set()
        await self.learn_who()

    async def learn_who(self) -> None:
        """Ask the server who sits here; without an answer the top line says so and it is asked again."""
        try:
            me = await desk.me(await self.api())
        except ApiError as error:
            self.missed(error)
            return
        self.status = replace(self.status, me=me, read_only=self.setting.read_only or me.read_only)
        self.tick()

    async def api(self) -> Client:
        """Return the client as soon as there is one.

        Raises:
            ApiError: the installation could not be opened.
        """
        await self._connected.wait()
        if self._client is None:
            raise self._broken or ApiError(self.texts("errors.unreachable"))
        return self._client

    async def on_unmount(self) -> None:
        """Give the connections back."""
        if self._client is not None:
            await self._client.close()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """No cursor blinks: nothing is sent over the line while nobody types."""
        if isinstance(event.widget, (Input, TextArea)):
            event.widget.cursor_blink = False

    # -- state of the connection --------------------------------------------------------------------------------

    def reached(self) -> None:
        """The server has answered."""
        self.status = replace(self.status, offline_since=None)
        if not self.status.me.name:
            self.run_worker(self.learn_who(), exclusive=True, group="who")

    def missed(self, error: ApiError) -> None:
        """The server has not answered, or refused."""
        if error.code == UNREACHABLE and self.status.offline_since is None:
            self.status = replace(self.status, offline_since=self.clock())
        self.tick()

    def tick(self) -> None:
        """Let the top line tell the present age of the data."""
        page = self.page
        if page is not None:
            now = self.clock()
            for head in page.query(Head):
                head.tell(replace(self.status, loaded_at=page.loaded_at), now)

    @property
    def page(self) -> Page | None:
        """The page that is shown, or the one below the window that is."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Page)), None)

    def _refresh(self) -> None:
        if not self.leaving and not self.status.paused and isinstance(self.screen, Page):
            self.screen.reload()

    # -- going somewhere ----------------------------------------------------------------------------------------

    async def action_go(self, name: str) -> None:
        """Go to a screen; from a page that was opened in it, back to its beginning."""
        if self.current_mode == name:
            await self._to_the_root()
        await self.switch_mode(name)

    async def _to_the_root(self) -> None:
        while len(self.screen_stack) > 1:
            await self.pop_screen()

    async def visit(self, name: str, filter_text: str) -> None:
        """Go to a list with a filter set."""
        await self.switch_mode(name)
        await self._to_the_root()
        self.call_after_refresh(partial(getattr(self.screen, "filter_by"), filter_text))  # noqa: B009  # lists have it

    def open_authority(self, key: str, name: str, tab: str = "participation") -> None:
        """Open everything about one authority; its module is read when it is first needed."""
        from tui.screens.authority import AuthorityPage

        self.push_screen(AuthorityPage(key, name, tab))

    def back(self) -> None:
        """Close the page that was opened last; the first one of a place stays."""
        if len(self.screen_stack) > 1:
            self.pop_screen()

    # -- keys ---------------------------------------------------------------------------------------------------

    def get_key_display(self, binding: Binding) -> str:
        """Return a key's name as it stands on the keyboard."""
        name = f"shell.keyname.{binding.key}"
        if binding.key_display:
            return binding.key_display
        if binding.key.startswith("ctrl+"):
            return f"{self.texts('shell.keyname.ctrl')}+{binding.key[5:].upper()}"
        return self.texts(name) if self.texts.has(name) else super().get_key_display(binding)

    def action_refresh_now(self) -> None:
        """Load now."""
        if isinstance(self.screen, Page):
            self.screen.reload()

    def action_toggle_pause(self) -> None:
        """Stop or resume the refreshing."""
        self.status = replace(self.status, paused=not self.status.paused)
        text = "shell.pause_on" if self.status.paused else "shell.pause_off"
        self.notify(self.texts(text, n=round(self.setting.refresh_seconds or REFRESH_SECONDS)), markup=False)
        self.tick()

    def action_twin(self) -> None:
        """Show the command that does the same."""
        if isinstance(self.screen, Page):
            self.push_screen(Twin(self.texts("dialogs.twin"), self.screen.twin(), self.texts("dialogs.hint_twin")))

    def action_next_theme(self) -> None:
        """Dark, light, as the terminal."""
        at = self.colours.index(self.theme) if self.theme in self.colours else -1
        self.use_theme(self.colours[(at + 1) % len(self.colours)])

    def use_theme(self, name: str) -> None:
        """Change the colours and say which they are now."""
        self.theme = name
        self.notify(self.texts("shell.theme", name=self.texts(f"shell.theme.{name}")), markup=False, timeout=3)

    def action_explain(self) -> None:
        """Show the help, made from the screen itself."""
        page = self.screen
        if isinstance(page, Page):
            from tui.help import help_parts

            title = self.texts("dialogs.help", screen=page.crumbs()[-1])
            self.push_screen(Reading(title, help_parts(page), self.texts("dialogs.hint_read")))

    def action_command_palette(self) -> None:
        """Open the palette, in the language of the console."""
        if not CommandPalette.is_open(cast("App[object]", self)):  # its own type asks for less than it says
            self.push_screen(CommandPalette(placeholder=self.texts("shell.palette.placeholder")))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002  # Textual's
        """Nothing of the framework's own: the palette offers this console's commands."""
        return ()

    def today(self) -> date:
        """Return the present day in Germany."""
        return local_date(self.clock())
