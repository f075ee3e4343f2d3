"""The journal, newest first: who did what to which case or authority and why, with the proof of the chain."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from gateway.domain.filtering import parse
from tui.calls import records
from tui.calls.deliveries import PAGE, Listed
from tui.calls.records import EntryRow
from tui.client import ApiError, Client
from tui.dialogs.reading import Reading
from tui.facts import actor_of, in_a_line, in_words
from tui.formats import full
from tui.paged import PagedPage
from tui.screens.timeline import event_text, stamp
from tui.screens.trace import TracePage
from tui.tables import Cell, Column, Table
from tui.texts import Texts

WHOLE = re.compile(r"bw-\d{4}-\w{4}-\w{4}|\d{8}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What can be the subject of an entry: a case number, an authority's key, an id. The server wants it whole."""


class JournalPage(PagedPage[EntryRow]):
    """The journal; a subject is looked up in an index, for all other words the server looks through the entries."""

    section = "journal"
    export_name = "protokoll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "export", "key.export", show=False),
        Binding("v", "verify", "key.verify"),
        Binding("t", "trace", "key.trace"),
    ]

    def table(self) -> Table[EntryRow]:
        """Return the columns."""
        return journal_table(self.texts)

    async def listed(self, client: Client, words: str, after: int, limit: int) -> Listed:
        """Return the entries that fit the filter."""
        about = about_of(words, self.texts)
        return await records.journal(client, about, self.asked_words(words), after=after, limit=limit)

    def twin(self) -> str:
        """The same on the command line."""
        about = about_of(self.rows.query_text, self.texts)
        about = f" --about {about}" if about else ""
        return self.worded(f"bauweiche journal show{about} --limit {PAGE}")

    def describe(self, item: EntryRow) -> Sequence[str]:
        """Say why, and the facts."""
        facts = in_a_line(item.facts, self.texts)
        return [item.why or "–", *([facts] if facts else []), f"{item.what} · {item.digest}"]

    def opened(self, item: EntryRow) -> None:
        """Read the whole entry."""
        self.app.push_screen(entry_window(item, self.texts))

    def action_trace(self) -> None:
        """Follow the case of the entry."""
        current = self.rows.current
        if current is not None and current.subject.startswith("BW-"):
            self.app.push_screen(TracePage(current.subject))
        else:
            self.say(self.t("no_case"))

    @work(exclusive=True, group="verify")
    async def action_verify(self) -> None:
        """Walk the whole hash chain."""
        self.say(self.t("verifying"))
        try:
            found = await records.verify(await self.console.api())
        except ApiError as error:
            self.say(error.text, wrong=True)
            return
        broken = found.get("broken") or {}
        lines = [
            (self.t("verify.count"), str(found.get("count", ""))),
            (self.t("verify.digest"), str(found.get("digest", ""))),
        ]
        if found.get("ok"):
            parts = [("✓ " + self.t("verify.ok"), lines), ("", [("", self.t("verify.what"))])]
        else:
            trouble = (self.t("verify.number"), f"{broken.get('number', '?')}: {broken.get('reason', '')}")
            parts = [("✕ " + self.t("verify.broken"), [trouble, *lines]), ("", [("", self.t("verify.then"))])]
        self.app.push_screen(Reading(self.t("verify"), parts, self.texts("dialogs.hint_read")))


def entry_window(item: EntryRow, texts: Texts) -> Reading:
    """Return the window in which a whole entry is read: who, what, about what, why, the facts, its digest."""
    entry = [
        (texts(f"journal.col.{name}"), value)
        for name, value in (
            ("at", full(item.at)),
            ("actor", actor_of(item.actor, texts)),
            ("subject", item.subject),
            ("why", item.why),
            ("name", item.what),
            ("digest", item.digest),
        )
    ]
    parts = [("", entry), (texts("journal.facts"), in_words(item.facts, texts) or [("", "–")])]
    title = texts("journal.entry", n=item.number, text=event_text(_as_event(item), texts))
    return Reading(title, parts, texts("dialogs.hint_read"))


def about_of(text: str, texts: Texts) -> str:
    """Return the subject that a filter names whole: after the field for it, or as a word of its own."""
    field = texts("journal.field.subject")
    for term in parse(text, {field: None}).terms:
        if not term.negated and term.field in ("", field) and WHOLE.fullmatch(term.values[0]):
            value = term.values[0]
            return value.upper() if value.startswith("bw-") else value
    return ""


def _as_event(row: EntryRow) -> dict[str, str]:
    return {"what": row.what, "text": row.text}


def journal_table(texts: Texts) -> Table[EntryRow]:
    """Return the list's columns and filter fields."""
    columns: tuple[Column[EntryRow], ...] = (
        Column("at", 15, lambda row: stamp(row.at), lambda row: row.number),
        Column("actor", 14, lambda row: actor_of(row.actor, texts), grow=1),
        Column("what", 26, lambda row: Cell(event_text(_as_event(row), texts), "strong"), grow=2),
        Column("subject", 17, lambda row: row.subject),
        Column("why", 20, lambda row: row.why, rank=1, grow=3),
        Column("number", 7, lambda row: Cell(str(row.number), "muted"), lambda row: row.number, rank=2, right=True),
    )
    fields: dict[str, Callable[[EntryRow], str]] = {
        texts("journal.field.subject"): lambda row: row.subject,
        texts("journal.field.actor"): lambda row: row.actor.replace("operator:", "operator: "),
        texts("journal.field.what"): lambda row: f"{row.what} {event_text(_as_event(row), texts)}",
    }
    return Table("journal", lambda row: str(row.number), columns, fields)
