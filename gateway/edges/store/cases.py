"""Cases and their small sealed parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, text, update

from gateway.domain.case import Case, Part
from gateway.domain.deadlines import PLANS_MOOT
from gateway.domain.delivery import PlansState, State
from gateway.domain.ids import AuthorityKey, CaseNumber, DocumentId, read_case_number
from gateway.edges.store.tables import CASES, DELIVERIES, OVER, SEALED

_FIELDS = tuple(field.name for field in fields(Case))
_FIXED = ("number", "client", "portal_reference", "reference", "created_at", "follows")
"""What never changes in a case; a save that would change it finds no row."""

_FOUND = 50
_ADD = insert(CASES)
_GET = select(CASES).where(CASES.c.id == bindparam("key"))
_BY_NUMBER = select(CASES).where(text("follows = ''"), CASES.c.number == bindparam("key"))
_BY_REFERENCE = (
    select(CASES)
    .where(CASES.c.reference == bindparam("key"))
    .order_by(CASES.c.created_at, CASES.c.id)
    .limit(bindparam("most"))
)
_BY_FILE_REFERENCE = (
    select(CASES)
    .where(text("file_reference <> ''"), CASES.c.file_reference == bindparam("key"))
    .order_by(CASES.c.created_at.desc(), CASES.c.id)
    .limit(bindparam("most"))
)
_SAVE = update(CASES).where(
    CASES.c.id == bindparam("key"), *(CASES.c[name] == bindparam(f"same_{name}") for name in _FIXED)
)
_EXPIRED = (
    select(CASES)
    .where(text("state = 'draft'"), CASES.c.expires_at <= bindparam("now"))
    .order_by(CASES.c.expires_at)
    .limit(bindparam("most"))
)
_PLANS_OVERDUE = (
    select(func.count())
    .select_from(CASES)
    .where(text("plans = 'plans_overdue'"), CASES.c.test.is_(False), CASES.c.state.not_in(PLANS_MOOT))
)
_ERASABLE = select(CASES).where(text(OVER)).order_by(CASES.c.created_at).limit(bindparam("most"))
_FIND = (
    select(CASES)
    .where(
        CASES.c.id.in_(
            select(CASES.c.id)
            .where(CASES.c.id == bindparam("low"))
            .union(
                select(CASES.c.id).where(text("follows = ''"), CASES.c.number == bindparam("number")),
                select(CASES.c.id).where(text("follows <> ''"), CASES.c.number == bindparam("number")),
                select(CASES.c.id).where(CASES.c.portal_reference == bindparam("plain")),
                select(CASES.c.id).where(text("file_reference <> ''"), CASES.c.file_reference == bindparam("plain")),
                select(CASES.c.id).where(text("overview_sha256 <> ''"), CASES.c.overview_sha256 == bindparam("low")),
                select(DELIVERIES.c.case_id).where(DELIVERIES.c.message_id == bindparam("low")),
            )
        )
    )
    .order_by(CASES.c.created_at.desc(), CASES.c.number)
    .limit(_FOUND)
)
_ONE_SEALED = (SEALED.c.case_id == bindparam("key"), SEALED.c.name == bindparam("part"))
_GET_SEALED = select(SEALED.c.octets).where(*_ONE_SEALED)
_PUT_SEALED = text(
    "INSERT INTO sealed (case_id, name, octets) VALUES (:case_id, :name, :octets)"
    " ON CONFLICT (case_id, name) DO UPDATE SET octets = excluded.octets"
)
_DROP_SEALED = delete(SEALED).where(SEALED.c.case_id == bindparam("key"))


class SqlCases:
    """The cases of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, case: Case) -> None:
        """Keep a new case."""
        self._connection.execute(_ADD, _values(case))

    def get(self, case_id: str) -> Case | None:
        """Return the case with an id."""
        return self._one(_GET, case_id)

    def by_number(self, number: CaseNumber) -> Case | None:
        """Return the submission that opened the case with a number."""
        return self._one(_BY_NUMBER, number)

    def find(self, text: str) -> Sequence[Case]:
        """Return cases by number, id, portal reference, file reference, message id or overview digest, newest first."""
        plain = text.strip()
        if not (plain and plain.isprintable()):
            return []
        low = plain.lower().removeprefix("urn:uuid:")
        wanted = {"plain": plain, "low": low, "number": read_case_number(plain) or ""}
        return [_case(row) for row in self._connection.execute(_FIND, wanted)]

    def by_reference(self, reference: UUID) -> Sequence[Case]:
        """Return the case with a referenzAntragsservice and what followed it, oldest first."""
        wanted = {"key": str(reference), "most": _FOUND}
        return [_case(row) for row in self._connection.execute(_BY_REFERENCE, wanted)]

    def by_file_reference(self, file_reference: str) -> Sequence[Case]:
        """Return cases with an authority's file reference, newest first."""
        wanted = {"key": file_reference, "most": _FOUND}
        return [_case(row) for row in self._connection.execute(_BY_FILE_REFERENCE, wanted)]

    def save(self, case: Case) -> None:
        """Keep a case as it is now.

        Raises:
            LookupError: there is no such case, or its number, client, references or time of creation would change.
        """
        values = _values(case)
        fixed = {"key": values.pop("id")} | {f"same_{name}": values.pop(name) for name in _FIXED}
        if self._connection.execute(_SAVE, fixed | values).rowcount != 1:
            raise LookupError(f"no case {case.id} with this number, client and reference")

    def put_sealed(self, case_id: str, name: str, octets: bytes) -> None:
        """Keep a small part's ciphertext; the same name again replaces it."""
        self._connection.execute(_PUT_SEALED, {"case_id": case_id, "name": name, "octets": octets})

    def get_sealed(self, case_id: str, name: str) -> bytes | None:
        """Return a small part's ciphertext."""
        octets = self._connection.execute(_GET_SEALED, {"key": case_id, "part": name}).scalar_one_or_none()
        return None if octets is None else bytes(octets)

    def drop_sealed(self, case_id: str) -> None:
        """Delete all small parts of a case."""
        self._connection.execute(_DROP_SEALED, {"key": case_id})

    def expired(self, now: datetime, limit: int) -> Sequence[Case]:
        """Return drafts whose time has run out, the longest overdue first."""
        return [_case(row) for row in self._connection.execute(_EXPIRED, {"now": now, "most": limit})]

    def plans_overdue(self) -> int:
        """Return how many cases wait for plans beyond their day."""
        return int(self._connection.execute(_PLANS_OVERDUE).scalar_one())

    def erasable(self, limit: int) -> Sequence[Case]:
        """Return cases that are delivered, withdrawn or expired and whose content is still there, oldest first."""
        return [_case(row) for row in self._connection.execute(_ERASABLE, {"most": limit})]

    def _one(self, statement: Any, key: str) -> Case | None:
        if not key.isprintable():  # PostgreSQL refuses NUL, both refuse half a surrogate pair
            return None
        row = self._connection.execute(statement, {"key": key}).one_or_none()
        return None if row is None else _case(row)


def _values(case: Case) -> dict[str, Any]:
    values = {name: getattr(case, name) for name in _FIELDS}
    values["reference"] = str(case.reference)
    values["state"] = case.state.value
    values["plans"] = case.plans.value
    values["parts"] = [[part.index, part.document_id, part.size, part.sha256] for part in case.parts]
    return values


def _case(row: Row[Any]) -> Case:
    values: dict[str, Any] = row._asdict()
    values["number"] = CaseNumber(values["number"])
    values["authority"] = AuthorityKey(values["authority"])
    values["reference"] = UUID(values["reference"])
    values["state"] = State(values["state"])
    values["plans"] = PlansState(values["plans"])
    values["parts"] = tuple(
        Part(index, DocumentId(document), size, sha256) for index, document, size, sha256 in values["parts"]
    )
    key = values["wrapped_key"]
    values["wrapped_key"] = None if key is None else bytes(key)
    return Case(**values)
