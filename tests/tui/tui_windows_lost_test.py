"""A server that is lost while a window is open: the window says so and stays, and the second try does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.fake_work import FakeWork
from tests.tui.fake_work_world import many
from tests.tui.fake_world import AHLEN
from tests.tui.kit_tui import LARGE, console, page_of, press, settle
from tests.tui.kit_work import answer, put, words_of
from tui.app import Console
from tui.client import ApiError
from tui.dialogs.confirm import Confirm
from tui.each import each
from tui.list_page import ListPage
from tui.texts import load

DE = load("de")
CASE = "BW-2026-7KQ4-M3XD"
LOST = "Es wurde nichts geändert; Ihre Eingaben bleiben stehen."

Opening = Callable[[Console, Pilot[None], Path], Awaitable[None]]


@dataclass(frozen=True)
class Window:
    """A window that changes something: where, how it opens, what is typed besides the reason, how to see it done."""

    place: str
    opening: Opening
    done: Callable[[FakeWork], bool]
    typed: str = ""
    sent: int = 0


def keys(*names: str) -> Opening:
    """Return an opening by keys alone."""

    async def opening(app: Console, pilot: Pilot[None], _: Path) -> None:
        await press(app, pilot, *names)

    return opening


async def arrival(app: Console, pilot: Pilot[None], _: Path) -> None:
    """Open the question after a scanned cover sheet."""
    await answer(app, pilot, CASE)
    await press(app, pilot, "P")
    await answer(app, pilot, "20.11.2026")


async def undoing(app: Console, pilot: Pilot[None], folder: Path) -> None:
    """Read a survey, apply it, and open the question before it is taken back."""
    path = folder / "umfrage.csv"
    path.write_text("AGS;Dabei?\r\n05570004;2\r\n", encoding="utf-8")
    await press(app, pilot, "n")
    put(app, "#field-path", str(path))
    await press(app, pilot, "ctrl+s", "u")
    put(app, "#field-reason", "Umfrage")
    await press(app, pilot, "ctrl+s", "z")


async def changing(app: Console, pilot: Pilot[None], _: Path) -> None:
    """Open the preview of a change for several."""
    page = page_of(app)
    assert isinstance(page, ListPage)
    page.filter_by("kreis:waf stufe:live option:1")
    await press(app, pilot, "asterisk", "a", "enter")
    app.screen.query_one("#field-release").value = "2.5"  # type: ignore[attr-defined]  # a Pick
    put(app, "#field-valid_from", "01.01.2027")
    await press(app, pilot, "ctrl+s")


async def pausing(app: Console, pilot: Pilot[None], _: Path) -> None:
    """Open the question before a pause."""
    page = page_of(app)
    assert isinstance(page, ListPage)
    page.filter_by(AHLEN)
    await press(app, pilot, "a", "down", "enter")


def state(api: FakeWork, number: str) -> str:
    """Return where a case's delivery stands at the server."""
    return next(str(row["state"]) for row in api.sent if row["case_number"] == number)


WINDOWS = {
    "one delivery repeated": Window(
        "deliveries", keys("G", "a", "enter"), lambda api: state(api, CASE) == "waiting"
    ),
    "many repeated": Window(
        "deliveries", keys("c", "j", "a", "enter"), lambda api: not any(row["state"] == "held" for row in api.sent),
        "WIEDERHOLEN", 300,
    ),
    "withdrawn": Window(
        "deliveries", keys("j", "j", "a", "end", "enter"), lambda api: api.withdrawn == ["BW-2026-7KQ9-P0TA"],
        "BW-2026-7KQ9-P0TA",
    ),
    "plans arrived": Window(
        "trace", arrival, lambda api: any(one.get("plans_arrived_on") == "2026-11-20" for one in api.sent)
    ),
    "survey taken back": Window("survey", undoing, lambda api: api.surveys[0]["state"] == "undone"),
    "several changed": Window(
        "authorities", changing, lambda api: any("changed" in entry["what"] for entry in api.journal)
    ),
    "paused": Window("authorities", pausing, lambda api: api.places[AHLEN].paused_why == "Anruf von dort"),
    "reply assigned": Window("replies", keys("a", "enter"), lambda api: len(api.quarantined) == 1),
    "reply discarded": Window(
        "replies", keys("a", "end", "enter"), lambda api: len(api.quarantined) == 1, "Kreis Höxter"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WINDOWS)
async def test_a_window_that_changes_something_keeps_what_was_typed_when_the_server_is_lost(
    name: str, tmp_path: Path
) -> None:
    window = WINDOWS[name]
    api = FakeWork(sent=many(window.sent)) if window.sent else FakeWork()
    async with console(api, first=window.place, size=LARGE) as (app, pilot):
        await window.opening(app, pilot, tmp_path)
        shown = app.screen
        assert isinstance(shown, Confirm)
        put(app, "#reason", "Anruf von dort")
        shown.query_one("#reason").focus()
        await settle(app, pilot)
        if window.typed:
            await press(app, pilot, "enter")
            put(app, "#typed", window.typed)
        api.down = True
        await press(app, pilot, "enter")
        assert app.screen is shown
        assert LOST in words_of(app)
        assert shown.query_one("#reason", Input).value == "Anruf von dort"
        assert not window.done(api)
        api.down = False
        await press(app, pilot, "enter")
        assert app.screen is not shown
        assert window.done(api)


def refusing(*faults: str) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    """Return acts by name; one with a code fails with it, one without succeeds."""

    def act(code: str) -> Callable[[], Awaitable[None]]:
        async def doing() -> None:
            if code:
                raise ApiError(f"Fehler {code}.", code=code)

        return doing

    return [(f"Fall {number}", act(code)) for number, code in enumerate(faults)]


async def test_what_one_refuses_keeps_no_other_from_it() -> None:
    assert await each(refusing("", "state", ""), DE) == (2, [("Fall 1", "Fehler state.")])


async def test_after_a_lost_server_nobody_is_tried_any_more_and_each_is_named() -> None:
    done, troubles = await each(refusing("", "unreachable", "", ""), DE)
    assert done == 1
    assert [name for name, _ in troubles] == ["Fall 1", "Fall 2", "Fall 3"]
    assert LOST in troubles[2][1]


@pytest.mark.parametrize("faults", [("unreachable", ""), ("state",)])
async def test_where_nothing_was_done_at_all_the_window_can_stay(faults: tuple[str, ...]) -> None:
    with pytest.raises(ApiError):
        await each(refusing(*faults), DE)


async def test_a_server_lost_before_the_window_is_there_is_a_sentence_and_the_list_stays() -> None:
    api = FakeWork()
    api.sent[1]["state"] = "available"
    async with console(api, first="deliveries", size=LARGE) as (app, pilot):
        await press(app, pilot, "j", "j", "a", "down")
        api.down = True
        await press(app, pilot, "enter")
        assert "Der Server antwortet nicht." in words_of(app)
        assert page_of(app) is app.screen
        api.down = False
        await press(app, pilot, "a", "down", "enter")
        assert isinstance(app.screen, Confirm)
