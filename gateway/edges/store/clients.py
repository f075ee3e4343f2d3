"""Callers with their hashed tokens, and the answers already given to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from gateway.domain.case import Answered, Client
from gateway.edges.store.tables import ANSWERED, CLIENTS

_ADD = insert(CLIENTS)
_PUT = insert(ANSWERED)
_BY_TOKEN = select(CLIENTS).where(CLIENTS.c.token_sha256 == bindparam("token"))
_ALL = select(CLIENTS).order_by(CLIENTS.c.name, CLIENTS.c.token_id)
_REVOKE = delete(CLIENTS).where(CLIENTS.c.token_id == bindparam("token"))
_GET = select(ANSWERED).where(ANSWERED.c.client == bindparam("caller"), ANSWERED.c.key == bindparam("call"))
_FORGET = delete(ANSWERED).where(ANSWERED.c.at < bindparam("before"))


class SqlClients:
    """The callers of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, client: Client, token_sha256: str) -> None:
        """Keep a caller's token by its digest."""
        values = {
            "token_sha256": token_sha256,
            "token_id": client.token_id,
            "name": client.name,
            "scopes": " ".join(sorted(client.scopes)),
            "expires_at": client.expires_at,
        }
        self._connection.execute(_ADD, values)

    def by_token(self, token_sha256: str) -> Client | None:
        """Return the caller behind a token's digest; whether it has expired is for the caller to see."""
        row = self._connection.execute(_BY_TOKEN, {"token": token_sha256}).one_or_none()
        return None if row is None else _client(row)

    def all(self) -> Sequence[Client]:
        """Return every token that was not revoked, by name."""
        return [_client(row) for row in self._connection.execute(_ALL)]

    def revoke(self, token_id: str) -> bool:
        """Forget a token; False if there was none."""
        return self._connection.execute(_REVOKE, {"token": token_id}).rowcount == 1


class SqlIdempotency:
    """The answered calls of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, client: str, key: str) -> Answered | None:
        """Return what a call with this key was answered."""
        row = self._connection.execute(_GET, {"caller": client, "call": key}).one_or_none()
        return None if row is None else Answered(row.body_sha256, row.made)

    def put(self, client: str, key: str, answered: Answered, at: datetime) -> None:
        """Keep the answer to a call; one per client and key, ever."""
        values = {"client": client, "key": key, "body_sha256": answered.body_sha256, "made": answered.made, "at": at}
        self._connection.execute(_PUT, values)

    def forget(self, before: datetime) -> int:
        """Drop answers given before a moment and return how many."""
        return self._connection.execute(_FORGET, {"before": before}).rowcount


def _client(row: Row[Any]) -> Client:
    return Client(row.name, frozenset(row.scopes.split()), row.expires_at, row.token_id)
