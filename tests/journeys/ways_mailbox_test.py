"""The mailbox of a running gateway: real processes, a standard client, mutual TLS, and the portal looking on."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
import zeep.exceptions
from lxml import etree

from gateway.demo.pdf import make_pdf
from gateway.domain.case import Delivery
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.domain.participation import Protection
from gateway.flow import operate
from gateway.flow.certificates import drop, hold
from gateway.seal.cipher import unseal
from gateway.seal.keys import read_private_key
from gateway.seal.sign import verify
from gateway.seal.wrap import read_key, unwrap_key
from gateway.wiring import SystemClock
from tests.kit import xta_official, xta_zeep
from tests.kit.installation import (
    ACTOR,
    AHLEN,
    MUENSTER,
    OELDE,
    WARENDORF,
    Installation,
    announcement,
    installation,
    overview_pdf,
)
from tests.kit.replying import answering
from tests.kit.running import Process, process
from tests.kit.ways import TOWN, tls_certificate
from tests.kit.xta_raw import RawClient, envelope, split
from tests.kit.xta_setting import CLOSE, FETCH, NS, close, fault, fetch
from tests.kit.xta_tls import Pki, make_pki
from tests.kit.xta_zeep import ID, ZeepClient

pytestmark = pytest.mark.skipif(not xta_official.OFFICIAL.exists(), reason=xta_official.MISSING)

DVDV = {WARENDORF: "bab:05570", MUENSTER: "bab:05515", AHLEN: "bab:05570004"}
REVOKED = "revoked"


@dataclass
class Running:
    """A gateway that serves and works, a portal's client, and the authority's certificates."""

    installed: Installation
    pki: Pki
    gateway: Process
    portal: httpx.Client
    wsdl: Any

    @property
    def base(self) -> str:
        return self.gateway.address("https").replace("127.0.0.1", "localhost")

    @property
    def port(self) -> int:
        return int(self.base.split(":")[2].partition("/")[0])

    def client(self) -> ZeepClient:
        return xta_zeep.connect(self.wsdl, self.base, self.pki.authority, tls_certificate(self.installed))

    def raw(self, who: Any = None) -> RawClient:
        context = replace(self.pki, anchors=tls_certificate(self.installed)).client(who or self.pki.authority)
        return RawClient(self.port, context)

    def hand_off(self, key: AuthorityKey, *files: bytes) -> dict[str, Any]:
        """Hand an application off as a portal does."""
        asked = announcement(*files, municipality=TOWN.get(key, key))
        begun = self.portal.post("/v1/submissions", json=asked, headers={"Idempotency-Key": str(uuid4())})
        assert begun.status_code == 201, begun.text
        case = begun.json()
        for slot, octets in zip(case["attachments"], files, strict=True):
            put = self.portal.put(slot["upload_url"], content=octets, headers={"Content-Type": "application/pdf"})
            assert put.status_code == 200, put.text
        done = self.portal.post(f"/v1/submissions/{case['id']}/complete")
        assert done.status_code == 201, done.text
        return cast("dict[str, Any]", done.json())

    def status(self, case: dict[str, Any]) -> dict[str, Any]:
        return cast("dict[str, Any]", self.portal.get(f"/v1/submissions/{case['id']}").json())

    def until(self, case: dict[str, Any], status: str) -> dict[str, Any]:
        """Wait until the portal sees a status; it must come by itself."""
        until = time.monotonic() + 20
        while (seen := self.status(case))["status"] != status:
            assert time.monotonic() < until, seen
            time.sleep(0.03)
        return seen

    def events(self, case: dict[str, Any]) -> list[str]:
        found = self.portal.get(f"/v1/submissions/{case['id']}/timeline").json()["events"]
        return [event["event"] for event in found]

    def delivery(self, case: dict[str, Any]) -> Delivery:
        with self.installed.world.store.reading() as tx:
            found = tx.deliveries.get(MessageId(case["message_id"]))
        assert found is not None
        return found

    def refusals(self) -> list[tuple[str, str]]:
        with self.installed.world.store.reading() as tx:
            acts = [entry.act for entry in tx.journal.read() if entry.act.what == "caller.refused"]
        return [(act.actor, act.why) for act in acts]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    pki = make_pki(tmp_path_factory.mktemp("pki"))
    clock: Any = SystemClock()
    with installation(tmp_path_factory.mktemp("mailbox"), clock=clock) as installed:
        world = installed.world
        for key, who in (
            (WARENDORF, pki.authority),
            (AHLEN, pki.authority),
            (MUENSTER, pki.centre),
            (OELDE, pki.stranger),
        ):
            hold(world, key, "tls", who.cert.read_bytes(), ACTOR)
            chosen = Protection.END_TO_END if key == AHLEN else Protection.TRANSPORT
            installed.takes_part(key, adapter="xta_mailbox", settings={}, protection=chosen)
        drop(world, OELDE, pki.stranger.fingerprint, ACTOR, "Zertifikat gestohlen gemeldet")
        settings = {"mailbox_port": 0, "disk_reserve_bytes": 0}
        with (
            process(installed, "serve", "--port", "0", lines=2, **settings) as gateway,
            process(installed, "worker"),
            httpx.Client(base_url=gateway.address("http"), timeout=60) as portal,
        ):
            portal.headers["Authorization"] = f"Bearer {installed.token()}"
            yield Running(installed, pki, gateway, portal, xta_zeep.document())


def test_a_standard_client_lists_fetches_inspects_and_closes_and_the_portal_sees_each_step(running: Running) -> None:
    files = (overview_pdf(), make_pdf(["Grundriss"], 5_000_000))
    case = running.hand_off(WARENDORF, *files)
    running.until(case, "available")
    client, author = running.client(), running.client().author(DVDV[WARENDORF])
    assert client.management.checkAccountActive(_soapheaders=author) is None

    listed = client.box.getStatusList(maxListItems=50, ListForm="MessageMetaData", _soapheaders=author)
    (row,) = listed.body.MessageMetaData
    identity = row.MsgIdentification.MessageID._value_1
    assert identity == ID + case["message_id"]
    assert row.Qualifier.BusinessScenario.Defined.code == "XBAU_DATA"
    assert row.Destinations.Reader.Identifier._value_1 == DVDV[WARENDORF]
    assert running.status(case)["status"] == "available"
    assert "delivery.fetched" not in running.events(case)

    for _ in range(2):  # fetching is not acknowledging: it may be done again
        got = client.box.getMessage(MsgSelector={"MessageID": [identity]}, _soapheaders=author)
        content = got.body.ContentContainer
        message = etree.fromstring(content.Message._value_1)
        assert etree.QName(message).localname.endswith(".0200")
        assert [hashlib.sha256(part._value_1).hexdigest() for part in content.Attachment] == [
            hashlib.sha256(octets.strip(b"\r\n")).hexdigest() for octets in files
        ]
        assert client.management.getTransportReport(identity, _soapheaders=author).MessageStatus.Status == 0
        assert running.status(case)["status"] == "available"
        assert running.status(case)["handed_over_at"] is None
    assert running.events(case).count("delivery.fetched") == 1

    client.box.close(LastMsgReceived=[identity], MsgBoxRequestID="1", _soapheaders=author)
    assert running.status(case)["status"] == "handed_over"
    report = client.management.getTransportReport(identity, _soapheaders=author)
    assert report.MessageStatus.Status == 1
    assert report.MessageMetaData.DeliveryAttributes.InitialFetch is not None
    assert not client.box.getStatusList(maxListItems=50, _soapheaders=author).body.MessageMetaData
    erased(running, case)


def erased(running: Running, case: dict[str, Any]) -> None:
    """Wait until nothing of a case's content is left at the gateway."""
    until = time.monotonic() + 20
    while running.status(case)["erased_at"] is None:
        assert time.monotonic() < until
        time.sleep(0.03)
    assert not any((running.installed.settings.state / "vault").rglob(f"*{case['id']}*/*"))


