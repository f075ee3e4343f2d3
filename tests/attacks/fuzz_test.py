"""Fuzzing of every parser: mutated seeds are read or answered with the parser's own error, never with anything else.

`BAUWEICHE_FUZZ` multiplies the number of examples (default 1: seconds). What once broke a parser is kept below
tests/attacks/corpus/found and tried first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.kit.fuzzed import Parser, fits, found, parsers

TIMES = int(os.environ.get("BAUWEICHE_FUZZ", "1"))
NAMES = (
    "XML guard", "XBau reader", "envelope index", "wrapped key", "manifest", "signature", "evidence bundle",
    "evidence signature", "survey", "certificates", "private keys", "SOAP", "MIME", "JSON body", "names and numbers",
    "PDF gate",
)  # fmt: skip
_TOKENS = (
    b"<", b">", b"&", b"\0", b"\xff", b"]]>", b"<!DOCTYPE", b"%", b"..", b"/", b"=", b"\r\n", b"{", b'"', b"--B", b"-1",
    b"4294967296", b"\xed\xa0\x80", b"\xe2\x80\xae", b"PK\x05\x06", b"endobj", b"/JS", b"<<",
)  # fmt: skip


@pytest.fixture(scope="module")
def every() -> Iterator[dict[str, Parser]]:
    with parsers() as made:
        yield made


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Return a seed with pieces cut, doubled, turned, or put in."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 4)):
            case 0:
                del data[at : at + draw(st.integers(1, 40))]
            case 1:
                data[at:at] = draw(st.sampled_from(_TOKENS))
            case 2:
                data[at:at] = data[at : at + draw(st.integers(1, 200))]
            case 3:
                data[at : at + 1] = draw(st.binary(max_size=3))
            case _:
                other = draw(st.sampled_from(seeds))
                cut = draw(st.integers(0, len(other)))
                data[at:] = other[cut : cut + 4000]
    return bytes(data)


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_read_the_answer_is_the_parsers_own(every: dict[str, Parser], name: str) -> None:
    parser = every[name]
    for data in found(name):
        assert fits(parser, data) == ""
    for data in parser.seeds:
        assert fits(parser, data) == ""

    @settings(
        max_examples=(15 if name == "PDF gate" else 60) * TIMES, deadline=None, database=None,
        phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(mutated(list(parser.seeds)))
    def check(data: bytes) -> None:
        assert fits(parser, data) == ""

    check()


def test_no_parser_is_left_out(every: dict[str, Parser]) -> None:
    assert set(every) == set(NAMES)
