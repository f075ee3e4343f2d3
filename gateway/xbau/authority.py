"""Replies that an authority without software of its own can give: receipt, file number, withdrawal, status."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from typing import TypeVar

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.message import Heading
from gateway.xbau.codelists import Codelist, newest
from gateway.xbau.release import Release
from gateway.xbau.replies.build import Contact, MessageRef, close, open_message, refer

__all__ = ["REPLIES", "Contact", "MessageRef", "compose_reply"]

T = TypeVar("T")

REPLIES = ("1120", "1121", "1131", "1170")
"""What can be composed here; a rejection (1100) is composed by `reject`."""


def compose_reply(
    number: str,
    heading: Heading,
    release: Release,
    *,
    information: Iterable[str] = (),
    accepted: bool | None = None,
    status: str | None = None,
    about: MessageRef | None = None,
    contact: Contact | None = None,
) -> bytes:
    """Return a reply of an authority: 1120, 1121 (wants a `file_reference`), 1131 (`accepted`) or 1170 (`status`).

    `information` are paragraphs of plain text, `about` the message answered. Raises: SubmissionError if the release
    lacks the message, a fact is missing, or the status is not in the list.
    """
    if number not in REPLIES:
        raise SubmissionError(codes.MESSAGE_UNKNOWN, f"Die Antwort {number} kann hier nicht verfasst werden.")
    if number == "1121":
        _needed(heading.file_reference, "das Aktenzeichen")
        about = None  # XBau: 1121 must not name a message
    root, pen = open_message(number, heading, release, contact)
    refer(root, heading, pen, about)
    if number == "1131":
        pen.add(
            root, "ruecknahmeAkzeptiert", "true" if _needed(accepted, "ob die Rücknahme angenommen ist") else "false"
        )
    if number in ("1120", "1131"):
        pen.paragraphs(root, "information", information)
    if number == "1170":
        table = newest("statusbauportal")
        pen.code(root, "statusAntragsportal", _status(status, table), table.uri, table.version)
        words = "".join(f"<p>{escape(line)}</p>" for line in information if line.strip())
        if words:
            pen.add(pen.add(root, "begruendung"), "text", base64.b64encode(words.encode()).decode())
    return close(root)


def _status(status: str | None, table: Codelist) -> str:
    code = str(_needed(status, "der Status"))
    if code not in table:
        near = ", ".join(f"{known} {table.label(known)}" for known in table.nearest(code))
        hint = f"Gemeint sein könnte: {near}." if near else ""
        raise SubmissionError(codes.CODE_UNKNOWN, f"Den Status {code!r} gibt es nicht.", hint)
    return code


def _needed(value: T | None, what: str) -> T:
    if value is None or value == "":
        raise SubmissionError(codes.FIELD_MISSING, f"Es fehlt {what}.")
    return value
