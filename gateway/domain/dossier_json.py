"""The JSON form of dossiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gateway.domain.dossier import Contact, Dossier, Note, Step
from gateway.domain.ids import AuthorityKey
from gateway.domain.onboarding import Check, Evidence, Onboarding, Stage


def dossier_to_json(dossier: Dossier) -> dict[str, Any]:
    """Return everything but key and version."""
    return {
        "contacts": [asdict(contact) for contact in dossier.contacts],
        "notes": [asdict(note) | {"at": note.at.isoformat()} for note in dossier.notes],
        "onboarding": _onboarding_to_json(dossier.onboarding) if dossier.onboarding else None,
        "steps": [asdict(step) | {"at": step.at.isoformat()} for step in dossier.steps],
        "test_message": dossier.test_message,
        "test_of": dossier.test_of,
    }


def dossier_from_json(key: AuthorityKey, version: int, value: Mapping[str, Any]) -> Dossier:
    """Read what `dossier_to_json` wrote."""
    return Dossier(
        authority=key,
        version=version,
        contacts=tuple(Contact(**contact) for contact in value["contacts"]),
        notes=tuple(Note(**note | {"at": datetime.fromisoformat(note["at"])}) for note in value["notes"]),
        onboarding=_onboarding_from_json(key, value["onboarding"]) if value["onboarding"] else None,
        steps=tuple(Step(**step | {"at": datetime.fromisoformat(step["at"])}) for step in value["steps"]),
        test_message=value["test_message"],
        test_of=value.get("test_of", ""),
    )


def _onboarding_to_json(onboarding: Onboarding) -> dict[str, Any]:
    return {
        "stage": onboarding.stage.value,
        "evidence": [
            {"check": one.check.value, "at": one.at.isoformat(), "holds": one.holds, "detail": one.detail, "of": one.of}
            for one in onboarding.evidence
        ],
        "proposer": onboarding.proposer,
        "approver": onboarding.approver,
        "approved_of": onboarding.approved_of,
    }


def _onboarding_from_json(key: AuthorityKey, value: Mapping[str, Any]) -> Onboarding:
    return Onboarding(
        authority=key,
        stage=Stage(value["stage"]),
        evidence=tuple(
            Evidence(
                Check(one["check"]), datetime.fromisoformat(one["at"]), one["holds"], one["detail"], one.get("of", "")
            )
            for one in value["evidence"]
        ),
        proposer=value["proposer"],
        approver=value["approver"],
        approved_of=value.get("approved_of", ""),
    )
