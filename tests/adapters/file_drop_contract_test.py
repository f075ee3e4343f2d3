"""The adapter contract over the file drop."""

from __future__ import annotations

from pathlib import Path

from adapters.file_drop import Settings, plugin
from gateway.adapter_contract import Bench, Check, SampleLink
from tests.kit.adapter_contract import every_check, hold, says_nothing
from tests.kit.folder_side import FolderSide

NO_ANSWER = ("a_lost_answer_does_not_double", "garbage_is_unconfirmed")
"""A folder gives no answer that could be lost or be garbage."""


def bench(home: Path) -> Bench:
    side = FolderSide(home / "ablage", home / "geholt")
    side.folder.mkdir(parents=True)
    side.fetched.mkdir()
    settings = Settings(folder=side.folder)
    return Bench(plugin, lambda: plugin.build(settings, SampleLink()), side)


@every_check(without=NO_ANSWER)
def test_the_file_drop_keeps_the_contract(check: Check, tmp_path: Path) -> None:
    hold(check, bench(tmp_path))


def test_what_is_left_out_says_nothing_about_a_folder(tmp_path: Path) -> None:
    homes = iter(tmp_path / name for name in "ab")
    says_nothing(NO_ANSWER, lambda: bench(next(homes)))
