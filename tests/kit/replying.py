"""An authority that answers: files a reply into its return folder, clear or sealed and signed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from gateway.domain.case import Case, Delivery
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey, CaseNumber, DocumentId, MessageId
from gateway.domain.message import Party
from gateway.domain.reply import Reply, ReplyState
from gateway.edges.keys_issue import new_key, self_signed
from gateway.flow.carry import content_of
from gateway.flow.cases import authority_of, party
from gateway.flow.certificates import hold
from gateway.flow.desk import MailboxDesk
from gateway.seal.cipher import seal, unseal
from gateway.seal.envelope import render_envelope
from gateway.seal.keys import SigningKey
from gateway.seal.manifest import Manifest, SealedPart
from gateway.seal.sign import sign
from gateway.seal.wrap import wrap
from gateway.xbau.replies.build import MessageRef
from tests.kit.installation import ACTOR, WARENDORF, Installation
from tests.kit.stores import a_case, a_delivery
from tests.kit.xbau_replies import sample_reply


@dataclass(frozen=True)
class Answering:
    """What an authority knows of a case when it answers."""

    installed: Installation
    case: Case
    delivery: Delivery

    def xml(self, number: str, **changes: object) -> bytes:
        """Return a valid reply about the case; `changes` as `sample_reply` takes them, and `release`."""
        release = str(changes.pop("release", "2.6"))
        given: dict[str, object] = {
            "reference": self.case.reference,
            "message_id": MessageId(str(uuid4())),
            "file_reference": None if number != "1121" else "63/B-2026/0815",
            "about": MessageRef(self.delivery.message_id, self.delivery.number, self.delivery.stamped_at),
            "sender": self.party(),
            "addressee": Party(self.installed.world.policy.sender_identifier, "Bauportal.NRW"),
        }
        return sample_reply(number, release, **(given | changes))  # type: ignore[arg-type]  # a test helper

    def party(self) -> Party:
        """Return the authority as author."""
        return party(authority_of(self.installed.world, self.case.authority))


def answering(installed: Installation, case_id: str) -> Answering:
    """Return what is needed to answer a case that was delivered."""
    with installed.world.store.reading() as tx:
        case = tx.cases.get(case_id)
        assert case is not None
        return Answering(installed, case, tx.deliveries.of_case(case_id)[0])


def leave(
    installed: Installation, message: bytes, name: str = "antwort-1", key: AuthorityKey = WARENDORF, **files: bytes
) -> Path:
    """Leave a clear reply in the authority's return folder; keyword `a_pdf` becomes the file `a.pdf`."""
    folder = installed.inboxes[key] / "rueckweg" / name
    folder.mkdir(parents=True)
    for file, octets in files.items():
        (folder / file.replace("_pdf", ".pdf")).write_bytes(octets)
    (folder / "message.xml").write_bytes(message)
    return folder


def next_round(installed: Installation) -> int:
    """Let the time of the next round come, and work."""
    installed.clock.pass_by(minutes=6)
    return installed.work()


def signing_key(installed: Installation, name: str = "Behörde", *, days: int = 400, began: int = 30) -> SigningKey:
    """Return a new self-signed signing key."""
    private = new_key()
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    at = installed.clock.now() - timedelta(days=began)
    return SigningKey(private, self_signed(private, "sign", name=name, at=at, days=days))


def register(installed: Installation, signer: SigningKey, key: AuthorityKey = WARENDORF) -> None:
    """Enter an authority's signing certificate."""
    hold(installed.world, key, "sign", signer.certificate.public_bytes(Encoding.PEM), ACTOR)


