"""The plain SOAP push on its own: the bytes it sends, and what each answer and each failure means."""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError

from adapters.soap_push import Settings, SoapPush
from adapters.soap_push.body import NAMESPACE, Body, Content
from adapters.soap_push.wire import STATUS
from examples.soap_server.reading import SOAP, BadRequest, Part, Reader
from gateway.adapter import Link, Outcome, Refused, Unconfirmed, Unreachable
from gateway.adapter_contract import Ledger, SampleLink, again, sample_envelope
from gateway.domain import codes
from gateway.domain.errors import DeliveryError, SubmissionError
from tests.kit.soap_server import SoapSide, http
from tests.kit.xta_tls import Pki, make_pki

SCHEMA = Path(__file__).parents[2] / "xsd" / "soap" / "uebergabe.xsd"
MESSAGE = sample_envelope(sizes=(10, 3_000), protection="transport")
ID = MESSAGE.message_id


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def side(tmp_path: Path, pki: Pki) -> Iterator[SoapSide]:
    with SoapSide(tmp_path / "eingang", pki).running() as running:
        yield running


def _adapter(side: SoapSide, link: Link | None = None, **settings: object) -> SoapPush:
    return SoapPush(side.settings(**settings), link or side.link())


def _result(kennung: str = ID, ergebnis: str = "angenommen", more: str = "") -> bytes:
    return _soap(
        f'<u:uebergebenErgebnis xmlns:u="{NAMESPACE}"><u:kennung>{kennung}</u:kennung>'
        f"<u:ergebnis>{ergebnis}</u:ergebnis>{more}</u:uebergebenErgebnis>"
    )


def _soap(body: str) -> bytes:
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'.encode()


def _fault(code: str, text: str) -> bytes:
    return _soap(
        f"<s:Fault><s:Code><s:Value>s:{code}</s:Value></s:Code>"
        f'<s:Reason><s:Text xml:lang="de">{text}</s:Text></s:Reason></s:Fault>'
    )


# what is sent


@pytest.mark.parametrize("protection", ["transport", "end_to_end"])
def test_every_request_fits_the_schema(protection: str, side: SoapSide) -> None:
    with side.wrong() as faults:
        _adapter(side).deliver(sample_envelope(sizes=(0, 1, 2, 3, 1_000), protection=protection))
        root = etree.fromstring(faults.seen)
    (call,) = root.find(f"{{{SOAP}}}Body")  # type: ignore[misc]  # a missing body fails the test
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    schema.assertValid(etree.ElementTree(etree.fromstring(etree.tostring(call))))
    kinds = [part.get("art") for part in call.iter(f"{{{NAMESPACE}}}Anlage")]
    assert kinds == (["bauvorlage"] * 5 + ["manifest"] if protection == "transport" else ["umschlagteil"] * 5)


def test_the_pinned_address_is_called_under_the_name_of_the_service(side: SoapSide) -> None:
    link = side.link()
    _adapter(side, link).deliver(MESSAGE)  # the certificate names localhost, and the connection goes to 127.0.0.1
    assert link.asked == [f"https://localhost:{side.port}/uebergabe"]


def test_a_forbidden_address_is_not_called(side: SoapSide) -> None:
    class Forbidding(SampleLink):
        def allow(self, url: str) -> str:
            raise SubmissionError(codes.ADDRESS_FORBIDDEN, "Nicht freigegeben.")

    with pytest.raises(SubmissionError, match="freigegeben"):
        _adapter(side, Forbidding(context=side.link().context)).deliver(MESSAGE)


@given(
    pieces=st.lists(st.lists(st.binary(max_size=20), max_size=6), max_size=4),
    name=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=30) | st.just("<?inhalt 0?>"),
)
def test_whatever_is_spliced_in_arrives_and_the_length_is_known_before(pieces: list[list[bytes]], name: str) -> None:
    envelope = etree.Element(f"{{{NAMESPACE}}}all")
    contents = []
    for number, chunks in enumerate(pieces):
        part = etree.SubElement(envelope, f"{{{NAMESPACE}}}part")
        etree.SubElement(part, f"{{{NAMESPACE}}}name").text = name
        etree.SubElement(part, f"{{{NAMESPACE}}}inhalt").text = str(number)
        etree.SubElement(part, f"{{{NAMESPACE}}}sha256").text = str(number)
        contents.append(Content(str(number), sum(map(len, chunks)), lambda chunks=chunks: iter(chunks)))  # type: ignore[misc]  # the default binds the loop's value
    body = Body(envelope, contents)
    sent = b"".join(body)
    assert len(sent) == len(body)
    assert body.complete
    for chunks, part in zip(pieces, etree.fromstring(sent), strict=True):
        data = b"".join(chunks)
        assert base64.b64decode(part[1].text or "", validate=True) == data
        assert part[2].text == hashlib.sha256(data).hexdigest()
        assert (part[0].text or "") == name


