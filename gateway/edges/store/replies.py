"""Replies with their small sealed parts, and the rounds that collect them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, text, update

from gateway.domain import codes
from gateway.domain.ids import AuthorityKey
from gateway.domain.reply import Candidate, Proof, Reply, ReplyPart, ReplyState, Round
from gateway.edges.store.reply_tables import OVER, RELEASED, REPLIES, REPLY_SEALED, ROUNDS

_FIELDS = tuple(field.name for field in fields(Reply) if field.name != "position")
_FIXED = ("authority", "via", "transport_id", "received_at", "sha256", "message_id")
"""What never changes in a reply; a save that would change it finds no row."""

_ADD = insert(REPLIES)
_GET = select(REPLIES).where(REPLIES.c.id == bindparam("key"))
_BY_TRANSPORT = select(REPLIES).where(
    REPLIES.c.authority == bindparam("sender"), REPLIES.c.transport_id == bindparam("key")
)
_BY_MESSAGE = (
    select(REPLIES)
    .where(text("message_id <> ''"), REPLIES.c.message_id == bindparam("key"))
    .where(REPLIES.c.authority == bindparam("sender"))
    .order_by(REPLIES.c.position)
    .limit(1)
)  # fmt: skip
_SAVE = update(REPLIES).where(
    REPLIES.c.id == bindparam("key"), *(REPLIES.c[name] == bindparam(f"same_{name}") for name in _FIXED)
)
_UNUSABLE = (
    select(REPLIES)
    .where(text("message_id <> ''"), REPLIES.c.message_id == bindparam("place"))
    .where(REPLIES.c.authority == bindparam("sender"), REPLIES.c.code == codes.REPLY_UNUSABLE.name)
)
_CURSOR = select(func.max(REPLIES.c.cursor)).where(text(RELEASED))
_RELEASED = (
    select(REPLIES)
    .where(text(RELEASED), REPLIES.c.client == bindparam("portal"), REPLIES.c.cursor > bindparam("behind"))
    .order_by(REPLIES.c.cursor)
    .limit(bindparam("most"))
)
_OF_CASE = (
    select(REPLIES).where(text("case_id <> ''"), REPLIES.c.case_id == bindparam("key")).order_by(REPLIES.c.position)
)
_IN_STATE = (
    select(REPLIES)
    .where(REPLIES.c.state == bindparam("wanted"), REPLIES.c.position > bindparam("behind"))
    .order_by(REPLIES.c.position)
    .limit(bindparam("most"))
)
_QUARANTINED = select(func.count()).where(REPLIES.c.state == ReplyState.QUARANTINED.value)
_ERASABLE = select(REPLIES).where(text(OVER)).order_by(REPLIES.c.position).limit(bindparam("most"))
_ONE_SEALED = (REPLY_SEALED.c.reply_id == bindparam("key"), REPLY_SEALED.c.name == bindparam("part"))
_ADD_SEALED = insert(REPLY_SEALED)
_GET_SEALED = select(REPLY_SEALED.c.octets).where(*_ONE_SEALED)
_DROP_SEALED = delete(REPLY_SEALED).where(REPLY_SEALED.c.reply_id == bindparam("key"))
_ROUNDS = select(ROUNDS)
_SAVE_ROUND = update(ROUNDS).where(ROUNDS.c.authority == bindparam("key"))
_ADD_ROUND = insert(ROUNDS)


class SqlReplies:
    """The replies of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, reply: Reply) -> None:
        """Keep a new reply; its place is given by the database."""
        self._connection.execute(_ADD, _values(reply))

    def get(self, reply_id: str) -> Reply | None:
        """Return the reply with an id."""
        return self._one(_GET, {"key": reply_id})

    def by_transport_id(self, authority: AuthorityKey, transport_id: str) -> Reply | None:
        """Return what an authority handed in under an id of its way."""
        return self._one(_BY_TRANSPORT, {"sender": authority, "key": transport_id})

    def by_message_id(self, authority: AuthorityKey, message_id: str) -> Reply | None:
        """Return the first reply of an authority with a nachrichtenUUID."""
        return self._one(_BY_MESSAGE, {"sender": authority, "key": message_id})

    def save(self, reply: Reply) -> None:
        """Keep a reply as it is now.

        Raises:
            LookupError: there is no such reply, or what identifies it would change.
        """
        values = _values(reply)
        fixed = {"key": values.pop("id")} | {f"same_{name}": values.pop(name) for name in _FIXED}
        if self._connection.execute(_SAVE, fixed | values).rowcount != 1:
            raise LookupError(f"no reply {reply.id} from this authority")

    def next_cursor(self) -> int:
        """Return the number after the last one given; writers take turns, so nobody else gets it."""
        return int(self._connection.execute(_CURSOR).scalar() or 0) + 1

    def released(self, client: str, after: int, limit: int) -> Sequence[Reply]:
        """Return a portal's replies in the order in which they became readable."""
        wanted = {"portal": client, "behind": after, "most": limit}
        return [_reply(row) for row in self._connection.execute(_RELEASED, wanted)]

    def of_case(self, case_id: str) -> Sequence[Reply]:
        """Return the replies of a case, oldest first."""
        return [_reply(row) for row in self._connection.execute(_OF_CASE, {"key": case_id})]

    def in_states(self, states: Collection[ReplyState], *, after: int = 0, limit: int = 100) -> Sequence[Reply]:
        """Return replies in some states, in order of position."""
        found = [
            row
            for state in sorted(states)  # one by one the index gives the order, and nothing else is read
            for row in self._connection.execute(_IN_STATE, {"wanted": state.value, "behind": after, "most": limit})
        ]
        return [_reply(row) for row in sorted(found, key=lambda row: row.position)[:limit]]

    def unusable(self, authority: AuthorityKey, place: str) -> Sequence[Reply]:
        """Return what is noted as lying in a return folder and not to be taken."""
        return [_reply(row) for row in self._connection.execute(_UNUSABLE, {"sender": authority, "place": place})]

    def count_quarantined(self) -> int:
        """Return how many replies wait for a human."""
        return int(self._connection.execute(_QUARANTINED).scalar_one())

    def erasable(self, limit: int) -> Sequence[Reply]:
        """Return replies whose content nobody needs any more and is still there."""
        return [_reply(row) for row in self._connection.execute(_ERASABLE, {"most": limit})]

    def put_sealed(self, reply_id: str, name: str, octets: bytes) -> None:
        """Keep a small part's ciphertext, once."""
        self._connection.execute(_ADD_SEALED, {"reply_id": reply_id, "name": name, "octets": octets})

    def get_sealed(self, reply_id: str, name: str) -> bytes | None:
        """Return a small part's ciphertext."""
        octets = self._connection.execute(_GET_SEALED, {"key": reply_id, "part": name}).scalar_one_or_none()
        return None if octets is None else bytes(octets)

    def drop_sealed(self, reply_id: str) -> None:
        """Delete all small parts of a reply."""
        self._connection.execute(_DROP_SEALED, {"key": reply_id})

    def rounds(self) -> Sequence[Round]:
        """Return when each authority that was ever asked is asked again."""
        return [
            Round(AuthorityKey(row.authority), row.next_at, row.failures, row.reason)
            for row in self._connection.execute(_ROUNDS)
        ]

    def save_round(self, round_: Round) -> None:
        """Keep when an authority is asked next."""
        state: dict[str, Any] = {"next_at": round_.next_at, "failures": round_.failures, "reason": round_.reason}
        if self._connection.execute(_SAVE_ROUND, {"key": round_.authority} | state).rowcount == 0:
            self._connection.execute(_ADD_ROUND, {"authority": round_.authority} | state)

    def _one(self, statement: Any, wanted: dict[str, Any]) -> Reply | None:
        row = self._connection.execute(statement, wanted).one_or_none()
        return None if row is None else _reply(row)


def _values(reply: Reply) -> dict[str, Any]:
    values = {name: getattr(reply, name) for name in _FIELDS}
    values["state"] = reply.state.value
    values["proof"] = reply.proof.value
    values["facts"] = dict(reply.facts)
    values["parts"] = [[part.index, part.document_id, part.size, part.sha256, part.media_type] for part in reply.parts]
    values["candidates"] = [asdict(candidate) for candidate in reply.candidates]
    return values


def _reply(row: Row[Any]) -> Reply:
    values: dict[str, Any] = row._asdict()
    values["authority"] = AuthorityKey(values["authority"])
    values["state"] = ReplyState(values["state"])
    values["proof"] = Proof(values["proof"])
    values["parts"] = tuple(ReplyPart(*part) for part in values["parts"])
    values["candidates"] = tuple(
        Candidate(one["case_id"], one["case_number"], one["score"], tuple(one["reasons"]))
        for one in values["candidates"]
    )
    key = values["wrapped_key"]
    values["wrapped_key"] = None if key is None else bytes(key)
    return Reply(**values)
