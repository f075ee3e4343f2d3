"""How the screens of the daily work look: pictures at both sizes and in both themes, compared sign by sign."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.pilot import Pilot

from tests.tui.fake_work import FakeWork
from tests.tui.fake_work_world import plan
from tests.tui.fake_world import WARENDORF
from tests.tui.kit_tui import LARGE, SMALL, console, picture_of, press, settle
from tui.app import Console
from tui.screens.authority.tabs import TABS as AUTHORITY_TABS
from tui.themes import ANSI, DARK, LIGHT


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
            await _compare(app, pilot, name, picture)


MORE: dict[str, tuple[str, ...]] = {
    "survey": ("5",),
    "survey-new": ("n",),
    "confirm": ("escape", "6", "j", "j", "a", "enter"),
    "twin": ("escape", "escape", "e"),
    "export": ("escape", "x"),
}
"""What is pressed to come from one window to the next."""


async def test_lists_and_windows_beside_the_daily_work_look_as_they_should(picture: Any) -> None:
    api = FakeWork(surveys=[plan("s1", "Umfrage November", "2026-12-01")])
    async with console(api, first="rehearsal") as (app, pilot):
        await _compare(app, pilot, "rehearsal", picture)
        await app.visit("overdue", "")
        await settle(app, pilot)
        await _compare(app, pilot, "overdue", picture)
        for name, keys in MORE.items():
            await press(app, pilot, *keys)
            await _compare(app, pilot, name, picture)


async def test_every_tab_of_an_authority_looks_as_it_should(picture: Any) -> None:
    async with console(FakeWork(), first="authorities") as (app, pilot):
        app.open_authority(WARENDORF, "Kreis Warendorf")
        await settle(app, pilot)
        for tab in AUTHORITY_TABS:
            if tab not in ("participation", "connection", "certificates"):
                await _compare(app, pilot, f"authority-{tab}", picture)
            await press(app, pilot, "right")


async def test_in_the_terminals_own_colours_lists_and_details_look_as_they_should(picture: Any) -> None:
    async with console(FakeWork()) as (app, pilot):
        app.theme = ANSI.name
        for name, keys in {"overview": (), "authorities": ("2",), "authority": ("enter",)}.items():
            await press(app, pilot, *keys)
            for size in (SMALL, LARGE):
                await _at(app, pilot, size)
                assert picture_of(app) == picture(name=f"{name}-ansi-{size[0]}x{size[1]}")
            await _at(app, pilot, SMALL)


async def _compare(app: Console, pilot: Pilot[None], name: str, picture: Any) -> None:
    """Compare at both sizes, and at each in both themes: a change of colours needs no new layout."""
    for size in (SMALL, LARGE):
        await _at(app, pilot, size)
        for theme in (DARK, LIGHT):
            app.theme = theme.name
            await settle(app, pilot)
            shade = "dunkel" if theme is DARK else "hell"
            assert picture_of(app) == picture(name=f"{name}-{shade}-{size[0]}x{size[1]}")
    await _at(app, pilot, SMALL)


async def _at(app: Console, pilot: Pilot[None], size: tuple[int, int]) -> None:
    await pilot.resize_terminal(*size)
    await settle(app, pilot)
