"""A real envelope, put down by the file drop, opens with the authority's key as it was sealed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from adapters.file_drop import Settings, build
from gateway.adapter import SealedFile
from gateway.adapter_contract import SampleLink, sample_envelope
from gateway.seal.envelope import open_envelope
from tests.kit.envelopes import MESSAGE, MESSAGE_ID, make_envelope
from tests.kit.keys import AT, authority_entry, gateway_trust


def _open(path: Path) -> BinaryIO:
    return cast("BinaryIO", path.open("rb"))


def test_what_the_authority_takes_from_the_folder_opens_and_verifies(tmp_path: Path) -> None:
    made = make_envelope(tmp_path / "vault")
    files = [SealedFile(path.name, path.stat().st_size, partial(_open, path)) for path in made.folder.iterdir()]
    folder = tmp_path / "ablage"
    folder.mkdir()
    message = replace(sample_envelope(), message_id=MESSAGE_ID, sealed=lambda: files)
    build(Settings(folder=folder), SampleLink()).deliver(message)
    shutil.move(folder / MESSAGE_ID, tmp_path / "geholt")
    opened = open_envelope(tmp_path / "geholt", [authority_entry()], gateway_trust(), AT, target=tmp_path / "offen")
    assert opened.manifest.message_id == MESSAGE_ID
    contents = {path.read_bytes() for path in (tmp_path / "offen").rglob("*") if path.is_file()}
    assert {MESSAGE, *made.attachments} <= contents
