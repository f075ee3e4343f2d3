"""What the operator API takes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.domain.onboarding import Stage

Reason = Annotated[
    str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+$")
]
Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]*$")]
Key = Annotated[str, Field(pattern="^[0-9]{8}$")]


class Shape(BaseModel):
    """Strict: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Because(Shape):
    """A change that needs nothing but its reason."""

    reason: Reason


class ParticipationIn(Shape):
    """A dated setting; `participation` as in its JSON form, without key and change marks."""

    participation: dict[str, Any]
    reason: Reason


class BulkIn(Shape):
    """The same changes for several authorities."""

    keys: Annotated[list[Key], Field(min_length=1, max_length=500)]
    changes: dict[str, Any]
    valid_from: date
    reason: Reason
    batch: Annotated[str, Field(max_length=100, pattern=r"^[\w .:/-]*$")] = ""
    dry_run: bool = True
    seen: Annotated[dict[Key, Annotated[str, Field(max_length=40)]], Field(max_length=500)] = {}
    """Key → the ETag of the preview, for each key: whoever was changed since stops the whole change."""


class ContactIn(Shape):
    """Somebody at an authority."""

    role: Annotated[Line, Field(min_length=1)]
    name: Annotated[Line, Field(min_length=1)]
    email: Annotated[str, Field(max_length=254, pattern=r"^$|^[^@\s\x00-\x1f,;<>]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$")]
    phone: Annotated[str, Field(max_length=40, pattern=r"^[0-9 +()/-]*$")] = ""


class ContactsIn(Shape):
    """All contacts of an authority; replaces what there was."""

    contacts: Annotated[list[ContactIn], Field(max_length=20)]
    reason: Reason


class NoteIn(Shape):
    """A remark about an authority."""

    text: Annotated[
        str,
        Field(min_length=1, max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+$"),
    ]


class CertificateIn(Shape):
    """A certificate of an authority, PEM or DER in base64."""

    purpose: Literal["encrypt", "sign", "tls", "tls-anchor"]
    data: Annotated[str, Field(max_length=60_000)]
    reason: Reason


class SettingsIn(Shape):
    """Settings of an adapter to be checked while they are typed."""

    settings: dict[str, Any]


class BulkDeliveriesIn(Shape):
    """The same act on several deliveries."""

    message_ids: Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=5000)]
    act: Literal["requeue", "hold"]
    reason: Reason
    dry_run: bool = True
    typed: str = ""


class AdvanceIn(Shape):
    """Another stage of an onboarding; ending needs the authority's name typed."""

    to: Stage
    reason: Reason
    typed_name: Line = ""


class ApprovalIn(Shape):
    """The second person's approval; `typed_name` is the authority's name, exactly."""

    typed_name: Annotated[Line, Field(min_length=1)]
    reason: Reason


class ApplySurveyIn(Shape):
    """A survey to be applied from a date on; `rows` limits it to some lines of the table."""

    valid_from: date
    reason: Reason
    rows: Annotated[list[Annotated[int, Field(ge=1)]], Field(max_length=2000)] | None = None


class AssignIn(Shape):
    """The case that a reply belongs to."""

    case_number: Annotated[str, Field(max_length=40)]
    reason: Reason
