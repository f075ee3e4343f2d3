"""Delivery to a folder on an authority's SFTP server, in the same layout as the file drop.

Layout and protocol stand in `adapters/folder/__init__.py`. What is missing in SFTP: a way to make a new name durable;
`fsync@openssh.com` covers the content where the server offers it. What links on the way to a name lead to is the
server's own matter; the last step of a name is never one.
"""

from __future__ import annotations

import re
from functools import partial

import asyncssh
from pydantic import Field, field_validator

from adapters.folder.adapter import FolderAdapter
from adapters.folder.receipts import Receipts
from adapters.sftp.session import HOST_KEYS, Target, strong
from adapters.sftp.shelf import sftp_shelf
from adapters.titles import SFTP
from gateway.adapter import AdapterSettings, Link, Plugin
from gateway.domain import codes
from gateway.domain.errors import ConfigurationError

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


class Settings(AdapterSettings):
    """The server, the folder on it, the key we log in with, and the key it must prove."""

    host: str = Field(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$",
        title="Server",
        description="Name des SFTP-Servers der Behörde, ohne Protokoll und Port.",
    )
    port: int = Field(default=22, ge=1, le=65_535, title="Port", description="Port des SFTP-Servers, üblich ist 22.")
    user: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}$",
        title="Benutzer",
        description="Benutzername des Gateways auf dem Server. Angemeldet wird nur mit Schlüssel, nie mit Passwort.",
    )
    key: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        title="Schlüssel des Gateways",
        description="Name der hinterlegten Datei mit dem privaten Schlüssel des Gateways für diesen Server.",
    )
    host_key: str = Field(
        min_length=1,
        title="Hostschlüssel",
        description="Öffentlicher Schlüssel des Servers (Zeile „ssh-ed25519 AAAA…“) oder sein Fingerabdruck "
        "„SHA256:…“. Nur ein Server mit diesem Schlüssel wird angesprochen.",
    )
    next_host_key: str = Field(
        default="",
        title="Nächster Hostschlüssel",
        description="Beim Schlüsselwechsel des Servers: der neue Schlüssel. Bis zum Wechsel gelten beide.",
    )
    folder: str = Field(
        pattern=r"^[^\x00-\x1f\\]{1,500}$",
        title="Ordner",
        description="Pfad des Eingangsordners auf dem Server, zum Beispiel /eingang.",
    )
    receipts: Receipts = "optional"
    return_folder: str = Field(
        default="rueckweg",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        title="Rückweg",
        description="Name des Unterordners, in den die Behörde Antworten legt. Fehlt er, wird nichts abgeholt.",
    )
    patience: float = Field(
        default=60, gt=0, le=600, title="Geduld", description="Sekunden, die ein einzelner Schritt dauern darf."
    )

    @field_validator("host_key", "next_host_key")
    @classmethod
    def _readable(cls, value: str) -> str:
        if value:
            _pin(value)
        return value


def build(settings: Settings, link: Link) -> FolderAdapter:
    """Return the adapter; the server is first called when something is delivered."""
    return FolderAdapter(
        partial(sftp_shelf, partial(_target, settings, link), settings.folder),
        link.now,
        receipt_required=settings.receipts == "required",
        return_folder=settings.return_folder,
    )


def _target(settings: Settings, link: Link) -> Target:
    """Resolve the server through the gateway's address guard and read our key."""
    pins = [_pin(value) for value in (settings.host_key, settings.next_host_key) if value]
    algorithms = [name for _, named in pins for name in named]
    return Target(
        address=link.allow_host(settings.host, settings.port),
        port=settings.port,
        user=settings.user,
        key=_own_key(settings.key, link),
        pins=frozenset(pin for pin, _ in pins),
        algorithms=tuple(name for name in HOST_KEYS if name in algorithms),
        patience=settings.patience,
    )


def _own_key(name: str, link: Link) -> asyncssh.SSHKey:
    try:
        key = asyncssh.import_private_key(link.secret(name))
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise ConfigurationError(
            codes.KEY_MISSING,
            f"Der SFTP-Schlüssel {name} ist kein unverschlüsselter privater Schlüssel.",
            "Bitte hinterlegen Sie einen Schlüssel von „ssh-keygen -t ed25519“ ohne Passphrase.",
        ) from error
    if not strong(key):
        raise ConfigurationError(
            codes.KEY_WEAK,
            f"Der SFTP-Schlüssel {name} ist zu schwach.",
            "Bitte nehmen Sie Ed25519, ECDSA ab P-256 oder RSA ab 3072 Bit.",
        )
    return key


def _pin(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the fingerprint of a host key setting, and the algorithms such a key can prove itself by."""
    if text.startswith("SHA256:"):
        if not _FINGERPRINT.fullmatch(text):
            raise ValueError("Ein Fingerabdruck hat die Form „SHA256:“ und 43 Zeichen.")
        return text, HOST_KEYS
    try:
        key = asyncssh.import_public_key(text)
    except asyncssh.KeyImportError as error:
        raise ValueError("Bitte geben Sie einen öffentlichen Schlüssel im OpenSSH-Format an.") from error
    if not strong(key):
        raise ValueError("Der Hostschlüssel ist zu schwach (RSA ab 3072 Bit, ECDSA ab P-256, Ed25519).")
    kind = key.get_algorithm()
    return key.get_fingerprint("sha256"), ("rsa-sha2-512", "rsa-sha2-256") if kind == "ssh-rsa" else (kind,)


plugin = Plugin(Settings, build, SFTP, repeatable=True)
