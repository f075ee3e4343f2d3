"""How the screens look: pictures at both sizes and in both themes, compared sign by sign."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.tui.fake_api import FakeApi
from tests.tui.fake_world import WARENDORF
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
    "overview": (),
    "authorities": ("2", "j", "j", "space", "space"),
    "map": ("3",),
    "help": ("2", "question_mark"),
    "palette": ("colon",),
}


@pytest.mark.parametrize("name", KEYS)
async def test_the_screen_looks_as_it_should(name: str, picture: Any) -> None:
    async with console() as (app, pilot):
        await press(app, pilot, *KEYS[name])
        await pilot.pause(0.2 if name == "palette" else 0)
        await _both_sizes_and_themes(app, pilot, name, picture)


@pytest.mark.parametrize("tab", ["participation", "connection", "certificates", "form"])
async def test_everything_about_one_authority_looks_as_it_should(tab: str, picture: Any) -> None:
    async with console(FakeApi(), first="authorities") as (app, pilot):
        app.open_authority(WARENDORF, "Kreis Warendorf")
        await settle(app, pilot)
        await press(
            app, pilot, *{"connection": ("right",) * 2, "certificates": ("right",) * 3, "form": ("b",)}.get(tab, ())
        )
        await _both_sizes_and_themes(app, pilot, f"authority-{tab}", picture)


async def _both_sizes_and_themes(app: Any, pilot: Any, name: str, picture: Any) -> None:
    for theme, size in ALL if name in WHOLE else ALL[::3]:
        app.theme = theme.name
        await pilot.resize_terminal(*size)
        await settle(app, pilot)
        shade = "dunkel" if theme is DARK else "hell"
        assert picture_of(app) == picture(name=f"{name}-{shade}-{size[0]}x{size[1]}")


ALL = [(DARK, SMALL), (DARK, LARGE), (LIGHT, SMALL), (LIGHT, LARGE)]
WHOLE = {"overview", "authorities", "map", "authority-participation"}
"""Screens; windows over them are kept in dark and small, light and large only."""
