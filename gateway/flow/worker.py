"""The worker: claims what is due, delivers it in threads, keeps its leases, looks after what lies ready, erases.

Any number of workers may run, in one process with the API or in processes of their own; the rows decide (law 4).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import structlog

from gateway.domain import codes
from gateway.domain.errors import GatewayError
from gateway.flow import clocks, collect, collect_earlier, dispatch, evidence, expiry, mails, purge, webhooks
from gateway.ports import World

POLL = 0.04
"""Seconds between two looks at whether somebody else has committed something."""

IDLE = 1.0
"""Seconds after which the tables are read even if nobody committed: time alone makes things due."""

HOUSEKEEPING = 30.0
"""Seconds between two rounds of expiring drafts."""

ROLL = 1.0
"""Seconds between two looks at whether somebody who holds a lease is gone."""

COLLECT = 2.0
"""Seconds between two looks at whose return folder is due; fewer where folders are looked at more often than that."""

SHARE = 4
"""What part of the slots rounds to return folders may take, and notices to portals: one in so many."""

CLOCKS = 60.0
"""Seconds between two looks at deadlines, and at what is to be signed or anchored."""

MAIL = 2.0
"""Seconds between two looks at the mail queue; one job at a time, so a dead mail server takes one slot."""

EXPIRY = 24 * 3600.0
"""Seconds between two looks for certificates that are about to expire."""

SWEEP = 3600.0
"""Seconds between two sweeps of the vault."""

SLOW = 5.0
"""Seconds after which a job takes no slot from others any more: its far side hangs, and nobody waits for it (law 7)."""

ROOM = 4
"""How many times its slots a worker runs at most, the slow jobs included."""

_log = structlog.get_logger("worker")

Job = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Running:
    """A job that was started, and when (monotonic seconds)."""

    future: Future[object]
    since: float


@dataclass
class Worker:
    """One worker with `slots` jobs at a time; `run` returns after `stop` is set and its jobs are done.

    A job that takes longer than `slow` seconds is beside the slots: many authorities in one dead data centre keep
    nobody else waiting. What a worker of whom `gone` says that its process has ended left under way is taken over at
    once; of others the lease must run out.
    """

    world: World
    name: str
    slots: int = 16
    stop: threading.Event = field(default_factory=threading.Event)
    slow: float = SLOW
    gone: dispatch.Gone | None = None
    _busy: dict[str, Running] = field(default_factory=dict)
    _next: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Work until stopped; whatever fails is logged and tried again."""
        with ThreadPoolExecutor(self.slots * ROOM, thread_name_prefix=self.name) as pool:
            heart = threading.Thread(target=self._beat, name=f"{self.name}-lease", daemon=True)
            heart.start()
            while not self.stop.is_set():
                seen = guarded(self.world.store.changed)
                if not guarded(partial(self._turn, pool)):
                    self._rest(seen)
        heart.join()

    def turn(self) -> int:
        """Do everything that is due now in this thread; returns how many deliveries moved or were looked at."""
        moved = dispatch.take_over(self.world, self.gone)
        for delivery in dispatch.claim(self.world, self.name, self.slots):
            dispatch.dispatch(self.world, delivery)
            moved += 1
        for looks in dispatch.claim_looks(self.world, self.slots).values():
            moved += dispatch.watch_all(self.world, looks)
        for authority in collect.claim_collections(self.world):
            moved += collect.collect_from(self.world, authority)
        for authority in collect_earlier.claim_earlier(self.world):
            moved += collect_earlier.collect_earlier(self.world, authority)
        for webhook in webhooks.due(self.world):
            moved += webhooks.send_due(self.world, webhook)
        purge.purge(self.world)
        clocks.tick(self.world)
        mails.send_due(self.world)
        return moved

    def _turn(self, pool: ThreadPoolExecutor) -> bool:
        self._busy = {key: running for key, running in self._busy.items() if not running.future.done()}
        jobs = self._due_jobs()
        for key, job in jobs.items():
            self._busy[key] = Running(pool.submit(guarded, job), time.monotonic())
        erased = guarded(partial(purge.purge, self.world))  # a vault that does not answer must not stop the clocks
        return bool(jobs) | bool(erased) | self._housekeeping()

    def _due_jobs(self) -> dict[str, Job]:
        """Return what may start now: deliveries by message, looks by authority, never more than there are slots."""
        free = self._free()
        if free <= 0:
            return {}
        dispatch.take_over(self.world, self.gone if self._time_for("roll", ROLL) else None)
        jobs: dict[str, Job] = {
            delivery.message_id: partial(dispatch.dispatch, self.world, delivery)
            for delivery in dispatch.claim(self.world, self.name, free)
        }
        jobs |= self._way_back(free - len(jobs))
        if "mail" not in self._busy and len(jobs) < free and self._time_for("mail", MAIL) and mails.is_due(self.world):
            jobs["mail"] = partial(mails.send_due, self.world)
        for authority, looks in dispatch.claim_looks(self.world, 200).items():
            if f"look {authority}" not in self._busy and len(jobs) < free:
                jobs[f"look {authority}"] = partial(dispatch.watch_all, self.world, looks)
        return jobs

    def _free(self) -> int:
        """Return how many jobs may start now: slow ones leave their slot, as long as there is room beside."""
        brisk = sum(time.monotonic() - running.since < self.slow for running in self._busy.values())
        return min(self.slots - brisk, self.slots * ROOM - len(self._busy))

    def _way_back(self, free: int) -> dict[str, Job]:
        """Return rounds to return folders and notices to portals: a share of the slots each, however slow they are."""
        jobs: dict[str, Job] = {}
        share = max(1, self.slots // SHARE)
        telling = [key for key in self._busy if key.startswith("webhook ")]
        for webhook in webhooks.due(self.world)[: max(0, min(free, share - len(telling)))]:
            if f"webhook {webhook}" not in telling:
                jobs[f"webhook {webhook}"] = partial(webhooks.send_due, self.world, webhook)
        if not self._time_for("collections", min(COLLECT, self.world.policy.look_every)):
            return jobs
        out = [key.removeprefix("collect ") for key in self._busy if key.startswith("collect ")]
        room = min(free - len(jobs), share - len(out))
        for authority in collect.claim_collections(self.world, room, out):
            jobs[f"collect {authority}"] = partial(collect.collect_from, self.world, authority)
        room -= sum(key.startswith("collect ") for key in jobs)
        for authority in collect_earlier.claim_earlier(self.world, room, [key.removesuffix("~") for key in out]):
            jobs[f"collect {authority}~"] = partial(collect_earlier.collect_earlier, self.world, authority)
        return jobs

    def _housekeeping(self) -> bool:
        if self._time_for("drafts", HOUSEKEEPING):
            purge.expire(self.world)
        if self._time_for("sweep", SWEEP):
            purge.sweep(self.world)
            purge.forget(self.world)
        if self._time_for("expiry", EXPIRY):
            expiry.warn(self.world)
        if self._time_for("clocks", CLOCKS):
            clocks.tick(self.world)
            evidence.sign_pending(self.world)
            evidence.anchor_journal(self.world)
        return False

    def _time_for(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + every
        return True

    def _rest(self, seen: object) -> None:
        """Wait until somebody commits, a job ends, or `IDLE` has passed; without a database, only that."""
        if seen is None:
            self.stop.wait(IDLE)
            return
        until = time.monotonic() + IDLE
        while time.monotonic() < until and not self.stop.wait(POLL):
            changed = guarded(self.world.store.changed) != seen
            if changed or any(running.future.done() for running in self._busy.values()):
                return

    def _beat(self) -> None:
        """Renew the leases of what is under way here at a third of their length: only a dead worker loses those.

        What was claimed but never begun, or ended without a record because the database was away, is not renewed:
        its lease runs out, and it is taken over like a dead worker's.
        """
        lease = self.world.policy.lease
        while not self.stop.wait(lease / 3):
            guarded(partial(self._renew, lease))

    def _renew(self, lease: float) -> None:
        held = [key for key, running in list(self._busy.items()) if not running.future.done()]
        if held:
            with self.world.store.writing() as tx:
                tx.deliveries.renew(self.name, held, self.world.clock.now() + timedelta(seconds=lease))


def guarded(job: Job) -> object:
    """Run a job; an error is logged without content and the job counts as not done.

    Lost durability ends the process at once: nothing it would say after that could be believed (law 1).
    """
    try:
        return job()
    except GatewayError as error:
        _log.warning("job failed", code=error.code.name, reason=error.reason)
        if error.code is codes.DURABILITY_LOST:
            os._exit(70)
    except Exception as error:  # one faulty job must not end the worker that serves 212 authorities
        _log.error("job failed", kind=type(error).__name__)
    return None
