"""Pictures of the screens of the daily work: compared with those that were looked at; BAUWEICHE_PICTURES=write renews."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.fake_work import FakeWork, plan
from tests.tui.kit_tui import LARGE, SMALL, console, picture_of, press
from tui.app import Console

PICTURES = Path(__file__).parent / "pictures"


async def screens(app: Console, pilot: Pilot[None]) -> AsyncIterator[str]:
    """Walk through the screens; each name is the picture to take now."""
    await press(app, pilot, "6", "j", "j")
    yield "deliveries"
    await press(app, pilot, "enter")
    yield "trace"
    await press(app, pilot, "escape", "c")
    yield "causes"
    await press(app, pilot, "escape", "4")
    yield "onboarding"
    await press(app, pilot, "j", "enter")
    yield "checklist"
    await press(app, pilot, "5", "enter")
    yield "plan"
    for key, name in (("7", "replies"), ("8", "certificates"), ("9", "journal"), ("0", "reports")):
        await press(app, pilot, key)
        yield name


@pytest.mark.parametrize(
    ("size", "theme"), [(SMALL, "bauweiche-dunkel"), (LARGE, "bauweiche-dunkel"), (SMALL, "bauweiche-hell")]
)
async def test_every_screen_of_the_daily_work_looks_as_it_did(size: tuple[int, int], theme: str) -> None:
    api = FakeWork(surveys=[plan("s1", "Umfrage November", "2026-12-01")])
    differing = []
    async with console(api, size=size, theme=theme) as (app, pilot):
        async for name in screens(app, pilot):
            path = PICTURES / f"{name}-{size[0]}x{size[1]}-{theme.removeprefix('bauweiche-')}.svg"
            drawn = picture_of(app)
            if os.environ.get("BAUWEICHE_PICTURES") == "write":
                path.parent.mkdir(exist_ok=True)
                path.write_text(drawn, encoding="utf-8")
            elif not path.exists() or path.read_text(encoding="utf-8") != drawn:
                differing.append(path.name)
    assert differing == [], "renew with BAUWEICHE_PICTURES=write after looking at them"
