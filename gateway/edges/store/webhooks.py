"""Webhooks of portals and the notices on their way there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, text, update

from gateway.domain.reply import Notice, NoticeState, Webhook
from gateway.edges.store.reply_tables import NOTICES, WAITING, WEBHOOKS

_ADD = insert(WEBHOOKS)
_GET = select(WEBHOOKS).where(WEBHOOKS.c.id == bindparam("key"))
_ALL = select(WEBHOOKS).order_by(WEBHOOKS.c.client, WEBHOOKS.c.created_at, WEBHOOKS.c.id)
_OF_CLIENT = select(WEBHOOKS).where(WEBHOOKS.c.client == bindparam("portal")).order_by(WEBHOOKS.c.created_at)
_DISABLE = update(WEBHOOKS).where(WEBHOOKS.c.id == bindparam("key"))
_REMOVE = delete(WEBHOOKS).where(WEBHOOKS.c.id == bindparam("key"))
_FORGET = delete(NOTICES).where(NOTICES.c.webhook_id == bindparam("key"))
_ADD_NOTICE = insert(NOTICES)
_SAVE_NOTICE = update(NOTICES).where(NOTICES.c.id == bindparam("key"), NOTICES.c.attempt == bindparam("before"))
_OF_HOOK = (
    select(NOTICES)
    .where(NOTICES.c.webhook_id == bindparam("key"), NOTICES.c.position > bindparam("behind"))
    .order_by(NOTICES.c.position)
    .limit(bindparam("most"))
)
_DUE_HOOKS = (
    select(WEBHOOKS.c.id)
    .where(WEBHOOKS.c.disabled.is_(False))
    .where(
        select(NOTICES.c.position)
        .where(text(WAITING), NOTICES.c.webhook_id == WEBHOOKS.c.id, NOTICES.c.next_at <= bindparam("now"))
        .exists()
    )
)
_DUE = (
    select(NOTICES)
    .where(text(WAITING), NOTICES.c.webhook_id == bindparam("key"), NOTICES.c.next_at <= bindparam("now"))
    .order_by(NOTICES.c.position)
    .limit(bindparam("most"))
)


class SqlWebhooks:
    """The webhooks and notices of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, webhook: Webhook) -> None:
        """Keep a new webhook."""
        names = ("id", "client", "url", "wrapped_secret", "created_at", "disabled")
        self._connection.execute(_ADD, {name: getattr(webhook, name) for name in names})

    def get(self, webhook_id: str) -> Webhook | None:
        """Return the webhook with an id."""
        row = self._connection.execute(_GET, {"key": webhook_id}).one_or_none()
        return None if row is None else _webhook(row)

    def all(self) -> Sequence[Webhook]:
        """Return every webhook, by portal."""
        return [_webhook(row) for row in self._connection.execute(_ALL)]

    def of_client(self, client: str) -> Sequence[Webhook]:
        """Return a portal's webhooks."""
        return [_webhook(row) for row in self._connection.execute(_OF_CLIENT, {"portal": client})]

    def disable(self, webhook_id: str, disabled: bool) -> None:
        """Switch a webhook off or on again."""
        self._connection.execute(_DISABLE, {"key": webhook_id, "disabled": disabled})

    def remove(self, webhook_id: str) -> bool:
        """Forget a webhook with its notices; False if there was none."""
        self._connection.execute(_FORGET, {"key": webhook_id})
        return self._connection.execute(_REMOVE, {"key": webhook_id}).rowcount == 1

    def notify(self, notice: Notice) -> None:
        """Keep a new notice."""
        self._connection.execute(_ADD_NOTICE, _values(notice))

    def save(self, notice: Notice, *, attempt: int) -> bool:
        """Keep a notice as it is now, unless another worker has tried it meanwhile; False then."""
        values = _values(notice)
        fixed = {"key": values.pop("id"), "before": attempt}
        return self._connection.execute(_SAVE_NOTICE, fixed | values).rowcount == 1

    def notices(self, webhook_id: str, *, after: int = 0, limit: int = 100) -> Sequence[Notice]:
        """Return the notices of a webhook, oldest first."""
        wanted = {"key": webhook_id, "behind": after, "most": limit}
        return [_notice(row) for row in self._connection.execute(_OF_HOOK, wanted)]

    def due_hooks(self, now: datetime) -> Sequence[str]:
        """Return the ids of webhooks for which something is due."""
        return list(self._connection.execute(_DUE_HOOKS, {"now": now}).scalars())

    def due(self, webhook_id: str, now: datetime, limit: int) -> Sequence[Notice]:
        """Return what is due for a webhook, oldest first."""
        wanted = {"key": webhook_id, "now": now, "most": limit}
        return [_notice(row) for row in self._connection.execute(_DUE, wanted)]


def _values(notice: Notice) -> dict[str, Any]:
    names = ("id", "webhook_id", "event", "at", "attempt", "next_at", "status")
    return {name: getattr(notice, name) for name in names} | {"state": notice.state.value, "data": dict(notice.data)}


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(row.id, row.client, row.url, bytes(row.wrapped_secret), row.created_at, row.disabled)


def _notice(row: Row[Any]) -> Notice:
    return Notice(**(row._asdict() | {"state": NoticeState(row.state)}))
