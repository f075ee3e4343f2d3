"""From a stored delivery to the envelope an adapter carries: rendered for the authority, never in clear on disk."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from cryptography import x509

from gateway.adapter import ClearContent, ClearPart, Envelope, SealedFile
from gateway.domain import codes
from gateway.domain.case import Case, Delivery
from gateway.domain.errors import ConfigurationError, SealError
from gateway.domain.ids import AuthorityKey
from gateway.domain.message import Document
from gateway.domain.participation import Participation, Protection
from gateway.flow import announcement as announced
from gateway.flow.announcement import ANNOUNCEMENT
from gateway.flow.cases import authority_of, content_key, document_identities
from gateway.flow.composing import MANIFEST, MESSAGE
from gateway.flow.naming import root_name
from gateway.ports import World
from gateway.seal.cipher import SealingPass, unseal, unseal_chunks
from gateway.seal.envelope import render_envelope
from gateway.seal.index import ENVELOPE_FILE, MANIFEST_FILE
from gateway.seal.keys import fingerprint
from gateway.seal.trust import check_suitable
from gateway.seal.wrap import wrap, wrap_as_of_2002
from gateway.xbau.release import release

MANIFEST_IDENTITY = "bauweiche_manifest"
"""The xs:ID under which the signed manifest rides along where it does."""


@dataclass(slots=True)
class Bolt:
    """Whether content in clear may leave: always with transport protection, else only while it is being encrypted."""

    open: bool

    def guarded(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the chunks as long as the bolt is open.

        Raises:
            SealError: somebody reads in clear what was agreed to travel end to end.
        """
        for chunk in chunks:
            if not self.open:
                reason = "Für diese Behörde ist Ende-zu-Ende-Verschlüsselung vereinbart."
                raise SealError(codes.CONFIGURATION, reason, "Es wurde nichts unverschlüsselt übermittelt.")
            yield chunk

    def lifted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the chunks for encryption, for which the bolt is open."""
        while True:
            before, self.open = self.open, True
            try:
                chunk = next(chunks, None)
            finally:
                self.open = before
            if chunk is None:
                return
            yield chunk


@dataclass(frozen=True, slots=True)
class Content:
    """The sealed content of one delivery and the key to it; everything lazily opened."""

    case: Case
    key: bytes
    message: bytes
    manifest: bytes
    announcement: bytes


def content_of(world: World, delivery: Delivery) -> Content:
    """Return the sealed content of a delivery.

    Raises:
        SealError: KEY_ERASED when it is gone.
    """
    with world.store.reading() as tx:
        case = tx.cases.get(delivery.case_id)
        sealed = {name: tx.cases.get_sealed(delivery.case_id, name) for name in (MESSAGE, MANIFEST, ANNOUNCEMENT)}
    if case is None or not all(sealed[name] for name in (MESSAGE, MANIFEST)):
        raise SealError(codes.KEY_ERASED, "Der Inhalt dieser Übermittlung ist gelöscht.")
    return Content(
        case, content_key(world, case), sealed[MESSAGE] or b"", sealed[MANIFEST] or b"", sealed[ANNOUNCEMENT] or b""
    )


def envelope_for(world: World, delivery: Delivery, participation: Participation) -> Envelope:
    """Return the envelope of a delivery: the same message id and bytes at every attempt."""
    content = content_of(world, delivery)
    chosen = release(delivery.release)
    bolt = Bolt(participation.protection is Protection.TRANSPORT)
    authority = authority_of(world, delivery.authority)
    return Envelope(
        message_id=delivery.message_id,
        case_number=delivery.case_number,
        authority=delivery.authority,
        addressee=authority.dvdv_key,
        addressee_name=authority.title,
        sender=world.policy.sender_identifier,
        sender_name=world.policy.sender_name,
        release=delivery.release,
        root=root_name(chosen, delivery.number),
        namespace=chosen.namespace_of(delivery.number),
        service_uri=chosen.service_uri(delivery.number),
        created_at=delivery.stamped_at,
        test=delivery.test,
        attempt=delivery.attempt,
        protection=participation.protection.value,
        size_limit=participation.size_limit,
        state=dict(delivery.facts),
        sealed=partial(sealed_files, world, delivery, content, participation),
        clear=partial(clear_content, world, content, participation, bolt),
        encrypt_for_addressee=partial(encrypt_for_addressee, world, delivery.authority, participation, bolt),
        remember=partial(remember, world, delivery),
    )


def sealed_files(
    world: World, delivery: Delivery, content: Content, participation: Participation
) -> Sequence[SealedFile]:
    """Return the sealed folder for the authority's certificate of today; no byte is encrypted twice.

    Raises:
        SealError: no valid certificate of the authority, so nothing may be sent (law 8, XBau kernel IV.C).
    """
    now = world.clock.now()
    encrypted_key = wrap(content.key, encryption_certificate(world, delivery.authority, participation), purpose_at=now)
    parts = content.case.parts
    envelope = render_envelope(
        message_id=delivery.message_id,
        addressee=delivery.authority,
        test=delivery.test,
        encrypted_key=encrypted_key,
        parts=(MESSAGE, *(part.name for part in parts)),
    )
    return [
        _small(ENVELOPE_FILE, envelope),
        _small(MANIFEST_FILE, content.manifest),
        _small(MESSAGE, content.message),
        *(
            SealedFile(
                part.name,
                world.vault.size(content.case.id, part.name),
                partial(world.vault.open, content.case.id, part.name),
            )
            for part in parts
        ),
    ]


def encryption_certificate(world: World, key: AuthorityKey, participation: Participation) -> x509.Certificate:
    """Return the authority's certificate to encrypt for today: of those chosen for it, the preferred one that serves.

    Raises:
        SealError: there is none, or none serves any more; nothing may be sent then (law 8).
    """
    with world.store.reading() as tx:
        held = {fingerprint(one): one for one in tx.certificates.of(key, "encrypt")}
    chosen = [held[wanted] for wanted in participation.certificates if wanted in held] or list(held.values())
    failure = SealError(
        codes.KEY_MISSING,
        f"Für {authority_of(world, key).name} ist kein Verschlüsselungszertifikat hinterlegt.",
        "Bitte das Zertifikat der Behörde einspielen.",
    )
    for certificate in chosen:
        try:
            check_suitable(certificate, purpose="encrypt", at=world.clock.now())
        except SealError as error:
            failure = error
        else:
            return certificate
    raise failure


def clear_content(world: World, content: Content, participation: Participation, bolt: Bolt) -> ClearContent:
    """Return the content in clear, decrypted on the fly at each read, which works only while the bolt is open."""
    case = content.case
    named = _documents(content, participation)
    return ClearContent(
        message=_clear_small("", "nachricht.xml", "text/xml", unseal(content.message, content.key), bolt),
        attachments=tuple(
            ClearPart(
                identity=document.document_id,
                file_name=document.file_name,
                media_type=document.mime_type,
                size=part.size,
                sha256=part.sha256,
                chunks=partial(_unsealed, partial(world.vault.open, case.id, part.name), content.key, bolt),
            )
            for part, document in zip(case.parts, named, strict=False)
        ),
        manifest=_clear_small(
            MANIFEST_IDENTITY, "manifest.xml", "text/xml", unseal(content.manifest, content.key), bolt
        ),
    )


def _documents(content: Content, participation: Participation) -> tuple[Document, ...]:
    """Return the documents as the message names them; a message that nobody announced has none."""
    if not content.announcement:
        return ()
    case = content.case
    asked = announced.from_bytes(unseal(content.announcement, content.key))
    count = len(asked.attachments) + len(asked.posted)
    return announced.documents(
        asked,
        document_identities(case, count),
        release(case.release),
        list_posted=participation.list_posted_plans,
    )


def encrypt_for_addressee(
    world: World, key: AuthorityKey, participation: Participation, bolt: Bolt, chunks: Iterator[bytes]
) -> tuple[bytes, Iterator[bytes]]:
    """Return a wrapped fresh content key and the given bytes sealed with it, streamed.

    Raises:
        SealError: no valid certificate of the authority (law 8).
    """
    content = world.chance.octets(32)
    certificate = encryption_certificate(world, key, participation)
    # only XTA asks for this, and its schemas know XML Encryption 1.0
    encrypted_key = wrap_as_of_2002(content, certificate, purpose_at=world.clock.now())
    return encrypted_key, _sealed(bolt.lifted(chunks), SealingPass(content, world.chance.octets(12)))


def remember(world: World, delivery: Delivery, facts: Mapping[str, str]) -> None:
    """Keep small facts of a delivery durably before it is dispatched (the far side's message id, for example).

    Raises:
        ConfigurationError: another worker has taken the delivery over; nothing may be sent on the strength of facts
            that it does not know (law 5).
    """
    with world.store.writing() as tx:
        current = tx.deliveries.get(delivery.message_id)
        if current is None or (current.worker, current.attempt) != (delivery.worker, delivery.attempt):
            raise ConfigurationError(codes.DRAINING, "Ein anderer Worker hat die Übermittlung übernommen.")
        tx.deliveries.save(current.but(facts={**current.facts, **facts}))


def _sealed(chunks: Iterator[bytes], sealing: SealingPass) -> Iterator[bytes]:
    yield sealing.nonce
    for chunk in chunks:
        yield bytes(sealing.update(chunk))
    yield sealing.finish()


def _small(name: str, octets: bytes) -> SealedFile:
    return SealedFile(name, len(octets), partial(io.BytesIO, octets))


def _clear_small(identity: str, file_name: str, media_type: str, octets: bytes, bolt: Bolt) -> ClearPart:
    digest = hashlib.sha256(octets).hexdigest()
    return ClearPart(identity, file_name, media_type, len(octets), digest, lambda: bolt.guarded(iter((octets,))))


def _unsealed(opened: Callable[[], BinaryIO], key: bytes, bolt: Bolt) -> Iterator[bytes]:
    with opened() as stream:
        yield from bolt.guarded(unseal_chunks(stream, key, 1 << 18))
