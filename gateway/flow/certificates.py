"""Certificates of authorities: taken only if they serve their purpose now (law 8)."""

from __future__ import annotations

from typing import Literal

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.flow.proofs import Newest, forget, newest
from gateway.ports import Transaction, World
from gateway.seal.keys import fingerprint as fingerprint_of
from gateway.seal.keys import read_certificates
from gateway.seal.trust import Purpose, check_suitable

HeldFor = Literal["encrypt", "sign", "tls", "tls-anchor"]

_CHECKS: dict[str, Purpose] = {"encrypt": "encrypt", "sign": "sign", "tls": "tls-client"}


def hold(
    world: World, key: AuthorityKey, purpose: HeldFor, octets: bytes, actor: str, why: str = ""
) -> tuple[str, ...]:
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
        before = newest(tx.certificates.held(key))
        for certificate in chosen:
            tx.certificates.add(key, purpose, certificate)
            facts = {
                "purpose": purpose,
                "fingerprint": fingerprint_of(certificate),
                "until": certificate.not_valid_after_utc.isoformat(),
            }
            tx.journal.append(Act(actor, "certificate.added", key, why, facts))
        _forget_if_another(world, tx, key, before, actor)
    return tuple(fingerprint_of(certificate) for certificate in chosen)


def drop(world: World, key: AuthorityKey, fingerprint: str, actor: str, why: str) -> None:
    """Forget a certificate of an authority, for every purpose.

    Raises:
        SubmissionError: NOT_FOUND.
    """
    with world.store.writing() as tx:
        held = tx.certificates.held(key)
        if fingerprint not in {one.fingerprint for one in held}:
            raise SubmissionError(codes.NOT_FOUND, "Dieses Zertifikat ist für die Behörde nicht hinterlegt.")
        tx.certificates.remove(key, fingerprint)
        tx.journal.append(Act(actor, "certificate.removed", key, why, {"fingerprint": fingerprint}))
        _forget_if_another(world, tx, key, newest(held), actor)


def _forget_if_another(world: World, tx: Transaction, key: AuthorityKey, before: Newest, actor: str) -> None:
    """Forget what was proved of the way if it rests upon another certificate now."""
    if newest(tx.certificates.held(key)) != before:
        forget(tx, key, actor, world.clock.now())
