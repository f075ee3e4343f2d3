"""A reply as it is kept: its row, its sealed message, and what its attachments were called."""

from __future__ import annotations

import json

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.reply import Reply
from gateway.flow.replies_arrived import Arrived, Named
from gateway.ports import Transaction, World
from gateway.seal.cipher import seal, unseal

MESSAGE = "message"
"""Name of the sealed small part that holds the XBau message."""

NAMES = "names"
"""Name of the sealed small part that holds what the attachments were called."""


def found(tx: Transaction, reply_id: str) -> Reply:
    """Return a reply.

    Raises:
        SubmissionError: NOT_FOUND.
    """
    reply = tx.replies.get(reply_id)
    if reply is None:
        raise SubmissionError(codes.NOT_FOUND, "Diese Antwort gibt es nicht.")
    return reply


def existing(world: World, reply_id: str) -> Reply:
    """Return a reply, read in a transaction of its own. Raises: as `found`."""
    with world.store.reading() as tx:
        return found(tx, reply_id)


def key_of(world: World, reply: Reply) -> bytes:
    """Return the content key of a reply. Raises: SubmissionError KEY_ERASED once it is gone."""
    if reply.wrapped_key is None:
        raise _erased()
    return world.keyring.unwrap(reply.wrapped_key)


def message_of(world: World, reply: Reply) -> bytes:
    """Return the XBau message of a reply. Raises: SubmissionError KEY_ERASED once it is gone."""
    with world.store.reading() as tx:
        octets = tx.replies.get_sealed(reply.id, MESSAGE)
    if octets is None:
        raise _erased()
    return unseal(octets, key_of(world, reply))


def names_of(world: World, reply: Reply) -> tuple[Named, ...]:
    """Return what the attachments of a reply were called. Raises: SubmissionError KEY_ERASED once it is gone."""
    with world.store.reading() as tx:
        octets = tx.replies.get_sealed(reply.id, NAMES)
    if octets is None:
        raise _erased()
    return tuple(Named(*one) for one in json.loads(unseal(octets, key_of(world, reply))))


def _erased() -> SubmissionError:
    return SubmissionError(codes.KEY_ERASED, "Der Inhalt dieser Antwort ist gelöscht.")


def keep(world: World, tx: Transaction, arrived: Arrived, reply: Reply) -> None:
    """Store a reply with its sealed message and names, unless its key is gone already."""
    tx.replies.add(reply)
    if reply.wrapped_key is None:
        return
    tx.replies.put_sealed(reply.id, MESSAGE, seal(arrived.message, arrived.key, world.chance.octets(12)))
    tx.replies.put_sealed(reply.id, NAMES, seal(_listed(arrived), arrived.key, world.chance.octets(12)))


def _listed(arrived: Arrived) -> bytes:
    """Return the names as JSON; a lone surrogate becomes a question mark."""
    names = [[named.identity, named.file_name] for named in arrived.names]
    return json.dumps(names, ensure_ascii=False).encode("utf-8", "replace")
