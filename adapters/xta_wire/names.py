"""Namespaces, actions and ports of XTA 2 (webservice 2.1.1), and two helpers to build XML with them."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

S12 = "http://www.w3.org/2003/05/soap-envelope"
S11 = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
XTA = "http://xoev.de/transport/xta/211"
OSCI = "http://www.osci.eu/ws/2008/05/transport"
META = "http://www.osci.eu/ws/2014/10/transport"
XOP = "http://www.w3.org/2004/08/xop/include"
XENC = "http://www.w3.org/2001/04/xmlenc#"
DS = "http://www.w3.org/2000/09/xmldsig#"
XML = "http://www.w3.org/XML/1998/namespace"

PREFIXES = {"s12": S12, "wsa": WSA, "xta": XTA, "osci": OSCI, "oscimeta": META}

REASON = "http://www.osci.eu/ws/2008/05/transport/MsgBox/reasons/"
NO_MATCH = REASON + "NoMatch"
SEARCH_INVALID = REASON + "SearchArgsInvalid"
REQUEST_INVALID = REASON + "RequestIdInvalid"

MANAGEMENT = "ManagementPort"
SEND = "SendXtaPort"
BOX = "MsgBoxPort"
PORTS = (MANAGEMENT, SEND, BOX)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its `action` names it in requests, answers and faults alike (the WSDL has no "...Response")."""

    name: str
    port: str
    action: str


def _management(name: str, action: str) -> Operation:
    return Operation(name, MANAGEMENT, f"http://www.xta.de/XTA/{action}")


def _send(name: str, action: str) -> Operation:
    return Operation(name, SEND, f"http://www.xta.de/XTA/{action}")


def _box(name: str, action: str) -> Operation:
    return Operation(name, BOX, f"http://www.osci.eu/ws/2008/05/transport/urn/messageTypes/{action}")


CHECK_ACCOUNT = _management("checkAccountActive", "CheckAccountActive")
LOOKUP_SERVICE = _management("lookupService", "IsServiceAvailable")
TRANSPORT_REPORT = _management("getTransportReport", "GetTransportReport")
CANCEL_MESSAGE = _management("cancelMessage", "CancelMessage")
CREATE_MESSAGE_ID = _management("createMessageId", "CreateMessageID")
SEND_MESSAGE = _send("sendMessage", "SendMessage")
SEND_MESSAGE_SYNC = _send("sendMessageSync", "SendMessageSync")
STATUS_LIST = _box("getStatusList", "MsgBoxStatusListRequest")
NEXT_STATUS_LIST = _box("getNextStatusList", "MsgBoxGetNextListRequest")
GET_MESSAGE = _box("getMessage", "MsgBoxFetchRequest")
NEXT_MESSAGE = _box("getNextMessage", "MsgBoxGetNextMsgRequest")
CLOSE = _box("close", "MsgBoxCloseRequest")

OPERATIONS = (
    CHECK_ACCOUNT, LOOKUP_SERVICE, TRANSPORT_REPORT, CANCEL_MESSAGE, CREATE_MESSAGE_ID, SEND_MESSAGE,
    SEND_MESSAGE_SYNC, STATUS_LIST, NEXT_STATUS_LIST, GET_MESSAGE, NEXT_MESSAGE, CLOSE,
)  # fmt: skip
BY_ACTION = {operation.action: operation for operation in OPERATIONS}


def element(space: str, name: str, text: str = "", /, **attributes: str) -> etree._Element:
    """Return an element of namespace `space` ("" = none) with text and attributes; empty attributes are left out."""
    made = etree.Element(f"{{{space}}}{name}" if space else name, nsmap=_prefix(space))
    if text:
        made.text = text
    for key, value in attributes.items():
        if value:
            made.set(key, value)
    return made


def grow(parent: etree._Element, *children: etree._Element) -> etree._Element:
    """Append the children in order and return the parent."""
    parent.extend(children)
    return parent


def _prefix(space: str) -> dict[str, str]:
    return {prefix: uri for prefix, uri in PREFIXES.items() if uri == space}
