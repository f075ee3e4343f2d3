"""Telling portals by signed webhook (Standard Webhooks 1.0): ids and event only, retried, replayable."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError, GatewayError, SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.domain.reply import Notice, NoticeState, Webhook, event_id
from gateway.ports import Courier, Transaction, World
from gateway.seal.wrap import wrap

RETRIES = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""Seconds before each further attempt; after the last one the notice has failed and waits for a replay."""

PORTALS = AuthorityKey("portal")
"""What the trust anchors of the portals' own servers are held under; without any, the system's count."""

CLAIM = 120.0
"""Seconds after which a notice whose worker died is tried again."""

PREFIX = "whsec_"
BATCH = 50
GONE = 410


def add(world: World, client: str, url: str, actor: str) -> tuple[Webhook, str]:
    """Keep a webhook and return it with its secret (`whsec_…`), which is shown this once.

    Raises:
        ConfigurationError: ADDRESS_FORBIDDEN unless it is https to an allow-listed host.
    """
    _courier(world).allow(url)
    secret = world.chance.octets(32)
    now = world.clock.now()
    wrapped = wrap(secret, world.keyring.wrapping_certificate(now), purpose_at=now)
    webhook = Webhook(str(world.chance.uuid()), client, url, wrapped, now)
    with world.store.writing() as tx:
        tx.webhooks.add(webhook)
        tx.journal.append(Act(actor, "webhook.added", client, facts={"webhook_id": webhook.id, "url": url}))
    return webhook, PREFIX + base64.b64encode(secret).decode("ascii")


def remove(world: World, webhook_id: str, actor: str) -> None:
    """Forget a webhook with everything that was to be sent there. Raises: SubmissionError NOT_FOUND."""
    with world.store.writing() as tx:
        webhook = _found(tx, webhook_id)
        tx.webhooks.remove(webhook_id)
        tx.journal.append(Act(actor, "webhook.removed", webhook.client, facts={"webhook_id": webhook_id}))


def replay(world: World, webhook_id: str, since: datetime, actor: str, *, failed_only: bool = False) -> int:
    """Send the notices since a moment again, under their own ids; a webhook that was switched off is on again.

    Raises:
        SubmissionError: NOT_FOUND.
    """
    now, after, again = world.clock.now(), 0, 0
    with world.store.writing() as tx:
        webhook = _found(tx, webhook_id)
        while notices := tx.webhooks.notices(webhook_id, after=after, limit=500):
            for notice in notices:
                if notice.at >= since and (notice.state is NoticeState.FAILED or not failed_only):
                    fresh = replace(notice, state=NoticeState.WAITING, attempt=0, next_at=now)
                    again += tx.webhooks.save(fresh, attempt=notice.attempt)
            after = notices[-1].position
        tx.webhooks.disable(webhook_id, False)
        facts = {"webhook_id": webhook_id, "notices": again, "since": since.isoformat()}
        tx.journal.append(Act(actor, "webhook.replayed", webhook.client, facts=facts))
    return again


def tell(world: World, tx: Transaction, client: str, event: str, data: Mapping[str, str]) -> None:
    """Note an event for every webhook of a portal, in the transaction that made it true."""
    now = world.clock.now()
    for webhook in tx.webhooks.of_client(client):
        if not webhook.disabled:
            notice = Notice(event_id(world.chance.uuid()), webhook.id, event, data, now, next_at=now)
            tx.webhooks.notify(notice)


def due(world: World) -> list[str]:
    """Return the ids of webhooks for which something is due."""
    with world.store.reading() as tx:
        return list(tx.webhooks.due_hooks(world.clock.now()))


def send_due(world: World, webhook_id: str) -> int:
    """Send what is due to one webhook, oldest first, and return how many arrived; stops at the first that fails."""
    courier = _courier(world)
    claimed = _claimed(world, webhook_id)
    for arrived, notice in enumerate(claimed):
        with world.store.reading() as tx:
            webhook = tx.webhooks.get(webhook_id)
        if webhook is None or webhook.disabled:
            _give_back(world, claimed[arrived:], world.clock.now())
            return arrived
        status = _post(world, courier, webhook, notice)
        again = _record(world, webhook, notice, status)
        if not 200 <= status < 300:
            _give_back(world, claimed[arrived + 1 :], again or world.clock.now())
            return arrived
    return len(claimed)


