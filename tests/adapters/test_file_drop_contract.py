"""The adapter contract over the file drop."""

from __future__ import annotations

from pathlib import Path

from adapters.file_drop import Settings, plugin
from gateway.adapter_contract import Bench, Check, SampleLink
from tests.kit.adapter_contract import every_check, hold
from tests.kit.folder_side import FolderSide


@every_check
def test_the_file_drop_keeps_the_contract(check: Check, tmp_path: Path) -> None:
    side = FolderSide(tmp_path / "ablage", tmp_path / "geholt")
    side.folder.mkdir()
    side.fetched.mkdir()
    settings = Settings(folder=side.folder)
    hold(check, Bench(plugin, lambda: plugin.build(settings, SampleLink()), side))
