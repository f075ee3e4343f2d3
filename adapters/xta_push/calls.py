"""The five calls of a push, made with zeep from our WSDL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import zeep.exceptions
from lxml import etree

from adapters.own_wsdl import zeep_client
from adapters.xta_push import outcomes
from adapters.xta_push.transport import StreamingTransport, garbage
from adapters.xta_wire.container import Item
from adapters.xta_wire.metadata import Party, party
from adapters.xta_wire.mime import Part
from adapters.xta_wire.names import DS, XENC, XTA
from gateway.adapter import Link
from xsd import xta

_MANAGEMENT = f"{{{XTA}}}managementBinding"
_SEND = f"{{{XTA}}}sendBinding"


@dataclass(frozen=True, slots=True)
class Report:
    """A transport report: `status` 0 open, 1 green, 2 yellow, 3 red; `words` says why it is red or yellow."""

    status: int
    at: datetime
    words: str


class Calls:
    """Calls one XTA server: two addresses, a patience in seconds, and who we are there."""

    def __init__(self, link: Link, management_url: str, send_url: str, patience: float) -> None:
        self._link, self._patience = link, patience
        self._management_url, self._send_url = management_url, send_url

    def check_account(self, author: Party) -> None:
        """Return only if the far side has an active account for us. Raises: XtaFault 9010 to 9014 if not."""
        self._call(_MANAGEMENT, self._management_url, "checkAccountActive", headers=[party("Author", author)])

    def create_message_id(self, author: Party) -> str:
        """Return a fresh id from the far side."""
        result = self._call(_MANAGEMENT, self._management_url, "createMessageId", headers=[party("Author", author)])
        identity = str(getattr(result, "_value_1", result) or "").strip()
        if not identity:
            raise garbage("sie enthält keine MessageID")
        return identity

    def report(self, author: Party, message_id: str) -> Report:
        """Return the transport report of a message. Raises: XtaFault 9070 when it is unknown there."""
        headers = [party("Author", author)]
        result = self._call(_MANAGEMENT, self._management_url, "getTransportReport", message_id, headers=headers)
        status = getattr(getattr(result, "MessageStatus", None), "Status", None)
        if status not in {0, 1, 2, 3}:
            raise garbage("der Transportbericht nennt keinen Status")
        moment = result.ReportTime
        at = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return Report(int(status), at, _words(result.MessageStatus))

    def send_clear(self, metadata: etree._Element, items: Sequence[Item]) -> None:
        """Send a ContentContainer; every content is a part of its own."""
        contents = [_content(item) for item in items]
        container = {"Message": contents[0], "Attachment": contents[1:]}
        self._send(metadata, [item.part for item in items], ContentContainer=container)

    def send_sealed(self, metadata: etree._Element, container: etree._Element, part: Part) -> None:
        """Send EncryptedData; the ciphertext is a part of its own."""
        data = container[0]
        method = data.find(f"{{{XENC}}}EncryptionMethod")
        keys = data.find(f"{{{DS}}}KeyInfo")
        encrypted = {
            "EncryptionMethod": {"Algorithm": method.get("Algorithm") if method is not None else ""},
            "KeyInfo": {"_value_1": list(keys) if keys is not None else []},
            "CipherData": {"CipherValue": f"cid:{part.identity}"},
            "Type": data.get("Type"),
            "MimeType": data.get("MimeType"),
        }
        self._send(metadata, [part], EncryptedData=encrypted)

    def _send(self, metadata: etree._Element, parts: Sequence[Part], **body: object) -> None:
        self._call(_SEND, self._send_url, "sendMessage", headers=[metadata], parts=parts, **body)

    def _call(
        self,
        binding: str,
        url: str,
        operation: str,
        *arguments: object,
        headers: list[etree._Element],
        parts: Sequence[Part] = (),
        **body: object,
    ) -> Any:
        transport = StreamingTransport(self._link, self._patience, parts)
        service = zeep_client(xta.wsdl(), transport).create_service(binding, url)  # type: ignore[no-untyped-call]  # zeep has no types
        try:
            return service[operation](*arguments, _soapheaders=headers, **body)
        except zeep.exceptions.Error as error:
            raise garbage("sie passt nicht zum WSDL") from error


def _content(item: Item) -> dict[str, object]:
    attributes = {name: value for name, value in item.attributes.items() if value}
    return {"_value_1": f"cid:{item.part.identity}", **attributes}


def _words(status: Any) -> str:
    """Return the reasons of errors and warnings in one line."""
    lists = ((getattr(status, "ErrorList", None), "Error"), (getattr(status, "WarnList", None), "Warning"))
    records = [record for found, name in lists if found is not None for record in getattr(found, name, None) or []]
    return outcomes.line("; ".join(str(record.Reason) for record in records))
