"""Stores with many cases of one authority and as many matched replies, filled in bulk, and replies to look up there."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from gateway.domain.case import Case, Delivery
from gateway.domain.delivery import State
from gateway.domain.ids import MessageId
from gateway.domain.reply import Proof, Reply, ReplyState
from gateway.edges.store import open_store
from gateway.edges.store.cases import _values as case_values
from gateway.edges.store.deliveries import _values as delivery_values
from gateway.edges.store.engine import open_engines
from gateway.edges.store.replies import _values as reply_values
from gateway.edges.store.reply_tables import REPLIES
from gateway.edges.store.tables import CASES, DELIVERIES
from gateway.flow.matching import Clues
from gateway.ports import Store
from tests.kit.stores import AHLEN, DAWN, StillClock, a_case, a_delivery, uuid_of

DELIVERY_FIELDS = tuple(field.name for field in fields(Delivery) if field.name != "position")


def clues(**changes: Any) -> Clues:
    """Return the clues of a receipt from Ahlen that says nothing."""
    given: dict[str, Any] = {
        "accounts": frozenset({AHLEN}), "number": "1120", "release": "2.6", "test": False,
        "received_at": DAWN + timedelta(days=1), "reference": None, "reference_as_sent": "", "file_reference": "",
        "in_reply_to": None,
    }  # fmt: skip
    return Clues(**(given | changes))


def sent(number: int, **changes: Any) -> tuple[Case, Delivery]:
    """Return a case that the authority has."""
    case = a_case(number, state=State.HANDED_OVER, **changes)
    return case, a_delivery(number, case, state=State.HANDED_OVER, authority=case.authority)


def known_clues(number: int) -> Clues:
    """Return what a reply to the case of that number says."""
    meant = a_delivery(number).message_id
    return clues(reference=a_case(number).reference, in_reply_to=meant, file_reference=f"63/{number}")


def lost_clues(number: int) -> Clues:
    """Return what a reply to a case that nobody knows says."""
    return clues(reference=UUID(int=number), in_reply_to=MessageId(str(uuid_of(9 * 10**7 + number))))


def filled(folder: Path, count: int) -> Store:
    """Return a store with as many cases, all of one authority, and as many matched replies; filled in bulk."""
    address = f"sqlite:///{folder / 'x.db'}"
    store = open_store(address, StillClock())
    made = [sent(number, file_reference=f"63/{number}") for number in range(1, count + 1)]
    replies = [_reply(case, number) for number, (case, _) in enumerate(made, start=1)]
    engines = open_engines(address)
    with engines.writer.begin() as connection:
        connection.execute(insert(CASES), [case_values(case) for case, _ in made])
        connection.execute(insert(DELIVERIES), [delivery_values(delivery, DELIVERY_FIELDS) for _, delivery in made])
        connection.execute(insert(REPLIES), [reply_values(reply) for reply in replies])
    engines.dispose()
    return store


def _reply(case: Case, number: int) -> Reply:
    identity = str(uuid_of(number + 5 * 10**6))
    return Reply(
        identity, AHLEN, "file_drop", f"t-{number}", DAWN, Proof.UNSIGNED, "ab" * 32, 1000, b"key", message_id=identity,
        number="1120", release="2.6", state=ReplyState.MATCHED, case_id=case.id, case_number=case.number,
        client="portal", cursor=number,
    )  # fmt: skip
