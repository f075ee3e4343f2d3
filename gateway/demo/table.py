"""The result of the demonstration as a German table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.demo.authority import FakeAuthority
from gateway.demo.portal import Handed
from gateway.domain.calendar import local


def render(handed: Sequence[Handed], authorities: Sequence[FakeAuthority], killed: bool, seconds: float) -> str:
    """Return one block per application: case, authority, option, release, size, what happened, what was read."""
    reports = {report.get("case_number", ""): report for fake in authorities for report in fake.opened.values()}
    blocks = [_block(entry, reports.get(entry.case_number)) for entry in handed]
    head = f"{'Vorgang':<18}{'Behörde':<22}{'Option':<8}{'XBau':<9}{'Größe':>9}  Ergebnis"
    foot = [
        f"Dauer {seconds:.1f} s" + (", der Worker wurde einmal mit SIGKILL beendet." if killed else "."),
        "",
        "Weiter geht es mit:",
        "  bauweiche demo --keep ./vorfuehrung      dieselbe Vorführung, der Ordner bleibt zum Ansehen",
        "  bauweiche --state ./vorfuehrung/state journal verify",
        "  bauweiche --state ./vorfuehrung/state authorities list",
        "  bauweiche init && bauweiche token create mein-portal && bauweiche run",
    ]
    return "\n".join([head, "─" * 100, *blocks, "─" * 100, *foot]) + "\n"


def _block(entry: Handed, report: dict[str, Any] | None) -> str:
    answer = entry.answer
    name = answer.get("authority", {}).get("title", "–")
    size = sum(len(file.octets) for file in entry.application.files) / 1e6
    result = "abgewiesen" if entry.refused else "übergeben"
    if entry.refused and "id" not in answer:
        result = "umgeleitet"
    head = (
        f"{entry.case_number:<18}{name[:21]:<22}{answer.get('option', '–'):<8}{answer.get('release', '–'):<9}"
        f"{size:>6.1f} MB  {result}"
    )
    lines = [head, *_happened(entry), *_read(report)]
    return "\n".join(lines)


def _happened(entry: Handed) -> list[str]:
    if entry.refused:
        return [f"    {entry.refused}"]
    events = entry.answer["timeline"]
    shown = [f"{_clock(event['at'])} {event['text']}" for event in events if event["event"] != "delivery.attempt"]
    attempts = sum(event["event"] == "delivery.attempt" for event in events)
    lines = ["    " + " · ".join(shown[:3]), "    " + " · ".join([*shown[3:], f"{attempts} Versuch(e)"])]
    plans = entry.answer.get("plans")
    return [*lines, f"    {plans['instruction']}"] if plans else lines


def _read(report: dict[str, Any] | None) -> list[str]:
    if report is None:
        return []
    if not report["ok"]:
        return [f"    NICHT gelesen: {'; '.join(report['findings'])}"]
    files = [file for file in report["files"] if file["role"] == "attachment"]
    posted = f", {len(report['by_post'])} Pläne per Post angekündigt" if report["by_post"] else ""
    people = ", ".join(report["applicants"])
    return [f"    Behörde las: {report['subject']}; Antrag von {people}; {len(files)} PDF geprüft{posted}"]


def _clock(text: str) -> str:
    return f"{local(datetime.fromisoformat(text)):%H:%M:%S}"
