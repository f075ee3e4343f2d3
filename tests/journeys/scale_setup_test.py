"""A second machine: the keys come along or it refuses; an open line to the object store is chosen, in the journal."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.domain.errors import ConfigurationError
from gateway.installing import set_up
from gateway.main import app
from gateway.settings import Settings
from gateway.wiring import open_world
from tests.kit.fleet import write_secret


def test_a_second_machine_without_the_keys_is_refused_and_with_them_joins(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'shared.db'}"
    first = Settings(state=tmp_path / "first", database=database)
    set_up(first, "Test")
    second = Settings(state=tmp_path / "second", database=database)
    with pytest.raises(ConfigurationError, match="Schlüssel") as refused:
        set_up(second, "Test")
    assert "kopieren" in refused.value.hint
    assert list((second.state / "keys").iterdir()) == []
    shutil.copytree(first.state / "keys", second.state / "keys", dirs_exist_ok=True)
    set_up(second, "Test")
    worlds = [open_world(one) for one in (first, second)]
    now = worlds[0].clock.now()
    assert len({world.keyring.wrapping_certificate(now).serial_number for world in worlds}) == 1
    for world in worlds:
        world.store.close()


def test_the_command_says_a_refusal_in_words(tmp_path: Path) -> None:
    environment = {"BAUWEICHE_DATABASE": "postgresql+psycopg://x:geheim@127.0.0.1:1/x?connect_timeout=2"}
    shown = CliRunner().invoke(app, ["--state", str(tmp_path / "state"), "init"], env=environment)
    assert shown.exit_code == 5
    assert "nicht erreichbar" in shown.stderr
    assert "geheim" not in shown.output
    assert "Traceback" not in shown.output


def test_plain_http_beyond_this_machine_needs_the_setting_and_an_entry_in_the_journal(tmp_path: Path) -> None:
    given = {"state": tmp_path / "state", "vault": "s3://tresor/nrw", "vault_endpoint": "http://10.0.0.1:9000"}
    set_up(Settings(**given), "Test")
    write_secret(tmp_path / "state" / "secrets" / "vault", "kennung\nschluessel\n")
    with pytest.raises(ConfigurationError, match="unverschlüsselt"):
        open_world(Settings(**given))
    chosen = Settings(**given, vault_plain_http=True)
    with pytest.raises(ConfigurationError, match="Ereignisprotokoll"):
        open_world(chosen)
    set_up(chosen, "Test")
    set_up(chosen, "Test")
    world = open_world(chosen)
    with world.store.reading() as tx:
        entries = [entry.act for entry in tx.journal.read(subject="vault")]
    assert [(act.what, act.facts["endpoint"]) for act in entries] == [("vault.plain_http", "http://10.0.0.1:9000")]
    world.store.close()
    with pytest.raises(ConfigurationError, match="Ereignisprotokoll"):
        open_world(replace(chosen, vault_endpoint="http://10.0.0.2:9000"))


def test_credentials_that_others_may_read_are_not_used(tmp_path: Path) -> None:
    chosen = Settings(state=tmp_path / "state", vault="s3://tresor", vault_endpoint="https://s3.example.nrw")
    set_up(chosen, "Test")
    with pytest.raises(ConfigurationError, match="nicht hinterlegt"):
        open_world(chosen)
    secret = tmp_path / "state" / "secrets" / "vault"
    write_secret(secret, "kennung\nschluessel\n")
    secret.chmod(0o640)
    with pytest.raises(ConfigurationError, match="für andere lesbar"):
        open_world(chosen)
