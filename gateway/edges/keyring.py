"""The gateway's own keys: a folder of PEM files, one key each with its certificates, readable by their owner only.

A file is called `<purpose>-<number>.pem`; the highest number whose certificate is valid is in use. No key is ever
replaced: older ones go on unwrapping and their signatures go on verifying, which is what makes rotation overlap.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError, SealError
from gateway.edges import keys_issue
from gateway.edges.keys_file import check_mode, replace, unusable, version, write_temporary
from gateway.edges.keys_issue import DAYS, KeyPurpose
from gateway.seal.disk import sync_folder
from gateway.seal.keys import (
    PrivateKey,
    PrivateKeyEntry,
    SigningKey,
    belongs,
    fingerprint,
    read_certificates,
    read_private_key,
)
from gateway.seal.trust import Purpose, Trust, check_suitable
from gateway.seal.wrap import unwrap

_FILE = re.compile(r"(sign|wrap|tls)-([0-9]{4})\.pem")
_CHECKS: dict[KeyPurpose, Purpose] = {"sign": "sign", "wrap": "encrypt", "tls": "tls-server"}
_TITLES: dict[KeyPurpose, str] = {
    "sign": "Signaturschlüssel",
    "wrap": "Verschlüsselungsschlüssel",
    "tls": "TLS-Schlüssel",
}
_KEY_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """One key as people see it; `pending` means its certificate has been requested and not yet imported."""

    file: str
    purpose: KeyPurpose
    algorithm: str
    pending: bool
    subject: str = ""
    fingerprint: str = ""
    issuer: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Held:
    path: Path
    purpose: KeyPurpose
    entry: PrivateKeyEntry


class FolderKeyring:
    """The keys in `folder`, read when asked for; a file that others may read is refused, not used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, tuple[tuple[int, ...], PrivateKeyEntry]] = {}

    def create(
        self, purpose: KeyPurpose, *, name: str, at: datetime, days: int = DAYS, hosts: Sequence[str] = ()
    ) -> KeyInfo:
        """Make the first key for `purpose`, self-signed, valid from `at`.

        Raises: ConfigurationError if there is one already (`rotate` makes the next).
        """
        if any(held.purpose == purpose for held in self._held()):
            raise unusable(f"Es gibt schon einen {_TITLES[purpose]}.", "Ein neuer entsteht durch Rotation.")
        return self._issue(purpose, name, at, days, hosts)

    def rotate(
        self, purpose: KeyPurpose, *, name: str, at: datetime, days: int = DAYS, hosts: Sequence[str] = ()
    ) -> KeyInfo:
        """Make the next key for `purpose`, in use from `at` on; until then the present one stays in use.

        Raises: ConfigurationError if there is none yet.
        """
        if not any(held.purpose == purpose for held in self._held()):
            raise _missing(purpose)
        return self._issue(purpose, name, at, days, hosts)

    def csr(self, purpose: KeyPurpose, *, name: str, hosts: Sequence[str] = ()) -> bytes:
        """Return a certificate request (PEM) for a key that waits for `import_certificate`; asked again, the same."""
        waiting = [held for held in self._held() if held.purpose == purpose and held.entry.certificate is None]
        key: PrivateKey = waiting[-1].entry.key if waiting else keys_issue.new_key()
        if not waiting:
            self._add(purpose, PrivateKeyEntry(key))
        return keys_issue.request(key, purpose, name=name, hosts=hosts)

    def import_certificate(
        self, data: bytes, *, at: datetime, password: bytes | None = None, purpose: KeyPurpose | None = None
    ) -> KeyInfo:
        """Take in a certificate chain for a key that is here (PEM, DER), or key and chain together (PKCS#12, PEM).

        `purpose` is needed only for a key that is not here yet.
        Raises: SealError (unreadable, weak, expired, wrong use) or ConfigurationError (no key, no purpose).
        """
        entry, home = self._match(data, password)
        if entry.certificate is None:
            raise unusable("Die Datei enthält kein Zertifikat zum Schlüssel.", "Bitte importieren Sie beides.")
        purpose = home.purpose if home else purpose
        if purpose is None:
            raise unusable("Der Schlüssel ist hier neu; sein Zweck fehlt.", "Bitte geben Sie den Zweck an.")
        check_suitable(entry.certificate, purpose=_CHECKS[purpose], at=at)
        if purpose == "sign" and not isinstance(entry.key, ec.EllipticCurvePrivateKey):
            raise SealError(codes.CERTIFICATE_WRONG, "Zum Signieren wird ein EC-Schlüssel gebraucht (ECDSA).")
        if home is None or home.entry.certificate is not None:
            return _info(self._add(purpose, entry))
        replace(home.path, _pem(entry))
        return _info(_Held(home.path, purpose, entry))

    def list(self) -> tuple[KeyInfo, ...]:
        """Return every key, by purpose and age."""
        return tuple(_info(held) for held in self._held())

    def signer(self, at: datetime) -> SigningKey:
        """Return the key that signs at `at`. Raises: ConfigurationError KEY_MISSING if none is valid."""
        held = self._in_use("sign", at)
        assert isinstance(held.entry.key, ec.EllipticCurvePrivateKey), "import and create let no other kind in"
        assert held.entry.certificate is not None
        return SigningKey(held.entry.key, held.entry.certificate, held.entry.chain)

    def wrapping_certificate(self, at: datetime) -> x509.Certificate:
        """Return the certificate that content keys are wrapped for at `at`. Raises: ConfigurationError KEY_MISSING."""
        certificate = self._in_use("wrap", at).entry.certificate
        assert certificate is not None
        return certificate

    def unwrap(self, encrypted_key: bytes) -> bytes:
        """Return a content key wrapped for any of our certificates, old ones too. Raises: as `seal.wrap.unwrap`."""
        return unwrap(encrypted_key, [held.entry for held in self._held("wrap")])

    def tls_file(self, at: datetime) -> Path:
        """Return the PEM file with key and chain that TLS presents at `at`. Raises: ConfigurationError KEY_MISSING."""
        return self._in_use("tls", at).path

    def trust(self) -> Trust:
        """Return the trust in every signing certificate we ever used: what an authority needs to verify us."""
        found = [held.entry.certificate for held in self._held() if held.purpose == "sign"]
        return Trust(tuple(certificate for certificate in found if certificate is not None))

    def _in_use(self, purpose: KeyPurpose, at: datetime) -> _Held:
        for held in reversed(self._held(purpose)):
            certificate = held.entry.certificate
            if certificate is not None and _valid(certificate, at):
                return held
        raise _missing(purpose)

    def _issue(self, purpose: KeyPurpose, name: str, at: datetime, days: int, hosts: Sequence[str]) -> KeyInfo:
        key = keys_issue.new_key()
        certificate = keys_issue.self_signed(key, purpose, name=name, at=at, days=days, hosts=hosts)
        return _info(self._add(purpose, PrivateKeyEntry(key, certificate)))

    def _match(self, data: bytes, password: bytes | None) -> tuple[PrivateKeyEntry, _Held | None]:
        """Return the entry that `data` makes, alone or with a key that is here, and where that key lies."""
        held = self._held()
        if b"PRIVATE KEY-----" in data or not _is_certificate(data):
            entry = read_private_key(data, password)
            same = [known for known in held if entry.certificate and belongs(entry.certificate, known.entry.key)]
            return entry, next(reversed(same), None)
        chain = read_certificates(data)
        for known in reversed(held):
            own = next((certificate for certificate in chain if belongs(certificate, known.entry.key)), None)
            if own is not None:
                rest = tuple(certificate for certificate in chain if certificate != own)
                return PrivateKeyEntry(known.entry.key, own, rest), known
        raise unusable("Zu diesem Zertifikat gibt es hier keinen Schlüssel.", "Erstellen Sie zuerst eine Anfrage.")

    def _held(self, wanted: KeyPurpose | None = None) -> tuple[_Held, ...]:
        """Return the keys, all or for one purpose, by purpose and number. Raises: ConfigurationError as `_load`."""
        return tuple(self._walk(wanted))

    def _walk(self, wanted: KeyPurpose | None) -> Iterator[_Held]:
        try:
            check_mode(self._folder, self._folder.stat(), "0700")
        except FileNotFoundError:
            return
        for name in sorted(os.listdir(self._folder)):  # noqa: PTH208  # several times per submission: no Path for each
            match = _FILE.fullmatch(name)
            if match is not None and (wanted is None or match[1] == wanted):
                purpose: KeyPurpose = match[1]  # type: ignore[assignment]  # the pattern names the three purposes
                path = self._folder / name
                yield _Held(path, purpose, self._load(path))

    def _load(self, path: Path) -> PrivateKeyEntry:
        """Return a file's key, from memory if it has not changed. Raises: ConfigurationError if others may read it."""
        known = self._read.get(path)
        try:
            if known is not None and known[0] == version(path.lstat()):
                return known[1]
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise unusable(f"Die Schlüsseldatei {path.name} ist nicht lesbar oder ein Verweis.") from error
        try:
            status = os.fstat(descriptor)
            check_mode(path, status, "0600")
            entry = read_private_key(os.read(descriptor, _KEY_BYTES))
        except SealError as error:
            raise SealError(error.code, f"{path.name}: {error.reason}", error.hint) from error
        finally:
            os.close(descriptor)
        self._read[path] = version(status), entry
        return entry

    def _add(self, purpose: KeyPurpose, entry: PrivateKeyEntry) -> _Held:
        """Write a new key file under the next free number, durably."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_mode(self._folder, self._folder.stat(), "0700")
        found = [_FILE.fullmatch(path.name) for path in self._folder.iterdir()]
        numbers = [int(match[2]) for match in found if match and match[1] == purpose]
        path = self._folder / f"{purpose}-{max(numbers, default=0) + 1:04d}.pem"
        temporary = write_temporary(path, _pem(entry))
        try:
            path.hardlink_to(temporary)  # unlike a rename, never over a key that another process has just made
        finally:
            temporary.unlink()
        sync_folder(self._folder)
        return _Held(path, purpose, entry)


def _pem(entry: PrivateKeyEntry) -> bytes:
    key = entry.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    own = [] if entry.certificate is None else [entry.certificate]
    return key + b"".join(certificate.public_bytes(Encoding.PEM) for certificate in (*own, *entry.chain))


def _valid(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _is_certificate(data: bytes) -> bool:
    with suppress(SealError):
        return bool(read_certificates(data))
    return False


def _info(held: _Held) -> KeyInfo:
    key, certificate = held.entry.key, held.entry.certificate
    name = f"EC {key.curve.name}" if isinstance(key, ec.EllipticCurvePrivateKey) else f"RSA {key.key_size}"
    if certificate is None:
        return KeyInfo(held.path.name, held.purpose, name, pending=True)
    return KeyInfo(
        file=held.path.name,
        purpose=held.purpose,
        algorithm=name,
        pending=False,
        subject=certificate.subject.rfc4514_string(),
        fingerprint=fingerprint(certificate),
        issuer=certificate.issuer.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def _missing(purpose: KeyPurpose) -> ConfigurationError:
    hint = f"Abhilfe: `bauweiche keys create {purpose}` oder `bauweiche keys rotate {purpose}`."
    return ConfigurationError(codes.KEY_MISSING, f"Es gibt keinen gültigen {_TITLES[purpose]}.", hint)
