"""The ManagementPort: accounts, ids, services, cancelling, transport reports."""

from __future__ import annotations

import re
from datetime import datetime

from lxml import etree

from adapters.xta_mailbox.counter import Caller, Counter, Reply, chosen
from adapters.xta_mailbox.listing import describe
from adapters.xta_wire import metadata
from adapters.xta_wire.faults import PARAMETER, XtaFault
from adapters.xta_wire.identity import own_id, read_id, wire_id
from adapters.xta_wire.metadata import Metadata, Party
from adapters.xta_wire.names import META, WSA, XTA, element, grow
from adapters.xta_wire.soap import Soap
from gateway.adapter import HandedIn, Waiting

EVENTS = "urn:de:bauweiche:codeliste:transportereignis"
OPEN, GREEN, RED = 0, 1, 3
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")


def check_account(counter: Counter, caller: Caller, request: Soap) -> Reply:
    """checkAccountActive: an empty answer says yes, a PermissionDeniedException no."""
    del counter
    chosen(caller, request)
    return Reply()


def create_message_id(counter: Counter, caller: Caller, request: Soap) -> Reply:
    """createMessageId: a fresh id, noted before it leaves."""
    identity = counter.desk.new_message_id(chosen(caller, request))
    return Reply(element(WSA, "MessageID", wire_id(identity)))


def lookup_service(counter: Counter, caller: Caller, request: Soap) -> Reply:
    """lookupService: whether the gateway takes messages of a service; what is asked is quoted in the answer."""
    chosen(caller, request)
    asked = [] if request.payload is None else list(request.payload.iter(f"{{{XTA}}}LookupService"))
    if not asked:
        raise XtaFault("9020", "LookupServiceRequest enthält keine Anfrage.")
    results = element(XTA, "LookupServiceResultList")
    for query in asked:
        service = (query.findtext(f"{{{XTA}}}ServiceType") or "").strip()
        if not _URI.fullmatch(service):
            raise XtaFault("9021", "ServiceType muss die URI eines Dienstes sein.")
        reader = metadata.party("Reader", metadata.read_party(query.find(f"{{{META}}}Reader")))
        offered = element(XTA, "ServiceIsAvailable", "true" if service in counter.services else "false")
        value = grow(element(XTA, "IsServiceAvailableValue"), offered)
        results.append(grow(element(XTA, "LookupServiceResult"), reader, element(XTA, "ServiceType", service), value))
    return Reply(grow(element(XTA, "LookupServiceResponse"), results))


def cancel_message(counter: Counter, caller: Caller, request: Soap) -> Reply:
    """cancelMessage: always denied, since a reply counts as soon as it is taken (there is no NotBefore here)."""
    accounts, asked = chosen(caller, request), _asked_id(request)
    if not asked:
        raise XtaFault("9020", "Die MessageID fehlt.")
    if counter.desk.handed_in(accounts, asked) is not None:
        raise XtaFault("9101", "Die Nachricht ist schon übernommen und kann nicht zurückgezogen werden.")
    raise XtaFault("9022", "Unter dieser MessageID haben Sie nichts versandt.", exception=PARAMETER)


def transport_report(counter: Counter, caller: Caller, request: Soap) -> Reply:
    """getTransportReport: for a message in the mailbox, also after close, and for one that was handed in.

    Status 0 until the message is acknowledged, then 1; 3 when it will never be delivered.
    """
    accounts, asked = chosen(caller, request), _asked_id(request)
    identity = own_id(asked)
    entry = counter.desk.status(accounts, identity) if identity else None
    if entry is not None:
        return Reply(_report(counter, describe(entry), *_outcome(entry)))
    taken = counter.desk.handed_in(accounts, asked) if asked else None
    if taken is None:
        raise XtaFault("9070", "Diese MessageID ist für Ihr Konto nicht bekannt.")
    infos = [(taken.received_at, "uebernommen", "Die Nachricht ist übernommen.")]
    return Reply(_report(counter, _describe_reply(taken), GREEN, infos))


def _asked_id(request: Soap) -> str:
    payload = request.payload
    if payload is None or payload.tag != f"{{{WSA}}}MessageID":
        return ""
    return read_id(payload.text or "")


def _outcome(entry: Waiting) -> tuple[int, list[tuple[datetime, str, str]]]:
    """Return the status of a message and what happened to it, in order."""
    steps = [
        (entry.available_at, "bereitgestellt", "Die Nachricht liegt im Postfach bereit."),
        (entry.fetched_at, "abgerufen", "Die Nachricht wurde erstmals abgerufen."),
        (entry.closed_at, "abgeholt", "Der Empfang wurde mit close bestätigt."),
    ]
    happened = [(moment, code, text) for moment, code, text in steps if moment is not None]
    if entry.closed_at is not None:
        return GREEN, happened
    return (RED if entry.state in {"withdrawn", "expired"} else OPEN), happened


def _report(counter: Counter, data: Metadata, status: int, happened: list[tuple[datetime, str, str]]) -> etree._Element:
    now = counter.now()
    state = grow(element(XTA, "MessageStatus"), element(XTA, "Status", str(status)))
    if status == RED:
        error = _record("Error", now, "zurueckgezogen", "Die Nachricht wurde vor der Abholung zurückgezogen.")
        state.append(grow(element(XTA, "ErrorList"), error))
    if happened:
        state.append(grow(element(XTA, "InfoList"), *(_record("Info", *event) for event in happened)))
    return grow(
        element(XTA, "TransportReport"),
        metadata.build(data),
        element(XTA, "ReportTime", metadata.time_text(happened[-1][0] if happened else now)),
        element(XTA, "XTAServerIdentity", counter.identity),
        state,
    )


def _record(name: str, moment: datetime, code: str, reason: str) -> etree._Element:
    coded = grow(element(XTA, "Code", listURI=EVENTS, listVersionID="1"), element("", "code", code))
    return grow(
        element(XTA, name), element(XTA, "Timestamp", metadata.time_text(moment)), coded, element(XTA, "Reason", reason)
    )


def _describe_reply(taken: HandedIn) -> Metadata:
    facts = taken.facts
    return Metadata(
        message_id=taken.message_id,
        author=Party(facts.get("author", ""), facts.get("author_name", "")),
        reader=Party(facts.get("reader", ""), facts.get("reader_name", "")),
        service=facts.get("service", ""),
        root=facts.get("message_type", ""),
        namespace=facts.get("payload_schema", ""),
        size=taken.size,
        test=facts.get("test") == "true",
        process=facts.get("process", ""),
        in_reply_to=facts.get("in_reply_to", ""),
        delivered_at=taken.received_at,
    )
