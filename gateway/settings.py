"""The installation's settings: environment `BAUWEICHE_…`, then `bauweiche.toml` in the state folder, then defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gateway.ports import Policy

FILE = "bauweiche.toml"


class Settings(BaseSettings):
    """Everything a deployer can choose. Nothing listens beyond loopback unless `host` is changed."""

    model_config = SettingsConfigDict(env_prefix="BAUWEICHE_", extra="forbid", frozen=True)

    state: Annotated[Path, Field(description="Folder of database, vault and keys")] = Path("state")
    database: Annotated[str, Field(description="Database URL; empty: SQLite in the state folder")] = ""
    vault: Annotated[str, Field(description="s3://bucket/prefix; empty: folder vault in the state folder")] = ""
    vault_endpoint: Annotated[str, Field(description="Object store of the vault, https://host:port")] = ""
    vault_region: Annotated[
        str, Field(pattern="^[a-z0-9-]{1,40}$", description="Region that requests to the object store are signed for")
    ] = "eu-central-1"
    vault_credentials: Annotated[
        Path | None, Field(description="File with key id and secret, two lines; empty: secrets/vault")
    ] = None
    vault_anchors: Annotated[Path | None, Field(description="CA certificates of the object store; empty: system's")] = (
        None
    )
    vault_plain_http: Annotated[
        bool, Field(description="Allow plain http to an object store beyond this machine; init journals it")
    ] = False
    host: Annotated[str, Field(description="Address the HTTP API listens on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port of the HTTP API; 0: any free one")] = 8480
    mailbox_host: Annotated[str, Field(description="Address the XTA mailbox listens on")] = "127.0.0.1"
    mailbox_port: Annotated[
        int | None, Field(ge=0, le=65535, description="Port of the XTA mailbox (mutual TLS); empty: none")
    ] = None
    environment: Annotated[str, Field(pattern="^(PROD|TEST)$", description="Shown to operators: PROD or TEST")] = "TEST"
    sender_identifier: Annotated[str, Field(description="Our DVDV key as author of messages")] = "bap:050000000000"
    sender_name: Annotated[str, Field(description="Our name as author of messages")] = "Bauportal.NRW"
    sender_street: Annotated[str, Field(max_length=100, description="Our street; XBau up to 2.3.1 wants it")] = ""
    sender_number: Annotated[str, Field(pattern="^[0-9]{0,4}$", description="Our house number, digits only")] = ""
    sender_postcode: Annotated[str, Field(pattern="^([0-9]{5})?$", description="Our postal code")] = ""
    sender_town: Annotated[str, Field(max_length=100, description="Our town")] = ""
    sender_email: Annotated[str, Field(max_length=200, description="Our e-mail address, as author of messages")] = ""
    official_schemas: Annotated[Path | None, Field(description="Folder of installed official XBau schemas")] = None
    workers: Annotated[int, Field(ge=1, le=256, description="Deliveries at a time in one worker process")] = 16
    lease_seconds: Annotated[float, Field(gt=0, description="Lease of a delivery under way")] = 30.0
    backoff_first_seconds: Annotated[float, Field(gt=0, description="Wait after the first failed attempt")] = 5.0
    backoff_cap_seconds: Annotated[float, Field(gt=0, description="Longest wait between two attempts")] = 3600.0
    breaker_after: Annotated[int, Field(ge=1, description="Failures in a row that interrupt a way")] = 5
    breaker_pause_seconds: Annotated[float, Field(gt=0, description="How long an interrupted way rests")] = 300.0
    look_every_seconds: Annotated[float, Field(gt=0, description="How often a file drop is looked at for pick-up")] = (
        60.0
    )
    disk_reserve_bytes: Annotated[int, Field(ge=0, description="Free space below which uploads are refused")] = (
        512 * 10**6
    )
    gate_parallel: Annotated[int, Field(ge=1, le=64, description="PDF checks at a time")] = 4
    scanner: Annotated[
        str, Field(description="clamd on this machine: its socket's path, or 127.0.0.1:port; empty: no virus scan")
    ] = ""
    scanner_seconds: Annotated[float, Field(gt=0, le=600, description="Longest wait for one virus scan")] = 60.0
    allow_hosts: Annotated[
        tuple[str, ...], Field(description="Hosts that adapters may send to (exact names); empty: none")
    ] = ()

    metadata_days: Annotated[
        int, Field(ge=30, description="Days after which an erased case's routing and state are deleted")
    ] = 3650
    evidence_days: Annotated[int, Field(ge=30, description="Days after which an erased case's evidence is deleted")] = (
        3650
    )
    mail_host: Annotated[str, Field(description="Mail server; empty: no mail is sent")] = ""
    mail_port: Annotated[int, Field(ge=1, le=65535, description="Port of the mail server")] = 587
    mail_encryption: Annotated[
        Literal["starttls", "implicit"], Field(description="How the mail server encrypts: starttls or implicit")
    ] = "starttls"
    mail_from: Annotated[str, Field(description="Sender of the mails")] = "bauweiche@localhost.invalid"
    mail_user: Annotated[str, Field(description="User at the mail server; password in the file secrets/mail")] = ""
    mail_anchors: Annotated[Path | None, Field(description="CA certificates of the mail server; empty: system's")] = (
        None
    )
    mail_to: Annotated[tuple[str, ...], Field(description="Addresses of the operators")] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the base class hands them in by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the base class hands them in by name
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line first, then environment, then the file of the state folder."""
        given = init_settings() | {key: value for key, value in env_settings().items() if key == "state"}
        folder = Path(init_settings().get("state") or given.get("state") or "state")
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, folder / FILE)

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
    """Return the settings, those of the given state folder if one is named."""
    return Settings() if state is None else Settings(state=state)
