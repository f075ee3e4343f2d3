"""The adapter contract over SFTP."""

from __future__ import annotations

from pathlib import Path

from adapters.sftp import plugin
from gateway.adapter_contract import Bench, Check
from tests.kit.adapter_contract import every_check, hold, says_nothing
from tests.kit.sftp_server import SftpSide

NO_ANSWER = ("garbage_is_unconfirmed",)
"""SFTP's answers are numbers: a server that sends anything else is cut off by asyncssh (see a_cut_shows_nothing)."""


def bench(side: SftpSide) -> Bench:
    return Bench(plugin, lambda: plugin.build(side.settings(), side.link()), side)


@every_check(without=NO_ANSWER)
def test_sftp_keeps_the_contract(check: Check, tmp_path: Path) -> None:
    with SftpSide(tmp_path / "server", tmp_path / "geholt").running() as side:
        hold(check, bench(side))


def test_what_is_left_out_says_nothing_about_sftp(tmp_path: Path) -> None:
    with SftpSide(tmp_path / "server", tmp_path / "geholt").running() as side:
        says_nothing(NO_ANSWER, lambda: bench(side))
