"""What a simulated authority makes of a message: every digest and the schema are checked, as its own software would."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.domain.errors import GatewayError
from gateway.domain.ids import AuthorityKey
from gateway.seal.envelope import open_envelope
from gateway.seal.keys import read_private_key
from gateway.seal.trust import Trust
from gateway.xbau.check import check
from gateway.xbau.summary import Summary, summarise


@dataclass(frozen=True, slots=True)
class Read:
    """A message as an authority found it; `findings` empty: everything that was announced is there and intact."""

    case_number: str
    message: bytes = b""
    subject: str = ""
    applicants: tuple[str, ...] = ()
    files: int = 0
    by_post: int = 0
    findings: tuple[str, ...] = ()


def read_sealed(folder: Path, key: Path, gateway: Path, authority: str, target: Path) -> Read:
    """Open a sealed folder with the authority's key, as `bauweiche open` does, and look at what is in it."""
    try:
        opened = open_envelope(
            folder,
            [read_private_key(key.read_bytes())],
            Trust.of(gateway.read_bytes()),
            datetime.now(UTC),
            target=target,
            addressee=AuthorityKey(authority),
            names=_names,
        )
    except GatewayError as error:
        return Read("", findings=(error.reason,))
    found = {file.document_id for file in opened.files if file.role == "attachment" and file.document_id}
    faults = [fault.detail for fault in opened.findings]
    return _read(opened.manifest.case_number, opened.message, {str(one) for one in found}, faults)


def read_clear(case_number: str, message: bytes, received: Collection[str]) -> Read:
    """Look at a message that came in clear over mutual TLS; `received` are the document ids of its attachments."""
    return _read(case_number, message, received, [])


def _read(case_number: str, message: bytes, received: Collection[str], faults: list[str]) -> Read:
    try:
        summary, schema = summarise(message), check(message)
    except GatewayError as error:
        return Read(case_number, message, findings=(error.reason,))
    announced = _announced(summary)
    missing = [f"Die Anlage „{title}“ fehlt." for name, title in announced.items() if name not in received]
    invalid = [finding.sentence for finding in schema.findings]
    return Read(
        case_number=case_number,
        message=message,
        subject=summary.subject,
        applicants=summary.applicants,
        files=len(received),
        by_post=sum(named.by_post for named in summary.documents),
        findings=(*faults, *missing, *invalid),
    )


def _announced(summary: Summary) -> Mapping[str, str]:
    return {named.document_id: named.title for named in summary.documents if not named.by_post}


def _names(message: bytes) -> Mapping[str, str]:
    """Return the wanted file name of each document; nothing if the message cannot be read."""
    try:
        return {named.document_id: named.file_name for named in summarise(message).documents}
    except GatewayError:
        return {}
