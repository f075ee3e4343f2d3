"""The contract: what every adapter promises, as checks that raise AssertionError with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from gateway.adapter import (
    Envelope,
    Handover,
    Outcome,
    Recalling,
    Refused,
    Unconfirmed,
    Unreachable,
    Watching,
)
from gateway.adapter_contract.bench import Bench, NotApplicable, Trouble, peak_growth
from gateway.adapter_contract.samples import Ledger, again, sample_envelope
from gateway.adapter_contract.tampering import HOSTILE, broken, misnamed, renamed_by_applicants, watched
from gateway.domain.errors import GatewayError

LARGE = (20_000_000, 20_000_000, 20_000_000)


@dataclass(frozen=True, slots=True)
class Check:
    """One promise of the contract; `run` raises AssertionError if it is not kept, NotApplicable if it says nothing."""

    promise: str
    run: Callable[[Bench], None]


def stores_exactly_once(bench: Bench) -> None:
    """A delivery that returns has stored the message once, whole, and the receiver saw nothing before."""
    early: list[str] = []
    envelope = watched(_sample(bench), lambda: early.extend([*_names(bench), *bench.far.half()]))
    handover = bench.build().deliver(envelope)
    assert isinstance(handover, Handover), f"deliver must return a Handover, not {handover!r}"
    assert not early, f"the receiver saw something while the message was still on its way: {early}"
    _expect(bench, envelope)


def survives_a_restart(bench: Bench) -> None:
    """What was delivered is there durably: the far side going off and on changes nothing."""
    envelope = _sample(bench)
    bench.build().deliver(envelope)
    bench.far.restart()
    _expect(bench, envelope)


def keeps_messages_apart(bench: Bench) -> None:
    """Two messages are stored as two."""
    envelopes = [_sample(bench, number=1), _sample(bench, number=2)]
    adapter = bench.build()
    for envelope in envelopes:
        adapter.deliver(envelope)
    _expect(bench, *envelopes)


def repeats_are_stored_once(bench: Bench) -> None:
    """The same message id again, by the same and by a new adapter object, is stored once."""
    _only_repeatable(bench)
    ledger = Ledger()
    envelope = _sample(bench, ledger=ledger)
    adapter = bench.build()
    adapter.deliver(envelope)
    adapter.deliver(again(envelope, ledger))
    bench.build().deliver(again(again(envelope, ledger), ledger))
    _expect(bench, envelope)


def fetched_messages_are_not_delivered_again(bench: Bench) -> None:
    """A message the receiver has already fetched is not given to them a second time."""
    _only_repeatable(bench)
    ledger = Ledger()
    envelope = _sample(bench, ledger=ledger)
    handover = bench.build().deliver(envelope)
    if handover.outcome is not Outcome.AVAILABLE or not bench.far.take(envelope.message_id):
        raise NotApplicable("Nothing lies ready to be fetched on this way.")
    bench.build().deliver(again(envelope, ledger))
    _expect(bench, envelope)


def nobody_there_is_unreachable(bench: Bench) -> None:
    """With nobody there the adapter is still built, says Unreachable, leaves nothing, and delivers later."""
    ledger = Ledger()
    envelope = _sample(bench, ledger=ledger)
    with _trouble(bench, Trouble.ABSENT, envelope):
        error = _failure(lambda: bench.build().deliver(envelope))
        assert isinstance(error, Unreachable), f"nobody there must be Unreachable, not {error!r}"
        _german(error)
    _expect(bench)
    bench.build().deliver(again(envelope, ledger))
    _expect(bench, envelope)


def a_cut_shows_nothing(bench: Bench) -> None:
    """A way that breaks in the middle leaves nothing visible, and a repeat stores the message once."""
    ledger = Ledger()
    envelope = _sample(bench, ledger=ledger, sizes=(2_000_000, 500_000))
    with _trouble(bench, Trouble.CUT, envelope):
        error = _failure(lambda: bench.build().deliver(envelope))
        assert isinstance(error, (Unreachable, Unconfirmed)), f"a cut must not end as {error!r}"
    _expect(bench)
    if isinstance(error, Unreachable) or bench.plugin.repeatable:
        bench.build().deliver(again(envelope, ledger))
        _expect(bench, envelope)


def a_lost_answer_does_not_double(bench: Bench) -> None:
    """A message whose answer was lost is stored; the adapter says Unconfirmed or finds out; a repeat stores once."""
    ledger = Ledger()
    envelope = _sample(bench, ledger=ledger)
    with _trouble(bench, Trouble.ANSWER_LOST, envelope), suppress(Unconfirmed):
        bench.build().deliver(envelope)
    _only_repeatable(bench)
    bench.build().deliver(again(envelope, ledger))
    _expect(bench, envelope)


def a_no_is_refused(bench: Bench) -> None:
    """A far side that says no is told as Refused, with its reason, and nothing is stored."""
    envelope = _sample(bench)
    with _trouble(bench, Trouble.REFUSES, envelope):
        error = _failure(lambda: bench.build().deliver(envelope))
        assert isinstance(error, Refused), f"a no must be Refused, not {error!r}"
        _german(error)
    _expect(bench)


def garbage_is_unconfirmed(bench: Bench) -> None:
    """An answer that is none leaves it open whether the message arrived."""
    envelope = _sample(bench)
    with _trouble(bench, Trouble.GARBAGE, envelope):
        error = _failure(lambda: bench.build().deliver(envelope))
        assert isinstance(error, Unconfirmed), f"garbage must be Unconfirmed, not {error!r}"


def a_broken_part_shows_nothing(bench: Bench) -> None:
    """A part that cannot be read to its end leaves nothing visible, and a repeat stores the message once."""
    ledger = Ledger()
    envelope = _sample(bench, ledger=ledger, sizes=(300_000, 400_000))
    error = _failure(lambda: bench.build().deliver(broken(envelope)))
    assert not isinstance(error, Refused), "the far side has refused nothing"
    _expect(bench)
    bench.build().deliver(again(envelope, ledger))
    _expect(bench, envelope)


def hostile_names_do_no_harm(bench: Bench) -> None:
    """Names of sealed files that could lead elsewhere are never used; an applicant's file names are only data."""
    if bench.protection == "transport":
        envelope = renamed_by_applicants(_sample(bench))
        bench.build().deliver(envelope)
        _expect(bench, envelope)
        return
    for name in HOSTILE:
        error = _failure(lambda: bench.build().deliver(misnamed(_sample(bench), name)))  # noqa: B023  # called at once
        assert isinstance(error, GatewayError), f"a sealed file named {name!r} must be told, not {error!r}"
        _expect(bench)


