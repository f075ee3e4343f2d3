"""What the portal API says of an authority's replies."""

from __future__ import annotations

from datetime import date, datetime

from gateway.api.shapes import AuthorityOut, Shape


class CodedOut(Shape):
    """A code of a list, with its label where the list is known here."""

    code: str
    label: str
    list_uri: str
    list_version: str


class GroundOut(Shape):
    """Why the authority rejected a message (1100)."""

    fehlerkennzahl: str
    text: str


class DeficitOut(Shape):
    """One finding of the formal examination."""

    kind: CodedOut
    text: str
    attachment: str


class LinkOut(Shape):
    """A place the applicant may answer at, as the authority wrote it."""

    url: str
    text: str


class FeeOut(Shape):
    """A fee notice; `total` as sent, XBau does not name its unit."""

    advance: bool
    total: int | None
    iban: str
    purpose: str


class FactsOut(Shape):
    """What the message says, the same for every release; absent facts are null or empty. `html` is unchecked."""

    accepted: bool | None
    complete: bool | None
    fetched: bool | None
    status: CodedOut | None
    outcome: CodedOut | None
    receipt_for: str | None
    deadline: date | None
    rejected: list[GroundOut]
    rejected_message_id: str | None
    deficits: list[DeficitOut]
    fee: FeeOut | None
    links: list[LinkOut]
    paragraphs: list[str]
    remedies: list[str]
    html: list[str]


class ReplyAttachmentOut(Shape):
    """An attachment of a reply. `title`, `kind` and `file_name` are the authority's; a link has no `url` of ours."""

    index: int | None
    document_id: str
    title: str
    kind: CodedOut
    file_name: str
    media_type: str
    size: int | None
    sha256: str | None
    date: date | None
    by_post: bool
    link: str | None
    url: str | None


class ReplyOut(Shape):
    """A reply as it is listed: ids and state. `status` is `matched` until it is acknowledged."""

    id: str
    cursor: int
    status: str
    submission_id: str
    case_number: str
    number: str
    release: str
    test: bool
    message_id: str
    authority: AuthorityOut
    received_at: datetime
    acknowledged_at: datetime | None
    erased_at: datetime | None
    size: int
    attachments: int


class ReplyDetailOut(ReplyOut):
    """A reply with what it says; `content` is null once it is erased."""

    message_url: str
    file_reference: str | None
    in_reply_to: str | None
    created_at: datetime | None
    content: FactsOut | None
    documents: list[ReplyAttachmentOut]


class RepliesOut(Shape):
    """Replies after a cursor, in the order in which they became readable; ask again with `next` for more."""

    replies: list[ReplyOut]
    next: int
