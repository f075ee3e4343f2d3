"""The mailbox as its operations see it: the desk behind it, its options, who calls, and the running iterators."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

from lxml import etree

from adapters.xta_wire import soap
from adapters.xta_wire.faults import XtaFault
from adapters.xta_wire.identity import account_of
from adapters.xta_wire.metadata import Party, read_party
from adapters.xta_wire.mime import Part
from adapters.xta_wire.names import META
from gateway.adapter import Desk
from gateway.domain.ids import AuthorityKey

RECEIVE_LIMIT = 251_000_000
SERVICES = (
    "http://www.xleitstelle.de/xbau/2/6/XBau26-BAB2BH.wsdl",
    "http://www.xleitstelle.de/xbau/2/4/XBau24-BAB2BH.wsdl",
    "http://www.xleitstelle.de/xbau/kernmodul/1/3/0/XBauk130-Rueckweisung.wsdl",
)
_ITERATORS = 10_000


@dataclass(frozen=True, slots=True)
class Selector:
    """What a caller wants to see; `valid` is False when a search argument could not be read."""

    ids: tuple[str, ...] = ()
    relates_to: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    new_only: bool = False
    valid: bool = True


@dataclass(frozen=True, slots=True)
class Walk:
    """An iterator over a selection: who may use it, how many entries a page has, and the position reached."""

    accounts: frozenset[AuthorityKey]
    selector: Selector
    page: int
    attributes: bool
    after: int


class Iterators:
    """The iterators of one process: the least recently used give way when there are too many."""

    def __init__(self) -> None:
        self._walks: OrderedDict[str, Walk] = OrderedDict()
        self._lock = Lock()

    def keep(self, name: str, walk: Walk) -> None:
        with self._lock:
            self._walks[name] = walk
            self._walks.move_to_end(name)
            while len(self._walks) > _ITERATORS:
                self._walks.popitem(last=False)

    def find(self, name: str, accounts: frozenset[AuthorityKey]) -> Walk | None:
        """Return the iterator if it belongs to these accounts."""
        with self._lock:
            walk = self._walks.get(name)
        return walk if walk is not None and walk.accounts == accounts else None

    def free(self, name: str, accounts: frozenset[AuthorityKey]) -> None:
        with self._lock:
            if name in self._walks and self._walks[name].accounts == accounts:
                del self._walks[name]


@dataclass(frozen=True, slots=True)
class Counter:
    """The mailbox: `identity` names it in transport reports, `receive_limit` in bytes, `services` it takes."""

    desk: Desk
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    identity: str = "bauweiche"
    receive_limit: int = RECEIVE_LIMIT
    services: Sequence[str] = SERVICES
    trusted_proxy_header: str = ""
    iterators: Iterators = field(default_factory=Iterators)


def open_counter(desk: Desk, options: Mapping[str, Any]) -> Counter:
    """Return the mailbox for the options of the installation; `now` and `new_id` must be among them."""
    known = {"now", "new_id", "identity", "receive_limit", "services", "trusted_proxy_header"}
    return Counter(desk, **{name: value for name, value in options.items() if name in known and value is not None})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the fingerprint of the client certificate and the authorities it may act for."""

    fingerprint: str
    accounts: frozenset[AuthorityKey]

    def choose(self, author: Party) -> frozenset[AuthorityKey]:
        """Return the accounts that an Author selects: the one it names, or all for `*` or nothing.

        Raises: XtaFault 9014 when the certificate may not act for it.
        """
        if author.identifier in {"", "*"}:
            return self.accounts
        key = account_of(author.identifier, self.accounts)
        if key is None:
            raise not_allowed(f"Das Zertifikat darf nicht für {author.identifier[:80]} handeln.")
        return frozenset({key})


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation answers: body, further header blocks, and the parts its xop:Includes point to."""

    payload: etree._Element | None = None
    blocks: tuple[etree._Element, ...] = ()
    parts: tuple[Part, ...] = ()


def chosen(caller: Caller, request: soap.Soap) -> frozenset[AuthorityKey]:
    """Return the accounts that the request's Author header selects."""
    header = request.header
    return caller.choose(read_party(header.find(f"{{{META}}}Author") if header is not None else None))


def not_allowed(reason: str) -> XtaFault:
    """Return the fault for a caller whose certificate does not fit: 9014, as HTTP 403."""
    return XtaFault("9014", reason, status=403)
