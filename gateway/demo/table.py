"""The result of the demonstration as a German table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap

from gateway.demo.answers import TITLES
from gateway.demo.authority import WAYS, FakeAuthority
from gateway.demo.checks import Outcome
from gateway.demo.portal import Handed
from gateway.demo.reading import Read
from gateway.domain.calendar import local
from gateway.domain.delivery import TITLES as STATES
from gateway.domain.delivery import State

WIDTH = 116
_IN = "    "


def render(handed: Sequence[Handed], authorities: Sequence[FakeAuthority]) -> str:
    """Return one block per application: case, authority, way, release, size, answers, what happened, what was read."""
    by_key = {fake.wish.key: fake for fake in authorities}
    reads = {number: read for fake in authorities for number, read in fake.read.items()}
    blocks = [_block(entry, by_key, reads.get(entry.case_number)) for entry in handed]
    head = _row("Vorgang", "Behörde", "Weg", "Option", "XBau", "Größe", "Ergebnis", "Antworten")
    return "\n".join([head, "─" * WIDTH, *blocks, "─" * WIDTH]) + "\n"


def foot(outcome: Outcome, seconds: float) -> str:
    """Return what it all came to, and where to go on from here."""
    killed = ", der Worker wurde einmal mit SIGKILL beendet" if outcome.killed else ""
    lines = [
        "─" * WIDTH,
        f"Dauer {seconds:.1f} s{killed}. Nachweise geprüft: {outcome.proved}; Ereignisprotokoll: {outcome.entries}"
        " Einträge, lückenlos." * outcome.well,
        *(f"FEHLER {fault}" for fault in outcome.faults),
        "",
        "Weiter geht es mit:",
        "  bauweiche demo --keep ./vorfuehrung      dieselbe Vorführung, der Ordner bleibt zum Ansehen",
        "  bauweiche --state ./vorfuehrung/state journal verify",
        "  bauweiche --state ./vorfuehrung/state authorities list",
        "  bauweiche init && bauweiche token create mein-portal && bauweiche run",
    ]
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    number, name, way, option, release, size, result, replies = cells
    return f"{number:<18}{name[:18]:<19}{way:<13}{option:<7}{release:<9}{size:>8}  {result:<16}{replies}".rstrip()


def _block(entry: Handed, by_key: dict[str, FakeAuthority], read: Read | None) -> str:
    answer = entry.answer
    whose = answer.get("authority", {})
    fake = by_key.get(whose.get("key", ""))
    size = sum(len(file.octets) for file in entry.application.files) / 1e6
    head = _row(
        entry.case_number,
        whose.get("title", "–"),
        WAYS[fake.wish.adapter] if fake else "–",
        answer.get("option", "–"),
        answer.get("release", "–"),
        f"{size:.1f} MB",
        _result(entry),
        " · ".join(reply["number"] for reply in entry.replies) or "–",
    )
    return "\n".join([head, *_happened(entry), *_read(read), *_answers(entry)])


def _result(entry: Handed) -> str:
    if entry.refused:
        return "abgewiesen" if "id" in entry.answer else "umgeleitet"
    status = str(entry.answer["status"])
    return {"rejected": "zurückgewiesen"}.get(status, STATES[State(status)])


def _happened(entry: Handed) -> list[str]:
    if entry.refused:
        return [f"    {entry.refused}"]
    events = [event for event in entry.answer["timeline"] if event["event"].startswith(("case.", "delivery."))]
    shown = [f"{_clock(event['at'])} {event['text']}" for event in events if event["event"] != "delivery.attempt"]
    attempts = sum(event["event"] == "delivery.attempt" for event in events)
    shown.append("1 Versuch" if attempts == 1 else f"{attempts} Versuche")
    lines = ["    " + " · ".join(shown[start : start + 3]) for start in range(0, len(shown), 3)]
    plans = entry.answer.get("plans")
    return [*lines, *wrap(plans["instruction"], WIDTH, initial_indent=_IN, subsequent_indent=_IN)] if plans else lines


def _read(read: Read | None) -> list[str]:
    if read is None:
        return []
    if read.findings:
        return [f"    NICHT gelesen: {'; '.join(read.findings)}"]
    posted = f", {read.by_post} Pläne per Post angekündigt" if read.by_post else ""
    people = ", ".join(read.applicants)
    return [f"    Behörde las: {read.subject}; Antrag von {people}; {read.files} PDF geprüft{posted}"]


def _answers(entry: Handed) -> list[str]:
    if not entry.replies:
        return []
    reference = entry.answer.get("file_reference")
    named = [
        f"{reply['number']} {TITLES[reply['number']]}{f' {reference}' if reply['number'] == '1121' else ''}"
        for reply in entry.replies
    ]
    return [f"    Portal erhielt: {', '.join(named)}"]


def _clock(text: str) -> str:
    return f"{local(datetime.fromisoformat(text)):%H:%M:%S}"
