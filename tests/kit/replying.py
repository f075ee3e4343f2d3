"""An authority that answers: files a reply into its return folder, clear or sealed and signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.domain.case import Case, Delivery
from gateway.domain.ids import AuthorityKey, CaseNumber, DocumentId, MessageId
from gateway.domain.message import Party
from gateway.edges.keys_issue import new_key, self_signed
from gateway.flow.cases import authority_of, party
from gateway.flow.certificates import hold
from gateway.seal.cipher import seal
from gateway.seal.envelope import render_envelope
from gateway.seal.keys import SigningKey
from gateway.seal.manifest import Manifest, SealedPart
from gateway.seal.sign import sign
from gateway.seal.wrap import wrap
from gateway.xbau.replies.build import MessageRef
from tests.kit.installation import ACTOR, WARENDORF, Installation
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
) -> Path:  # fmt: skip
    """Leave a reply that is signed by `signer` and wrapped for the gateway."""
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
    signed = sign(manifest, signer, now)
    envelope = render_envelope(
        message_id=message_id, addressee=to, test=False,
        encrypted_key=wrap(content, world.keyring.wrapping_certificate(now), purpose_at=now), parts=tuple(octets),
    )  # fmt: skip
    folder = installed.inboxes[key] / "rueckweg" / name
    folder.mkdir(parents=True)
    for file, data in octets.items():
        (folder / file).write_bytes(seal(data, content, world.chance.octets(12)))
    (folder / "manifest.bin").write_bytes(seal(signed, content, world.chance.octets(12)))
    (folder / "envelope.xml").write_bytes(envelope)
    return folder
