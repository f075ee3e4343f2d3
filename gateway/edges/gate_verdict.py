"""What the PDF gate found, as a value that travels from the child to the gateway as one line of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from gateway.domain import codes
from gateway.domain.codes import Code


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one check: `code` is the name of a Code, or "" if the file passed; German `reason` and `hint`."""

    code: str
    reason: str
    hint: str

    def line(self) -> bytes:
        """Return the verdict as one line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"


PASSED = Verdict("", "", "")

_AGAIN = "Bitte die Datei neu als PDF (am besten PDF/A) erzeugen und noch einmal hochladen."


class Objection(Exception):
    """Ends a check: the file is refused with `verdict`."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.code)
        self.verdict = verdict


def refuse(code: Code, reason: str, hint: str = _AGAIN) -> Verdict:
    """Return the verdict that refuses a file."""
    return Verdict(code.name, reason, hint)


def damaged(reason: str) -> Objection:
    """Return the objection to a file that only a repair could make readable."""
    return Objection(refuse(codes.PDF_DAMAGED, reason))


def bomb(reason: str) -> Objection:
    """Return the objection to a file that would cost its reader too much."""
    return Objection(refuse(codes.PDF_BOMB, reason))


def read_verdict(line: bytes) -> Verdict | None:
    """Return the verdict in a line of JSON, or None if it is none: then nothing was checked."""
    try:
        found = json.loads(line)
        verdict = Verdict(**found)
    except (ValueError, TypeError):
        return None
    whole = all(isinstance(text, str) for text in (verdict.code, verdict.reason, verdict.hint))
    return verdict if whole and (verdict.code == "" or verdict.code in codes.EVERY) else None
