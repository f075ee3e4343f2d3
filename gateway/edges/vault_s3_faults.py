"""What an object store could not do, told in words: full, not there, not willing; never with a credential in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import AlreadyExistsError, BaseError

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError

_FULL = ("507 Insufficient", "QuotaExceeded", "StorageFull", "InsufficientStorage", "InsufficientCapacity")
_REFUSED = ("403 Forbidden", "401 Unauthorized")
_HINT = "Bitte den Objektspeicher prüfen; das Gateway arbeitet von selbst weiter, der Aufruf kann wiederholt werden."


@contextmanager
def told() -> Iterator[None]:
    """Turn a failure of the object store into an error for the deployer; what is merely absent or there stays as it is.

    Raises:
        ConfigurationError: STORAGE_FULL; DRAINING for everything else: nothing was promised, the call may be repeated.
        FileNotFoundError: there is no such object.
        AlreadyExistsError: a conditional write found one.
    """
    try:
        yield
    except AlreadyExistsError:
        raise
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise _meaning(str(error)) from None
        raise
    except (BaseError, OSError) as error:
        raise _meaning(str(error)) from None


def _meaning(text: str) -> ConfigurationError:
    """Return what the client library's sentence means; while a part is written it says everything as an OSError."""
    if any(sign in text for sign in _FULL):
        return _full()
    if any(sign in text for sign in _REFUSED):
        return unavailable("Der Objektspeicher lehnt die Zugangsdaten des Gateways ab.")
    if "NoSuchBucket" in text:
        return unavailable("Den Behälter (Bucket) des Tresors gibt es im Objektspeicher nicht.")
    return unavailable("Der Objektspeicher ist nicht erreichbar.")


def unavailable(reason: str) -> ConfigurationError:
    """Return the error of an object store that does not serve now; nothing was stored by the call."""
    return ConfigurationError(codes.DRAINING, reason, _HINT)


def _full() -> ConfigurationError:
    return ConfigurationError(
        codes.STORAGE_FULL,
        "Der Objektspeicher hat keinen Platz für diese Datei.",
        "Bitte später erneut hochladen; der Betreiber muss Speicherplatz schaffen.",
    )
