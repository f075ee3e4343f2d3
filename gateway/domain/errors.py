"""Errors, sorted by who must act.

GatewayError
├── SubmissionError      the portal must correct its call
├── RoutingError         the directory of authorities must be looked at
├── CompositionError     we must mend our composer
├── SealError            the holder of a key must act
├── DeliveryError        the far side
│   ├── Refused          it said no; repeating the same bytes is useless
│   ├── Unreachable      nothing arrived; repeating is safe
│   └── Unconfirmed      it may have arrived; repeating is safe only where the adapter is repeatable
└── ConfigurationError   the deployer must act
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.domain.codes import Actor, Code


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where: `pointer` is an RFC 6901 JSON pointer (or an XPath for XML)."""

    code: Code
    pointer: str
    detail: str


def pointer(location: Iterable[str | int]) -> str:
    """Return the RFC 6901 pointer of a location such as `("antrag", "bauherr", 0)`."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in location)


class GatewayError(Exception):
    """Something that somebody must act on; `reason` and `hint` are German sentences for that person."""

    actor: Actor

    def __init__(self, code: Code, reason: str, hint: str = "", faults: Sequence[Fault] = ()) -> None:
        super().__init__(f"{code.name}: {reason}")
        self.code = code
        self.reason = reason
        self.hint = hint
        self.faults = tuple(faults)


class SubmissionError(GatewayError):
    """The portal's call cannot be taken as it is."""

    actor = Actor.PORTAL


class RoutingError(GatewayError):
    """No authority, or no way to it, is known for what was asked."""

    actor = Actor.DIRECTORY


class CompositionError(GatewayError):
    """We made, or would have made, a message that its release does not allow."""

    actor = Actor.OURSELVES


class SealError(GatewayError):
    """A signature, key, certificate or ciphertext is not what it must be."""

    actor = Actor.KEY_HOLDER


class DeliveryError(GatewayError):
    """The far side did not take a delivery."""

    actor = Actor.FAR_SIDE


class Refused(DeliveryError):
    """It said no: the same bytes will be refused again."""


class Unreachable(DeliveryError):
    """Nothing arrived: the same delivery may be tried again."""


class Unconfirmed(DeliveryError):
    """It may or may not have arrived: only a repeatable adapter may try again."""


class ConfigurationError(GatewayError):
    """The installation is not set up as it must be."""

    actor = Actor.DEPLOYER
