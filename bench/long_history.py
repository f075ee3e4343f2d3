"""What a submission costs with 100 000 stored cases against one with 100; in turns, on two installations."""

from __future__ import annotations

from functools import partial

from bench.figures import Figure, quantile, ratios
from bench.site import Line, Site, line, service, site
from bench.submissions import Work, without_plans
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from tests.kit.stores import a_case, a_delivery

FEW, MANY = 100, 100_000
BATCH = 1000


def run(quick: bool) -> list[Figure]:
    """Measure processor time per submission with few and with many cases stored."""
    rounds, each = (3, 40) if quick else (9, 80)
    with site() as short, site() as long:
        fill(short, FEW)
        fill(long, MANY)
        with service(short, "serve", "--port", "0") as first, service(long, "serve", "--port", "0") as second:
            works = (Work(first, short, without_plans()), Work(second, long, without_plans()))
            with line(first, short) as near, line(second, long) as far:
                few, many = _in_turns(works, (near, far), rounds, each)
    best = quantile(many, 0.25) / quantile(few, 0.25)
    return [
        Figure("verlauf.wenige", f"Prozessorzeit je Einreichung bei {FEW} Vorgängen", "ms", few),
        Figure("verlauf.viele", f"Prozessorzeit je Einreichung bei {MANY} Vorgängen", "ms", many),
        Figure("verlauf.verhaeltnis", "viele gegen wenige, paarweise", "", ratios(many, few), most=1.2),
        Figure("verlauf.verhaeltnis-ruhig", "dasselbe, unteres Viertel gegen unteres Viertel", "", (best,), most=1.2),
    ]  # fmt: skip


def _in_turns(
    works: tuple[Work, Work], portals: tuple[Line, Line], rounds: int, each: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    costs: tuple[list[float], list[float]] = ([], [])
    for work, portal in zip(works, portals, strict=True):
        work.alone(portal, 20)
    for _ in range(rounds):
        for work, portal, found in zip(works, portals, costs, strict=True):
            found.append(work.measured(partial(work.alone, portal, each), each).cpu)
    return tuple(costs[0]), tuple(costs[1])


def fill(where: Site, count: int) -> None:
    """Store that many delivered and erased cases with their deliveries and journal entries."""
    keys = [AuthorityKey(f"05{number:06d}") for number in range(212)]
    for begin in range(0, count, BATCH):
        with where.world.store.writing() as tx:
            for number in range(begin + 1, min(begin + BATCH, count) + 1):
                case = a_case(
                    number, client="bench", authority=keys[number % 212], state=State.HANDED_OVER, wrapped_key=None,
                    erased_at=where.world.clock.now(), handed_over_at=where.world.clock.now(),
                )  # fmt: skip
                tx.cases.add(case)
                tx.deliveries.add(a_delivery(number, case, state=State.HANDED_OVER, next_at=None))
                for what in ("case.announced", "case.accepted", "delivery.attempt", "delivery.handed_over"):
                    tx.journal.append(Act("gateway", what, case.number, facts={"number": number}))
