"""The door for XBau messages from outside: the guard of all XML, and the shape that any real message keeps to."""

from __future__ import annotations

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.xmlguard import BYTES, safe_parse

ELEMENTS = 50_000
"""Elements of a message, at most: one with 500 attachments has about ten thousand."""

CHILDREN = 2_000
"""Children of one element, at most: libxml2 counts the siblings of every fault, so a flat flood takes it minutes."""


def parse_message(data: bytes, limit: int = BYTES) -> etree._Element:
    """Return the root of a message of at most `limit` bytes.

    Raises: SubmissionError XML_UNSAFE or XML_UNREADABLE, as the guard does, and XML_UNSAFE for what is too wide.
    """
    root = safe_parse(data, limit=limit, elements=ELEMENTS)
    if any(len(element) > CHILDREN for element in root.iter()):
        raise SubmissionError(
            codes.XML_UNSAFE,
            f"Ein Element der Nachricht hat mehr als {CHILDREN} Unterelemente.",
            "Teilen Sie die Angaben auf mehrere Nachrichten auf.",
        )
    return root
