"""The operator API's daily work for tests: deliveries, onboarding with four eyes, surveys, replies, journal, report."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tests.tui.fake_api import FakeApi, Problem
from tests.tui.fake_world import AHLEN, BECKUM, BOTTROP, HOEXTER, MUENSTER, NOW, WARENDORF, Json, deliveries

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


@dataclass
class FakeWork(FakeApi):
    """The server with everything the daily work needs; `evidence` holds what was proved for each authority."""

    sent: list[Json] = field(default_factory=list)
    evidence: dict[str, set[str]] = field(default_factory=dict)
    proposers: dict[str, str] = field(default_factory=dict)
    approvers: dict[str, str] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)
    surveys: list[Json] = field(default_factory=list)
    quarantined: list[Json] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    chain_broken: bool = False
    has_rehearsal: bool = True

    def __post_init__(self) -> None:
        """Begin with a day's work."""
        famous = [
            one | {"code": "certificate-expired", "reason": "Zertifikat abgelaufen"} if one["state"] == "held" else one
            for one in deliveries(self.places)
        ]
        self.sent = self.sent or famous
        self.evidence = self.evidence or {
            WARENDORF: set(CHECKS) - {"test_opened", "test_answered"},
            AHLEN: set(CHECKS),
        }
        self.stages = self.stages or {WARENDORF: "connected", AHLEN: "verified", BECKUM: "details"}
        self.quarantined = self.quarantined or [reply("r1", "1120"), reply("r2", "1121", candidates=[])]
        if not self.journal:
            for number, one in enumerate(HISTORY, start=1):
                self.journal.append(
                    one | {"number": number, "subject": "BW-2026-7KQ4-M3XD", "digest": f"{number:064x}"}
                )

    def _routes(self) -> list[tuple[str, str, Any]]:
        one = "/authorities/{key}/onboarding"
        mine = [
            ("GET", "/deliveries", self.listed),
            ("GET", "/deliveries/causes", self.causes),
            ("POST", "/deliveries/bulk", self.bulk_act),
            ("POST", "/deliveries/{id}/{act}", self.act),
            ("POST", "/cases/{number}/withdraw", self.withdraw),
            ("GET", "/trace", self.trace),
            ("GET", "/onboarding", self.all_onboardings),
            ("GET", one, self.checklist),
            ("POST", one + "/check", self.run_checks),
            ("POST", one + "/test-message", self.test_message),
            ("POST", one + "/advance", self.advance),
            ("POST", one + "/propose", self.propose),
            ("POST", one + "/approve", self.approve),
            ("GET", "/survey", self.survey_list),
            ("POST", "/survey", self.upload),
            ("GET", "/survey/{id}", self.survey_one),
            ("POST", "/survey/{id}/apply", self.survey_apply),
            ("POST", "/survey/{id}/undo", self.survey_undo),
            ("GET", "/replies", self.replies),
            ("POST", "/replies/{id}/assign", self.assign),
            ("POST", "/replies/{id}/discard", self.discard),
            ("GET", "/certificates", self.certificates),
            ("GET", "/journal", self.journal_page),
            ("POST", "/journal/verify", self.verify),
            ("GET", "/report", self.report),
            ("GET", "/rehearse", self.rehearse),
        ]
        return [*mine, *super()._routes()]

    # -- deliveries ---------------------------------------------------------------------------------------------

    async def listed(self, request: Request) -> Any:
        asked = request.query_params
        states, below = asked.getlist("state"), int(asked.get("after", 0))
        limit = min(500, int(asked.get("limit", 100)))
        words = asked.get("q", "").casefold()
        rows = [
            row
            for row in sorted(self.sent, key=lambda row: -row["position"])
            if (not states or row["state"] in states)
            and asked.get("authority") in (None, row["authority"])
            and asked.get("cause") in (None, row.get("code", ""))
            and words in f"{row['case_number']} {row['authority_name']}".casefold()
        ]
        shown = [row for row in rows if not below or row["position"] < below][:limit]
        following = shown[-1]["position"] if len(shown) == limit else None
        return {"rows": shown, "next": following, "total": len(rows)}

    async def causes(self, request: Request) -> Any:
        found: dict[tuple[str, str], Json] = {}
        for row in self.sent:
            if row["state"] in ("held", "waiting"):
                code = row.get("code", "")
                group = found.setdefault(
                    (code, row["state"]),
                    {
                        "code": code,
                        "title": CAUSES.get(code, "Von Hand"),
                        "state": row["state"],
                        "count": 0,
                        "oldest_at": (NOW - timedelta(seconds=row["age_seconds"])).isoformat(),
                        "reason": row.get("reason", ""),
                        "example": row["case_number"],
                    },
                )
                group["count"] += 1
        return sorted(found.values(), key=lambda group: -group["count"])

    async def bulk_act(self, request: Request) -> Any:
        given = await request.json()
        ids = given["message_ids"]
        if not given["dry_run"] and len(ids) > 20 and given["typed"] != "WIEDERHOLEN":
            raise Problem(422, "name-mismatch", "Für mehr als 20 Übermittlungen bitte das Wort WIEDERHOLEN eingeben.")
        allowed = {"requeue": ("held",), "hold": ("accepted", "waiting", "available")}[given["act"]]
        rows = []
        for row in self.sent:
            if row["message_id"] in ids:
                possible = row["state"] in allowed
                rows.append(
                    {
                        "message_id": row["message_id"],
                        "possible": possible,
                        "detail": "" if possible else "Der Vorgang kann nicht wechseln.",
                    }
                )
                if possible and not given["dry_run"]:
                    row["state"] = "waiting" if given["act"] == "requeue" else "held"
        return {"rows": rows, "applied": not given["dry_run"]}

    async def act(self, request: Request) -> Any:
        row = next(row for row in self.sent if row["message_id"] == request.path_params["id"])
        act = request.path_params["act"]
        if act == "divert" and row["state"] == "available" and row["authority"] == BOTTROP:
            raise Problem(409, "state-conflict", "Die Übermittlung lässt sich dort nicht zurücknehmen.")
        row["state"] = {"requeue": "waiting", "hold": "held", "divert": "waiting", "arrived": "handed_over"}[act]
        return row

    async def withdraw(self, request: Request) -> Any:
        number = request.path_params["number"]
        self.withdrawn.append(number)
        for row in self.sent:
            if row["case_number"] == number:
                row["state"] = "withdrawn"
        return {"case_number": number, "state": "withdrawn"}

    async def trace(self, request: Request) -> Any:
        words = request.query_params["q"].casefold()
        return [
            {
                "case": {
                    "number": row["case_number"],
                    "portal_reference": "NRW-4711",
                    "file_reference": "63-12/26",
                    "authority": row["authority"],
                    "authority_name": row["authority_name"],
                    "option": "2",
                    "release": "2.6",
                    "state": row["state"],
                    "size": row["size"],
                    "attachments": 12,
                    "test": False,
                    "plans": "plans_overdue",
                    "plans_due": "2026-11-20",
                    "accepted_at": NOW.isoformat(),
                },
                "deliveries": [row],
                "events": HISTORY,
            }
            for row in self.sent
            if words in (row["case_number"].casefold(), row["message_id"])
            or (words == "nrw-4711" and row["position"] < 3)
        ]

    # -- onboarding ---------------------------------------------------------------------------------------------

    async def all_onboardings(self, request: Request) -> Any:
        return {"rows": [self._onboarding_row(key) for key in self.places]}

    def _onboarding_row(self, key: str) -> Json:
        found = self._checklist(key)
        names = ("key", "name", "stage", "next_step", "proposer")
        complete = sum(1 for check in found["checks"] if check["holds"])
        return {name: found[name] for name in names} | {
            "complete": complete,
            "total": len(CHECKS),
            "updated_at": NOW.isoformat() if complete else None,
        }

    async def checklist(self, request: Request) -> Any:
        return self._checklist(request.path_params["key"])

    def _checklist(self, key: str) -> Json:
        proved, stage = self.evidence.get(key, set()), self.stages.get(key, "invited")
        moves = {
            "invited": ["details", "ended"],
            "details": ["connected", "ended"],
            "connected": ["verified", "ended"],
            "live": ["paused", "ended"],
            "paused": ["live", "ended"],
        }.get(stage, ["ended"])
        missing = [label for check, label in CHECKS.items() if check not in proved]
        return {
            "key": key,
            "name": self.places[key].authority.name,
            "stage": stage,
            "checks": [self._check(check, check in proved, bool(proved)) for check in CHECKS],
            "proposer": self.proposers.get(key, ""),
            "approver": self.approvers.get(key, ""),
            "can_advance_to": moves,
            "next_step": f"Es fehlt: {', '.join(missing)}." if missing else "Freigabe vorschlagen.",
            "log": [{"at": NOW.isoformat(), "actor": "operator:op-02", "text": "Eingeladen."}] if proved else [],
        }

    def _check(self, check: str, holds: bool, tried: bool) -> Json:
        ask = "Bitte die Behörde, ihr Postfach abzurufen."
        failed = f"Gesendet 13:59, nicht abgeholt. {ask}"
        return {
            "check": check,
            "label": CHECKS[check],
            "holds": holds if holds or (tried and check == "test_opened") else None,
            "at": NOW.isoformat() if tried else None,
            "detail": "xta.kreis-warendorf.example:8443, TLS 1.3." if holds else failed if tried else "",
            "next_step": "" if holds else ask,
        }

    async def run_checks(self, request: Request) -> Any:
        key = request.path_params["key"]
        self.evidence[key] = set(CHECKS)
        return self._checklist(key)

    async def test_message(self, request: Request) -> Any:
        key = request.path_params["key"]
        self.evidence.setdefault(key, set()).add("test_delivered")
        return self._checklist(key)

    async def advance(self, request: Request) -> Any:
        key, given = request.path_params["key"], await request.json()
        if given["to"] == "ended" and given["typed_name"] != self.places[key].authority.name:
            raise Problem(422, "name-mismatch", "Bitte den Namen genau eingeben.")
        self.stages[key] = given["to"]
        return self._checklist(key)

    async def propose(self, request: Request) -> Any:
        key = request.path_params["key"]
        if self.evidence.get(key, set()) != set(CHECKS):
            raise Problem(409, "state-conflict", "Für „freigegeben“ fehlt noch etwas.")
        self.proposers[key] = self.name
        return self._checklist(key)

    async def approve(self, request: Request) -> Any:
        key = request.path_params["key"]
        if self.proposers.get(key) == self.name:
            raise Problem(403, "four-eyes", "Vorschlagen und freigeben müssen zwei verschiedene Personen.")
        self.stages[key], self.approvers[key] = "live", self.name
        return self._checklist(key)

    # -- surveys ------------------------------------------------------------------------------------------------

    async def survey_list(self, request: Request) -> Any:
        names = ("id", "name", "at", "actor", "state")
        return [
            {name: one[name] for name in names} | {"rows": one["counts"]["rows"], "changes": one["counts"]["changed"]}
            for one in reversed(self.surveys)
        ]

    async def upload(self, request: Request) -> Any:
        form = await request.form()
        file: Any = form["file"]
        octets = await file.read()
        await form.close()
        if not octets.strip():
            raise Problem(400, "body-unreadable", "Die Datei ist leer. Bitte eine Tabelle mit Überschriften senden.")
        survey = plan(f"s{len(self.surveys) + 1}", request.query_params["name"], request.query_params["valid_from"])
        self.surveys.append(survey)
        return survey

    def _survey(self, request: Request) -> Json:
        return next(one for one in self.surveys if one["id"] == request.path_params["id"])

    async def survey_one(self, request: Request) -> Any:
        return self._survey(request)

    async def survey_apply(self, request: Request) -> Any:
        survey, given = self._survey(request), await request.json()
        survey["state"], survey["applied_rows"] = "applied", given.get("rows")
        survey["valid_from"] = given["valid_from"]
        return survey

    async def survey_undo(self, request: Request) -> Any:
        survey = self._survey(request)
        survey["state"] = "undone"
        return survey | {"restored": [AHLEN], "left_alone": [MUENSTER]}

    # -- records ------------------------------------------------------------------------------------------------

    async def replies(self, request: Request) -> Any:
        return {"rows": self.quarantined, "next": None}

    def _take_reply(self, request: Request) -> Json:
        found = next(one for one in self.quarantined if one["id"] == request.path_params["id"])
        self.quarantined = [one for one in self.quarantined if one is not found]
        return found

    async def assign(self, request: Request) -> Any:
        given = await request.json()
        return self._take_reply(request) | {"case_number": given["case_number"]}

    async def discard(self, request: Request) -> Any:
        return self._take_reply(request)

    async def certificates(self, request: Request) -> Any:
        held = [one for place in self.places.values() for one in place.certificates]
        own = held[0] | {
            "fingerprint": "ff" * 32,
            "purpose": "sign",
            "subject": "CN=Bauweiche",
            "authority": "",
            "authority_name": "Gateway",
            "days": 400,
            "not_after": "2027-12-26T00:00:00+00:00",
        }
        return {"rows": sorted(held, key=lambda one: one["not_after"]), "own": [own]}

    async def journal_page(self, request: Request) -> Any:
        asked = request.query_params
        about, below = asked.get("about", ""), int(asked.get("after", 0))
        limit = int(asked.get("limit", 100))
        rows = [
            one
            for one in reversed(self.journal)
            if about in ("", one["subject"]) and (not below or one["number"] < below)
        ][:limit]
        return {"rows": rows, "next": rows[-1]["number"] if len(rows) == limit else None}

    async def verify(self, request: Request) -> Any:
        broken = {"number": 3, "reason": "Prüfsumme passt nicht"} if self.chain_broken else None
        return {"ok": not self.chain_broken, "count": len(self.journal), "digest": "ab" * 32, "broken": broken}

    async def report(self, request: Request) -> Any:
        asked = request.query_params
        if asked["format"] != "json":
            return Response(b"%PDF-1.7 fake" if asked["format"] == "pdf" else b"PK fake")
        return {
            "title": "Bauportal.NRW: Teilnahme der Bauaufsichtsbehörden",
            "by": "Land Nordrhein-Westfalen",
            "from": asked["from"],
            "to": asked["to"],
            "period": f"Zeitraum: {asked['from']} bis {asked['to']}",
            "as_of": "Stand: 21.11.2026 14:03",
            "sections": [
                {
                    "title": "Teilnahme",
                    "columns": ["Option", "Behörden", "davon live"],
                    "rows": [["1 mit Plänen", 118, 90], ["2 ohne Pläne", 41, 30], ["Summe", 212, 120]],
                },
                {
                    "title": "Übermittlungen im Zeitraum",
                    "columns": ["Ereignis", "Anzahl"],
                    "rows": [["Eingereicht", 97], ["Übergeben", 83]],
                },
            ],
            "definitions": [{"term": "Übergeben", "text": "Nachrichten, die die Technik der Behörde übernommen hat."}],
        }

    async def rehearse(self, request: Request) -> Any:
        if not self.has_rehearsal:
            raise Problem(404, "not-found", "Diese Adresse gibt es nicht.")
        return {
            "at": request.query_params["at"],
            "findings": [
                {
                    "on": "2026-12-18",
                    "authority": BECKUM,
                    "authority_name": "Beckum",
                    "kind": "certificate",
                    "sentence": "Das Zertifikat endet am 18.12.2026; ab dann wird angehalten.",
                },
                {
                    "on": "2026-12-01",
                    "authority": HOEXTER,
                    "authority_name": "Kreis Höxter",
                    "kind": "release",
                    "sentence": "XBau 2.2 wird nicht mehr gesprochen.",
                },
            ],
        }


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
