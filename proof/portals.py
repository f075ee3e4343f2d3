"""Portals that never give up: each hands applications off until it has an answer, and writes every answer down.

The ledger is all the oracle has from this side: what was acknowledged with which id, and what was refused.
"""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json
import random
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.demo.pdf import make_pdf
from tests.kit.xbau_samples import sample_antrag

CANARY = "Sturmvogel-Canarius"
ANSWER = 20.0
"""Seconds a portal waits for an answer."""

SOON = frozenset({408, 425, 429, 500, 502, 503, 504, 507})
"""Answers after which the same call is made again."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One application: to whom, with what option; `bad` ones must be refused, `dropped` ones are never completed."""

    number: int
    municipality: str
    option: str
    bad: bool = False
    dropped: bool = False

    @property
    def at_once(self) -> bool:
        """Whether it brings its files along in one call; every other one does."""
        return self.number % 2 == 0 and not self.dropped


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A 201: the message id, to whom it must get, and the SHA-256 of every file."""

    message_id: str
    authority: str
    digests: frozenset[str]


@dataclass
class Ledger:
    """What the portals were told; one for all of them."""

    acknowledged: dict[int, Acknowledged] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)
    calls: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """How many applications have come to an end."""
        return len(self.acknowledged) + len(self.refused) + len(self.dropped)


def wishes(count: int, addressees: Sequence[tuple[str, str]], seed: int) -> list[Wish]:
    """Return applications to (municipality, option), one in fifty bad and one in fifty dropped."""
    draw = random.Random(seed)
    made = []
    for number in range(count):
        municipality, option = draw.choice(addressees)
        fate = draw.random()
        made.append(Wish(number, municipality, option, fate < 0.02, 0.02 <= fate < 0.04))
    return made


@dataclass
class Portals:
    """Some portals at work on one list of wishes; `ports` are the doors they know of."""

    ports: Sequence[int]
    token: str
    ledger: Ledger
    until: float
    _next: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hand_off(self, wished: Sequence[Wish], portals: int, tell: Callable[[], None] = lambda: None) -> None:
        """Hand everything off, `portals` at a time; returns when each has an end, or when the time is up."""
        self._next = iter(wished)
        threads = [threading.Thread(target=self._work, args=(number, tell)) for number in range(portals)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, number: int, tell: Callable[[], None]) -> None:
        with Caller(itertools.cycle([*self.ports[number % len(self.ports) :], *self.ports]), self) as caller:
            while time.monotonic() < self.until:
                with self._lock:
                    wish = next(self._next, None)
                if wish is None:
                    return
                try:
                    self._one(caller, wish)
                except TimeoutError:
                    self.ledger.odd.append(f"application {wish.number} never got an end")
                    return
                tell()

    def _one(self, caller: Caller, wish: Wish) -> None:
        files, announced = application(wish)
        body = json.dumps(announced).encode()
        if wish.at_once:
            for entry, octets in zip(announced["attachments"], files, strict=True):
                entry["content"] = b64encode(octets).decode()
            body = json.dumps(announced).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"storm-{wish.number}"}
        status, case = caller.call("POST", "/v1/submissions", body, headers)
        if status not in (200, 201):
            self._refused(wish, status, case)
            return
        if wish.at_once:
            self._acknowledged(wish, case["message_id"], files)
            return
        for slot, octets in zip(case["attachments"], files, strict=True):
            status, said = caller.call("PUT", slot["upload_url"], octets, {"Content-Type": "application/pdf"})
            if status != 200:
                self._refused(wish, status, said)
                return
        if wish.dropped:
            self.ledger.dropped.add(wish.number)
            return
        status, said = caller.call("POST", f"/v1/submissions/{case['id']}/complete", b"", {})
        if status not in (200, 201):
            self._refused(wish, status, said)
            return
        self._acknowledged(wish, said["message_id"], files)

    def _acknowledged(self, wish: Wish, message_id: str, files: Sequence[bytes]) -> None:
        digests = frozenset(hashlib.sha256(file).hexdigest() for file in files)
        self.ledger.acknowledged[wish.number] = Acknowledged(message_id, wish.municipality, digests)

    def _refused(self, wish: Wish, status: int, said: Any) -> None:
        self.ledger.refused[wish.number] = status
        if not wish.bad:
            self.ledger.odd.append(f"application {wish.number} was refused: {status} {str(said)[:300]}")


def application(wish: Wish) -> tuple[list[bytes], dict[str, Any]]:
    """Return the files and the announcement of an application; no two have the same bytes."""
    script = "app.alert(1)" if wish.bad else ""
    files = [make_pdf([CANARY, f"Übersicht {wish.number}"], 2000, script=script)]
    if wish.option == "1" and wish.number % 3 == 0:
        files.append(make_pdf([CANARY, f"Plan {wish.number}"], 20_000))
    antrag: dict[str, Any] = json.loads(json.dumps(sample_antrag(size="minimal")))
    antrag["antragsteller"][0]["natuerliche_person"]["name"]["familienname"] = CANARY
    attachments = [
        {
            "file_name": f"{CANARY} {index}.pdf", "bezeichnung": f"Anlage {index}",
            "anlageart": "2001" if index else "1101", "size": len(file),
            "sha256": hashlib.sha256(file).hexdigest(), "datum": "2026-05-04",
        }
        for index, file in enumerate(files)
    ]  # fmt: skip
    announced: dict[str, Any] = {
        "municipality": wish.municipality, "procedure": "baugenehmigung",
        "portal_reference": f"storm-{wish.number}", "antrag": antrag, "attachments": attachments,
    }  # fmt: skip
    if wish.option == "2":
        announced["posted_plans"] = [{"bezeichnung": "Lageplan", "anlageart": "2001", "datum": "2026-05-04"}]
    return files, announced


def _in_flight(said: Any) -> bool:
    """Say whether the same call, repeated because it took long, is still being answered."""
    return isinstance(said, dict) and said.get("code") == "idempotency-in-flight"


class Caller:
    """One connection of a portal at a time, to whichever door answers."""

    def __init__(self, ports: Any, portals: Portals) -> None:
        self._ports, self._portals = ports, portals
        self._line: http.client.HTTPConnection | None = None

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def call(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        """Make one call until it has an answer that is an end. Raises: TimeoutError when the storm's time is up."""
        sent = headers | {"Authorization": f"Bearer {self._portals.token}"}
        while time.monotonic() < self._portals.until:
            try:
                status, said = self._once(method, target, body, sent)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._portals.ledger.calls[f"no answer ({type(error).__name__})"] += 1
                self._hang_up()
                time.sleep(0.08)
                continue
            self._portals.ledger.calls[str(status)] += 1
            if status not in SOON and not _in_flight(said):
                return status, said
            time.sleep(0.1)
        raise TimeoutError

    def _once(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        if self._line is None:
            self._line = http.client.HTTPConnection("127.0.0.1", next(self._ports), timeout=ANSWER)
        self._line.request(method, target, body, headers)
        answer = self._line.getresponse()
        octets = answer.read()
        return answer.status, json.loads(octets) if octets else None

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