@pytest.mark.parametrize(
    "url", ["http://a.example/", "https://user@a.example/", "ftp://a", "https://a/?x=1", "https://"]
)
def test_only_plain_https_addresses_are_taken(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(url=url)


def test_every_setting_explains_itself_in_german() -> None:
    for name, field in Settings.model_fields.items():
        assert field.title, name
        assert field.description, name


# what is answered


def test_a_message_known_there_is_told_as_taken_before(side: SoapSide) -> None:
    first = _adapter(side).deliver(MESSAGE)
    second = _adapter(side).deliver(again(MESSAGE, Ledger()))
    assert first.outcome is second.outcome is Outcome.HANDED_OVER
    assert "bereits" in second.note
    assert "bereits" not in first.note


def test_the_authoritys_own_number_becomes_the_reference(side: SoapSide) -> None:
    with side.wrong(raw=http(_result(more="<u:referenz>E-2026/17</u:referenz>"))):
        assert _adapter(side).deliver(MESSAGE).reference == "E-2026/17"


def test_the_authoritys_reason_is_told_on_one_line(side: SoapSide) -> None:
    answer = _result(ergebnis="abgelehnt", more="<u:grund>zu\n  spät\x7f.</u:grund>")
    with side.wrong(raw=http(answer)), pytest.raises(Refused) as caught:
        _adapter(side).deliver(MESSAGE)
    assert caught.value.reason == "Die Behörde hat die Nachricht abgelehnt: zu spät."


ODD_ANSWERS = {
    "another message": http(_result(kennung="00000000-0000-4000-8000-000000000000")),
    "no result": http(_result(ergebnis="vielleicht")),
    "empty": http(b""),
    "not xml": http(b"ok"),
    "a web page": http(b"<html/>", "text/html"),
    "another body": http(_soap("<x xmlns='urn:x'/>")),
    "no body": http(f'<s:Envelope xmlns:s="{SOAP}"/>'.encode()),
    "an odd fault": http(_soap("<s:Fault/>")),
    "two bodies": http(_soap("<s:Fault/><s:Fault/>")),
    "cut xml": http(_result()[:-20]),
    "doctype": http(b"<!DOCTYPE x [<!ENTITY e 'e'>]>" + _result()),
    "too large": http(_result() + b" " * 1_100_000),
    "accepted without answer": http(b"", status="202 Accepted"),
    "cut http": http(_result())[:-30],
    "not http": b"SSH-2.0-x\r\n\r\n",
}


@pytest.mark.parametrize("answer", ODD_ANSWERS.values(), ids=list(ODD_ANSWERS))
def test_an_answer_that_is_none_leaves_it_unconfirmed(answer: bytes, side: SoapSide) -> None:
    with side.wrong(raw=answer), pytest.raises(Unconfirmed):
        _adapter(side).deliver(MESSAGE)


@pytest.mark.parametrize(
    ("code", "kind"), [("Sender", Refused), ("Receiver", Unconfirmed), ("MustUnderstand", Unconfirmed)]
)
@pytest.mark.parametrize("status", ["500 Internal Server Error", "400 Bad Request", "200 OK"])
def test_a_fault_of_the_sender_is_refused_and_any_other_unconfirmed(
    code: str, kind: type[DeliveryError], status: str, side: SoapSide
) -> None:
    with side.wrong(raw=http(_fault(code, "Schema verletzt"), status=status)), pytest.raises(kind, match="verletzt"):
        _adapter(side).deliver(MESSAGE)


OTHER = {301: Unreachable, 302: Unreachable, 308: Unreachable, 402: Unreachable, 418: Unreachable, 500: Unconfirmed}


@pytest.mark.parametrize(("status", "kind"), [(s, k) for s, (k, _) in STATUS.items()] + list(OTHER.items()))
def test_each_status_without_soap_means_something(status: int, kind: type[DeliveryError], side: SoapSide) -> None:
    answer = http(b"nein", "text/plain", f"{status} X").replace(
        b"\r\n", b"\r\nLocation: https://elsewhere.example/\r\n", 1
    )
    with side.wrong(raw=answer), pytest.raises(kind, match=str(status)):
        _adapter(side).deliver(MESSAGE)


# what goes wrong on the way


def test_a_server_that_cannot_prove_itself_gets_nothing(side: SoapSide, pki: Pki) -> None:
    trusting_nobody = ssl.create_default_context()
    trusting_nobody.load_cert_chain(pki.authority.cert, pki.authority.key)
    with pytest.raises(Unreachable, match="TLS"):
        _adapter(side, SampleLink(context=trusting_nobody)).deliver(MESSAGE)
    assert side.stored() == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_does_not_accept_our_certificate_is_unreachable(
    version: ssl.TLSVersion, side: SoapSide, pki: Pki
) -> None:
    nobody = pki.client()
    nobody.maximum_version = version
    with pytest.raises((Unreachable, Unconfirmed)) as caught:
        _adapter(side, SampleLink(context=nobody)).deliver(MESSAGE)
    assert isinstance(caught.value, Unreachable) or version is ssl.TLSVersion.TLSv1_3
    assert side.stored() == []


def test_a_server_that_takes_its_time_too_long_is_unconfirmed(side: SoapSide, pki: Pki) -> None:
    side.faults.pause = 1.0
    with pytest.raises(Unconfirmed, match="keine Antwort"):
        _adapter(side, patience=0.2).deliver(MESSAGE)


def test_a_listener_without_tls_is_unreachable(side: SoapSide) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        adapter = _adapter(side, url=f"https://localhost:{silent.getsockname()[1]}/")
        silent.close()
        with pytest.raises(Unreachable):
            adapter.deliver(MESSAGE)


# the example server


def _call(**changes: str) -> bytes:
    content = base64.b64encode(b"<x/>").decode()
    texts = {
        "kennung": ID, "vorgangsnummer": "1", "leser": "a", "autor": "b", "release": "2.6", "art": "x",
        "erstelltAm": "2026-01-01T00:00:00Z", "test": "true", "schutz": "transport", "groesse": "4",
        "inhalt": content, "sha256": hashlib.sha256(b"<x/>").hexdigest(),
    } | changes  # fmt: skip
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in texts.items() if text is not None)
    return _soap(f'<uebergeben xmlns="{NAMESPACE}"><Nachricht>{inner}</Nachricht><Anlagen/></uebergeben>')


