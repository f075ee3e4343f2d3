"""Plain SOAP push: the authority runs a service with one operation, `uebergeben`, and the gateway calls it.

The WSDL is ours (`xsd/soap/uebergabe.wsdl`). zeep builds and reads the envelopes; contents never pass through it: it
would hold five times their size. They are spliced into the body while it is sent, with a Content-Length.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import zeep.exceptions
from lxml import etree
from pydantic import Field

from adapters.own_wsdl import zeep_client
from adapters.soap_push.body import Body, Content
from adapters.soap_push.request import make_request
from adapters.soap_push.wire import Answer, garbage, post, status_error
from adapters.titles import SOAP_PUSH
from adapters.tls_probe import PATIENCE, connected, probe_https
from gateway.adapter import AdapterSettings, Envelope, Finding, Handover, Link, Outcome, Plugin, Refused, Unconfirmed
from gateway.domain import codes
from gateway.domain.errors import DeliveryError, SubmissionError
from gateway.xmlguard import compiled, safe_parse

ACCEPTED = {
    "angenommen": "Von der Behörde angenommen.",
    "bereits angenommen": "War von der Behörde bereits angenommen.",
}
_SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
_BINDING = "{urn:bauweiche:uebergabe:1}UebergabeSoap12"


class Settings(AdapterSettings):
    """Where the authority's service is."""

    url: str = Field(
        pattern=r"^https://[A-Za-z0-9.-]{1,253}(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?$",
        title="Adresse des Dienstes",
        description="Adresse des Übergabedienstes der Behörde, beginnt mit https://. Der Server muss freigegeben sein.",
    )
    patience: float = Field(
        default=300,
        gt=0,
        le=3_600,
        title="Geduld",
        description="Sekunden, die der Dienst nach dem Senden bis zur Antwort brauchen darf.",
    )


class SoapPush:
    """Hands a message to the authority's service in one call."""

    def __init__(self, settings: Settings, link: Link) -> None:
        self._settings, self._link = settings, link

    def deliver(self, envelope: Envelope) -> Handover:
        """Return once the service has said that it stored the message, now or before."""
        request = make_request(envelope)
        transport = _Splicing(self._link, self._settings.patience, request.contents)
        service = zeep_client(_wsdl(), transport).create_service(_BINDING, self._settings.url)  # type: ignore[no-untyped-call]  # zeep has no types
        try:
            result = service.uebergeben(Nachricht=request.message, Anlagen=request.attachments)
        except zeep.exceptions.Fault as fault:
            raise _fault(fault) from fault
        except zeep.exceptions.Error as error:
            raise garbage("sie passt nicht zum WSDL") from error
        return _outcome(envelope, result)

    def probe(self) -> Sequence[Finding]:
        """Look at certificate and clock of the service, and hear it speak SOAP: an empty envelope is no message."""
        seen = list(probe_https(self._link, self._settings.url))
        if not connected(seen):
            return seen
        return [self._speaks_soap(), *(finding for finding in seen if finding.check != "reachable")]

    def _speaks_soap(self) -> Finding:
        """Say whether SOAP answers; to an envelope with nothing in it that is a fault of the sender."""
        transport = _Splicing(self._link, PATIENCE, ())
        try:
            transport.post_xml(self._settings.url, _empty(), {"Content-Type": "application/soap+xml; charset=utf-8"})
        except DeliveryError as error:
            return Finding("reachable", False, f"{error.reason} {error.hint}".strip())
        return Finding("reachable", True, "Der Dienst antwortet mit SOAP.")


class _Splicing:
    """What zeep sends through: splices the contents of one message into its body."""

    def __init__(self, link: Link, patience: float, contents: tuple[Content, ...]) -> None:
        self._link, self._patience, self._contents = link, patience, contents

    def post_xml(self, address: str, envelope: etree._Element, headers: dict[str, str]) -> Answer:
        """Send, and return an answer only if it is SOAP that is safe to read."""
        answer = post(self._link, address, Body(envelope, self._contents), headers, self._patience)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type not in ("application/soap+xml", "text/xml") or answer.status_code not in (200, 400, 500):
            raise status_error(answer.status_code)
        try:
            root = safe_parse(answer.content)
        except SubmissionError as error:
            raise garbage(error.reason.rstrip(".")) from error
        _check_shape(root)
        return answer


def _check_shape(root: etree._Element) -> None:
    """Let nothing reach zeep but a fault or an answer that fits the schema: it stumbles over anything else."""
    body = root.find(f"{_SOAP}Body") if root.tag == f"{_SOAP}Envelope" else None
    if body is None or len(body) != 1:
        raise garbage("sie ist kein SOAP 1.2")
    if body[0].tag != f"{_SOAP}Fault" and not compiled(etree.parse(str(_wsdl().with_suffix(".xsd")))).validate(body[0]):
        raise garbage("sie entspricht nicht dem Schema")


def _empty() -> etree._Element:
    envelope = etree.Element(f"{_SOAP}Envelope", nsmap={"s": _SOAP.strip("{}")})
    etree.SubElement(envelope, f"{_SOAP}Body")
    return envelope


def _outcome(envelope: Envelope, result: Any) -> Handover:
    """Read the answer; only the three words of the WSDL, about this very message, count."""
    if result.kennung != envelope.message_id:
        raise garbage("sie gilt einer anderen Nachricht")
    if result.ergebnis == "abgelehnt":
        reason = _line(result.grund) or "ohne Angabe von Gründen"
        raise Refused(codes.FAR_SIDE_REFUSED, f"Die Behörde hat die Nachricht abgelehnt: {reason}.")
    return Handover(Outcome.HANDED_OVER, _line(result.referenz), ACCEPTED[result.ergebnis])


def _fault(fault: zeep.exceptions.Fault) -> Refused | Unconfirmed:
    """A fault of the sender would come again; any other leaves it open whether the message was stored."""
    words = _line(fault.message) or "ohne Text"
    if str(fault.code or "").rpartition(":")[2] == "Sender":
        return Refused(codes.FAR_SIDE_REFUSED, f"Der Dienst der Behörde hält die Anfrage für fehlerhaft: {words}.")
    return Unconfirmed(codes.FAR_SIDE_UNCONFIRMED, f"Der Dienst der Behörde meldet einen Fehler: {words}.")


def _line(text: object) -> str:
    """Return foreign text as one short line."""
    visible = "".join(char if char.isprintable() else " " for char in str(text or ""))
    return " ".join(visible.split())[:300].rstrip(". ")


def _wsdl() -> Path:
    return Path(str(files("xsd.soap").joinpath("uebergabe.wsdl")))


plugin = Plugin(
    Settings,
    SoapPush,
    SOAP_PUSH,
    repeatable=True,
    protections=frozenset({"transport", "end_to_end"}),
)
