"""The shared wire code by itself: MIME in every cut, base64 streams, ids, content types, the numbers of the faults."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from adapters.xta_wire import container, faults, metadata, mime, soap
from adapters.xta_wire.faults import NUMBERS, SoapFault, XtaFault
from adapters.xta_wire.identity import account_of, own_id, read_id, wire_id
from adapters.xta_wire.metadata import Metadata, Party
from adapters.xta_wire.mime import MultipartReader, Part
from adapters.xta_wire.names import OPERATIONS
from gateway.domain.ids import AuthorityKey
from tests.kit import xta_official
from xsd import xta


class Collected:
    """Keeps the parts a reader tells of."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, bytes]] = []
        self.open = False

    def begin(self, headers: Mapping[str, str]) -> None:
        assert not self.open
        self.open = True
        self.parts.append((mime.content_id(headers["content-id"]), b""))

    def data(self, data: bytes) -> None:
        assert self.open
        assert data
        self.parts[-1] = (self.parts[-1][0], self.parts[-1][1] + data)

    def end(self) -> None:
        assert self.open
        self.open = False


# bytes in which boundaries, line ends and almost-boundaries are frequent
CONTENT = st.lists(st.sampled_from([b"\r\n", b"--", b"\r\n--B", b"\r", b"\n", b"-", b"B", b"", b"\x00xyz"])).map(
    b"".join
)


@given(contents=st.lists(CONTENT, max_size=4), cuts=st.lists(st.integers(1, 40), min_size=1))
def test_the_reader_unpacks_what_was_packed_however_it_is_cut(contents: list[bytes], cuts: list[int]) -> None:
    parts = [Part(f"p{at}@x", len(data), partial(iter, (data,))) for at, data in enumerate(contents)]
    packed = mime.package(b"<root/>", parts, boundary="BOUNDARY", root_id="r@x", action="urn:a")
    stream = b"".join(packed.chunks())
    assert len(stream) == packed.length
    collected = Collected()
    reader = MultipartReader(mime.read_content_type(packed.content_type).parameters["boundary"], collected)
    at, turn = 0, 0
    while at < len(stream):
        step = cuts[turn % len(cuts)]
        reader.feed(stream[at : at + step])
        at, turn = at + step, turn + 1
    reader.close()
    assert collected.parts == [("r@x", b"<root/>"), *((f"p{n}@x", data) for n, data in enumerate(contents))]


@given(st.lists(st.binary(max_size=10)))
def test_base64_streams_as_if_it_were_whole(chunks: list[bytes]) -> None:
    assert b"".join(container.base64_stream(iter(chunks))) == base64.b64encode(b"".join(chunks))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 1_000])
def test_the_reader_holds_no_more_than_a_boundary(size: int) -> None:
    collected = Collected()
    reader = MultipartReader("B", collected)
    reader.feed(b"--B\r\nContent-Id: <a@x>\r\n\r\n" + bytes(100) + bytes(size))
    assert len(collected.parts[0][1]) >= 100 + size - len(b"\r\n--B")


def test_a_content_type_is_read_whatever_its_spacing() -> None:
    found = mime.read_content_type(
        'Multipart/Related;type="application/xop+xml" ; boundary=plain;start="<a@b>";'
        'start-info="application/soap+xml; action=\\"urn:x\\"" ;CHARSET=utf-8'
    )
    assert found.media == "multipart/related"
    assert found.parameters == {
        "type": "application/xop+xml",
        "boundary": "plain",
        "start": "<a@b>",
        "start-info": 'application/soap+xml; action="urn:x"',
        "charset": "utf-8",
    }


def test_a_content_id_that_some_client_would_unquote_is_never_written() -> None:
    for identity in ("a%40b@x", "a b@x", "a@x@y", "ä@x", ""):
        with pytest.raises(ValueError, match="content id"):
            Part(identity, 0, lambda: iter(()))


@given(st.uuids(), st.sampled_from(["", "urn:uuid:", "uuid:", "URN:UUID:", "urn:de:xta:messageid:bauweiche:"]))
def test_our_ids_are_known_in_every_form(identity: object, prefix: str) -> None:
    assert read_id(f" {prefix}{identity} ") == own_id(f"{prefix}{identity}") == str(identity)
    assert read_id(wire_id(str(identity))) == str(identity)


def test_foreign_ids_stay_as_they_are() -> None:
    foreign = "urn:de:xta:messageid:Anderes:0815"
    assert (read_id(foreign), wire_id(foreign), own_id(foreign)) == (foreign, foreign, None)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("bab:05315000", "05315000"),
        ("05315000", "05315000"),
        ("bab:05354", "05354000"),
        ("053150000000", "05315000"),
        ("bab:05314000", None),
        ("*", None),
        ("", None),
        ("05315000x", None),
    ],
)
def test_an_authority_is_found_by_every_form_of_its_key(text: str, key: str | None) -> None:
    accounts = frozenset({AuthorityKey("05315000"), AuthorityKey("05354000")})
    assert account_of(text, accounts) == key


@pytest.mark.parametrize("code", sorted(NUMBERS))
def test_every_fault_number_survives_the_wire_and_is_valid(code: str) -> None:
    data = soap.write(
        faults.render(XtaFault(code, "Grund")), action="urn:a", message_id="urn:uuid:1", relates_to="urn:uuid:2"
    )
    if xta_official.OFFICIAL.exists():
        xta_official.check(data)
    found = faults.read(soap.read(data).body)
    assert found is not None
    assert (found.code, found.exception, found.reason) == (code, NUMBERS[code].exception, "Grund")


