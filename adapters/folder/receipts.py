"""The authority's receipt: a small text file beside the folder or in it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from adapters.folder.shelf import Odd, Shelf

if TYPE_CHECKING:
    from gateway.domain.ids import MessageId

Receipts = Annotated[
    Literal["optional", "required"],
    Field(
        title="Quittung",
        description="Möglich: ein weggenommener Ordner gilt als abgeholt, eine Quittung auch. Nötig: nur eine Datei "
        "<Nachrichtenkennung>.quittung gilt. Beginnt ihr Text mit „abgelehnt:“, gilt sie als Ablehnung.",
        json_schema_extra={"x-titles": {"optional": "möglich", "required": "nötig"}},
    ),
]
"""The setting of every way by folders: whether taking a folder away is enough; `x-titles` is for forms."""

REFUSED = "abgelehnt:"
OPENED = "geöffnet"
SETTLING = timedelta(seconds=10)
LIMIT = 4_096
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt: `at` is when the file was last changed; `refused` is the reason, empty for an acceptance.

    `opened`: it says that the message was opened and everything in it verified.
    """

    at: datetime
    refused: str = ""
    opened: bool = False


def find_receipt(shelf: Shelf, message_id: MessageId, now: datetime) -> Receipt | None:
    """Return the receipt for a message if the authority has left one and finished writing it."""
    for path in (f"{message_id}.quittung", f"{message_id}/.quittung"):
        try:
            kept = shelf.kept(path)
            if kept is None:
                continue
            with shelf.open(path) as source:
                text = read_text(source.read(LIMIT))
        except Odd:
            continue
        # a file that could still become "abgelehnt: …" is given time to be written
        if len(text) <= len(REFUSED) and REFUSED.startswith(text.lower()) and kept.changed > now - SETTLING:
            continue
        return Receipt(kept.changed, refusal(text), text.lower().startswith(OPENED))
    return None


def refusal(text: str) -> str:
    """Return the reason if a receipt says `abgelehnt: …`, else an empty text."""
    if not text.lower().startswith(REFUSED):
        return ""
    return text[len(REFUSED) :].strip() or "ohne Angabe von Gründen"


def read_text(data: bytes) -> str:
    """Return what a person or program wrote, on one line: UTF-8, UTF-16 with BOM, else Windows-1252; at most 500."""
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "")
    if encoding:
        text = data.decode(encoding, "replace")
    else:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    visible = "".join(" " if unicodedata.category(char).startswith("C") else char for char in text.lstrip("\ufeff"))
    return " ".join(visible.split())[:500]
