"""Where an application is: everything about the cases that a text may mean."""

from __future__ import annotations

from typing import Any

from gateway.api.operator.delivery_rows import delivery_out, ways_of
from gateway.api.operator.words import meaning
from gateway.domain.case import Case
from gateway.domain.deadlines import standing, submitted_on
from gateway.domain.delivery import TITLES
from gateway.domain.journal import Entry
from gateway.flow.cases import authority_of
from gateway.ports import World


def trace_of(world: World, q: str) -> list[dict[str, Any]]:
    """Return everything about the cases that a text may mean; the command line shows the same."""
    with world.store.reading() as tx:
        found = [
            (case, tx.deliveries.of_case(case.id), list(tx.journal.read(subject=case.number)))
            for case in tx.cases.find(q)
        ]
        ways = ways_of(tx)
    return [
        {
            "case": _case(world, case),
            "deliveries": [delivery_out(world, one, ways.get(one.authority)) for one in sent],
            "events": [_event(entry) for entry in entries],
        }
        for case, sent, entries in found
    ]


def _case(world: World, case: Case) -> dict[str, Any]:
    names = (
        "id",
        "number",
        "client",
        "portal_reference",
        "municipality",
        "procedure",
        "authority",
        "option",
        "release",
    )
    moments = ("created_at", "accepted_at", "handed_over_at", "erased_at", "plans_due", "plans_arrived_on")
    shown: dict[str, Any] = {name: getattr(case, name) for name in names}
    shown |= {name: moment.isoformat() if (moment := getattr(case, name)) else None for name in moments}
    return shown | {
        "state": case.state.value,
        "state_label": TITLES[case.state],
        "test": case.test,
        "plans": case.plans.value,
        "posted_plans": case.posted_plans,
        "submitted_on": submitted.isoformat() if (submitted := submitted_on(case)) else None,
        "standing": standing(case),
        "file_reference": case.file_reference,
        "size": case.size,
        "attachments": len(case.parts),
        "authority_name": authority_of(world, case.authority).name,
        "follows": case.follows,
    }


def _event(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "what": entry.act.what,
        "text": meaning(entry.act.what),
        "actor": entry.act.actor,
        "why": entry.act.why,
        "facts": dict(entry.act.facts),
    }
