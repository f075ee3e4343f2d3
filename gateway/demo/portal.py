"""The simulated portal: hands applications off by HTTP as a real portal would, and keeps a ledger of every answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from gateway.demo.applications import Application, File

CHUNK = 1 << 20


@dataclass
class Handed:
    """What became of one application, as the portal learned it."""

    application: Application
    answer: dict[str, Any] = field(default_factory=dict)
    refused: str = ""
    replies: list[dict[str, Any]] = field(default_factory=list)
    evidence: bytes = b""

    @property
    def case_number(self) -> str:
        """The case number, or a dash where there is none."""
        return str(self.answer.get("case_number", "–"))


class Portal:
    """A portal with its token."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        self._cursor = 0

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def authorities(self) -> list[dict[str, Any]]:
        """Return all authorities and how they take part."""
        found: list[dict[str, Any]] = self._http.get("/v1/authorities").raise_for_status().json()
        return found

    def responsible(self, application: Application) -> dict[str, Any]:
        """Ask who is responsible before anything is uploaded."""
        wanted = {"municipality": application.municipality, "procedure": application.procedure}
        found: dict[str, Any] = self._http.get("/v1/responsibility", params=wanted).raise_for_status().json()
        return found

    def hand_off(self, application: Application) -> Handed:
        """Announce, upload and complete; a refusal ends it with the reason the gateway gave."""
        handed = Handed(application)
        route = self.responsible(application)
        if not route["accepts"]:
            handed.answer = {"authority": route["authority"], "option": route["option"]}
            handed.refused = f"{route['explanation']} → {route['redirect_url']}"
            return handed
        headers = {"Idempotency-Key": str(uuid4())}
        announced = self._http.post("/v1/submissions", json=application.announcement(), headers=headers)
        if not self._taken(handed, announced):
            return handed
        for slot, file in zip(handed.answer["attachments"], application.files, strict=True):
            uploaded = self._http.put(
                slot["upload_url"],
                content=_chunks(file),
                headers={"Content-Type": "application/pdf", "Content-Length": str(len(file.octets))},
            )
            if uploaded.is_error:
                self._give_up(handed, uploaded)
                return handed
        self._taken(handed, self._http.post(f"/v1/submissions/{handed.answer['id']}/complete"))
        return handed

    def status(self, handed: Handed) -> dict[str, Any]:
        """Return where a submission stands."""
        found: dict[str, Any] = self._http.get(f"/v1/submissions/{handed.answer['id']}").raise_for_status().json()
        return found

    def timeline(self, handed: Handed) -> list[dict[str, Any]]:
        """Return what happened to a submission."""
        found = self._http.get(f"/v1/submissions/{handed.answer['id']}/timeline").raise_for_status().json()
        events: list[dict[str, Any]] = found["events"]
        return events

    def take_replies(self, handed: Sequence[Handed]) -> int:
        """Read what authorities answered since the last time, put it to its case, and acknowledge it."""
        found = self._http.get("/v1/replies", params={"after": self._cursor}).raise_for_status().json()
        by_number = {entry.case_number: entry for entry in handed}
        for reply in found["replies"]:
            self._http.post(f"/v1/replies/{reply['id']}/acknowledge").raise_for_status()
            by_number[reply["case_number"]].replies.append(reply)
        self._cursor = found["next"] or self._cursor
        return len(found["replies"])

    def evidence(self, handed: Handed) -> bytes:
        """Return the bundle that proves what became of a submission, also after its content is gone."""
        return self._http.get(f"/v1/submissions/{handed.answer['id']}/evidence").raise_for_status().content

    def _taken(self, handed: Handed, response: httpx.Response) -> bool:
        if response.is_error:
            handed.refused = _problem(response)
            return False
        handed.answer = response.json()
        return True

    def _give_up(self, handed: Handed, response: httpx.Response) -> None:
        handed.refused = _problem(response)
        withdrawn = f"/v1/submissions/{handed.answer['id']}/withdraw"
        handed.answer = self._http.post(withdrawn, json={"reason": "technisch"}).raise_for_status().json()


def _chunks(file: File) -> Iterator[bytes]:
    view = memoryview(file.octets)
    return (bytes(view[start : start + CHUNK]) for start in range(0, len(view), CHUNK))


def _problem(response: httpx.Response) -> str:
    problem = response.json()
    faults = "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in problem.get("errors", []))
    return f"{problem['detail']} {faults}".strip()