def leave_sealed(
    installed: Installation, message: bytes, signer: SigningKey, name: str = "umschlag-1",
    key: AuthorityKey = WARENDORF, files: tuple[tuple[UUID, bytes], ...] = (), addressee: str = "",
    forge: Callable[[bytes], bytes] = bytes, wrapped_for: Certificate | None = None,
) -> Path:  # fmt: skip
    """Leave a reply that is signed by `signer`, its signed manifest forged if asked, and wrapped for us or another."""
    world, now = installed.world, installed.clock.now()
    content = world.chance.octets(32)
    octets = {"part-0000.bin": message} | {f"part-{n + 1:04d}.bin": data for n, (_, data) in enumerate(files)}
    parts = [
        SealedPart("part-0000.bin", "message", len(message), hashlib.sha256(message).hexdigest(), media_type="text/xml")
    ]
    parts += [
        SealedPart(f"part-{n + 1:04d}.bin", "attachment", len(data), hashlib.sha256(data).hexdigest(),
                   document_id=DocumentId(f"urn_uuid_{identity}"))
        for n, (identity, data) in enumerate(files)
    ]  # fmt: skip
    message_id = MessageId(str(uuid4()))
    to = AuthorityKey(addressee or world.policy.sender_identifier)
    manifest = Manifest(
        message_id, CaseNumber("-"), to, "rueckweg", "2.6", "antwort", now.replace(microsecond=0), False, tuple(parts)
    )
    signed = forge(sign(manifest, signer, now))
    envelope = render_envelope(
        message_id=message_id, addressee=to, test=False,
        encrypted_key=wrap(content, wrapped_for or world.keyring.wrapping_certificate(now), purpose_at=now),
        parts=tuple(octets),
    )  # fmt: skip
    folder = installed.inboxes[key] / "rueckweg" / name
    folder.mkdir(parents=True)
    for file, data in octets.items():
        (folder / file).write_bytes(seal(data, content, world.chance.octets(12)))
    (folder / "manifest.bin").write_bytes(seal(signed, content, world.chance.octets(12)))
    (folder / "envelope.xml").write_bytes(envelope)
    return folder


def known_case(
    installed: Installation, number: int = 1, *, state: State = State.HANDED_OVER, **changes: Any
) -> Answering:
    """Enter a case that was delivered, without its content: as it stands when most answers come."""
    now = installed.clock.now()
    given = {"authority": WARENDORF, "client": "portal", "state": state, "wrapped_key": None, "erased_at": now,
             "created_at": now, "parts": ()}  # fmt: skip
    case = a_case(number, **(given | changes))
    delivery = a_delivery(
        number, case, state=state, stamped_at=now.replace(microsecond=0), next_at=None, available_at=now,
        adapter="file_drop", handed_over_at=now if state is State.HANDED_OVER else None,
    )  # fmt: skip
    with installed.world.store.writing() as tx:
        tx.cases.add(case)
        tx.deliveries.add(delivery)
    return Answering(installed, case, delivery)


def hand_in(installed: Installation, message: bytes, *, accounts: frozenset[AuthorityKey] = frozenset({WARENDORF}),
            parts: tuple[tuple[str, str, bytes], ...] = (), **facts: str) -> str:  # fmt: skip
    """Hand a reply in at the mailbox's counter, as the XTA server does; returns the id it is kept under."""
    given = {"message_id": str(uuid4()), "authority": min(accounts) if len(accounts) == 1 else "", **facts}
    arriving = MailboxDesk(installed.world, "xta_mailbox").receive(accounts, given)
    try:
        for identity, file_name, octets in parts:
            sink = arriving.part(identity, file_name, "application/pdf")
            sink.write(octets)
            sink.close()
        arriving.message(message)
        return arriving.commit()
    finally:
        arriving.abort()


def kept(installed: Installation, reply_id: str) -> Reply:
    """Return a stored reply."""
    with installed.world.store.reading() as tx:
        found = tx.replies.get(reply_id)
    assert found is not None
    return found


def only_reply(installed: Installation, authority: AuthorityKey = WARENDORF) -> Reply:
    """Return the newest reply of all."""
    with installed.world.store.reading() as tx:
        return tx.replies.in_states(list(ReplyState), limit=1000)[-1]


def journal_of(installed: Installation, subject: str) -> list[str]:
    """Return what the journal says about a subject, in order."""
    with installed.world.store.reading() as tx:
        return [entry.act.what for entry in tx.journal.read(subject=subject)]


def state_of(known: Answering) -> tuple[State, Delivery]:
    """Return how a case and its delivery stand now."""
    with known.installed.world.store.reading() as tx:
        case, delivery = tx.cases.get(known.case.id), tx.deliveries.get(known.delivery.message_id)
    assert case is not None
    assert delivery is not None
    return case.state, delivery


def answer_to(installed: Installation, reply: Reply) -> tuple[Delivery, bytes]:
    """Return the delivery of the 1100 that answers a reply, and its message in clear."""
    assert reply.answered_by, reply
    with installed.world.store.reading() as tx:
        delivery = tx.deliveries.get(MessageId(reply.answered_by))
    assert delivery is not None
    content = content_of(installed.world, delivery)
    return delivery, unseal(content.message, content.key)
