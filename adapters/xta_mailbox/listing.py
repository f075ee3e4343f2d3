"""Lists of what waits: getStatusList, getNextStatusList, and the selection behind every iterator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from lxml import etree

from adapters.xta_mailbox.counter import Caller, Counter, Reply, Selector, Walk, chosen
from adapters.xta_wire import metadata
from adapters.xta_wire.identity import read_id, wire_id
from adapters.xta_wire.metadata import Metadata, Party
from adapters.xta_wire.names import NO_MATCH, OSCI, REQUEST_INVALID, SEARCH_INVALID, WSA, element, grow
from adapters.xta_wire.soap import Soap
from gateway.adapter import Waiting

PAGE = 100
MOST = 1_000
_BATCH = 500
_HORIZON = 10_000  # a mailbox that holds more counts its pending items only this far


def status_list(counter: Counter, caller: Caller, request: Soap) -> Reply:
    """getStatusList: what is not acknowledged yet, oldest first."""
    asked = request.payload
    limit = asked.get("maxListItems", "") if asked is not None else ""
    page = min(int(limit), MOST) if limit.isdecimal() and len(limit) < 10 and int(limit) else PAGE
    # "MsgAtrributes" is how the schema spells it
    attributes = asked is not None and asked.get("ListForm", "") in {"MsgAtrributes", "MsgAttributes"}
    walk = Walk(chosen(caller, request), read_selector(asked), page, attributes, after=0)
    return _page(counter, f"urn:uuid:{counter.new_id()}", walk)


def next_status_list(counter: Counter, caller: Caller, request: Soap) -> Reply:
    """getNextStatusList: the next page of an iterator; it acknowledges nothing."""
    name = request_id(request)
    walk = counter.iterators.find(name, chosen(caller, request))
    if walk is None:
        return Reply(element(OSCI, "MsgStatusList"), (none_available(name, REQUEST_INVALID),))
    return _page(counter, name, walk)


def _page(counter: Counter, name: str, walk: Walk) -> Reply:
    found = select(counter, walk)
    entries = found[: walk.page]
    counter.iterators.keep(name, replace(walk, after=entries[-1].position) if entries else walk)
    listed = element(OSCI, "MsgStatusList")
    for entry in entries:
        listed.append(_attributes(entry) if walk.attributes else metadata.build(describe(entry)))
    if not entries:
        return Reply(listed, (none_available(name, NO_MATCH if walk.selector.valid else SEARCH_INVALID),))
    return Reply(listed, (pending(name, len(found) - len(entries)),))


def select(counter: Counter, walk: Walk) -> list[Waiting]:
    """Return what waits behind the walk's position and fits its selector, oldest first."""
    if not walk.selector.valid or walk.selector.relates_to:
        return []  # a message to an authority answers none of its messages
    found: list[Waiting] = []
    after = walk.after
    while len(found) < _HORIZON:
        batch = counter.desk.waiting(walk.accounts, after=after, limit=_BATCH)
        found.extend(entry for entry in batch if _fits(entry, walk.selector))
        if len(batch) < _BATCH:
            break
        after = batch[-1].position
    return found


def _fits(entry: Waiting, selector: Selector) -> bool:
    arrived = entry.available_at or entry.created_at
    return (
        (not selector.ids or entry.message_id in selector.ids)
        and (selector.since is None or arrived >= selector.since)
        and (selector.until is None or arrived <= selector.until)
        and not (selector.new_only and entry.fetched_at is not None)
    )


def read_selector(asked: etree._Element | None) -> Selector:
    """Return the MsgSelector of a request; without one everything is selected."""
    node = asked.find(f"{{{OSCI}}}MsgSelector") if asked is not None else None
    if node is None:
        return Selector()
    since, until = (_time(node, f"MsgBoxEntryTime{end}") for end in ("From", "To"))
    return Selector(
        ids=tuple(read_id(found.text or "") for found in node.iterfind(f"{{{WSA}}}MessageID")),
        relates_to=tuple((found.text or "").strip() for found in node.iterfind(f"{{{WSA}}}RelatesTo")),
        since=since if since is not _UNREADABLE else None,
        until=until if until is not _UNREADABLE else None,
        new_only=node.get("newEntry", "").strip() in {"true", "1"},
        valid=_UNREADABLE not in (since, until),
    )


_UNREADABLE = datetime.min.replace(tzinfo=UTC)


def _time(node: etree._Element, name: str) -> datetime | None:
    text = (node.findtext(f"{{{OSCI}}}{name}") or "").strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _UNREADABLE
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def describe(entry: Waiting) -> Metadata:
    """Return the transport metadata of a message; the first fetch counts once it was acknowledged (OSCI 2.02)."""
    return Metadata(
        message_id=entry.message_id,
        author=Party(entry.sender, entry.sender_name),
        reader=Party(entry.addressee, entry.addressee_name),
        service=entry.service_uri,
        root=entry.root,
        namespace=entry.namespace,
        size=entry.size,
        test=entry.test,
        process=entry.case_number,
        origin=entry.created_at,
        delivered_at=entry.available_at,
        fetched_at=entry.fetched_at if entry.closed_at is not None else None,
    )


def _attributes(entry: Waiting) -> etree._Element:
    sender = grow(element(WSA, "From"), element(WSA, "Address", f"urn:xoev:{entry.sender}"))
    return grow(
        element(OSCI, "MsgAttributes"),
        element(WSA, "MessageID", wire_id(entry.message_id)),
        sender,
        element(OSCI, "TypeOfBusinessScenario", entry.service_uri),
        element(OSCI, "MsgSize", str(min(entry.size, 2**31 - 1))),
        element(OSCI, "DeliveryTime", metadata.time_text(entry.available_at or entry.created_at)),
    )


def request_id(request: Soap) -> str:
    """Return the MsgBoxRequestID of a request, "" without one."""
    return request.payload.get("MsgBoxRequestID", "").strip() if request.payload is not None else ""


def received(request: Soap) -> Sequence[str]:
    """Return the LastMsgReceived ids of a request, read as far as they are ours."""
    if request.payload is None:
        return ()
    found = (read_id(node.text or "") for node in request.payload.iterfind(f"{{{OSCI}}}LastMsgReceived"))
    return [identity for identity in islice(found, MOST) if identity]


def pending(name: str, items: int) -> etree._Element:
    """Return the MsgBoxResponse that says how many items are left behind the ones delivered."""
    return grow(element(OSCI, "MsgBoxResponse", MsgBoxRequestID=name), element(OSCI, "ItemsPending", str(items)))


def none_available(name: str, reason: str) -> etree._Element:
    """Return the MsgBoxResponse that says why there is nothing."""
    nothing = element(OSCI, "NoMessageAvailable", reason=reason)
    return grow(element(OSCI, "MsgBoxResponse", MsgBoxRequestID=name or "urn:unbekannt"), nothing)
