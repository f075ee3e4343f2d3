"""The laws of the queue, each by a test that fails when it is broken (DESIGN, laws 4 to 8)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapter import Envelope, Handover
from gateway.domain import codes
from gateway.domain.case import Delivery
from gateway.domain.delivery import State
from gateway.domain.errors import ConfigurationError, Refused, Unconfirmed, Unreachable
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Protection
from gateway.edges.keys_issue import KeyPurpose, new_key, self_signed
from gateway.flow import dispatch, operate, retry
from gateway.flow.carry import encryption_certificate, remember
from gateway.flow.test_messages import send_test
from gateway.flow.worker import Worker
from gateway.ports import Policy
from gateway.seal.keys import fingerprint
from gateway.wiring import open_world
from tests.kit.installation import ACTOR, MUENSTER, WARENDORF, Installation, installation
from tests.kit.recorder import PowerCut, available, handed_over, recording

DEAD = MUENSTER
SLOTS = 16


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        yield made


def queue(installed: Installation, key: AuthorityKey = WARENDORF, count: int = 1) -> list[Delivery]:
    return [send_test(installed.world, key, ACTOR, "Test") for _ in range(count)]


def by_book(installed: Installation, *keys: AuthorityKey) -> None:
    for key in keys or (WARENDORF,):
        installed.takes_part(key, adapter="book", settings={})


def now(installed: Installation, delivery: Delivery) -> Delivery:
    with installed.world.store.reading() as tx:
        found = tx.deliveries.get(delivery.message_id)
    assert found is not None
    return found


def acts(installed: Installation, subject: str) -> list[str]:
    with installed.world.store.reading() as tx:
        return [entry.act.what for entry in tx.journal.read(subject=subject)]


def others(installed: Installation, count: int) -> list[AuthorityKey]:
    """Return authorities that take part by the book, beside Münster, which is to fail."""
    known = sorted(installed.world.directory.editions["212"].authorities)
    chosen = [key for key in known if key not in (WARENDORF, DEAD)][:count]
    by_book(installed, DEAD, *chosen)
    return chosen


def unreachable(envelope: Envelope) -> Handover:
    raise Unreachable(codes.FAR_SIDE_UNREACHABLE, "Niemand da.")


def unconfirmed(envelope: Envelope) -> Handover:
    raise Unconfirmed(codes.FAR_SIDE_UNCONFIRMED, "Die Antwort blieb aus.")


def refused(envelope: Envelope) -> Handover:
    raise Refused(codes.FAR_SIDE_REFUSED, "Nicht zuständig.")


def power_cut(envelope: Envelope) -> Handover:
    raise PowerCut


# law 4: the delivery row is the queue


def test_two_workers_on_one_database_deliver_every_row_once(installed: Installation) -> None:
    book = recording(installed, per_authority=8)
    by_book(installed)
    wanted = [delivery.message_id for delivery in queue(installed, count=30)]
    other = open_world(installed.settings, installed.clock)
    twin = Installation(installed.home, installed.settings, other, installed.clock)
    book_of_twin = recording(twin, per_authority=8)
    try:
        threads = [
            threading.Thread(target=_until_empty, args=(one, name)) for one, name in ((installed, "a"), (twin, "b"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        other.store.close()
    given = book.names(WARENDORF) + book_of_twin.names(WARENDORF)
    assert sorted(given) == sorted(wanted)
    with installed.world.store.reading() as tx:
        assert all(one.attempt == 1 for one in tx.deliveries.listing(authority=WARENDORF))


def _until_empty(one: Installation, name: str) -> None:
    while leased := dispatch.claim(one.world, name, 2):
        for delivery in leased:
            dispatch.dispatch(one.world, delivery)


def test_state_attempt_lease_and_journal_entry_change_together(installed: Installation) -> None:
    recording(installed)
    by_book(installed)
    (delivery,) = queue(installed)
    (leased,) = dispatch.claim(installed.world, "a", 5)
    stored = now(installed, delivery)
    assert (stored.state, stored.attempt, stored.worker) == (State.UNDER_WAY, 1, "a")
    assert stored == leased
    assert acts(installed, delivery.case_number)[-1] == "delivery.attempt"
    assert dispatch.claim(installed.world, "b", 5) == []


def test_a_worker_that_lost_its_lease_records_nothing(installed: Installation) -> None:
    book = recording(installed)
    by_book(installed)
    (delivery,) = queue(installed)
    (leased,) = dispatch.claim(installed.world, "slow", 1)
    installed.clock.pass_by(seconds=installed.world.policy.lease + 1)
    assert dispatch.take_over(installed.world) == 1
    (again,) = dispatch.claim(installed.world, "quick", 1)
    dispatch.dispatch(installed.world, again)
    settled = now(installed, delivery)
    assert dispatch.dispatch(installed.world, leased) == settled
    assert now(installed, delivery) == settled
    assert settled.state is State.HANDED_OVER
    assert set(book.names(WARENDORF)) == {delivery.message_id}


def test_a_worker_that_lost_its_lease_can_note_nothing_and_so_sends_nothing(installed: Installation) -> None:
    """Else two workers would each ask the far side for an id of its own, and send the message under both."""
    recording(installed)
    by_book(installed)
    (delivery,) = queue(installed)
    (late,) = dispatch.claim(installed.world, "slow", 1)
    remember(installed.world, late, {"id": "first"})
    installed.clock.pass_by(seconds=installed.world.policy.lease + 1)
    dispatch.take_over(installed.world)
    with pytest.raises(ConfigurationError):
        remember(installed.world, late, {"id": "second"})
    (again,) = dispatch.claim(installed.world, "quick", 1)
    with pytest.raises(ConfigurationError):
        remember(installed.world, late, {"id": "second"})
    assert again.facts == {"id": "first"}
    assert now(installed, delivery).facts == {"id": "first"}


def test_the_dead_hold_no_place_and_what_they_had_under_way_is_repeated_a_little_later(
    installed: Installation,
) -> None:
    recording(installed)
    by_book(installed)
    (interrupted,) = queue(installed)
    policy = installed.world.policy
    assert len(dispatch.claim(installed.world, "killed", policy.per_authority)) == 1
    assert dispatch.take_over(installed.world, {"somebody else"}.__contains__) == 0
    assert dispatch.take_over(installed.world, {"killed"}.__contains__) == 1
    waiting = now(installed, interrupted)
    assert (waiting.state, waiting.worker) == (State.WAITING, "")
    assert waiting.next_at == installed.clock.now() + timedelta(seconds=policy.backoff_first)
    assert dispatch.claim(installed.world, "next", 5) == []
    installed.clock.pass_by(seconds=policy.backoff_first)
    assert [one.message_id for one in dispatch.claim(installed.world, "next", 5)] == [interrupted.message_id]


# law 5: at least once, never twice for the receiver


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_crash_between_attempt_and_outcome_is_repeated_only_where_that_is_safe(
    installed: Installation, repeatable: bool
) -> None:
    book = recording(installed, repeatable=repeatable)
    by_book(installed)
    book.behave[WARENDORF] = power_cut
    (delivery,) = queue(installed)
    with pytest.raises(PowerCut):
        installed.work()
    assert now(installed, delivery).state is State.UNDER_WAY
    assert acts(installed, delivery.case_number)[-1] == "delivery.attempt"
    book.behave.clear()
    installed.clock.pass_by(seconds=installed.world.policy.lease + 1)
    installed.work()
    after = now(installed, delivery)
    if repeatable:
        assert after.state is State.HANDED_OVER
        assert book.names(WARENDORF) == [delivery.message_id] * 2
    else:
        assert after.state is State.HELD
        assert "Bitte bei der Behörde nachfragen" in after.reason
        assert book.names(WARENDORF) == [delivery.message_id]
        installed.clock.pass_by(days=2)
        installed.work()
        assert book.names(WARENDORF) == [delivery.message_id]
        operate.requeue(installed.world, delivery.message_id, ACTOR, "laut Behörde nicht angekommen")
        installed.work()
        assert now(installed, delivery).state is State.HANDED_OVER


@pytest.mark.parametrize(("repeatable", "state"), [(True, State.WAITING), (False, State.HELD)])
def test_an_unclear_outcome_is_repeated_only_where_that_is_safe(
    installed: Installation, repeatable: bool, state: State
) -> None:
    book = recording(installed, repeatable=repeatable)
    by_book(installed)
    book.behave[WARENDORF] = unconfirmed
    (delivery,) = queue(installed)
    installed.work()
    assert now(installed, delivery).state is state


def test_a_refusal_is_never_repeated_by_itself(installed: Installation) -> None:
    book = recording(installed)
    by_book(installed)
    book.behave[WARENDORF] = refused
    (delivery,) = queue(installed)
    for _ in range(3):
        installed.work()
        installed.clock.pass_by(days=1)
    assert now(installed, delivery).state is State.HELD
    assert len(book.given) == 1
    with installed.world.store.reading() as tx:
        assert tx.ways.get(WARENDORF).failures == 0


# law 6: a receipt says only what happened


def test_nothing_is_called_handed_over_before_it_was_fetched(installed: Installation) -> None:
    book = recording(installed)
    by_book(installed)
    book.behave[WARENDORF] = available
    (delivery,) = queue(installed)
    for _ in range(5):
        installed.work()
        stored, case = now(installed, delivery), _case(installed, delivery)
        assert (stored.state, stored.handed_over_at) == (State.AVAILABLE, None)
        assert (case.state, case.handed_over_at) == (State.AVAILABLE, None)
        assert case.wrapped_key is not None
        installed.clock.pass_by(hours=7)
    assert "delivery.handed_over" not in acts(installed, delivery.case_number)
    book.fetched.add(delivery.message_id)
    installed.work()
    assert now(installed, delivery).state is State.HANDED_OVER
    assert _case(installed, delivery).wrapped_key is None


def _case(installed: Installation, delivery: Delivery) -> Any:
    with installed.world.store.reading() as tx:
        return tx.cases.get(delivery.case_id)


# law 7: nobody waits for somebody else's dead server


def test_an_authority_that_hangs_keeps_nobody_else_waiting(installed: Installation) -> None:
    book, released = recording(installed), threading.Event()
    keys = others(installed, 20)

    def hang(envelope: Envelope) -> Handover:
        released.wait(120)
        return unreachable(envelope)

    book.behave[DEAD] = hang
    queue(installed, DEAD, SLOTS + 4)  # enough to fill every place with those that hang
    wanted = {delivery.message_id for key in keys for delivery in queue(installed, key, 2)}
    working = Worker(installed.world, "w", slots=SLOTS)
    thread = threading.Thread(target=working.run)
    begun = time.monotonic()
    thread.start()
    try:
        while wanted - {name for _, name in list(book.given)}:
            assert time.monotonic() - begun < 60, "the others wait"
            time.sleep(0.005)
        assert len(book.names(DEAD)) == installed.world.policy.per_authority  # no more than its share of places
    finally:
        working.stop.set()
        released.set()
        thread.join(20)


def test_a_whole_data_centre_that_hangs_keeps_nobody_else_waiting(installed: Installation) -> None:
    book = recording(installed)
    keys = others(installed, 15)
    hanging, served = keys[:10], keys[10:]
    released = threading.Event()

    def hang(envelope: Envelope) -> Handover:
        released.wait(60)
        return unreachable(envelope)

    book.behave |= dict.fromkeys(hanging, hang)
    for key in hanging:
        queue(installed, key, 2)  # 20 deliveries that hang, in a worker with 16 slots
    working = Worker(installed.world, "w", slots=16, slow=0.2)
    thread = threading.Thread(target=working.run)
    thread.start()
    try:
        _wait_for(lambda: len(book.given) >= 16)
        wanted = {queue(installed, key)[0].message_id for key in served}
        _wait_for(lambda: wanted <= {name for _, name in list(book.given)})
        assert not released.is_set()
    finally:
        working.stop.set()
        released.set()
        thread.join(20)


def _wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < until, "it does not happen"
        time.sleep(0.01)


def test_a_backlog_of_one_authority_does_not_stand_in_front_of_the_others(installed: Installation) -> None:
    recording(installed)
    keys = others(installed, 5)
    queue(installed, DEAD, 20)
    later = [queue(installed, key)[0].message_id for key in keys]
    claimed = dispatch.claim(installed.world, "w", 8)
    assert {delivery.message_id for delivery in claimed} >= set(later)
    assert sum(delivery.authority == DEAD for delivery in claimed) == installed.world.policy.per_authority


def test_the_breaker_opens_after_failures_in_a_row_and_half_opens_for_one_single_try(installed: Installation) -> None:
    book = recording(installed)
    by_book(installed)
    book.behave[WARENDORF] = unreachable
    waiting = queue(installed, count=4)
    policy = installed.world.policy
    while len(book.given) < policy.breaker_after:
        installed.work()
        installed.clock.pass_by(seconds=20)
    with installed.world.store.reading() as tx:
        assert tx.ways.get(WARENDORF).open_until is not None
    assert "way.interrupted" in acts(installed, WARENDORF)
    tried = len(book.given)
    installed.clock.pass_by(seconds=30)
    installed.work()
    assert len(book.given) == tried  # open: nobody is asked
    installed.clock.pass_by(seconds=policy.breaker_pause)
    installed.work()
    assert len(book.given) == tried + 1  # half open: one is asked, it fails, and the way rests again
    book.behave.clear()
    installed.clock.pass_by(seconds=policy.breaker_pause + 1)
    for _ in range(4):
        installed.work()
        installed.clock.pass_by(hours=1)
    assert all(now(installed, delivery).state is State.HANDED_OVER for delivery in waiting)
    with installed.world.store.reading() as tx:
        assert (tx.ways.get(WARENDORF).failures, tx.ways.get(WARENDORF).open_until) == (0, None)


def test_a_paused_way_sends_nothing_until_it_is_resumed(installed: Installation) -> None:
    book = recording(installed)
    by_book(installed, WARENDORF, MUENSTER)
    operate.pause(installed.world, WARENDORF, ACTOR, "Serverumzug der Behörde")
    (waiting,), (other,) = queue(installed), queue(installed, MUENSTER)
    for _ in range(3):
        installed.work()
        installed.clock.pass_by(hours=12)
    assert book.names(WARENDORF) == []
    assert now(installed, waiting).attempt == 0
    assert book.names(MUENSTER) == [other.message_id]
    operate.resume(installed.world, WARENDORF, ACTOR, "Umzug beendet")
    installed.work()
    assert book.names(WARENDORF) == [waiting.message_id]
    assert [act for act in acts(installed, WARENDORF) if act.startswith("way.")] == ["way.paused", "way.resumed"]


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True), st.floats(0.1, 60), st.floats(60, 86_400))
def test_the_back_off_doubles_is_capped_and_spread_within_a_fifth(
    attempt: int, jitter: float, first: float, cap: float
) -> None:
    policy = Policy(backoff_first=first, backoff_cap=cap)
    waits = retry.backoff(attempt, jitter, policy)
    middle = min(first * 2 ** min(attempt - 1, 30), cap)
    tick = timedelta(microseconds=1)
    assert timedelta(seconds=middle * 0.8) - tick <= waits <= timedelta(seconds=middle * 1.2) + tick
    assert waits <= timedelta(seconds=cap * 1.2) + tick
    assert retry.backoff(attempt + 1, jitter, policy) >= waits - tick


def test_an_authority_that_stays_dead_is_asked_ever_more_seldom_and_nothing_is_given_up(
    installed: Installation,
) -> None:
    book = recording(installed)
    by_book(installed)
    book.behave[WARENDORF] = unreachable
    (delivery,) = queue(installed)
    for _ in range(3 * 24):
        installed.work()
        installed.clock.pass_by(hours=1)
    assert now(installed, delivery).state is State.WAITING
    assert 20 < len(book.given) < 3 * 24 + 12  # three days: about hourly, not every five seconds
    book.behave[WARENDORF] = handed_over
    installed.clock.pass_by(hours=2)
    installed.work()
    assert now(installed, delivery).state is State.HANDED_OVER


# law 8: bound to the addressee


def certificate(installed: Installation, purpose: KeyPurpose, *, key: Any = None, days: int = 400) -> Any:
    begin = installed.clock.now() - timedelta(days=30)
    return self_signed(key or new_key(), purpose, name="Behörde", at=begin, days=days)


def only(installed: Installation, found: Any) -> None:
    """Let an authority have this one certificate, however it came into the table."""
    with installed.world.store.writing() as tx:
        for held in list(tx.certificates.of(WARENDORF, "encrypt")):
            tx.certificates.remove(WARENDORF, fingerprint(held))
        if found is not None:
            tx.certificates.add(WARENDORF, "encrypt", found)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("expired", codes.CERTIFICATE_EXPIRED),
        ("not yet valid", codes.CERTIFICATE_EARLY),
        ("weak RSA", codes.KEY_WEAK),
        ("weak curve", codes.KEY_WEAK),
        ("for signing", codes.CERTIFICATE_WRONG),
        ("none", codes.KEY_MISSING),
    ],
)
def test_a_certificate_that_may_not_be_used_holds_the_delivery_and_sends_nothing(
    installed: Installation, kind: str, code: codes.Code
) -> None:
    book = recording(installed)
    by_book(installed)
    weak_rsa, weak_curve = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP224R1())
    made: dict[str, Callable[[], Any]] = {
        "expired": lambda: certificate(installed, "wrap", days=29),
        "not yet valid": lambda: self_signed(
            new_key(), "wrap", name="B", at=installed.clock.now() + timedelta(days=1), days=9
        ),
        "weak RSA": lambda: certificate(installed, "wrap", key=weak_rsa),
        "weak curve": lambda: certificate(installed, "wrap", key=weak_curve),
        "for signing": lambda: certificate(installed, "sign"),
        "none": lambda: None,
    }
    only(installed, made[kind]())
    (delivery,) = queue(installed)
    installed.work()
    held = now(installed, delivery)
    assert (held.state, held.code) == (State.HELD, code.name)
    assert held.reason
    assert book.given == []
    with installed.world.store.reading() as tx:
        alarm = list(tx.journal.read(subject=delivery.case_number))[-1].act
    assert (alarm.what, alarm.facts["code"], alarm.why) == ("delivery.held", code.name, held.reason)
    only(installed, certificate(installed, "wrap"))
    operate.requeue(installed.world, delivery.message_id, ACTOR, "neues Zertifikat hinterlegt")
    installed.work()
    assert book.names(WARENDORF) == [delivery.message_id]


def test_what_was_agreed_to_travel_end_to_end_leaves_in_clear_for_nobody(installed: Installation) -> None:
    book = recording(installed)
    by_book(installed)
    leaked: list[bytes] = []
    sealed: list[bytes] = []

    def in_clear(envelope: Envelope) -> Handover:
        _, octets = envelope.encrypt_for_addressee(envelope.clear().message.chunks())
        sealed.extend(octets)  # into encryption it may go
        leaked.extend(envelope.clear().message.chunks())
        return handed_over(envelope)

    book.behave[WARENDORF] = in_clear
    (delivery,) = queue(installed)
    installed.work()
    assert now(installed, delivery).state is State.HELD
    assert "Ende-zu-Ende" in now(installed, delivery).reason
    assert leaked == []
    assert len(b"".join(sealed)) > 1000
    installed.takes_part(WARENDORF, adapter="book", settings={}, protection=Protection.TRANSPORT)
    operate.requeue(installed.world, delivery.message_id, ACTOR, "Transportschutz vereinbart")
    installed.work()
    assert now(installed, delivery).state is State.HANDED_OVER
    assert leaked


def test_a_held_delivery_does_not_interrupt_the_way_of_its_authority(installed: Installation) -> None:
    book = recording(installed)
    by_book(installed)
    only(installed, None)
    queue(installed, count=6)
    installed.work()
    with installed.world.store.reading() as tx:
        assert tx.ways.get(WARENDORF).failures == 0
    assert book.given == []


def test_of_two_overlapping_certificates_the_preferred_one_is_used_as_long_as_it_serves(
    installed: Installation,
) -> None:
    old, new = certificate(installed, "wrap", days=60), certificate(installed, "wrap", days=700)
    only(installed, old)
    with installed.world.store.writing() as tx:
        tx.certificates.add(WARENDORF, "encrypt", new)
    both = (fingerprint(old), fingerprint(new))
    choices = {"without a choice the newer": ((), new), "the old one first": (both, old), "the new": (both[1:], new)}
    for name, (chosen, used) in choices.items():
        taking_part = installed.takes_part(WARENDORF, certificates=chosen)
        assert encryption_certificate(installed.world, WARENDORF, taking_part) == used, name
    taking_part = installed.takes_part(WARENDORF, certificates=both)
    installed.clock.pass_by(days=31)
    assert encryption_certificate(installed.world, WARENDORF, taking_part) == new


def test_return_folders_are_looked_at_as_often_as_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = SimpleNamespace(monotonic=lambda: passed[0])
    monkeypatch.setattr("gateway.flow.worker.time", ticks)
    for often, looked in ((0.2, True), (60.0, False)):
        passed = [0.0]
        with installation(tmp_path / str(often), look_every_seconds=often) as made:
            working, folder = Worker(made.world, "w"), f"collect {WARENDORF}"
            assert folder in working._due_jobs()
            made.clock.pass_by(seconds=0.3)
            passed[0] += 0.3
            assert (folder in working._due_jobs()) is looked
