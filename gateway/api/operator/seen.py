"""Whether what somebody saw of an authority still holds: the one lock of API, bulk changes and command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from gateway.api.operator.rows import etag
from gateway.domain import codes
from gateway.domain.counting import counted
from gateway.domain.errors import Fault, SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.ports import Transaction


def tags(tx: Transaction, keys: Iterable[AuthorityKey]) -> Mapping[AuthorityKey, str]:
    """Return the ETags of authorities as they are now."""
    return {key: etag(tx.registry.history(key), tx.dossiers.get(key)) for key in keys}


def changed(tx: Transaction, seen: Mapping[AuthorityKey, str]) -> list[AuthorityKey]:
    """Return the authorities that are no longer as they were seen."""
    return [key for key, tag in tags(tx, seen).items() if tag != seen[key]]


def unchanged(seen: Mapping[AuthorityKey, str]) -> Callable[[Transaction], None]:
    """Return a guard for `flow.participation` that lets a change pass only over what was seen.

    The guard raises SubmissionError ETAG_STALE, naming every authority that somebody has changed meanwhile.
    """
    return partial(_require, seen)


def _require(seen: Mapping[AuthorityKey, str], tx: Transaction) -> None:
    faults = [Fault(codes.ETAG_STALE, f"/seen/{key}", "Inzwischen geändert.") for key in changed(tx, seen)]
    if faults:
        whom = counted(len(faults), "Behörde", "Behörden")
        reason = f"{whom} hat jemand anderes inzwischen geändert; es wurde nichts überschrieben."
        hint = "Bitte neu ansehen, was gilt, und die Änderung noch einmal eingeben."
        raise SubmissionError(codes.ETAG_STALE, reason, hint, faults)
