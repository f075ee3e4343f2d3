"""Holds every pilot test to the keys that it is named for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tui.kit_actions import carried_out
from tests.tui.pilots import PILOTS


@pytest.fixture(autouse=True)
def _keys_named(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a pilot test that has not carried out, by keys, what it is named for."""
    carried_out.clear()
    yield
    named = PILOTS.get(f"{request.path.name}::{request.node.name}", ())
    assert set(named) <= carried_out
