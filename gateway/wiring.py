"""Where everything is put together, once per process: settings in, `World` out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from pydantic import ValidationError

from gateway.adapter import Adapter, Plugin
from gateway.domain import codes
from gateway.domain.errors import ConfigurationError, Fault, pointer
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Participation
from gateway.edges.keyring import FolderKeyring
from gateway.edges.link import GatewayLink, read_secret
from gateway.edges.vault_folder import FolderVault
from gateway.edges.webhook import HttpsCourier
from gateway.flow.webhooks import PORTALS
from gateway.ports import Clock, Mailer, Store, Vault, World
from gateway.settings import Settings
from gateway.sight import Looked, SystemClock, adapters, look

if TYPE_CHECKING:
    from gateway.survey.table import Table

__all__ = [
    "PLAIN_HTTP",
    "VAULT",
    "SystemChance",
    "SystemClock",
    "adapters",
    "open_world",
    "plain_http_chosen",
    "world_behind",
]

VAULT = "vault"
"""The journal's subject for choices about where sealed parts lie."""

PLAIN_HTTP = "vault.plain_http"
"""What the journal says when sealed parts may travel to an object store without transport encryption."""


class SystemChance:
    """The operating system's randomness."""

    def uuid(self) -> UUID:
        """Return a new random UUID."""
        return uuid4()

    def octets(self, count: int) -> bytes:
        """Return `count` random octets fit for keys."""
        return secrets.token_bytes(count)

    def fraction(self) -> float:
        """Return a number in [0, 1)."""
        return secrets.randbelow(1 << 30) / (1 << 30)


def open_world(settings: Settings, clock: Clock | None = None) -> World:
    """Return the world of an installation that `bauweiche init` has set up.

    Raises:
        ConfigurationError: the state folder has not been set up.
    """
    seen = look(settings.state, settings.database_url, clock)
    try:
        return world_behind(seen, settings)
    except BaseException:
        seen.store.close()
        raise


def world_behind(seen: Looked, settings: Settings) -> World:
    """Return the whole world of an installation that was looked at already.

    Raises:
        ConfigurationError: its keys or its vault cannot be used.
    """
    state, store, clock, plugins = settings.state, seen.store, seen.clock, seen.plugins
    keyring = FolderKeyring(state / "keys")
    author = (settings.sender_identifier, settings.sender_name)
    link = partial(GatewayLink, store, keyring, clock, state / "secrets", settings.allow_hosts, author=author)
    portals = link(PORTALS)
    return World(
        store=store,
        vault=_vault(settings, store, clock),
        keyring=keyring,
        trust=keyring.trust(),
        clock=clock,
        chance=SystemChance(),
        directory=seen.directory,
        plugins=plugins,
        build=partial(_build, plugins, link),
        policy=settings.policy,
        read_table=_read_table,
        holidays=seen.holidays,
        mailer=_mailer(settings),
        official_schemas=settings.official_schemas or _installed(state / "schemas"),
        courier=HttpsCourier(portals.allow, partial(portals.tls, client=False)),
    )


def _read_table(octets: bytes) -> Table:
    from gateway.edges.survey_apart import read_table_apart  # whoever reads no survey need not wait for its reader

    return read_table_apart(octets)


def _vault(settings: Settings, store: Store, clock: Clock) -> Vault:
    """Return the vault that the settings name.

    Raises:
        ConfigurationError: the object store's address or credentials are unusable; or sealed parts would travel
            unencrypted over a network and `bauweiche init` has not put that choice into the journal.
    """
    if not settings.vault:
        return FolderVault(settings.state / "vault")
    from gateway.edges.vault_s3 import S3Vault  # only where there is an object store
    from gateway.edges.vault_s3_bucket import read_bucket

    bucket = read_bucket(
        settings.vault,
        settings.vault_endpoint,
        settings.vault_region,
        read_secret(settings.vault_credentials or settings.state / "secrets" / "vault").decode("ascii", "replace"),
        settings.vault_anchors,
        plain_http=settings.vault_plain_http,
    )
    if bucket.exposed and not plain_http_chosen(store, bucket.endpoint):
        raise ConfigurationError(
            codes.CONFIGURATION,
            "Der Objektspeicher würde unverschlüsselt angesprochen; diese Wahl steht nicht im Ereignisprotokoll.",
            "Bitte https verwenden oder die Wahl bestätigen: bauweiche init",
        )
    return S3Vault(bucket, clock.now)


def plain_http_chosen(store: Store, endpoint: str) -> bool:
    """Tell whether the journal's last word on the vault allows this endpoint without encryption."""
    with store.reading() as tx:
        last = next(iter(tx.journal.read(limit=1, subject=VAULT, newest_first=True)), None)
    return last is not None and last.act.what == PLAIN_HTTP and last.act.facts.get("endpoint") == endpoint


def _mailer(settings: Settings) -> Mailer | None:
    if not settings.mail_host:
        return None
    from gateway.edges.mail import MailServer, SmtpMailer  # only where mails are sent

    server = MailServer(
        host=settings.mail_host,
        port=settings.mail_port,
        encryption=settings.mail_encryption,
        sender=settings.mail_from,
        user=settings.mail_user,
        password=partial(_secret, settings.state / "secrets" / "mail"),
        anchors=settings.mail_anchors,
    )
    return SmtpMailer(server)


def _secret(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()


def _build(
    plugins: Mapping[str, Plugin], link: partial[GatewayLink], key: AuthorityKey, participation: Participation
) -> Adapter:
    plugin = plugins[participation.adapter]
    try:
        settings = plugin.settings.model_validate(dict(participation.settings))
    except ValidationError as error:
        faults = [
            Fault(codes.ADAPTER_SETTINGS, "/settings" + pointer(entry["loc"]), entry["msg"])
            for entry in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigurationError(
            codes.ADAPTER_SETTINGS,
            f"Die Einstellungen des Wegs „{plugin.title}“ für die Behörde {key} sind unvollständig.",
            "Bitte die Anbindung der Behörde berichtigen.",
            faults,
        ) from error
    return plugin.build(settings, link(key))


def _installed(folder: Path) -> Path | None:
    return folder if folder.is_dir() else None
