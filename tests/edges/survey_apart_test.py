"""Survey files are read by a process that can do nothing else; what it tells is not believed."""

from __future__ import annotations

import json
import sys
from datetime import date

import pytest

from gateway.domain import codes
from gateway.domain.errors import RoutingError
from gateway.edges import survey_apart, survey_child
from gateway.edges.survey_apart import read_table_apart
from gateway.survey import Table, read_table
from gateway.survey.table import Cell
from gateway.survey.told import refusal_bytes, table_bytes, told_table
from tests.kit.surveys import xlsx_bytes


def said_by(program: str) -> tuple[str, ...]:
    return sys.executable, "-P", "-c", program


@pytest.mark.parametrize(
    "octets",
    [
        xlsx_bytes([["AGS", "Option", "ab"], [5570000, "1", date(2026, 12, 1)], ["=1+1", "ß" * 3000, ""]]),
        "AGS;Straße\n05570000;Łódź\n".encode("utf-16"),
        "AGS;Straße\n".encode("cp1252"),
    ],
    ids=["workbook", "utf-16", "windows"],
)
def test_a_file_read_apart_is_the_same_table(octets: bytes) -> None:
    assert read_table_apart(octets) == read_table(octets)


@pytest.mark.parametrize("octets", [b"", b"PK\x03\x04 broken", b"\x81\x8d\x8f\x90\x9d\n", b"x" * 10_500_000])
def test_a_refusal_is_told_in_the_same_words(octets: bytes) -> None:
    with pytest.raises(RoutingError) as here:
        read_table(octets)
    with pytest.raises(RoutingError) as apart:
        read_table_apart(octets)
    assert (apart.value.code, apart.value.reason, apart.value.hint) == (
        here.value.code,
        here.value.reason,
        here.value.hint,
    )


ACTS = {
    "opens a file": "open('/etc/hostname').read()",
    "asks the network": "socket.create_connection(('127.0.0.1', 9))",
    "makes a socket": "socket.socketpair()",
    "starts a program": "os.execv('/bin/true', ['true'])",
    "forks": "os.fork()",
    "tells too much": "sys.stdout.buffer.write(bytes(c.TOLD + 1))",
    "takes all memory": "bytearray(c.MEMORY)",
    "dies": "ctypes.string_at(0)",
}


@pytest.mark.parametrize("act", ACTS)
def test_a_reader_that_was_taken_over_can_do_no_more_than_fail(act: str) -> None:
    """The same program with another reader: what it tries fails, and nobody but the file's owner hears of it."""
    program = f"""
import ctypes, os, socket, sys
from gateway.edges import survey_child as c
read = c.told
def taken_over(octets):
    if octets == b"go":
        {ACTS[act]}
    return read(b"AGS;Option")
c.told = taken_over
c.main()
"""
    assert read_table_apart(b"stay", said_by(program)).rows
    with pytest.raises(RoutingError) as caught:
        read_table_apart(b"go", said_by(program))
    assert caught.value.code is codes.BODY_UNREADABLE


@pytest.mark.parametrize(
    "told",
    [b"", b"{}", b"[]", b"1", b"[" * 100_000, b'{"rows": [["\x1b[2J"]], "source": "x"}', b'{"rows": 1, "source": ""}',
     b'{"rows": [[["a", "", "heute"]]], "source": "x"}', b'{"code": "body-unreadable"}',
     json.dumps({"code": "role-missing", "reason": "x", "hint": ""}).encode(),
     json.dumps({"rows": [["x" * 3000]], "source": "x"}).encode()],
    ids=range(11),
)  # fmt: skip
def test_what_is_told_is_not_believed(told: bytes) -> None:
    with pytest.raises(RoutingError) as caught:
        told_table(told)
    assert caught.value.code is codes.BODY_UNREADABLE


def test_tables_and_refusals_are_told_whole() -> None:
    table = Table(((Cell("ä"), Cell("", "Zu lang."), Cell("2026-12-01", day=date(2026, 12, 1))), (), (Cell("x"),)), "s")
    assert told_table(table_bytes(table)) == table
    with pytest.raises(RoutingError) as caught:
        told_table(refusal_bytes(RoutingError(codes.BODY_TOO_LARGE, "Zu groß.", "Bitte kürzen.")))
    assert (caught.value.code, caught.value.reason, caught.value.hint) == (
        codes.BODY_TOO_LARGE,
        "Zu groß.",
        "Bitte kürzen.",
    )


def test_a_reader_that_never_ends_is_ended() -> None:
    assert survey_apart.SECONDS > survey_child.SECONDS, "its own limit comes first"
    with pytest.raises(RoutingError):
        read_table_apart(b"", said_by("import time; time.sleep(60)"), seconds=0.3)
