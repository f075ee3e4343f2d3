"""What the first look at an installation needs, and no more: a console is there before its keys and adapters are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gateway import registry
from gateway.domain import codes
from gateway.domain.errors import ConfigurationError
from gateway.edges.holidays_nrw import closed_days
from gateway.edges.store import open_store
from gateway.ports import Clock, Directory, Store

if TYPE_CHECKING:
    from gateway.adapter import Plugin


T = TypeVar("T")

GROUP = "bauweiche.adapter"
"""The entry points of adapters, by the names that participations know them under."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Looked:
    """An installation as far as one can see without its keys."""

    store: Store
    clock: Clock
    directory: Directory
    plugins: Mapping[str, Plugin]
    titles: Mapping[str, str]
    holidays: Callable[[int, int], frozenset[date]]

    def title(self, adapter: str) -> str:
        """Return what people call a way of delivery; the adapter itself is loaded only if it says so nowhere else."""
        if adapter in self.titles:
            return self.titles[adapter]
        plugin = self.plugins.get(adapter)
        return plugin.title if plugin else adapter


def look(state: Path, database_url: str, clock: Clock | None = None) -> Looked:
    """Return an installation that `bauweiche init` has set up, with its store opened.

    Raises:
        ConfigurationError: the state folder has not been set up, or its database does not open.
    """
    if not (state / "keys").is_dir():
        raise ConfigurationError(
            codes.CONFIGURATION, f"Im Ordner {state} ist nichts eingerichtet.", "Bitte zuerst: bauweiche init"
        )
    the_clock = clock or SystemClock()
    return Looked(
        store=open_store(database_url, the_clock),
        clock=the_clock,
        directory=Directory(registry.editions(), registry.municipalities()),
        plugins=adapters(),
        titles=_Entered(f"{GROUP}.title"),
        holidays=lru_cache(maxsize=16)(closed_days),
    )


def adapters() -> Mapping[str, Plugin]:
    """Return the adapters that entered by the entry point group `GROUP`, by name; ours come the same way."""
    return _Entered(GROUP)


class _Entered(Mapping[str, T]):
    """Looks for entry points when first asked and loads one when it is meant: who sends nothing imports no SOAP."""

    def __init__(self, group: str) -> None:
        self._group = group

    @cached_property
    def _entries(self) -> Mapping[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=self._group)}

    def __getitem__(self, name: str) -> T:
        found: T = self._entries[name].load()
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
