"""Fetching and closing, seen by raw bytes: framing, header blocks and content ids without any SOAP library."""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from adapters.xta_mailbox import Mailbox, Settings
from gateway.adapter import ClearContent, Refused
from gateway.adapter_contract import SampleLink
from gateway.adapter_contract.samples import clear_sample
from gateway.seal.cipher import seal, unseal
from gateway.seal.wrap import read_key, unwrap_key, wrap
from tests.kit import xta_official
from tests.kit.keys import AT, authority_entry, authority_keys
from tests.kit.xta_raw import XTA_ACTION, envelope, split
from tests.kit.xta_setting import (
    CLOSE,
    FETCH,
    ID,
    KOELN,
    NS,
    Setting,
    by_id,
    close,
    fault,
    fetch,
    judge,
    mailbox,
    sample,
    text,
)
from tests.kit.xta_tls import Pki, make_pki

CONTENT_KEY = bytes(range(32))


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


def test_a_message_travels_as_an_mtom_package_framed_to_the_byte(setting: Setting) -> None:
    message = sample(sizes=(700_001, 0, 3))
    setting.desk.lay(message)
    with setting.connected() as client:
        answer = client.post(envelope(FETCH, fetch(message.message_id), message_id="urn:uuid:42"))
    assert answer.status == 200
    kind = answer.header("content-type")
    match = re.fullmatch(
        r'multipart/related; type="application/xop\+xml"; boundary="(MIME_[0-9a-f]{32})"; '
        r'start="<(root\.[0-9a-f-]+@bauweiche)>"; '
        r'start-info="application/soap\+xml; action=\\"' + re.escape(FETCH) + r'\\""',
        kind,
    )
    assert match, kind
    assert int(answer.header("content-length")) == len(answer.body)
    (_root_headers, root_head, _root_body), *parts = split(answer)
    assert (
        root_head
        == (
            f'Content-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml; action=\\"{FETCH}\\""\r\n'
            f"Content-Transfer-Encoding: binary\r\nContent-ID: <{match[2]}>"
        ).encode()
    )
    root = judge(answer)
    assert text(root, "//a:Action") == FETCH
    assert text(root, "//a:RelatesTo") == "urn:uuid:42"
    assert [etree.QName(block).localname for block in root[0]] == [
        "Action",
        "MessageID",
        "RelatesTo",
        "MessageMetaData",
        "MsgBoxResponse",
    ]
    hrefs = [node.get("href") for node in root.iterfind(".//i:Include", NS)]
    assert hrefs == ["cid:" + headers["Content-ID"].strip("<>") for headers, _, _ in parts]
    assert all(re.fullmatch(r"cid:[A-Za-z0-9.-]+@[A-Za-z0-9.-]+", href or "") for href in hrefs)
    for headers, head, _ in parts:
        cid = headers["Content-ID"]
        framing = "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\nContent-ID: "
        assert head == (framing + cid).encode()
    sent = [message.clear().message, *message.clear().attachments]
    assert [hashlib.sha256(content).hexdigest() for _, _, content in parts] == [part.sha256 for part in sent]
    attachments = root.findall(".//x:Attachment", NS)
    assert [node.get("id") for node in attachments] == [part.identity for part in sent[1:]]
    assert [node.get("size") for node in attachments] == ["700001", None, "3"]


def test_contents_that_begin_and_end_with_line_ends_or_boundary_like_bytes_arrive_unchanged(setting: Setting) -> None:
    message = sample()
    hostile = [b"\r\n", b"\r\n--MIME_", b"--\r\n\r\n", b"\n\r\n-" * 100_000, b"\r\n%PDF\r\n"]

    def clear() -> ClearContent:
        content = clear_sample(message.message_id, [1] * len(hostile))
        parts = tuple(
            replace(part, size=len(data), chunks=partial(iter, (data,)))
            for part, data in zip(content.attachments, hostile, strict=True)
        )
        return replace(content, attachments=parts)

    setting.desk.lay(replace(message, clear=clear))
    answer = setting.ask(FETCH, fetch(message.message_id))
    assert [content for _, _, content in split(answer)[2:]] == hostile


