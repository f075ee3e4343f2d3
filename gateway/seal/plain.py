"""Writing the plain files of an opened envelope: each is proved first and only then appears under its name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.domain import codes
from gateway.domain.errors import Fault, SealError
from gateway.seal.cipher import OVERHEAD, unseal_chunks
from gateway.seal.disk import create, sync_folder
from gateway.seal.manifest import Manifest, SealedPart
from gateway.seal.names import safe_name
from gateway.seal.opened import OpenedFile

MESSAGE_BYTES = 20_000_000
"""The XBau message, at most: it is the one part that is also held in memory."""

MANIFEST_NAME = "manifest.xml"
_FIXED = {"message": "xbau.xml", "antrag": "antrag.json"}
_SUFFIXES = {"application/pdf": ".pdf", "application/xml": ".xml", "application/json": ".json", "text/xml": ".xml"}
_TEMPORARY = ".teil"


@dataclass(frozen=True, slots=True)
class Written:
    """The written files, what was wrong with those that were not, and the message's bytes."""

    files: tuple[OpenedFile, ...]
    findings: tuple[Fault, ...]
    message: bytes


def write_parts(
    folder: Path,
    target: Path,
    content_key: bytes,
    manifest: Manifest,
    signed_manifest: bytes,
    names: Callable[[bytes], Mapping[str, str]],
) -> Written:
    """Decrypt every part of `manifest` from `folder` into `target`, the message first; keep those that are as signed.

    Raises: SealError ENVELOPE_INVALID if `target` is neither new nor empty; OSError if it cannot be written.
    """
    _prepare(target)
    _write(target, MANIFEST_NAME, signed_manifest)
    opened: dict[str, OpenedFile] = {}
    findings: list[Fault] = []
    message, wanted, taken = b"", dict[str, str](), {MANIFEST_NAME}
    for part in sorted(manifest.parts, key=lambda part: part.role != "message"):
        name = _name(part, wanted, taken)
        try:
            _unseal_file(folder / part.name, target, name, content_key, part)
        except SealError as error:
            findings.append(Fault(error.code, f"/{part.name}", error.reason))
            name = ""
        else:
            taken.add(name)
        if part.role == "message" and name:
            message = (target / name).read_bytes()
            wanted = dict(names(message))
        opened[part.name] = OpenedFile(
            part.name, name, part.role, part.size, part.sha256, bool(name), part.document_id
        )  # fmt: skip
    sync_folder(target)
    return Written(tuple(opened[part.name] for part in manifest.parts), tuple(findings), message)


def _name(part: SealedPart, wanted: Mapping[str, str], taken: set[str]) -> str:
    fallback = part.name.removesuffix(".bin") + _SUFFIXES.get(part.media_type, ".dat")
    fixed = _FIXED.get(part.role) or wanted.get(part.document_id or "", fallback)
    return safe_name(fixed, fallback, taken)


def _unseal_file(source: Path, target: Path, name: str, content_key: bytes, part: SealedPart) -> None:
    """Write one part under a temporary name, and rename it once tag, size and digest are right.

    Raises: SealError DECRYPTION_FAILED or DIGEST_WRONG; then nothing of it stays.
    """
    limit = MESSAGE_BYTES if part.role == "message" else part.size
    temporary = target / (name + _TEMPORARY)
    try:
        with source.open("rb") as stream, create(temporary) as output:
            if os.fstat(stream.fileno()).st_size != part.size + OVERHEAD or part.size > limit:
                raise _differs("Die Größe weicht vom signierten Inhaltsverzeichnis ab.")
            digest = hashlib.sha256()
            for chunk in unseal_chunks(stream, content_key):
                digest.update(chunk)
                output.write(chunk)
            if digest.hexdigest() != part.sha256:
                raise _differs("Die Prüfsumme weicht vom signierten Inhaltsverzeichnis ab.")
            output.flush()
            os.fsync(output.fileno())
        temporary.rename(target / name)
    except BaseException:  # also a keyboard interrupt must not leave unproved plaintext behind
        temporary.unlink(missing_ok=True)
        raise


def _prepare(target: Path) -> None:
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(target.iterdir()):
        reason = f"Der Zielordner {target} ist nicht leer; es wird nichts überschrieben."
        raise SealError(codes.ENVELOPE_INVALID, reason, "Bitte geben Sie einen neuen oder leeren Ordner an.")


def _write(target: Path, name: str, data: bytes) -> None:
    with create(target / name) as output:
        output.write(data)
        output.flush()
        os.fsync(output.fileno())


def _differs(reason: str) -> SealError:
    return SealError(codes.DIGEST_WRONG, reason)
