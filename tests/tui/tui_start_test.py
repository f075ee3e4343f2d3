"""Starting the console: refusals before a screen opens, and a real installation in this process."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.installation import WARENDORF, installation
from tests.tui.kit_actions import Watched
from tests.tui.kit_tui import page_of, press, setting_of, settle, text_of, write
from tui.__main__ import _here, _parser
from tui.app import Console
from tui.texts import load
from tui.widgets.rows import Rows

ROOT = Path(__file__).parents[2]


def test_without_a_terminal_it_names_the_command_line_and_ends_with_2() -> None:
    ran = subprocess.run([sys.executable, "-m", "tui"], cwd=ROOT, capture_output=True, text=True, check=False, input="")
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "bauweiche authorities list" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--url", "http://gateway.example", "--token-file", "t"], "muss mit https:// beginnen"),
        (["--url", "https://gateway.example"], "--token-file"),
    ],
)
def test_a_connection_that_would_leak_the_token_is_refused(arguments: list[str], why: str) -> None:
    assert why in _in_a_terminal([*arguments], term="xterm-256color")


def test_a_terminal_that_cannot_draw_is_refused() -> None:
    assert "bauweiche authorities list" in _in_a_terminal([], term="dumb")


def _in_a_terminal(arguments: list[str], *, term: str) -> str:
    """Return what the console writes to a terminal of its own before it ends with 2."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tui", *arguments],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": term},
    ) as child:
        assert child.wait(20) == 2
    os.close(theirs)
    said = os.read(ours, 10_000).decode()
    os.close(ours)
    return said


async def test_on_a_real_installation_in_this_process_a_change_goes_into_the_journal(tmp_path: Path) -> None:
    with installation(tmp_path) as made:
        state = str(made.settings.state)
    texts = load("de")
    given = _parser().parse_args(["--local", state, "--screen", "authorities"])
    app = Watched(setting_of(None, connect=_here(given, texts), clock=made.clock.now, first="authorities"))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await _until(app, pilot, "212")
        page_of(app).filter_by(WARENDORF)  # type: ignore[attr-defined]  # a list
        await press(app, pilot, "enter")
        await _until(app, pilot, "● gilt")
        await press(app, pilot, "P")
        await write(app, pilot, "Umzug")
        await press(app, pilot, "enter")
        await _until(app, pilot, "‖ pausiert: Umzug")
        await press(app, pilot, "left")
        await _until(app, pilot, "Umzug")
        assert app.screen.query_one(Rows).items[0]["why"] == "Umzug"
        await press(app, pilot, "3")
        await _until(app, pilot, "WAF")


async def _until(app: Console, pilot: object, words: str) -> None:
    for _ in range(400):
        await settle(app, pilot)  # type: ignore[arg-type]  # a Pilot
        if words in text_of(app):
            return
        await pilot.pause(0.02)  # type: ignore[attr-defined]  # a Pilot
    raise AssertionError(f"never shown: {words}\n{text_of(app)}")


async def test_a_folder_that_is_not_set_up_is_said_and_the_console_stays_open(tmp_path: Path) -> None:
    given = _parser().parse_args(["--local", str(tmp_path / "nichts")])
    app = Watched(setting_of(None, connect=_here(given, load("de"))))
    async with app.run_test(size=(80, 24)) as pilot:
        await _until(app, pilot, "!")
        assert app.is_running
        assert page_of(app).failure