def test_two_attachments_of_one_name_are_told_apart(setting: Setting) -> None:
    message = sample()

    def clear() -> ClearContent:
        content = clear_sample(message.message_id, [1, 2, 3])
        names = ("Plan.pdf", "plan.PDF", "Plan.pdf")
        parts = tuple(replace(part, file_name=name) for part, name in zip(content.attachments, names, strict=True))
        return replace(content, attachments=parts)

    setting.desk.lay(replace(message, clear=clear))
    root = judge(setting.ask(FETCH, fetch(message.message_id)))
    names = [node.get("filename") for node in root.iterfind(".//x:Attachment", NS)]
    assert names == ["Plan.pdf", "plan (2).PDF", "Plan (3).pdf"]


def test_fetching_changes_nothing_and_only_close_acknowledges(setting: Setting) -> None:
    message = sample()
    setting.desk.lay(message)
    for _ in range(2):
        assert setting.ask(FETCH, fetch(message.message_id)).status == 200
    report = judge(
        setting.ask(XTA_ACTION + "GetTransportReport", f"<a:MessageID>{ID}{message.message_id}</a:MessageID>")
    )
    assert text(report, "//x:Status") == "0"
    assert text(report, "//m:InitialFetch") == ""
    assert setting.desk.waiting(frozenset({KOELN})), "still in the list"
    assert setting.ask(CLOSE, close()).status == 200
    assert setting.desk.waiting(frozenset({KOELN})), "a close that names no message acknowledges none"
    answer = setting.ask(CLOSE, close(message.message_id))
    assert answer.status == 200
    assert judge(answer).find("s:Body", NS) is not None, "an empty answer is an envelope with an empty body"
    assert len(judge(answer)[1]) == 0
    assert not setting.desk.waiting(frozenset({KOELN}))
    report = judge(
        setting.ask(XTA_ACTION + "GetTransportReport", f"<a:MessageID>{ID}{message.message_id}</a:MessageID>")
    )
    assert text(report, "//x:Status") == "1"
    assert text(report, "//m:InitialFetch")
    assert fault(setting.ask(FETCH, fetch(message.message_id)))[3] == "9070"


def test_close_is_repeatable_and_needs_no_real_request_id(setting: Setting) -> None:
    message = sample()
    setting.desk.lay(message)
    assert [setting.ask(CLOSE, close(message.message_id)).status for _ in range(3)] == [200, 200, 200]
    assert setting.ask(CLOSE, close(request="urn:uuid:what")).status == 200, "an iterator alone is just given up"


def test_close_of_an_unknown_message_closes_none_of_them(setting: Setting) -> None:
    message = sample()
    setting.desk.lay(message)
    answer = setting.ask(CLOSE, close(message.message_id, "00000000-0000-4000-8000-000000000099"))
    assert fault(answer) == (500, "s12:Sender", "InvalidMessageIDException", "9070")
    assert setting.desk.waiting(frozenset({KOELN})), "the good one is not closed by half"


def test_the_header_alone_is_given_without_a_fetch(setting: Setting) -> None:
    message = sample()
    setting.desk.lay(message)
    answer = setting.ask(
        FETCH, f'<o:MsgBoxFetchRequest MsgPart="Header">{by_id(message.message_id)}</o:MsgBoxFetchRequest>'
    )
    assert text(judge(answer), "//m:MessageMetaData//a:MessageID") == ID + message.message_id
    assert setting.desk.fetches == []


def test_the_answer_begins_with_the_first_piece_of_the_plans(setting: Setting) -> None:
    """Clients in the field give up after five seconds without a byte: the rest waits here until one came."""
    begun = threading.Event()
    message = sample(sizes=(3_000_000,))

    def content() -> ClearContent:
        whole = message.clear()
        (plan,) = whole.attachments
        return replace(whole, attachments=(replace(plan, chunks=lambda: slow(plan.chunks())),))

    def slow(pieces: Iterator[bytes]) -> Iterator[bytes]:
        yield next(pieces)  # the first piece shows that it can be opened at all
        assert begun.wait(20), "nothing was answered while most of the plan was still to be read"
        yield from pieces

    setting.desk.lay(replace(message, clear=content))
    with setting.connected() as client:
        asked = envelope(FETCH, fetch(message.message_id))
        client.begin("application/soap+xml", len(asked))
        client.socket.sendall(asked)
        assert client.socket.recv(1) == b"H"
        begun.set()


