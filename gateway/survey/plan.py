"""A survey as a plan: row by row what would change, why, and what stands against it. Nothing is applied here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from gateway.domain.authority import Authority, Edition, Municipality
from gateway.domain.calendar import written_date
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import (
    Difference,
    Option,
    Participation,
    Phase,
    differences,
    in_force,
    to_json,
    upcoming,
    validate,
)
from gateway.domain.participation_json import from_json
from gateway.domain.procedure import Procedure
from gateway.survey import answers
from gateway.survey.answers import Answer
from gateway.survey.columns import (
    ADAPTER,
    DVDV,
    KEY,
    LABELS,
    NAME,
    NOTE,
    ON,
    OPTION,
    PROCEDURES,
    REDIRECT_URL,
    RELEASE,
    Layout,
    layout_of,
)
from gateway.survey.findings import Finding, Notes, Severity
from gateway.survey.names import Directory, Match, directory, find
from gateway.survey.table import Cell, Table


class Status(StrEnum):
    """What becomes of a row."""

    CHANGE = "change"
    SAME = "same"
    ERROR = "error"
    EMPTY = "empty"
    APPLIED = "applied"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class RowPlan:
    """What one row says: whom it means, what holds for them on the day, and what would hold after it."""

    row: int
    match: Match
    before: Participation | None
    after: Participation | None
    changes: tuple[Difference, ...]
    findings: tuple[Finding, ...]
    status: Status

    @property
    def authority(self) -> Authority | None:
        """Return whom the row means."""
        return self.match.authority


@dataclass(frozen=True, slots=True)
class Plan:
    """The dry run of a whole survey for a day; `missing` are the authorities that no row means."""

    valid_from: date
    source: str
    layout: Layout
    rows: tuple[RowPlan, ...]
    findings: tuple[Finding, ...]
    missing: tuple[AuthorityKey, ...]

    def of(self, status: Status) -> tuple[RowPlan, ...]:
        """Return the rows of a status."""
        return tuple(row for row in self.rows if row.status is status)

    def every_finding(self) -> tuple[Finding, ...]:
        """Return the findings of the table and of all rows, in order of the rows."""
        return (*self.findings, *(finding for row in self.rows for finding in row.findings))


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a plan is held against; `histories` gives what is kept, `adapters` maps names of ways to their titles."""

    edition: Edition
    municipalities: Mapping[str, Municipality]
    histories: Callable[[AuthorityKey], Sequence[Participation]]
    releases: Collection[str]
    adapters: Mapping[str, str]


def plan_of(table: Table, known: Knowledge, valid_from: date, columns: Mapping[int, str] | None = None) -> Plan:
    """Return the dry run of a survey; `columns` is what a person decided about columns.

    Raises:
        RoutingError: BODY_UNREADABLE when the table has no heading that can be understood.
    """
    layout = layout_of(table, columns)
    lookup = directory(known.edition, known.municipalities)
    rows = [
        _row_plan(number, row, layout, known, lookup, valid_from)
        for number, row in enumerate(table.rows[layout.heading_row :], start=layout.heading_row + 1)
        if any(row)
    ]
    rows = _without_doubles(rows)
    meant = {row.authority.key for row in rows if row.authority}
    missing = tuple(key for key in known.edition.authorities if key not in meant)
    return Plan(valid_from, table.source, layout, tuple(rows), tuple(_about_table(layout, known, missing)), missing)


def apply(plan: Plan, batch: str, rows: Collection[int] | None = None) -> list[Participation]:
    """Return the settings that a plan makes, named by its batch; `rows` limits it to some rows. Errors never apply."""
    return [
        replace(row.after, source=batch)
        for row in plan.of(Status.CHANGE)
        if row.after is not None and (rows is None or row.row in rows)
    ]


def _about_table(layout: Layout, known: Knowledge, missing: Sequence[AuthorityKey]) -> Iterator[Finding]:
    for column in layout.columns:
        if column.field and column.confidence < 0.9:
            text = f"Die Spalte „{column.heading[:40]}“ wurde als „{LABELS[column.field]}“ gelesen; bitte prüfen."
            yield Finding(Severity.WARNING, 0, column.heading, text)
        elif not column.field and column.heading:
            yield Finding(Severity.INFO, 0, column.heading, f"Die Spalte „{column.heading[:40]}“ wird nicht verwendet.")
    if missing:
        titles = [known.edition.authorities[key].title for key in missing]
        more = f" und {len(titles) - 5} weitere" if len(titles) > 5 else ""
        text = f"Ohne Antwort: {', '.join(titles[:5])}{more}. Für sie ändert sich nichts."
        yield Finding(Severity.INFO, 0, "", text)


def _row_plan(
    number: int, row: Sequence[Cell], layout: Layout, known: Knowledge, lookup: Directory, day: date
) -> RowPlan:
    cells = {column.field: row[column.number - 1] for column in layout.columns if column.number <= len(row)}
    headings = {column.field: column.heading or LABELS[column.field] for column in layout.columns if column.field}
    notes = Notes(number, headings)
    match = find(lookup, *(_text(cells.get(field)) for field in (KEY, DVDV, NAME)))
    for field in (KEY, DVDV, NAME):
        notes.error(field, cells[field].trouble if field in cells else "")
    notes.error("", match.trouble)
    notes.warning("", match.remark)
    answered = {field: cell for field, cell in cells.items() if field in _READERS or field.startswith(ON)}
    if match.authority is None:
        return RowPlan(number, match, None, None, (), notes.findings(), Status.ERROR)
    history = known.histories(match.authority.key)
    before = in_force(history, day)
    if not any(answered.values()):
        notes.info("", "Die Zeile enthält keine Antwort.")
        return RowPlan(number, match, before, None, (), notes.findings(), Status.EMPTY)
    wishes = _wishes(answered, known, before, notes)
    after = _after(match.authority, before, wishes, day, notes)
    _hold_against(after, before, history, known, notes)
    changes = differences(before, after)
    changed = bool(changes) or (before is not None and "note" in wishes and wishes["note"] != before.note)
    status = Status.ERROR if notes.failed() else Status.CHANGE if changed else Status.SAME
    return RowPlan(number, match, before, after, changes, notes.findings(), status)


