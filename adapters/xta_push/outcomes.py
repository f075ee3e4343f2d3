"""What each way of saying no means for a delivery: their fault numbers and HTTP answers as a table."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.xta_wire.faults import NUMBERS, XtaFault
from gateway.adapter import Refused, Unconfirmed, Unreachable
from gateway.domain import codes
from gateway.domain.errors import DeliveryError

Outcome = type[DeliveryError]

TAKEN = "9024"
"""The id was used before: an earlier attempt of ours arrived."""

UNKNOWN = "9070"
"""They know nothing under this id: nothing of ours arrived."""

FAULTS: Mapping[str, Outcome] = {
    "9000": Unconfirmed,
    "9010": Refused,
    "9011": Refused,
    "9012": Refused,
    "9013": Refused,
    "9014": Refused,
    "9020": Refused,
    "9021": Refused,
    "9022": Refused,
    "9023": Refused,
    "9024": Refused,  # only when no report follows: see the adapter
    "9030": Unconfirmed,
    "9031": Unreachable,  # the directory is asked before anything is taken
    "9032": Unconfirmed,
    "9050": Refused,
    "9051": Refused,
    "9052": Refused,
    "9060": Refused,
    "9070": Unreachable,  # the id has run out: nothing was taken under it
    "9080": Refused,
    "9081": Refused,
    "9100": Unconfirmed,  # answers to cancelMessage: here they mean nothing
    "9101": Unconfirmed,
}
"""What a fault of sendMessage means; a number that is not listed is Unconfirmed."""

STATUS: Mapping[int, Outcome] = {
    400: Refused,
    401: Unreachable,
    403: Unreachable,
    404: Unreachable,
    405: Unreachable,
    408: Unreachable,
    411: Unreachable,
    413: Refused,
    415: Refused,
    429: Unreachable,
    500: Unconfirmed,
    502: Unconfirmed,
    503: Unreachable,
    504: Unconfirmed,
}
"""What an HTTP answer without SOAP means; 3xx and other 4xx did nothing, whatever is left is Unconfirmed."""

_CODES = {
    Refused: codes.FAR_SIDE_REFUSED,
    Unreachable: codes.FAR_SIDE_UNREACHABLE,
    Unconfirmed: codes.FAR_SIDE_UNCONFIRMED,
}


def of_fault(fault: XtaFault) -> DeliveryError:
    """Return what a fault of sendMessage means for the delivery."""
    kind = FAULTS.get(fault.code, Unconfirmed)
    named = f"{fault.code} {NUMBERS[fault.code].text}" if fault.code in NUMBERS else fault.exception
    return make(
        kind,
        f"Der XTA-Server der Behörde meldet {named}: {line(fault.reason)}.",
        "Bitte klären Sie dies mit der Stelle.",
    )


def of_status(status: int) -> DeliveryError:
    """Return what an HTTP answer that is no SOAP means for the delivery."""
    rest = Unreachable if 300 <= status < 500 else Unconfirmed
    return make(
        STATUS.get(status, rest),
        f"Der XTA-Server der Behörde antwortet mit HTTP {status} statt mit SOAP.",
        "Bitte prüfen Sie Adresse, Zertifikat und ob ein Proxy dazwischen steht.",
    )


def make(kind: Outcome, reason: str, hint: str = "") -> DeliveryError:
    """Return the error of a kind with its code."""
    return kind(_CODES[kind], reason, hint)


def line(text: object) -> str:
    """Return foreign text as one short line of visible characters."""
    visible = "".join(char if char.isprintable() else " " for char in str(text or ""))
    return " ".join(visible.split())[:300].rstrip(".")
