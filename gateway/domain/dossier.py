"""What operators keep about an authority besides its participation, and the surveys they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.domain.ids import AuthorityKey
from gateway.domain.onboarding import Onboarding

POSTAL = "Postanschrift"
"""Role of the contact in whose name the authority's postal address is kept, its lines parted by `;` or `,`."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody at an authority; `role` such as `Fachlich`, `Technisch`, `Zertifikate`."""

    role: str
    name: str
    email: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark of an operator; `at` is aware UTC."""

    id: str
    at: datetime
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened in the onboarding, in German."""

    at: datetime
    actor: str
    text: str


@dataclass(frozen=True)
class Dossier:
    """Everything operators keep about one authority; `version` counts changes (0: nothing kept yet)."""

    authority: AuthorityKey
    version: int = 0
    contacts: tuple[Contact, ...] = ()
    notes: tuple[Note, ...] = ()
    onboarding: Onboarding | None = None
    steps: tuple[Step, ...] = ()
    test_message: str = ""
    """Id of the last test message, whose fate is evidence."""
    test_of: str = ""
    """What it was sent by, as `Evidence.of` names it: of another way it proves nothing."""

    @property
    def postal_address(self) -> tuple[str, ...]:
        """The lines of the address that plans are posted to; empty if none is kept."""
        kept = next((one.name for one in self.contacts if one.role.strip().casefold() == POSTAL.casefold()), "")
        return tuple(line.strip() for line in kept.replace(";", ",").split(",") if line.strip())


class SurveyState(StrEnum):
    """Whether a survey holds."""

    DRAFT = "draft"
    APPLIED = "applied"
    UNDONE = "undone"


@dataclass(frozen=True)
class Survey:
    """A survey as it was read; `plan` is its JSON form."""

    id: str
    name: str
    at: datetime
    actor: str
    state: SurveyState
    plan: Mapping[str, Any] = field(default_factory=dict)