def test_a_reply_sent_to_the_mailbox_reaches_the_portal_and_confirms_the_case(running: Running) -> None:
    case = running.hand_off(WARENDORF, overview_pdf())
    running.until(case, "available")
    xml = answering(running.installed, case["id"]).xml("1120")
    client = running.client()
    author = client.author(DVDV[WARENDORF])
    identity = client.management.createMessageId(_soapheaders=author)
    identity = getattr(identity, "_value_1", identity)
    root = etree.QName(etree.fromstring(xml))
    service = "http://www.xleitstelle.de/xbau/2/6/XBau26-BAB2BH.wsdl"
    order = client.order(identity, DVDV[WARENDORF], "bap:050000000000", service, root.localname, root.namespace or "")
    sent = {"Message": {"_value_1": xml, "contentType": "text/xml"}}
    client.sending.sendMessage(ContentContainer=sent, _soapheaders={"MessageMetaData": order})
    assert client.management.getTransportReport(identity, _soapheaders=author).MessageStatus.Status == 1
    running.until(case, "confirmed")
    replies = running.portal.get("/v1/replies").json()["replies"]
    (reply,) = [one for one in replies if one["case_number"] == case["case_number"]]
    assert reply["number"] == "1120"
    assert running.portal.get(f"/v1/replies/{reply['id']}/message").content == xml
    erased(running, case)


