"""The adapter over any shelf: a local folder and SFTP differ only in how the shelf is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import BinaryIO

from adapters.folder.drop import Place, put_down, standing, take_back
from adapters.folder.faults import reachable, unreachable
from adapters.folder.probe import probe_shelf
from adapters.folder.receipts import find_receipt
from adapters.folder.returns import put_aside, returned
from adapters.folder.shelf import Shelf
from gateway.adapter import Envelope, Finding, Handover, Outcome, Pickup, Returned, Unreachable, Unusable
from gateway.domain import codes
from gateway.domain.ids import MessageId


class FolderAdapter:
    """Delivers sealed folders to a shelf, watches for their pick-up, takes them back, and brings replies."""

    def __init__(
        self,
        shelf: Callable[[], AbstractContextManager[Shelf]],
        now: Callable[[], datetime],
        *,
        receipt_required: bool,
        return_folder: str,
    ) -> None:
        self._open, self._now = shelf, now
        self._receipt_required, self._return_folder = receipt_required, return_folder

    def deliver(self, envelope: Envelope) -> Handover:
        """Put the folder there in one step; the same message id is put there once, also after it was fetched."""
        with reachable(self._open) as shelf:
            handover = put_down(shelf, envelope)
        if self._receipt_required:  # a folder that is gone proves nothing here: `look` decides by the receipt
            return replace(handover, outcome=Outcome.AVAILABLE)
        return handover

    def look(self, message_id: MessageId, state: Mapping[str, str]) -> Pickup:  # noqa: ARG002  # the marker knows
        """Taken: a receipt lies there, or the folder with our marker is gone. Unreachable if it is not known there."""
        with reachable(self._open) as shelf:
            now = self._now()
            receipt = find_receipt(shelf, message_id, now)
            if receipt is not None:
                note = (
                    f"Abgelehnt: {receipt.refused}" if receipt.refused else "Die Behörde hat eine Quittung hinterlegt."
                )
                return Pickup(True, receipt.at, note, receipt.refused, receipt.opened)
            place = standing(shelf, message_id).place
        if place is Place.NOWHERE:
            raise Unreachable(
                codes.FAR_SIDE_UNREACHABLE,
                "Im Ablageordner ist von dieser Nachricht nichts bekannt.",
                "Bitte prüfen Sie, ob das richtige Laufwerk eingehängt und der Ordner .abgelegt vorhanden ist.",
            )
        if place is not Place.TAKEN:
            note = "Die Nachricht wurde zurückgezogen." if place is Place.RECALLED else "Der Ordner liegt noch da."
            return Pickup(False, note=note)
        if self._receipt_required:
            return Pickup(False, note="Der Ordner wurde abgeholt, die Quittung steht noch aus.")
        return Pickup(True, now, "Die Behörde hat den Ordner abgeholt.")

    def recall(self, message_id: MessageId, state: Mapping[str, str]) -> bool:  # noqa: ARG002  # the marker knows
        """Take the folder back in one step; False if it was fetched or a receipt lies there."""
        with reachable(self._open) as shelf:
            return find_receipt(shelf, message_id, self._now()) is None and take_back(shelf, message_id)

    def probe(self) -> Sequence[Finding]:
        """Write, rename and remove a dot file there; its time tells the far side's clock."""
        return probe_shelf(self._open, self._now)

    def collect(self) -> Iterator[Returned | Unusable]:
        """Yield the authority's replies, and what is none, by name; what they lend stays usable afterwards too."""
        live: list[Shelf] = []
        with reachable(self._open) as shelf:
            live.append(shelf)
            try:
                yield from returned(shelf, self._return_folder, partial(self._read, live), partial(self._done, live))
            finally:
                live.clear()

    def _read(self, live: Sequence[Shelf], path: str) -> BinaryIO:
        with self._lent(live) as shelf:
            return shelf.open(path)

    def _done(self, live: Sequence[Shelf], name: str) -> None:
        with self._lent(live) as shelf:
            put_aside(shelf, self._return_folder, name)

    @contextmanager
    def _lent(self, live: Sequence[Shelf]) -> Iterator[Shelf]:
        """Give the shelf that is being iterated over, or open one anew once that iteration has ended."""
        with unreachable():
            if live:
                yield live[0]
            else:
                with self._open() as shelf:
                    yield shelf
