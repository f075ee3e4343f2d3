"""The XTA client of a simulated authority: it lists, fetches, closes, and sends answers, over mutual TLS."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from lxml import etree

from gateway.demo.identity import Identity
from gateway.demo.reading import Read, read_clear
from gateway.demo.xta_wire import BOX, SOAP, SPACES, XTA, contents, envelope, package, text, unpack
from gateway.xmlguard import safe_parse

_LISTED = 'listURI="urn:de:vorfuehrung" listVersionID="1"'


@dataclass
class MailboxEnd:
    """An authority that fetches from the gateway's mailbox; `author` is its DVDV key, `reader` the gateway's."""

    author: str
    reader: str
    identity: Identity
    gateway_tls: Path
    base: str = ""
    _http: list[httpx.Client] = field(default_factory=list)

    def fetch(self) -> Sequence[Read]:
        """Take everything that lies ready: fetch, read, and only then close."""
        if not self.base:
            return []
        listed, _ = self._call("MsgBoxPort", BOX + "MsgBoxStatusListRequest", _LIST)
        found = []
        for row in listed.iterfind(".//m:MessageMetaData", SPACES):
            identity = text(row, "m:MsgIdentification/a:MessageID")
            wanted = f"<o:MsgSelector><a:MessageID>{identity}</a:MessageID></o:MsgSelector>"
            wanted = f"<o:MsgBoxFetchRequest>{wanted}</o:MsgBoxFetchRequest>"
            message, attachments = contents(*self._call("MsgBoxPort", BOX + "MsgBoxFetchRequest", wanted))
            found.append(read_clear(text(row, "m:MsgIdentification/m:ProcessRef/m:Requester"), message, attachments))
            last = f"<o:LastMsgReceived>{identity}</o:LastMsgReceived>"
            done = f'<o:MsgBoxCloseRequest MsgBoxRequestID="1">{last}</o:MsgBoxCloseRequest>'
            self._call("MsgBoxPort", BOX + "MsgBoxCloseRequest", done)
        return found

    def answer(self, message: bytes) -> bool:
        """Send an answer through the gateway's SendXtaPort."""
        made, _ = self._call("ManagementPort", XTA + "CreateMessageID", "")
        identity = text(made, "//s:Body//a:MessageID")
        name = etree.QName(safe_parse(message))
        order = _ORDER.format(
            author=self.author, reader=self.reader, identity=identity, root=name.localname, space=name.namespace
        )
        include = '<i:Include href="cid:nachricht@x"/>'
        inside = f'<x:ContentContainer><x:Message contentType="text/xml">{include}</x:Message></x:ContentContainer>'
        body = f"<x:GenericContentContainer>{inside}</x:GenericContentContainer>"
        self._call("SendXtaPort", XTA + "SendMessage", body, order, {"nachricht@x": message})
        return True

    def close(self) -> None:
        """Hang up."""
        for client in self._http:
            client.close()

    def _call(
        self, port: str, action: str, body: str, header: str = "", parts: Mapping[str, bytes] | None = None
    ) -> tuple[etree._Element, Mapping[str, bytes]]:
        author = f'<m:Author><m:Identifier type="xoev">{self.author}</m:Identifier></m:Author>'
        octets, kind = envelope(action, body, header or author), SOAP
        if parts:
            kind, octets = package(octets, parts, action)
        answer = self._client().post(f"{self.base}/{port}", content=octets, headers={"Content-Type": kind})
        answer.raise_for_status()
        return unpack(answer.headers["content-type"], answer.content)

    def _client(self) -> httpx.Client:
        if not self._http:
            context = ssl.create_default_context(cafile=str(self.gateway_tls))
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the gateway's certificate is its own issuer here
            context.load_cert_chain(self.identity.key)
            self._http.append(httpx.Client(verify=context, timeout=60, trust_env=False))
        return self._http[0]


_LIST = '<o:MsgBoxStatusListRequest maxListItems="50" ListForm="MessageMetaData"/>'
_ORDER = (
    '<m:MessageMetaData><m:DeliveryAttributes/><m:Originators><m:Author><m:Identifier type="xoev">{author}'
    '</m:Identifier></m:Author></m:Originators><m:Destinations><m:Reader><m:Identifier type="xoev">{reader}'
    "</m:Identifier></m:Reader></m:Destinations><m:MsgIdentification><a:MessageID>{identity}</a:MessageID>"
    "</m:MsgIdentification><m:Qualifier>"
    "<m:Service>http://www.xleitstelle.de/xbau/2/6/XBau26-BAB2BH.wsdl</m:Service>"
    f"<m:BusinessScenario><m:Defined {_LISTED}><code>XBAU_DATA</code></m:Defined></m:BusinessScenario>"
    f'<m:MessageType {_LISTED} payloadSchema="{{space}}"><code>{{root}}</code></m:MessageType>'
    "</m:Qualifier></m:MessageMetaData>"
)
