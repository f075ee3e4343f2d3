"""The dry run of a survey as columns, lines and parts to read; nothing here asks or changes anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.domain.limits import MEGABYTE
from tui.calls.surveys import Plan, PlanRow
from tui.facts import changed as difference
from tui.facts import who
from tui.formats import day, full
from tui.forms import Field
from tui.tables import Cell, Column, Table
from tui.texts import Texts
from tui.widgets.sheet import Line

STATUS: Mapping[str, tuple[str, str]] = {
    "change": ("→", "accent"),
    "same": ("=", "muted"),
    "empty": ("·", "muted"),
    "error": ("✕", "bad"),
    "applied": ("✓", "good"),
    "left_out": ("·", "muted"),
}
SEVERITY: Mapping[str, str] = {"error": "✕", "warning": "!", "info": "·"}
ASSUMED: Mapping[str, object] = {
    "phase": "not_connected", "protection": "end_to_end", "list_posted_plans": True, "size_limit": 250 * MEGABYTE,
}  # fmt: skip
"""What a setting assumes where nothing is said."""

NAMED = 3
"""Authorities that are named of those that change alike."""

UNSURE = 0.9
"""Below this confidence a column or an authority is to be looked at by a person."""


def plan_table(texts: Texts) -> Table[PlanRow]:
    """Return the columns of a dry run."""
    columns: tuple[Column[PlanRow], ...] = (
        Column("line", 5, lambda row: str(row.line), lambda row: row.line, right=True),
        Column(
            "status",
            15,
            lambda row: _status(row, texts),
            lambda row: list(STATUS).index(row.status) if row.status in STATUS else 9,
        ),
        Column("authority", 18, lambda row: Cell(row.authority_name or "–", "strong"), grow=1),
        Column("match", 14, lambda row: _match(row, texts), lambda row: row.confidence, rank=1),
        Column("what", 22, lambda row: _what(row, texts), grow=5),
    )
    fields: dict[str, Callable[[PlanRow], str]] = {
        texts("plan.field.status"): lambda row: texts(f"plan.status.{row.status}") if row.status in STATUS else "",
        texts("plan.field.line"): lambda row: str(row.line),
        texts("plan.field.match"): lambda row: _match(row, texts).text,
    }
    return Table("plan", lambda row: str(row.line), columns, fields)


def first_errors(row: PlanRow) -> tuple[int, int]:
    """Return what sorts rows with errors first, then changes, each in the order of the file."""
    order = ("error", "change", "applied", "left_out", "empty", "same")
    return (order.index(row.status) if row.status in order else len(order), row.line)


def _status(row: PlanRow, texts: Texts) -> Cell:
    sign, tone = STATUS.get(row.status, ("?", ""))
    warned = any(fault.get("severity") == "warning" for fault in row.faults) and row.status in ("change", "applied")
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
    """Return the changes of a row in one line; what a new setting assumes anyway is left to the whole row."""
    said = [one for one in row.changes if not _assumed(one)] or row.changes
    return " · ".join(_change(one, texts) for one in said)


def _assumed(one: Mapping[str, Any]) -> bool:
    """Return whether a cell only says what holds where nobody has said anything."""
    name = str(one.get("field", ""))
    return one.get("before") in (None, "") and name in ASSUMED and one.get("after") == ASSUMED[name]


def groups(rows: Sequence[PlanRow], texts: Texts, most: int) -> list[str]:
    """Return what an application does, the same change of many authorities in one line; the rest is counted."""
    by_change: dict[str, list[str]] = {}
    for row in rows:
        by_change.setdefault(changed(row, texts), []).append(row.authority_name)
    ordered = sorted(by_change.items(), key=lambda pair: -len(pair[1]))
    lines = []
    for what, names in ordered[:most]:
        whom = ", ".join(names[:NAMED]) + (f" … ({len(names)})" if len(names) > NAMED else "")
        lines.append(f"→ {what}: {whom}")
    rest = sum(len(names) for _, names in ordered[most:])
    return [*lines, *([texts("plan.more", n=rest)] if rest else [])]


def _change(one: Mapping[str, Any], texts: Texts) -> str:
    return f"{texts.value('field', str(one.get('field', '')))} {_cell(one, texts)}"


def _cell(one: Mapping[str, Any], texts: Texts) -> str:
    name = str(one.get("field", ""))
    return difference(name, one.get("before"), one.get("after"), texts)


def row_lines(row: PlanRow, texts: Texts) -> list[str]:
    """Return changes in one line, remarks in the following."""
    lines = [f"→ {changed(row, texts)}"] if row.changes and row.status != "error" else []
    return [*lines, *(f"{SEVERITY.get(str(one.get('severity')), '!')} {_remark(one)}" for one in row.faults)][:4]


def row_parts(row: PlanRow, texts: Texts) -> list[tuple[str, Sequence[tuple[str, str]]]]:
    """Return a row cell by cell, for reading."""
    cells = [(texts.value("field", str(one.get("field", ""))), _cell(one, texts)) for one in row.changes]
    remarks = [(SEVERITY.get(str(one.get("severity")), "!"), _remark(one)) for one in row.faults]
    found = [(texts("plan.col.match"), _match(row, texts).text), (texts("plan.key"), row.authority or "–")]
    told = (texts("plan.remarks"), remarks or [("", "–")])
    if row.status == "error":
        return [("", [*found, (texts("plan.col.status"), texts("plan.not_applied"))]), told]
    return [("", found), (texts("plan.changes"), cells or [("", "–")]), told]


def _remark(one: Mapping[str, Any]) -> str:
    column = str(one.get("column") or "")
    detail = str(one.get("detail", ""))
    return f"{column}: {detail}" if column else detail


def plan_lines(plan: Plan, texts: Texts) -> list[Line]:
    """Return what the survey does as a whole."""
    counts = plan.counts
    name = "plan.counts" if plan.state == "draft" else "plan.counts_applied"
    numbers = texts(name, **{name: counts.get(name, 0) for name in ("rows", "changed", "unchanged", "faulty")})
    if counts.get("left_out"):
        numbers = texts("plan.counts_left_out", said=numbers, n=counts["left_out"])
    used = [column for column in plan.columns if column.get("field")]
    unsure = [column for column in used if float(column.get("confidence") or 0) < UNSURE]
    understood = texts("plan.columns_line", n=len(used), unsure=len(unsure), unused=len(plan.columns) - len(used))
    state = texts(f"survey.state.{plan.state}") if texts.has(f"survey.state.{plan.state}") else plan.state
    line = f"plan.state_line.{plan.state if plan.state in ('applied', 'undone') else 'draft'}"
    when = texts(line, state=state, at=full(plan.at), actor=who(plan.actor), day=day(plan.valid_from))
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
