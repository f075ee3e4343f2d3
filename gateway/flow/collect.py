"""Fetching replies where authorities leave them for us (return folders): found, taken durably, then put aside there."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

import structlog

from gateway.adapter import Collecting, Returned, Unusable
from gateway.domain import codes
from gateway.domain.calendar import local_date
from gateway.domain.errors import DeliveryError, GatewayError, SealError, SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.domain.participation import Participation, in_force
from gateway.domain.reply import Proof, Round
from gateway.flow.collect_left import STAYS, UNREADABLE, Unreadable, note_unusable, telling
from gateway.flow.collect_sealed import open_sealed
from gateway.flow.receiving import Arriving, Origin
from gateway.flow.retry import PASSING, backoff
from gateway.ports import World
from gateway.xmlguard import BYTES

CHUNK = 1 << 20
DAWN = datetime(1, 1, 1, tzinfo=UTC)
NEVER = timedelta(hours=1)
"""How long an authority whose way cannot bring replies is left alone; its settings may change meanwhile."""

ANSWERED = (codes.ATTACHMENTS_TOO_MANY, codes.SUBMISSION_TOO_LARGE)
"""Faults of the attachments that a way without an answer of its own tells by 1100."""

_log = structlog.get_logger("collect")


def claim_collections(world: World, limit: int = 1000, busy: Collection[str] = ()) -> list[AuthorityKey]:
    """Return up to `limit` authorities whose return folder is due, the longest overdue first, leaving out the `busy`.

    Their next round is set before they are returned, so that nobody else goes there meanwhile.
    """
    now = world.clock.now()
    with world.store.reading() as tx:
        taking_part = tx.registry.all_in_force(local_date(now))
        rounds = {entry.authority: entry for entry in tx.replies.rounds()}
    due = [key for key, one in taking_part.items() if one.phase.reachable and _is_due(rounds.get(key), now)]
    due = [key for key in due if key not in busy]
    if not due or limit <= 0:
        return []
    due.sort(key=lambda key: rounds[key].next_at if key in rounds else DAWN)
    collecting = [key for key in due if collects(world, key, taking_part[key])]
    others = set(due) - set(collecting)
    claimed = collecting[:limit]
    pauses = {key: timedelta(seconds=world.policy.look_every) for key in claimed} | dict.fromkeys(others, NEVER)
    return [key for key in _set_next(world, pauses) if key not in others]


def _set_next(world: World, pauses: Mapping[AuthorityKey, timedelta]) -> list[AuthorityKey]:
    """Set the next round of authorities, and return those for which nobody else was faster."""
    now = world.clock.now()
    with world.store.writing() as tx:
        rounds = {entry.authority: entry for entry in tx.replies.rounds()}
        mine = [key for key in pauses if _is_due(rounds.get(key), now)]
        for key in mine:
            entry = rounds.get(key, Round(key, now))
            tx.replies.save_round(Round(key, now + pauses[key], entry.failures, entry.reason))
    return mine


def collect_from(world: World, key: AuthorityKey) -> int:
    """Take everything that lies in an authority's return folder; returns how many were taken.

    What cannot be looked at now is tried again later, ever more seldom; one faulty reply does not keep the others.
    """
    now = world.clock.now()
    with world.store.reading() as tx:
        participation = in_force(tx.registry.history(key), local_date(now))
    if participation is None:
        return 0
    try:
        taken = collect_by(world, key, participation)
    except GatewayError as error:
        _postpone(world, key, error)
        return 0
    _clear(world, key)
    return taken


def collect_by(world: World, key: AuthorityKey, participation: Participation) -> int:
    """Take everything that lies in the return folder of one way; returns how many were taken.

    Raises:
        GatewayError: the folder cannot be looked at now, or a reply not kept (the disk is full); what was taken stays.
    """
    adapter = world.build(key, participation)
    if not isinstance(adapter, Collecting):
        return 0
    taken, faults, ours = 0, {}, None
    for found in adapter.collect():
        fault = found.reason if isinstance(found, Unusable) else ""
        if isinstance(found, Returned):
            outcome = _take(world, key, participation, telling(found))
            taken += outcome.taken
            fault, ours = outcome.fault, ours or outcome.ours
            if fault:
                found.left(fault)
        if fault:
            faults[found.reference] = fault
    note_unusable(world, key, participation, faults)
    if ours is not None:
        raise ours
    return taken


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one entry: taken, or what is wrong with it over there (German, "": nothing) or here (or None)."""

    taken: bool = False
    fault: str = ""
    ours: SubmissionError | None = None


def _take(world: World, key: AuthorityKey, participation: Participation, returned: Returned) -> _Outcome:
    """Take one reply and only then put it aside over there; one that cannot be read keeps no other."""
    try:
        with returned.message() as stream:
            outside = stream.read(BYTES + 1)
        _hold(world, key, participation, returned, outside)
    except SubmissionError as error:
        return _Outcome(ours=error)
    except Unreadable as error:
        _log.warning("reply not readable", authority=key, reason=error.reason)
        return _Outcome(fault=UNREADABLE)
    try:
        returned.done()
    except DeliveryError as error:
        _log.warning("reply not put aside", authority=key, reason=error.reason)
        return _Outcome(taken=True, fault=STAYS)
    return _Outcome(taken=True)


