"""Every key of the console has a pilot test that presses it."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.tui.kit_actions import every_action
from tests.tui.pilots import PILOTS

TESTS = Path(__file__).parents[1] / "tui"


def test_every_action_of_every_screen_has_a_pilot_test() -> None:
    named = [action for actions in PILOTS.values() for action in actions]
    assert sorted(named) == sorted(every_action()), (
        "a new key needs a test that presses it, named in tests/tui/pilots.py"
    )


def test_every_named_pilot_test_is_there() -> None:
    there = {
        f"{path.name}::{node.name}"
        for path in TESTS.glob("*_test.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.AsyncFunctionDef)
    }
    assert {name.partition("[")[0] for name in PILOTS} <= there
