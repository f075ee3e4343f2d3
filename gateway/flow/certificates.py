"""Certificates of authorities: taken only if they serve their purpose now (law 8)."""

from __future__ import annotations

from typing import Literal

from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.ports import World
from gateway.seal.keys import fingerprint, read_certificates
from gateway.seal.trust import Purpose, check_suitable

HeldFor = Literal["encrypt", "sign", "tls", "tls-anchor"]

_CHECKS: dict[str, Purpose] = {"encrypt": "encrypt", "sign": "sign", "tls": "tls-client"}


def hold(world: World, key: AuthorityKey, purpose: HeldFor, octets: bytes, actor: str) -> tuple[str, ...]:
    """Keep an authority's certificate (PEM or DER; the first of a chain) and return the fingerprints kept.

    A `tls-anchor` is what its server certificate must lead to, and is not checked for a purpose of its own.

    Raises:
        SealError: unreadable, expired, weak, or not made for this purpose.
    """
    certificates = read_certificates(octets)
    chosen = certificates if purpose == "tls-anchor" else certificates[:1]
    for certificate in chosen:
        if purpose in _CHECKS:
            check_suitable(certificate, purpose=_CHECKS[purpose], at=world.clock.now())
    with world.store.writing() as tx:
        for certificate in chosen:
            tx.certificates.add(key, purpose, certificate)
            facts = {
                "purpose": purpose,
                "fingerprint": fingerprint(certificate),
                "until": certificate.not_valid_after_utc.isoformat(),
            }
            tx.journal.append(Act(actor, "certificate.added", key, facts=facts))
    return tuple(fingerprint(certificate) for certificate in chosen)
