"""A reply on its way in: attachments are hashed and sealed as they arrive, nothing counts before `commit` (law 1)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from gateway.adapter import HandedIn, PartSink
from gateway.domain import codes, limits
from gateway.domain.errors import GatewayError, SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.domain.reply import Proof, ReplyPart
from gateway.flow.replies import take
from gateway.flow.replies_arrived import Arrived, Named
from gateway.flow.retry import PASSING
from gateway.ports import PartWriter, World
from gateway.seal.cipher import SealingPass
from gateway.seal.keys import fingerprint as print_of
from gateway.xmlguard import BYTES

FACTS = (
    "author", "author_name", "fingerprint", "in_reply_to", "message_type", "payload_schema", "process", "reader",
    "reader_name", "service", "test",
)  # fmt: skip
"""What of a transport's facts is kept: ids and names of offices. A subject line may be personal and is not."""

_FACT_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Origin:
    """Who hands in: the authorities the caller may act for, the way, what proves it, and the way's own id."""

    accounts: frozenset[AuthorityKey]
    via: str
    proof: Proof
    transport_id: str
    facts: Mapping[str, str]


class Arriving:
    """Fulfils `gateway.adapter.Receiving` for one reply."""

    def __init__(self, world: World, origin: Origin) -> None:
        self._world = world
        self._origin = origin
        self._id = str(world.chance.uuid())
        self._key = world.chance.octets(32)
        self._message: bytes | None = None
        self._parts: list[ReplyPart] = []
        self._names: list[Named] = []
        self._sink: _Sink | None = None
        self._size = 0
        self._over = False

    def message(self, data: bytes) -> None:
        """Take the XBau XML, once.

        Raises:
            SubmissionError: BODY_TOO_LARGE above 5 MB, STATE_CONFLICT for a second message.
        """
        if self._message is not None:
            raise SubmissionError(codes.STATE_CONFLICT, "Eine Antwort hat genau eine Nachricht.")
        if len(data) > BYTES:
            self.turn_away(too_large_message())
        self.count(len(data))
        self._message = bytes(data)

    def part(self, identity: str, file_name: str, media_type: str) -> PartSink:
        """Open one attachment; its bytes go sealed into the vault, its name is data.

        Raises:
            SubmissionError: ATTACHMENTS_TOO_MANY, STORAGE_FULL.
        """
        index = len(self._parts)
        if index >= limits.ATTACHMENTS:
            reason = f"Eine Antwort darf höchstens {limits.ATTACHMENTS} Anlagen haben."
            self.turn_away(SubmissionError(codes.ATTACHMENTS_TOO_MANY, reason))
        free = self._world.vault.free_bytes()
        if free is not None and free < self._world.policy.disk_reserve:
            self.turn_away(SubmissionError(codes.STORAGE_FULL, "Der Speicher ist voll; bitte später erneut senden."))
        self._names.append(Named(identity[:300], file_name[:300]))
        part = ReplyPart(index, identity if _plain_id(identity) else "", 0, "", harmless_type(media_type))
        writer = self._world.vault.create(self._id, part.name)
        self._sink = _Sink(self, part, writer, SealingPass(self._key, self._world.chance.octets(12)))
        return self._sink

    def commit(self) -> str:
        """Keep the reply durably and return the id it is kept under; the same one again for what is known already.

        Raises:
            SubmissionError: BODY_UNREADABLE without a message; CERTIFICATE_WRONG if nobody can say who sent it.
        """
        return self.conclude(None)

    def conclude(self, fault: GatewayError | None) -> str:
        """Commit, with what is already known to be wrong with it."""
        if self._message is None or self._sink is not None:
            reason = "Die Antwort ist unvollständig: Die Nachricht fehlt, oder eine Anlage hat kein Ende."
            self.turn_away(SubmissionError(codes.BODY_UNREADABLE, reason))
        origin = self._origin
        arrived = Arrived(
            id=self._id,
            accounts=origin.accounts,
            via=origin.via,
            proof=origin.proof,
            transport_id=origin.transport_id[:300],
            facts={name: origin.facts[name][:_FACT_LENGTH] for name in FACTS if origin.facts.get(name)},
            authority=AuthorityKey(origin.facts.get("authority", "")),
            received_at=self._world.clock.now(),
            message=self._message,
            sha256=hashlib.sha256(self._message).hexdigest(),
            parts=tuple(self._parts),
            names=tuple(self._names),
            key=self._key,
        )
        try:
            kept = take(self._world, arrived, fault)
        except SubmissionError as error:
            self.turn_away(error)
        finally:
            # whatever else went wrong, nobody knows whether it was committed: then the sweep decides, by the tables
            self._over = True
        if kept != self._id:
            self._erase()
        return kept

    def abort(self) -> None:
        """Leave nothing behind; what was committed stays."""
        if self._over:
            return
        self.abort_silently()
        if self._message is not None or self._names:
            self._note("reply.broken_off", "Die Übertragung brach ab; es wurde nichts übernommen.", "")

    def abort_silently(self) -> None:
        """Leave nothing behind, not even a journal entry: the caller leaves a better one."""
        self._over = True
        self._erase()

    def turn_away(self, error: GatewayError) -> NoReturn:
        """Leave nothing behind but a journal entry (none for what is ours to mend: it comes again), and raise."""
        if not self._over:
            self.abort_silently()
            if error.code.name not in PASSING:
                self._note("reply.turned_away", error.reason, error.code.name)
        raise error

    def count(self, size: int) -> None:
        """Count bytes on their way in.

        Raises:
            SubmissionError: SUBMISSION_TOO_LARGE above 250 MB (XBau kernel profile).
        """
        self._size += size
        if self._size > limits.SUBMISSION_BYTES:
            reason = f"Nachricht und Anlagen sind zusammen größer als {limits.SUBMISSION_BYTES // limits.MEGABYTE} MB."
            self.turn_away(SubmissionError(codes.SUBMISSION_TOO_LARGE, reason))

    def close_part(self, part: ReplyPart) -> None:
        """Note a part that is durable in the vault."""
        self._parts.append(part)
        self._sink = None

    def _erase(self) -> None:
        if self._sink is not None:
            self._sink.drop()
        if self._names:
            self._world.vault.erase(self._id)

    def _note(self, what: str, why: str, code: str) -> None:
        authority = self._origin.facts.get("authority") or min(self._origin.accounts, default="")
        facts = {"via": self._origin.via, "bytes": self._size} | ({"code": code} if code else {})
        with self._world.store.writing() as tx:
            act = Act(f"authority:{authority}", what, self._origin.transport_id[:300], why, facts)
            tx.journal.append(act)


