"""Fetching and acknowledging: getMessage, getNextMessage, close."""

from __future__ import annotations

from dataclasses import replace

from adapters.xta_mailbox.counter import Caller, Counter, Reply, Walk, chosen
from adapters.xta_mailbox.listing import (
    describe,
    none_available,
    pending,
    read_selector,
    received,
    request_id,
    select,
)
from adapters.xta_wire import container, metadata
from adapters.xta_wire.faults import XtaFault
from adapters.xta_wire.identity import own_id
from adapters.xta_wire.names import NO_MATCH, REQUEST_INVALID, SEARCH_INVALID
from adapters.xta_wire.soap import Soap
from gateway.adapter import Envelope, Waiting
from gateway.domain.ids import AuthorityKey, MessageId

MANIFEST = "xta_manifest"
"""Key in a delivery's state: "true" when the authority wants the signed manifest as a further attachment."""


def get_message(counter: Counter, caller: Caller, request: Soap) -> Reply:
    """getMessage: the message named by its id, or the oldest that fits; it changes nothing and may be repeated."""
    accounts, asked = chosen(caller, request), request.payload
    selector = read_selector(asked)
    if not selector.valid:
        raise _nothing(_name(counter), SEARCH_INVALID)
    header_only = asked is not None and asked.get("MsgPart", "") == "Header"
    if len(selector.ids) == 1:
        return _deliver(counter, accounts, selector.ids[0], _name(counter), 0, header_only)
    return _next(counter, _name(counter), Walk(accounts, selector, 1, False, after=0), header_only)


def next_message(counter: Counter, caller: Caller, request: Soap) -> Reply:
    """getNextMessage: acknowledge what LastMsgReceived names, then deliver the iterator's next message.

    Some clients send a constant instead of the iterator's id: as long as they acknowledge, the oldest waiting
    message is the next one. Raises: XtaFault 9070 when nothing is left.
    """
    accounts, name = chosen(caller, request), request_id(request)
    walk = counter.iterators.find(name, accounts)
    acknowledged = _acknowledge(counter, accounts, request)
    if walk is None and not acknowledged:
        raise _nothing(name, REQUEST_INVALID)
    if walk is None:
        found = select(counter, Walk(accounts, read_selector(None), 1, False, after=0))
        return _first(counter, accounts, name, found, header_only=False)
    return _next(counter, name, walk, header_only=False)


def close(counter: Counter, caller: Caller, request: Soap) -> Reply:
    """close: the messages in LastMsgReceived are with the authority; the iterator, if it is one, is given up.

    Repeating it changes nothing. The MsgBoxRequestID is a constant in many clients and decides nothing.
    """
    accounts = chosen(caller, request)
    _acknowledge(counter, accounts, request)
    counter.iterators.free(request_id(request), accounts)
    return Reply()


def _acknowledge(counter: Counter, accounts: frozenset[AuthorityKey], request: Soap) -> bool:
    """Close every message named, all or none; return whether any was named. Raises: XtaFault 9070."""
    named = received(request)
    known = [identity for text in named if (identity := own_id(text)) and counter.desk.status(accounts, identity)]
    if len(known) < len(named):
        raise XtaFault("9070", "LastMsgReceived nennt eine Nachricht, die dieses Postfach nicht kennt.")
    for identity in known:
        if not counter.desk.close(accounts, identity):
            raise XtaFault("9070", f"Die Nachricht {identity} liegt nicht mehr zum Abruf bereit.")
    return bool(known)


def _next(counter: Counter, name: str, walk: Walk, header_only: bool) -> Reply:
    found = select(counter, walk)
    if found:
        counter.iterators.keep(name, replace(walk, after=found[0].position))
    return _first(counter, walk.accounts, name, found, header_only)


def _first(
    counter: Counter, accounts: frozenset[AuthorityKey], name: str, found: list[Waiting], header_only: bool
) -> Reply:
    if not found:
        raise _nothing(name, NO_MATCH)
    return _deliver(counter, accounts, found[0].message_id, name, len(found) - 1, header_only)


def _deliver(
    counter: Counter, accounts: frozenset[AuthorityKey], wanted: str, name: str, left: int, header_only: bool
) -> Reply:
    identity = own_id(wanted)
    entry = counter.desk.status(accounts, identity) if identity else None
    if entry is None:
        raise XtaFault("9070", "Diese MessageID kennt das Postfach nicht.")
    if header_only:
        return Reply(None, (metadata.build(describe(entry)), pending(name, left)))
    envelope = _fetch(counter, accounts, entry.message_id)
    found = container.items(envelope, manifest=_with_manifest(envelope))
    size = container.size_of(found)
    if size > envelope.size_limit:
        # only for the operator: the delivery should have been refused before it was laid into the mailbox
        raise XtaFault("9030", "Die Nachricht ist größer, als für dieses Postfach vereinbart ist.")
    blocks = (metadata.build(replace(describe(entry), size=size)), pending(name, left))
    if envelope.protection == "end_to_end":
        payload, part = container.sealed(envelope, found)
        return Reply(payload, blocks, (part,))
    return Reply(container.clear(found), blocks, tuple(item.part for item in found))


def _fetch(counter: Counter, accounts: frozenset[AuthorityKey], identity: MessageId) -> Envelope:
    envelope = counter.desk.fetch(accounts, identity)
    if envelope is None:
        raise XtaFault("9070", "Die Nachricht ist abgeholt oder zurückgezogen und liegt nicht mehr bereit.")
    return envelope


def _with_manifest(envelope: Envelope) -> bool:
    return envelope.protection == "end_to_end" or envelope.state.get(MANIFEST) == "true"


def _nothing(name: str, reason: str) -> XtaFault:
    """Return the fault for "no message": the WSDL wants a container in every answer, so an empty body is none.

    The MsgBoxResponse beside it says why (OSCI 2.02).
    """
    words = {NO_MATCH: "Es liegt keine weitere Nachricht bereit.", SEARCH_INVALID: "Eine Zeitangabe ist nicht lesbar."}
    text = words.get(reason, "Diese MsgBoxRequestID gibt es nicht.")
    return XtaFault("9070", text, header=none_available(name, reason))


def _name(counter: Counter) -> str:
    return f"urn:uuid:{counter.new_id()}"
