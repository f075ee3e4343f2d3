"""What was proved of an authority's way, and when it no longer counts because the way is another one now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from gateway.domain.calendar import local_date
from gateway.domain.dossier import Dossier, Step
from gateway.domain.expiry import Held
from gateway.domain.ids import AuthorityKey
from gateway.domain.onboarding import PHASE_STAGES, Check, Evidence, Onboarding, Stage
from gateway.domain.participation import Participation, in_force, upcoming
from gateway.ports import Transaction

OF_THE_WAY = frozenset(Check) - {Check.CONTACT}
"""What must be proved anew for another way."""

OF_TEST = frozenset({Check.TEST_DELIVERED, Check.TEST_OPENED, Check.TEST_ANSWERED})
"""What the last test message proves."""

ON_THE_WAY = frozenset({Stage.CONNECTED, Stage.VERIFIED, Stage.APPROVED})
"""Stages that rest upon proofs; without them the authority is back where its details are known."""

USED = ("encrypt", "tls", "tls-anchor")
"""Purposes of certificates that a delivery rests upon; of each the newest counts."""

Newest = Mapping[str, str]
"""Purpose → fingerprint."""

STEPS = 200
"""Steps of an onboarding that are kept, the newest; all of them stand in the journal."""

OUTDATED = (
    "Galt für den früheren Stand; Weg, Zertifikat oder XBau-Version sind jetzt andere. Bitte die Prüfung starten."
)


def subject(history: Sequence[Participation], on: date) -> Participation | None:
    """Return the setting that an onboarding is about: the one in force, or the next one if that accepts nothing."""
    current = in_force(history, on)
    if current is not None and current.option.accepts:
        return current
    return next((one for one in upcoming(history, on) if one.option.accepts), current)


def onboarding_of(
    dossier: Dossier, history: Sequence[Participation], on: date, held: Sequence[Held] = ()
) -> Onboarding:
    """Return how far an authority has come; where nobody has kept that, or it no longer fits, its phase says it.

    Proofs of another way, release or certificate than today's do not count, whenever and however it changed; an
    authority that was being connected is then back at its details, and nobody has proposed it.
    """
    kept = _still(dossier.onboarding or Onboarding(dossier.authority), named(subject(history, on), held))
    current = in_force(history, on)
    if current is None or not current.option.accepts or current.phase is kept.stage.phase:
        return kept
    return replace(kept, stage=PHASE_STAGES[current.phase])


def _still(kept: Onboarding, now: str) -> Onboarding:
    """Return an onboarding without what was proved of something else than `now`."""
    gone = {one.check for one in kept.evidence if one.check in OF_THE_WAY and one.of not in ("", now)}
    if not gone:
        return kept
    counted = tuple(
        replace(one, holds=False, detail=OUTDATED) if one.check in gone else one for one in kept.evidence
    )  # fmt: skip
    if kept.stage not in ON_THE_WAY:
        return replace(kept, evidence=counted)
    return replace(kept, stage=Stage.DETAILS, evidence=counted, proposer="", approver="", approved_of="")


def named(value: Participation | None, held: Sequence[Held]) -> str:
    """Return what a proof is a proof of: the way with its settings, protection, release and certificates, as one word.

    `held` are the authority's certificates, the newest of each purpose first.
    """
    way = _way(value)
    seen = json.dumps([way and [*way[:-1], sorted(way[-1])], newest(held)], sort_keys=True, default=str)
    return hashlib.sha256(seen.encode("utf-8", "replace")).hexdigest()[:32]


def newest(held: Sequence[Held]) -> Newest:
    """Return the newest certificate of each purpose that a delivery rests upon; `held` has the newest first."""
    return {one.purpose: one.fingerprint for one in reversed(held) if one.purpose in USED}


def same_way(one: Participation | None, other: Participation | None) -> bool:
    """Return whether what was proved of one setting holds for another."""
    return _way(one) == _way(other)


def _way(value: Participation | None) -> tuple[str, dict[str, object], str, str, frozenset[str]] | None:
    if value is None or not value.option.accepts:
        return None
    return value.adapter, dict(value.settings), value.protection, value.release, frozenset(value.certificates)


def invalidate(tx: Transaction, key: AuthorityKey, before: Sequence[Participation], actor: str, now: datetime) -> None:
    """Forget what was proved if the way is another one now than in the history `before`.

    An authority that was being connected is back at its details; one that is live stays so, and is to be checked.
    """
    today = local_date(now)
    was, becomes = subject(before, today), subject(tx.registry.history(key), today)
    if was is not None and not same_way(was, becomes):
        forget(tx, key, actor, now)


def forget(tx: Transaction, key: AuthorityKey, actor: str, now: datetime) -> None:
    """Forget what was proved of an authority's way, with a step that says so; who approved it stays to be read."""
    dossier = tx.dossiers.get(key)
    onboarding = dossier.onboarding
    if onboarding is None or (not onboarding.evidence and onboarding.stage not in ON_THE_WAY):
        return
    kept = tuple(one for one in onboarding.evidence if one.check not in OF_THE_WAY)
    changed = replace(onboarding, evidence=kept)
    if onboarding.stage in ON_THE_WAY:
        changed = replace(changed, stage=Stage.DETAILS, proposer="", approver="", approved_of="")
    text = "Weg, Zertifikat oder XBau-Version wurden geändert: Die Nachweise sind neu zu erbringen."
    tx.dossiers.save(noted(replace(dossier, onboarding=changed, test_message="", test_of=""), actor, now, text))


def noted(dossier: Dossier, actor: str, now: datetime, text: str) -> Dossier:
    """Return a dossier with one more step of the onboarding."""
    return replace(dossier, steps=(*dossier.steps, Step(now, actor, text))[-STEPS:])


def without_test(onboarding: Onboarding) -> Onboarding:
    """Return an onboarding without the fate of a test message: that of another one says nothing about the new one."""
    return replace(onboarding, evidence=tuple(one for one in onboarding.evidence if one.check not in OF_TEST))


def with_evidence(onboarding: Onboarding, found: Iterable[Evidence]) -> Onboarding:
    """Return an onboarding with the newest outcome of each check."""
    outcomes = {one.check: one for one in (*onboarding.evidence, *found)}
    return replace(onboarding, evidence=tuple(outcomes[check] for check in Check if check in outcomes))