def _wishes(
    answered: Mapping[str, Cell], known: Knowledge, before: Participation | None, notes: Notes
) -> dict[str, Any]:
    """Return what the answers of a row ask for, by field of the JSON form; an empty cell asks for nothing."""
    wishes: dict[str, Any] = {}
    ticks: dict[Procedure, bool] = {}
    for field, cell in answered.items():
        if not cell:
            continue
        if cell.trouble:
            notes.error(field, cell.trouble)
            continue
        answer = answers.ticked(cell) if field.startswith(ON) else _READERS[field](cell, known)
        notes.error(field, answer.trouble)
        notes.warning(field, answer.remark)
        if answer.trouble:
            continue
        if field.startswith(ON):
            ticks[Procedure(field.removeprefix(ON))] = answer.value
        else:
            wishes[field] = answer.value
    if ticks:
        named = wishes.get(PROCEDURES, [] if before is None else to_json(before)["procedures"])
        wishes[PROCEDURES] = [each.value for each in Procedure if ticks.get(each, each.value in named)]
    return wishes


def _after(
    authority: Authority, before: Participation | None, wishes: dict[str, Any], day: date, notes: Notes
) -> Participation:
    """Return what would hold: answers over what holds, but never live by a survey alone."""
    base = to_json(before) if before else {"authority": authority.key, "option": Option.NONE.value}
    if before is None and OPTION not in wishes and not notes.failed():
        notes.error(OPTION, "Für diese Behörde ist noch nichts eingetragen, und die Zeile nennt keine Option.")
    if before and before.phase.reachable and wishes.get(ADAPTER, before.adapter) != before.adapter:
        notes.warning(ADAPTER, "Der Weg einer angebundenen Behörde wird nicht durch die Umfrage geändert; er bleibt.")
        del wishes[ADAPTER]
    after = from_json({**base, **wishes, "valid_from": day.isoformat(), "changed_by": "", "changed_at": None})
    starts = after.option.accepts and (before is None or not before.option.accepts)
    if starts and after.phase is not Phase.TEST:
        after = replace(after, phase=Phase.NOT_CONNECTED)
        notes.info("", "Die Behörde muss vor dem ersten Antrag noch angebunden und freigeschaltet werden.")
    return after


def _hold_against(
    after: Participation,
    before: Participation | None,
    history: Sequence[Participation],
    known: Knowledge,
    notes: Notes,
) -> None:
    for fault in validate(after, releases=known.releases, adapters=known.adapters.keys()):
        notes.error(fault.pointer.strip("/").split("/")[0], fault.detail)
    live = before is not None and before.phase is Phase.LIVE
    if live and before and after.release != before.release:
        notes.warning(RELEASE, "Die Behörde ist live; die neue XBau-Version bitte zuerst mit Testnachrichten prüfen.")
    if live and before and before.option.accepts and not after.option.accepts:
        notes.warning(OPTION, "Die Behörde ist live und nähme dann keine Anträge mehr an.")
    for later in upcoming(history, after.valid_from)[:1]:
        notes.warning("", f"Ab {written_date(later.valid_from)} ist schon eine andere Einstellung geplant; sie bleibt.")
    if any(kept.valid_from == after.valid_from for kept in history):
        notes.warning("", f"Die Einstellung vom {written_date(after.valid_from)} wird ersetzt.")


def _without_doubles(rows: Iterable[RowPlan]) -> list[RowPlan]:
    """Return the rows; where several mean the same authority, all but equal ones become errors."""
    listed = list(rows)
    by_key: dict[AuthorityKey, list[RowPlan]] = {}
    for row in listed:
        if row.authority:
            by_key.setdefault(row.authority.key, []).append(row)
    return [_single(row, by_key[row.authority.key]) if row.authority else row for row in listed]


def _single(row: RowPlan, same: Sequence[RowPlan]) -> RowPlan:
    if len(same) == 1:
        return row
    numbers = ", ".join(str(other.row) for other in same if other.row != row.row)
    if all(other.after == row.after and other.status is not Status.ERROR for other in same):
        if row is same[0]:
            return row
        finding = Finding(Severity.INFO, row.row, "", f"Die Zeile sagt dasselbe wie Zeile {same[0].row}.")
        return replace(row, status=Status.SAME, findings=(*row.findings, finding))
    text = f"Dieselbe Behörde steht mit anderen Angaben auch in Zeile {numbers}; bitte entscheiden, was gilt."
    finding = Finding(Severity.ERROR, row.row, "", text)
    return replace(row, status=Status.ERROR, findings=(*row.findings, finding))


def _text(cell: Cell | None) -> str:
    return cell.text if cell and not cell.trouble else ""


_READERS: Mapping[str, Callable[[Cell, Knowledge], Answer]] = {
    OPTION: lambda cell, _: answers.option_of(cell),
    PROCEDURES: lambda cell, _: answers.procedures_of(cell),
    RELEASE: lambda cell, known: answers.release_of(cell, known.releases),
    ADAPTER: lambda cell, known: answers.adapter_of(cell, known.adapters),
    REDIRECT_URL: lambda cell, _: answers.address_of(cell),
    NOTE: lambda cell, _: answers.note_of(cell),
}
