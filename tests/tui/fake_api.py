"""The operator API as the contract has it, over the fake world: it remembers changes and guards them with ETags."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from gateway import registry
from gateway.domain.errors import GatewayError
from gateway.domain.participation import differences, to_json, validate
from gateway.domain.participation_json import from_json
from gateway.domain.procedure import Procedure
from tests.tui.fake_world import ADAPTERS, NOW, RELEASES, SCHEMAS, TITLES, Json, Place, deliveries, places, row

TODAY = "2026-11-21"


class Problem(Exception):
    """An answer that is a problem."""

    def __init__(self, status: int, code: str, detail: str, errors: list[Json] | None = None) -> None:
        super().__init__(detail)
        self.answer = JSONResponse(
            {"status": status, "code": code, "detail": detail, "errors": errors or []},
            status,
            media_type="application/problem+json",
        )


@dataclass
class FakeApi:
    """The server: `token` empty lets everybody in; `down` makes it silent, `slow` late by so many seconds; a
    `gate` holds every answer back until it is set. `calls` are methods and paths in order.
    """

    name: str = "op-03"
    roles: tuple[str, ...] = ("lesen", "bearbeiten", "freigeben")
    environment: str = "PROD"
    token: str = ""
    down: bool = False
    slow: float = 0.0
    gate: asyncio.Event | None = None
    places: dict[str, Place] = field(default_factory=places)
    calls: list[str] = field(default_factory=list)
    journal: list[Json] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        self.calls.append(f"{request.method} {request.url.path.removeprefix('/operator/v1')}")
        if self.down:
            raise ConnectionError("down")
        await asyncio.sleep(self.slow)
        if self.gate is not None:
            await self.gate.wait()
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            problem = Problem(401, "token-expired", "Dieses Zugangstoken ist abgelaufen.")
            await problem.answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    @property
    def _app(self) -> Starlette:
        prefix = "/operator/v1"
        routes = [Route(prefix + path, _guarded(handler), methods=[method]) for method, path, handler in self._routes()]
        return Starlette(routes=routes)

    def _routes(self) -> list[tuple[str, str, Any]]:
        one = "/authorities/{key}"
        return [
            ("GET", "/me", self.me),
            ("GET", "/overview", self.overview),
            ("GET", "/authorities", self.authorities),
            ("POST", "/authorities/bulk", self.bulk),
            ("GET", one, self.detail),
            ("PUT", one + "/participation", self.set_participation),
            ("DELETE", one + "/participation/{valid_from}", self.remove_participation),
            ("POST", one + "/pause", self.pause),
            ("POST", one + "/resume", self.resume),
            ("PUT", one + "/contacts", self.set_contacts),
            ("POST", one + "/notes", self.add_note),
            ("POST", one + "/certificates", self.add_certificate),
            ("DELETE", one + "/certificates/{fingerprint}", self.remove_certificate),
            ("GET", "/adapters", self.adapters),
            ("POST", "/adapters/{name}/check", self.check),
            ("GET", "/procedures", self.procedures),
            ("GET", "/releases", self.releases),
            ("GET", "/deliveries", self.deliveries),
            ("GET", "/journal", self.read_journal),
            ("GET", "/map", self.map),
            ("GET", "/map.html", self.map_page),
        ]

    # -- reading ------------------------------------------------------------------------------------------------

    async def me(self, request: Request) -> Any:
        return {
            "name": self.name,
            "roles": list(self.roles),
            "read_only": False,
            "environment": self.environment,
            "version": "0.1.0",
            "now": NOW.isoformat(),
        }

    async def overview(self, request: Request) -> Any:
        rows = [row(place) for place in self.places.values()]
        options = Counter(one["option"] for one in rows)
        shown = list(deliveries(self.places))
        return {
            "participation": {code: options[code] for code in ("1", "2", "3a", "3b")} | {"sum": len(rows)},
            "live": sum(one["phase"] == "live" for one in rows),
            "test": sum(one["phase"] == "test" for one in rows),
            "today": {"submitted": 97, "available": 12, "handed_over": 83, "confirmed": 71, "rejected": 2, "tests": 3},
            "attention": {
                "held": sum(one["held"] for one in rows),
                "overdue": 3,
                "certificates": sum(
                    one["certificate_days"] is not None and one["certificate_days"] < 30 for one in rows
                ),
                "replies": 1,
                "plans_overdue": 0,
            },
            "waiting": 1,
            "oldest": {"case_number": "BW-2026-7KQ4-M3XD", "age_seconds": 93_600, "authority": "05762000"},
            "longest_wait": {"authority": "05512000", "name": "Bottrop", "adapter": "xta_push"},
            "per_hour": [0, 0, 0, 0, 0, 1, 2, 5, 9, 14, 12, 8, 11, 6, 3, *[0] * 9],
            "items": shown[:2],
        }

    async def authorities(self, request: Request) -> Any:
        day = request.query_params.get("on", TODAY)
        return {"edition": "212", "on": day, "rows": [row(place, day) for place in self.places.values()]}

    async def detail(self, request: Request) -> Any:
        return self._detail(self._place(request))

    async def adapters(self, request: Request) -> Any:
        return [
            {
                "name": name,
                "title": TITLES[name],
                "protections": ["end_to_end", "transport"] if name.startswith("xta") else ["end_to_end"],
                "repeatable": True,
                "settings_schema": SCHEMAS[name],
            }
            for name in ADAPTERS
        ]

    async def check(self, request: Request) -> Any:
        name, settings = request.path_params["name"], (await request.json())["settings"]
        return {"faults": [_pointed(fault) for fault in _settings_faults(name, settings)]}

    async def procedures(self, request: Request) -> Any:
        return [{"name": one.value, "label": one.label, "number": one.number} for one in Procedure]

    async def releases(self, request: Request) -> Any:
        return RELEASES

    async def deliveries(self, request: Request) -> Any:
        key = request.query_params.get("authority")
        rows = [one for one in deliveries(self.places) if key in (None, one["authority"])]
        return {"rows": rows, "next": None, "total": len(rows)}

    async def read_journal(self, request: Request) -> Any:
        about = request.query_params.get("about", "")
        rows = [one for one in reversed(self.journal) if about in ("", one["subject"])]
        return {"rows": rows, "next": None}

    async def map(self, request: Request) -> Any:
        rows = [row(place) for place in self.places.values()]
        return {
            "view": request.query_params.get("view", "stage"),
            "tiles": [
                _tile(tile, [one for one in rows if one["kreis_key"] == tile.kreis_key]) for tile in registry.tiles()
            ],
            "legend": [
                {"symbol": "●", "word": "live"},
                {"symbol": "◐", "word": "Test"},
                {"symbol": "○", "word": "nicht dabei"},
            ],
        }

    async def map_page(self, request: Request) -> Any:
        return HTMLResponse("<!doctype html><title>Karte</title>")

    # -- changing -----------------------------------------------------------------------------------------------

    async def set_participation(self, request: Request) -> Any:
        place, given = self._place(request), await request.json()
        self._guard(request, place)
        value = self._valid(place, given["participation"])
        place.history = [one for one in place.history if one["valid_from"] != value["valid_from"]] + [value]
        self._note("participation.changed", place, given["reason"])
        return self._detail(place)

    async def remove_participation(self, request: Request) -> Any:
        place = self._place(request)
        self._guard(request, place)
        day = request.path_params["valid_from"]
        place.history = [one for one in place.history if one["valid_from"] != day]
        self._note("participation.removed", place, request.query_params["reason"])
        return self._detail(place)

    async def bulk(self, request: Request) -> Any:
        given = await request.json()
        rows, kept = [], []
        for key in given["keys"]:
            place = self.places[key]
            base = place.in_force(given["valid_from"]) or {"authority": key, "option": "3b"}
            before = from_json({"valid_from": given["valid_from"]} | base)
            wanted = from_json({**base, **given["changes"], "valid_from": given["valid_from"]})
            faults = [{"pointer": one.pointer, "detail": one.detail} for one in validate(wanted)]
            changed = [
                {"name": one.name, "before": one.before, "after": one.after} for one in differences(before, wanted)
            ]
            rows.append(
                {"key": key, "name": place.authority.name, "differences": changed, "faults": faults, "etag": place.etag}
            )
            kept.append((place, to_json(wanted)))
        if not given["dry_run"]:
            if any(self.places[key].etag != tag for key, tag in given["seen"].items()):
                raise Problem(
                    412, "etag-stale", "Jemand anderes hat seit der Vorschau geändert; es wurde nichts geändert."
                )
            if any(one["faults"] for one in rows):
                raise Problem(422, "participation-invalid", "Die Änderung passt nicht; es wurde nichts geändert.")
            for place, value in kept:
                place.history = [one for one in place.history if one["valid_from"] != value["valid_from"]] + [value]
                self._note("participation.changed", place, given["reason"])
        return {"rows": rows, "applied": not given["dry_run"]}

    async def pause(self, request: Request) -> Any:
        place, reason = self._place(request), (await request.json())["reason"]
        if place.paused_why is not None:
            raise Problem(409, "state-conflict", "Schon pausiert. Ihr Grund wurde nicht eingetragen.")
        place.paused_why = reason
        self._note("way.paused", place, reason)
        return self._detail(place)

    async def resume(self, request: Request) -> Any:
        place, reason = self._place(request), (await request.json())["reason"]
        place.paused_why = None
        self._note("way.resumed", place, reason)
        return self._detail(place)

    async def set_contacts(self, request: Request) -> Any:
        place, given = self._place(request), await request.json()
        self._guard(request, place)
        bad = [number for number, one in enumerate(given["contacts"]) if one["email"] and "@" not in one["email"]]
        if bad:
            errors = [_pointed(("/contacts/0/email", "Das ist keine E-Mail-Adresse."))]
            raise Problem(422, "field-invalid", "Die Angaben sind nicht vollständig.", errors)
        place.contacts = given["contacts"]
        self._note("authority.contacts", place, given["reason"])
        return self._detail(place)

    async def add_note(self, request: Request) -> Any:
        place, text = self._place(request), (await request.json())["text"]
        place.notes = [
            {"id": f"n{len(place.notes) + 1}", "at": NOW.isoformat(), "actor": self.name, "text": text},
            *place.notes,
        ]
        return self._detail(place)

    async def add_certificate(self, request: Request) -> Any:
        place, given = self._place(request), await request.json()
        found = x509.load_pem_x509_certificate(b64decode(given["data"]))
        shown = {
            "fingerprint": found.fingerprint(found.signature_hash_algorithm or _never()).hex(),
            "purpose": given["purpose"],
            "subject": found.subject.rfc4514_string(),
            "issuer": found.issuer.rfc4514_string(),
            "not_before": found.not_valid_before_utc.isoformat(),
            "not_after": found.not_valid_after_utc.isoformat(),
            "days": (found.not_valid_after_utc - NOW).days,
            "algorithm": "RSA 3072",
        }
        place.certificates = [*place.certificates, shown]
        self._note("certificate.held", place, given["reason"])
        return self._detail(place)

    async def remove_certificate(self, request: Request) -> Any:
        place = self._place(request)
        gone = request.path_params["fingerprint"]
        place.certificates = [one for one in place.certificates if one["fingerprint"] != gone]
        self._note("certificate.dropped", place, request.query_params["reason"])
        return self._detail(place)

    # -- parts --------------------------------------------------------------------------------------------------

    def _place(self, request: Request) -> Place:
        place = self.places.get(request.path_params["key"])
        if place is None:
            raise Problem(404, "not-found", "Diese Behörde gibt es nicht.")
        return place

    def _guard(self, request: Request, place: Place) -> None:
        given = request.headers.get("if-match")
        if given is None:
            raise Problem(428, "etag-missing", "Bitte den gesehenen Stand mitsenden (If-Match).")
        if given != place.etag:
            raise Problem(412, "etag-stale", "Jemand anderes hat diese Behörde inzwischen geändert.")

    def _valid(self, place: Place, given: Json) -> Json:
        try:
            value = from_json(given | {"authority": place.authority.key})
        except GatewayError as error:
            errors = [{"pointer": one.pointer, "detail": one.detail} for one in error.faults]
            raise Problem(422, "participation-invalid", error.reason, errors) from error
        faults = [(one.pointer, one.detail) for one in validate(value)]
        faults += [
            (f"/settings{pointer}", detail) for pointer, detail in _settings_faults(value.adapter, value.settings)
        ]
        if faults:
            raise Problem(
                422, "participation-invalid", "Die Teilnahme passt so nicht.", [_pointed(one) for one in faults]
            )
        return to_json(value) | {"changed_by": f"operator:{self.name}", "changed_at": NOW.isoformat()}

    def _detail(self, place: Place) -> Response:
        history = sorted(place.history, key=lambda one: one["valid_from"], reverse=True)
        answer = row(place) | {
            "history": [one for one in history if one["valid_from"] <= TODAY],
            "upcoming": place.upcoming(TODAY),
            "municipalities": [{"ags": place.authority.key, "name": place.authority.name}],
            "certificates": place.certificates,
            "contacts": place.contacts,
            "notes": place.notes,
            "ways": {"failures": 0, "open_until": None, "paused": place.paused_why is not None},
        }
        return JSONResponse(answer, headers={"ETag": place.etag})

    def _note(self, what: str, place: Place, why: str) -> None:
        self.journal.append(
            {
                "number": len(self.journal) + 1,
                "at": NOW.isoformat(),
                "actor": f"operator:{self.name}",
                "what": what,
                "text": what,
                "subject": place.authority.key,
                "why": why,
                "facts": {},
                "digest": "0" * 64,
            }
        )


def _guarded(handler: Any) -> Any:
    async def answer(request: Request) -> Response:
        try:
            value = await handler(request)
        except Problem as problem:
            return problem.answer
        return value if isinstance(value, Response) else JSONResponse(value)

    return answer


def _settings_faults(adapter: str, settings: Any) -> list[tuple[str, str]]:
    schema = SCHEMAS.get(adapter, {"properties": {}})
    faults = [(f"/{name}", "Diese Angabe fehlt.") for name in schema.get("required", ()) if not settings.get(name)]
    faults += [(f"/{name}", "Diese Angabe gibt es nicht.") for name in settings if name not in schema["properties"]]
    port = settings.get("port")
    if port is not None and not (isinstance(port, int) and 0 < port < 65_536):
        faults.append(("/port", "Der Port liegt zwischen 1 und 65535."))
    return faults


def _pointed(fault: tuple[str, str]) -> Json:
    return {"code": "field-invalid", "pointer": fault[0], "detail": fault[1]}


def _tile(tile: Any, inside: list[Json]) -> Json:
    live = sum(one["phase"] == "live" for one in inside)
    symbol, word = ("●", "alle") if live == len(inside) else ("◐", "einige") if live else ("○", "keine")
    if any(one["held"] for one in inside):
        symbol, word = "!", "Störung"
    return {
        "kreis_key": tile.kreis_key,
        "abbr": tile.abbr,
        "name": tile.name,
        "col": tile.col,
        "row": tile.row,
        "symbol": symbol,
        "word": word,
        "count": live,
        "live": live,
        "total": len(inside),
        "authorities": [
            {
                "key": one["key"],
                "name": one["name"],
                "symbol": "●" if one["phase"] == "live" else "○",
                "word": one["phase_label"],
            }
            for one in inside
        ],
    }


def _never() -> Any:
    raise AssertionError("a certificate without a hash algorithm")
