"""The adapter contract as pytest runs it: one test per promise and way of delivery, none that is skipped."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest

from gateway.adapter_contract import CHECKS, Bench, Check, NotApplicable

__all__ = ["every_check", "hold", "says_nothing"]


def every_check(without: Collection[str] = ()) -> pytest.MarkDecorator:
    """Decorate a test that takes `check`: it runs for every promise but those named in `without`."""
    chosen = [check for check in CHECKS if _name(check) not in without]
    assert len(chosen) == len(CHECKS) - len(set(without)), "a check is named that does not exist"
    return pytest.mark.parametrize("check", chosen, ids=[_name(check) for check in chosen])


def hold(check: Check, bench: Bench) -> None:
    """Hold one adapter to one promise; a promise that says nothing about it must be left out by name."""
    try:
        check.run(bench)
    except NotApplicable as reason:
        pytest.fail(f"leave it out: {reason}")


def says_nothing(names: Collection[str], bench: Callable[[], Bench]) -> None:
    """Prove of promises that were left out that they say nothing about this way."""
    for check in CHECKS:
        if _name(check) in names:
            with pytest.raises(NotApplicable):
                check.run(bench())


def _name(check: Check) -> str:
    return check.run.__name__
