"""`bauweiche doctor --security`, the installation: keys, certificates, what goes in clear, tokens, the journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from gateway.commands.findings import Result
from gateway.domain.calendar import local_date, written_date
from gateway.domain.case import Client
from gateway.domain.errors import GatewayError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Counted, verify
from gateway.domain.participation import Participation
from gateway.domain.tokens import SCOPES
from gateway.edges.keyring import FolderKeyring, KeyInfo
from gateway.edges.peer_cert import weakness
from gateway.flow.evidence import verify_anchors
from gateway.ports import World
from gateway.settings import Settings

_LONG = timedelta(days=400)
_SHOWN = 5
_SEALED_WAYS = frozenset({"file_drop", "sftp"})
"""Ways on which an envelope is always sealed for the authority; what comes back by them may be unsigned."""


def look(world: World, settings: Settings) -> Iterator[Result]:
    """Yield what was found in the installation."""
    yield from _keys(world)
    yield from _certificates(world)
    yield from _ways(world)
    yield from _tokens(world)
    yield _database(settings)
    yield _journal(world)


def _keys(world: World) -> Iterator[Result]:
    now = world.clock.now()
    assert isinstance(world.keyring, FolderKeyring)
    try:
        keys = world.keyring.list()
    except GatewayError as error:
        yield Result("fail", "Eigene Schlüssel", error.reason)
        return
    for key in keys:
        yield Result(*_key(key, now))


def _key(key: KeyInfo, now: datetime) -> tuple[str, str, str]:
    what = f"Schlüssel {key.file.removesuffix('.pem')}"
    if key.pending or key.not_after is None:
        return "warn", what, f"{key.algorithm}, wartet auf sein Zertifikat"
    if key.not_after <= now:
        return "ok", what, f"{key.algorithm}, abgelöst (bis {written_date(key.not_after.date())})"
    return "ok", what, f"{key.algorithm}, gültig bis {written_date(key.not_after.date())}"


def _certificates(world: World) -> Iterator[Result]:
    """Certificates of authorities: only those in use can do harm, but all of them are named if they are weak."""
    now = world.clock.now()
    with world.store.reading() as tx:
        held = list(tx.certificates.all())
    weak = sorted({f"{AuthorityKey(key)} ({use})" for key, use, one in held if weakness(one)})
    over = sorted({f"{AuthorityKey(key)} ({use})" for key, use, one in held if one.not_valid_after_utc <= now})
    yield _named("Zertifikate", f"{len(held)} von Behörden, alle stark genug", weak, "zu schwach", "fail")
    if over:
        yield _named("Abgelaufen", "", over, "es wird damit nichts gesendet und niemand eingelassen", "warn")


def _ways(world: World) -> Iterator[Result]:
    """Where content is protected by transport alone, and where replies come unsigned: chosen, but to be known."""
    today = local_date(world.clock.now())
    with world.store.reading() as tx:
        taking_part = [one for one in tx.registry.all_in_force(today).values() if one.option.accepts and one.adapter]
        signing = {one.authority for one in taking_part if tx.certificates.of(one.authority, "sign")}
    clear = sorted(one.authority for one in taking_part if _goes_in_clear(one))
    unsigned = sorted(
        one.authority for one in taking_part if one.adapter in _SEALED_WAYS and one.authority not in signing
    )
    fine = f"{len(taking_part)} Wege, alle mit Ende-zu-Ende-Verschlüsselung"
    yield _named("Klartext im Transport", fine, clear, "nur durch TLS geschützt (so gewählt)", "warn")
    text = "ohne hinterlegtes Signaturzertifikat; Antworten gelten als unsigniert"
    yield _named("Antworten", "von jedem Ordnerweg mit Signatur", unsigned, text, "warn")


def _goes_in_clear(participation: Participation) -> bool:
    return participation.adapter not in _SEALED_WAYS and participation.protection == "transport"


def _tokens(world: World) -> Iterator[Result]:
    now = world.clock.now()
    with world.store.reading() as tx:
        everybody = list(tx.clients.all())
    valid = [one for one in everybody if one.expires_at > now]
    portals, people = [one for one in valid if one.scopes <= SCOPES], [one for one in valid if not one.scopes <= SCOPES]
    yield _token_line("Token der Portale", portals, now)
    yield _token_line("Token der Betreiber", people, now)
    mighty = sorted({one.name for one in people if "verwalten" in one.scopes})
    if mighty:
        yield Result("warn" if len(mighty) > 2 else "ok", "Höchste Berechtigung", ", ".join(mighty))
    if len(everybody) > len(valid):
        yield Result("ok", "Abgelaufene Token", f"{len(everybody) - len(valid)}, werden abgewiesen")


def _token_line(what: str, tokens: Sequence[Client], now: datetime) -> Result:
    if not tokens:
        return Result("ok", what, "keine gültigen")
    long = sorted({one.name for one in tokens if one.expires_at - now > _LONG})
    last = max(one.expires_at for one in tokens)
    text = f"{len(tokens)} gültig, das letzte bis {written_date(last.date())}; gespeichert sind nur Hashes"
    return Result("warn", what, f"{text}; länger als 400 Tage: {', '.join(long)}") if long else Result("ok", what, text)


def _database(settings: Settings) -> Result:
    if not settings.database:
        return Result("ok", "Datenbank", "SQLite im Ordner der Einrichtung")
    if "@localhost" in settings.database or "@127.0.0.1" in settings.database or "host=/" in settings.database:
        return Result("ok", "Datenbank", "auf diesem Rechner")
    if "sslmode=verify-full" in settings.database:
        return Result("ok", "Datenbank", "über TLS, Zertifikat geprüft")
    return Result("fail", "Datenbank", "auf einem anderen Rechner ohne sslmode=verify-full")


def _journal(world: World) -> Result:
    last = Counted()
    with world.store.reading() as tx:
        broken = verify(last.of(tx.journal.read()))
    broken = broken or verify_anchors(world)
    if broken:
        return Result("fail", "Protokoll", f"ab Eintrag {broken.number} nicht unversehrt: {broken.reason}")
    return Result("ok", "Protokoll", f"{last.number} Einträge, unversehrt bis {last.digest[:16]}…")


def _named(what: str, fine: str, found: Sequence[str], words: str, level: str) -> Result:
    if not found:
        return Result("ok", what, fine)
    more = f" und {len(found) - _SHOWN} weitere" if len(found) > _SHOWN else ""
    return Result(level, what, f"{len(found)} {words}: {', '.join(found[:_SHOWN])}{more}")
