"""XML from outside: what is not plain, small and well-formed never reaches lxml."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.xmlguard import safe_parse


def refused(data: bytes, **limits: int) -> str:
    with pytest.raises(SubmissionError) as caught:
        safe_parse(data, **limits)
    return caught.value.code.name


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<!DOCTYPE a><a/>",
        b"<?xml-stylesheet href='x'?><a/>",
        b"<a><?php x?></a>",
        b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
        b"<?xml version='1.0' encoding='utf-7'?><a/>",
        "<?xml version='1.0' encoding='utf-8'?><a/>".encode("utf-16"),
        b"<a>" * 65 + b"</a>" * 65,
        b"<a " + b" ".join(b"b%d=''" % number for number in range(65)) + b"/>",
    ],
)
def test_markup_that_could_do_harm_is_refused(data: bytes) -> None:
    assert refused(data) == codes.XML_UNSAFE.name


@pytest.mark.parametrize(
    "data",
    [b"", b"<a>", b"<a/><b/>", b"<a b='1' b='2'/>", b"<p:a/>", b"<a>&x;</a>", b"<a>\xff</a>", b"\0", b"<a>\x01</a>"],
)
def test_what_is_not_well_formed_is_refused(data: bytes) -> None:
    assert refused(data) == codes.XML_UNREADABLE.name


def test_size_and_number_of_elements_are_capped() -> None:
    assert refused(b"<a/>", limit=3) == codes.XML_UNSAFE.name
    assert refused(b"<a><b/><b/></a>", elements=2) == codes.XML_UNSAFE.name
    assert safe_parse(b"<a><b/><b/></a>", elements=3).tag == "a"


def test_nesting_at_the_limit_is_read() -> None:
    assert safe_parse(b"<a>" * 64 + b"</a>" * 64).tag == "a"


def test_a_comment_cannot_hide_half_of_a_text() -> None:
    assert safe_parse(b"<a>05<!-- -->315000</a>").text == "05315000"


def test_a_later_doctype_stops_the_scan_before_the_rest_is_read() -> None:
    assert refused(b"<!DOCTYPE a [" + b'<!ENTITY x "' + b"y" * 1000) == codes.XML_UNSAFE.name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_utf_16_are_read(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    data = f"<?xml version='1.0' encoding='{declared}'?><straße>Müller</straße>".encode(encoding)
    assert safe_parse(data).text == "Müller"


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: f"<a>{text}</a>".encode(errors="replace")))
def test_any_bytes_are_either_read_or_refused_with_our_error(data: bytes) -> None:
    with suppress(SubmissionError):
        safe_parse(data)
