"""Fills the line that has the keys in one go: typing sign by sign is tested where it matters."""

from __future__ import annotations

import re

from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.kit_tui import press, text_of
from tui.app import Console


async def answer(app: Console, pilot: Pilot[None], *texts: str) -> None:
    """Put a text into the line that has the keys and press enter, once for each text."""
    for text in texts:
        line = app.focused
        assert isinstance(line, Input), f"{line} has the keys"
        line.value = text
        await press(app, pilot, "enter")


def put(app: Console, selector: str, text: str) -> None:
    """Put a text into a line of the open window."""
    app.screen.query_one(selector, Input).value = text


def words_of(app: Console) -> str:
    """Return what stands on the screen as running text, without frames and the ends of lines."""
    return " ".join(sign for sign in re.split(r"[\s│▌╭╮╰╯─]+", text_of(app)) if sign)
