"""The adapter contract over SFTP."""

from __future__ import annotations

from pathlib import Path

from adapters.sftp import plugin
from gateway.adapter_contract import Bench, Check
from tests.kit.adapter_contract import every_check, hold
from tests.kit.sftp_server import SftpSide


@every_check
def test_sftp_keeps_the_contract(check: Check, tmp_path: Path) -> None:
    with SftpSide(tmp_path / "server", tmp_path / "geholt").running() as side:
        hold(check, Bench(plugin, lambda: plugin.build(side.settings(), side.link()), side))
