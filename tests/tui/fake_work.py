"""The operator API's daily work for tests: deliveries, replies, journal, report, over the desks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.operator.sifting import JOURNAL_FIELDS, REPLY_FIELDS, sift
from tests.tui.fake_api import Problem
from tests.tui.fake_desk import FakeDesk
from tests.tui.fake_work_world import CAUSES, CHECKS, HISTORY, reply
from tests.tui.fake_world import AHLEN, BECKUM, BOTTROP, HOEXTER, NOW, WARENDORF, Json, deliveries


@dataclass
class FakeWork(FakeDesk):
    """The server with everything the daily work needs."""

    sent: list[Json] = field(default_factory=list)
    quarantined: list[Json] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
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
            ("GET", "/overdue", self.overdue),
            ("POST", "/deliveries/bulk", self.bulk_act),
            ("POST", "/deliveries/{id}/{act}", self.act),
            ("POST", "/cases/{number}/withdraw", self.withdraw),
            ("POST", "/cases/{number}/plans-arrived", self.plans_arrived),
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
        states, after, oldest = asked.getlist("state"), int(asked.get("after", 0)), asked.get("order") == "oldest"
        limit = min(500, int(asked.get("limit", 100)))
        words = asked.get("q", "").casefold()
        rows = [
            row
            for row in sorted(self.sent, key=lambda row: row["position"], reverse=not oldest)
            if (not states or row["state"] in states)
            and asked.get("authority") in (None, row["authority"])
            and asked.get("cause") in (None, row.get("code", ""))
            and words in f"{row['case_number']} {row['authority_name']}".casefold()
        ]
        behind = [row for row in rows if not after or (row["position"] > after if oldest else row["position"] < after)]
        shown = behind[:limit]
        following = shown[-1]["position"] if len(shown) == limit else None
        return {"rows": shown, "next": following, "total": len(rows)}

    async def overdue(self, request: Request) -> Any:
        where = {"authority": BOTTROP, "authority_name": "Bottrop"}
        ready = {"count": 3, "since": "2026-11-18T08:30:00+01:00", "missed": 2, "level": 2}
        return {
            "pickups": [where | ready | {"case_number": "BW-2026-2222-AAAA", "message_id": "m", "adapter": "sftp"}],
            "plans": [where | {"case_number": "BW-2026-3333-BBBB", "due": "2026-11-16"}],
        }

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
        allowed = {"requeue": ("held", "waiting"), "hold": ("accepted", "waiting", "available")}[given["act"]]
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
        self.reasons.append(str((await request.json())["reason"]))
        row["state"] = {"requeue": "waiting", "hold": "held", "divert": "waiting", "arrived": "handed_over"}[act]
        return row

    async def withdraw(self, request: Request) -> Any:
        number = request.path_params["number"]
        self.withdrawn.append(number)
        for row in self.sent:
            if row["case_number"] == number:
                row["state"] = "withdrawn"
        return {"case_number": number, "state": "withdrawn"}

    async def plans_arrived(self, request: Request) -> Any:
        body, number = await request.json(), request.path_params["number"]
        for row in self.sent:
            if row["case_number"] == number:
                row["plans_arrived_on"] = body["on"]
        return {"case_number": number, "plans": "plans_arrived", "arrived_on": body["on"], "submitted_on": None}

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
                    "plans": "plans_arrived" if row.get("plans_arrived_on") else "plans_overdue",
                    "plans_arrived_on": row.get("plans_arrived_on"),
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

    # -- records ------------------------------------------------------------------------------------------------

    async def replies(self, request: Request) -> Any:
        rows = enumerate(self.quarantined, 1)
        return sift(rows, request.query_params.get("q", ""), REPLY_FIELDS, 100)

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
        rows = (
            (one["number"], one)
            for one in reversed(self.journal)
            if about in ("", one["subject"]) and (not below or one["number"] < below)
        )
        return sift(rows, asked.get("q", ""), JOURNAL_FIELDS, limit)

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
