"""A world for the console's tests: the 212 real authorities, made-up participation, always the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway import registry
from gateway.domain.authority import Authority
from gateway.domain.onboarding import Stage
from gateway.domain.participation import Option, Phase
from gateway.domain.procedure import Procedure

Json = dict[str, Any]

NOW = datetime(2026, 11, 21, 13, 3, tzinfo=UTC)
"""Saturday, 14:03 in Germany, as on the sketches."""

WARENDORF, AHLEN, BECKUM, OELDE = "05570000", "05570004", "05570008", "05570028"
MUENSTER, BOTTROP, HOEXTER = "05515000", "05512000", "05762000"

RELEASES = ["2.2", "2.3", "2.4.0.1", "2.5", "2.6"]
ADAPTERS = ("file_drop", "sftp", "soap_push", "xta_mailbox", "xta_push")
TITLES = {
    "file_drop": "Ablageordner",
    "sftp": "SFTP",
    "soap_push": "SOAP-Übergabe",
    "xta_mailbox": "XTA-Postfach (Behörde holt ab)",
    "xta_push": "XTA-Übergabe",
}
STAGE_PHASE = [Phase.LIVE, Phase.LIVE, Phase.LIVE, Phase.TEST, Phase.LIVE, Phase.TEST, Phase.NOT_CONNECTED]
ALL = [procedure.value for procedure in Procedure]

SCHEMAS: dict[str, Json] = {
    "file_drop": {
        "properties": {
            "folder": {"title": "Ablageordner", "type": "string", "description": "Vollständiger Pfad des Ordners."},
            "mount_point": {
                "title": "Einhängepunkt",
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "default": None,
                "description": "Nur bei Netzlaufwerken.",
            },
            "receipts": {
                "title": "Quittung",
                "type": "string",
                "enum": ["optional", "required"],
                "default": "optional",
                "description": "Möglich: ein weggenommener Ordner gilt als abgeholt.",
                "x-titles": {"optional": "möglich", "required": "nötig"},
            },
        },
        "required": ["folder"],
    },
    "sftp": {
        "properties": {
            "host": {"title": "Server", "type": "string", "description": "Name des SFTP-Servers der Behörde."},
            "port": {"title": "Port", "type": "integer", "default": 22, "description": "Üblich ist 22."},
        },
        "required": ["host"],
    },
    "soap_push": {"properties": {"url": {"title": "Adresse", "type": "string"}}, "required": ["url"]},
    "xta_mailbox": {"properties": {"manifest": {"title": "Inhaltsverzeichnis", "type": "boolean", "default": False}}},
    "xta_push": {"properties": {"send_url": {"title": "SendXtaPort", "type": "string"}}, "required": ["send_url"]},
}


@dataclass
class Place:
    """One authority of the fake world, as it is now."""

    authority: Authority
    history: list[Json] = field(default_factory=list)
    certificates: list[Json] = field(default_factory=list)
    contacts: list[Json] = field(default_factory=list)
    notes: list[Json] = field(default_factory=list)
    paused_why: str | None = None
    last_pickup: datetime | None = None
    open_items: int = 0
    held: int = 0
    stage: str | None = None

    @property
    def etag(self) -> str:
        """What changes with everything an operator edits."""
        text = json.dumps([self.history, self.contacts, self.notes], sort_keys=True)
        return f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'

    def in_force(self, day: str) -> Json:
        """Return what holds on an ISO day."""
        begun = [one for one in self.history if one["valid_from"] <= day]
        return max(begun, key=lambda one: one["valid_from"], default={})

    def upcoming(self, day: str) -> list[Json]:
        """Return what begins later, the next first."""
        return sorted((one for one in self.history if one["valid_from"] > day), key=lambda one: one["valid_from"])


def setting(key: str, **changes: Any) -> Json:
    """Return a participation in its JSON form: option 1, live, file drop, XBau 2.6."""
    base: Json = {
        "authority": key,
        "valid_from": "2026-11-01",
        "option": "1",
        "procedures": ALL[:6],
        "release": "2.6",
        "adapter": "file_drop",
        "settings": {"folder": f"/srv/bauamt/{key}"},
        "protection": "end_to_end",
        "phase": "live",
        "redirect_url": "",
        "size_limit": 250_000_000,
        "list_posted_plans": True,
        "certificates": [],
        "source": "Umfrage Oktober 2026",
        "note": "",
        "changed_by": "operator:op-01",
        "changed_at": "2026-10-28T09:12:00+00:00",
    }
    return base | changes


def places() -> dict[str, Place]:
    """Return the 212 authorities, spread over options, ways and stages by their number in the list."""
    edition = registry.editions()["212"]
    found: dict[str, Place] = {
        key: _place(number, authority) for number, (key, authority) in enumerate(edition.authorities.items())
    }
    _famous(found)
    return found


def _place(number: int, authority: Authority) -> Place:
    option = ["1", "1", "1", "2", "1", "2", "1", "3a", "1", "3b", "2"][number % 11]
    accepts = option in ("1", "2")
    adapter = ADAPTERS[number % 5] if accepts else ""
    change = setting(
        authority.key,
        option=option,
        adapter=adapter,
        settings=_settings(adapter, authority.key),
        release=RELEASES[-1 - number % 3] if accepts else "",
        phase=STAGE_PHASE[number % 7].value if accepts else "not_connected",
        procedures=ALL[: 2 + number % 8] if accepts else [],
        redirect_url=f"https://bauen-{number}.example/antrag" if option == "3a" else "",
        protection="transport" if number % 4 == 0 else "end_to_end",
    )
    place = Place(authority, [change])
    if accepts:
        place.certificates = [certificate(place, "encrypt", (number * 37) % 420 + 14)]
        place.last_pickup = NOW - timedelta(hours=(number * 7) % 90, minutes=number % 60)
        place.open_items = (0, 0, 1, 0, 3, 0, 0)[number % 7]
    return place


def _settings(adapter: str, key: str) -> Json:
    given: dict[str, Json] = {
        "file_drop": {"folder": f"/srv/bauamt/{key}"},
        "sftp": {"host": f"sftp-{key}.example", "port": 22},
        "soap_push": {"url": f"https://bauamt-{key}.example/dienst"},
        "xta_push": {"send_url": f"https://xta-{key}.example/send"},
    }
    return given.get(adapter, {})


def certificate(place: Place, purpose: str, days: int) -> Json:
    """Return a certificate that ends in some days."""
    key = place.authority.key
    return {
        "fingerprint": hashlib.sha256(f"{key}{purpose}{days}".encode()).hexdigest(),
        "purpose": purpose,
        "subject": f"CN={place.authority.title} Bauamt",
        "issuer": "CN=Landes-CA NRW 4",
        "not_before": (NOW - timedelta(days=400)).isoformat(),
        "not_after": (NOW + timedelta(days=days)).isoformat(),
        "days": days,
        "algorithm": "RSA 4096",
        "authority": key,
        "authority_name": place.authority.name,
    }


def _famous(found: dict[str, Place]) -> None:
    """Set the places that tests and sketches name."""
    found[WARENDORF].history = [
        setting(WARENDORF, valid_from="2026-09-01", option="2", phase="test", changed_by="operator:op-02"),
        setting(WARENDORF, adapter="xta_mailbox", settings={}),
        setting(WARENDORF, valid_from="2026-12-01", procedures=ALL, adapter="xta_mailbox", settings={}),
    ]
    found[WARENDORF].contacts = [
        {"role": "Technik", "name": "Erika Beispiel", "email": "it@kreis-warendorf.example", "phone": "02581 530"},
        {"role": "Bauamt", "name": "Max Muster", "email": "bauamt@kreis-warendorf.example", "phone": "02581 531"},
    ]
    found[WARENDORF].notes = [
        {
            "id": "n1",
            "at": "2026-11-12T10:00:00+00:00",
            "actor": "op-03",
            "text": "Rückruf: Postfach wird täglich geleert.",
        }
    ]
    found[WARENDORF].certificates = [certificate(found[WARENDORF], "encrypt", 211)]
    found[MUENSTER].history = [setting(MUENSTER, option="2", adapter="sftp", settings=_settings("sftp", MUENSTER))]
    found[BECKUM].certificates = [certificate(found[BECKUM], "encrypt", 27)]
    found[BOTTROP].history = [setting(BOTTROP, adapter="xta_push", settings=_settings("xta_push", BOTTROP))]
    found[BOTTROP].open_items = 4
    found[HOEXTER].history = [setting(HOEXTER)]
    found[HOEXTER].held, found[HOEXTER].open_items = 1, 2
    found[HOEXTER].certificates = [certificate(found[HOEXTER], "encrypt", -1)]


def stage_of(place: Place, phase: str) -> str:
    """Return the onboarding stage of an authority."""
    if place.stage:
        return place.stage
    by_phase = {"live": Stage.LIVE, "test": Stage.CONNECTED, "paused": Stage.PAUSED, "ended": Stage.ENDED}
    return by_phase.get(phase, Stage.INVITED).value


def deliveries(found: dict[str, Place]) -> Sequence[Json]:
    """Return deliveries of several authorities in several states."""
    shown = [
        (
            HOEXTER,
            "BW-2026-7KQ4-M3XD",
            "held",
            "Angehalten, ein Mensch muss entscheiden: Zertifikat am 20.11. abgelaufen.",
        ),
        (BOTTROP, "BW-2026-7KQ9-P0TA", "waiting", "Stadt Bottrop war beim Versuch 5 nicht erreichbar; nächster 14:20."),
        (WARENDORF, "BW-2026-7KR2-A1BC", "available", "Liegt für Kreis Warendorf bereit; die Behörde muss abholen."),
        (WARENDORF, "BW-2026-7KR5-D7EF", "confirmed", "Kreis Warendorf hat den Eingang bestätigt."),
    ]
    return [
        {
            "position": number,
            "message_id": f"00000000-0000-4000-8000-{number:012d}",
            "case_number": case,
            "authority": key,
            "authority_name": found[key].authority.name,
            "kind": "application",
            "number": "0200",
            "release": "2.6",
            "state": state,
            "sentence": sentence,
            "adapter": found[key].in_force("2026-11-21").get("adapter", ""),
            "attempt": number,
            "age_seconds": 3600 * (number * 9 - 1),
            "size": 4_200_000,
            "test": False,
            "next_step": "Neues Zertifikat einspielen, dann wieder einstellen." if state == "held" else "",
        }
        for number, (key, case, state, sentence) in enumerate(shown, start=1)
    ]


def row(place: Place, day: str = "2026-11-21") -> Json:
    """Return an authority as the list has it."""
    authority, current = place.authority, place.in_force(day)
    option = current.get("option", "3b")
    accepts = option in ("1", "2")
    coming = place.upcoming(day)
    days = min((one["days"] for one in place.certificates), default=None)
    phase = current.get("phase", "not_connected")
    stage = stage_of(place, phase)
    return {
        "key": authority.key,
        "dvdv_key": authority.dvdv_key,
        "name": authority.name,
        "title": authority.title,
        "kind": authority.kind.value,
        "kind_label": authority.kind.label,
        "kreis_key": authority.kreis_key,
        "kreis": authority.kreis_name,
        "kreis_abbr": authority.kreis_abbr,
        "district": authority.district,
        "option": option,
        "option_label": Option(option).label,
        "procedures": current.get("procedures", []),
        "release": current.get("release", "") if accepts else "",
        "adapter": current.get("adapter", "") if accepts else "",
        "adapter_title": TITLES.get(current.get("adapter", ""), "") if accepts else "",
        "protection": current.get("protection", "") if accepts else "",
        "phase": phase,
        "phase_label": Phase(phase).label,
        "stage": stage,
        "stage_label": Stage(stage).label,
        "redirect_url": current.get("redirect_url", ""),
        "last_pickup": place.last_pickup.isoformat() if place.last_pickup else None,
        "open_items": place.open_items,
        "held": place.held,
        "certificate_days": days,
        "certificate_until": None,
        "paused": place.paused_why is not None,
        "paused_why": place.paused_why or "",
        "next_change": {name: coming[0][name] for name in ("valid_from", "option", "release", "adapter")}
        if coming
        else None,
        "etag": place.etag,
    }