def test_a_certificate_of_another_authority_is_turned_away_with_403_and_a_journal_entry(running: Running) -> None:
    case = running.hand_off(WARENDORF, overview_pdf())
    running.until(case, "available")
    foreign = running.pki.centre
    with running.raw(foreign) as client:
        answer = client.post(
            envelope(FETCH, fetch(case["message_id"]), headers=author_header(DVDV[WARENDORF])), port="MsgBoxPort"
        )
    assert fault(answer)[0] == 403
    assert fault(answer)[3] == "9014"
    with running.raw(foreign) as client:  # without naming a mailbox: it is simply not there
        assert fault(client.post(envelope(FETCH, fetch(case["message_id"]))))[3] == "9070"
    assert f"certificate:{foreign.fingerprint}" in [actor for actor, _ in running.refusals()]
    assert running.delivery(case).fetched_at is None
    finish(running, case)


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [
        ("stranger", "9014", "keinem Postfach zugeordnet"),  # it was held once, and withdrawn
        ("self_signed", "9014", "keinem Postfach zugeordnet"),
        ("expired", "9010", "abgelaufen"),
        ("weak", "9014", "2048 Bit"),
    ],
)
def test_an_unfit_certificate_is_told_so_with_403_and_leaves_one_entry_however_often_it_comes(
    running: Running, kind: str, number: str, words: str
) -> None:
    who = getattr(running.pki, kind)
    for _ in range(3):
        with running.raw(who) as client:
            answer = client.post(envelope(FETCH))
        assert fault(answer) == (403, "s12:Sender", "PermissionDeniedException", number)
    (why,) = [why for actor, why in running.refusals() if actor == f"certificate:{who.fingerprint}"]
    assert words in why


def test_two_certificates_of_an_authority_overlap_without_a_restart_until_the_old_one_is_withdrawn(
    running: Running,
) -> None:
    world, old, new = running.installed.world, running.pki.authority, running.pki.chained
    with running.raw(new) as client:
        assert fault(client.post(envelope(FETCH)))[0] == 403
    hold(world, WARENDORF, "tls", new.cert.read_bytes(), ACTOR)
    case = running.hand_off(WARENDORF, overview_pdf())
    running.until(case, "available")
    for who in (old, new):
        with running.raw(who) as client:
            headers = author_header(DVDV[WARENDORF])
            assert client.post(envelope(FETCH, fetch(case["message_id"]), headers=headers)).status == 200
    drop(world, WARENDORF, new.fingerprint, ACTOR, "Probe beendet")
    with running.raw(new) as client:
        assert fault(client.post(envelope(FETCH)))[0] == 403
    finish(running, case)


def test_a_handshake_that_fails_on_the_certificate_leaves_an_entry_too(running: Running) -> None:
    who = running.pki.wrong_purpose
    with pytest.raises((OSError, EOFError)), running.raw(who) as client:
        client.post(envelope(FETCH))
    until = time.monotonic() + 15
    while not (found := [why for actor, why in running.refusals() if actor == f"certificate:{who.fingerprint}"]):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert "nicht für die Clientauthentisierung" in found[0]
    assert "nicht erwiesen" in found[0]


