"""What the operators' lists cost with 100 000 cases against 100: processor time on SQLite, pages touched on PostgreSQL.

PostgreSQL works in processes of its own, so there the blocks that its statements touch are counted: a number that is
the same on every machine. On SQLite everything happens in this process, and its processor time says it all.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import httpx
from sqlalchemy import event

from bench.figures import Figure, ratios
from gateway.api.app import inner_app
from gateway.api.operator.roles import Operator, Role
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.edges.gate import Gate
from gateway.edges.store.store import SqlStore
from tests.kit.installation import WARENDORF, Installation, installation
from tests.kit.stores import a_case, a_delivery, fresh_postgres

FEW, MANY = 100, 100_000
BATCH = 2000
YEARS = timedelta(days=4 * 365)
CODES = ("far-side-unreachable", "certificate-expired", "adapter-settings")
QUESTIONS: Mapping[str, str] = {
    "uebersicht": "/overview",
    "behoerden": "/authorities",
    "sendungen": "/deliveries",
    "sendungen-tief": "/deliveries?after=50",
    "sendungen-aelteste": "/deliveries?order=oldest",
    "sendungen-stand": "/deliveries?state=held&state=waiting",
    "sendungen-erledigt": "/deliveries?state=confirmed&state=rejected",
    "sendungen-behoerde": f"/deliveries?authority={WARENDORF}",
    "sendungen-behoerde-stand": f"/deliveries?authority={WARENDORF}&state=held",
    "sendungen-wort": "/deliveries?q=kreis&state=held",
    "sendungen-grund": "/deliveries?cause=certificate-expired",
    "sendungen-vorgang": "/deliveries?q={number}",
    "ursachen": "/deliveries/causes",
    "verfolgen": "/trace?q={number}",
    "protokoll": "/journal",
    "protokoll-zu": "/journal?about={number}",
    "ruecklaeufe": "/replies",
    "zertifikate": "/certificates",
    "anbindung": "/onboarding",
    "bericht": "/report",
}
"""Every list, by what people call it."""


def run(quick: bool) -> list[Figure]:
    """Measure every list with few and with many cases."""
    many, rounds = (10_000, 3) if quick else (MANY, 9)
    figures = []
    for backend in ("sqlite", "postgresql"):
        with desk(backend, FEW) as short, desk(backend, many) as long:
            for name, path in QUESTIONS.items():
                cost = _seconds if backend == "sqlite" else _blocks
                found = [(cost(short, path), cost(long, path)) for _ in range(rounds)]
                near, far = (tuple(pair[at] for pair in found) for at in (0, 1))
                unit = "ms" if backend == "sqlite" else "Blöcke"
                figures += [
                    Figure(f"liste.{backend}.{name}.viele", f"{path} bei {many} Vorgängen", unit, far),
                    Figure(f"liste.{backend}.{name}", f"gegen {FEW} Vorgänge", "", ratios(far, near)),
                ]
    return figures


class Desk:
    """An operator's seat at an installation, and the number of one case in it."""

    def __init__(self, installed: Installation, client: httpx.AsyncClient, number: str, loop: asyncio.Runner) -> None:
        self.installed = installed
        self.number = number
        self._client = client
        self._loop = loop

    def ask(self, path: str) -> Any:
        """Return what the API answers."""
        answer = self._loop.run(self._client.get(path.format(number=self.number)))
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def engine(self) -> Any:
        """The connections that answer operators."""
        store = self.installed.world.store
        assert isinstance(store, SqlStore)
        return store._engines.reader  # plans are nobody's business but a bench's


@contextmanager
def desk(backend: str, count: int) -> Iterator[Desk]:
    """Set an installation up with that many cases, on either database, and sit down at it."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="bauweiche-lists-")))
        given: dict[str, Any] = {"database": fresh_postgres()} if backend == "postgresql" else {}
        installed = stack.enter_context(installation(home, **given))
        number = fill(installed, count)
        gate = Gate()
        stack.callback(gate.close)
        app = inner_app(installed.world, gate, {}, "TEST")
        app.state.local_operator = Operator("bench", Role.VERWALTEN)
        loop = stack.enter_context(asyncio.Runner())
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here/operator/v1")
        stack.callback(lambda: loop.run(client.aclose()))
        made = Desk(installed, client, number, loop)
        if backend == "postgresql":
            with installed.world.store._engines.watcher.connect() as connection:  # type: ignore[attr-defined]
                connection.exec_driver_sql("VACUUM ANALYZE")
        yield made


def fill(installed: Installation, count: int) -> str:
    """Store cases of four years: most are long over, two of a hundred stand still or lie ready; return one's number."""
    world, today = installed.world, installed.clock.at
    keys = sorted(next(iter(world.directory.editions.values())).authorities)
    number = ""
    for begin in range(0, count, BATCH):
        installed.clock.at = today - YEARS * (1 - min(begin + BATCH, count) / count)
        with world.store.writing() as tx:
            for at in range(begin + 1, min(begin + BATCH, count) + 1):
                number = _one(tx, at, keys[at % len(keys)], world.clock.now())
    return number


def _one(tx: Any, at: int, key: AuthorityKey, now: Any) -> str:
    state = _state(at)
    over = state not in (State.HELD, State.WAITING, State.AVAILABLE)
    case = a_case(at, client="bench", authority=key, state=state, wrapped_key=None, erased_at=now if over else None)
    tx.cases.add(case)
    moments = {
        "next_at": None if over or state is State.HELD else now,
        "available_at": now if state is State.AVAILABLE else None,
        "handed_over_at": now if over else None,
        "code": "" if over else CODES[at % 3],
        "reason": "" if over else "Die Gegenstelle antwortet nicht.",
    }
    tx.deliveries.add(a_delivery(at, case, state=state, **moments))
    for what in ("case.announced", "case.accepted", "delivery.attempt", "delivery.handed_over"):
        tx.journal.append(Act("gateway", what, case.number, facts={"number": at}))
    return str(case.number)


def _state(at: int) -> State:
    if at % 50 == 7:
        return (State.HELD, State.WAITING, State.AVAILABLE)[at // 50 % 3]
    return State.REJECTED if at % 33 == 5 else State.HANDED_OVER if at % 9 == 4 else State.CONFIRMED


def _seconds(at: Desk, path: str) -> float:
    at.ask(path)
    begun = process_time()
    for _ in range(3):
        at.ask(path)
    return (process_time() - begun) / 3 * 1000


def _blocks(at: Desk, path: str) -> float:
    touched = 1.0  # for a question that touches none
    for statement, binds in statements(at, lambda: at.ask(path)):
        with at.engine.connect() as connection:
            explained = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement
            (found,) = connection.exec_driver_sql(explained, binds).one()
            plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
            touched += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return touched


def statements(at: Desk, act: Callable[[], object]) -> list[tuple[str, Any]]:
    """Return the statements that an act sends to the database, with what is bound."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            seen.append((statement, parameters))

    event.listen(at.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(at.engine, "before_cursor_execute", note)
    return seen
