"""One bundle of evidence per case: made from stored values, and checked without gateway or database.

mimetype, LIESMICH.txt
META-INF/index.jws            signed list of every other file with size and SHA-256
events/0001-accepted.jws …    the signed facts, each naming the one before it
manifests/0001.xml …          the signed manifest that belongs to an acceptance
journal/entries.json          the journal's entries of the case, each with its Merkle path
journal/anchor-000000000256.jws …  the signed roots those paths lead to
certificates/<sha256>.pem     who signed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.domain.calendar import written_moment
from gateway.domain.evidence import Anchor, Event, canonical, sized, written
from gateway.domain.ids import CaseNumber
from gateway.domain.journal import Entry
from gateway.seal.evidence_jws import certificate_of, compact
from gateway.seal.evidence_zip import pack
from gateway.seal.keys import SigningKey, fingerprint

INDEX = "META-INF/index.jws"
ENTRIES = "journal/entries.json"
README = "LIESMICH.txt"


@dataclass(frozen=True, slots=True)
class Proved:
    """A journal entry with the Merkle path to the anchor that begins at `first`."""

    entry: Entry
    first: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """Everything a bundle is made of."""

    case_number: CaseNumber
    events: Sequence[Event]
    entries: Sequence[Proved]
    anchors: Sequence[Anchor]


def build(material: Material, signer: SigningKey, at: datetime) -> bytes:
    """Return the bundle; `at` is when its index is signed."""
    files = {README: _readme(material, at)}
    for event in material.events:
        files[event_file(event.sequence, event.what.value)] = event.jws.encode("ascii")
        if event.document is not None:
            files[manifest_file(event.sequence)] = event.document
    for anchor in material.anchors:
        files[anchor_file(anchor.last)] = anchor.jws.encode("ascii")
    files[ENTRIES] = canonical([_entry_out(proved) for proved in material.entries]).encode()
    heads = [event.head for event in material.events] + [anchor.head for anchor in material.anchors]
    signers = [certificate_of(head) for head in dict.fromkeys(heads)]
    for certificate in {fingerprint(one): one for one in (*signers, signer.certificate)}.values():
        files[certificate_file(fingerprint(certificate))] = certificate.public_bytes(Encoding.PEM)
    listed = [{"name": name} | sized(data) for name, data in sorted(files.items())]
    index = {"version": 1, "case_number": material.case_number, "at": written(at), "files": listed}
    files[INDEX] = compact(canonical(index), signer, at).encode("ascii")
    return pack(files)


def event_file(sequence: int, what: str) -> str:
    """Return where an event lies."""
    return f"events/{sequence:04d}-{what}.jws"


def manifest_file(sequence: int) -> str:
    """Return where the manifest of an event lies."""
    return f"manifests/{sequence:04d}.xml"


def anchor_file(last: int) -> str:
    """Return where the anchor that ends with a journal entry lies."""
    return f"journal/anchor-{last:012d}.jws"


def certificate_file(identity: str) -> str:
    """Return where a certificate lies."""
    return f"certificates/{identity}.pem"


def _entry_out(proved: Proved) -> dict[str, Any]:
    entry, act = proved.entry, proved.entry.act
    return {
        "number": entry.number,
        "at": written(entry.at),
        "actor": act.actor,
        "what": act.what,
        "subject": act.subject,
        "why": act.why,
        "facts": dict(act.facts),
        "before": entry.before,
        "digest": entry.digest,
        "first": proved.first,
        "path": list(proved.path),
    }


def _readme(material: Material, at: datetime) -> bytes:
    return f"""Nachweisbündel zum Vorgang {material.case_number}
ausgegeben am {written_moment(at)} Uhr (deutsche Zeit)

Es belegt ohne personenbezogene Daten, was das Gateway wann übergeben hat:
signierte Ereignisse, das signierte Inhaltsverzeichnis mit Größe und SHA-256 jedes Teils,
die Einträge des Ereignisprotokolls mit Prüfpfad, und die Zertifikate der Unterzeichner.

Prüfen, ohne Gateway und ohne Netz:
    bauweiche evidence verify DATEI --gateway ZERTIFIKAT.pem

Das Zertifikat bitte aus einer Quelle nehmen, der Sie vertrauen, nicht aus diesem Bündel.
Jede Datei *.jws ist eine Signatur nach RFC 7515 (ES256) und mit jedem üblichen Werkzeug prüfbar.
""".encode()