def large_messages_need_little_memory(bench: Bench) -> None:
    """60 MB pass through without being held: the peak of this process rises by less than the bench allows."""
    adapter = bench.build()
    small, large = _sample(bench, number=1, sizes=(2_000_000,)), _sample(bench, number=2, sizes=LARGE)
    growth = peak_growth(lambda: adapter.deliver(large), lambda: adapter.deliver(small))
    assert growth < bench.memory, f"60 MB raised the memory by {growth / 1e6:.0f} MB"


def pick_up_is_seen(bench: Bench) -> None:
    """An adapter that watches sees a delivery lying there, and sees that it was taken."""
    adapter = bench.build()
    if not isinstance(adapter, Watching):
        raise NotApplicable("This adapter does not watch.")
    ledger = Ledger()
    envelope = _sample(bench, ledger=ledger)
    if adapter.deliver(envelope).outcome is Outcome.HANDED_OVER:
        raise NotApplicable("This far side has the message at once.")
    assert not adapter.look(envelope.message_id, ledger.state).taken, "it was not fetched yet"
    if not bench.far.take(envelope.message_id):
        raise NotApplicable("Nothing is fetched on this way.")
    assert adapter.look(envelope.message_id, ledger.state).taken, "it was fetched, and look did not see it"
    with _trouble(bench, Trouble.ABSENT, envelope):
        error = _failure(lambda: bench.build().look(envelope.message_id, ledger.state))  # type: ignore[attr-defined]  # it watches
        assert isinstance(error, Unreachable), f"a look at nothing must be Unreachable, not {error!r}"


