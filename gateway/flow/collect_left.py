"""What lies in a return folder and cannot be taken: noted once, shown to operators, closed when it is gone."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO, cast

from gateway.adapter import Returned
from gateway.domain import codes
from gateway.domain.errors import DeliveryError, GatewayError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.domain.participation import Participation
from gateway.domain.reply import Proof, Reply, ReplyState
from gateway.ports import Transaction, World

MOST = 100
"""Entries of one folder that are noted one by one; what lies there beyond is noted as one."""

WHERE = "Im Rückordner: "
MORE = "Es liegen noch mehr Einträge da, die sich nicht abholen lassen."
UNREADABLE = "Eine Datei darin ist für das Gateway nicht lesbar."
STAYS = "Die Antwort ist übernommen, ließ sich aber nicht nach .abgeholt verschieben."


def note_unusable(world: World, key: AuthorityKey, way: Participation, found: Mapping[str, str]) -> None:
    """Bring what is noted of a way's folder to what a whole round saw there: entry (any text) to reason (German).

    Each is noted and journaled when it is first seen, and once more when it is gone. Names are kept as digests only.
    """
    place = f"rueckweg-{_digest(json.dumps([way.adapter, dict(way.settings)], sort_keys=True))[:16]}"
    with world.store.reading() as tx:
        lying = {_entry(one): one for one in tx.replies.unusable(key, place)}
    faults = _bounded({_digest(entry): reason for entry, reason in found.items()}, lying)
    if faults.keys() == lying.keys():
        return
    with world.store.writing() as tx:
        lying = {_entry(one): one for one in tx.replies.unusable(key, place)}
        for entry, reply in lying.items():
            if entry not in faults:
                _close(tx, reply)
        for entry in faults.keys() - lying.keys():
            _note(tx, Reply(
                id=str(world.chance.uuid()),
                authority=key,
                via=way.adapter,
                transport_id=f"{place}#{entry}#{world.chance.uuid().hex}",
                received_at=world.clock.now(),
                proof=Proof.UNSIGNED,
                sha256="",
                size=0,
                wrapped_key=None,
                message_id=place,
                state=ReplyState.QUARANTINED,
                code=codes.REPLY_UNUSABLE.name,
                reason=WHERE + faults[entry],
            ))  # fmt: skip


class Unreadable(DeliveryError):
    """A file in a return folder fails when it is opened or read."""


def telling(returned: Returned) -> Returned:
    """Return the same entry, whose files raise Unreadable when the far side fails, however that failure looks."""
    attachments = {name: _telling(opened) for name, opened in returned.attachments.items()}
    return replace(returned, message=_telling(returned.message), attachments=attachments)


def _telling(opened: Callable[[], BinaryIO]) -> Callable[[], BinaryIO]:
    def opened_telling() -> BinaryIO:
        with _told():
            return cast("BinaryIO", _Telling(opened()))

    return opened_telling


class _Telling(io.BufferedIOBase):
    """A file of the far side; io offers no other way to be one than to inherit."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        with _told():
            return self._stream.read(-1 if size is None else size)

    def close(self) -> None:
        if not self.closed:
            super().close()
            with _told():
                self._stream.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # an adapter's file may fail in any way: that must keep no other entry from us
        reason = error.reason if isinstance(error, GatewayError) else type(error).__name__
        raise Unreadable(codes.FAR_SIDE_UNREACHABLE, reason) from error


def _bounded(faults: Mapping[str, str], lying: Mapping[str, Reply]) -> Mapping[str, str]:
    """Return at most `MOST` entries, those first that are noted already, and one for all others."""
    if len(faults) <= MOST:
        return faults
    kept = sorted(faults, key=lambda entry: (entry not in lying, entry))[:MOST]
    return {entry: faults[entry] for entry in kept} | {_digest(MORE): MORE}


def _note(tx: Transaction, reply: Reply) -> None:
    tx.replies.add(reply)
    facts = {"authority": reply.authority, "via": reply.via, "code": reply.code}
    tx.journal.append(Act(f"authority:{reply.authority}", "reply.unusable", reply.id, reply.reason, facts))


def _close(tx: Transaction, reply: Reply) -> None:
    """Note that an entry lies there no more; one that operators still saw leaves their list."""
    gone = reply.but(code=codes.REPLY_UNUSABLE_GONE.name)
    waited = gone.state is ReplyState.QUARANTINED
    tx.replies.save(gone.moved(ReplyState.DISCARDED) if waited else gone)
    facts = {"authority": reply.authority, "via": reply.via}
    tx.journal.append(Act("gateway", "reply.unusable_gone", reply.id, codes.REPLY_UNUSABLE_GONE.title + ".", facts))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _entry(reply: Reply) -> str:
    return reply.transport_id.split("#")[1]