def _hold(world: World, key: AuthorityKey, participation: Participation, returned: Returned, outside: bytes) -> None:
    """Hold a reply durably, or note why it is turned away.

    Raises:
        SubmissionError: it cannot be held now, which is ours to mend: it is asked for again.
        Unreadable: the far side does not give it.
    """
    # vendors may use a folder's name again and again: only name and bytes together tell that it is the same
    transport_id = f"{returned.reference[:200]}#{hashlib.sha256(outside).hexdigest()[:32]}"
    sealed = returned.facts.get("form") == "sealed"
    proof = Proof.SIGNATURE if sealed else Proof.UNSIGNED
    origin = Origin(frozenset({key}), participation.adapter, proof, transport_id, {"authority": key})
    try:
        (_bring_sealed if sealed else _bring)(world, origin, returned, outside)
    except SubmissionError as error:
        _log.warning("reply not taken", authority=key, code=error.code.name)
        if error.code.name in PASSING:
            raise


def _bring(world: World, origin: Origin, returned: Returned, outside: bytes) -> None:
    """Stream an unsigned reply into the vault and commit it."""
    fault: GatewayError | None = _must_sign(world, origin)
    arriving = Arriving(world, origin if fault is None else replace(origin, proof=Proof.NONE))
    try:
        arriving.message(outside)
        for name, opened in () if fault else returned.attachments.items():
            with opened() as stream:
                _pour(arriving, "", name, _guess(name), _chunks(stream))
        arriving.conclude(fault)
    except Unreadable:
        arriving.abort_silently()  # the round notes it once, however often it is tried
        raise
    except SubmissionError as error:
        if error.code not in ANSWERED:
            raise
        _bring_message(world, origin, outside, error)
    finally:
        arriving.abort()


def _bring_sealed(world: World, origin: Origin, returned: Returned, outside: bytes) -> None:
    """Verify, open and commit a sealed reply; of one that proves false only the envelope is noted."""
    arriving = Arriving(world, origin)
    try:
        opened = open_sealed(world, min(origin.accounts), returned, outside)
        arriving.message(opened.message)
        for part, chunks in opened.attachments:
            _pour(arriving, part.document_id or "", part.document_id or part.name, part.media_type, chunks)
        arriving.conclude(None)
    except Unreadable:
        arriving.abort_silently()
        raise
    except SealError as error:
        arriving.abort_silently()
        _bring_message(world, replace(origin, proof=Proof.NONE), outside, error)
    except SubmissionError as error:
        if error.code not in ANSWERED:
            raise
        _bring_message(world, origin, outside, error)
    finally:
        arriving.abort()


def _bring_message(world: World, origin: Origin, outside: bytes, error: GatewayError) -> None:
    """Commit a reply without its attachments, as faulty: it is answered."""
    arriving = Arriving(world, origin)
    try:
        arriving.message(outside)
        arriving.conclude(error)
    finally:
        arriving.abort()


def _pour(arriving: Arriving, identity: str, name: str, media_type: str, chunks: Iterator[bytes]) -> None:
    sink = arriving.part(identity, name, media_type)
    for chunk in chunks:
        sink.write(chunk)
    sink.close()


def _guess(name: str) -> str:
    known = {"pdf": "application/pdf", "xml": "application/xml", "jpg": "image/jpeg", "png": "image/png",
             "tif": "image/tiff", "txt": "text/plain"}  # fmt: skip
    return known.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def _must_sign(world: World, origin: Origin) -> SealError | None:
    """Return what is wrong with an unsigned reply, or None: a folder of its own speaks for an authority.

    But once it has a signing certificate here, an unsigned reply is none of its (a signature cannot be taken off).
    """
    with world.store.reading() as tx:
        if not any(tx.certificates.of(key, "sign") for key in origin.accounts):
            return None
    return SealError(codes.SIGNATURE_MISSING, "Diese Behörde signiert ihre Antworten; diese ist nicht signiert.")


def _is_due(entry: Round | None, now: datetime) -> bool:
    return entry is None or entry.next_at <= now


def collects(world: World, key: AuthorityKey, participation: Participation) -> bool:
    """Tell whether a way brings replies back and can be gone by with its settings."""
    if participation.adapter not in world.plugins:
        return False
    try:
        return isinstance(world.build(key, participation), Collecting)
    except GatewayError:  # settings that do not serve are told where deliveries fail
        return False


def _postpone(world: World, key: AuthorityKey, error: GatewayError) -> None:
    now = world.clock.now()
    with world.store.writing() as tx:
        failures = next((one.failures for one in tx.replies.rounds() if one.authority == key), 0) + 1
        wait = max(backoff(failures, world.chance.fraction(), world.policy), timedelta(seconds=world.policy.look_every))
        tx.replies.save_round(Round(key, now + wait, failures, error.reason))
        if failures == 1:
            tx.journal.append(Act("gateway", "return_folder.unreadable", key, error.reason, {"code": error.code.name}))
    _log.warning("return folder not readable", authority=key, code=error.code.name)


def _clear(world: World, key: AuthorityKey) -> None:
    with world.store.reading() as tx:
        entry = next((one for one in tx.replies.rounds() if one.authority == key), None)
    if entry is not None and entry.failures:
        with world.store.writing() as tx:
            tx.replies.save_round(Round(key, entry.next_at))
            tx.journal.append(Act("gateway", "return_folder.readable", key, facts={"failures": entry.failures}))
