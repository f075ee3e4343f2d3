"""`bauweiche authorities`: data on stdout, talk on stderr, and the exit code says how it went."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.commands.authorities import app
from gateway.commands.participation_files import read_file, write_csv, write_json
from gateway.domain.errors import RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Option, Participation, Phase
from gateway.domain.procedure import Procedure
from gateway.ports import World
from tests.kit.registry_world import MemoryStore, registry_world

SETTINGS = '{"folder": "/srv/bau"}'
SET_LIVE = (
    *("set", "05570000", "--option", "1", "--procedures", "baugenehmigung,vorbescheid", "--release", "2.6"),
    *(
        "--adapter",
        "file_drop",
        "--settings",
        SETTINGS,
        "--phase",
        "live",
        "--from",
        "2026-12-01",
        "--without-approval",
    ),
)


@dataclass
class DeskSeat:
    """A person at a desk over a world of memory."""

    store: MemoryStore
    actor: str = "operator:op-03"
    read_only: bool = False

    @contextmanager
    def open(self) -> Iterator[World]:
        yield registry_world(self.store)


def run(store: MemoryStore, *words: str, read_only: bool = False, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(words), obj=DeskSeat(store, read_only=read_only), input=stdin)


def test_the_list_shows_every_authority_in_80_columns() -> None:
    result = run(MemoryStore(), "list")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert len([line for line in lines if line[:8].isdigit()]) == 212
    assert max(map(len, lines)) <= 80
    assert "212 Behörden am 21.11.2026, Verzeichnis 212." in lines


def test_setting_a_participation_shows_in_list_and_show_from_its_day_on() -> None:
    store = MemoryStore()
    result = run(store, *SET_LIVE, "--reason", "Antrag vom 20.11.")
    assert (result.exit_code, result.stdout) == (0, "05570000 1 mit Plänen ● live ab 01.12.2026\n")
    assert "Option: – → 1 mit Plänen" in result.stderr
    assert store.journal.entries[-1].act.why == "Antrag vom 20.11."
    assert "file_drop" not in run(store, "list", "warendorf").stdout
    later = run(store, "list", "Kreis Warendorf", "--on", "2026-12-01").stdout
    assert "05570000 Kreis Warendorf         WAF 1 mit Plänen file_drop   2.6     ● live" in later
    shown = run(store, "show", "bab:05570", "--on", "01.12.2026").stdout
    assert "Baugenehmigung, Vorbescheid" in shown
    assert "Drensteinfurt" in shown
    assert "▸ ab 01.12.2026" in shown


def test_a_second_change_keeps_what_is_not_named() -> None:
    store = MemoryStore()
    run(store, *SET_LIVE, "--reason", "x")
    result = run(store, "set", "Kreis Warendorf", "--option", "2", "--from", "2027-01-04", "--reason", "y", "--json")
    written = json.loads(result.stdout)
    assert (written["option"], written["settings"], written["phase"]) == ("2", {"folder": "/srv/bau"}, "live")
    assert len(store.registry.history(AuthorityKey("05570000"))) == 2


def test_a_dry_run_says_what_would_change_and_keeps_nothing() -> None:
    store = MemoryStore()
    result = run(store, *SET_LIVE, "--reason", "x", "--dry-run", read_only=True)
    assert result.exit_code == 0
    assert "Stufe: – → live" in result.stderr
    assert (store.registry.rows, store.journal.entries) == ({}, [])


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("set", "05570000", "--option", "1", "--phase", "live", "--reason", "x"), 1, "/procedures"),
        (("set", "05570000", "--option", "3a", "--reason", "x"), 1, "/redirect_url"),
        (("set", "05570000", "--option", "3a", "--redirect-url", "http://x", "--reason", "x"), 1, "https://"),
        (("set", "05570000", "--option", "1", "--procedures", "luftschloss", "--reason", "x"), 1, "/procedures"),
        (("set", "05570000", "--reason", "x"), 2, "--option"),
        (("set", "05570000", "--option", "1"), 2, "--reason"),
        (("set", "05570000", "--option", "9", "--reason", "x"), 2, "--option"),
        (("set", "05570000", "--option", "1", "--settings", "[]", "--reason", "x"), 2, "JSON-Objekt"),
        (("set", "05570000", "--option", "1", "--from", "gestern", "--reason", "x"), 2, "--from"),
        (("show", "Kreis Warndorf"), 3, "Kreis Warendorf"),
        (("show", "x" * 10_000), 3, "gibt es nicht"),
        (("import", "gibt-es-nicht.csv", "--reason", "x"), 3, "gibt-es-nicht.csv"),
        (("edition", "300", "--reason", "x"), 3, "212, 215"),
        (("edition", "215"), 2, "--reason"),
    ],
)
def test_each_failure_has_its_exit_code_and_a_sentence_on_stderr(words: tuple[str, ...], code: int, told: str) -> None:
    store = MemoryStore()
    result = run(store, *words)
    assert result.exit_code == code, result.stderr
    assert told in result.stderr
    assert result.stdout == ""
    assert store.registry.rows == {}


def test_read_only_refuses_every_change_with_4() -> None:
    for words in (SET_LIVE, ("import", "-"), ("edition", "215")):
        result = run(MemoryStore(), *words, "--reason", "x", read_only=True, stdin=b"")
        assert (result.exit_code, result.stdout) == (4, "")


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_export_writes_import_reads_back_the_same(form: str, tmp_path: Path) -> None:
    first, second = MemoryStore(), MemoryStore()
    run(first, *SET_LIVE, "--reason", "x", "--note", "=1+1")
    run(first, "set", "Ahlen", "--option", "3a", "--redirect-url", "https://ahlen.example", "--reason", "x")
    file = tmp_path / "stand"
    file.write_bytes(run(first, "export", "--format", form, "--history").stdout_bytes)
    result = run(second, "import", str(file), "--reason", "Umzug", "--without-approval", "--json")
    assert json.loads(result.stdout) == {"read": 2, "changed": 2, "unchanged": 0, "dry_run": False}
    assert second.registry.rows == first.registry.rows
    again = run(second, "import", str(file), "--reason", "noch einmal")
    assert again.stdout == "2 gelesen, 0 geändert, 2 gleich\n"


def test_an_import_with_one_fault_keeps_nothing_and_names_the_row() -> None:
    store = MemoryStore()
    file = b"authority;valid_from;option\n05570000;2026-12-01;3b\n05570004;2026-12-01;3a\n"
    result = run(store, "import", "-", "--reason", "x", stdin=file)
    assert result.exit_code == 1
    assert "/1/redirect_url" in result.stderr
    assert store.registry.rows == {}


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xff\xfe\x00",
        b"[",
        b"[" * 100_000,
        b"[]",
        b"null",
        b'[{"authority": 1}]',
        b"a;b\n1;2;3;4\n",
        b'"' + b"x" * 200_000,
        b"\x00;\x00\n\x00",
        b"x" * 20_000_001,
    ],
)
def test_a_broken_file_is_refused_in_a_sentence(octets: bytes) -> None:
    with pytest.raises(RoutingError) as caught:
        read_file(octets)
    assert caught.value.faults


def test_cells_that_a_spreadsheet_would_run_are_disarmed_and_read_back_the_same() -> None:
    values = [
        Participation(AuthorityKey("05570000"), date(2026, 12, 1), Option.NONE, note=note)
        for note in ("=HYPERLINK()", "+1", "-1", "@x", "'=1", "'", "harmlos")
    ]
    table = write_csv(values, {"05570000": "Kreis Warendorf"})
    cells = [row["note"] for row in csv.DictReader(io.StringIO(table), delimiter=";")]
    assert all(cell[:1] not in ("=", "+", "-", "@") for cell in cells)
    assert read_file(table.encode()) == values
    assert read_file(b"\xef\xbb\xbf" + table.encode()) == values
    assert read_file(write_json(values).encode()) == values


def test_a_setting_with_everything_survives_csv() -> None:
    value = Participation(
        AuthorityKey("05570000"),
        date(2026, 12, 1),
        Option.WITH_PLANS,
        frozenset(Procedure),
        "2.4.0.1",
        "file_drop",
        {"folder": "C:\\Bau;amt", "tief": {"a": [1, None, True]}},
        phase=Phase.TEST,
        size_limit=10**8,
        list_posted_plans=False,
        certificates=("0" * 64, "f" * 64),
        source="Umfrage; 2026",
    )
    assert read_file(write_csv([value], {}).encode()) == [value]


def test_the_edition_shows_who_gives_what_and_holds_from_its_day() -> None:
    store = MemoryStore()
    dry = run(store, "edition", "215", "--from", "2027-01-01", "--dry-run")
    assert "Stadt Bedburg: Rhein-Erft-Kreis → Stadt Bedburg" in dry.stderr
    assert store.registry.plan.steps == ()
    run(store, "edition", "215", "--from", "2027-01-01", "--reason", "neuer Stand")
    assert run(store, "edition").stdout == "01.01.2027  215\n"
    assert "215 Behörden" in run(store, "list", "--on", "2027-01-01").stdout
    assert "212 Behörden" in run(store, "list", "--on", "2026-12-31").stdout


def test_json_is_complete_and_filters_hold() -> None:
    store = MemoryStore()
    run(store, *SET_LIVE, "--reason", "x")
    rows: list[dict[str, Any]] = json.loads(
        run(store, "list", "--json", "--on", "2026-12-01", "--option", "1", "--phase", "live").stdout
    )
    assert [(row["key"], row["dvdv_key"], row["participation"]["adapter"]) for row in rows] == [
        ("05570000", "bab:05570", "file_drop")
    ]
    shown = json.loads(run(store, "show", "05570000", "--json").stdout)
    assert shown["participation"] is None
    assert [value["valid_from"] for value in shown["history"]] == ["2026-12-01"]
    assert "05570016" in shown["municipalities"]


def test_an_import_never_overwrites_silently_what_only_looks_the_same() -> None:
    store = MemoryStore()
    run(store, *SET_LIVE, "--reason", "x")
    (kept,) = store.registry.history(AuthorityKey("05570000"))
    table = write_csv([replace(kept, release="2.4.0.1")], {})
    result = run(store, "import", "-", "--dry-run", "--reason", "x", stdin=table.encode())
    assert result.stdout == "1 gelesen, 1 zu ändern, 0 gleich\n"
    assert store.registry.history(AuthorityKey("05570000")) == (kept,)
