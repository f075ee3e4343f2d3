"""Surveys from upload to undo: read as a draft, applied as one dated batch, taken back as a whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from gateway.domain import codes
from gateway.domain.authority import edition_on
from gateway.domain.calendar import local_date, written_date
from gateway.domain.counting import counted
from gateway.domain.dossier import Survey, SurveyState
from gateway.domain.errors import Fault, RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.domain.participation import Participation, in_force, to_json
from gateway.domain.participation_json import from_json
from gateway.flow.participation import Undone, change_all, undo_batch
from gateway.ports import Transaction, World
from gateway.survey import Knowledge, Plan, RowPlan, Severity, Status, plan_of
from gateway.survey.columns import LABELS, Column
from gateway.xbau.release import RELEASES

READ = "survey.read"
_STAMPS = frozenset({"authority", "valid_from", "source", "changed_by", "changed_at"})
_NAME = 100


def read(
    world: World,
    name: str,
    octets: bytes,
    actor: str,
    *,
    valid_from: date | None = None,
    columns: Mapping[int, str] | None = None,
) -> Survey:
    """Read a table and keep its plan as a draft; nothing of it holds yet.

    Raises:
        RoutingError: BODY_UNREADABLE, BODY_TOO_LARGE, in German with what to do.
    """
    day = valid_from or local_date(world.clock.now())
    table = world.read_table(octets)
    with world.store.reading() as tx:
        edition = world.directory.editions[edition_on(tx.registry.edition_plan(), day)]
        histories = tx.registry.histories()
    adapters = {name: plugin.title for name, plugin in world.plugins.items()}
    knowledge = Knowledge(
        edition, world.directory.municipalities, lambda key: histories.get(key, ()), RELEASES.keys(), adapters
    )
    plan = plan_of(table, knowledge, day, columns)
    survey = Survey(str(world.chance.uuid()), tidy(name), world.clock.now(), actor, SurveyState.DRAFT, _plan_json(plan))
    with world.store.writing() as tx:
        tx.surveys.add(survey)
        tx.journal.append(Act(actor, READ, survey.id, facts=survey.plan["counts"] | {"name": survey.name}))
    return survey


def found(world: World, survey_id: str) -> Survey:
    """Return a survey. Raises: RoutingError NOT_FOUND."""
    with world.store.reading() as tx:
        survey = tx.surveys.get(survey_id)
    if survey is None:
        raise RoutingError(codes.NOT_FOUND, "Diese Umfrage gibt es nicht.")
    return survey


def values_of(
    world: World, survey: Survey, valid_from: date, rows: Collection[int] | None = None
) -> list[Participation]:
    """Return the settings that a survey makes from a date on: cell by cell over what holds then.

    Raises:
        RoutingError: STATE_CONFLICT naming every row whose authority somebody has changed since it was read.
    """
    with world.store.reading() as tx:
        return _values(tx, survey, valid_from, rows)


def apply(
    world: World, survey: Survey, valid_from: date, actor: str, why: str, rows: Collection[int] | None = None
) -> list[Participation]:
    """Apply a draft as one batch, or nothing of it; rows with errors are never part of it.

    Raises:
        RoutingError: STATE_CONFLICT (applied before, or changed meanwhile), PARTICIPATION_INVALID.
    """
    values = values_of(world, survey, valid_from, rows)
    if not values:
        raise RoutingError(codes.STATE_CONFLICT, "Keine Zeile dieser Umfrage ändert etwas; es wurde nichts übernommen.")

    def guard(tx: Transaction) -> None:
        _switch(tx, survey, SurveyState.DRAFT, SurveyState.APPLIED, _settled(survey.plan, rows))
        if _values(tx, survey, valid_from, rows) != values:
            raise RoutingError(codes.ETAG_STALE, "Eine Behörde wurde gerade geändert; es wurde nichts übernommen.")

    return change_all(world, values, actor, why, batch_of(survey), guard)


def undo(world: World, survey: Survey, actor: str, why: str) -> Undone:
    """Take back what an applied survey changed; authorities changed by hand since are left alone.

    Raises:
        RoutingError: STATE_CONFLICT unless it is applied.
    """

    def guard(tx: Transaction) -> None:
        _switch(tx, survey, SurveyState.APPLIED, SurveyState.UNDONE)

    return undo_batch(world, batch_of(survey), actor, why, guard)


def batch_of(survey: Survey) -> str:
    """Return the name of the batch that a survey is applied as."""
    return f"Umfrage {survey.name} ({survey.id[:8]})"


def holds_from(world: World, survey: Survey) -> date:
    """Return the day from which a survey was applied; for a draft the day it was read for."""
    batch = batch_of(survey)
    if survey.state is SurveyState.APPLIED:
        with world.store.reading() as tx:
            for history in tx.registry.histories().values():
                for one in history:
                    if one.source == batch:
                        return one.valid_from
    return date.fromisoformat(survey.plan["valid_from"])


def tidy(name: str) -> str:
    """Return a name as one short line without control characters."""
    visible = "".join(" " if unicodedata.category(char).startswith(("C", "Z")) else char for char in name)
    return re.sub(r" +", " ", visible).strip()[:_NAME] or "ohne Namen"


def _settled(plan: Mapping[str, Any], chosen: Collection[int] | None) -> dict[str, Any]:
    """Return a plan as it was applied: of each row that would change something, whether it did or was left out."""

    def status(row: Mapping[str, Any]) -> Status:
        if not row["apply"]:
            return Status(row["status"])
        return Status.APPLIED if chosen is None or row["line"] in chosen else Status.LEFT_OUT

    rows = [{**row, "status": status(row).value} for row in plan["rows"]]
    applied = sum(row["status"] == Status.APPLIED for row in rows)
    left_out = sum(row["status"] == Status.LEFT_OUT for row in rows)
    return {**plan, "rows": rows, "counts": plan["counts"] | {"changed": applied, "left_out": left_out}}


def _switch(
    tx: Transaction,
    survey: Survey,
    before: SurveyState,
    after: SurveyState,
    plan: Mapping[str, Any] | None = None,
) -> None:
    if tx.surveys.set_state(survey.id, before, after, plan):
        return
    words = {SurveyState.DRAFT: "wurde schon übernommen oder zurückgenommen"}
    reason = f"Die Umfrage {words.get(before, 'ist nicht übernommen oder schon zurückgenommen')}."
    raise RoutingError(codes.STATE_CONFLICT, reason)


def _values(tx: Transaction, survey: Survey, valid_from: date, rows: Collection[int] | None) -> list[Participation]:
    values, faults = [], []
    for index, row in enumerate(survey.plan["rows"]):
        if not row["apply"] or (rows is not None and row["line"] not in rows):
            continue
        key = AuthorityKey(row["authority"])
        current = in_force(tx.registry.history(key), valid_from)
        base = to_json(current) if current else {}
        moved = [name for name in row["wanted"] if base.get(name) != row["seen"].get(name)]
        if moved:
            text = f"{row['authority_name']}: {_named(moved)} wurde seit dem Einlesen geändert."
            faults.append(Fault(codes.ETAG_STALE, f"/rows/{index}", text))
            continue
        stamps = {"authority": key, "valid_from": valid_from.isoformat(), "source": batch_of(survey)}
        values.append(from_json(base | row["wanted"] | stamps | {"changed_by": "", "changed_at": None}))
    if faults:
        reason = (
            f"{counted(len(faults), 'Behörde wurde', 'Behörden wurden')} seit dem Einlesen geändert oder "
            f"am {written_date(valid_from)} anders eingetragen; es wurde nichts übernommen."
        )
        raise RoutingError(codes.STATE_CONFLICT, reason, "Bitte die Umfrage zu diesem Datum neu einlesen.", faults)
    return values


def _named(fields: Sequence[str]) -> str:
    return ", ".join(LABELS.get(name, name) for name in fields)


def _plan_json(plan: Plan) -> dict[str, Any]:
    return {
        "valid_from": plan.valid_from.isoformat(),
        "source": plan.source,
        "columns": [_column(column) for column in plan.layout.columns if column.heading or column.field],
        "rows": [_row(row) for row in plan.rows],
        "findings": [
            {"severity": one.severity.value, "column": one.column, "detail": one.text} for one in plan.findings
        ],
        "missing": list(plan.missing),
        "counts": {
            "rows": len(plan.rows),
            "changed": len(plan.of(Status.CHANGE)),
            "unchanged": len(plan.of(Status.SAME)) + len(plan.of(Status.EMPTY)),
            "faulty": len(plan.of(Status.ERROR)),
        },
    }


def _column(column: Column) -> dict[str, Any]:
    reason = f"gelesen als „{LABELS[column.field]}“" if column.field else "wird nicht verwendet"
    return {
        "number": column.number,
        "header": column.heading,
        "field": column.field,
        "label": LABELS.get(column.field, ""),
        "confidence": column.confidence,
        "reason": reason,
    }


def _row(row: RowPlan) -> dict[str, Any]:
    before = to_json(row.before) if row.before else {}
    after = to_json(row.after) if row.after else {}
    wanted = {name: value for name, value in after.items() if name not in _STAMPS and value != before.get(name)}
    return {
        "line": row.row,
        "authority": row.authority.key if row.authority else "",
        "authority_name": row.authority.name if row.authority else "",
        "match": row.match.how.value,
        "confidence": row.match.confidence,
        "changes": [{"field": one.name, "before": one.before, "after": one.after} for one in row.changes],
        "faults": [_finding(one.severity, one.column, one.text) for one in row.findings],
        "status": row.status.value,
        "apply": row.status is Status.CHANGE,
        "wanted": wanted,
        "seen": {name: before.get(name) for name in wanted},
    }


def _finding(severity: Severity, column: str, text: str) -> dict[str, str]:
    return {"severity": severity.value, "column": column, "detail": text}
