"""A reply as a folder for the way back: signed by the authority and sealed for the gateway, or plain."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from gateway.domain.ids import AuthorityKey, CaseNumber, MessageId
from gateway.domain.message import Heading
from gateway.seal.cipher import seal
from gateway.seal.disk import create, sync_folder
from gateway.seal.envelope import render_envelope
from gateway.seal.index import ENVELOPE_FILE, MANIFEST_FILE
from gateway.seal.keys import SigningKey
from gateway.seal.manifest import Manifest, SealedPart
from gateway.seal.sign import sign
from gateway.seal.wrap import wrap

PLAIN_FILE = "message.xml"
PART = "part-0000.bin"


@dataclass(frozen=True, slots=True)
class Sealing:
    """What sealing needs: who signs, for whom, and randomness."""

    signer: SigningKey
    gateway: x509.Certificate
    octets: Callable[[int], bytes]


def sealed_files(message: bytes, heading: Heading, release: str, sealing: Sealing, at: datetime) -> Mapping[str, bytes]:
    """Return the files of a sealed reply by name.

    Raises:
        SealError: the signing or the gateway's certificate does not serve at `at`.
    """
    content = sealing.octets(32)
    addressee = AuthorityKey(heading.addressee.identifier)
    manifest = Manifest(
        message_id=MessageId(heading.stamp.message_id),
        case_number=CaseNumber("-"),
        addressee=addressee,
        route=f"{heading.sender.identifier}/rueckweg",
        release=release,
        procedure="antwort",
        created_at=heading.stamp.at,
        test=heading.test is not None,
        parts=(SealedPart(PART, "message", len(message), hashlib.sha256(message).hexdigest(), media_type="text/xml"),),
    )
    envelope = render_envelope(
        message_id=manifest.message_id,
        addressee=addressee,
        test=manifest.test,
        encrypted_key=wrap(content, sealing.gateway, purpose_at=at),
        parts=(PART,),
    )
    return {
        PART: seal(message, content, sealing.octets(12)),
        MANIFEST_FILE: seal(sign(manifest, sealing.signer, at), content, sealing.octets(12)),
        ENVELOPE_FILE: envelope,
    }


def put_down(folder: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """Write a folder so that it appears whole and at once below `folder`, and return it.

    Raises:
        OSError: it cannot be written, or there is one of that name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    building = folder / f".{name}.teil"
    building.mkdir(mode=0o770)
    try:
        for file, octets in files.items():
            with create(building / file) as stream:
                stream.write(octets)
                stream.flush()
                os.fsync(stream.fileno())
            (building / file).chmod(0o660)
        sync_folder(building)
        building.rename(folder / name)
    except BaseException:  # also an interrupt must not leave half a reply behind
        shutil.rmtree(building, ignore_errors=True)
        raise
    sync_folder(folder)
    return folder / name
