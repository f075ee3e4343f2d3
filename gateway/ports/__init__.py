"""What the flow asks of the world outside, as Protocols; `gateway.edges` fulfils them, tests bring fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol
from uuid import UUID

from gateway.domain.authority import Edition, Municipality
from gateway.domain.ids import AuthorityKey
from gateway.domain.notice_mail import Mail
from gateway.domain.participation import Participation
from gateway.ports.office import Dossiers, Duties, Evidence, Insight, Mails, Surveys
from gateway.ports.replies import Courier, Replies, Webhooks
from gateway.ports.store import Cases, Certificates, Clients, Deliveries, Idempotency, JournalLog, Registry, Ways

if TYPE_CHECKING:  # whoever only looks at the store need not wait for cryptography and adapters
    from cryptography import x509

    from gateway.adapter import Adapter, Plugin
    from gateway.seal.keys import SigningKey
    from gateway.seal.trust import Trust
    from gateway.survey.table import Table

__all__ = [
    "Cases",
    "Certificates",
    "Chance",
    "Clients",
    "Clock",
    "Courier",
    "Deliveries",
    "Directory",
    "Dossiers",
    "Duties",
    "Evidence",
    "Idempotency",
    "Insight",
    "JournalLog",
    "Keyring",
    "Mailer",
    "Mails",
    "OwnKey",
    "PartWriter",
    "Policy",
    "Registry",
    "Replies",
    "Sight",
    "Store",
    "Surveys",
    "Transaction",
    "Vault",
    "Ways",
    "Webhooks",
    "World",
]


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

    def free_bytes(self) -> int | None:
        """Return how many bytes it can still take; None if it names no limit."""


class OwnKey(Protocol):
    """A key of the gateway as people see it; a certificate that was only requested has no dates."""

    @property
    def purpose(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def not_before(self) -> datetime | None: ...
    @property
    def not_after(self) -> datetime | None: ...


class Keyring(Protocol):
    """The gateway's own keys."""

    def list(self) -> Sequence[OwnKey]: ...

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
    production: bool = False
    """Whether real applications go through here (`environment = PROD`)."""


class Mailer(Protocol):
    """Sends one mail to one address."""

    def send(self, mail: Mail) -> None:
        """Return once the mail server has taken it. Raises: Refused for good, or Unreachable for now."""


def _read_here(octets: bytes) -> Table:
    from gateway.survey import read_table  # whoever reads no survey need not wait for a spreadsheet reader

    return read_table(octets)


class Sight(Protocol):
    """What the first look at an installation needs of its world: no keys, no vault, and no adapter but its title."""

    @property
    def store(self) -> Store: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def holidays(self) -> Callable[[int, int], frozenset[date]]: ...

    def title(self, adapter: str) -> str:
        """Return what people call a way of delivery; one that is not installed, by its own name."""


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
    read_table: Callable[[bytes], Table] = _read_here
    """Reads a survey file; in an installation, in a process of its own."""
    holidays: Callable[[int, int], frozenset[date]] = lambda _first, _last: frozenset()

    def title(self, adapter: str) -> str:
        """Return what people call a way of delivery; one that is not installed, by its own name."""
        plugin = self.plugins.get(adapter)
        return plugin.title if plugin else adapter
