"""A bundle of evidence made of values alone, with everything it is made of at hand."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from gateway.domain.case import Case
from gateway.domain.evidence import Anchor, Event, Fact, anchor, event, facts_of_acceptance
from gateway.domain.ids import DocumentId, MessageId, document_id
from gateway.domain.journal import GENESIS, Act, Entry, link
from gateway.domain.merkle import path, root
from gateway.seal.evidence import Material, Proved, build
from gateway.seal.evidence_jws import sign_payload
from gateway.seal.keys import SigningKey
from gateway.seal.manifest import Manifest, SealedPart
from gateway.seal.sign import sign
from tests.kit.keys import AT, gateway_signer
from tests.kit.stores import a_case, uuid_of

MESSAGE = b"<message/>"


@dataclass(frozen=True)
class Made:
    """What a bundle is made of, and the bundle."""

    case: Case
    material: Material
    signer: SigningKey
    at: datetime

    @property
    def data(self) -> bytes:
        return build(self.material, self.signer, self.at)


@lru_cache(maxsize=2)
def made(others: int = 5) -> Made:
    """Return the evidence of a case that was accepted, handed over and erased; `others` journal entries lie between."""
    signer = gateway_signer()
    case = a_case(7)
    entries: list[Entry] = []
    events: list[Event] = []

    def append(act: Act) -> Entry:
        before = entries[-1].digest if entries else GENESIS
        entries.append(link(len(entries) + 1, AT + timedelta(seconds=len(entries)), act, before))
        return entries[-1]

    for what in (Fact.ACCEPTED, Fact.AVAILABLE, Fact.HANDED_OVER, Fact.ERASED):
        for number in range(others):
            append(Act("gateway", "noise", str(number)))
        entry = append(Act("gateway", f"case.{what}", case.number, facts={"what": what.value}))
        manifest = signed_manifest(case, signer, entry.at) if what is Fact.ACCEPTED else None
        authority = {"key": case.authority, "dvdv_key": f"bab:{case.authority}", "name": "Stadt Ahlen"}
        facts = facts_of_acceptance(case, authority, "bap:1", manifest, MESSAGE) if manifest else {}
        one = event(case, what, entry, before=events[-1] if events else None, message_id=str(uuid_of(99)), facts=facts,
                    document=manifest)  # fmt: skip
        head, signature = sign_payload(one.payload, signer, entry.at)
        events.append(replace(one, head=head, signature=signature))
    leaves = [entry.digest for entry in entries]
    proved = [Proved(one, 1, path(leaves, one.number - 1)) for one in entries if one.act.subject == case.number]
    material = Material(case.number, events, proved, [signed_anchor(leaves, signer, AT)])
    return Made(case, material, signer, AT + timedelta(days=1))


def signed_anchor(leaves: list[str], signer: SigningKey, at: datetime) -> Anchor:
    """Return the anchor over a whole journal."""
    bare = anchor(1, len(leaves), root(leaves), leaves[-1], at)
    head, signature = sign_payload(bare.payload, signer, at)
    return replace(bare, head=head, signature=signature)


def signed_manifest(case: Case, signer: SigningKey, at: datetime) -> bytes:
    """Return the signed manifest of a case's message and parts."""
    message = SealedPart("part-0000.bin", "message", len(MESSAGE), hashlib.sha256(MESSAGE).hexdigest())
    parts = [
        SealedPart(part.name, "attachment", part.size, part.sha256, DocumentId(document_id(uuid_of(part.index + 1))))
        for part in case.parts
    ]
    manifest = Manifest(
        message_id=MessageId(str(uuid_of(99))),
        case_number=case.number,
        addressee=case.authority,
        route="bab:05570004/05570004",
        release=case.release,
        procedure=case.procedure,
        created_at=at,
        test=case.test,
        parts=(message, *parts),
    )
    return sign(manifest, signer, at)


def lengthen(database: Path, count: int) -> None:
    """Append `count` entries about other cases to the journal of an installation's SQLite database, at once."""
    with closing(sqlite3.connect(database)) as connection:
        number, before, at = connection.execute(
            "SELECT number, digest, at FROM journal ORDER BY number DESC LIMIT 1"
        ).fetchone()
        moment, rows = datetime.fromisoformat(at).replace(tzinfo=UTC), []
        for _ in range(count):
            entry = link(number + 1, moment, Act("gateway", "delivery.attempt", f"BW-2026-{number:09d}"), before)
            number, before = entry.number, entry.digest
            act = entry.act
            rows.append((number, at, act.actor, act.what, act.subject, act.why, "{}", entry.before, before))
        connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.commit()


def rezipped(data: bytes, *, add: dict[str, bytes] | None = None, drop: str = "", compressed: bool = False) -> bytes:
    """Return a bundle as another tool would pack it again, with entries added or left out."""
    target = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", method) as new:
        for name in old.namelist():
            if name != drop:
                new.writestr(name, old.read(name))
        for name, octets in (add or {}).items():
            new.writestr(name, octets)
    return target.getvalue()
