"""Checking a bundle of evidence offline: every signature, every link, every digest; the first fault ends it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.domain import codes
from gateway.domain.errors import GatewayError, SealError
from gateway.domain.evidence import Fact, canonical, sized
from gateway.domain.journal import GENESIS, Act, digest
from gateway.domain.merkle import leads_to
from gateway.seal.evidence import (
    ENTRIES,
    INDEX,
    anchor_file,
    certificate_file,
    event_file,
    manifest_file,
)
from gateway.seal.evidence_jws import Signed, verify_compact
from gateway.seal.evidence_zip import MIMETYPE, unpack
from gateway.seal.keys import fingerprint
from gateway.seal.manifest import Manifest
from gateway.seal.sign import verify_signed
from gateway.seal.trust import Trust


@dataclass(frozen=True, slots=True)
class Proof:
    """One fact that is proved."""

    sequence: int
    what: Fact
    at: datetime
    message_id: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a sound bundle proves. `notes` are German remarks that do not weaken it."""

    case_number: str
    issued_at: datetime
    facts: tuple[Proof, ...]
    entries: int
    signers: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def first(self, what: Fact) -> Proof | None:
        """Return the first fact of a kind."""
        return next((one for one in self.facts if one.what is what), None)


@dataclass
class _Reading:
    """The files of a bundle, the trust they are held against, and who turned out to have signed."""

    files: dict[str, bytes]
    trust: Trust
    signers: dict[str, x509.Certificate] = field(default_factory=dict)

    def signed(self, name: str, what: str) -> Signed:
        """Return what a file's signature vouches for."""
        try:
            text = self.files[name].decode("ascii")
        except UnicodeDecodeError as error:
            raise _wrong(f"Die Datei {name} ist keine Signatur.") from error
        found = verify_compact(text, self.trust, what)
        self.signers[fingerprint(found.certificate)] = found.certificate
        return found


def check(data: bytes, trust: Trust) -> Verified:
    """Return what a bundle proves, if every byte of it holds; certificates count for the time they signed at.

    Raises:
        SealError: EVIDENCE_INVALID or SIGNATURE_INVALID, or what a certificate lacks, in German.
    """
    reading = _Reading(unpack(data), trust)
    try:
        return _check(reading)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        # signed by a key we trust, but not in the form we sign: an older or newer program's, or a forged one's
        raise _wrong("Das Bündel ist nicht so aufgebaut, wie dieses Programm es kennt.") from error


def _check(reading: _Reading) -> Verified:
    index, issued_at = _index(reading)
    number: str = index["case_number"]
    facts = _facts(reading, number)
    numbers = _entries(reading, number, facts)
    for identity, certificate in reading.signers.items():
        octets = reading.files.get(certificate_file(identity))
        if octets is not None and octets != certificate.public_bytes(Encoding.PEM):
            raise _wrong("Ein Zertifikat im Bündel ist nicht das des Unterzeichners.")
    _nothing_else(reading, facts)
    subjects = tuple(sorted({one.subject.rfc4514_string() for one in reading.signers.values()}))
    proofs = tuple(proof for proof, _link in facts)
    return Verified(number, issued_at, proofs, len(numbers), subjects, tuple(_notes(proofs, issued_at)))


def _index(reading: _Reading) -> tuple[dict[str, Any], datetime]:
    """Hold every file against the signed index: none changed, none missing, none added."""
    if INDEX not in reading.files:
        raise _wrong("Dem Bündel fehlt sein signiertes Verzeichnis.")
    found = reading.signed(INDEX, "Verzeichnis des Bündels")
    index = found.value
    listed = {entry["name"]: entry for entry in index["files"]}
    present = reading.files.keys() - {INDEX, MIMETYPE}
    if added := sorted(present - listed.keys()):
        raise _wrong(f"Das Bündel enthält etwas, das nicht dazugehört: {', '.join(added[:5])}.")
    if missing := sorted(listed.keys() - present):
        raise _wrong(f"Dem Bündel fehlt etwas: {', '.join(missing[:5])}.")
    for name, entry in listed.items():
        if {"name": name} | sized(reading.files[name]) != entry:
            raise _wrong(f"Die Datei {name} im Bündel wurde verändert.")
    return index, found.signed_at


def _facts(reading: _Reading, number: str) -> list[tuple[Proof, Mapping[str, Any]]]:
    """Return the facts in order, each with its link into the journal; the chain of the events has no gap."""
    names = sorted(name for name in reading.files if name.startswith("events/"))
    if not names:
        raise _wrong("Das Bündel enthält kein einziges Ereignis.")
    found: list[tuple[Proof, Mapping[str, Any]]] = []
    before = GENESIS
    for sequence, name in enumerate(names, start=1):
        signed = reading.signed(name, f"Ereignis {sequence}")
        value = signed.value
        if value["case_number"] != number:
            raise _wrong(f"Ereignis {sequence} gehört zum Vorgang {value['case_number']}, nicht zu {number}.")
        if value["sequence"] != sequence or value["previous"] != before or value["version"] != 1:
            raise _wrong(f"Vor Ereignis {sequence} fehlt ein Ereignis, oder es ist vertauscht.")
        what = Fact(value["event"])
        if name != event_file(sequence, what.value):
            raise _wrong(f"Die Datei {name} enthält ein anderes Ereignis, als ihr Name sagt.")
        proof = Proof(sequence, what, datetime.fromisoformat(value["at"]), value["message_id"], value["facts"])
        if what is Fact.ACCEPTED:
            _manifest(reading, proof, number)
        found.append((proof, value["journal"]))
        before = str(sized(signed.payload.encode())["sha256"])
    return found


