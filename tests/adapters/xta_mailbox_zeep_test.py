"""A zeep client made from the official WSDL over mutual TLS: what a standard client sees of the mailbox."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep
from zeep.transports import Transport

from adapters.xta_mailbox import plugin
from gateway.adapter_contract.samples import sample_envelope
from gateway.domain.ids import AuthorityKey
from tests.kit.xta_desk import FakeClock, FakeDesk, FakeIds
from tests.kit.xta_tls import Identity, Pki, make_pki, serving

WSDL = Path(__file__).parents[3] / "shared/xta/official/XTA.wsdl"
KOELN, BONN = AuthorityKey("05315000"), AuthorityKey("05314000")
META = "{http://www.osci.eu/ws/2014/10/transport}"
ID = "urn:de:xta:messageid:bauweiche:"

pytestmark = pytest.mark.skipif(not WSDL.exists(), reason="die amtliche WSDL liegt nicht neben dem Projekt")


@dataclass
class Client:
    """The three ports as zeep proxies, and the elements of the schema."""

    soap: zeep.Client
    box: Any
    management: Any
    sending: Any

    def author(self, identifier: str = "bab:05315000") -> Any:
        return self.soap.get_element(META + "Author")(Identifier={"_value_1": identifier, "type": "xoev"})


@dataclass
class Setting:
    desk: FakeDesk
    pki: Pki
    port: int
    document: Any

    def client(self, who: Identity) -> Client:
        session = requests.Session()
        session.trust_env = False
        session.cert, session.verify = (str(who.cert), str(who.key)), str(self.pki.anchors)
        soap = zeep.Client(
            self.document, transport=Transport(session=session), settings=zeep.Settings(xml_huge_tree=True)
        )
        space = "{http://xoev.de/transport/xta/211}"
        base = f"https://127.0.0.1:{self.port}/services/XTAService/"

        def port(binding: str, name: str) -> Any:
            return soap.create_service(space + binding, base + name)

        return Client(
            soap,
            port("msgBoxHttpsBinding", "MsgBoxPort"),
            port("managementHttpsBinding", "ManagementPort"),
            port("sendXTAHttpsBinding", "SendXtaPort"),
        )


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def document() -> Any:
    return zeep.Client(str(WSDL), settings=zeep.Settings(forbid_external=True)).wsdl


@pytest.fixture
def setting(pki: Pki, document: Any) -> Iterator[Setting]:
    desk = FakeDesk({pki.authority.fingerprint: frozenset({KOELN}), pki.centre.fingerprint: frozenset({KOELN, BONN})})
    assert plugin.endpoint is not None
    _, app = plugin.endpoint(desk, {"now": FakeClock(), "new_id": FakeIds(), "identity": "gateway.example"})
    with serving(app, pki) as port:
        yield Setting(desk, pki, port, document)


def test_a_client_lists_fetches_inspects_and_closes(setting: Setting) -> None:
    envelope = sample_envelope(1, sizes=(3_000_000, 5_000_001, 0), protection="transport")
    setting.desk.lay(envelope)
    client = setting.client(setting.pki.authority)
    author = client.author()

    assert client.management.checkAccountActive(_soapheaders={"AuthorIdentifier": author}) is None
    listed = client.box.getStatusList(
        maxListItems=50, ListForm="MessageMetaData", _soapheaders={"AuthorIdentifier": author}
    )
    (data,) = listed.body.MessageMetaData
    message_id = data.MsgIdentification.MessageID._value_1
    assert message_id == ID + envelope.message_id
    assert data.Qualifier.Service == envelope.service_uri
    assert data.Qualifier.BusinessScenario.Defined.code == "XBAU_DATA"
    assert (data.Qualifier.MessageType.code, data.Qualifier.MessageType.payloadSchema) == (
        envelope.root,
        envelope.namespace,
    )
    assert data.Destinations.Reader.Identifier._value_1 == "bab:05315000"
    assert data.TestMsg is True

    got = client.box.getMessage(MsgSelector={"MessageID": [message_id]}, _soapheaders={"AuthorIdentifier": author})
    content = got.body.ContentContainer
    assert content.Message._value_1 == b"".join(envelope.clear().message.chunks())
    for found, sent in zip(content.Attachment, envelope.clear().attachments, strict=True):
        assert (found.id, found.filename, found.contentType) == (sent.identity, sent.file_name, "application/pdf")
        assert hashlib.sha256(found._value_1 or b"").hexdigest() == sent.sha256

    assert (
        client.management.getTransportReport(message_id, _soapheaders={"AuthorIdentifier": author}).MessageStatus.Status
        == 0
    )
    client.box.close(LastMsgReceived=[message_id], MsgBoxRequestID="1", _soapheaders={"AuthorIdentifier": author})
    client.box.close(LastMsgReceived=[message_id], MsgBoxRequestID="1", _soapheaders={"AuthorIdentifier": author})
    report = client.management.getTransportReport(message_id, _soapheaders={"AuthorIdentifier": author})
    assert report.MessageStatus.Status == 1
    assert report.MessageMetaData.DeliveryAttributes.InitialFetch is not None
    assert setting.desk.lying[envelope.message_id].waiting.state == "handed_over"
