"""Identifiers: what each looks like, and how it is made from randomness that is handed in."""

from __future__ import annotations

import re
from typing import NewType
from uuid import UUID

MessageId = NewType("MessageId", str)
"""A message UUID in canonical lower-case 8-4-4-4-12 form (XBau nachrichtenUUID, no `urn:uuid:`)."""

CaseNumber = NewType("CaseNumber", str)
"""The Vorgangsnummer: `BW-<year>-XXXX-XXXX`, Crockford base 32 without I, L, O, U; the last character is a check."""

AuthorityKey = NewType("AuthorityKey", str)
"""8 digits: the AGS of a town, or the 5-digit Kreis key followed by `000`."""

DocumentId = NewType("DocumentId", str)
"""`urn_uuid_<uuid>`: valid as xs:ID, the same in XBau dokumentid and XTA Attachment/@id (Handlungsanweisung 2026)."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CASE = re.compile(r"BW-(\d{4})-([0-9A-HJKMNP-TV-Z]{4})-([0-9A-HJKMNP-TV-Z]{4})")
_DATED = re.compile(r"20\d\d-")
_LEAST, _MOST = "BW-0000-0000-0000", "BW-9999-ZZZZ-ZZZZ"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})


def case_number(year: int, entropy: UUID) -> CaseNumber:
    """Return the case number for `year` drawn from the first 35 bits of `entropy`."""
    value = entropy.int >> (128 - 35)
    digits = "".join(ALPHABET[(value >> shift) & 31] for shift in range(30, -1, -5))
    body = f"{year:04d}{digits}"
    text = digits + _check(body)
    return CaseNumber(f"BW-{year:04d}-{text[:4]}-{text[4:]}")


def read_case_number(text: str) -> CaseNumber | None:
    """Return the case number a person wrote (case, spaces and look-alikes forgiven), or None if it cannot be one."""
    tidy = "-".join(text.upper().replace("–", "-").split()).replace("--", "-")
    if not tidy.startswith("BW-"):
        return None
    match = _CASE.fullmatch("BW-" + tidy[3:].translate(_LOOKALIKES))
    if match is None:
        return None
    year, first, second = match.groups()
    if second[3] != _check(year + first + second[:3]):
        return None
    return CaseNumber(match.group())


def case_numbers_like(text: str, year: int) -> tuple[str, str] | None:
    """Return the first and the last case number that begin as a person wrote, or None if none can.

    Without `BW-` and a year in front, numbers of `year` are meant; that takes at least three characters.
    """
    begun = text.upper().replace("–", "-")
    if not begun.startswith("BW"):
        if len(begun) < 3:
            return None
        begun = f"BW-{begun}" if _DATED.match(begun) else f"BW-{year:04d}-{begun}"
    begun = begun[:3] + begun[3:].translate(_LOOKALIKES)
    least, most = begun + _LEAST[len(begun) :], begun + _MOST[len(begun) :]
    return (least, most) if _CASE.fullmatch(least) else None


def document_id(identity: UUID) -> DocumentId:
    """Return the document id of a UUID, `:` written as `_`."""
    return DocumentId(f"urn_uuid_{identity}")


def dvdv_key(key: AuthorityKey, kreis: bool) -> str:
    """Return the DVDV key of an authority: `bab:` and 8 digits for a town, 5 for a Kreis."""
    return f"bab:{key[:5]}" if kreis else f"bab:{key}"


def _check(body: str) -> str:
    """Weighted sum mod 32 (odd weights): finds every single wrong character."""
    total = sum((2 * position + 1) * ALPHABET.index(character) for position, character in enumerate(body))
    return ALPHABET[total % 32]
