"""Mails: queued in the transaction that made them due, sent by the worker one after another, tried again later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.domain.errors import GatewayError, Unreachable
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.domain.notice_mail import Letter, Mail, MailState, address
from gateway.flow.days import may_write_now
from gateway.ports import Transaction, World

RETRIES = (60.0, 300.0, 900.0, 3600.0, 3600.0 * 3, 3600.0 * 6, *([3600.0 * 12] * 5))
"""Seconds before each further attempt; after the last one the mail has failed."""

CLAIM = 300.0
"""Seconds after which a mail whose worker died is tried again: longer than one attempt may take."""

BATCH = 50


def queue(world: World, tx: Transaction, to: Iterable[str], letter: Letter, subject: str = "") -> int:
    """Queue a letter for each address and return for how many; an unusable address is journaled about `subject`."""
    if world.mailer is None:
        return 0
    now = world.clock.now()
    queued = 0
    for text in dict.fromkeys(to):
        try:
            receiver = address(text)
        except GatewayError as error:
            tx.journal.append(Act("gateway", "mail.address_refused", subject, error.reason))
            continue
        tx.mails.add(Mail(str(world.chance.uuid()), receiver, letter.subject, letter.body, now, next_at=now))
        queued += 1
    return queued


def addresses(tx: Transaction, key: AuthorityKey) -> list[str]:
    """Return the mail addresses of an authority's contacts."""
    return [contact.email for contact in tx.dossiers.get(key).contacts if contact.email]


def is_due(world: World) -> bool:
    """Return whether a mail is to be sent now; what could not be sent by day waits for the next working day."""
    if world.mailer is None:
        return False
    with world.store.reading() as tx:
        return bool(tx.mails.due(world.clock.now(), 1)) and may_write_now(world, tx)


def send_due(world: World) -> int:
    """Send what is due, and return how many the mail server took; a server that cannot be reached ends the round."""
    sent = 0
    if not is_due(world):
        return sent
    for _ in range(BATCH):
        mail = _claimed(world)
        if mail is None or world.mailer is None:
            break
        error: GatewayError | None = None
        try:
            world.mailer.send(mail)
        except GatewayError as caught:
            error = caught
        _record(world, mail, error)
        if isinstance(error, Unreachable):
            break
        sent += error is None
    return sent


def outcome(mail: Mail, error: GatewayError | None, now: datetime) -> Mail:
    """Return a mail after an attempt: sent, tried again later, or failed for good."""
    if error is None:
        return replace(mail, state=MailState.SENT, next_at=None, reason="")
    if not isinstance(error, Unreachable) or mail.attempt > len(RETRIES):
        return replace(mail, state=MailState.FAILED, next_at=None, reason=error.reason)
    return replace(mail, next_at=now + timedelta(seconds=RETRIES[mail.attempt - 1]), reason=error.reason)


def _claimed(world: World) -> Mail | None:
    """Return the next mail that is due, its attempt counted before anything is sent."""
    now = world.clock.now()
    with world.store.writing() as tx:
        for mail in tx.mails.due(now, 1):
            tried = replace(mail, attempt=mail.attempt + 1, next_at=now + timedelta(seconds=CLAIM))
            if tx.mails.save(tried, attempt=mail.attempt):
                return tried
    return None


def _record(world: World, mail: Mail, error: GatewayError | None) -> None:
    after = outcome(mail, error, world.clock.now())
    with world.store.writing() as tx:
        if tx.mails.save(after, attempt=mail.attempt) and after.state is MailState.FAILED:
            facts = {"mail": mail.id, "attempt": mail.attempt}
            tx.journal.append(Act("gateway", "mail.failed", "", after.reason, facts))
