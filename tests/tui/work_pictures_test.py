"""How the screens of the daily work look: pictures at both sizes and in both themes, compared sign by sign."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.tui.fake_work import FakeWork
from tests.tui.fake_work_world import plan
from tests.tui.kit_tui import LARGE, SMALL, console, picture_of, press, settle
from tui.themes import DARK, LIGHT


class Picture(SingleFileSnapshotExtension):
    """One SVG for each picture, so that a difference can be looked at."""

    _write_mode = WriteMode.TEXT
    file_extension = "svg"


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Return the comparison with the kept pictures."""
    return snapshot.use_extension(Picture)


KEYS: dict[str, tuple[str, ...]] = {
    "deliveries": ("6", "j", "j"),
    "trace": ("enter",),
    "causes": ("escape", "c"),
    "onboarding": ("escape", "4"),
    "checklist": ("j", "enter"),
    "plan": ("escape", "5", "enter"),
    "replies": ("7",),
    "certificates": ("8",),
    "journal": ("9",),
    "reports": ("0",),
}
"""What is pressed to come from one screen to the next."""


async def test_the_screens_of_the_daily_work_look_as_they_should(picture: Any) -> None:
    api = FakeWork(surveys=[plan("s1", "Umfrage November", "2026-12-01")])
    async with console(api) as (app, pilot):
        for name, keys in KEYS.items():
            await press(app, pilot, *keys)
            for theme in (DARK, LIGHT):
                app.theme = theme.name
                for size in (SMALL, LARGE):
                    await pilot.resize_terminal(*size)
                    await settle(app, pilot)
                    shade = "dunkel" if theme is DARK else "hell"
                    assert picture_of(app) == picture(name=f"{name}-{shade}-{size[0]}x{size[1]}")
            await pilot.resize_terminal(*SMALL)
            await settle(app, pilot)
