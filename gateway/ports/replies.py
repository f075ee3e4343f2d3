"""What the flow asks of the world outside about replies, as Protocols; part of `gateway.ports`, which hands them on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from gateway.domain.ids import AuthorityKey
from gateway.domain.reply import Notice, Reply, ReplyState, Round, Webhook


class Replies(Protocol):
    """What authorities sent back, with small sealed parts, and when they are asked again."""

    def add(self, reply: Reply) -> None: ...

    def get(self, reply_id: str) -> Reply | None: ...

    def by_transport_id(self, authority: AuthorityKey, transport_id: str) -> Reply | None: ...

    def by_message_id(self, authority: AuthorityKey, message_id: str) -> Reply | None:
        """Return the first reply of an authority with a nachrichtenUUID."""

    def save(self, reply: Reply) -> None: ...

    def next_cursor(self) -> int:
        """Return the next number of the order in which portals read."""

    def released(self, client: str, after: int, limit: int) -> Sequence[Reply]:
        """Return a portal's replies in the order in which they became readable, cursors above `after`."""

    def of_case(self, case_id: str) -> Sequence[Reply]: ...

    def in_states(self, states: Collection[ReplyState], *, after: int = 0, limit: int = 100) -> Sequence[Reply]:
        """Return replies in some states, in order of position."""

    def unusable(self, authority: AuthorityKey, place: str) -> Sequence[Reply]:
        """Return what is noted as lying in a return folder (its `message_id`) and not to be taken."""

    def count_quarantined(self) -> int:
        """Return how many replies wait for a human."""

    def erasable(self, limit: int) -> Sequence[Reply]:
        """Return replies whose content nobody needs any more and is still there."""

    def put_sealed(self, reply_id: str, name: str, octets: bytes) -> None: ...

    def get_sealed(self, reply_id: str, name: str) -> bytes | None: ...

    def drop_sealed(self, reply_id: str) -> None: ...

    def rounds(self) -> Sequence[Round]:
        """Return when each authority that was ever asked for replies is asked again."""

    def save_round(self, round_: Round) -> None: ...


class Webhooks(Protocol):
    """Where portals want to be told, and the notices on their way there."""

    def add(self, webhook: Webhook) -> None: ...

    def get(self, webhook_id: str) -> Webhook | None: ...

    def all(self) -> Sequence[Webhook]: ...

    def of_client(self, client: str) -> Sequence[Webhook]: ...

    def disable(self, webhook_id: str, disabled: bool) -> None: ...

    def remove(self, webhook_id: str) -> bool: ...

    def notify(self, notice: Notice) -> None: ...

    def save(self, notice: Notice, *, attempt: int) -> bool:
        """Keep a notice whose stored attempt is `attempt`; False if another worker was faster, and nothing is kept."""

    def notices(self, webhook_id: str, *, after: int = 0, limit: int = 100) -> Sequence[Notice]: ...

    def due_hooks(self, now: datetime) -> Sequence[str]:
        """Return the ids of webhooks for which something is due."""

    def due(self, webhook_id: str, now: datetime, limit: int) -> Sequence[Notice]: ...


class Courier(Protocol):
    """Brings a notice to a portal over HTTPS."""

    def allow(self, url: str) -> None:
        """Raise ADDRESS_FORBIDDEN unless a notice may go there."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send a body and return the HTTP status; 0 if no answer came."""
