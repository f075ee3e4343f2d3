"""The system calls that make a part durable, as one value: tests hand in a disk that fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass

from gateway.domain import codes
from gateway.domain.codes import Actor
from gateway.domain.errors import GatewayError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_BROKEN = frozenset({errno.EIO, errno.EROFS})


@dataclass(frozen=True, slots=True)
class DiskCalls:
    """What the vault asks of the disk; the defaults are the system's own."""

    write: Callable[[int, memoryview], int] = os.write
    fsync: Callable[[int], None] = os.fsync


class StorageFull(GatewayError):
    """The disk has no room for a part; what was written of it is already gone."""

    actor = Actor.DEPLOYER


class DurabilityLost(GatewayError):
    """An fsync failed: nobody knows what is on disk, so the process must say so and stop (law 1).

    The kernel may report the loss once and forget it: a second fsync that succeeds proves nothing.
    """

    actor = Actor.DEPLOYER


def storage_error(error: OSError) -> GatewayError | None:
    """Return what a failed write means: a full disk, a disk that can no longer be relied on, or None: neither."""
    if error.errno in _FULL:
        return StorageFull(
            codes.STORAGE_FULL,
            "Auf dem Datenträger des Gateways ist kein Platz für diese Datei.",
            "Bitte später erneut hochladen; der Betreiber muss Speicherplatz schaffen.",
        )
    return durability_lost() if error.errno in _BROKEN else None


def durability_lost() -> DurabilityLost:
    """Return the error of a disk that did not keep what it was given."""
    return DurabilityLost(
        codes.DURABILITY_LOST,
        "Der Datenträger hat das sichere Speichern nicht bestätigt. Der Dienst beendet sich.",
        "Bitte den Datenträger prüfen und den Dienst danach neu starten; unbestätigte Dateien erneut hochladen.",
    )
