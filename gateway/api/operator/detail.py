"""What operators see when they look closer: everything about one authority, and a certificate."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.api.operator.rows import iso, row, see
from gateway.domain.authority import Authority
from gateway.domain.case import Way
from gateway.domain.dossier import Dossier
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import to_json, upcoming
from gateway.ports import OwnKey, Transaction, World
from gateway.seal.keys import fingerprint


def detail(world: World, tx: Transaction, authority: Authority, on: date | None = None) -> dict[str, Any]:
    """Return everything about one authority, as it is on a day (today unless chosen)."""
    seen = see(world, tx, on)
    key = authority.key
    history = sorted(seen.histories.get(key, ()), key=lambda one: one.valid_from, reverse=True)
    way = seen.ways.get(key, Way(key))
    dossier = seen.dossiers.get(key, Dossier(key))
    return row(world, seen, authority) | {
        "history": [to_json(one) for one in history if one.valid_from <= seen.on],
        "upcoming": [to_json(one) for one in upcoming(history, seen.on)],
        "municipalities": [
            {"ags": ags, "name": world.directory.municipalities[ags].name}
            for ags in seen.edition.municipalities_of(key)
        ],
        "certificates": [
            certificate_out(world, key, authority.name, purpose, one)
            for purpose in sorted({one.purpose for one in seen.held.get(key, ())})
            for one in tx.certificates.of(key, purpose)
        ],
        "contacts": [asdict(contact) for contact in dossier.contacts],
        "notes": [asdict(note) | {"at": note.at.isoformat()} for note in reversed(dossier.notes)],
        "ways": {
            "failures": way.failures,
            "open_until": iso(way.open_until),
            "paused": way.paused,
            "paused_why": way.paused_why,
        },
    }


def certificate_out(
    world: World, key: AuthorityKey | None, name: str, purpose: str, found: x509.Certificate
) -> dict[str, Any]:
    """Return a certificate as operators see it."""
    public = found.public_key()
    return {
        "fingerprint": fingerprint(found),
        "purpose": purpose,
        "subject": found.subject.rfc4514_string(),
        "issuer": found.issuer.rfc4514_string(),
        "not_before": found.not_valid_before_utc.isoformat(),
        "not_after": found.not_valid_after_utc.isoformat(),
        "days": (found.not_valid_after_utc - world.clock.now()).days,
        "algorithm": f"{'RSA' if isinstance(public, rsa.RSAPublicKey) else 'EC'} {getattr(public, 'key_size', '')}",
        "authority": key or "",
        "authority_name": name,
    }


def own_out(world: World, found: OwnKey) -> dict[str, Any]:
    """Return a certificate of the gateway itself, as `certificate_out` does."""
    days = (found.not_after - world.clock.now()).days if found.not_after else None
    return {
        "fingerprint": found.fingerprint,
        "purpose": found.purpose,
        "subject": found.subject,
        "issuer": found.issuer,
        "not_before": iso(found.not_before),
        "not_after": iso(found.not_after),
        "days": days,
        "algorithm": found.algorithm,
        "authority": "",
        "authority_name": "Gateway",
    }