def test_metadata_survive_the_wire_and_are_valid() -> None:
    at = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    data = Metadata(
        message_id="11111111-2222-4333-8444-555555555555",
        author=Party("bap:05", "Bauportal"),
        reader=Party("bab:05315000", "Köln & <Umland>"),
        service="http://example.org/a.wsdl",
        root="antrag.0200",
        namespace="urn:ns",
        size=250_000_000,
        test=True,
        process="BW-2026-7K3M-9QX4",
        in_reply_to="21111111-2222-4333-8444-555555555555",
        subject="Antrag",
    )
    element = metadata.build(data)
    assert metadata.read(etree.fromstring(etree.tostring(element))) == data
    timed = metadata.build(
        Metadata("x", Party("a"), Party("b"), "s", "r", "n", origin=at, delivered_at=at, fetched_at=at)
    )
    if xta_official.OFFICIAL.exists():
        xta_official.schema().assertValid(etree.fromstring(etree.tostring(element)))
        xta_official.schema().assertValid(etree.fromstring(etree.tostring(timed)))


def test_poor_metadata_of_the_field_are_read_with_patience() -> None:
    poor = etree.fromstring(
        '<m:MessageMetaData xmlns:m="http://www.osci.eu/ws/2014/10/transport" xmlns:a="http://www.w3.org/2005/08/addressing">'
        "<m:Destinations><m:Reader><m:Identifier> bap:05\n</m:Identifier></m:Reader></m:Destinations>"
        "<m:MsgIdentification><a:MessageID> urn:x:1 </a:MessageID></m:MsgIdentification>"
        "<m:Qualifier><m:Service/><m:MessageType><m:code>a.1120</m:code></m:MessageType></m:Qualifier>"
        "<m:MsgSize>viel</m:MsgSize></m:MessageMetaData>"
    )
    found = metadata.read(poor)
    assert (found.message_id, found.reader, found.root, found.size) == (
        "urn:x:1",
        Party("bap:05", kind=""),
        "a.1120",
        0,
    )
    assert metadata.read(etree.fromstring("<nothing/>")).message_id == ""


@given(st.binary(max_size=300), st.integers(1, 50))
def test_no_bytes_at_all_break_the_reader_otherwise_than_by_a_fault(data: bytes, step: int) -> None:
    reader = MultipartReader("B", Collected())
    part, next_part = b"--B\r\nContent-ID: <a@x>\r\n\r\n", b"\r\n--B\r\nContent-ID: <b@x>"
    with suppress(XtaFault):
        for at in range(0, len(data), step):
            reader.feed(part + data[at : at + step] + next_part)
        reader.close()


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_no_bytes_at_all_break_the_envelope_otherwise_than_by_a_fault(data: bytes) -> None:
    with pytest.raises((XtaFault, SoapFault)):
        soap.read(data)


@given(st.text(max_size=200))
def test_any_header_value_can_be_read_as_a_content_type(value: str) -> None:
    assert mime.read_content_type(value).media == value.partition(";")[0].strip().lower()


OPERATION = "{http://schemas.xmlsoap.org/wsdl/}operation"


def operations(path: Path) -> dict[str, tuple[object, ...]]:
    """Return, per operation of a WSDL, its action, its header parts each way, and its faults' elements."""
    root = etree.parse(path).getroot()
    soap12, plain = "{http://schemas.xmlsoap.org/wsdl/soap12/}", "{http://schemas.xmlsoap.org/wsdl/}"
    action = "{http://www.w3.org/2007/05/addressing/metadata}Action"
    elements = {
        message.get("name"): tuple(str(part.get("element")).rpartition(":")[2] for part in message.iter(plain + "part"))
        for message in root.iter(plain + "message")
    }
    found: dict[str, tuple[object, ...]] = {}
    for operation in root.iter(OPERATION):
        name = str(operation.get("name"))
        if operation.find(soap12 + "operation") is None:
            body = [
                (node.get(action), elements[str(node.get("message")).rpartition(":")[2]])
                for node in operation.iterchildren("{*}*")
            ]
            found[name] = (*found.get(name, ()), sorted(body, key=str))
        else:
            named = next(operation.iter(soap12 + "operation")).get("soapAction")
            sides = [
                sorted(str(header.get("part")) for header in operation.iterfind(f"{plain}{side}/{soap12}header"))
                for side in ("input", "output")
            ]
            found[name] = (*found.get(name, ()), named, sides)
    return found


@pytest.mark.skipif(not xta_official.OFFICIAL.exists(), reason=xta_official.MISSING)
def test_our_wsdl_speaks_as_the_official_one() -> None:
    assert operations(xta.wsdl()) == operations(xta_official.WSDL)


def test_our_wsdl_and_our_table_of_operations_agree() -> None:
    ours = operations(xta.wsdl())
    assert {operation.name: operation.action for operation in OPERATIONS} == {
        name: row[1] for name, row in ours.items()
    }


OFFLINE = """
import socket, sys

def watch(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"{event}: {arguments}")

from importlib.resources import files
from pathlib import Path

from adapters.own_wsdl import zeep_client
from xsd import xta

sys.addaudithook(watch)
for ours in (xta.wsdl(), Path(str(files("xsd.soap").joinpath("uebergabe.wsdl")))):
    document = zeep_client(ours, object()).wsdl
    assert document.services
    assert b"schema" in document.transport.load("https://nowhere.example/elsewhere/" + ours.with_suffix(".xsd").name)
"""


def test_the_wsdl_is_read_from_our_package_and_never_from_the_net() -> None:
    done = subprocess.run([sys.executable, "-c", OFFLINE], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
