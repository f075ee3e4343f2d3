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
