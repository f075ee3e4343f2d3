"""The dry run of a survey: row by row what would change and why, what is wrong, and then all of it as one batch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from tui.calls import surveys
from tui.calls.surveys import Plan, PlanRow
from tui.client import Client
from tui.dialogs.confirm import Confirm
from tui.dialogs.form import Form, FormWindow
from tui.dialogs.reading import Reading
from tui.formats import day, full
from tui.forms import Field
from tui.list_page import ListPage
from tui.screens.bulk import said
from tui.tables import Cell, Column, Table
from tui.texts import Texts
from tui.widgets.filter_bar import FilterBar
from tui.widgets.rows import Rows
from tui.widgets.sheet import Line, Sheet

if TYPE_CHECKING:
    from tui.page import Page

STATUS: Mapping[str, tuple[str, str]] = {
    "change": ("→", "accent"),
    "same": ("=", "muted"),
    "empty": ("·", "muted"),
    "error": ("✕", "bad"),
}
SEVERITY: Mapping[str, str] = {"error": "✕", "warning": "!", "info": "·"}
UNSURE = 0.9
"""Below this confidence a column or an authority is to be looked at by a person."""

SHOWN_CHANGES = 8


class PlanPage(ListPage[PlanRow]):
    """One survey, row by row; errors first, then what changes."""

    section = "plan"
    export_name = "umfrage"
    CSS_PATH = "plan.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "export", "key.export", show=False),
        Binding("u", "apply", "key.apply"),
        Binding("c", "columns", "key.columns"),
        Binding("z", "undo", "key.undo", show=False),
    ]

    def __init__(self, survey_id: str, name: str) -> None:
        super().__init__()
        self.survey_id, self.survey_name = survey_id, name
        self.plan: Plan | None = None

    def body(self) -> Iterable[Widget]:
        """What the whole survey does, then its rows, then everything about the row under the cursor."""
        yield Sheet(12, id="sheet")
        yield FilterBar(self.texts("shell.filter_hint", fields=" ".join(f"{name}:…" for name in self.table().fields)))
        yield Rows(self.table(), self.texts, id="rows")
        yield Static("", id="detail", markup=False)

    def table(self) -> Table[PlanRow]:
        """Return the columns."""
        return plan_table(self.texts)

    async def load(self, client: Client) -> None:
        """Fetch the dry run."""
        self.show_plan(await surveys.plan(client, self.survey_id))

    def show_plan(self, found: Plan) -> None:
        """Draw the dry run."""
        self.plan = found
        self.query_one(Sheet).show(plan_lines(found, self.texts))
        self.rows.show(sorted(found.rows, key=_first_errors))
        self.refresh_bindings()

    def crumbs(self) -> Sequence[str]:
        """Below the surveys."""
        return [self.texts("survey.title"), self.plan.name if self.plan else self.survey_name]

    def twin(self) -> str:
        """The same on the command line."""
        return f"bauweiche survey show {self.survey_id}"

    def describe(self, item: PlanRow) -> Sequence[str]:
        """Say every change cell by cell and every remark."""
        return [f" {line}" for line in row_lines(item, self.texts)]

    def opened(self, item: PlanRow) -> None:
        """Read everything about the row."""
        title = self.t("row", line=item.line, name=item.authority_name or "–")
        self.app.push_screen(Reading(title, row_parts(item, self.texts), self.texts("dialogs.hint_read")))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's shape
        """Apply a draft, take back what was applied."""
        state = self.plan.state if self.plan else ""
        return {"apply": state == "draft", "undo": state == "applied"}.get(action, True)

    # -- keys ---------------------------------------------------------------------------------------------------

    def action_columns(self) -> None:
        """Show how the columns were understood, and what is to be said about the table."""
        if self.plan is not None:
            parts = column_parts(self.plan, self.texts)
            self.app.push_screen(Reading(self.t("columns"), parts, self.texts("dialogs.hint_read")))

    @work(exclusive=True, group="dialog")
    async def action_apply(self) -> None:
        """Ask for day and reason, then apply all rows that change something, or the marked ones."""
        if self.plan is None:
            return
        client = await self.console.api()
        plan, marked = self.plan, [row for row in self.rows.marked if row.apply]
        chosen = marked or [row for row in plan.rows if row.apply]
        if not chosen:
            self.say(self.t("nothing"))
            return
        lines = [row.line for row in marked]

        async def save(values: Mapping[str, Any]) -> Plan:
            return await surveys.apply(client, plan.id, str(values["valid_from"]), str(values["reason"]), lines)

        form = Form(
            self.t("apply", n=len(chosen)),
            apply_fields(self.texts),
            {"valid_from": day(plan.valid_from)},
            save,
            intro=self._preview(chosen),
        )
        done = await self.app.push_screen_wait(FormWindow(form, self.texts))
        if isinstance(done, Plan):
            self.rows.marks = set()
            self.show_plan(done)
            self.say(self.t("applied", n=len(chosen), name=done.name))

    def _preview(self, chosen: Sequence[PlanRow]) -> list[str]:
        assert self.plan is not None
        faulty = sum(1 for row in self.plan.rows if row.status == "error")
        lines = [self.t("apply.what", name=self.plan.name, n=len(chosen), faulty=faulty)]
        lines += [f"→ {row.authority_name}: {changed(row, self.texts)}" for row in chosen[:SHOWN_CHANGES]]
        rest = len(chosen) - SHOWN_CHANGES
        return [*lines, *([self.t("more", n=rest)] if rest > 0 else [])]

    @work(exclusive=True, group="dialog")
    async def action_undo(self) -> None:
        """Take the survey back."""
        if self.plan is not None and await take_back(self, self.plan.id, self.plan.name):
            self.reload()


async def take_back(page: Page, survey_id: str, name: str) -> bool:
    """Ask for the reason and take a survey back; says what was restored and what was left alone."""
    client = await page.console.api()
    texts = page.texts
    reason = await page.app.push_screen_wait(Confirm(texts("plan.undo", name=name), [texts("plan.undo.what")]))
    if not reason:
        return False
    doing: Awaitable[Plan] = surveys.undo(client, survey_id, reason)
    done = await page.attempt(doing)
    if done is None:
        return False
    page.say(texts("plan.undone", n=len(done.restored)))
    if done.left_alone:
        names = {row.authority: row.authority_name for row in done.rows}
        left = [(key, names.get(key, "")) for key in done.left_alone]
        title = texts("plan.left_alone", n=len(left))
        await page.app.push_screen_wait(Reading(title, [("", left)], texts("dialogs.hint_read")))
    return True


# -- the dry run as values ----------------------------------------------------------------------------------------


def plan_table(texts: Texts) -> Table[PlanRow]:
    """Return the columns of a dry run."""
    columns: tuple[Column[PlanRow], ...] = (
        Column("line", 5, lambda row: str(row.line), lambda row: row.line, right=True),
        Column(
            "status",
            16,
            lambda row: _status(row, texts),
            lambda row: list(STATUS).index(row.status) if row.status in STATUS else 9,
        ),
        Column("authority", 18, lambda row: Cell(row.authority_name or "–", "strong"), grow=1),
        Column("match", 13, lambda row: _match(row, texts), lambda row: row.confidence, rank=1),
        Column("what", 22, lambda row: _what(row, texts), grow=5),
    )
    fields: dict[str, Callable[[PlanRow], str]] = {
        texts("plan.field.status"): lambda row: texts(f"plan.status.{row.status}") if row.status in STATUS else "",
        texts("plan.field.line"): lambda row: str(row.line),
        texts("plan.field.match"): lambda row: _match(row, texts).text,
    }
    return Table("plan", lambda row: str(row.line), columns, fields)


def _first_errors(row: PlanRow) -> tuple[int, int]:
    order = ("error", "change", "empty", "same")
    return (order.index(row.status) if row.status in order else len(order), row.line)


def _status(row: PlanRow, texts: Texts) -> Cell:
    sign, tone = STATUS.get(row.status, ("?", ""))
    warned = any(fault.get("severity") == "warning" for fault in row.faults) and row.status == "change"
    word = texts(f"plan.status.{row.status}") if row.status in STATUS else row.status
    return Cell(f"{sign} {word}{' !' if warned else ''}", "warn" if warned else tone)


def _match(row: PlanRow, texts: Texts) -> Cell:
    name = f"plan.match.{row.match}"
    word = texts(name) if texts.has(name) else row.match
    if 0 < row.confidence < UNSURE:
        return Cell(f"! {word} {row.confidence:.0%}".replace("%", " %"), "warn")
    return Cell(word, "muted")


def _what(row: PlanRow, texts: Texts) -> str:
    errors = [str(fault.get("detail", "")) for fault in row.faults if fault.get("severity", "error") == "error"]
    if errors:
        return " ".join(errors)
    return changed(row, texts) or " ".join(str(fault.get("detail", "")) for fault in row.faults) or "–"


def changed(row: PlanRow, texts: Texts) -> str:
    """Return all changes of a row in one line."""
    return " · ".join(_change(one, texts) for one in row.changes)


def _change(one: Mapping[str, Any], texts: Texts) -> str:
    return f"{texts.value('field', str(one.get('field', '')))} {_cell(one, texts)}"


def _cell(one: Mapping[str, Any], texts: Texts) -> str:
    before, after = (said(str(one.get("field", "")), one.get(side), texts) for side in ("before", "after"))
    return f"{before} → {after}"


def row_lines(row: PlanRow, texts: Texts) -> list[str]:
    """Return changes in one line, remarks in the following."""
    lines = [f"→ {changed(row, texts)}"] if row.changes and row.status != "error" else []
    return [*lines, *(f"{SEVERITY.get(str(one.get('severity')), '!')} {_remark(one)}" for one in row.faults)][:4]


def row_parts(row: PlanRow, texts: Texts) -> list[tuple[str, Sequence[tuple[str, str]]]]:
    """Return a row cell by cell, for reading."""
    cells = [(texts.value("field", str(one.get("field", ""))), _cell(one, texts)) for one in row.changes]
    remarks = [(SEVERITY.get(str(one.get("severity")), "!"), _remark(one)) for one in row.faults]
    found = [(texts("plan.col.match"), _match(row, texts).text), (texts("plan.key"), row.authority or "–")]
    return [("", found), (texts("plan.changes"), cells or [("", "–")]), (texts("plan.remarks"), remarks or [("", "–")])]


def _remark(one: Mapping[str, Any]) -> str:
    column = str(one.get("column") or "")
    detail = str(one.get("detail", ""))
    return f"{column}: {detail}" if column else detail


def plan_lines(plan: Plan, texts: Texts) -> list[Line]:
    """Return what the survey does as a whole."""
    counts = plan.counts
    numbers = texts("plan.counts", **{name: counts.get(name, 0) for name in ("rows", "changed", "unchanged", "faulty")})
    used = [column for column in plan.columns if column.get("field")]
    unsure = [column for column in used if float(column.get("confidence") or 0) < UNSURE]
    understood = texts("plan.columns_line", n=len(used), unsure=len(unsure), unused=len(plan.columns) - len(used))
    state = texts(f"survey.state.{plan.state}") if texts.has(f"survey.state.{plan.state}") else plan.state
    when = texts(
        "plan.state_line",
        state=state,
        at=full(plan.at),
        actor=plan.actor.removeprefix("operator:"),
        day=day(plan.valid_from),
    )
    return [
        Line(texts("plan.state"), "muted", (Cell(when, "good" if plan.state == "applied" else ""),), indent=1),
        Line(texts("plan.rows"), "muted", (Cell(numbers, "strong"),), indent=1),
        Line(texts("plan.columns"), "muted", (Cell(understood, "warn" if unsure else ""),), indent=1),
    ]


def column_parts(plan: Plan, texts: Texts) -> list[tuple[str, Sequence[tuple[str, str]]]]:
    """Return how each column was understood, and the remarks about the whole table."""
    columns = []
    for one in plan.columns:
        sure = float(one.get("confidence") or 0)
        sign = "·" if not one.get("field") else "!" if sure < UNSURE else "✓"
        how = str(one.get("reason") or one.get("label") or "")
        columns.append((str(one.get("header", "")), f"{sign} {how}" + (f" ({sure:.0%})" if one.get("field") else "")))
    remarks = [(SEVERITY.get(str(one.get("severity")), "!"), _remark(one)) for one in plan.findings]
    return [(texts("plan.columns"), columns), (texts("plan.remarks"), remarks or [("", "–")])]


def apply_fields(texts: Texts) -> list[Field]:
    """Return what is asked before a survey is applied."""
    return [
        Field("valid_from", texts.value("field", "valid_from"), "day", texts("plan.help.valid_from"), required=True),
        Field("reason", texts("plan.reason"), "text", texts("plan.help.reason"), required=True),
    ]
