"""All authorities in one list: who takes part, how, how far, and what needs somebody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from gateway.domain.filtering import fold
from tui import signs
from tui.calls import authorities
from tui.client import Client
from tui.dialogs.choose import Choice, Choose
from tui.dialogs.confirm import Confirm
from tui.dialogs.reading import Reading
from tui.each import Troubles, each
from tui.formats import day, lately, moment
from tui.list_page import ListPage
from tui.screens.bulk import change_several
from tui.tables import Cell, Column, Table
from tui.texts import Texts
from tui.values import AuthorityRow


class AuthoritiesPage(ListPage[AuthorityRow]):
    """The list of authorities."""

    section = "authorities"
    export_name = "behoerden"
    foot = ("key.act", "key.filter", "key.mark", "key.export")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("a", "act", "key.act")]

    def table(self) -> Table[AuthorityRow]:
        """Return the columns."""
        return authorities_table(self.texts, self.console.clock)

    async def fetch(self, client: Client) -> Sequence[AuthorityRow]:
        """Return all rows."""
        rows = await authorities.rows(client)
        self.console.known = rows
        return rows

    def twin(self) -> str:
        """The same list on the command line."""
        return self.worded("bauweiche authorities list")

    def describe(self, item: AuthorityRow) -> Sequence[str]:
        """Say the rest about a row."""
        return describe(item, self.texts)

    def opened(self, item: AuthorityRow) -> None:
        """Open everything about it."""
        self.console.open_authority(item.key, item.title or item.name)

    @work(exclusive=True, group="dialog")
    async def action_act(self) -> None:
        """Ask what to do with the marked rows, or with the one under the cursor."""
        chosen = self.rows.affected
        if not chosen:
            self.say(self.texts("shell.nothing_chosen"))
            return
        choices = [Choice(name, self.t(f"act.{name}")) for name in ("change", "pause", "resume")]
        title = self.t("act", n=len(chosen), names=_names(chosen))
        act = await self.app.push_screen_wait(Choose(title, choices))
        if act == "change":
            await change_several(self, chosen)
        elif act:
            await self._stop_or_go(act, chosen)

    async def _stop_or_go(self, act: str, chosen: Sequence[AuthorityRow]) -> None:
        """Pause or resume each; what one of them refuses keeps nobody else from it, and is said at the end."""
        lines = [f"· {row.title or row.name}" for row in chosen]
        call = authorities.pause if act == "pause" else authorities.resume

        async def do(reason: str) -> tuple[int, Troubles]:
            client = await self.console.api()
            acts = [(row.title or row.name, partial(call, client, row.key, reason)) for row in chosen]
            return await each(acts, self.texts)

        window = Confirm(self.t(f"act.{act}"), lines, act=do)
        if not await self.app.push_screen_wait(window):
            return
        done, troubles = window.outcome
        self.say(self.t(f"act.{act}.done", n=done, total=len(chosen)))
        self.rows.marks = set()
        self.reload()
        if troubles:
            title = self.t("act.troubles", n=len(troubles))
            await self.app.push_screen_wait(Reading(title, [("", troubles)], self.texts("dialogs.hint_read")))

    def export_table(self) -> Table[AuthorityRow]:
        """An export has the keys too."""
        table = self.rows.table
        more = (
            Column[AuthorityRow]("key", 8, lambda row: row.key),
            Column[AuthorityRow]("dvdv_key", 12, lambda row: row.dvdv_key),
        )
        return Table(table.section, table.key, (*more, *table.columns), table.fields)


def authorities_table(texts: Texts, clock: Callable[[], datetime]) -> Table[AuthorityRow]:
    """Return the list's columns and filter fields in a language."""
    stages = list(signs.STAGES)
    columns: tuple[Column[AuthorityRow], ...] = (
        Column("name", 19, lambda row: Cell(row.name, "strong"), lambda row: fold(row.name), grow=3),
        Column("kreis", 4, lambda row: row.kreis_abbr, rank=5),
        Column("kind", 9, lambda row: texts.value("kind", row.kind), rank=6),
        Column("option", 8, lambda row: signs.option_short(row.option, texts), lambda row: row.option),
        Column("procedures", 3, _procedures, lambda row: len(row.procedures), rank=7, right=True),
        Column(
            "way",
            10,
            lambda row: Cell(signs.way(row.adapter, row.adapter_title, texts), "" if row.adapter else "muted"),
            lambda row: row.adapter_title or row.adapter,
            grow=1,
        ),
        Column("release", 7, lambda row: Cell(row.release or "–", "" if row.release else "muted"), rank=1),
        Column(
            "stage",
            13,
            lambda row: _stage(row, texts),
            lambda row: stages.index(row.stage) if row.stage in stages else len(stages),
        ),
        Column(
            "pickup",
            7,
            lambda row: Cell(lately(row.last_pickup, clock(), texts), "" if row.last_pickup else "muted"),
            lambda row: moment(row.last_pickup),
            rank=3,
        ),
        Column("open", 4, _open, lambda row: row.open_items or None, rank=4, right=True),
        Column(
            "certificate",
            7,
            lambda row: signs.days(row.certificate_days, texts, short=True),
            lambda row: row.certificate_days,
            rank=2,
            right=True,
        ),
        Column("next", 13, _next, lambda row: (row.next_change or {}).get("valid_from"), rank=8),
    )
    return Table("authorities", lambda row: row.key, columns, _fields(texts), _more)


