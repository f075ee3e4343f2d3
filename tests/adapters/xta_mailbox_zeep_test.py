"""A zeep client made from the official WSDL over mutual TLS: what a standard client sees of the mailbox."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import zeep
import zeep.exceptions
from zeep.transports import Transport

from adapters.xta_mailbox import plugin
from gateway.adapter_contract.samples import sample_envelope
from gateway.domain.ids import AuthorityKey
from tests.kit import xta_official
from tests.kit.xta_desk import FakeClock, FakeDesk, FakeIds
from tests.kit.xta_tls import Identity, Pki, make_pki, serving

KOELN, BONN = AuthorityKey("05315000"), AuthorityKey("05314000")
META = "{http://www.osci.eu/ws/2014/10/transport}"
ID = "urn:de:xta:messageid:bauweiche:"

pytestmark = pytest.mark.skipif(not xta_official.OFFICIAL.exists(), reason=xta_official.MISSING)


@dataclass
class Client:
    """The three ports as zeep proxies, and the elements of the schema."""

    soap: Any
    box: Any
    management: Any
    sending: Any

    def author(self, identifier: str = "bab:05315000") -> dict[str, Any]:
        """Return the Author header."""
        made = self.soap.get_element(META + "Author")(Identifier={"_value_1": identifier, "type": "xoev"})
        return {"AuthorIdentifier": made}


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
        library: Any = zeep
        transport: Any = Transport
        options = library.Settings(xml_huge_tree=True)
        soap = library.Client(self.document, transport=transport(session=session), settings=options)
        space = "{http://xoev.de/transport/xta/211}"
        base = f"https://127.0.0.1:{self.port}/services/XTAService/"
        return Client(
            soap,
            soap.create_service(space + "msgBoxHttpsBinding", base + "MsgBoxPort"),
            soap.create_service(space + "managementHttpsBinding", base + "ManagementPort"),
            soap.create_service(space + "sendXTAHttpsBinding", base + "SendXtaPort"),
        )


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def document() -> Any:
    library: Any = zeep
    return library.Client(str(xta_official.WSDL), settings=library.Settings(forbid_external=True)).wsdl


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

    assert client.management.checkAccountActive(_soapheaders=author) is None
    listed = client.box.getStatusList(maxListItems=50, ListForm="MessageMetaData", _soapheaders=author)
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

    got = client.box.getMessage(MsgSelector={"MessageID": [message_id]}, _soapheaders=author)
    content = got.body.ContentContainer
    assert content.Message._value_1 == b"".join(envelope.clear().message.chunks())
    for found, sent in zip(content.Attachment, envelope.clear().attachments, strict=True):
        assert (found.id, found.filename, found.contentType) == (sent.identity, sent.file_name, "application/pdf")
        assert hashlib.sha256(found._value_1 or b"").hexdigest() == sent.sha256

    assert client.management.getTransportReport(message_id, _soapheaders=author).MessageStatus.Status == 0
    client.box.close(LastMsgReceived=[message_id], MsgBoxRequestID="1", _soapheaders=author)
    client.box.close(LastMsgReceived=[message_id], MsgBoxRequestID="1", _soapheaders=author)
    report = client.management.getTransportReport(message_id, _soapheaders=author)
    assert report.MessageStatus.Status == 1
    assert report.MessageMetaData.DeliveryAttributes.InitialFetch is not None
    assert setting.desk.lying[envelope.message_id].waiting.state == "handed_over"


def test_a_client_walks_with_get_next_message(setting: Setting) -> None:
    messages = [sample_envelope(number, sizes=(10,), protection="transport") for number in (1, 2, 3)]
    for message in messages:
        setting.desk.lay(message)
    client = setting.client(setting.pki.authority)
    got = client.box.getMessage(_soapheaders=client.author())
    seen = [got.header.MessageMetaData.MsgIdentification.MessageID._value_1]
    name = got.header.FetchResponseHeader.MsgBoxRequestID
    while len(seen) < 3:
        got = client.box.getNextMessage(LastMsgReceived=seen[-1:], MsgBoxRequestID=name, _soapheaders=client.author())
        seen.append(got.header.MessageMetaData.MsgIdentification.MessageID._value_1)
    assert seen == [ID + message.message_id for message in messages]
    with pytest.raises(zeep.exceptions.Fault) as fault:
        client.box.getNextMessage(LastMsgReceived=seen[-1:], MsgBoxRequestID=name, _soapheaders=client.author())
    assert fault.value.detail.findtext(".//code") == "9070"
    assert not setting.desk.waiting(frozenset({KOELN}))


def test_a_client_pages_through_the_list(setting: Setting) -> None:
    for number in range(1, 6):
        setting.desk.lay(sample_envelope(number, protection="transport"))
    client = setting.client(setting.pki.centre)
    library: Any = zeep
    got = client.box.getStatusList(maxListItems=3, _soapheaders=client.author("*"))
    assert (len(got.body.MessageMetaData), got.header.FetchResponseHeader.ItemsPending) == (3, 2)
    name = got.header.FetchResponseHeader.MsgBoxRequestID
    got = client.box.getNextStatusList(
        MsgBoxRequestID=name, LastMsgReceived=library.xsd.SkipValue, _soapheaders=client.author("*")
    )
    assert len(got.body.MessageMetaData) == 2


def test_a_client_sends_a_reply_and_asks_how_it_went(setting: Setting) -> None:
    client = setting.client(setting.pki.authority)
    service = "http://www.xleitstelle.de/xbau/2/6/XBau26-BAB2BH.wsdl"
    reader = {"Identifier": {"_value_1": "bap:050000000000", "type": "xoev"}}
    question = {"LookupService": {"Reader": reader, "ServiceType": service}}
    found = client.management.lookupService([question], _soapheaders=client.author())
    assert found[0].IsServiceAvailableValue.ServiceIsAvailable is True
    identity = client.management.createMessageId(_soapheaders=client.author())
    identity = getattr(identity, "_value_1", identity)
    order = client.soap.get_element(META + "MessageMetaData")(
        DeliveryAttributes={},
        Originators={"Author": {"Identifier": {"_value_1": "bab:05315000", "type": "xoev"}}},
        Destinations={"Reader": reader},
        MsgIdentification={"MessageID": identity},
        Qualifier={
            "Service": service,
            "BusinessScenario": {"Defined": {"code": "XBAU_DATA", "listURI": "urn:l", "listVersionID": "1"}},
            "MessageType": {
                "code": "antragseingang.1120",
                "listURI": "urn:l",
                "listVersionID": "1",
                "payloadSchema": "urn:ns",
            },
        },
    )
    message = {"_value_1": b"<antragseingang.1120/>", "contentType": "text/xml"}
    plan = {"_value_1": bytes(range(256)) * 1_000, "contentType": "application/pdf", "id": "a1", "filename": "a.pdf"}
    content = {"Message": message, "Attachment": [plan]}
    client.sending.sendMessage(ContentContainer=content, _soapheaders={"MessageMetaData": order})
    (taken,) = setting.desk.replies.values()
    assert (taken.message, taken.attachments["a1"][2]) == (b"<antragseingang.1120/>", 256_000)
    report = client.management.getTransportReport(identity, _soapheaders=client.author())
    assert report.MessageStatus.Status == 1
    for call, code in ((client.sending.sendMessage, "9024"), (client.sending.sendMessageSync, "9080")):
        with pytest.raises(zeep.exceptions.Fault) as fault:
            call(ContentContainer=content, _soapheaders={"MessageMetaData": order})
        assert fault.value.detail.findtext(".//code") == code
    with pytest.raises(zeep.exceptions.Fault) as fault:
        client.management.cancelMessage(identity, _soapheaders=client.author())
    assert fault.value.detail.findtext(".//code") == "9101"


def test_a_client_gets_typed_faults(setting: Setting) -> None:
    client, stranger = setting.client(setting.pki.authority), setting.client(setting.pki.stranger)
    calls: list[tuple[Callable[[], Any], str]] = [
        (
            lambda: client.box.getMessage(MsgSelector={"MessageID": ["urn:uuid:0"]}, _soapheaders=client.author()),
            "9070",
        ),
        (lambda: client.management.checkAccountActive(_soapheaders=client.author("bab:05314000")), "9014"),
        (lambda: stranger.management.checkAccountActive(_soapheaders=stranger.author()), "9014"),
    ]
    for call, code in calls:
        with pytest.raises(zeep.exceptions.Fault) as fault:
            call()
        assert fault.value.detail.findtext(".//code") == code
    assert len(setting.desk.refused) == 2


@pytest.mark.long
def test_a_client_fetches_plans_of_200_mb(setting: Setting) -> None:
    envelope = sample_envelope(1, sizes=(25_000_000,) * 8, protection="transport")
    setting.desk.lay(envelope)
    client = setting.client(setting.pki.authority)
    got = client.box.getMessage(MsgSelector={"MessageID": [ID + envelope.message_id]}, _soapheaders=client.author())
    # zeep cuts line ends off the edges of every part it receives: so does the expectation
    found = [hashlib.sha256(node._value_1).hexdigest() for node in got.body.ContentContainer.Attachment]
    sent = [b"".join(part.chunks()).strip(b"\r\n") for part in envelope.clear().attachments]
    assert found == [hashlib.sha256(data).hexdigest() for data in sent]
