"""Ways that only write down what they were given, and go wrong as they are told: for the laws of the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.adapter import Adapter, AdapterSettings, Envelope, Handover, Outcome, Pickup, Plugin
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.domain.participation import Participation
from gateway.flow.worker import Worker
from tests.kit.installation import Installation

Behave = Callable[[Envelope], Handover]


class Settings(AdapterSettings):
    """There is nothing to choose."""


class PowerCut(BaseException):
    """The machine goes off: nobody can catch it, nothing is written after it."""


def handed_over(envelope: Envelope) -> Handover:
    return Handover(Outcome.HANDED_OVER)


def available(envelope: Envelope) -> Handover:
    return Handover(Outcome.AVAILABLE)


@dataclass
class Book:
    """Who was given what, in order; `behave` by authority says how a delivery ends, `fetched` what was taken."""

    given: list[tuple[AuthorityKey, str]] = field(default_factory=list)
    behave: dict[AuthorityKey, Behave] = field(default_factory=dict)
    fetched: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def names(self, key: AuthorityKey) -> list[str]:
        return [name for owner, name in self.given if owner == key]

    def note(self, envelope: Envelope) -> None:
        with self._lock:
            self.given.append((envelope.authority, envelope.message_id))


@dataclass(frozen=True)
class Recorder:
    key: AuthorityKey
    book: Book

    def deliver(self, envelope: Envelope) -> Handover:
        list(envelope.sealed())  # what no certificate serves for is not given to anybody
        self.book.note(envelope)
        return self.book.behave.get(self.key, handed_over)(envelope)

    def look(self, message_id: MessageId, state: Mapping[str, str]) -> Pickup:
        return Pickup(message_id in self.book.fetched)


def recording(installed: Installation, *, repeatable: bool = True, **policy: Any) -> Book:
    """Let an installation's deliveries go into a book; `policy` as in `Policy`."""
    book = Book()

    def build(key: AuthorityKey, participation: Participation) -> Adapter:
        return Recorder(key, book)

    both = frozenset({"transport", "end_to_end"})
    plugin = Plugin(Settings, lambda *_: Recorder(AuthorityKey(""), book), "Buch", repeatable, both)
    world = installed.world
    installed.world = replace(
        world, plugins={**world.plugins, "book": plugin}, build=build, policy=replace(world.policy, **policy)
    )
    return book


def worker(installed: Installation, name: str = "w", **choices: Any) -> Worker:
    return Worker(installed.world, name, **choices)