def test_what_cannot_be_opened_is_a_fault_and_not_a_broken_answer(setting: Setting) -> None:
    message = sample()

    def broken() -> ClearContent:
        raise OSError("disk gone")

    setting.desk.lay(replace(message, clear=broken))
    assert fault(setting.ask(FETCH, fetch(message.message_id))) == (
        500,
        "s12:Receiver",
        "XTAWSTechnicalProblemException",
        "9030",
    )


def test_end_to_end_carries_the_content_container_as_encrypted_data(setting: Setting) -> None:
    message = replace(sample(sizes=(100_000, 1, 2, 3, 0)), protection="end_to_end")
    setting.desk.lay(message)
    answer = setting.ask(FETCH, fetch(message.message_id))
    root = judge(answer)
    (_, _, ciphertext) = split(answer)[1]
    assert text(root, "//e:EncryptedData/@Type") == "http://www.w3.org/2001/04/xmlenc#Element"
    algorithm = text(root, "//e:EncryptedData/e:EncryptionMethod/@Algorithm")
    assert algorithm == "http://www.w3.org/2009/xmlenc11#aes256-gcm"
    key = base64.b64decode(text(root, "//e:EncryptedKey//e:CipherValue"))
    inner = etree.fromstring(AESGCM(key).decrypt(ciphertext[:12], ciphertext[12:], None))
    wrapped = etree.Element("{http://xoev.de/transport/xta/211}GenericContentContainer")
    wrapped.append(inner)
    if xta_official.OFFICIAL.exists():
        xta_official.schema().assertValid(etree.fromstring(etree.tostring(wrapped)))
    content = message.clear()
    found = [base64.b64decode(node.text or "") for node in inner]
    sent = [content.message, *content.attachments, content.manifest]
    assert [hashlib.sha256(data).hexdigest() for data in found] == [part.sha256 for part in sent]


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_end_to_end_opens_with_the_key_of_the_authority(setting: Setting, kind: str) -> None:
    def encrypt(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
        sealed = seal(b"".join(chunks), CONTENT_KEY, bytes(12))
        return wrap(CONTENT_KEY, authority_keys(kind)[1], purpose_at=AT), iter((sealed,))

    message = replace(sample(), protection="end_to_end", encrypt_for_addressee=encrypt)
    setting.desk.lay(message)
    with setting.connected() as client:
        answer = client.post(envelope(FETCH, fetch(message.message_id)))
    # XML Encryption 1.1 (MGF, key derivation) has no place in the 1.0 schema that the official files bring along,
    # whose wildcard is strict: only our own schema can judge here
    root = etree.fromstring(split(answer)[0][2])
    xta_official.check_own(root)
    encrypted_key = root.find(".//e:EncryptedData//e:EncryptedKey", NS)
    assert encrypted_key is not None
    wrapped = read_key(encrypted_key)
    assert wrapped is not None
    key = unwrap_key(wrapped, [authority_entry(kind)])
    inner = etree.fromstring(unseal(split(answer)[1][2], key))
    assert base64.b64decode(inner[0].text or "") == b"".join(message.clear().message.chunks())


def test_the_manifest_rides_along_when_the_authority_wants_it(setting: Setting) -> None:
    message = replace(sample(), state={"xta_manifest": "true"})
    setting.desk.lay(message)
    root = judge(setting.ask(FETCH, fetch(message.message_id)))
    assert [node.get("filename") for node in root.iterfind(".//x:Attachment", NS)][-1] == "manifest.xml"


def test_a_message_above_the_size_agreed_with_the_authority_is_not_laid_into_its_mailbox() -> None:
    with pytest.raises(Refused, match="vereinbart sind höchstens 100000"):
        Mailbox(Settings(), SampleLink()).deliver(replace(sample(sizes=(150_000,)), size_limit=100_000))
