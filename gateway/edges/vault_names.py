"""The names that may reach a vault, and what it says of a part that is not there."""

from __future__ import annotations

import re

from gateway.domain import codes
from gateway.domain.errors import SealError, SubmissionError

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}")
"""Case ids and part names are ours: nothing in them leads out of their place."""


def checked(name: str) -> str:
    """Return a name of ours. Raises: ValueError for any other."""
    if not NAME.fullmatch(name):
        raise ValueError(f"not a name of ours: {name!r}")
    return name


def absent() -> SubmissionError:
    """Return the error of a part that was never committed in a case that is there."""
    return SubmissionError(codes.NOT_FOUND, "Diese Datei liegt nicht vor.")


def erased() -> SealError:
    """Return the error of a case of which nothing is there any more."""
    return SealError(codes.KEY_ERASED, "Der Inhalt dieses Vorgangs ist gelöscht.")
