"""Sample messages for adapter tests: those that ship with the contract, and sealed folders of real files on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from gateway.adapter import SealedFile
from gateway.adapter_contract.samples import (
    Blob,
    Ledger,
    again,
    clear_sample,
    sample_envelope,
    sealed_sample,
)
from gateway.domain.ids import MessageId

__all__ = ["Blob", "Ledger", "again", "clear_sample", "real_files", "sample_envelope", "sealed_sample"]


def real_files(folder: Path, message_id: MessageId, sizes: Sequence[int]) -> Callable[[], Sequence[SealedFile]]:
    """Write a sealed sample into `folder` and return what opens it from there, as the gateway's vault does."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for file in sealed_sample(message_id, sizes):
        path = folder / file.name
        with file.open() as source, path.open("wb") as target:
            while piece := source.read(1 << 20):
                target.write(piece)
        files.append(SealedFile(file.name, file.size, partial(_open, path)))
    return lambda: files


def _open(path: Path) -> BinaryIO:
    return cast("BinaryIO", path.open("rb"))
