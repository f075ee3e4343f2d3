"""The adapter contract as pytest runs it: one test per promise and way of delivery."""

from __future__ import annotations

import pytest

from gateway.adapter_contract import CHECKS, Bench, Check, NotApplicable

__all__ = ["every_check", "hold"]

every_check = pytest.mark.parametrize("check", CHECKS, ids=[check.run.__name__ for check in CHECKS])
"""Decorates a test that takes `check`."""


def hold(check: Check, bench: Bench) -> None:
    """Hold one adapter to one promise; a promise that says nothing about it is skipped with the reason."""
    try:
        check.run(bench)
    except NotApplicable as reason:
        pytest.skip(str(reason))
