"""The dry run of a survey: row by row what would change and why, what is wrong, and then all of it as one batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.calls import surveys
from tui.calls.surveys import Plan, PlanRow
from tui.client import Client
from tui.dialogs.confirm import Confirm
from tui.dialogs.form import Form, FormWindow
from tui.dialogs.reading import Reading
from tui.formats import day
from tui.list_page import ListPage
from tui.screens.plan_seen import (
    apply_fields,
    column_parts,
    first_errors,
    groups,
    plan_lines,
    plan_table,
    row_lines,
    row_parts,
)
from tui.tables import Table
from tui.widgets.detail import Detail
from tui.widgets.filter_bar import FilterBar
from tui.widgets.rows import Rows
from tui.widgets.sheet import Sheet

if TYPE_CHECKING:
    from tui.page import Page

SHOWN_CHANGES = 5
"""Different changes that are listed before a survey is applied."""


class PlanPage(ListPage[PlanRow]):
    """One survey, row by row; errors first, then what changes."""

    section = "plan"
    export_name = "umfrage"
    CSS_PATH = "plan.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "export", "key.export", show=False),
        Binding("u", "apply", "key.apply"),
        Binding("c", "columns", "key.columns"),
        Binding("z", "undo", "key.undo"),
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
        yield Detail(id="detail")

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
        self.rows.show(sorted(found.rows, key=first_errors))
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
        plan, marked = self.plan, self.rows.marked
        chosen = [row for row in marked or plan.rows if row.apply]
        if not chosen:
            self.say(self.t("nothing"))
            return
        lines = [row.line for row in chosen] if marked else []

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
        return [*lines, *groups(chosen, self.texts, SHOWN_CHANGES)]

    @work(exclusive=True, group="dialog")
    async def action_undo(self) -> None:
        """Take the survey back."""
        if self.plan is not None and await take_back(self, self.plan.id, self.plan.name):
            self.reload()


async def take_back(page: Page, survey_id: str, name: str) -> bool:
    """Ask for the reason and take a survey back; says what was restored and what was left alone."""
    texts = page.texts

    async def act(reason: str) -> Plan:
        return await surveys.undo(await page.console.api(), survey_id, reason)

    window = Confirm(texts("plan.undo", name=name), [texts("plan.undo.what")], act=act)
    if not await page.app.push_screen_wait(window):
        return False
    done: Plan = window.outcome
    page.say(texts("plan.undone", n=len(done.restored)))
    if done.left_alone:
        names = {row.authority: row.authority_name for row in done.rows}
        left = [(key, names.get(key, "")) for key in done.left_alone]
        title = texts("plan.left_alone", n=len(left))
        await page.app.push_screen_wait(Reading(title, [("", left)], texts("dialogs.hint_read")))
    return True
