"""What a message is made of, before any XBau release gives it a form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from gateway.domain.ids import DocumentId, MessageId


@dataclass(frozen=True, slots=True)
class Stamp:
    """Minted once per message and stored, so that composing again gives the same bytes (law 3).

    `at` is aware, in whole seconds.
    """

    message_id: MessageId
    at: datetime


@dataclass(frozen=True, slots=True)
class Party:
    """Reader or author of a message: `identifier` is `praefix:schluessel`, as in the DVDV (`bab:05315000`).

    The postal address and `email` are asked of authors up to XBau 2.3.1 only; `number` is a house number of digits.
    """

    identifier: str
    name: str
    street: str = ""
    number: str = ""
    postcode: str = ""
    town: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One attachment as the message names it.

    `kind` is a code of the list `anlagen`, `sha256` lower-case hex, `size` bytes. A document that follows by post
    (`by_post`) has neither bytes nor digest: its id has no part behind it.
    """

    document_id: DocumentId
    title: str
    kind: str
    file_name: str
    date: date
    version: int = 1
    size: int | None = None
    sha256: str | None = None
    mime_type: str = "application/pdf"
    by_post: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """Everything around the `antrag` that a message needs: who, to whom, when, about which case, with which documents.

    `reference` is the referenzAntragsservice: minted once per case, echoed by the authority in every reply.
    `test` is the text of the root attribute `test`, or None for a real message.
    """

    stamp: Stamp
    addressee: Party
    sender: Party
    reference: UUID
    documents: tuple[Document, ...] = ()
    test: str | None = None
    file_reference: str | None = None
    product: str = "Bauweiche"
    maker: str = "Bauweiche"
    product_version: str = "1"