def signature(secret: bytes, identity: str, timestamp: int, body: bytes) -> str:
    """Return the `webhook-signature` of a body: `v1,` and base64 of HMAC-SHA256 over id, timestamp and body."""
    signed = b".".join([identity.encode(), str(timestamp).encode(), body])
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode("ascii")


def body_of(notice: Notice) -> bytes:
    """Return what is sent of a notice: the event, its time, and ids; never content."""
    value = {"type": notice.event, "timestamp": notice.at.isoformat(), "data": dict(notice.data)}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _claimed(world: World, webhook_id: str) -> list[Notice]:
    """Return what is due, each with its attempt counted and its next one set before anything is sent."""
    now = world.clock.now()
    with world.store.writing() as tx:
        mine = []
        for notice in tx.webhooks.due(webhook_id, now, BATCH):
            tried = replace(notice, attempt=notice.attempt + 1, next_at=now + timedelta(seconds=CLAIM))
            if tx.webhooks.save(tried, attempt=notice.attempt):
                mine.append(tried)
    return mine


def _post(world: World, courier: Courier, webhook: Webhook, notice: Notice) -> int:
    body = body_of(notice)
    timestamp = int(world.clock.now().timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": "Bauweiche",
        "webhook-id": notice.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(world.keyring.unwrap(webhook.wrapped_secret), notice.id, timestamp, body),
    }
    try:
        return courier.post(webhook.url, headers, body)
    except GatewayError:  # an address that is not allowed any more, or does not resolve: as good as no answer
        return 0


def _give_back(world: World, notices: Sequence[Notice], at: datetime) -> None:
    """Let claimed notices wait until `at`, never longer than a claim lasts: nobody tried them, no attempt counts."""
    if not notices:
        return
    with world.store.writing() as tx:
        for notice in notices:
            soon = min(at, notice.next_at or at)
            tx.webhooks.save(replace(notice, attempt=notice.attempt - 1, next_at=soon), attempt=notice.attempt)


def _record(world: World, webhook: Webhook, notice: Notice, status: int) -> datetime | None:
    """Keep what came of an attempt and return when the next one is due; None: no further one."""
    after = outcome(notice, status, world.clock.now())
    with world.store.writing() as tx:
        if not tx.webhooks.save(after, attempt=notice.attempt):
            return after.next_at
        facts = {"webhook_id": webhook.id, "notice": notice.id, "status": status, "attempt": notice.attempt}
        if after.state is NoticeState.FAILED:
            tx.journal.append(Act("gateway", "webhook.failed", webhook.client, facts=facts))
        if status == GONE:  # Standard Webhooks: the receiver wants nothing more
            tx.webhooks.disable(webhook.id, True)
            tx.journal.append(Act("gateway", "webhook.disabled", webhook.client, facts=facts))
    return after.next_at


def outcome(notice: Notice, status: int, now: datetime) -> Notice:
    """Return a notice after an attempt: delivered by any 2xx, else tried again later, at last failed."""
    if 200 <= status < 300:
        return replace(notice, state=NoticeState.DELIVERED, next_at=None, status=status)
    if status == GONE or notice.attempt > len(RETRIES):
        return replace(notice, state=NoticeState.FAILED, next_at=None, status=status)
    return replace(notice, status=status, next_at=now + timedelta(seconds=RETRIES[notice.attempt - 1]))


def _found(tx: Transaction, webhook_id: str) -> Webhook:
    webhook = tx.webhooks.get(webhook_id)
    if webhook is None:
        raise SubmissionError(codes.NOT_FOUND, "Diesen Webhook gibt es nicht.")
    return webhook


def _courier(world: World) -> Courier:
    if world.courier is None:
        raise ConfigurationError(codes.CONFIGURATION, "Diese Einrichtung kann keine Webhooks senden.")
    return world.courier
