"""The typed faults of XTA 2.1.1: every error number with its exception, written to and read from SOAP 1.2 faults."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from adapters.xta_wire.names import META, OSCI, S12, WSA, XML, XTA, element, grow

LIST_URI = "urn:de:xta:webservice:codeliste:fehlernummer"
LIST_VERSION = "1.0"

PERMISSION = "PermissionDeniedException"
PARAMETER = "ParameterIsNotValidException"
TECHNICAL = "XTAWSTechnicalProblemException"
SCHEMA = "MessageSchemaViolationException"
VIRUS = "MessageVirusDetectionException"
UNKNOWN_ID = "InvalidMessageIDException"
SYNC = "SyncAsyncException"
CANCEL = "CancelDeniedException"


@dataclass(frozen=True, slots=True)
class Number:
    """One error number of the XTA code list: `exception` is its usual element, `sender` says who is to blame."""

    code: str
    exception: str
    text: str
    sender: bool = True


NUMBERS = {
    number.code: number
    for number in (
        Number("9000", TECHNICAL, "Sonstiger Fehler", sender=False),
        Number("9010", PERMISSION, "Zertifikat abgelaufen"),
        Number("9011", PERMISSION, "Konto gesperrt"),
        Number("9012", PERMISSION, "Konto unbekannt"),
        Number("9013", PERMISSION, "Dienst nicht gebucht"),
        Number("9014", PERMISSION, "Zertifikat passt nicht zur Absenderkennung"),
        Number("9020", PARAMETER, "Angaben fehlen"),
        Number("9021", PARAMETER, "URI ungültig"),
        Number("9022", PARAMETER, "Angaben passen nicht zusammen"),
        Number("9023", PARAMETER, "Nachricht zu groß"),
        Number("9024", PARAMETER, "MessageID schon verwendet"),
        Number("9030", TECHNICAL, "Interner Fehler des XTA-Servers", sender=False),
        Number("9031", TECHNICAL, "Verzeichnisdienst gestört", sender=False),
        Number("9032", TECHNICAL, "Übermittlung gestört", sender=False),
        Number("9050", SCHEMA, "Fachnachricht entspricht nicht dem Schema"),
        Number("9051", SCHEMA, "Fachnachricht falsch kodiert"),
        Number("9052", SCHEMA, "Nachricht verletzt das Service-Profil"),
        Number("9060", VIRUS, "Schadhafter Inhalt gefunden"),
        Number("9070", UNKNOWN_ID, "MessageID für dieses Konto unbekannt"),
        Number("9080", SYNC, "Dienst nur asynchron"),
        Number("9081", SYNC, "Dienst nur synchron"),
        Number("9100", CANCEL, "Zeitpunkt NotBefore schon erreicht"),
        Number("9101", CANCEL, "Kein Zeitpunkt NotBefore gesetzt"),
    )
}


class XtaFault(Exception):
    """A typed fault of XTA: `code` of the code list, `exception` element, `reason` a German sentence, HTTP `status`.

    `header` is a further header block that explains it.
    """

    def __init__(
        self,
        code: str,
        reason: str = "",
        *,
        exception: str = "",
        status: int = 500,
        header: etree._Element | None = None,
    ) -> None:
        number = NUMBERS.get(code, NUMBERS["9000"])
        self.code = code
        self.exception = exception or number.exception
        self.reason = reason or f"{number.text}."
        self.status = status
        self.header = header
        self.sender = number.sender
        super().__init__(f"{self.exception} {code}: {self.reason}")


class SoapFault(Exception):
    """A fault of SOAP or WS-Addressing itself: `value` and `subcode` are (namespace, local name)."""

    def __init__(
        self,
        value: str,
        reason: str,
        *,
        subcode: tuple[str, str] | None = None,
        detail: etree._Element | None = None,
        header: etree._Element | None = None,
        status: int = 500,
    ) -> None:
        super().__init__(f"{value}: {reason}")
        self.value = value
        self.reason = reason
        self.subcode = subcode
        self.detail = detail
        self.header = header
        self.status = status


def render(fault: XtaFault | SoapFault) -> etree._Element:
    """Return the `s12:Fault` element; for an XTA fault with its exception in Detail, `code` and `name` unqualified."""
    if isinstance(fault, SoapFault):
        return _fault(fault.value, fault.subcode, fault.reason, fault.detail)
    number = NUMBERS.get(fault.code, NUMBERS["9000"])
    code = grow(
        element(XTA, "errorCode", listURI=LIST_URI, listVersionID=LIST_VERSION),
        element("", "code", fault.code),
        element("", "name", fault.reason if fault.code == "9000" else number.text),
    )
    detail = grow(element(XTA, fault.exception), code)
    return _fault("Sender" if fault.sender else "Receiver", None, fault.reason, detail)


def read(body: etree._Element) -> XtaFault | None:
    """Return the fault in a SOAP body, or None if there is none; a fault without an XTA number gets code "".

    Reads soft: the exception element may have any name, `code` may be qualified or not.
    """
    fault = body.find(f"{{{S12}}}Fault")
    if fault is None:
        return None
    reason = " ".join((text.text or "").strip() for text in fault.iterfind(f"{{{S12}}}Reason/{{{S12}}}Text"))
    detail = fault.find(f"{{{S12}}}Detail")
    thrown = next((child for child in detail if isinstance(child.tag, str)), None) if detail is not None else None
    if thrown is None:
        return XtaFault("", reason or "Fault ohne Angaben.", exception="Fault")
    code = next((node.text or "" for node in thrown.iter("{*}code")), "").strip()
    name = next((node.text or "" for node in thrown.iter("{*}name")), "").strip()
    return XtaFault(code, reason or name or "Fault ohne Angaben.", exception=etree.QName(thrown).localname)


def _fault(value: str, subcode: tuple[str, str] | None, reason: str, detail: etree._Element | None) -> etree._Element:
    fault = etree.Element(f"{{{S12}}}Fault", nsmap={"s12": S12, "wsa": WSA, "xta": XTA, "osci": OSCI, "oscimeta": META})
    code = grow(element(S12, "Code"), element(S12, "Value", f"s12:{value}"))
    if subcode is not None:
        prefix = "wsa" if subcode[0] == WSA else "s12"
        code.append(grow(element(S12, "Subcode"), element(S12, "Value", f"{prefix}:{subcode[1]}")))
    text = element(S12, "Text", reason)
    text.set(f"{{{XML}}}lang", "de")
    grow(fault, code, grow(element(S12, "Reason"), text))
    if detail is not None:
        fault.append(grow(element(S12, "Detail"), detail))
    return fault
