"""Delivery into a folder of this machine or a mounted network drive: the authority takes the sealed folder from there.

The layout and how a message is put down exactly once stand in `adapters/folder/__init__.py`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from adapters.folder.adapter import FolderAdapter
from adapters.folder.local import local_shelf
from adapters.folder.receipts import Receipts
from adapters.titles import FILE_DROP
from gateway.adapter import AdapterSettings, Link, Plugin


def _plain_path(path: Path) -> Path:
    if not path.is_absolute() or ".." in path.parts:
        raise ValueError("Bitte geben Sie einen vollständigen Pfad ohne „..“ an.")
    return path


class Settings(AdapterSettings):
    """Where the folder is, and how the authority shows that it took a message."""

    folder: Annotated[Path, AfterValidator(_plain_path)] = Field(
        title="Ablageordner",
        description="Vollständiger Pfad des Ordners, in den das Gateway ablegt. Er muss vorhanden sein und darf keine "
        "Verknüpfung sein. Jede Nachricht erscheint darin als eigener Ordner.",
    )
    mount_point: Annotated[Path, AfterValidator(_plain_path)] | None = Field(
        default=None,
        title="Einhängepunkt",
        description="Nur bei Netzlaufwerken: der Pfad, an dem das Laufwerk eingehängt ist. Ist es nicht da, legt das "
        "Gateway nichts ab und wartet.",
    )
    receipts: Receipts = "optional"
    return_folder: str = Field(
        default="rueckweg",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        title="Rückweg",
        description="Name des Unterordners, in den die Behörde Antworten legt. Fehlt er, wird nichts abgeholt.",
    )


def build(settings: Settings, link: Link) -> FolderAdapter:
    """Return the adapter; the folder is first touched when something is delivered."""
    return FolderAdapter(
        partial(local_shelf, settings.folder, settings.mount_point),
        link.now,
        receipt_required=settings.receipts == "required",
        return_folder=settings.return_folder,
    )


plugin = Plugin(Settings, build, FILE_DROP, repeatable=True)
