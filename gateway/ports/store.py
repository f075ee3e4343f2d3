"""The repositories of one transaction that a submission's way needs: cases, queue, journal, directory, callers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from gateway.domain.authority import EditionPlan
from gateway.domain.case import Answered, Case, Client, Delivery, Way
from gateway.domain.delivery import State
from gateway.domain.expiry import Held
from gateway.domain.ids import AuthorityKey, CaseNumber, MessageId
from gateway.domain.journal import Act, Entry
from gateway.domain.participation import Participation

if TYPE_CHECKING:
    from cryptography import x509


class Cases(Protocol):
    """Cases and their small sealed parts (announcement, message, manifest)."""

    def add(self, case: Case) -> None: ...

    def get(self, case_id: str) -> Case | None: ...

    def by_number(self, number: CaseNumber) -> Case | None:
        """Return the submission that opened the case (its `follows` is empty; only there is a number unique)."""

    def by_reference(self, reference: UUID) -> Sequence[Case]:
        """Return the case with a referenzAntragsservice and what followed it, oldest first."""

    def by_file_reference(self, file_reference: str) -> Sequence[Case]:
        """Return cases with an authority's file reference, newest first; several authorities may use the same."""

    def find(self, text: str) -> Sequence[Case]:
        """Return cases by number, id, portal reference, file reference, message id or overview digest."""

    def save(self, case: Case) -> None: ...

    def put_sealed(self, case_id: str, name: str, octets: bytes) -> None:
        """Keep a small part's ciphertext; the same name again replaces it."""

    def get_sealed(self, case_id: str, name: str) -> bytes | None: ...

    def drop_sealed(self, case_id: str) -> None: ...

    def expired(self, now: datetime, limit: int) -> Sequence[Case]:
        """Return drafts whose time has run out."""

    def plans_overdue(self) -> int:
        """Return how many cases wait for plans beyond their day."""

    def erasable(self, limit: int) -> Sequence[Case]:
        """Return cases that are delivered, withdrawn or expired and whose content is still there."""


class Deliveries(Protocol):
    """The queue (law 4)."""

    def add(self, delivery: Delivery) -> None: ...

    def get(self, message_id: MessageId) -> Delivery | None: ...

    def of_case(self, case_id: str) -> Sequence[Delivery]: ...

    def save(self, delivery: Delivery) -> None: ...

    def settle(self, delivery: Delivery, *, worker: str, attempt: int) -> bool:
        """Save an outcome unless another worker has taken the delivery over; False then, and nothing is saved."""

    def claim(self, worker: str, now: datetime, lease: timedelta, limit: int, per_authority: int) -> Sequence[Delivery]:
        """Lease due deliveries of open ways: state UNDER_WAY, attempt counted, worker and lease set."""

    def orphaned(self, now: datetime, limit: int, dead: Collection[str] = ()) -> Sequence[Delivery]:
        """Return deliveries found under way whose lease has run out, or whose worker is one of the dead."""

    def holders(self) -> Collection[str]:
        """Return the workers that hold a lease."""

    def renew(self, worker: str, held: Collection[str], until: datetime) -> None:
        """Extend the leases of those messages that a worker really has in hand."""

    def to_watch(self, now: datetime, limit: int) -> Sequence[Delivery]:
        """Return available deliveries whose next look is due."""

    def waiting_for(
        self, accounts: frozenset[AuthorityKey], adapter: str, after: int, limit: int
    ) -> Sequence[Delivery]:
        """Return what is available by one adapter for some authorities, oldest first, positions above `after`."""

    def listing(
        self,
        *,
        states: frozenset[State] = frozenset(),
        authority: AuthorityKey | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[Delivery]:
        """Return deliveries in order of position."""

    def latest(self, authority: AuthorityKey, limit: int) -> Sequence[Delivery]:
        """Return an authority's deliveries, newest first."""

    def counts(self) -> Mapping[State, int]: ...

    def next_due(self, now: datetime) -> datetime | None:
        """Return when the next waiting delivery or look falls due, or None."""


class Ways(Protocol):
    """Pause switches and circuit breakers."""

    def get(self, authority: AuthorityKey) -> Way: ...

    def save(self, way: Way) -> None: ...

    def all(self) -> Sequence[Way]: ...


class JournalLog(Protocol):
    """The append-only, hash-chained journal."""

    def append(self, act: Act) -> Entry: ...

    def read(
        self,
        *,
        after: int = 0,
        below: int = 0,
        limit: int | None = None,
        subject: str | None = None,
        newest_first: bool = False,
    ) -> Iterator[Entry]: ...


class Registry(Protocol):
    """Participation per authority, with history, and which edition of the directory holds when."""

    def history(self, key: AuthorityKey) -> tuple[Participation, ...]: ...

    def histories(self) -> Mapping[AuthorityKey, Sequence[Participation]]: ...

    def all_in_force(self, on: date) -> Mapping[AuthorityKey, Participation]: ...

    def add(self, participation: Participation) -> None:
        """Keep a setting; one per authority and valid_from, a second replaces the first."""

    def remove(self, key: AuthorityKey, valid_from: date) -> None: ...

    def edition_plan(self) -> EditionPlan: ...

    def set_edition(self, name: str, valid_from: date) -> None: ...


class Certificates(Protocol):
    """Certificates of authorities: for encryption, and for recognising them."""

    def of(self, authority: AuthorityKey, purpose: str) -> Sequence[x509.Certificate]:
        """Return certificates for `encrypt`, `sign` or `tls`, newest validity first."""

    def add(self, authority: AuthorityKey, purpose: str, certificate: x509.Certificate) -> None: ...

    def remove(self, authority: AuthorityKey, fingerprint: str) -> None: ...

    def accounts(self, fingerprint: str) -> frozenset[AuthorityKey]:
        """Return the authorities that a TLS client certificate (SHA-256, hex) may act for."""

    def all(self) -> Iterable[tuple[AuthorityKey, str, x509.Certificate]]: ...

    def held(self, authority: AuthorityKey | None = None) -> Sequence[Held]:
        """Return what is held of one authority, or of all, without reading the certificates; newest validity first."""


class Clients(Protocol):
    """Callers and their tokens, stored hashed."""

    def add(self, client: Client, token_sha256: str) -> None: ...

    def by_token(self, token_sha256: str) -> Client | None: ...

    def all(self) -> Sequence[Client]: ...

    def revoke(self, token_id: str) -> bool: ...


class Idempotency(Protocol):
    """Answers already given to idempotent calls."""

    def get(self, client: str, key: str) -> Answered | None: ...

    def put(self, client: str, key: str, answered: Answered, at: datetime) -> None: ...

    def forget(self, before: datetime) -> int:
        """Drop answers given before a moment and return how many."""
