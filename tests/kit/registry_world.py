"""A world of memory for everything around participation: registry and journal with real transactions, a fixed clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

from pydantic import Field

from gateway import registry
from gateway.adapter import AdapterSettings, Plugin
from gateway.domain.authority import EditionPlan, with_step
from gateway.domain.dossier import Dossier
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import GENESIS, Act, Entry, link
from gateway.domain.participation import Participation, in_force
from gateway.ports import Directory, Policy, World

NOW = datetime(2026, 11, 21, 13, 3, tzinfo=UTC)


class FolderSettings(AdapterSettings):
    """Settings of an adapter that drops files."""

    folder: str = Field(title="Ablageordner", min_length=1)


@dataclass
class MemoryRegistry:
    """One setting per authority and date."""

    rows: dict[tuple[AuthorityKey, date], Participation] = field(default_factory=dict)
    plan: EditionPlan = field(default_factory=EditionPlan)

    def history(self, key: AuthorityKey) -> tuple[Participation, ...]:
        return tuple(value for (owner, _), value in self.rows.items() if owner == key)

    def histories(self) -> Mapping[AuthorityKey, tuple[Participation, ...]]:
        return {key: self.history(key) for key, _ in self.rows}

    def all_in_force(self, on: date) -> Mapping[AuthorityKey, Participation]:
        held = {key: in_force(self.history(key), on) for key, _ in self.rows}
        return {key: value for key, value in held.items() if value is not None}

    def add(self, participation: Participation) -> None:
        self.rows[participation.authority, participation.valid_from] = participation

    def remove(self, key: AuthorityKey, valid_from: date) -> None:
        self.rows.pop((key, valid_from), None)

    def edition_plan(self) -> EditionPlan:
        return self.plan

    def set_edition(self, name: str, valid_from: date) -> None:
        self.plan = with_step(self.plan, name, valid_from)


@dataclass
class MemoryJournal:
    """A chain in a list."""

    entries: list[Entry] = field(default_factory=list)

    def append(self, act: Act) -> Entry:
        before = self.entries[-1].digest if self.entries else GENESIS
        self.entries.append(link(len(self.entries) + 1, NOW, act, before))
        return self.entries[-1]

    def read(
        self, *, after: int = 0, limit: int | None = None, subject: str | None = None, newest_first: bool = False
    ) -> Iterator[Entry]:
        found = [e for e in self.entries if e.number > after and subject in (None, e.act.subject)]
        yield from (found[::-1] if newest_first else found)[:limit]


@dataclass
class MemoryDossiers:
    """What operators keep, without versions."""

    kept: dict[AuthorityKey, Dossier] = field(default_factory=dict)

    def all(self) -> Mapping[AuthorityKey, Dossier]:
        return dict(self.kept)

    def get(self, key: AuthorityKey) -> Dossier:
        return self.kept.get(key, Dossier(key))

    def save(self, dossier: Dossier) -> bool:
        self.kept[dossier.authority] = dossier
        return True


@dataclass
class MemoryStore:
    """Commits at the end of a block, or forgets everything when the block fails."""

    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    dossiers: MemoryDossiers = field(default_factory=MemoryDossiers)

    @contextmanager
    def reading(self) -> Iterator[Any]:
        quiet = SimpleNamespace(loads=dict), SimpleNamespace(all=list), SimpleNamespace(held=lambda *_: [])
        insight, ways, certificates = quiet  # nothing was ever sent, paused or held
        yield SimpleNamespace(
            registry=self.registry, journal=self.journal, dossiers=self.dossiers,
            insight=insight, ways=ways, certificates=certificates,
        )  # fmt: skip

    @contextmanager
    def writing(self) -> Iterator[Any]:
        copy = MemoryRegistry(dict(self.registry.rows), self.registry.plan)
        journal = MemoryJournal(list(self.journal.entries))
        dossiers = MemoryDossiers(dict(self.dossiers.kept))
        yield SimpleNamespace(registry=copy, journal=journal, dossiers=dossiers)
        self.registry, self.journal, self.dossiers = copy, journal, dossiers


@dataclass
class FixedClock:
    """A clock that stands until it is set."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time


def registry_world(store: MemoryStore, clock: FixedClock | None = None) -> World:
    """Return a world that has a registry, a journal, a clock, the packaged directory and one adapter, and no more."""
    plugin = Plugin(FolderSettings, cast(Any, None), "Ablage", repeatable=True)
    world = SimpleNamespace(
        store=store,
        clock=clock or FixedClock(),
        directory=Directory(registry.editions(), registry.municipalities()),
        plugins={"file_drop": plugin},
        title=lambda adapter: plugin.title if adapter == "file_drop" else adapter,
        policy=Policy(),
    )
    return cast(World, world)
