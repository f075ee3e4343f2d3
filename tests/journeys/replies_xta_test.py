"""Replies over a real mailbox: mutual TLS, MTOM parts straight into the vault, and the gateway's store behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.xta_mailbox import plugin
from gateway.domain.delivery import State
from gateway.domain.reply import Proof, ReplyState
from gateway.flow.certificates import hold
from gateway.flow.desk import MailboxDesk
from gateway.flow.reading import attachment
from tests.kit.installation import ACTOR, WARENDORF, Installation, installation
from tests.kit.replying import Answering, answer_to, journal_of, known_case, only_reply, state_of
from tests.kit.xbau_replies import DOCUMENT_ID, SHA256
from tests.kit.xta_raw import XTA_ACTION, Answer, RawClient, envelope, metadata, multipart
from tests.kit.xta_setting import ID, SEND, container, fault, include, judge, text
from tests.kit.xta_tls import Pki, make_pki, serving

NUMBERS = count(1)
PLAN = bytes(range(256)) * 8_000


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, pki: Pki) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("xta")) as made:
        hold(made.world, WARENDORF, "tls", pki.authority.cert.read_bytes(), ACTOR)
        yield made


@pytest.fixture(scope="module")
def port(installed: Installation, pki: Pki) -> Iterator[int]:
    assert plugin.endpoint is not None
    world = installed.world
    options = {"now": world.clock.now, "new_id": world.chance.uuid, "identity": "gateway.example"}
    _, app = plugin.endpoint(MailboxDesk(world, "xta_mailbox"), options)
    with serving(app, pki) as number:
        yield number


@pytest.fixture
def known(installed: Installation) -> Answering:
    return known_case(installed, next(NUMBERS))


def send(port: int, pki: Pki, xml: bytes, message_id: str, *plans: bytes) -> Answer:
    contents = [include("Message", "m@x")]
    contents += [include("Attachment", f"p{n}@x", id=DOCUMENT_ID, filename="Bescheid.pdf") for n, _ in enumerate(plans)]
    root = envelope(SEND, container(*contents), headers=metadata(ID + message_id, "bab:05570", ""))
    kind, body = multipart(root, (("m@x", xml), *((f"p{n}@x", plan) for n, plan in enumerate(plans))), action=SEND)
    with RawClient(port, pki.client(pki.authority)) as client:
        return client.post(body, kind, port="SendXtaPort")


def test_a_decision_with_a_plan_arrives_byte_for_byte_and_is_reported(
    installed: Installation, known: Answering, port: int, pki: Pki
) -> None:
    message_id = str(uuid4())
    xml = known.xml("0205").replace(SHA256.encode(), hashlib.sha256(PLAN).hexdigest().encode())
    assert send(port, pki, xml, message_id, PLAN).status == 200
    reply = only_reply(installed)
    assert (reply.state, reply.proof, reply.via) == (ReplyState.MATCHED, Proof.CERTIFICATE, "xta_mailbox")
    assert reply.transport_id == message_id
    assert reply.facts["fingerprint"] == pki.authority.fingerprint
    assert "subject" not in reply.facts
    part, pieces = attachment(installed.world, reply, 0)
    assert (b"".join(pieces), part.size) == (PLAN, len(PLAN))
    with RawClient(port, pki.client(pki.authority)) as client:
        body = f"<a:MessageID>{ID}{message_id}</a:MessageID>"
        report = judge(client.post(envelope(XTA_ACTION + "GetTransportReport", body), port="ManagementPort"))
    assert text(report, "//x:Status") == "1"


def test_a_receipt_confirms_and_the_same_id_again_is_refused_with_9024(
    installed: Installation, known: Answering, port: int, pki: Pki
) -> None:
    message_id = str(uuid4())
    xml = known.xml("1120")
    assert send(port, pki, xml, message_id).status == 200
    assert state_of(known)[0] is State.CONFIRMED
    before = journal_of(installed, known.case.number)
    assert fault(send(port, pki, xml, message_id))[3] == "9024"
    assert journal_of(installed, known.case.number) == before


def test_a_faulty_message_is_taken_and_answered_by_1100_in_the_mailbox(
    installed: Installation, known: Answering, port: int, pki: Pki
) -> None:
    assert send(port, pki, known.xml("1120").replace(b"nachrichtenkopf", b"kopf"), str(uuid4())).status == 200
    reply = only_reply(installed)
    assert reply.state is ReplyState.REFUSED
    assert answer_to(installed, reply)[0].number == "1100"


def test_a_connection_cut_in_the_middle_leaves_nothing(installed: Installation, port: int, pki: Pki) -> None:
    message_id = str(uuid4())
    root = envelope(SEND, container(include("Message", "m@x"), include("Attachment", "p@x", id="a1", filename="a.pdf")),
                    headers=metadata(ID + message_id, "bab:05570", ""))  # fmt: skip
    kind, body = multipart(root, (("p@x", PLAN), ("m@x", b"<x/>")), action=SEND)
    vault = installed.home / "state" / "vault"
    before = files_in(vault)
    with RawClient(port, pki.client(pki.authority)) as client:
        answer = client.post(body[: len(body) // 2], kind, port="SendXtaPort")
    assert answer.status >= 400
    assert files_in(vault) == before
    assert journal_of(installed, message_id) == ["reply.broken_off"]


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}