def _fields(texts: Texts) -> dict[str, Callable[[AuthorityRow], str]]:
    fields: dict[str, Callable[[AuthorityRow], str]] = {
        "option": lambda row: row.option,
        "way": lambda row: f"{row.adapter} {row.adapter_title}",
        "stage": lambda row: (
            f"{texts.value('stage', row.stage)} {texts.value('phase', row.phase)}"
            + (f" {texts.value('phase', 'paused')}" if row.paused else "")
        ),
        "kreis": lambda row: f"{row.kreis_abbr} {row.kreis} {row.kreis_key}",
        "kind": lambda row: f"{texts.value('kind', row.kind)} {row.kind_label}",
        "release": lambda row: row.release,
        "procedure": lambda row: " ".join(row.procedures),
        "district": lambda row: row.district,
        "certificate": lambda row: "" if row.certificate_days is None else str(row.certificate_days),
        "open": lambda row: str(row.open_items),
        "held": lambda row: str(row.held),
    }
    return {texts(f"authorities.field.{name}"): find for name, find in fields.items()}


def _more(row: AuthorityRow) -> str:
    """Return what free words find besides the columns."""
    return f"{row.title} {row.dvdv_key} {row.kreis} {row.adapter} {row.kind_label}"


def _procedures(row: AuthorityRow) -> Cell:
    return Cell(str(len(row.procedures)) if row.procedures else "–", "" if row.procedures else "muted")


def _stage(row: AuthorityRow, texts: Texts) -> Cell:
    if row.paused:
        return signs.stage("paused", texts)
    if row.option in ("3a", "3b"):
        return Cell("–", "muted")
    return signs.stage(row.stage, texts)


def _open(row: AuthorityRow) -> Cell:
    if row.held:
        return Cell(f"!{row.open_items}", "bad")
    return Cell(str(row.open_items) if row.open_items else "–", "" if row.open_items else "muted")


def _next(row: AuthorityRow) -> str:
    change = row.next_change or {}
    return f"{day(change.get('valid_from'))[:6]} → {change.get('option', '')}" if change else ""


def describe(row: AuthorityRow, texts: Texts) -> list[str]:
    """Return two lines that say what the columns could not."""
    kreis = row.kreis if row.kreis not in (row.title, row.name) else ""
    district = texts("authority.district", name=row.district) if row.district else ""
    first = [row.key, row.dvdv_key, row.kind_label, kreis, district]
    second = [texts("authorities.procedures", names=", ".join(row.procedures))] if row.procedures else []
    if row.held:
        second.insert(0, texts("authorities.held", n=row.held))
    if row.paused:
        second.insert(0, texts("authorities.paused", why=row.paused_why or "–"))
    if row.next_change:
        change = row.next_change
        second.append(texts("authorities.next", day=day(change.get("valid_from")), option=change.get("option", "")))
    if row.option == "3a" and row.redirect_url:
        second.append(row.redirect_url)
    if not second:
        second = [texts(f"authorities.plain.{row.option}") if row.option in signs.OPTIONS else ""]
    return [" " + " · ".join(part for part in first if part), " " + " · ".join(second)]


def _names(chosen: Sequence[AuthorityRow]) -> str:
    names = ", ".join(row.name for row in chosen[:3])
    return names + (" …" if len(chosen) > 3 else "")
