"""Replies that belong to no case yet: why, which cases they may mean, and what a human decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui.calls import deliveries, records
from tui.calls.deliveries import Listed
from tui.calls.records import ReplyRow
from tui.client import ApiError, Client
from tui.dialogs.ask import Ask
from tui.dialogs.choose import Choice, Choose
from tui.dialogs.confirm import Confirm
from tui.formats import age, full, moment, size
from tui.paged import PagedPage
from tui.screens.trace import TracePage
from tui.tables import Cell, Column, Table
from tui.texts import Texts

OTHER, DISCARD = "other", "discard"


class RepliesPage(PagedPage[ReplyRow]):
    """The replies in quarantine, the oldest first."""

    section = "replies"
    export_name = "ruecklaeufe"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "export", "key.export", show=False),
        Binding("a", "act", "key.act"),
        Binding("t", "trace", "key.trace"),
    ]

    def table(self) -> Table[ReplyRow]:
        """Return the columns."""
        return replies_table(self.texts, self.console.clock)

    async def listed(self, client: Client, words: str, after: int, limit: int) -> Listed:
        """Return the replies that fit the filter."""
        return await records.replies(client, self.asked_words(words), after=after, limit=limit)

    def twin(self) -> str:
        """The same list on the command line."""
        return self.worded("bauweiche replies list")

    def describe(self, item: ReplyRow) -> Sequence[str]:
        """Say the reason and the candidates."""
        found = [self.t("candidate", **_candidate(one)) for one in item.candidates[:1]]
        facts = [full(item.received_at), item.via, size(item.size), item.id]
        return [
            f" {item.reason}",
            *(f" {line}" for line in found or [self.t("no_candidate")]),
            f" {' · '.join(fact for fact in facts if fact)}",
        ]

    def opened(self, item: ReplyRow) -> None:  # noqa: ARG002  # the row under the cursor is the one
        """Decide about the reply."""
        self.action_act()

    @work(exclusive=True, group="dialog")
    async def action_trace(self) -> None:
        """Look at the likeliest case before deciding."""
        current = self.rows.current
        if current is None or not current.candidates:
            self.say(self.t("no_candidate"))
            return
        self.app.push_screen(TracePage(str(current.candidates[0].get("case_number", ""))))

    @work(exclusive=True, group="dialog")
    async def action_act(self) -> None:
        """Ask which case the reply belongs to, or whether it is thrown away."""
        reply = self.rows.current
        if reply is None:
            self.say(self.texts("shell.nothing_chosen"))
            return
        client = await self.console.api()
        chosen = await self.app.push_screen_wait(self._choices(reply))
        if chosen == DISCARD:
            await self._discard(client, reply)
        elif chosen:
            number = chosen if chosen != OTHER else await self._other(client)
            if number:
                await self._assign(client, reply, number)

    def _choices(self, reply: ReplyRow) -> Choose:
        title = self.t("title_one", number=reply.number or "–", name=reply.authority_name)
        choices = []
        if reply.assignable:
            choices += [
                Choice(str(one.get("case_number", "")), self.t("assign", **_candidate(one))) for one in reply.candidates
            ]
            choices.append(Choice(OTHER, self.t("other")))
        return Choose(title, [*choices, Choice(DISCARD, self.t("discard"))], [reply.reason, ""])

    async def _other(self, client: Client) -> str:
        """Ask for a case by any of its numbers; it must mean exactly one."""

        async def take(words: str) -> str:
            found = await deliveries.trace(client, words)
            if len(found) != 1:
                none = "none" if not found else "not_one"
                raise ApiError(self.t(none, n=len(found), words=words))
            return str(found[0].case.get("number", ""))

        return await self.app.push_screen_wait(Ask(self.t("other"), self.texts("trace.find_label"), take)) or ""

    async def _assign(self, client: Client, reply: ReplyRow, number: str) -> None:
        lines = [self.t("assign.what", number=reply.number or "–", name=reply.authority_name, case=number)]
        act = partial(records.assign, client, reply.id, number)
        if await self.app.push_screen_wait(Confirm(self.t("assign.confirm", case=number), lines, act=act)):
            self.say(self.t("assigned", case=number))
        self.reload()

    async def _discard(self, client: Client, reply: ReplyRow) -> None:
        typed, act = reply.authority_name or reply.number, partial(records.discard, client, reply.id)
        window = Confirm(self.t("discard.confirm"), [self.t("discard.what")], typed=typed, act=act)
        if await self.app.push_screen_wait(window):
            self.say(self.t("discarded"))
        self.reload()


def _candidate(one: Mapping[str, Any]) -> dict[str, str]:
    reasons = ", ".join(str(reason) for reason in one.get("reasons") or [])
    return {"case": str(one.get("case_number", "")), "score": str(one.get("score", "")), "reasons": reasons or "–"}


def replies_table(texts: Texts, clock: Callable[[], datetime]) -> Table[ReplyRow]:
    """Return the list's columns and filter fields."""

    def waits(row: ReplyRow) -> str:
        at = moment(row.received_at)
        return age((clock() - at).total_seconds(), texts) if at else "–"

    def best(row: ReplyRow) -> Cell:
        first = row.candidates[0] if row.candidates else {}
        return Cell(str(first.get("case_number", "")) or "–", "strong" if first else "muted")

    columns: tuple[Column[ReplyRow], ...] = (
        Column("age", 7, waits, lambda row: row.received_at, right=True),
        Column("authority", 18, lambda row: Cell(row.authority_name, "strong"), grow=1),
        Column("number", 6, lambda row: f"{row.number or '–'}{' T' if row.test else ''}"),
        Column("candidate", 17, best),
        Column(
            "score",
            6,
            lambda row: str(row.candidates[0].get("score", "")) if row.candidates else "–",
            lambda row: row.candidates[0].get("score") if row.candidates else None,
            right=True,
        ),
        Column("reason", 16, lambda row: row.reason, rank=1, grow=4),
    )
    fields: dict[str, Callable[[ReplyRow], str]] = {
        texts("replies.field.authority"): lambda row: f"{row.authority} {row.authority_name}",
        texts("replies.field.number"): lambda row: row.number,
    }
    return Table("replies", lambda row: row.id, columns, fields)
