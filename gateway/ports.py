"""What the flow asks of the world outside, as Protocols; `gateway.edges` fulfils them, tests bring fakes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

from cryptography import x509

from gateway.adapter import Adapter, Plugin
from gateway.domain.authority import Edition, EditionPlan, Municipality
from gateway.domain.case import Answered, Case, Client, Delivery, Way
from gateway.domain.deadlines import Ready
from gateway.domain.delivery import State
from gateway.domain.dossier import Dossier, Survey, SurveyState
from gateway.domain.evidence import Anchor, Event
from gateway.domain.ids import AuthorityKey, CaseNumber, MessageId
from gateway.domain.insight import Cause, Load, Wanted
from gateway.domain.journal import Act, Entry
from gateway.domain.notice_mail import Mail, MailState
from gateway.domain.participation import Participation
from gateway.reply_ports import Courier, Replies, Webhooks
from gateway.seal.keys import SigningKey
from gateway.seal.trust import Trust


class Clock(Protocol):
    """The time, handed in."""

    def now(self) -> datetime:
        """Return the time, aware UTC."""


class Chance(Protocol):
    """Randomness, handed in."""

    def uuid(self) -> UUID:
        """Return a new random UUID (version 4)."""

    def octets(self, count: int) -> bytes:
        """Return `count` random octets fit for keys and nonces."""

    def fraction(self) -> float:
        """Return a number in [0, 1) for jitter."""


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

    def orphaned(self, now: datetime, limit: int) -> Sequence[Delivery]:
        """Return deliveries found under way whose lease has run out."""

    def renew(self, worker: str, until: datetime) -> None:
        """Extend the leases a worker holds."""

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


class Insight(Protocol):
    """What operators ask of the queue as a whole; none of it grows with history."""

    def loads(self) -> Mapping[AuthorityKey, Load]: ...

    def happened(self, since: datetime, what: str = "") -> Sequence[tuple[str, datetime]]: ...

    def counted(self, since: datetime, until: datetime) -> Mapping[str, int]: ...

    def causes(self) -> Sequence[Cause]: ...

    def deliveries(self, wanted: Wanted) -> Sequence[Delivery]: ...

    def count(self, wanted: Wanted, most: int = 10_000) -> int: ...

    def oldest_open(self, limit: int) -> Sequence[Delivery]: ...


class Dossiers(Protocol):
    """What operators keep about authorities."""

    def get(self, key: AuthorityKey) -> Dossier: ...

    def all(self) -> Mapping[AuthorityKey, Dossier]: ...

    def save(self, dossier: Dossier) -> bool:
        """Keep a dossier if nobody has changed it since it was read; False otherwise."""


class Surveys(Protocol):
    """Surveys as they were read."""

    def add(self, survey: Survey) -> None: ...

    def get(self, survey_id: str) -> Survey | None: ...

    def all(self) -> Sequence[Survey]: ...

    def set_state(self, survey_id: str, before: SurveyState, after: SurveyState) -> bool: ...


class Evidence(Protocol):
    """Signed facts of cases and signed anchors of the journal; they outlive the content they speak of."""

    def add(self, event: Event) -> None: ...

    def last(self, number: CaseNumber) -> Event | None: ...

    def of_case(self, number: CaseNumber) -> Sequence[Event]: ...

    def receipt(self, case_id: str) -> Event | None: ...

    def unsigned(self, limit: int) -> Sequence[Event]: ...

    def sign(self, event: Event) -> bool: ...

    def forget(self, before: datetime, limit: int) -> int: ...

    def journal_end(self) -> int: ...

    def digests(self, first: int, last: int) -> Sequence[str]: ...

    def anchor(self, first: int) -> Anchor | None: ...

    def last_anchor(self) -> Anchor | None: ...

    def add_anchor(self, anchor: Anchor) -> None: ...


class Duties(Protocol):
    """What the law wants watched: plans, fetching, closed days, and who was told."""

    def plans_expected(self, until: date, limit: int) -> Sequence[Case]: ...

    def plans_overdue(self, limit: int) -> Sequence[Case]: ...

    def unfetched(self) -> Sequence[Ready]: ...

    def raise_alarm(self, kind: str, subject: str, level: int, at: datetime) -> bool:
        """Note that somebody is told; False if they were told before."""

    def closed_days(self) -> Mapping[date, str]: ...

    def set_closed_days(self, days: Mapping[date, str]) -> None: ...

    def forget_alarms(self, before: datetime) -> int: ...

    def forgettable(self, before: datetime, limit: int) -> Sequence[str]:
        """Return ids of cases all of which was erased before a moment, replies and follow-ups included."""

    def forget_records(self, case_ids: Sequence[str]) -> None:
        """Delete everything the tables still hold of some cases, except journal and evidence."""


class Mails(Protocol):
    """Mails on their way."""

    def add(self, mail: Mail) -> None: ...

    def save(self, mail: Mail, *, attempt: int) -> bool: ...

    def due(self, now: datetime, limit: int) -> Sequence[Mail]: ...

    def recent(self, limit: int) -> Sequence[Mail]: ...

    def counts(self) -> Mapping[MailState, int]: ...

    def forget(self, before: datetime) -> int: ...


class Transaction(Protocol):
    """One unit of work: everything in it is committed together, or nothing."""

    @property
    def cases(self) -> Cases: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def ways(self) -> Ways: ...
    @property
    def insight(self) -> Insight: ...
    @property
    def dossiers(self) -> Dossiers: ...
    @property
    def surveys(self) -> Surveys: ...
    @property
    def journal(self) -> JournalLog: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def certificates(self) -> Certificates: ...
    @property
    def clients(self) -> Clients: ...
    @property
    def idempotency(self) -> Idempotency: ...
    @property
    def replies(self) -> Replies: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def evidence(self) -> Evidence: ...
    @property
    def duties(self) -> Duties: ...
    @property
    def mails(self) -> Mails: ...


class Store(Protocol):
    """Durable state. Leaving a `writing` block normally means committed and on disk (law 1)."""

    def reading(self) -> AbstractContextManager[Transaction]: ...

    def writing(self) -> AbstractContextManager[Transaction]: ...

    def scrub(self) -> bool:
        """Wipe deleted keys from every file of the database; False if a reader is in the way (try again later)."""

    def changed(self) -> int:
        """Return a number that differs once another connection has committed."""

    def close(self) -> None:
        """Close every connection."""


class PartWriter(Protocol):
    """A part on its way into the vault; nothing is visible before `commit`."""

    def write(self, data: bytes | bytearray | memoryview) -> None: ...

    def commit(self) -> None:
        """Make the part durable and visible (fsync, rename, directory fsync)."""

    def abort(self) -> None: ...


class Vault(Protocol):
    """Ciphertext of attachments, by case id and part name."""

    def create(self, case: str, part: str) -> PartWriter: ...

    def open(self, case: str, part: str) -> BinaryIO: ...

    def size(self, case: str, part: str) -> int: ...

    def exists(self, case: str, part: str) -> bool: ...

    def erase(self, case: str) -> int: ...

    def sweep(self, known: Callable[[str], bool], older_than: datetime) -> int: ...

    def free_bytes(self) -> int: ...


class Keyring(Protocol):
    """The gateway's own keys."""

    def signer(self, at: datetime) -> SigningKey: ...

    def wrapping_certificate(self, at: datetime) -> x509.Certificate: ...

    def unwrap(self, encrypted_key: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Directory:
    """The packaged directory of authorities."""

    editions: Mapping[str, Edition]
    municipalities: Mapping[str, Municipality]


@dataclass(frozen=True, slots=True)
class Policy:
    """Choices of the deployer that the flow needs; times in seconds unless said otherwise."""

    sender_identifier: str = "bap:050000000000"
    sender_name: str = "Bauportal.NRW"
    sender_street: str = ""
    sender_number: str = ""
    sender_postcode: str = ""
    sender_town: str = ""
    sender_email: str = ""
    lease: float = 30.0
    backoff_first: float = 5.0
    backoff_cap: float = 3600.0
    breaker_after: int = 5
    breaker_pause: float = 300.0
    per_authority: int = 2
    look_every: float = 60.0
    disk_reserve: int = 512 * 10**6
    metadata_days: int = 3650
    evidence_days: int = 3650
    mail_to: tuple[str, ...] = ()


class Mailer(Protocol):
    """Sends one mail to one address."""

    def send(self, mail: Mail) -> None:
        """Return once the mail server has taken it. Raises: Refused for good, or Unreachable for now."""


@dataclass(frozen=True)
class World:
    """Everything outside that the flow works with, handed to it once."""

    store: Store
    vault: Vault
    keyring: Keyring
    trust: Trust
    clock: Clock
    chance: Chance
    directory: Directory
    plugins: Mapping[str, Plugin]
    build: Callable[[AuthorityKey, Participation], Adapter]
    policy: Policy
    official_schemas: Path | None = None
    courier: Courier | None = None
    mailer: Mailer | None = None
    holidays: Callable[[int, int], frozenset[date]] = lambda _first, _last: frozenset()
