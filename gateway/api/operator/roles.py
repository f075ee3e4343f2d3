"""Who operators are and what they may do: four roles, each including the ones before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

PREFIX = "bo_"
"""What every operator token begins with."""


class Role(IntEnum):
    """What an operator may do; a higher role includes the lower."""

    LESEN = 1
    BEARBEITEN = 2
    FREIGEBEN = 3
    VERWALTEN = 4

    @property
    def word(self) -> str:
        """The German word, as tokens and screens have it."""
        return self.name.lower()


ROLES = tuple(role.word for role in Role)


@dataclass(frozen=True, slots=True)
class Operator:
    """A person at the console."""

    name: str
    role: Role
    read_only: bool = False

    @property
    def actor(self) -> str:
        """The person as the journal names them."""
        return f"operator:{self.name}"

    @property
    def roles(self) -> list[str]:
        """All roles the person has."""
        return [role.word for role in Role if role <= self.role]
