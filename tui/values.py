"""What the console knows of the server's answers: plain values; fields it does not know are left aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

V = TypeVar("V")

Json = Mapping[str, Any]
"""A JSON object as it came."""


def read(shape: type[V], answer: Json) -> V:
    """Return a dataclass filled from a JSON object; what is absent or null takes the field's default.

    Raises:
        TypeError: a field without a default is missing.
    """
    known = {}
    for one in fields(shape):  # type: ignore[arg-type]  # every caller hands in a dataclass
        value = answer.get(one.name)
        if value is not None or (one.default is MISSING and one.default_factory is MISSING):
            known[one.name] = value
    return shape(**known)


@dataclass(frozen=True, slots=True)
class Me:
    """Who sits at the console, and which installation this is; `now` is the server's clock."""

    name: str = ""
    roles: list[str] = field(default_factory=list)
    read_only: bool = False
    environment: str = ""
    version: str = ""
    now: str = ""

    @property
    def role(self) -> str:
        """The highest role."""
        return self.roles[-1] if self.roles else ""


@dataclass(frozen=True, slots=True)
class AuthorityRow:
    """One authority as the list shows it; `certificate_days` None: no certificate is held."""

    key: str
    name: str
    title: str = ""
    dvdv_key: str = ""
    kind: str = ""
    kind_label: str = ""
    kreis_key: str = ""
    kreis: str = ""
    kreis_abbr: str = ""
    district: str = ""
    option: str = "3b"
    procedures: list[str] = field(default_factory=list)
    release: str = ""
    adapter: str = ""
    adapter_title: str = ""
    protection: str = ""
    phase: str = ""
    stage: str = ""
    redirect_url: str = ""
    last_pickup: str | None = None
    open_items: int = 0
    held: int = 0
    certificate_days: int | None = None
    certificate_until: str | None = None
    paused: bool = False
    paused_why: str = ""
    next_change: dict[str, Any] | None = None
    etag: str = ""


@dataclass(frozen=True, slots=True)
class AuthorityDetail:
    """Everything about one authority; `row` as in the list, the rest as the contract has it."""

    row: AuthorityRow
    etag: str
    history: list[dict[str, Any]]
    upcoming: list[dict[str, Any]]
    municipalities: list[dict[str, Any]]
    certificates: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    ways: dict[str, Any]

    @property
    def current(self) -> dict[str, Any]:
        """What holds today; empty before the first setting."""
        return self.history[0] if self.history else {}


@dataclass(frozen=True, slots=True)
class Overview:
    """The numbers of the first screen."""

    participation: dict[str, int] = field(default_factory=dict)
    live: int = 0
    test: int = 0
    today: dict[str, int] = field(default_factory=dict)
    attention: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    oldest: dict[str, Any] | None = None
    longest_wait: dict[str, Any] | None = None
    per_hour: list[int] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a bulk change would do to one authority."""

    key: str
    name: str
    differences: list[dict[str, Any]] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    etag: str = ""
