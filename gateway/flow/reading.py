"""What a portal reads of its replies, decrypted on the fly, and what it says when it has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.domain import codes
from gateway.domain.case import Client
from gateway.domain.errors import SubmissionError
from gateway.domain.journal import Act
from gateway.domain.reply import Reply, ReplyPart, ReplyState
from gateway.flow.replies import key_of
from gateway.ports import Transaction, World
from gateway.seal.cipher import unseal_chunks


def own_replies(world: World, client: Client, after: int, limit: int) -> Sequence[Reply]:
    """Return the caller's replies after a cursor, in the order in which they became readable."""
    with world.store.reading() as tx:
        return tx.replies.released(client.name, after, limit)


def own_reply(world: World, client: Client, reply_id: str) -> Reply:
    """Return the caller's reply; another's is as unknown as none.

    Raises:
        SubmissionError: NOT_FOUND.
    """
    with world.store.reading() as tx:
        return _own(tx, client, reply_id)


def attachment(world: World, reply: Reply, index: int) -> tuple[ReplyPart, Iterator[bytes]]:
    """Return an attachment of a reply and its bytes, opened at once and decrypted as they are read.

    The last piece comes only after the tag has proved all of them; otherwise the iterator raises.

    Raises:
        SubmissionError: NOT_FOUND, KEY_ERASED.
    """
    if not 0 <= index < len(reply.parts):
        raise SubmissionError(codes.NOT_FOUND, f"Diese Antwort hat {len(reply.parts)} Anlagen, gezählt ab 0.")
    part = reply.parts[index]
    key = key_of(world, reply)
    stream = world.vault.open(reply.id, part.name)

    def pieces() -> Iterator[bytes]:
        with stream:
            yield from unseal_chunks(stream, key)

    return part, pieces()


def acknowledge(world: World, client: Client, reply_id: str) -> Reply:
    """Note that the portal has a reply: its key is gone with this very commit, its files follow. May be repeated.

    Raises:
        SubmissionError: NOT_FOUND.
    """
    with world.store.writing() as tx:
        reply = _own(tx, client, reply_id)
        if reply.state is not ReplyState.MATCHED:
            return reply
        done = reply.moved(ReplyState.ACKNOWLEDGED, wrapped_key=None, acknowledged_at=world.clock.now())
        tx.replies.save(done)
        tx.replies.drop_sealed(done.id)
        facts = {"reply_id": done.id, "number": done.number}
        tx.journal.append(Act(f"portal:{client.name}", "reply.acknowledged", done.case_number, facts=facts))
    return done


def in_states(world: World, states: Sequence[ReplyState], after: int = 0, limit: int = 100) -> Sequence[Reply]:
    """Return replies in some states, in order of arrival."""
    with world.store.reading() as tx:
        return tx.replies.in_states(states, after=after, limit=limit)


def _own(tx: Transaction, client: Client, reply_id: str) -> Reply:
    reply = tx.replies.get(reply_id)
    if reply is None or not reply.cursor or reply.client != client.name:
        raise SubmissionError(codes.NOT_FOUND, "Diese Antwort gibt es nicht.")
    return reply


__all__ = ["acknowledge", "attachment", "in_states", "own_replies", "own_reply"]
