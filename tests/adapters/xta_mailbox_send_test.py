"""Handing in replies by sendMessage, seen by raw bytes: parts, limits, ids, and what is refused how."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterator

import pytest

from gateway.domain import codes
from gateway.domain.codes import Code
from tests.kit.xta_desk import unfit
from tests.kit.xta_raw import XTA_ACTION, Answer, envelope, metadata, multipart
from tests.kit.xta_setting import ID, SEND, Setting, container, fault, include, judge, mailbox, text
from tests.kit.xta_tls import Pki, make_pki

REPORT = XTA_ACTION + "GetTransportReport"
CANCEL = XTA_ACTION + "CancelMessage"
REPLY = "0f0e0d0c-0000-4000-8000-000000000001"
XBAU = b"<antragseingang.1120/>"
PLAN = b"\r\n" + bytes(range(256)) * 2_000 + b"\r\n"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def served(pki: Pki) -> Iterator[Setting]:
    with mailbox(pki) as setting:
        yield setting


@pytest.fixture
def setting(served: Setting) -> Setting:
    served.desk.reset()
    return served


def order(*contents: str, message_id: str = ID + REPLY, sender: str = "bab:05315000", extra: str = "") -> bytes:
    return envelope(SEND, container(*contents), headers=metadata(message_id, sender, extra))


def send(setting: Setting, root: bytes, *parts: tuple[str, bytes], chunked: int = 0) -> Answer:
    kind, body = multipart(root, parts, action=SEND)
    with setting.connected() as client:
        answer = client.post(body, kind, port="SendXtaPort", chunked=chunked)
    judge(answer)
    return answer


def usual(setting: Setting, *, message_id: str = ID + REPLY, chunked: int = 0, xbau: bytes = XBAU) -> Answer:
    """Hand in a message with two attachments, the parts in another order than they are named."""
    root = order(
        include("Message", "m@x"),
        include("Attachment", "p1@x", id="urn_uuid_1", filename="Bescheid.pdf"),
        include("Attachment", "p2%40x", id="urn_uuid_2", filename="Plan &lt;1&gt;.pdf"),
        message_id=message_id,
        extra="<m:In-Reply-To>urn:uuid:11111111-2222-4333-8444-555555555555</m:In-Reply-To>",
    )
    parts = (("p2@x", PLAN), ("m@x", xbau), ("unasked@x", b"?"), ("p1@x", b""))
    return send(setting, root, *parts, chunked=chunked)


@pytest.mark.parametrize("chunked", [0, 7_001, 300_000])
def test_a_reply_is_taken_part_by_part(setting: Setting, chunked: int) -> None:
    answer = usual(setting, chunked=chunked)
    assert answer.status == 200
    assert len(judge(answer)[1]) == 0, "the answer is an envelope with an empty body"
    taken = setting.desk.replies[REPLY]
    assert taken.message == XBAU
    assert taken.attachments == {
        "urn_uuid_2": ("Plan <1>.pdf", "application/pdf", len(PLAN), hashlib.sha256(PLAN).hexdigest()),
        "urn_uuid_1": ("Bescheid.pdf", "application/pdf", 0, hashlib.sha256().hexdigest()),
    }
    assert taken.facts == {
        "message_id": REPLY,
        "authority": "05315000",
        "author": "bab:05315000",
        "reader": "bap:050000000000",
        "service": "http://www.xleitstelle.de/xbau/2/6/XBau26-BAB2BH.wsdl",
        "message_type": "antragseingang.1120",
        "payload_schema": "http://www.xleitstelle.de/xbau/2/6",
        "in_reply_to": "11111111-2222-4333-8444-555555555555",
        "test": "false",
        "fingerprint": setting.pki.authority.fingerprint,
    }
    assert setting.desk.under_way == 0


def test_a_small_reply_may_come_as_base64_without_mime(setting: Setting) -> None:
    inline = base64.encodebytes(XBAU).decode()
    plan = base64.b64encode(PLAN).decode()
    body = order(
        f'<x:Message contentType="text/xml">{inline}</x:Message>',
        f'<x:Attachment contentType="application/pdf" id="a1" filename="a.pdf">{plan}</x:Attachment>',
    )
    with setting.connected() as client:
        assert client.post(body, port="SendXtaPort").status == 200
    taken = setting.desk.replies[REPLY]
    assert (taken.message, taken.attachments["a1"][2]) == (XBAU, len(PLAN))


def test_a_reply_is_reported_and_its_id_is_used_up(setting: Setting) -> None:
    with setting.connected() as client:
        made = judge(client.post(envelope(XTA_ACTION + "CreateMessageID"), port="ManagementPort"))
    identity = text(made, "//s:Body/a:MessageID")
    question = f"<a:MessageID>{identity}</a:MessageID>"
    assert fault(setting.ask(REPORT, question)) == (500, "s12:Sender", "InvalidMessageIDException", "9070")
    assert usual(setting, message_id=identity).status == 200
    report = judge(setting.ask(REPORT, question))
    assert (text(report, "//x:Status"), text(report, "//x:XTAServerIdentity")) == ("1", "gateway.example")
    assert text(report, "//m:MessageMetaData//a:MessageID") == identity
    assert fault(usual(setting, message_id=identity)) == (500, "s12:Sender", "ParameterIsNotValidException", "9024")
    assert len(setting.desk.replies) == 1
    assert fault(setting.ask(CANCEL, question)) == (500, "s12:Sender", "CancelDeniedException", "9101")


def test_a_foreign_message_id_is_kept_as_it_came(setting: Setting) -> None:
    identity = "urn:de:xta:messageid:anderes.produkt:0815"
    assert usual(setting, message_id=identity).status == 200
    assert list(setting.desk.replies) == [identity]
    assert text(judge(setting.ask(REPORT, f"<a:MessageID>{identity}</a:MessageID>")), "//x:Status") == "1"


def test_nothing_to_cancel_is_said(setting: Setting) -> None:
    assert fault(setting.ask(CANCEL, "<a:MessageID>urn:uuid:9</a:MessageID>"))[2:] == (
        "ParameterIsNotValidException",
        "9022",
    )
    assert fault(setting.ask(CANCEL))[2:] == ("ParameterIsNotValidException", "9020")


MESSAGE = '<x:Message contentType="text/xml">PGEvPg==</x:Message>'


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (envelope(SEND, container(MESSAGE)), "9020"),
        (envelope(SEND, "", headers=metadata(ID + REPLY)), "9020"),
        (order(), "9020"),
        (order(MESSAGE, MESSAGE), "9020"),
        (order(MESSAGE, message_id=""), "9020"),
        (order(MESSAGE, message_id="keine uri"), "9021"),
        (order(MESSAGE, sender="bab:05314000"), "9014"),
        (order(MESSAGE, include("Attachment", "fehlt@x")), "9022"),
        (order(MESSAGE, include("Attachment", "a@x"), include("Attachment", "a@x")), "9022"),
        (order(MESSAGE, include("Attachment", "a@x", id="1"), include("Attachment", "b@x", id="1")), "9022"),
        (order('<x:Message contentType="text/xml">kein base64!</x:Message>'), "9022"),
        (order('<x:Message contentType="text/xml"/>'), "9050"),
        (
            envelope(
                SEND,
                '<x:GenericContentContainer><e:EncryptedData xmlns:e="http://www.w3.org/2001/04/xmlenc#"/>'
                "</x:GenericContentContainer>",
                headers=metadata(ID + REPLY),
            ),
            "9052",
        ),
    ],
)
def test_an_unfit_order_gets_its_number_and_leaves_nothing(setting: Setting, body: bytes, number: str) -> None:
    with setting.connected() as client:
        answer = client.post(body, port="SendXtaPort")
    assert fault(answer)[3] == number
    assert answer.status == (403 if number == "9014" else 500)
    assert (setting.desk.replies, setting.desk.under_way) == ({}, 0)


@pytest.mark.parametrize(
    ("code", "exception", "number"),
    [
        (codes.SUBMISSION_TOO_LARGE, "ParameterIsNotValidException", "9023"),
        (codes.SCHEMA_INVALID, "MessageSchemaViolationException", "9050"),
        (codes.CHARACTERS, "MessageSchemaViolationException", "9051"),
        (codes.SIGNATURE_INVALID, "MessageSchemaViolationException", "9052"),
        (codes.PDF_ACTIVE, "MessageVirusDetectionException", "9060"),
    ],
)
def test_what_the_desk_cannot_take_becomes_a_typed_fault(
    setting: Setting, code: Code, exception: str, number: str
) -> None:
    setting.desk.fault = unfit(code)
    assert fault(usual(setting)) == (500, "s12:Sender", exception, number)
    assert (setting.desk.replies, setting.desk.under_way) == ({}, 0)


def test_an_error_of_our_own_is_9030_and_says_nothing_about_itself(setting: Setting) -> None:
    setting.desk.fault = RuntimeError("secret path")
    answer = usual(setting)
    assert fault(answer) == (500, "s12:Receiver", "XTAWSTechnicalProblemException", "9030")
    assert b"secret" not in answer.body


@pytest.mark.parametrize("chunked", [0, 100_000])
def test_a_reply_that_is_too_large_is_refused_with_9023(setting: Setting, chunked: int) -> None:
    root = order(include("Message", "m@x"), include("Attachment", "p@x", id="a"))
    answer = send(setting, root, ("m@x", XBAU), ("p@x", bytes(3_100_000)), chunked=chunked)
    assert fault(answer) == (500, "s12:Sender", "ParameterIsNotValidException", "9023")
    assert (setting.desk.replies, setting.desk.under_way) == ({}, 0)


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not until() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_an_upload_cut_in_the_middle_leaves_nothing(setting: Setting) -> None:
    root = order(include("Message", "m@x"), include("Attachment", "p@x", id="a"))
    kind, body = multipart(root, (("m@x", XBAU), ("p@x", bytes(1_000_000))), action=SEND)
    with setting.connected() as client:
        client.begin(kind, len(body), port="SendXtaPort")
        client.socket.sendall(body[:500_000])
        wait(lambda: setting.desk.under_way == 1)
    wait(lambda: setting.desk.aborted == 1)
    assert (setting.desk.aborted, setting.desk.replies, setting.desk.under_way) == (1, {}, 0)


def test_a_package_without_its_end_is_refused(setting: Setting) -> None:
    kind, body = multipart(order(include("Message", "m@x")), (("m@x", XBAU),), action=SEND)
    with setting.connected() as client:
        answer = client.post(body[:-4], kind, port="SendXtaPort")
    assert fault(answer)[3] == "9022"
    assert (setting.desk.replies, setting.desk.under_way) == ({}, 0)


def test_synchronous_sending_is_not_offered(setting: Setting) -> None:
    answer = setting.ask(XTA_ACTION + "SendMessageSync", container(MESSAGE), headers=metadata(ID + REPLY))
    assert fault(answer) == (500, "s12:Sender", "SyncAsyncException", "9080")
