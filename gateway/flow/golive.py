"""Nobody makes an authority live by a setting: that takes evidence, a proposal and a second person's approval.

Only an installation that is not marked PROD may put one live without, for rehearsals and demonstrations; it says so
in the journal each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gateway.domain import codes
from gateway.domain.errors import Fault, RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.domain.participation import Participation, Phase, in_force
from gateway.ports import Transaction, World

UNAPPROVED = "participation.live_unapproved"
_HINT = "Bitte über die Anbindung vorschlagen und durch eine zweite Person freigeben lassen."


def is_live(value: Participation | None) -> bool:
    """Return whether real applications are sent under a setting."""
    return value is not None and value.option.accepts and value.phase is Phase.LIVE


def going_live(tx: Transaction, values: Sequence[Participation]) -> list[int]:
    """Return the numbers of the settings that would make an authority live where it is not live on that day."""
    return [
        number
        for number, value in enumerate(values)
        if is_live(value) and not is_live(in_force(tx.registry.history(value.authority), value.valid_from))
    ]


def refuse(tx: Transaction, values: Sequence[Participation]) -> None:
    """Let no setting make an authority live.

    Raises:
        RoutingError: FOUR_EYES, naming every such setting.
    """
    found = going_live(tx, values)
    if found:
        prefix = [f"/{number}" if len(values) > 1 else "" for number in found]
        faults = [Fault(codes.FOUR_EYES, f"{one}/phase", "„live“ entsteht nur durch Freigabe.") for one in prefix]
        reason = "Live geht eine Behörde nur mit vollständigen Nachweisen, Vorschlag und Freigabe durch zwei Personen."
        raise RoutingError(codes.FOUR_EYES, reason, _HINT, faults)


def refuse_return(tx: Transaction, key: AuthorityKey, valid_from: date, today: date) -> None:
    """Let nobody make an authority live by taking back the setting that ended or paused it.

    Raises:
        RoutingError: FOUR_EYES.
    """
    history = tx.registry.history(key)
    rest = [one for one in history if one.valid_from != valid_from]
    comes_back = is_live(in_force(rest, valid_from)) and not is_live(in_force(history, valid_from))
    if comes_back and valid_from <= today and not is_live(in_force(history, today)):
        reason = "Diese Einstellung zurückzunehmen machte die Behörde wieder live."
        raise RoutingError(codes.FOUR_EYES, reason, "Bitte in der Anbindung fortsetzen oder neu freigeben lassen.")


def note_unapproved(world: World, tx: Transaction, values: Sequence[Participation], actor: str, reason: str) -> None:
    """Write into the journal which settings make an authority live without evidence and approval.

    Raises:
        RoutingError: FOUR_EYES in an installation marked PROD.
    """
    found = going_live(tx, values)
    if found and world.policy.production:
        text = "Diese Einrichtung ist PROD: Ohne Nachweise und Freigabe durch zwei Personen geht niemand live."
        raise RoutingError(codes.FOUR_EYES, text, _HINT)
    for number in found:
        facts = {"valid_from": values[number].valid_from.isoformat(), "environment": "TEST"}
        tx.journal.append(Act(actor, UNAPPROVED, values[number].authority, reason, facts))
