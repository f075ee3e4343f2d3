"""Every parser that reads bytes from outside, with good and hostile seeds and the only errors it may raise."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from lxml import etree

from adapters.xta_wire import identity, mime, soap
from adapters.xta_wire.faults import SoapFault, XtaFault
from gateway.api.bodies import read_json, shaped
from gateway.api.shapes import AnnouncementIn
from gateway.domain.errors import GatewayError, SubmissionError
from gateway.domain.ids import read_case_number
from gateway.edges.gate import Gate
from gateway.flow.announcement import name_fault
from gateway.seal.envelope import render_envelope
from gateway.seal.evidence_check import check
from gateway.seal.evidence_jws import compact, verify_compact
from gateway.seal.index import read_index
from gateway.seal.keys import read_certificates, read_private_key
from gateway.seal.manifest import read_manifest, write_manifest
from gateway.seal.names import safe_name
from gateway.seal.sign import sign, verify
from gateway.seal.wrap import read_key, wrap
from gateway.survey import read_table
from gateway.xbau.read import read_reply
from gateway.xmlguard import safe_parse
from tests.kit.corpus import FOLDER, corpus, octets, text
from tests.kit.envelopes import MESSAGE_ID, manifest_of
from tests.kit.evidence_made import made
from tests.kit.installation import announcement
from tests.kit.keys import AT, authority_keys, certificate_pem, gateway_signer, gateway_trust
from tests.kit.pdfs import GOOD
from tests.kit.surveys import csv_bytes, xlsx_bytes
from tests.kit.xbau_replies import sample_reply

SMALL = 300_000
"""Seeds above this many bytes are left to the corpora: mutating them costs time and teaches nothing."""


_KEY_HEAD = b"-----BEGIN PRIVATE KEY-----"
_SOAP = b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/></s:Envelope>"


@dataclass(frozen=True)
class Parser:
    """A parser under attack: how to call it, the seeds, and the errors that are its answer."""

    read: Callable[[bytes], object]
    seeds: Sequence[bytes]
    answers: tuple[type[Exception], ...] = (GatewayError,)


def _xml() -> list[bytes]:
    return [made_one for attack in corpus("xml").values() if len(made_one := octets(attack["xml"])) < SMALL]


def _multipart(data: bytes) -> None:
    class Nothing:
        def begin(self, headers: Mapping[str, str]) -> None:
            del headers

        def data(self, chunk: bytes) -> None:
            del chunk

        def end(self) -> None:
            pass

    reader = mime.MultipartReader("B", Nothing())
    for at in range(0, len(data), 17):
        reader.feed(data[at : at + 17])
    reader.close()


def _words(data: bytes) -> None:
    words = data.decode("utf-8", "replace")
    read_case_number(words)
    identity.own_id(identity.read_id(words))
    name_fault(words)
    name = safe_name(words, "part-0001.pdf")
    assert name
    assert "/" not in name
    mime.read_content_type(words)
    mime.content_id(words)


def _wrapped(data: bytes) -> None:
    read_key(safe_parse(data))


def _body(data: bytes) -> None:
    shaped(AnnouncementIn, read_json(data)).announcement()


@contextmanager
def parsers() -> Iterator[dict[str, Parser]]:
    """Yield every parser by name; the PDF gate among them runs its real helper."""
    gate = Gate()

    def pdf(data: bytes) -> None:
        file = os.memfd_create("upload")
        try:
            with io.FileIO(file, "w", closefd=False) as target:
                target.write(data)
            gate.check(file)
        finally:
            os.close(file)

    manifest = manifest_of(attachments=(b"a", b"b"))
    key = wrap(bytes(32), authority_keys()[1], purpose_at=AT)
    index = render_envelope(
        message_id=MESSAGE_ID, addressee=manifest.addressee, test=False, encrypted_key=key, parts=["part-0001.bin"]
    )
    signed = sign(manifest, gateway_signer(), AT)
    jws = compact('{"a":1}', gateway_signer(), AT)
    rows = [["Schlüssel", "Option"], ["05315000", "1"], ["05570000", "3b"]]
    replies = [sample_reply(number, release) for number in ("1100", "1120", "1121") for release in ("2.4", "2.6")]
    mail = b"--B\r\nContent-ID: <a@x>\r\nContent-Type: text/plain\r\n\r\nab\r\n--B\r\n\r\n\r\n--B--\r\n"
    names = [text(attack["name"]).encode("utf-8", "replace") for attack in corpus("file_names").values()]
    bodies = [
        json.dumps(announcement()).encode(),
        *(octets(a["body"]) for a in corpus("portal_json").values() if "body" in a),
    ]
    trust = gateway_trust()
    try:
        yield {
            "XML guard": Parser(safe_parse, _xml(), (SubmissionError,)),
            "XBau reader": Parser(read_reply, [*replies, *_xml()]),
            "envelope index": Parser(read_index, [index, *_xml()]),
            "wrapped key": Parser(_wrapped, [key]),
            "manifest": Parser(read_manifest, [write_manifest(manifest), *_xml()], (GatewayError, ValueError)),
            "signature": Parser(lambda data: verify(data, trust, AT), [signed]),
            "evidence bundle": Parser(lambda data: check(data, trust), [made().data]),
            "evidence signature": Parser(
                lambda data: verify_compact(data.decode("utf-8", "replace"), trust, "x"), [jws.encode(), b"e30.e30.e30"]
            ),
            "survey": Parser(read_table, [csv_bytes(rows), csv_bytes(rows, encoding="utf-16"), xlsx_bytes(rows)]),
            "certificates": Parser(read_certificates, [certificate_pem(authority_keys()[1])]),
            "private keys": Parser(read_private_key, [certificate_pem(authority_keys()[1]), _KEY_HEAD]),
            "SOAP": Parser(soap.read, [_SOAP, *_xml()], (XtaFault, SoapFault)),
            "MIME": Parser(_multipart, [mail], (XtaFault, SoapFault)),
            "JSON body": Parser(_body, [one for one in bodies if len(one) < SMALL]),
            "names and numbers": Parser(_words, [*names, b"BW-2026-7K3M-9QX4", b"urn:uuid:" + MESSAGE_ID.encode()], ()),
            "PDF gate": Parser(pdf, [build() for kind, build in GOOD.items() if len(build()) < SMALL]),
        }  # fmt: skip
    finally:
        gate.close()


def found(name: str) -> list[bytes]:
    """Return what once broke a parser, kept in tests/attacks/corpus/found."""
    folder = FOLDER / "found" / name.replace(" ", "-")
    return [path.read_bytes() for path in sorted(folder.glob("*"))] if folder.is_dir() else []


def fits(parser: Parser, data: bytes) -> str:
    """Return "" if a parser reads the bytes or answers with its own error, else what it did instead."""
    try:
        parser.read(data)
    except parser.answers:
        return ""
    except etree.LxmlError as error:
        return f"lxml: {error}"
    except Exception as error:  # whatever it is, it is the finding
        return f"{type(error).__name__}: {error}"
    return ""
