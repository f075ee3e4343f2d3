"""A reply of an authority as a value, the same whatever release and vendor wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from gateway.domain.ids import MessageId
from gateway.domain.message import Party


@dataclass(frozen=True, slots=True)
class Coded:
    """A code with what it was taken from; `label` is "" where we do not hold the list."""

    code: str
    uri: str = ""
    version: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a message is rejected (1100): a Fehlerkennzahl and a sentence."""

    kennzahl: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """What a 1100 says: the grounds, which message is meant, and that message itself if it was sent along readable."""

    grounds: tuple[Ground, ...]
    message_id: MessageId | None
    number: str | None
    message: bytes | None


@dataclass(frozen=True, slots=True)
class Deficit:
    """One finding of the formal examination: its kind, what is said, and the attachment it concerns ("" if none)."""

    kind: Coded
    text: str
    attachment: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A place the applicant may answer at."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee notice; `total` is the number as sent, XBau does not name its unit."""

    advance: bool
    total: int | None
    iban: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """What a reply says beyond its header; what a message does not have is None or empty.

    `accepted`: withdrawal accepted (1131), use accepted (0912) or permit granted (02x5). `complete`: documents are
    complete (1140, 02x1). `fetched`: the applicant fetched the decision in time (1181). `outcome`: result of the
    exemption procedure (0602, 0603). `receipt_for`: number of the message whose arrival is acknowledged (1180).
    `html`: bodies of formatted texts, as sent (not safe to show unchecked).
    """

    rejected: Rejected | None = None
    accepted: bool | None = None
    complete: bool | None = None
    fetched: bool | None = None
    status: Coded | None = None
    outcome: Coded | None = None
    receipt_for: str | None = None
    deadline: date | None = None
    deficits: tuple[Deficit, ...] = ()
    fee: Fee | None = None
    links: tuple[Link, ...] = ()
    paragraphs: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    html: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplyDocument:
    """One attachment that a reply names.

    `document_id` is "" for a mere link. `file_name` is made harmless, `name_as_sent` is what the authority wrote.
    `content` holds bytes only where they stand in the message itself (XBau 2.2).
    """

    document_id: str
    title: str
    kind: Coded
    file_name: str
    name_as_sent: str
    date: date | None = None
    version: int | None = None
    size: int | None = None
    sha256: str | None = None
    mime_type: str = ""
    link: str | None = None
    by_post: bool = False
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A message from an authority to the portal.

    `reference` is the referenzAntragsservice of the application, `file_reference` the Aktenzeichen (bezug/vorgang),
    `in_reply_to` the message meant. `reference_as_sent` keeps a reference that is no UUID: a hint for a person.
    `root` is the name of the root element, `release` that of the XBau release, `test` the root attribute of that name.
    """

    message_id: MessageId
    number: str
    root: str
    release: str
    created_at: datetime
    sender: Party
    addressee: Party
    reference: UUID | None
    file_reference: str | None
    in_reply_to: MessageId | None
    test: str | None
    documents: tuple[ReplyDocument, ...]
    facts: ReplyFacts
    reference_as_sent: str | None = None
