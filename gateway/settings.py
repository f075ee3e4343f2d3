"""The installation's settings: environment `BAUWEICHE_…`, then `bauweiche.toml` in the state folder, then defaults."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError
from gateway.ports import Policy
from gateway.setting import read, setting

FILE = "bauweiche.toml"
PREFIX = "BAUWEICHE_"

Encryption = Literal["starttls", "implicit"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a deployer can choose. Nothing listens beyond loopback unless `host` is changed."""

    state: Path = setting(Path("state"), "Folder of database, vault and keys")
    database: str = setting("", "Database URL; empty: SQLite in the state folder")
    vault: str = setting("", "s3://bucket/prefix; empty: folder vault in the state folder")
    vault_endpoint: str = setting("", "Object store of the vault, https://host:port")
    vault_region: str = setting(
        "eu-central-1", "Region that requests to the object store are signed for", pattern="^[a-z0-9-]{1,40}$"
    )
    vault_credentials: Path | None = setting(None, "File with key id and secret, two lines; empty: secrets/vault")
    vault_anchors: Path | None = setting(None, "CA certificates of the object store; empty: system's")
    vault_plain_http: bool = setting(False, "Allow plain http to an object store beyond this machine; init journals it")
    host: str = setting("127.0.0.1", "Address the HTTP API listens on")
    port: int = setting(8480, "Port of the HTTP API; 0: any free one", least=0, most=65535)
    mailbox_host: str = setting("127.0.0.1", "Address the XTA mailbox listens on")
    mailbox_port: int | None = setting(None, "Port of the XTA mailbox (mutual TLS); empty: none", least=0, most=65535)
    environment: str = setting("TEST", "Shown to operators: PROD or TEST", of=("PROD", "TEST"))
    sender_identifier: str = setting("bap:050000000000", "Our DVDV key as author of messages")
    sender_name: str = setting("Bauportal.NRW", "Our name as author of messages")
    sender_street: str = setting("", "Our street; XBau up to 2.3.1 wants it", longest=100)
    sender_number: str = setting("", "Our house number, digits only", pattern="^[0-9]{0,4}$")
    sender_postcode: str = setting("", "Our postal code", pattern="^([0-9]{5})?$")
    sender_town: str = setting("", "Our town", longest=100)
    sender_email: str = setting("", "Our e-mail address, as author of messages", longest=200)
    official_schemas: Path | None = setting(None, "Folder of installed official XBau schemas")
    workers: int = setting(16, "Deliveries at a time in one worker process", least=1, most=256)
    lease_seconds: float = setting(30.0, "Lease of a delivery under way", above=0)
    backoff_first_seconds: float = setting(5.0, "Wait after the first failed attempt", above=0)
    backoff_cap_seconds: float = setting(3600.0, "Longest wait between two attempts", above=0)
    breaker_after: int = setting(5, "Failures in a row that interrupt a way", least=1)
    breaker_pause_seconds: float = setting(300.0, "How long an interrupted way rests", above=0)
    look_every_seconds: float = setting(60.0, "How often a file drop is looked at for pick-up", above=0)
    disk_reserve_bytes: int = setting(512 * 10**6, "Free space below which uploads are refused", least=0)
    gate_parallel: int = setting(4, "PDF checks at a time", least=1, most=64)
    scanner: str = setting("", "clamd on this machine: its socket's path, or 127.0.0.1:port; empty: no virus scan")
    scanner_seconds: float = setting(60.0, "Longest wait for one virus scan", above=0, most=600)
    allow_hosts: tuple[str, ...] = setting((), "Hosts that adapters may send to (exact names); empty: none")
    metadata_days: int = setting(3650, "Days after which an erased case's routing and state are deleted", least=30)
    evidence_days: int = setting(3650, "Days after which an erased case's evidence is deleted", least=30)
    mail_host: str = setting("", "Mail server; empty: no mail is sent")
    mail_port: int = setting(587, "Port of the mail server", least=1, most=65535)
    mail_encryption: Encryption = setting(
        "starttls", "How the mail server encrypts: starttls or implicit", of=("starttls", "implicit")
    )
    mail_from: str = setting("bauweiche@localhost.invalid", "Sender of the mails")
    mail_user: str = setting("", "User at the mail server; password in the file secrets/mail")
    mail_anchors: Path | None = setting(None, "CA certificates of the mail server; empty: system's")
    mail_to: tuple[str, ...] = setting((), "Addresses of the operators")

    @property
    def database_url(self) -> str:
        """The database URL in force."""
        return self.database or f"sqlite:///{self.state.absolute() / 'bauweiche.db'}"

    @property
    def policy(self) -> Policy:
        """The choices the flow needs."""
        return Policy(
            sender_identifier=self.sender_identifier,
            sender_name=self.sender_name,
            sender_street=self.sender_street,
            sender_number=self.sender_number,
            sender_postcode=self.sender_postcode,
            sender_town=self.sender_town,
            sender_email=self.sender_email,
            lease=self.lease_seconds,
            backoff_first=self.backoff_first_seconds,
            backoff_cap=self.backoff_cap_seconds,
            breaker_after=self.breaker_after,
            breaker_pause=self.breaker_pause_seconds,
            look_every=self.look_every_seconds,
            disk_reserve=self.disk_reserve_bytes,
            metadata_days=self.metadata_days,
            evidence_days=self.evidence_days,
            mail_to=self.mail_to,
            production=self.environment == "PROD",
        )


def load(state: Path | None = None) -> Settings:
    """Return the settings in force, those of the given state folder if one is named.

    Raises:
        ConfigurationError: CONFIGURATION, with everything that is wrong in the file and in the environment.
    """
    folder = state or Path(os.environ.get(f"{PREFIX}STATE") or "state")
    written = _written(folder / FILE)
    values: dict[str, Any] = {}
    faults = [f"„{name}“ ist keine Einstellung ({FILE})." for name in written.keys() - _names()]
    for one in fields(Settings):
        place = f"{PREFIX}{one.name.upper()}"
        given = os.environ.get(place, written.get(one.name))
        if given is None or one.name == "state":
            continue
        try:
            values[one.name] = read(one, given)
        except ValueError as error:
            faults.append(f"„{one.name}“: {error} ({place if place in os.environ else FILE}).")
    if faults:
        raise ConfigurationError(
            codes.CONFIGURATION,
            f"Die Einstellungen sind nicht verwendbar. {' '.join(sorted(faults))}",
            f"Bitte {FILE} oder die Umgebungsvariablen berichtigen.",
        )
    return Settings(state=folder, **values)


def _names() -> frozenset[str]:
    return frozenset(one.name for one in fields(Settings))


def _written(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:  # no TOML, or no UTF-8
        raise ConfigurationError(
            codes.CONFIGURATION, f"Die Datei {path} ist nicht lesbar: {error}.", "Bitte die Datei berichtigen."
        ) from error
