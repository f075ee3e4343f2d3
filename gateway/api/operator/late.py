"""What is overdue, as rows: who has not fetched, and whose plans are late. The command line shows the same."""

from __future__ import annotations

from typing import Any

from gateway.api.operator.sifting import Fields
from gateway.domain.deadlines import level_of
from gateway.flow import clocks
from gateway.flow.days import unfetched
from gateway.ports import World

FIELDS: Fields = {"art": lambda row: "pläne" if "due" in row else "abruf"}
"""What the filter of the command line knows, as the console's does."""


def overdue_of(world: World) -> dict[str, list[dict[str, Any]]]:
    """Return `pickups` and `plans`, each the longest waiting first; `level` is 1, 2 or 5 working days (NB § 6)."""
    with world.store.reading() as tx:
        lax, late = unfetched(world, tx), clocks.overdue_plans(world, tx)
    pickups = [
        {
            "authority": one.ready.authority,
            "authority_name": one.name,
            "count": one.ready.count,
            "since": one.ready.since.isoformat(),
            "missed": one.missed,
            "level": level_of(one.missed),
            "case_number": one.ready.case_number,
            "message_id": one.ready.message_id,
            "adapter": one.ready.adapter,
        }
        for one in lax
    ]
    plans = [
        {
            "authority": one.authority,
            "authority_name": one.name,
            "case_number": one.case_number,
            "due": one.due.isoformat(),
        }
        for one in late
    ]
    return {"pickups": pickups, "plans": plans}