def _read(reader: Reader, call: bytes, step: int) -> tuple[Part, list[Part]]:
    for start in range(0, len(call), step):
        reader.feed(call[start : start + step])
    return reader.finish()


BAD_CALLS = {
    "wrong digest": _call(sha256="0" * 64),
    "wrong size": _call(groesse="5"),
    "no id": _call(kennung="../../etc/passwd"),
    "bad base64": _call(inhalt="a=b="),
    "cut base64": _call(inhalt="PHg"),
    "missing text": _call().replace(b"<art>x</art>", b""),
    "unknown element": _call().replace(b"<art>x</art>", b"<art>x</art><mehr/>"),
    "twice": _call().replace(b"<art>x</art>", b"<art>x</art><art>y</art>"),
    "nested": _call(art="<inhalt/>"),
    "long text": _call(art="x" * 2_000),
    "doctype": b"<!DOCTYPE x>" + _call(),
    "instruction": b"<?x y?>" + _call(),
    "no message": _soap(f'<uebergeben xmlns="{NAMESPACE}"><Anlagen/></uebergeben>'),
    "nothing": b"",
    "cut": _call()[:-5],
}


@pytest.mark.parametrize("call", BAD_CALLS.values(), ids=list(BAD_CALLS))
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_the_example_server_refuses_what_is_no_call(call: bytes, step: int, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    with pytest.raises(BadRequest):
        _read(reader, call, step)
    reader.close()


def test_the_example_server_reads_a_call_in_any_pieces(tmp_path: Path) -> None:
    for step in (1, 3, 10_000):
        folder = tmp_path / str(step)
        folder.mkdir()
        message, attachments = _read(Reader(folder), _call(), step)
        assert (message.file.read_bytes(), attachments) == (b"<x/>", [])
        assert message.texts["vorgangsnummer"] == "1"
