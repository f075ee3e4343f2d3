"""The ministry's report: who takes part and what happened, with the same numbers as the screens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway import registry
from gateway.api.operator import rows
from gateway.api.operator.access import Reading, world_of
from gateway.api.operator.figures import TODAY, overview_of
from gateway.domain import codes
from gateway.domain.calendar import day_bounds, local_date, written_date, written_moment
from gateway.domain.errors import Fault, SubmissionError
from gateway.domain.participation import Option
from gateway.ports import World

router = APIRouter()

Format = Literal["json", "xlsx", "pdf"]
Row = Mapping[str, Any]

TYPES: Mapping[str, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}

DELIVERIES: Mapping[str, str] = {
    "submitted": "Eingereicht",
    "available": "Bereitgestellt",
    "handed_over": "Übergeben",
    "confirmed": "Bestätigt (1120)",
    "rejected": "Abgelehnt (1100)",
    "tests": "Testnachrichten",
}
ATTENTION: Mapping[str, str] = {
    "held": "Angehalten",
    "overdue": "Nicht abgeholt",
    "certificates": "Zertifikate laufen ab",
    "replies": "Rückläufe ohne Vorgang",
    "plans_overdue": "Pläne überfällig",
}
DEFINITIONS: Mapping[str, str] = {
    "Option 1 – mit Plänen": "Die Behörde nimmt Anträge mit allen Bauvorlagen digital an.",
    "Option 2 – ohne Pläne": "Die Behörde nimmt Anträge ohne Pläne an; die Pläne gehen mit der Post.",
    "Option 3a – Umleitung": "Das Portal verweist auf den eigenen Online-Dienst der Behörde.",
    "Option 3b – keine": "Die Behörde nimmt nicht teil.",
    "Live": "Freigeschaltet für echte Anträge, mit vollständigen Nachweisen und Freigabe durch zwei Personen.",
    "Eingereicht": "Einreichungen, die das Gateway im Zeitraum dauerhaft angenommen hat.",
    "Bereitgestellt": "Nachrichten, die im Zeitraum zum Abruf bereitgelegt wurden; das ist noch keine Übergabe.",
    "Übergeben": "Nachrichten, die die Technik der Behörde im Zeitraum übernommen hat.",
    "Bestätigt (1120)": "Nachrichten, deren Eingang die Behörde im Zeitraum fachlich bestätigt hat.",
    "Abgelehnt (1100)": "Nachrichten, die die Behörde im Zeitraum zurückgewiesen hat.",
    "Testnachrichten": "Testnachrichten der Anbindung und der Portale; in den Zahlen darüber sind sie nicht enthalten.",
    "Angehalten": "Übermittlungen, die jetzt auf eine Entscheidung der Betreiberin warten.",
    "Nicht abgeholt": "Behörden, bei denen jetzt eine Nachricht seit mehr als einem Tag bereitliegt.",
    "Zertifikate laufen ab": "Behörden, deren hinterlegtes Zertifikat in weniger als 30 Tagen endet.",
    "Rückläufe ohne Vorgang": "Antworten von Behörden, die jetzt keinem Vorgang zugeordnet sind.",
    "Pläne überfällig": "Vorgänge der Option 2, deren Pläne jetzt nach Ablauf der Frist noch fehlen.",
    "Offen": "Übermittlungen, die die Behörde jetzt noch nicht übernommen hat.",
}


@router.get("/report", summary="The ministry's report", response_model=None)
async def report(
    request: Request,
    _: Reading,
    begin: Annotated[date | None, Query(alias="from")] = None,
    end: Annotated[date | None, Query(alias="to")] = None,
    form: Annotated[Format, Query(alias="format")] = "json",
) -> Response:
    """For whole days in Germany, both included; today unless chosen."""
    world = world_of(request)
    made = await run_in_threadpool(report_of, world, begin, end)
    if form == "json":
        return JSONResponse(made)
    content = await run_in_threadpool(rendered, made, form)
    name = f"bericht-{made['from']}-{made['to']}.{form}"
    return Response(content, 200, {"Content-Disposition": f'attachment; filename="{name}"'}, TYPES[form])


def rendered(made: Row, form: str) -> bytes:
    """Return a report as XLSX or PDF."""
    from gateway.reports.paper import pdf
    from gateway.reports.sheet import workbook

    return workbook(made) if form == "xlsx" else pdf(made)


def report_of(world: World, begin: date | None = None, end: date | None = None) -> dict[str, Any]:
    """Return the report for whole days, both included.

    Raises:
        SubmissionError: FAULTS when the days are in the wrong order or out of range.
    """
    now = world.clock.now()
    today = local_date(now)
    first, last = begin or end or today, end or max(begin or today, today)
    _check(first, last)
    since, _ = day_bounds(first)
    _, until = day_bounds(last)
    with world.store.reading() as tx:
        seen = rows.see(world, tx)
        (words,) = tx.insight.counted(tuple(TODAY), (since, until))
        tests = tx.insight.tests(since, until)
    table = [rows.row(world, seen, one) for _, one in sorted(seen.edition.authorities.items())]
    overview = overview_of(world)
    counts = {name: words.get(word, 0) for word, name in TODAY.items()} | {"tests": tests}
    return {
        "title": "Bauportal.NRW: Teilnahme der Bauaufsichtsbehörden und Übermittlung der Anträge",
        "by": world.policy.sender_name,
        "made_at": now.isoformat(),
        "from": first.isoformat(),
        "to": last.isoformat(),
        "period": f"Zeitraum: {written_date(first)} bis {written_date(last)} (Tage nach deutscher Zeit)",
        "as_of": f"Stand: {written_moment(now)}, Behördenverzeichnis {seen.edition.name}",
        "participation": overview["participation"],
        "live": overview["live"],
        "test": overview["test"],
        "deliveries": counts,
        "attention": overview["attention"],
        "sections": [
            _section("Teilnahme", ["Option", "Behörden", "davon live"], _by_option(table)),
            _section("Nach Regierungsbezirk", ["Bezirk", "1", "2", "3a", "3b", "Summe", "live"], _by_district(table)),
            _section("Übermittlungen im Zeitraum", ["Ereignis", "Anzahl"], _named(DELIVERIES, counts)),
            _section("Jetzt zu klären", ["Gegenstand", "Anzahl"], _named(ATTENTION, overview["attention"])),
        ],
        "authorities": table,
        "definitions": [{"term": term, "text": text} for term, text in DEFINITIONS.items()],
        "credit": registry.attribution(),
    }


def _check(first: date, last: date) -> None:
    faults = []
    if first > last:
        faults.append(Fault(codes.FIELD_INVALID, "/query/from", "Der Beginn liegt nach dem Ende."))
    if first.year < 2020 or last.year > 2099 or last - first > timedelta(days=3660):
        faults.append(Fault(codes.FIELD_INVALID, "/query/to", "Möglich sind höchstens zehn Jahre, von 2020 bis 2099."))
    if faults:
        raise SubmissionError(codes.FAULTS, "Der Zeitraum ist ungültig.", "", faults)


def _section(title: str, columns: Sequence[str], found: Sequence[Sequence[Any]]) -> dict[str, Any]:
    return {"title": title, "columns": list(columns), "rows": [list(row) for row in found]}


def _named(labels: Mapping[str, str], counts: Mapping[str, int]) -> list[list[Any]]:
    return [[label, counts[name]] for name, label in labels.items()]


def _by_option(table: Sequence[Row]) -> list[list[Any]]:
    counted = Counter(row["option"] for row in table)
    live = Counter(row["option"] for row in table if rows.is_live(row))
    found = [[f"{option.value} – {option.label}", counted[option.value], live[option.value]] for option in Option]
    return [*found, ["Summe", len(table), live.total()]]


def _by_district(table: Sequence[Row]) -> list[list[Any]]:
    found = []
    for district in [*sorted({row["district"] for row in table}), "Summe"]:
        inside = [row for row in table if district in (row["district"], "Summe")]
        counted = Counter(row["option"] for row in inside)
        options = [counted[option.value] for option in Option]
        found.append([district, *options, len(inside), sum(rows.is_live(row) for row in inside)])
    return found