def _manifest(reading: _Reading, proof: Proof, number: str) -> None:
    """Hold the signed manifest against the receipt that names it, part by part."""
    octets = reading.files.get(manifest_file(proof.sequence))
    if octets is None or sized(octets) != proof.facts["manifest"]:
        raise _wrong("Das signierte Inhaltsverzeichnis fehlt oder ist nicht das, das der Beleg nennt.")
    try:
        manifest, signer = verify_signed(octets, reading.trust, proof.at)
    except SealError:
        raise
    except GatewayError as error:
        raise _wrong("Das Inhaltsverzeichnis ist nicht lesbar.") from error
    reading.signers[fingerprint(signer)] = signer
    same = (
        manifest.case_number == number
        and manifest.message_id == proof.message_id
        and manifest.addressee == proof.facts["addressee"]["key"]
        and _parts_of(manifest) == _parts_said(proof.facts)
    )
    if not same:
        raise _wrong("Das Inhaltsverzeichnis nennt etwas anderes als der Beleg.")


def _parts_of(manifest: Manifest) -> list[tuple[int, str]]:
    return [(part.size, part.sha256) for part in manifest.parts]


def _parts_said(facts: Mapping[str, Any]) -> list[tuple[int, str]]:
    return [(part["size"], part["sha256"]) for part in (facts["message"], *facts["parts"])]


def _entries(reading: _Reading, number: str, facts: Sequence[tuple[Proof, Mapping[str, Any]]]) -> dict[int, str]:
    """Check every journal entry and its path to a signed anchor; return the digests by number."""
    anchors: dict[int, dict[str, Any]] = {}
    for name in sorted(name for name in reading.files if name.startswith("journal/anchor-")):
        value = reading.signed(name, f"Anker {name.removeprefix('journal/')}").value
        if name != anchor_file(value["last"]):
            raise _wrong(f"Die Datei {name} enthält einen anderen Anker, als ihr Name sagt.")
        anchors[value["first"]] = value
    found: dict[int, str] = {}
    octets = reading.files[ENTRIES]
    entries = json.loads(octets)
    if canonical(entries).encode() != octets:
        raise _wrong("Der Auszug des Ereignisprotokolls ist nicht in der vorgesehenen Form.")
    for entry in entries:
        found[entry["number"]] = _entry(entry, number, anchors)
    for proof, link in facts:
        if found.get(link["number"]) != link["digest"]:
            raise _wrong(f"Der Protokolleintrag zu Ereignis {proof.sequence} fehlt oder weicht ab.")
    if set(anchors) != {entry["first"] for entry in entries}:
        raise _wrong("Das Bündel enthält einen Anker, zu dem kein Eintrag gehört.")
    return found


def _entry(entry: Mapping[str, Any], number: str, anchors: Mapping[int, Mapping[str, Any]]) -> str:
    place: int = entry["number"]
    if entry["subject"] != number:
        raise _wrong(f"Der Protokolleintrag {place} gehört nicht zu diesem Vorgang.")
    act = Act(entry["actor"], entry["what"], entry["subject"], entry["why"], entry["facts"])
    if digest(place, datetime.fromisoformat(entry["at"]), act, entry["before"]) != entry["digest"]:
        raise _wrong(f"Der Protokolleintrag {place} wurde verändert.")
    anchor = anchors.get(entry["first"])
    if anchor is None:
        raise _wrong(f"Zum Protokolleintrag {place} fehlt der Anker.")
    first, last = anchor["first"], anchor["last"]
    if not leads_to(entry["digest"], place - first, last - first + 1, entry["path"], anchor["root"]):
        raise _wrong(f"Der Prüfpfad des Protokolleintrags {place} führt nicht zum signierten Anker.")
    return str(entry["digest"])


def _nothing_else(reading: _Reading, facts: Sequence[tuple[Proof, Mapping[str, Any]]]) -> None:
    """Refuse what the index lists but nothing above has looked at."""
    known = {INDEX, MIMETYPE, ENTRIES, "LIESMICH.txt"}
    known |= {manifest_file(proof.sequence) for proof, _ in facts if proof.what is Fact.ACCEPTED}
    known |= {certificate_file(identity) for identity in reading.signers}
    rest = [name for name in reading.files if name not in known and not name.startswith(("events/", "journal/anchor-"))]
    if rest:
        raise _wrong(f"Das Bündel enthält etwas, das nicht dazugehört: {', '.join(sorted(rest)[:5])}.")


def _notes(facts: Sequence[Proof], issued_at: datetime) -> list[str]:
    """Remark on times that run backwards: the order is proved by the chain, the clock was wrong."""
    times = [*(proof.at.replace(microsecond=0) for proof in facts), issued_at]
    if any(later < earlier for earlier, later in pairwise(times)):
        return ["Die Uhr des Gateways ging zeitweise zurück; die Reihenfolge der Ereignisse ist trotzdem bewiesen."]
    return []


def _wrong(reason: str) -> SealError:
    return SealError(codes.EVIDENCE_INVALID, reason, "Dieses Bündel beweist nichts. Bitte beim Gateway neu abrufen.")
