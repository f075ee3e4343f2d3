"""What was proved of an authority's way, and when it no longer counts because the way is another one now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from gateway.domain.calendar import local_date
from gateway.domain.dossier import Dossier, Step
from gateway.domain.ids import AuthorityKey
from gateway.domain.onboarding import PHASE_STAGES, Check, Evidence, Onboarding, Stage
from gateway.domain.participation import Participation, in_force, upcoming
from gateway.ports import Transaction

OF_THE_WAY = frozenset(Check) - {Check.CONTACT}
"""What must be proved anew for another way."""

ON_THE_WAY = frozenset({Stage.CONNECTED, Stage.VERIFIED, Stage.APPROVED})
"""Stages that rest upon proofs; without them the authority is back where its details are known."""

STEPS = 200
"""Steps of an onboarding that are kept, the newest; all of them stand in the journal."""


def subject(history: Sequence[Participation], on: date) -> Participation | None:
    """Return the setting that an onboarding is about: the one in force, or the next one if that accepts nothing."""
    current = in_force(history, on)
    if current is not None and current.option.accepts:
        return current
    return next((one for one in upcoming(history, on) if one.option.accepts), current)


def onboarding_of(dossier: Dossier, history: Sequence[Participation], on: date) -> Onboarding:
    """Return how far an authority has come; where nobody has kept that, or it no longer fits, its phase says it."""
    kept = dossier.onboarding or Onboarding(dossier.authority)
    current = in_force(history, on)
    if current is None or not current.option.accepts or current.phase is kept.stage.phase:
        return kept
    return replace(kept, stage=PHASE_STAGES[current.phase])


def same_way(one: Participation | None, other: Participation | None) -> bool:
    """Return whether what was proved of one setting holds for another."""
    return _way(one) == _way(other)


def _way(value: Participation | None) -> object:
    if value is None or not value.option.accepts:
        return None
    return value.adapter, dict(value.settings), value.protection, value.release, frozenset(value.certificates)


def invalidate(tx: Transaction, key: AuthorityKey, before: Sequence[Participation], actor: str, now: datetime) -> None:
    """Forget what was proved if the way is another one now than in the history `before`.

    An authority that was being connected is back at its details; one that is live stays so, and is to be checked.
    """
    today = local_date(now)
    was, becomes = subject(before, today), subject(tx.registry.history(key), today)
    dossier = tx.dossiers.get(key)
    onboarding = dossier.onboarding
    if onboarding is None or was is None or same_way(was, becomes):
        return
    if not onboarding.evidence and onboarding.stage not in ON_THE_WAY:
        return
    stage = Stage.DETAILS if onboarding.stage in ON_THE_WAY else onboarding.stage
    kept = tuple(one for one in onboarding.evidence if one.check not in OF_THE_WAY)
    text = "Weg, Zertifikat oder XBau-Version wurden geändert: Die Nachweise sind neu zu erbringen."
    changed = replace(onboarding, stage=stage, evidence=kept, proposer="", approver="")
    tx.dossiers.save(noted(replace(dossier, onboarding=changed, test_message=""), actor, now, text))


def noted(dossier: Dossier, actor: str, now: datetime, text: str) -> Dossier:
    """Return a dossier with one more step of the onboarding."""
    return replace(dossier, steps=(*dossier.steps, Step(now, actor, text))[-STEPS:])


def with_evidence(onboarding: Onboarding, found: Iterable[Evidence]) -> Onboarding:
    """Return an onboarding with the newest outcome of each check."""
    outcomes = {one.check: one for one in (*onboarding.evidence, *found)}
    return replace(onboarding, evidence=tuple(outcomes[check] for check in Check if check in outcomes))