class _Sink:
    """One attachment on its way into the vault."""

    def __init__(self, arriving: Arriving, part: ReplyPart, writer: PartWriter, sealing: SealingPass) -> None:
        self._arriving, self._part, self._writer, self._sealing = arriving, part, writer, sealing
        writer.write(sealing.nonce)

    def write(self, data: bytes) -> None:
        """Hash, seal and store the next bytes. Raises: SubmissionError SUBMISSION_TOO_LARGE."""
        self._arriving.count(len(data))
        self._writer.write(self._sealing.update(data))

    def close(self) -> None:
        """Make the part durable."""
        self._writer.write(self._sealing.finish())
        self._writer.commit()
        done = self._part
        size, sha256 = self._sealing.size, self._sealing.sha256_plain
        self._arriving.close_part(ReplyPart(done.index, done.document_id, size, sha256, done.media_type))

    def drop(self) -> None:
        """Leave nothing of it."""
        self._writer.abort()


def handed_in(world: World, accounts: frozenset[AuthorityKey], transport_id: str) -> HandedIn | None:
    """Return what is known of a reply under its transport's id, or None if none of these authorities handed it in."""
    with world.store.reading() as tx:
        found = (tx.replies.by_transport_id(key, transport_id[:300]) for key in sorted(accounts))
        reply = next((one for one in found if one is not None), None)
    if reply is None:
        return None
    return HandedIn(transport_id, reply.authority, reply.size, reply.received_at, reply.facts)


def too_large_message() -> SubmissionError:
    """Return the error for a message above 5 MB."""
    return SubmissionError(
        codes.BODY_TOO_LARGE, f"Die Nachricht ist größer als {BYTES // limits.MEGABYTE} MB (ohne Anlagen)."
    )


def open_desk(world: World, adapter: str, accounts: frozenset[AuthorityKey], facts: Mapping[str, str]) -> Arriving:
    """Open the counter for a reply whose sender's client certificate was checked by the server adapter.

    Raises:
        SubmissionError: CERTIFICATE_EXPIRED, the certificate is not valid now or is held no more.
    """
    transport_id = facts.get("message_id") or str(world.chance.uuid())
    arriving = Arriving(world, Origin(accounts, adapter, Proof.CERTIFICATE, transport_id, facts))
    fingerprint = facts.get("fingerprint", "")
    if fingerprint and not _still_held(world, accounts, fingerprint):
        reason = "Das Zertifikat des Absenders ist abgelaufen oder nicht mehr hinterlegt."
        arriving.turn_away(SubmissionError(codes.CERTIFICATE_EXPIRED, reason))
    return arriving


def _still_held(world: World, accounts: frozenset[AuthorityKey], fingerprint: str) -> bool:
    with world.store.reading() as tx:
        held = [one for key in accounts for one in tx.certificates.of(key, "tls")]
    at = world.clock.now()
    mine = [one for one in held if print_of(one) == fingerprint.lower()]
    return bool(mine) and all(one.not_valid_before_utc <= at <= one.not_valid_after_utc for one in mine)


def _plain_id(identity: str) -> bool:
    """Only ids of the usual forms stand in clear: a vendor may write anything else there, names included."""
    bare = identity.lower().removeprefix("urn:uuid:").removeprefix("urn_uuid_").removeprefix("_")
    return len(bare) == 36 and all(character in "0123456789abcdef-" for character in bare)


_MEDIA_TYPES = frozenset(
    {"application/pdf", "application/xml", "text/xml", "image/jpeg", "image/png", "image/tiff", "text/plain"}
)


def harmless_type(given: str) -> str:
    """Return a media type that a browser does nothing surprising with."""
    bare = given.partition(";")[0].strip().lower()
    return bare if bare in _MEDIA_TYPES else "application/octet-stream"
