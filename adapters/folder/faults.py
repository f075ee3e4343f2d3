"""What a failing shelf means for a delivery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from adapters.folder.shelf import Occupied, Odd, Shelf, ShelfError
from gateway.adapter import Unconfirmed, Unreachable
from gateway.domain import codes


@contextmanager
def reachable(open_shelf: Callable[[], AbstractContextManager[Shelf]]) -> Iterator[Shelf]:
    """Open a shelf; it failing is Unreachable, unless somebody closer to the matter has said otherwise."""
    with unreachable(), open_shelf() as shelf:
        yield shelf


@contextmanager
def unreachable() -> Iterator[None]:
    """Tell a failing place as Unreachable: what fails inside was never visible to the receiver."""
    try:
        yield
    except ShelfError as error:
        raise Unreachable(codes.FAR_SIDE_UNREACHABLE, error.reason, error.hint) from error
    except (Occupied, Odd) as error:
        raise Unreachable(
            codes.FAR_SIDE_UNREACHABLE,
            "Im Ablageordner liegt etwas Unerwartetes unter einem Namen des Gateways.",
            "Namen, die mit einem Punkt beginnen, sind dem Gateway vorbehalten. Bitte räumen Sie den Ordner auf.",
        ) from error


@contextmanager
def unconfirmed() -> Iterator[None]:
    """Tell a failing place as Unconfirmed: the message is visible, but may not survive a power cut there."""
    try:
        yield
    except ShelfError as error:
        raise Unconfirmed(codes.FAR_SIDE_UNCONFIRMED, error.reason, error.hint) from error
