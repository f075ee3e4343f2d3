"""The operator API's desks for tests: onboarding with four eyes, and surveys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from gateway.api.operator.sifting import SURVEY_FIELDS, sift
from gateway.api.operator.survey import STATES
from gateway.domain.dossier import SurveyState
from tests.tui.fake_api import FakeApi, Problem
from tests.tui.fake_work_world import CHECKS, plan
from tests.tui.fake_world import AHLEN, MUENSTER, NOW, Json


@dataclass
class FakeDesk(FakeApi):
    """Onboarding and surveys; `evidence` holds what was proved for each authority."""

    evidence: dict[str, set[str]] = field(default_factory=dict)
    proposers: dict[str, str] = field(default_factory=dict)
    approvers: dict[str, str] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)
    surveys: list[Json] = field(default_factory=list)

    # -- onboarding ---------------------------------------------------------------------------------------------

    async def all_onboardings(self, request: Request) -> Any:
        return {"rows": [self._onboarding_row(key) for key in self.places]}

    def _onboarding_row(self, key: str) -> Json:
        found = self._checklist(key)
        names = ("key", "name", "stage", "next_step", "proposer")
        place = self.places[key]
        setting = place.in_force("2026-11-21")
        what = {"option": setting.get("option", ""), "adapter": setting.get("adapter", "")}
        where = {"kreis_abbr": place.authority.kreis_abbr, "kreis": place.authority.kreis_name}
        complete = sum(1 for check in found["checks"] if check["holds"])
        return (
            {name: found[name] for name in names}
            | what
            | where
            | {
                "complete": complete,
                "total": len(CHECKS),
                "updated_at": NOW.isoformat() if complete else None,
            }
        )

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
        rows = [
            {name: one[name] for name in names}
            | {"state_label": STATES[SurveyState(one["state"])]}
            | {"rows": one["counts"]["rows"], "changes": one["counts"]["changed"]}
            for one in reversed(self.surveys)
        ]
        return sift(enumerate(rows, 1), request.query_params.get("q", ""), SURVEY_FIELDS, 100)

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
        for row in survey["rows"]:
            if row["apply"]:
                chosen = not given.get("rows") or row["line"] in given["rows"]
                row["status"] = "applied" if chosen else "left_out"
        changed = sum(row["status"] == "applied" for row in survey["rows"])
        left_out = sum(row["status"] == "left_out" for row in survey["rows"])
        survey["counts"] = survey["counts"] | {"changed": changed, "left_out": left_out}
        return survey

    async def survey_undo(self, request: Request) -> Any:
        survey = self._survey(request)
        survey["state"] = "undone"
        return survey | {"restored": [AHLEN], "left_alone": [MUENSTER]}
