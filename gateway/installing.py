"""Setting an installation up: folders, settings file, keys, tables; what is there already is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError
from gateway.domain.journal import Act
from gateway.edges.keyring import FolderKeyring
from gateway.edges.keys_issue import KeyPurpose
from gateway.edges.store import open_store, stand
from gateway.edges.store.schema import HEAD
from gateway.ports import Store
from gateway.setting import rule
from gateway.settings import FILE, Settings
from gateway.wiring import PLAIN_HTTP, VAULT, SystemClock, plain_http_chosen

KEY_DAYS = 730

PURPOSES: tuple[KeyPurpose, ...] = ("sign", "wrap", "tls")

SET_UP = "installation.set_up"


def set_up(settings: Settings, name: str) -> None:
    """Make what is missing of an installation: folders (0700), settings file, keys, tables; keep what is there.

    Tables of an older version are brought up to date, while programs of that version go on working on them.

    Raises:
        ConfigurationError: the database is unusable, or of an installation whose keys are not in this folder.
    """
    clock = SystemClock()
    settings.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in ("keys", "vault", "secrets"):
        (settings.state / folder).mkdir(mode=0o700, exist_ok=True)
    example = settings.state / FILE
    if not example.exists():
        example.write_text(_example(), encoding="utf-8")
    keyring = FolderKeyring(settings.state / "keys")
    held = {info.purpose for info in keyring.list()}
    before = _migrated(settings.database_url)
    store = open_store(settings.database_url, clock)
    try:
        if not held and _is_set_up(store):
            raise _keys_elsewhere()
        made = [purpose for purpose in PURPOSES if purpose not in held]
        for purpose in made:
            keyring.create(
                purpose,
                name=name,
                at=clock.now() - timedelta(minutes=5),
                days=KEY_DAYS,
                hosts=("localhost",) if purpose == "tls" else (),
            )
        _note(store, settings, made, before)
    finally:
        store.close()


def _migrated(url: str) -> str:
    """Bring tables of an older version up to date and return which it was; "" if there was nothing to do."""
    before = stand(url)
    if before is None or before == HEAD:
        return ""
    from gateway.edges.migrations import migrate  # Alembic, only where there is something to migrate

    migrate(url)
    return before


def _is_set_up(store: Store) -> bool:
    with store.reading() as tx:
        return any(entry.act.what == SET_UP for entry in tx.journal.read(limit=1))


def _note(store: Store, settings: Settings, made: Sequence[str], before: str) -> None:
    """Put into the journal what was made, migrated or chosen."""
    endpoint = settings.vault_endpoint.rstrip("/")
    plain = bool(settings.vault) and settings.vault_plain_http and endpoint.startswith("http://")
    chosen = plain and not plain_http_chosen(store, endpoint)
    if not (made or before or chosen):
        return
    with store.writing() as tx:
        if made:
            tx.journal.append(Act("gateway", SET_UP, facts={"keys": list(made)}))
        if before:
            tx.journal.append(Act("gateway", "database.migrated", facts={"from": before, "to": HEAD}))
        if chosen:
            tx.journal.append(Act("gateway", PLAIN_HTTP, VAULT, facts={"endpoint": endpoint}))


def _keys_elsewhere() -> ConfigurationError:
    return ConfigurationError(
        codes.CONFIGURATION,
        "Diese Datenbank gehört zu einer Einrichtung, deren Schlüssel nicht in diesem Ordner liegen.",
        "Bitte die Ordner keys und secrets und die Datei bauweiche.toml von dort hierher kopieren, dann erneut.",
    )


def _example() -> str:
    lines = ["# Einstellungen dieser Einrichtung; auskommentiert steht der Vorgabewert.\n"]
    for one in fields(Settings):
        if one.name != "state":
            lines.append(f"# {rule(one).says}\n# {one.name} = {_toml(one.default)}\n")
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return str(list(value))
    return str(value) if isinstance(value, int | float) else f'"{value or ""}"'
