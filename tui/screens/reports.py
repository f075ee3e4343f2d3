"""The ministry's report for a period: the numbers on the screen, the same ones as XLSX, PDF/UA or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

from rich.cells import cell_len
from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.calls import records
from tui.client import ApiError, Client
from tui.dialogs.ask import Ask
from tui.dialogs.form import Form, FormWindow
from tui.exporting import write_new
from tui.formats import day
from tui.forms import Field
from tui.page import Page
from tui.plain import fit, plain
from tui.tables import Cell
from tui.texts import Texts
from tui.widgets.sheet import Line, Paper, Sheet

KINDS = ("xlsx", "pdf", "json")


class ReportsPage(Page):
    """The report of a month, unless another period is chosen."""

    section = "reports"
    AUTO_FOCUS: ClassVar[str | None] = "Paper"
    CSS_PATH = "reports.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "period", "key.period"),
        Binding("left,h", "month(-1)", "key.month_before", key_display="←"),
        Binding("right,l", "month(1)", "key.month_after", show=False, key_display="→"),
        Binding("x", "save", "key.save"),
        Binding("y", "copy_numbers", "key.copy", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.begin: date | None = None
        self.end: date | None = None

    def body(self) -> Iterable[Widget]:
        """The report, scrolling."""
        yield Paper(Sheet(34, id="report"))

    @property
    def period(self) -> tuple[str, str]:
        """First and last day, ISO."""
        today = self.console.today()
        begin, end = self.begin or today.replace(day=1), self.end or today
        return begin.isoformat(), end.isoformat()

    async def load(self, client: Client) -> None:
        """Fetch the numbers."""
        begin, end = self.period
        made = await records.report(client, begin, end)
        self.query_one(Sheet).show(report_lines(made, self.texts))
        self.tell_place(self.t("period", begin=day(begin), end=day(end)))

    def twin(self) -> str:
        """The same on the command line."""
        begin, end = self.period
        return f"bauweiche report --from {begin} --to {end}"

    def help_lines(self) -> list[tuple[str, str]]:
        """What each number means stands in the report itself."""
        return [(self.t("title"), self.t("help"))]

    def action_month(self, by: int) -> None:
        """Go to the month before or after; never beyond today."""
        today = self.console.today()
        first = date.fromisoformat(self.period[0]).replace(day=1)
        begin = (first - timedelta(days=1)).replace(day=1) if by < 0 else (first + timedelta(days=32)).replace(day=1)
        if begin > today:
            return
        last = (begin + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        self.begin, self.end = begin, min(last, today)
        self.reload()

    @work(exclusive=True, group="dialog")
    async def action_period(self) -> None:
        """Ask for the first and the last day."""
        begin, end = self.period
        fields = [Field(name, self.t(name), "day", required=True) for name in ("from", "to")]

        async def take(values: Mapping[str, Any]) -> tuple[date, date]:
            chosen = date.fromisoformat(str(values["from"])), date.fromisoformat(str(values["to"]))
            if chosen[0] > chosen[1]:
                raise ApiError(self.t("wrong_order"))
            return chosen

        form = Form(self.t("key.period"), fields, {"from": day(begin), "to": day(end)}, take)
        chosen = await self.app.push_screen_wait(FormWindow(form, self.texts))
        if isinstance(chosen, tuple):
            self.begin, self.end = chosen
            self.reload()

    @work(exclusive=True, group="dialog")
    async def action_save(self) -> None:
        """Ask for a file; its ending says which kind."""
        client = await self.console.api()
        begin, end = self.period

        async def take(answer: str) -> str:
            path = Path(answer).expanduser()
            kind = path.suffix.lower().removeprefix(".")
            if kind not in KINDS:
                raise ApiError(self.t("kind"))
            octets = await records.report_file(client, begin, end, kind)
            _write(path, octets, self.texts)
            return str(path)

        window = Ask(self.t("key.save"), self.t("file"), take, value=f"bericht-{begin}-{end}.pdf")
        written = await self.app.push_screen_wait(window)
        if written:
            self.say(self.t("saved", name=written))

    def action_copy_numbers(self) -> None:
        """Copy the report as text."""
        self.copy_text(self.query_one(Sheet).plain_text)

    def copy_text(self, text: str) -> None:
        """Put several lines into the clipboard."""
        self.app.copy_to_clipboard(text)
        self.say(self.texts("shell.copied", text=text.strip()[:40]))


def _write(path: Path, octets: bytes, texts: Texts) -> None:
    """Write a new file. Raises: ApiError with a sentence about the file."""
    try:
        write_new(path, octets)
    except FileExistsError as error:
        raise ApiError(texts("errors.file_exists", name=plain(path))) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ApiError(texts("errors.file", name=plain(path), reason=plain(reason))) from error


def report_lines(made: Mapping[str, Any], texts: Texts) -> list[Line]:
    """Return the report: its sections as tables, then what the words mean."""
    lines = [Line(plain(made.get("title", "")), "strong", indent=1)]
    lines += [
        Line(said=(Cell(str(made[name]), "muted"),), indent=1) for name in ("by", "period", "as_of") if made.get(name)
    ]
    for section in made.get("sections") or []:
        lines += [Line(), *_section_lines(section)]
    definitions = made.get("definitions") or []
    if definitions:
        lines += [Line(), Line(texts("reports.definitions"), "accent", indent=1)]
        lines += [
            Line(str(one.get("term", "")), "", (Cell(str(one.get("text", "")), "muted"),), 1, 26) for one in definitions
        ]
    return lines


def _section_lines(section: Mapping[str, Any]) -> list[Line]:
    columns = [plain(column) for column in section.get("columns") or []]
    rows = [[plain(cell) for cell in row] for row in section.get("rows") or []]
    widths = [max(cell_len(row[at]) for row in (columns, *rows) if at < len(row)) for at in range(len(columns))]
    lines = [
        Line(plain(section.get("title", "")), "accent", indent=1),
        Line(_table_row(columns, widths), "muted", indent=1),
    ]
    return [*lines, *(Line(_table_row(row, widths), "", indent=1) for row in rows)]


def _table_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        fit(cell, width, right=at > 0) for at, (cell, width) in enumerate(zip(cells, widths, strict=False))
    )
