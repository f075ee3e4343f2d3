"""What a portal reads of its replies, decrypted on the fly, and what it says when it has them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from gateway.domain import codes
from gateway.domain.case import Client
from gateway.domain.counting import counted
from gateway.domain.errors import SubmissionError
from gateway.domain.journal import Act
from gateway.domain.reply import Reply, ReplyPart, ReplyState
from gateway.flow.receiving import harmless_type
from gateway.flow.replies_kept import key_of, message_of
from gateway.ports import Transaction, World
from gateway.seal.cipher import unseal_chunks
from gateway.xbau.read import Reply as Read
from gateway.xbau.read import ReplyDocument, read_reply


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

    The last piece comes only after the tag has proved all of them; otherwise the iterator raises. Behind the files that
    came beside the message follow those that stand in it (XBau 2.2).

    Raises:
        SubmissionError: NOT_FOUND, KEY_ERASED.
    """
    if not 0 <= index < len(reply.parts):
        return _inline(world, reply, index)
    part = reply.parts[index]
    key = key_of(world, reply)
    stream = world.vault.open(reply.id, part.name)

    def pieces() -> Iterator[bytes]:
        with stream:
            yield from unseal_chunks(stream, key)

    return part, pieces()


def inline_documents(value: Read) -> tuple[ReplyDocument, ...]:
    """Return the documents whose bytes stand in the message itself."""
    return tuple(document for document in value.documents if document.content is not None)


def _inline(world: World, reply: Reply, index: int) -> tuple[ReplyPart, Iterator[bytes]]:
    inline = inline_documents(read_reply(message_of(world, reply)))
    if not len(reply.parts) <= index < len(reply.parts) + len(inline):
        count = len(reply.parts) + len(inline)
        raise SubmissionError(
            codes.NOT_FOUND, f"Diese Antwort hat {counted(count, 'Anlage', 'Anlagen')}, gezählt ab 0."
        )
    document = inline[index - len(reply.parts)]
    content = document.content or b""
    digest = hashlib.sha256(content).hexdigest()
    return ReplyPart(index, "", len(content), digest, harmless_type(document.mime_type)), iter((content,))


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


def _own(tx: Transaction, client: Client, reply_id: str) -> Reply:
    reply = tx.replies.get(reply_id)
    if reply is None or not reply.cursor or reply.client != client.name:
        raise SubmissionError(codes.NOT_FOUND, "Diese Antwort gibt es nicht.")
    return reply
