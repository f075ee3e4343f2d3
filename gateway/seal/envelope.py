"""An envelope as a folder of files: rendered for an authority, and opened there without database or server.

`envelope.xml` (see `index`), `manifest.bin` (the signed manifest, sealed) and one sealed file per part.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from gateway.domain import codes
from gateway.domain.errors import Fault, SealError
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.seal import cipher, index, manifest, sign, wrap
from gateway.seal.disk import read_plain
from gateway.seal.index import ENVELOPE_FILE, MANIFEST_FILE, Index
from gateway.seal.keys import PrivateKeyEntry
from gateway.seal.manifest import Manifest
from gateway.seal.opened import Opened
from gateway.seal.plain import write_parts
from gateway.seal.trust import Trust
from gateway.xmlguard import safe_parse

Names = Callable[[bytes], Mapping[str, str]]
"""From the verified message to the file name the applicant gave each document id."""

BESIDE = frozenset({".quittung"})
"""Files that may lie beside the parts: the authority's own mark that it has fetched the folder."""

_HINT = "Verwenden Sie den Inhalt nicht und lassen Sie die Nachricht erneut bereitstellen."


def render_envelope(
    *, message_id: MessageId, addressee: AuthorityKey, test: bool, encrypted_key: bytes, parts: Sequence[str]
) -> bytes:
    """Return `envelope.xml` for sealed files that exist already: `manifest.bin` and `parts`, no byte encrypted again.

    `encrypted_key` is what `wrap` returned for the authority's certificate; `parts` are the names in the manifest.
    Raises: ValueError if a name, the message id or the addressee is malformed.
    """
    key = wrap.read_key(safe_parse(encrypted_key, limit=wrap.BYTES))
    if key is None or wrap.render_key(key) != encrypted_key:
        raise ValueError("not an encrypted key")
    return index.render_index(Index(message_id, addressee, test, key, tuple(parts)))


def open_envelope(
    folder: Path,
    keys: Sequence[PrivateKeyEntry],
    trust: Trust,
    at: datetime,
    *,
    target: Path,
    addressee: AuthorityKey | None = None,
    names: Names | None = None,
) -> Opened:
    """Decrypt `folder` into `target` and return what was found; a part appears there only once it is proved.

    Checked: the form of `envelope.xml`, that no file is missing or extra, the wrapped key, the manifest's signature and
    signer at `at`, that the envelope is for the signed addressee (and for `addressee`, if given), and size, tag and
    SHA-256 of every part. `target` must be new or empty. Raises: SealError if nothing may be believed; a single part
    that is not as signed is a finding instead, and is not written.
    """
    outside = index.read_index(_read(folder / ENVELOPE_FILE, index.BYTES))
    _check_folder(folder, outside)
    content_key = wrap.unwrap_key(outside.key, keys)
    sealed = _read(folder / MANIFEST_FILE, manifest.BYTES + cipher.OVERHEAD)
    signed = cipher.unseal(sealed, content_key)
    verified, signer = sign.verify_signed(signed, trust, at)
    _check_binding(outside, verified, addressee)
    written = write_parts(folder, target, content_key, verified, signed, names or (lambda _message: {}))
    subject = signer.subject.rfc4514_string()
    return Opened(verified, subject, written.files, written.findings, written.message)


def _check_folder(folder: Path, outside: Index) -> None:
    """Raise ENVELOPE_INVALID, naming all, unless the folder holds exactly the files that the index names."""
    expected = {ENVELOPE_FILE, MANIFEST_FILE, *outside.parts}
    entries = {entry.name: entry for entry in folder.iterdir() if entry.name not in BESIDE}
    faults = [_fault(name, "Datei fehlt.") for name in sorted(expected - entries.keys())]
    faults += [_fault(name, "Datei gehört nicht zum Umschlag.") for name in sorted(entries.keys() - expected)]
    links = [name for name in sorted(expected & entries.keys()) if not _is_plain(entries[name])]
    faults += [_fault(name, "Keine gewöhnliche Datei.") for name in links]
    if faults:
        raise _invalid(faults)


def _check_binding(outside: Index, signed: Manifest, addressee: AuthorityKey | None) -> None:
    """Raise ENVELOPE_INVALID, naming all, unless outside and signed inside say the same, for the one who opens."""
    faults = []
    if outside.message_id != signed.message_id:
        faults.append(_fault("messageId", "Umschlag und Inhaltsverzeichnis gehören zu verschiedenen Nachrichten."))
    if outside.addressee != signed.addressee:
        faults.append(_fault("addressee", "Der Umschlag nennt eine andere Behörde als das Inhaltsverzeichnis."))
    if addressee is not None and addressee != signed.addressee:
        faults.append(_fault("addressee", f"Bestimmt für Behörde {signed.addressee}, nicht für {addressee}."))
    if outside.test != signed.test:
        faults.append(_fault("test", "Umschlag und Inhaltsverzeichnis sind sich über „Test“ nicht einig."))
    if outside.parts != tuple(part.name for part in signed.parts):
        faults.append(_fault("parts", "Umschlag und Inhaltsverzeichnis nennen nicht dieselben Teile."))
    if faults:
        raise _invalid(faults)


def _read(path: Path, limit: int) -> bytes:
    """Return the bytes of `path`. Raises: SealError ENVELOPE_INVALID if it is missing, too large or no plain file."""
    try:
        return read_plain(path, limit)
    except OSError as error:
        raise _invalid([_fault(path.name, "Datei fehlt, ist zu groß oder keine gewöhnliche Datei.")]) from error


def _is_plain(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


def _fault(name: str, detail: str) -> Fault:
    return Fault(codes.ENVELOPE_INVALID, f"/{name}", detail)


def _invalid(faults: Sequence[Fault]) -> SealError:
    reason = " ".join(f"{fault.pointer.removeprefix('/')}: {fault.detail}" for fault in faults)
    return SealError(codes.ENVELOPE_INVALID, f"Der Umschlag ist unvollständig oder verändert. {reason}", _HINT, faults)
