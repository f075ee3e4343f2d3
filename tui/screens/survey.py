"""Surveys: a file is read as a draft, looked at row by row, applied as one dated batch, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui.calls import surveys
from tui.calls.deliveries import Listed
from tui.calls.surveys import LIMIT, Plan, SurveyHead
from tui.client import ApiError, Client, FieldFault
from tui.dialogs.form import Form, FormWindow
from tui.facts import who
from tui.formats import full, lately
from tui.forms import Field
from tui.paged import PagedPage
from tui.plain import plain
from tui.screens.plan import PlanPage, take_back
from tui.tables import Cell, Column, Table
from tui.texts import Texts

STATES: Mapping[str, tuple[str, str]] = {"draft": ("◔", ""), "applied": ("✓", "good"), "undone": ("↶", "muted")}


class SurveyPage(PagedPage[SurveyHead]):
    """All surveys, the newest first."""

    section = "survey"
    export_name = "umfragen"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "export", "key.export", show=False),
        Binding("n", "new", "key.new"),
        Binding("z", "undo", "key.undo"),
    ]

    def table(self) -> Table[SurveyHead]:
        """Return the columns."""
        return surveys_table(self.texts, self.console.clock)

    async def listed(self, client: Client, words: str, after: int, limit: int) -> Listed:
        """Return the surveys that fit the filter."""
        return await surveys.heads(client, self.asked_words(words), after=after, limit=limit)

    def twin(self) -> str:
        """The same on the command line."""
        return self.worded("bauweiche survey list")

    def describe(self, item: SurveyHead) -> Sequence[str]:
        """Say what can be done with it."""
        return [f" {self.t(f'describe.{item.state}')}", f" {full(item.at)} · {who(item.actor)} · {item.id}"]

    def opened(self, item: SurveyHead) -> None:
        """Open the dry run."""
        self.app.push_screen(PlanPage(item.id, item.name))

    @work(exclusive=True, group="dialog")
    async def action_new(self) -> None:
        """Ask for a file and read it; nothing is applied."""
        client = await self.console.api()
        first = {"valid_from": f"{self.console.today():%d.%m.%Y}"}
        fields = upload_fields(self.texts)
        form = Form(self.t("new"), fields, first, partial(_read_file, client, self.texts), intro=[self.t("new.what")])
        found = await self.app.push_screen_wait(FormWindow(form, self.texts))
        if isinstance(found, Plan):
            self.app.push_screen(PlanPage(found.id, found.name))

    @work(exclusive=True, group="dialog")
    async def action_undo(self) -> None:
        """Take the survey under the cursor back."""
        current = self.rows.current
        if current is None:
            self.say(self.texts("shell.nothing_chosen"))
            return
        if current.state != "applied":
            self.say(self.t("not_applied"))
            return
        if await take_back(self, current.id, current.name):
            self.reload()


def upload_fields(texts: Texts) -> list[Field]:
    """Return what is asked about a file."""
    return [
        Field("path", texts("survey.path"), "file", texts("survey.help.path"), required=True),
        Field("name", texts("survey.name"), "text", texts("survey.help.new_name")),
        Field("valid_from", texts("survey.valid_from"), "day", texts("survey.help.valid_from"), required=True),
    ]


async def _read_file(client: Client, texts: Texts, values: Mapping[str, Any]) -> Plan:
    """Send the file; every trouble with it is said below its field."""
    path = Path(str(values["path"])).expanduser()
    try:
        if path.is_file() and path.stat().st_size > LIMIT:
            raise _about_path(texts("survey.too_large", n=LIMIT // 1_000_000))
        octets = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _about_path(texts("errors.file", name=plain(path), reason=plain(reason))) from error
    name = str(values.get("name") or path.stem)[:100]
    return await surveys.upload(client, name, path.name, octets, str(values["valid_from"]))


def _about_path(sentence: str) -> ApiError:
    return ApiError(sentence, faults=(FieldFault("/path", sentence),))


def surveys_table(texts: Texts, clock: Callable[[], datetime]) -> Table[SurveyHead]:
    """Return the list's columns and filter fields."""
    columns: tuple[Column[SurveyHead], ...] = (
        Column("name", 24, lambda row: Cell(row.name, "strong"), lambda row: row.name, grow=3),
        Column("state", 16, lambda row: survey_state(row.state, texts)),
        Column("rows", 6, lambda row: str(row.rows), lambda row: row.rows, right=True),
        Column("changes", 10, lambda row: str(row.changes), lambda row: row.changes, right=True),
        Column("at", 8, lambda row: lately(row.at, clock(), texts), lambda row: row.at, right=True),
        Column("actor", 14, lambda row: who(row.actor), rank=1, grow=1),
    )
    fields: dict[str, Callable[[SurveyHead], str]] = {
        texts("survey.field.state"): lambda row: texts(f"survey.state.{row.state}"),
        texts("survey.field.actor"): lambda row: row.actor,
    }
    return Table("survey", lambda row: row.id, columns, fields)


def survey_state(code: str, texts: Texts) -> Cell:
    """Return sign and word of a survey's state."""
    sign, tone = STATES.get(code, ("?", ""))
    name = f"survey.state.{code}"
    return Cell(f"{sign} {texts(name) if texts.has(name) else code}", tone)
