"""What opening an envelope has found, for people to read."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.domain.errors import Fault
from gateway.seal.manifest import Manifest


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """One part: `name` is the written file, empty if it was not written because `ok` is False."""

    part: str
    name: str
    role: str
    size: int
    sha256: str
    ok: bool
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope whose signature and addressee are verified; `findings` names every part that is not as signed.

    `message` is the XBau message in clear, or empty if it was not as signed.
    """

    manifest: Manifest
    signer_subject: str
    files: tuple[OpenedFile, ...]
    findings: tuple[Fault, ...]
    message: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        """True if every part is there, is as signed, and has been written."""
        return not self.findings and all(file.ok for file in self.files)