def test_end_to_end_content_opens_only_with_the_key_of_the_authority(running: Running) -> None:
    files = (overview_pdf(), overview_pdf(70_000))
    case = running.hand_off(AHLEN, *files)
    running.until(case, "available")
    with running.raw() as client:
        answer = client.post(envelope(FETCH, fetch(case["message_id"]), headers=author_header(DVDV[AHLEN])))
    assert answer.status == 200
    root = etree.fromstring(split(answer)[0][2])
    assert root.find(".//x:ContentContainer", NS) is None
    encrypted = root.find(".//e:EncryptedData//e:EncryptedKey", NS)
    assert encrypted is not None
    wrapped = read_key(encrypted)
    assert wrapped is not None
    entry = read_private_key(running.installed.keys[AHLEN].read_bytes())
    inner = etree.fromstring(unseal(split(answer)[1][2], unwrap_key(wrapped, [entry])))
    contents = [base64.b64decode(node.text or "") for node in inner]
    assert contents[1:3] == list(files)
    world = running.installed.world
    manifest = verify(contents[3], world.trust, world.clock.now())
    assert (manifest.message_id, manifest.addressee, manifest.route) == (
        case["message_id"],
        AHLEN,
        f"{DVDV[AHLEN]}/{AHLEN}",
    )
    assert {part.sha256 for part in manifest.parts} >= {hashlib.sha256(octets).hexdigest() for octets in files}
    finish(running, case, AHLEN)


def test_a_download_that_breaks_off_leaves_the_message_where_it_was(running: Running) -> None:
    case = running.hand_off(WARENDORF, overview_pdf(), make_pdf(["Lageplan"], 3_000_000))
    running.until(case, "available")
    body = envelope(FETCH, fetch(case["message_id"]))
    with running.raw() as client:
        client.begin("application/soap+xml; charset=utf-8", len(body))
        client.socket.sendall(body)
        client.socket.recv(50_000)
    assert running.status(case)["status"] == "available"
    with running.raw() as client:
        assert len(client.post(body).body) > 3_000_000
    finish(running, case)


def test_what_an_operator_takes_back_is_no_longer_in_the_mailbox(running: Running) -> None:
    case = running.hand_off(WARENDORF, overview_pdf())
    running.until(case, "available")
    operate.hold(running.installed.world, MessageId(case["message_id"]), ACTOR, "Rückfrage")
    with running.raw() as client:
        assert fault(client.post(envelope(FETCH, fetch(case["message_id"]))))[3] == "9070"
        closed = client.post(envelope(CLOSE, close(case["message_id"])))
    assert closed.status != 200
    assert running.status(case)["status"] == "held"
    operate.requeue(running.installed.world, MessageId(case["message_id"]), ACTOR, "geklärt")
    running.until(case, "available")
    finish(running, case)


def author_header(identifier: str) -> str:
    return f'<m:Author><m:Identifier type="xoev">{identifier}</m:Identifier></m:Author>'


def finish(running: Running, case: dict[str, Any], key: AuthorityKey = WARENDORF) -> None:
    """Fetch and close, as the authority does."""
    with running.raw() as client:
        headers = author_header(DVDV[key])
        assert client.post(envelope(FETCH, fetch(case["message_id"]), headers=headers)).status == 200
        assert client.post(envelope(CLOSE, close(case["message_id"]), headers=headers)).status == 200
    assert running.status(case)["status"] == "handed_over"


@pytest.mark.long
def test_plans_of_200_mb_pass_through_a_server_that_stays_below_200_mb(running: Running) -> None:
    files = (overview_pdf(), *(make_pdf([f"Plan {number}"], 28_000_000) for number in range(7)))
    case = running.hand_off(WARENDORF, *files)
    running.until(case, "available")
    client = running.client()
    author = client.author(DVDV[WARENDORF])
    got = client.box.getMessage(MsgSelector={"MessageID": [ID + case["message_id"]]}, _soapheaders=author)
    found = [hashlib.sha256(part._value_1).hexdigest() for part in got.body.ContentContainer.Attachment]
    assert found == [hashlib.sha256(octets.strip(b"\r\n")).hexdigest() for octets in files]
    finish(running, case)
    assert running.gateway.peak_memory() < 200


def test_zeep_is_told_by_a_typed_fault_what_is_wrong(running: Running) -> None:
    client = running.client()
    with pytest.raises(zeep.exceptions.Fault) as error:
        client.management.checkAccountActive(_soapheaders=client.author("bab:05315000"))
    assert error.value.detail.findtext(".//code") == "9014"
    assert Path(running.installed.home).is_dir()
