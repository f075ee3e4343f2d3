"""A standard XTA client for tests: zeep, made from the official WSDL, over mutual TLS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import zeep
from zeep.transports import Transport

from tests.kit import xta_official
from tests.kit.xta_tls import Identity

META = "{http://www.osci.eu/ws/2014/10/transport}"
ID = "urn:de:xta:messageid:bauweiche:"


@dataclass(frozen=True)
class ZeepClient:
    """The three ports as zeep proxies, and the elements of the schema."""

    soap: Any
    box: Any
    management: Any
    sending: Any

    def author(self, identifier: str) -> dict[str, Any]:
        """Return the Author header that selects a mailbox."""
        made = self.soap.get_element(META + "Author")(Identifier={"_value_1": identifier, "type": "xoev"})
        return {"AuthorIdentifier": made}

    def order(self, identity: str, author: str, reader: str, service: str, root: str, namespace: str) -> Any:
        """Return the MessageMetaData of a message that is sent."""
        listed = {"listURI": "urn:l", "listVersionID": "1"}
        return self.soap.get_element(META + "MessageMetaData")(
            DeliveryAttributes={},
            Originators={"Author": {"Identifier": {"_value_1": author, "type": "xoev"}}},
            Destinations={"Reader": {"Identifier": {"_value_1": reader, "type": "xoev"}}},
            MsgIdentification={"MessageID": identity},
            Qualifier={
                "Service": service,
                "BusinessScenario": {"Defined": {"code": "XBAU_DATA", **listed}},
                "MessageType": {"code": root, **listed, "payloadSchema": namespace},
            },
        )


def document() -> Any:
    """Return the official WSDL, read once."""
    library: Any = zeep
    return library.Client(str(xta_official.WSDL), settings=library.Settings(forbid_external=True)).wsdl


def connect(wsdl: Any, base: str, who: Identity, server: Path) -> ZeepClient:
    """Return a client that shows `who` and believes the certificate in `server`; `base` ends with XTAService."""
    session = requests.Session()
    session.trust_env = False
    session.cert, session.verify = (str(who.cert), str(who.key)), str(server)
    library: Any = zeep
    transport: Any = Transport
    soap = library.Client(wsdl, transport=transport(session=session), settings=library.Settings(xml_huge_tree=True))
    space = "{http://xoev.de/transport/xta/211}"
    return ZeepClient(
        soap,
        soap.create_service(space + "msgBoxHttpsBinding", f"{base}/MsgBoxPort"),
        soap.create_service(space + "managementHttpsBinding", f"{base}/ManagementPort"),
        soap.create_service(space + "sendXTAHttpsBinding", f"{base}/SendXtaPort"),
    )
