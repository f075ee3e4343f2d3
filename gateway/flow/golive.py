"""Nobody makes an authority live by a setting: that takes evidence, a proposal and a second person's approval.

Only an installation that is not marked PROD may put one live without, for rehearsals and demonstrations; it says so
in the journal each time. Nor does a setting bring an authority that is live end-to-end encryption on a way that offers
it beside clear content: its software may lose such messages silently, so a test message must come back opened first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gateway.domain import codes
from gateway.domain.errors import Fault, RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.domain.participation import Participation, Phase, Protection, in_force
from gateway.ports import Transaction, World

UNAPPROVED = "participation.live_unapproved"
_HINT = "Bitte über die Anbindung vorschlagen und durch eine zweite Person freigeben lassen."
_HINT_TEST = "Bitte die Behörde dafür auf „test“ setzen, eine Testnachricht senden und danach neu freigeben lassen."


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


def unopened(world: World, tx: Transaction, values: Sequence[Participation]) -> list[int]:
    """Return the numbers of the settings by which a live authority would get messages it has not shown to open."""
    return [number for number, value in enumerate(values) if is_live(value) and _unopened(world, tx, value)]


def _unopened(world: World, tx: Transaction, value: Participation) -> bool:
    before = in_force(tx.registry.history(value.authority), value.valid_from)
    plugin = world.plugins.get(value.adapter)
    if before is None or not is_live(before) or value.protection is not Protection.END_TO_END:
        return False
    opens_already = (before.adapter, before.protection) == (value.adapter, value.protection)
    return plugin is not None and Protection.TRANSPORT in plugin.protections and not opens_already


def refuse(world: World, tx: Transaction, values: Sequence[Participation]) -> None:
    """Let no setting make an authority live, nor give a live one content it has not shown to open.

    Raises:
        RoutingError: FOUR_EYES, naming every such setting; PARTICIPATION_INVALID for the protection.
    """
    found, shut = going_live(tx, values), unopened(world, tx, values)
    if found:
        text = "„live“ entsteht nur durch Freigabe."
        faults = [Fault(codes.FOUR_EYES, f"{_place(values, one)}/phase", text) for one in found]
        reason = "Live geht eine Behörde nur mit vollständigen Nachweisen, Vorschlag und Freigabe durch zwei Personen."
        raise RoutingError(codes.FOUR_EYES, reason, _HINT, faults)
    if shut:
        text = "„end_to_end“ erst, wenn eine Testnachricht so geschützt als geöffnet zurückkam."
        faults = [Fault(codes.PARTICIPATION_INVALID, f"{_place(values, one)}/protection", text) for one in shut]
        reason = "Ende-zu-Ende verschlüsselt wird erst, wenn die Software der Behörde eine Testnachricht geöffnet hat."
        raise RoutingError(codes.PARTICIPATION_INVALID, reason, _HINT_TEST, faults)


def _place(values: Sequence[Participation], number: int) -> str:
    return f"/{number}" if len(values) > 1 else ""


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
    """Write into the journal which settings need no evidence and approval here, though elsewhere they would.

    Raises:
        RoutingError: FOUR_EYES in an installation marked PROD.
    """
    found = sorted({*going_live(tx, values), *unopened(world, tx, values)})
    if found and world.policy.production:
        text = "Diese Einrichtung ist PROD: Ohne Nachweise und Freigabe durch zwei Personen geht niemand live."
        raise RoutingError(codes.FOUR_EYES, text, _HINT)
    for number in found:
        facts = {"valid_from": values[number].valid_from.isoformat(), "environment": "TEST"}
        tx.journal.append(Act(actor, UNAPPROVED, values[number].authority, reason, facts))
