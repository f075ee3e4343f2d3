"""What the parameters and bodies of operators' calls mean, each with an example, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from gateway.api.operator import shapes
from gateway.api.operator.clocks import ClosedDaysIn
from gateway.api.operator.plans import ArrivalIn

KEY, CASE, MESSAGE = "05570000", "BW-2026-7KQ4-M3XD", "d30d0282-ce62-477a-9707-0839d9e2db63"

PARAMETERS: Mapping[str, tuple[str, Any]] = {
    "about": ("Only entries about this subject: a case number, an authority's key, an id", KEY),
    "act": ("What is done: `requeue`, `hold`, `divert` or `arrived`", "requeue"),
    "after": ("Where the page before ended: its `next`; 0 for the first page", 0),
    "at": ("The later day: a date, or a span from today on", "+60d"),
    "authority": ("Only those to this authority", KEY),
    "case_number": ("The gateway's number of the case", CASE),
    "cause": ("Only those that stand still for this code, as `/deliveries/causes` names it", "delivery-unreachable"),
    "filename": ("Name of the file, where the body is raw", "umfrage.csv"),
    "fingerprint": ("SHA-256 of the certificate, 64 hexadecimal digits", "0" * 64),
    "format": ("How the report comes: `json`, `xlsx` or `pdf` (PDF/UA)", "json"),
    "from": ("First day, inclusive, German time; today unless given", "2026-11-01"),
    "key": ("Key of the authority, eight digits", KEY),
    "limit": ("Rows of a page, at most", 100),
    "message_id": ("The XBau message's id", MESSAGE),
    "name": ("Name under which it is kept or known", "Umfrage November"),
    "newest": ("Newest first", True),
    "on": ("The day the answer is about; today unless given", "2026-12-01"),
    "order": ("Which come first: `newest` or `oldest`", "oldest"),
    "procedure": ("Only authorities that take this procedure", "baugenehmigung"),
    "q": ("Words that must all occur, `!word` that must not; lists of records know `field:value`", "warendorf"),
    "reason": ("Why; it stands in the journal", "Absprache mit der Behörde"),
    "reply_id": ("Id of the reply, as `/replies` lists it", MESSAGE),
    "state": ("Only in this state; deliveries may be asked for several", "held"),
    "survey_id": ("Id of the survey, as `/survey` lists it", MESSAGE),
    "to": ("Last day, inclusive", "2026-11-30"),
    "valid_from": ("The day from which the setting holds", "2026-12-01"),
    "view": ("What the tiles show", "stage"),
}
"""Parameter → what it means, and an example; one name means the same everywhere."""

ADAPTER = ("Name of the way, as `/adapters` lists it", "file_drop")
IF_MATCH: Mapping[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of what the caller has seen; 412 if somebody has changed it since, 428 without it",
    "schema": {"type": "string"},
    "example": '"0123456789abcdef0123456789abcdef"',
}
GUARDED = frozenset(
    {
        ("put", "/authorities/{key}/participation"),
        ("delete", "/authorities/{key}/participation/{valid_from}"),
        ("put", "/authorities/{key}/contacts"),
        ("put", "/calendar/closed"),
    }
)
"""Calls that replace something: they need If-Match."""

_WHY = {"reason": "Absprache mit der Behörde"}
EXAMPLES: Mapping[type[BaseModel], Mapping[str, Any]] = {
    shapes.Because: _WHY,
    shapes.ParticipationIn: {"participation": {"valid_from": "2026-12-01", "option": "3b"}} | _WHY,
    shapes.BulkIn: {
        "keys": [KEY],
        "changes": {"option": "1"},
        "valid_from": "2026-12-01",
        "dry_run": False,
        "seen": {KEY: IF_MATCH["example"]},
    }
    | _WHY,
    shapes.ContactsIn: {
        "contacts": [{"role": "Technischer Kontakt", "name": "IT", "email": "it@waf.example", "phone": "02581 53-0"}]
    }
    | _WHY,
    shapes.NoteIn: {"text": "Ruft am Montag zurück."},
    shapes.CertificateIn: {"purpose": "encrypt", "data": "MIIB…"} | _WHY,
    shapes.SettingsIn: {"settings": {"folder": "/srv/bauamt"}},
    shapes.BulkDeliveriesIn: {"message_ids": [MESSAGE], "act": "requeue", "dry_run": True} | _WHY,
    shapes.AdvanceIn: {"to": "connected"} | _WHY,
    shapes.ApprovalIn: {"typed_name": "Kreis Warendorf"} | _WHY,
    shapes.ApplySurveyIn: {"valid_from": "2026-12-01", "rows": [2, 3]} | _WHY,
    shapes.AssignIn: {"case_number": CASE} | _WHY,
    ClosedDaysIn: {"dates": [{"date": "2026-12-24", "name": "Heiligabend"}]} | _WHY,
    ArrivalIn: {"on": "2026-11-23"} | _WHY,
}
"""Body → an example that fits it."""
