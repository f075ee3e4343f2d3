"""Keys that come faster than they are worked on, as over a slow line: each finds the field it is for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from textual import events
from textual._context import active_message_pump
from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.widgets import Input
from textual.worker import WorkerFailed

from tests.tui.fake_api import FakeApi
from tests.tui.fake_work import FakeWork
from tests.tui.fake_world import MUENSTER
from tests.tui.kit_tui import KEYS, console, settle
from tui.app import Console
from tui.dialogs.confirm import Confirm
from tui.dialogs.form import FormWindow
from tui.widgets.pick import Pick
from tui.widgets.ticks import Ticks


async def burst(app: Console, pilot: Pilot[None], *keys: str) -> None:
    """Send all keys at once; a key of several letters that is none is text, sign by sign."""
    for key in keys:
        for one in key if key.startswith("»") else [key]:
            if one != "»":
                app.post_message(_typed(one))
    await settle(app, pilot)
    await pilot.pause(0.1)
    await settle(app, pilot)


async def until(pilot: Pilot[None], happened: Callable[[], object]) -> None:
    """Wait for something that a server or a timer must bring; what it was is asserted by the test."""
    for _ in range(500):
        if happened():
            return
        await pilot.pause(0.01)


def _typed(key: str) -> events.Key:
    return events.Key(KEYS.get(key, key), key if len(key) == 1 else " " if key == "space" else None)


async def _form(app: Console, pilot: Pilot[None]) -> FormWindow:
    app.open_authority(MUENSTER, "Stadt Münster")
    await settle(app, pilot)
    await burst(app, pilot, "b")
    assert isinstance(app.screen, FormWindow)
    return app.screen


async def test_a_tick_typed_before_tab_is_ticked_where_it_was_typed() -> None:
    async with console(FakeApi(), first="authorities") as (app, pilot):
        form = await _form(app, pilot)
        ticks, release = form.query_one("#field-procedures", Ticks), form.query_one("#field-release", Pick)
        ticks.focus()
        await settle(app, pilot)
        before, version = set(ticks.chosen), release.value
        await burst(app, pilot, "space", "down", "space", "tab", "right")
        assert ticks.chosen ^ before == {ticks.options[0][0], ticks.options[1][0]}
        assert app.focused is release
        assert release.value != version
        assert app.screen is form, "no key went to a field that opens a window"


async def test_saving_waits_for_the_last_letter() -> None:
    api = FakeApi()
    async with console(api, first="authorities") as (app, pilot):
        form = await _form(app, pilot)
        form.query_one("#field-reason", Input).focus()
        await settle(app, pilot)
        await burst(app, pilot, "»Telefonat", "ctrl+s")
        assert not isinstance(app.screen, FormWindow), "saved"
        assert api.journal[-1]["why"] == "Telefonat"


async def test_a_window_that_a_key_opens_has_the_keys_that_follow() -> None:
    async with console(FakeApi(), first="authorities") as (app, pilot):
        form = await _form(app, pilot)
        option = form.query_one("#field-option", Pick)
        option.focus()
        await settle(app, pilot)
        await burst(app, pilot, "enter", "end", "enter", "down")
        assert option.value == "3b"
        assert app.focused is not option


async def test_what_is_typed_while_the_server_is_asked_is_for_the_window_to_come() -> None:
    api = FakeWork()
    async with console(api, first="deliveries") as (app, pilot):
        await burst(app, pilot, "G")
        api.slow = 0.2
        await burst(app, pilot, "a", "enter", "»nach Anruf", "enter")
        await until(pilot, lambda: api.reasons)
        assert api.reasons == ["nach Anruf"]


async def test_enter_twice_and_escape_after_it_neither_repeat_nor_hide_what_is_on_its_way() -> None:
    api = FakeWork()
    async with console(api, first="deliveries") as (app, pilot):
        await burst(app, pilot, "G", "a", "enter", "»Anruf")
        window = app.screen
        assert isinstance(window, Confirm)
        api.gate = asyncio.Event()
        for key in ("enter", "enter", "escape", "enter"):
            app.post_message(_typed(key))
        await pilot.pause(0.1)
        assert app.screen is window, "who left now would not learn what became of it"
        api.gate.set()
        await until(pilot, lambda: app.screen is not window)
        assert api.reasons == ["Anruf"]
        assert window.outcome == (1, [])


async def test_saving_twice_and_escape_after_it_send_a_form_once() -> None:
    api = FakeApi()
    async with console(api, first="authorities") as (app, pilot):
        form = await _form(app, pilot)
        form.query_one("#field-reason", Input).value = "Telefonat"
        api.gate = asyncio.Event()
        for key in ("ctrl+s", "ctrl+s", "escape", "ctrl+s"):
            app.post_message(_typed(key))
        await pilot.pause(0.1)
        assert app.screen is form
        api.gate.set()
        await until(pilot, lambda: app.screen is not form)
        assert app.screen is not form
        assert len([one for one in api.calls if one.split()[0] in ("PUT", "POST") and "check" not in one]) == 1


async def test_keys_do_not_wait_for_ever_for_a_server_that_stands_still() -> None:
    api = FakeWork()
    async with console(api, first="deliveries") as (app, pilot):
        await burst(app, pilot, "G")
        api.slow = 30
        await burst(app, pilot, "a", "enter", "2")
        await until(pilot, lambda: app.current_mode == "authorities")
        assert app.current_mode == "authorities", "after a moment a key goes where it can"


async def test_a_key_whose_widget_is_gone_does_not_stop_the_next() -> None:
    async with console(FakeApi(), first="authorities") as (app, pilot):
        rows = app.focused
        assert rows is not None
        app.post_message(_typed("j"))
        app.call_later(rows.remove)
        await burst(app, pilot, "2", "3")
        await pilot.pause(0.4)
        await settle(app, pilot)
        assert app.current_mode == "map"


async def test_letters_keep_their_order_however_they_come() -> None:
    text = "abcdefghijklmnopqrstuvwxyz" * 4
    async with console(FakeApi(), first="authorities") as (app, pilot):
        form = await _form(app, pilot)
        line = form.query_one("#field-reason", Input)
        for pause in range(4):
            line.value = ""
            form.query_one("#field-note", Input).focus()
            await settle(app, pilot)
            app.post_message(_typed("tab"))
            for at, sign in enumerate(text):
                app.post_message(_typed(sign))
                for _ in range((at * 7) % 5 * pause):
                    await asyncio.sleep(0)
            for _ in range(1000):
                if len(line.value) == len(text):
                    break
                await pilot.pause(0.01)
            assert line.value == text


async def _looks_in_vain(app: Console, pilot: Pilot[None]) -> None:
    app.screen.call_later(app.screen.query_one, "#nirgends")
    await pilot.pause(0.1)


async def test_what_still_arrives_for_a_page_on_its_way_out_does_not_end_the_console() -> None:
    async with console(FakeApi(), first="authorities") as (app, pilot):
        app.open_authority(MUENSTER, "Stadt Münster")
        await settle(app, pilot)
        page, within = app.screen, copy_context()
        within.run(active_message_pump.set, page.query_one("#rows"))
        await app.pop_screen()
        within.run(app._handle_exception, NoMatches("#rows"))
        within.run(app._handle_exception, WorkerFailed(NoMatches("#rows")))
        assert app._exception is None


async def test_what_is_not_found_on_a_page_that_stays_is_a_fault() -> None:
    async with console(FakeApi(), first="authorities") as (app, pilot):
        await _looks_in_vain(app, pilot)
        assert isinstance(app._exception, NoMatches)
        app._exception = None


async def test_keys_after_the_last_one_are_nobodys() -> None:
    async with console(FakeApi(), first="authorities") as (app, _):
        for key in ("j", "q", "j", "slash", "a"):
            app.post_message(_typed(key))
        app.exit()
        app.post_message(_typed("j"))


async def test_a_change_that_was_made_is_not_made_again_before_its_window_has_gone() -> None:
    api = FakeWork()
    async with console(api, first="deliveries") as (app, pilot):
        await burst(app, pilot, "G", "a", "enter", "»Anruf")
        window = app.screen
        assert isinstance(window, Confirm)
        made = window._act
        assert made is not None

        async def act(reason: str) -> Any:
            outcome = await made(reason)
            window.call_later(window._finish)  # as Enter pressed again before the answer has closed the window
            return outcome

        window._act = act
        await burst(app, pilot, "enter")
        await until(pilot, lambda: app.screen is not window)
        await settle(app, pilot)
        assert api.reasons == ["Anruf"]
        assert window.outcome == (1, [])
