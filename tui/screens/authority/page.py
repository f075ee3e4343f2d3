"""Everything about one authority: the facts above, a tab for each part below."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar

from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from tui.calls import authorities
from tui.calls.records import EntryRow
from tui.client import Client
from tui.dialogs.choose import Choice, Choose
from tui.dialogs.confirm import Confirm
from tui.dialogs.form import FormWindow
from tui.dialogs.reading import Reading
from tui.facts import actor_of, in_a_line
from tui.formats import day, full
from tui.list_page import ListPage
from tui.page import Page
from tui.screens.authority import certificates, people
from tui.screens.authority.facts import facts
from tui.screens.authority.participation_forms import connection_form, participation_form, procedures_form
from tui.screens.authority.seen import Line, Seen
from tui.screens.authority.tabs import TABS
from tui.screens.journal import entry_window
from tui.screens.trace import TracePage
from tui.tables import Table
from tui.values import read
from tui.widgets.lines import TabLine

PATIENCE = 5.0
"""Seconds for which a key waits for the first answer."""


class AuthorityPage(ListPage[Line]):
    """One authority."""

    section = "authority"
    CSS_PATH = "authority.tcss"
    foot = ("key.next_tab", "key.edit", "key.new", "key.stop_or_go")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,tab", "tab(1)", "key.next_tab", key_display="→"),
        Binding("left,h,shift+tab", "tab(-1)", "key.previous_tab", show=False),
        Binding("b", "edit", "key.edit"),
        Binding("n", "new", "key.new"),
        Binding("delete,D", "remove", "key.remove", show=False),
        Binding("P", "stop_or_go", "key.stop_or_go"),
    ]

    def __init__(self, key: str, name: str, tab: str = "participation") -> None:
        super().__init__()
        self.seen = Seen(key, name)
        self.tab = tab
        self._at: dict[str, int] = {}
        self._there = asyncio.Event()

    # -- parts --------------------------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """The facts, the tabs, the list of the chosen one."""
        yield Static("", id="facts", markup=False)
        yield TabLine(list(TABS), [self.t(f"tab.{name}") for name in TABS], self.tab)
        yield from super().body()

    def table(self) -> Table[Line]:
        """Return the columns of the chosen tab."""
        return TABS[self.tab].table(self.seen, self.texts)

    def crumbs(self) -> Sequence[str]:
        """Where it was opened from, and the authority."""
        below = self.app.screen_stack[0]
        from_where = [self.texts(f"{below.section}.title")] if isinstance(below, Page) else []
        return [*from_where, self.seen.row.title or self.seen.name, self.t(f"tab.{self.tab}")]

    def twin(self) -> str:
        """The same on the command line."""
        commands = {
            "deliveries": f"bauweiche deliveries list --authority {self.seen.key}",
            "journal": f"bauweiche journal show --about {self.seen.key}",
        }
        return commands.get(self.tab, f"bauweiche authorities show {self.seen.key}")

    async def load(self, client: Client) -> None:
        """Fetch everything about the authority; what does not change is fetched once."""
        seen = self.seen
        if not seen.adapters:
            seen.adapters, seen.procedures, seen.releases = await asyncio.gather(
                authorities.adapters(client), authorities.procedures(client), authorities.releases(client)
            )
        seen.detail = await authorities.detail(client, seen.key)
        self._there.set()
        if self.tab == "deliveries":
            seen.deliveries = await authorities.deliveries_of(client, seen.key)
        if self.tab == "journal":
            seen.journal = await authorities.journal_of(client, seen.key)
        self._paint()

    def _paint(self) -> None:
        lines = facts(self.seen, self.texts, self.console.clock())
        text = Text("\n", no_wrap=True, overflow="ellipsis").join(lines)
        self.query_one("#facts", Static).update(text)
        rows = TABS[self.tab].rows(self.seen, self.texts)
        self.rows.table = self.table()
        self.rows.show(rows)
        self.rows.relayout()
        self.tell_list()

    def describe(self, item: Line) -> Sequence[str]:
        """Say the rest about a row, as far as the tab has more."""
        parts = {
            "participation": [item.get("note"), item.get("redirect_url")],
            "connection": [item.get("help")],
            "certificates": [item.get("subject"), f"SHA-256 {item.get('fingerprint', '')}"],
            "deliveries": [item.get("sentence"), item.get("message_id")],
            "notes": [item.get("text")],
            "journal": [item.get("why"), in_a_line(item.get("facts") or {}, self.texts)],
        }
        return [str(part) for part in parts.get(self.tab, []) if part]

    # -- tabs ---------------------------------------------------------------------------------------------------

    def action_tab(self, by: int) -> None:
        """Go to the next tab."""
        self.show_tab(self.query_one(TabLine).step(by))

    def on_tab_line_changed(self, event: TabLine.Changed) -> None:
        """A tab was clicked."""
        self.show_tab(event.name)

    def show_tab(self, name: str) -> None:
        """Show a tab; its cursor stands where it stood."""
        self._at[self.tab] = self.rows.cursor
        self.tab = name
        self.query_one(TabLine).choose(name)
        self.rows.change_table(self.table(), TABS[name].rows(self.seen, self.texts))
        self.rows.go_to_row(self._at.get(name, 0))
        self.tell_list()
        if name in ("deliveries", "journal"):
            self.reload()

    def opened(self, item: Line) -> None:
        """Enter edits where there is something to edit, and opens a delivery's case."""
        if self.tab == "deliveries":
            self.app.push_screen(TracePage(str(item.get("case_number") or item.get("message_id", ""))))
        elif self.tab == "journal":
            self.app.push_screen(entry_window(read(EntryRow, item), self.texts))
        elif self.tab == "notes":
            about = f"{full(item.get('at'))} · {actor_of(str(item.get('actor', '')), self.texts)}"
            parts = [(about, [("", line) for line in str(item.get("text", "")).splitlines()])]
            self.app.push_screen(Reading(self.t("note"), parts, self.texts("dialogs.hint_read")))
        elif self.tab == "certificates":
            self.app.push_screen(certificates.window(item, self.texts))
        elif self.tab in ("participation", "procedures", "connection", "contacts"):
            self.action_edit()

    # -- changes ------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="dialog")
    async def action_edit(self) -> None:
        """Open the form for what the tab shows."""
        await self._form(new=False)

    @work(exclusive=True, group="dialog")
    async def action_new(self) -> None:
        """Open the form for another entry of the tab."""
        await self._form(new=True)

    async def _loaded(self) -> bool:
        """Wait for the first answer: a key that is pressed before it comes is not lost."""
        try:
            await asyncio.wait_for(self._there.wait(), PATIENCE)
        except TimeoutError:
            self.say(self.texts("shell.no_data"), wrong=True)
        return self.is_current and self._there.is_set()

    async def _form(self, *, new: bool) -> None:
        if not await self._loaded():
            return
        client = await self.console.api()
        current = self.rows.current
        today = self.console.today()
        if self.tab == "participation":
            base = (current if not new else None) or self.seen.current()
            await self._ask(participation_form(self, client, self.seen, base or {}, today))
        elif self.tab == "procedures":
            await self._ask(procedures_form(self, client, self.seen, today))
        elif self.tab == "connection":
            adapter = await self._choose_adapter(change=new)
            if adapter:
                await self._ask(connection_form(self, client, self.seen, adapter, today))
        elif self.tab == "contacts":
            await self._ask(people.contact_form(self, client, self.seen, None if new else current))
        elif self.tab == "notes":
            await self._ask(people.note_form(self, client, self.seen))
        elif self.tab == "certificates":
            await certificates.take(self, client, self.seen)
            self.reload()
        else:
            self.say(self.t("nothing_to_edit"))

    async def _ask(self, form: Any) -> None:
        if await self.app.push_screen_wait(FormWindow(form, self.texts)):
            self.say(self.texts("dialogs.saved"))
        self.reload()

    async def _choose_adapter(self, *, change: bool) -> str:
        """Return the way to edit: the present one, or one to be chosen where there is none or another is wanted."""
        present = str(self.seen.current().get("adapter") or "")
        if present and not change and self.seen.adapter(present):
            return present
        choices = [Choice(str(one["name"]), str(one["title"])) for one in self.seen.adapters]
        return await self.app.push_screen_wait(Choose(self.t("choose_way"), choices)) or ""

    @work(exclusive=True, group="dialog")
    async def action_remove(self) -> None:
        """Take away what the cursor stands on, after a question."""
        current = self.rows.current
        if current is None or self.seen.detail is None:
            self.say(self.texts("shell.nothing_chosen"))
            return
        client = await self.console.api()
        key, etag = self.seen.key, self.seen.detail.etag
        if self.tab == "participation":
            lines = [self.t("remove.participation", day=day(str(current["valid_from"])))]
            begin = str(current["valid_from"])

            def remove(reason: str) -> Awaitable[Any]:
                return authorities.remove_participation(client, key, begin, reason, etag)

            await self.app.push_screen_wait(Confirm(self.t("remove"), lines, act=remove))
        elif self.tab == "contacts":
            await people.remove_contact(self, client, self.seen, current)
        elif self.tab == "certificates":
            await certificates.forget(self, client, self.seen, current)
        else:
            self.say(self.t("nothing_to_remove"))
        self.reload()

    @work(exclusive=True, group="dialog")
    async def action_stop_or_go(self) -> None:
        """Pause the authority, or resume."""
        if not await self._loaded():
            return
        paused = self.seen.row.paused
        word, call = ("resume", authorities.resume) if paused else ("pause", authorities.pause)
        client = await self.console.api()
        title = self.t(word, name=self.seen.row.title or self.seen.name)
        act = partial(call, client, self.seen.key)
        if await self.app.push_screen_wait(Confirm(title, [self.t(f"{word}.text")], act=act)):
            self.reload()
