"""What the daily work of the fake world consists of: deliveries, a history, replies, a survey."""

from __future__ import annotations

from datetime import timedelta

from tests.tui.fake_world import AHLEN, BECKUM, HOEXTER, MUENSTER, NOW, Json

CAUSES = {
    "unreachable": "Gegenstelle nicht erreichbar",
    "certificate-expired": "Zertifikat abgelaufen",
}
CHECKS = {
    "details": "Angaben vollständig",
    "contact": "Kontakt vollständig",
    "reachable": "Gegenstelle erreichbar",
    "certificate": "Zertifikat passt",
    "clock": "Uhrzeit",
    "test_delivered": "Testnachricht übergeben",
    "test_opened": "Testnachricht geöffnet",
    "test_answered": "Antwort 1120 auf Test",
}


def many(count: int) -> list[Json]:
    """Return deliveries, newest first: the famous four, then as many as wanted, every tenth held."""
    found = []
    for number in range(count, 0, -1):
        held, waits = number % 10 == 0, number % 7 == 0
        state = "held" if held else "waiting" if waits else "handed_over"
        code = "certificate-expired" if held else "unreachable" if waits else ""
        found.append(
            {
                "position": number,
                "message_id": f"11111111-0000-4000-8000-{number:012d}",
                "case_number": f"BW-2026-{number:04d}-AAAA",
                "authority": MUENSTER,
                "authority_name": "Münster",
                "kind": "application",
                "number": "0200",
                "release": "2.6",
                "state": state,
                "sentence": f"Münster: Satz {number}.",
                "adapter": "sftp",
                "attempt": number % 5,
                "next_at": (NOW + timedelta(minutes=number)).isoformat() if waits else None,
                "age_seconds": 60 * (count - number),
                "size": 1_000_000,
                "test": False,
                "reason": CAUSES.get(code, ""),
                "code": code,
            }
        )
    return found


def event(number: int, minutes: float, what: str, actor: str, why: str = "", **facts: str) -> Json:
    """Return an entry of a case's history."""
    at = (NOW - timedelta(hours=26) + timedelta(minutes=minutes)).isoformat()
    return {"number": number, "at": at, "what": what, "text": what, "actor": actor, "why": why, "facts": facts}


HISTORY = [
    event(1, 0, "case.announced", "portal:bauportal"),
    event(2, 0.3, "case.accepted", "portal:bauportal"),
    event(3, 1, "delivery.attempt", "gateway"),
    event(4, 1.1, "delivery.waiting", "gateway", "Gegenstelle antwortet nicht", attempt="1"),
    event(5, 61, "delivery.attempt", "gateway"),
    event(6, 61.1, "delivery.held", "gateway", "Zertifikat am 20.11. abgelaufen", code="certificate-expired"),
]


def reply(identity: str, number: str, candidates: list[Json] | None = None) -> Json:
    """Return a reply that waits for a decision."""
    likely = [
        {"case_number": "BW-2026-7KQ4-M3XD", "score": 80, "reasons": ["gleiche Behörde", "Aktenzeichen ähnlich"]},
        {"case_number": "BW-2026-7KQ9-P0TA", "score": 20, "reasons": ["gleiche Gemeinde"]},
    ]
    return {
        "id": identity,
        "authority": HOEXTER,
        "authority_name": "Kreis Höxter",
        "number": number,
        "received_at": (NOW - timedelta(hours=3)).isoformat(),
        "reason": "Der genannte Vorgang ist nicht bekannt.",
        "code": "reply-unmatched",
        "via": "file_drop",
        "size": 12_000,
        "test": False,
        "assignable": True,
        "candidates": likely if candidates is None else candidates,
    }


def plan(identity: str, name: str, valid_from: str) -> Json:
    """Return the dry run of a survey with one row of each kind."""
    return {
        "id": identity,
        "name": name,
        "at": NOW.isoformat(),
        "actor": "operator:op-03",
        "state": "draft",
        "valid_from": valid_from,
        "columns": [
            {"header": "AGS", "field": "key", "label": "Schlüssel", "confidence": 1.0, "reason": "gelesen als „AGS“"},
            {"header": "Dabei?", "field": "option", "confidence": 0.7, "reason": "gelesen als „Option“"},
            {"header": "Bemerkung 2", "field": "", "confidence": 0.0, "reason": "wird nicht verwendet"},
        ],
        "rows": [
            _plan_row(2, AHLEN, "Ahlen", "change", [{"field": "option", "before": "1", "after": "2"}]),
            _plan_row(
                3,
                MUENSTER,
                "Münster",
                "change",
                [{"field": "release", "before": "2.4.0.1", "after": "2.6"}],
                [{"severity": "warning", "column": "XBau", "detail": "Die Behörde ist live."}],
                "ähnlicher Name",
                0.8,
            ),
            _plan_row(
                4,
                "",
                "",
                "error",
                [],
                [{"severity": "error", "column": "Ort", "detail": "Bielefed ist unbekannt."}],
                "",
                0.0,
            ),
            _plan_row(5, BECKUM, "Beckum", "same", []),
        ],
        "findings": [{"severity": "warning", "column": "Dabei?", "detail": "Bitte die Spalte prüfen."}],
        "counts": {"rows": 4, "changed": 2, "unchanged": 1, "faulty": 1},
    }


def _plan_row(
    line: int,
    key: str,
    name: str,
    status: str,
    changes: list[Json],
    faults: list[Json] | None = None,
    match: str = "AGS",
    confidence: float = 1.0,
) -> Json:
    return {
        "line": line,
        "authority": key,
        "authority_name": name,
        "match": match,
        "confidence": confidence,
        "changes": changes,
        "faults": faults or [],
        "status": status,
        "apply": status == "change",
    }
