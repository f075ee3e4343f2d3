"""Prometheus metrics, counted when asked: states, ages and ends, by authority key at most; nobody's personal data."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from gateway.domain.deadlines import LEVELS
from gateway.domain.delivery import PlansState, State
from gateway.domain.insight import OPEN
from gateway.domain.notice_mail import MailState
from gateway.ports import Transaction, World

MEDIA_TYPE = CONTENT_TYPE_LATEST

Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Overdue:
    """What the flow knows about time: authority and whole working days missed, and how many plans are late."""

    pickups: Sequence[tuple[str, int]]
    plans: int


Watch = Callable[[World, Transaction], Overdue]


def exposition(world: World, watch: Watch) -> bytes:
    """Return all metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Now(world, watch))
    return generate_latest(registry)


class _Now(Collector):
    """Reads one snapshot of the tables at each scrape: two processes never disagree, a restart loses nothing."""

    def __init__(self, world: World, watch: Watch) -> None:
        self._world = world
        self._watch = watch

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        world, now = self._world, self._world.clock.now()
        with world.store.reading() as tx:
            yield from _deliveries(tx, now)
            yield from _time(self._watch(world, tx))
            yield from _ways(tx, now)
            yield from _certificates(tx, now)
            mails = tx.mails.counts()
            yield _gauge("mails", "Mails by state", ("state",), [((s.value,), mails.get(s, 0)) for s in MailState])
            waiting = tx.replies.count_quarantined()
            yield _gauge("replies_quarantined", "Replies that wait for a human", (), [((), waiting)])
            yield _gauge("journal_entries", "Entries of the journal", (), [((), tx.evidence.journal_end())])
            unsigned = len(tx.evidence.unsigned(1000))
            yield _gauge("events_unsigned", "Facts that wait for a signature, up to 1000", (), [((), unsigned)])
        yield from _own_keys(world, now)
        if (free := world.vault.free_bytes()) is not None:
            yield _gauge("free_bytes", "Free space of the vault", (), [((), free)])


def _deliveries(tx: Transaction, now: datetime) -> Iterator[Metric]:
    counts = tx.deliveries.counts()
    shown = [((state.value,), float(counts.get(state, 0))) for state in State]
    yield _gauge("deliveries", "Deliveries by state", ("state",), shown)
    oldest = tx.insight.oldest(OPEN, 1)
    age = (now - oldest[0].stamped_at).total_seconds() if oldest else 0.0
    yield _gauge("oldest_open_seconds", "Age of the oldest delivery that is not handed over", (), [((), age)])
    held = [((str(key),), float(load.held)) for key, load in tx.insight.loads().items() if load.held]
    yield _gauge("held", "Deliveries that a human must look at", ("authority",), held)


def _time(overdue: Overdue) -> Iterator[Metric]:
    missed = [((key,), float(days)) for key, days in overdue.pickups]
    yield _gauge("pickup_missed_working_days", "Whole working days without fetching", ("authority",), missed)
    reached = Tally(level for _key, days in overdue.pickups for level in LEVELS if days >= level)
    levels = [((str(level),), float(reached[level])) for level in LEVELS]
    yield _gauge("pickup_overdue_authorities", "Authorities that reached a level of escalation", ("level",), levels)
    late = [((PlansState.OVERDUE.value,), float(overdue.plans))]
    yield _gauge("plans", "Option-2 cases by state of their plans", ("state",), late)


def _ways(tx: Transaction, now: datetime) -> Iterator[Metric]:
    ways = tx.ways.all()
    resting = sum(way.open_until is not None and way.open_until > now for way in ways)
    shown = [(("paused",), float(sum(way.paused for way in ways))), (("interrupted",), float(resting))]
    yield _gauge("ways", "Ways to authorities that rest", ("why",), shown)


def _certificates(tx: Transaction, now: datetime) -> Iterator[Metric]:
    newest: dict[tuple[str, str], datetime] = {}
    for one in tx.certificates.held():
        name = str(one.owner), one.purpose
        newest[name] = max(one.until, newest.get(name, one.until))
    shown = [(pair, (end - now).total_seconds()) for pair, end in sorted(newest.items())]
    yield _gauge("certificate_seconds", "Time left of authorities' certificates", ("authority", "purpose"), shown)


def _own_keys(world: World, now: datetime) -> Iterator[Metric]:
    """Yield what is left of the last key of each purpose: below zero once there is none that is valid any more."""
    newest: dict[str, datetime] = {}
    for key in world.keyring.list():
        if key.not_after is not None:
            newest[key.purpose] = max(key.not_after, newest.get(key.purpose, key.not_after))
    shown = [((purpose,), (end - now).total_seconds()) for purpose, end in sorted(newest.items())]
    yield _gauge("own_certificate_seconds", "Time left of the gateway's own keys", ("purpose",), shown)


def _gauge(name: str, text: str, labels: Sequence[str], samples: Sequence[Sample]) -> Metric:
    family = GaugeMetricFamily(f"bauweiche_{name}", text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family
