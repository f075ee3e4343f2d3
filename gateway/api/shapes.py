"""What the portal API takes and gives. Transport fields are English; `antrag` speaks XBau in snake_case."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from gateway.domain.procedure import Procedure
from gateway.flow.announcement import Announcement, Attached, Posted

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the file, lower-case hex")]
Ags = Annotated[
    str, Field(pattern="^05[0-9]{6}$", description="Amtlicher Gemeindeschlüssel, 8 digits", examples=["05570004"])
]
KindCode = Annotated[str, Field(pattern="^[0-9]{4}$", description="Code of the list `anlagen`", examples=["1101"])]


def _written_day(value: Any) -> Any:
    """Let only a day as ISO 8601 writes it pass: pydantic would read seconds since 1970 and midnights as days too."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise PydanticCustomError("date_parsing", "not a date")
    return value


_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")

Day = Annotated[date, BeforeValidator(_written_day, json_schema_input_type=date), Field(strict=False)]
"""A day, `2026-05-31`."""


class Shape(BaseModel):
    """Strict: unknown fields are refused, numbers are not read from texts."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AttachmentIn(Shape):
    """An attachment as announced, before it is uploaded."""

    file_name: Annotated[str, Field(min_length=1, max_length=1000)]
    bezeichnung: Annotated[str, Field(min_length=1, max_length=1000)]
    anlageart: KindCode
    size: Annotated[int, Field(gt=0, le=10**12, description="Bytes")]
    sha256: Sha256
    datum: Day
    versionsnummer: Annotated[int, Field(ge=1, le=9999)] = 1

    def attached(self) -> Attached:
        """Return the value the flow works with."""
        return Attached(
            file_name=self.file_name,
            title=self.bezeichnung,
            kind=self.anlageart,
            date=self.datum,
            size=self.size,
            sha256=self.sha256,
            version=self.versionsnummer,
        )


class EnclosedIn(AttachmentIn):
    """An attachment of a submission; a small one may bring its content along."""

    content: Annotated[
        str | None,
        Field(
            max_length=1_400_000,
            description="The file itself in base64: then of every attachment, together at most 1 MB,"
            " and the submission is complete with this call",
        ),
    ] = None


class PostedPlanIn(Shape):
    """A plan that follows by post (option 2)."""

    bezeichnung: Annotated[str, Field(min_length=1, max_length=1000)]
    anlageart: KindCode
    datum: Day


class AnnouncementIn(Shape):
    """A submission as the portal announces it."""

    municipality: Ags
    procedure: Annotated[Procedure, Field(strict=False)]
    antrag: dict[str, Any]
    attachments: Annotated[list[EnclosedIn], Field(max_length=5000)]
    posted_plans: Annotated[list[PostedPlanIn], Field(max_length=500)] = []
    portal_reference: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{0,100}$")] = ""
    test: bool = False

    def announcement(self) -> Announcement:
        """Return the value the flow works with."""
        return Announcement(
            municipality=self.municipality,
            procedure=self.procedure,
            antrag=self.antrag,
            attachments=tuple(entry.attached() for entry in self.attachments),
            posted=tuple(Posted(entry.bezeichnung, entry.anlageart, entry.datum) for entry in self.posted_plans),
            portal_reference=self.portal_reference,
            test=self.test,
        )


class WithdrawalIn(Shape):
    """Why the portal takes a submission back: one word of a short list, since it goes into the journal for good."""

    reason: Literal["antragsteller", "versehen", "doppelt", "technisch", "sonstiges"] = "sonstiges"


class AuthorityOut(Shape):
    """An authority as the directory names it."""

    key: str
    dvdv_key: str
    name: str
    title: str
    kind: str
    kreis: str


class ParticipationOut(Shape):
    """How an authority takes part, and what the portal must do."""

    authority: AuthorityOut
    municipality: str
    edition: str
    option: str
    phase: str
    procedures: list[str]
    procedure: str | None
    accepts: bool
    accepts_tests: bool
    upload: str
    release: str | None
    size_limit: int
    redirect_url: str | None
    plans_within_days: int | None
    explanation: str


class AttachmentOut(Shape):
    """An attachment of a submission: its slot, and whether it has arrived."""

    index: int
    document_id: str
    size: int
    sha256: str
    received: bool
    upload_url: str


class StatusText(Shape):
    """Why it stands where it stands, in one sentence."""

    de: str
    en: str


class PlansOut(Shape):
    """The second clock of an option-2 case."""

    state: str
    announced: int
    due: date | None
    arrived_on: date | None
    instruction: str


class SubmissionOut(Shape):
    """A submission and where it stands."""

    id: str
    case_number: str
    status: str
    final: bool
    status_text: StatusText
    authority: AuthorityOut
    municipality: str
    procedure: str
    option: str
    release: str
    test: bool
    portal_reference: str
    follows: str | None
    message_id: str | None
    file_reference: str | None
    created_at: datetime
    expires_at: datetime | None
    accepted_at: datetime | None
    handed_over_at: datetime | None
    submitted_on: date | None
    erased_at: datetime | None
    attachments: list[AttachmentOut]
    plans: PlansOut | None
    receipt: str | None = None


class EventOut(Shape):
    """One entry of a case's timeline."""

    cursor: int
    at: datetime
    event: str
    text: str


class TimelineOut(Shape):
    """Entries after a cursor, oldest first; ask again with `next` for more."""

    events: list[EventOut]
    next: int


class ReceivedOut(Shape):
    """An attachment that has arrived, was checked, sealed and is durable."""

    index: int
    size: int
    sha256: str