def recalls_only_what_was_not_fetched(bench: Bench) -> None:
    """What was not fetched can be taken back, and delivered later; what was fetched cannot."""
    adapter = bench.build()
    if not isinstance(adapter, Recalling):
        raise NotApplicable("This adapter does not recall.")
    ledger = Ledger()
    envelope = _sample(bench, ledger=ledger)
    adapter.deliver(envelope)
    assert adapter.recall(envelope.message_id, ledger.state), "it lay there and was not taken back"
    assert adapter.recall(envelope.message_id, ledger.state), "taking back twice must say the same"
    _expect(bench)
    adapter.deliver(again(envelope, ledger))
    _expect(bench, envelope)
    if bench.far.take(envelope.message_id):
        assert not adapter.recall(envelope.message_id, ledger.state), "it was fetched, recall must say False"
        _expect(bench, envelope)


CHECKS: tuple[Check, ...] = tuple(
    Check((run.__doc__ or "").strip(), run)
    for run in (
        stores_exactly_once, survives_a_restart, keeps_messages_apart, repeats_are_stored_once,
        fetched_messages_are_not_delivered_again, nobody_there_is_unreachable, a_cut_shows_nothing,
        a_lost_answer_does_not_double, a_no_is_refused, garbage_is_unconfirmed, a_broken_part_shows_nothing,
        hostile_names_do_no_harm, large_messages_need_little_memory, pick_up_is_seen,
        recalls_only_what_was_not_fetched,
    )
)  # fmt: skip
"""Every check; each wants a bench of its own."""


def _sample(
    bench: Bench, *, number: int = 1, sizes: tuple[int, ...] = (2_000, 150_000), ledger: Ledger | None = None
) -> Envelope:
    return sample_envelope(number, sizes=sizes, protection=bench.protection, ledger=ledger)


def _expect(bench: Bench, *envelopes: Envelope) -> None:
    """Hold what the receiver has against the messages they must have, in any order, and nothing else."""
    stored = bench.far.stored()
    assert sorted(one.message_id for one in stored) == sorted(one.message_id for one in envelopes), (
        f"the receiver has {[one.message_id for one in stored]}, expected {[one.message_id for one in envelopes]}"
    )
    for envelope in envelopes:
        found = next(one for one in stored if one.message_id == envelope.message_id)
        missing = bench.digests(envelope) - found.digests
        assert not missing, f"{len(missing)} parts of {envelope.message_id} did not arrive as they were sent"
    half = bench.far.half()
    assert not half, f"the receiver sees incomplete things: {half}"


def _names(bench: Bench) -> list[str]:
    return [one.message_id for one in bench.far.stored()]


def _trouble(bench: Bench, kind: Trouble, envelope: Envelope) -> AbstractContextManager[object]:
    made = bench.far.trouble(kind, envelope)
    if made is None:
        raise NotApplicable(f"“{kind}” cannot happen on this way, or is tried elsewhere.")
    return made


def _only_repeatable(bench: Bench) -> None:
    if not bench.plugin.repeatable:
        raise NotApplicable("This adapter does not say that it is repeatable.")


def _failure(run: Callable[[], object]) -> BaseException:
    """Return what `run` raises."""
    try:
        outcome = run()
    except Exception as error:  # whatever it is, the check judges it
        return error
    raise AssertionError(f"this must fail, but returned {outcome!r}")


def _german(error: BaseException) -> None:
    assert isinstance(error, GatewayError)
    assert error.reason.strip(), "an error needs a reason, a German sentence for the one who must act"
