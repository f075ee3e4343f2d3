"""Setting an installation up: folders, settings file, keys, tables; what is there already is kept."""

from __future__ import annotations

from datetime import timedelta

from gateway.domain.journal import Act
from gateway.edges.keyring import FolderKeyring
from gateway.edges.keys_issue import KeyPurpose
from gateway.edges.store import open_store
from gateway.settings import FILE, Settings
from gateway.wiring import SystemClock

KEY_DAYS = 730

PURPOSES: tuple[KeyPurpose, ...] = ("sign", "wrap", "tls")


def set_up(settings: Settings, name: str) -> None:
    """Make what is missing of an installation: folders (0700), settings file, keys, tables; keep what is there."""
    clock = SystemClock()
    settings.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in ("keys", "vault", "secrets"):
        (settings.state / folder).mkdir(mode=0o700, exist_ok=True)
    example = settings.state / FILE
    if not example.exists():
        example.write_text(_example(), encoding="utf-8")
    keyring = FolderKeyring(settings.state / "keys")
    held = {info.purpose for info in keyring.list()}
    made = [purpose for purpose in PURPOSES if purpose not in held]
    for purpose in made:
        keyring.create(
            purpose,
            name=name,
            at=clock.now() - timedelta(minutes=5),
            days=KEY_DAYS,
            hosts=("localhost",) if purpose == "tls" else (),
        )
    store = open_store(settings.database_url, clock)
    try:
        if made:
            with store.writing() as tx:
                tx.journal.append(Act("gateway", "installation.set_up", facts={"keys": made}))
    finally:
        store.close()


def _example() -> str:
    lines = ["# Einstellungen dieser Einrichtung; auskommentiert steht der Vorgabewert.\n"]
    for field, info in Settings.model_fields.items():
        if field != "state":
            lines.append(f"# {info.description}\n# {field} = {_toml(info.default)}\n")
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return str(list(value))
    return str(value) if isinstance(value, int | float) else f'"{value or ""}"'
