"""When things go wrong: lost connections, expired tokens, hostile texts. A sentence each, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.tui.fake_api import FakeApi
from tests.tui.fake_world import BECKUM, WARENDORF
from tests.tui.kit_actions import Watched
from tests.tui.kit_tui import LARGE, SMALL, client_of, console, page_of, press, setting_of, settle, text_of, write
from tui.client import ApiError
from tui.dialogs.form import FormWindow
from tui.texts import load
from tui.widgets.rows import Rows

DE = load("de")
HOSTILE = "[bold red]Rot[/] [link=x]\x1b[2J\x1b]0;Titel\x07\u202egnirts[/bold\n[@click=app.quit]Ende"


async def test_a_lost_connection_in_the_middle_of_an_edit_loses_nothing() -> None:
    api = FakeApi()
    async with console(api, size=LARGE) as (app, pilot):
        app.open_authority(WARENDORF, "Kreis Warendorf")
        await settle(app, pilot)
        await press(app, pilot, "b")
        app.screen.query_one("#field-note").value = "lang getippt"  # type: ignore[attr-defined]  # an Input
        app.screen.query_one("#field-reason").value = "Anruf"  # type: ignore[attr-defined]  # an Input
        api.down = True
        await press(app, pilot, "ctrl+s")
        assert isinstance(app.screen, FormWindow)
        assert "Es wurde nichts geändert; Ihre Eingaben bleiben stehen." in text_of(app)
        api.down = False
        await press(app, pilot, "ctrl+s")
        assert not isinstance(app.screen, FormWindow)
        assert any(one["note"] == "lang getippt" for one in api.places[WARENDORF].history)


async def test_a_silent_server_is_told_in_the_top_line_and_the_data_stay() -> None:
    api = FakeApi()
    async with console(api, first="authorities") as (app, pilot):
        api.down = True
        await press(app, pilot, "r")
        shown = text_of(app)
        assert "! keine Verbindung seit 14:03:00" in shown.splitlines()[0]
        assert "Der Server antwortet nicht." in shown
        assert len(app.screen.query_one(Rows).items) == 212
        api.down = False
        await press(app, pilot, "r")
        assert "Stand vor 0 s" in text_of(app)
        assert "antwortet nicht" not in text_of(app)


async def test_a_server_that_is_down_at_the_start_is_tried_again() -> None:
    api = FakeApi(down=True)
    async with console(api) as (app, pilot):
        assert "keine Verbindung" in text_of(app)
        api.down = False
        await press(app, pilot, "r")
        assert "op-03 (freigeben)" in text_of(app)
        assert "212" in text_of(app)


async def test_an_expired_token_says_what_to_do_and_is_taken_up_when_renewed() -> None:
    held = ["bo_alt"]
    api = FakeApi(token="bo_alt")
    app = Watched(replace(setting_of(api), connect=lambda: client_of(api, DE, token=lambda: held[0]), has_token=True))
    async with app.run_test(size=SMALL) as pilot:
        await settle(app, pilot)
        assert "op-03" in text_of(app)
        api.token = "bo_neu"
        await press(app, pilot, "r")
        assert "Bitte ein neues in die Tokendatei legen" in text_of(app)
        held[0] = "bo_neu"
        await press(app, pilot, "r")
        assert "Tokendatei" not in text_of(app)


async def test_an_installation_that_cannot_be_opened_says_why() -> None:
    def connect() -> Any:
        raise ApiError("Der Ordner state ist nicht eingerichtet.", hint="bauweiche init richtet ihn ein.")

    app = Watched(replace(setting_of(FakeApi()), connect=connect))
    async with app.run_test(size=SMALL) as pilot:
        await settle(app, pilot)
        assert "nicht eingerichtet. bauweiche init richtet ihn ein." in text_of(app)
        await press(app, pilot, "2")
        assert "nicht eingerichtet" in text_of(app)


async def test_markup_and_control_characters_are_shown_as_they_are_everywhere() -> None:
    api = FakeApi(name=HOSTILE)
    place = api.places[BECKUM]
    place.authority = replace(place.authority, name=HOSTILE, title=HOSTILE)
    place.contacts = [{"role": HOSTILE, "name": HOSTILE, "email": "", "phone": HOSTILE}]
    place.notes = [{"id": "n1", "at": HOSTILE, "actor": HOSTILE, "text": HOSTILE}]
    place.history = [one | {"note": HOSTILE, "source": HOSTILE, "adapter": HOSTILE} for one in place.history]
    place.certificates = [{"fingerprint": HOSTILE, "subject": HOSTILE, "purpose": HOSTILE, "days": None}]
    place.certificates[0]["days"] = 3
    place.paused_why = HOSTILE
    async with console(api, size=LARGE) as (app, pilot):
        await press(app, pilot, "2")
        _harmless(text_of(app))
        page_of(app).filter_by(BECKUM)  # type: ignore[attr-defined]  # a list
        await press(app, pilot, "a", "escape", "Y", "enter")
        for _ in range(8):
            _harmless(text_of(app))
            assert "[bold red]Rot" in text_of(app)
            await press(app, pilot, "right")
        await press(app, pilot, "b")
        _harmless(text_of(app))
        await press(app, pilot, "escape", "P")
        await write(app, pilot, "x")
        await press(app, pilot, "enter", "3")
        _harmless(text_of(app))
        assert app.is_running


def _harmless(shown: str) -> None:
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


async def test_an_answer_of_another_version_is_said_and_ends_nothing() -> None:
    class Other(FakeApi):
        async def authorities(self, request: Any) -> Any:
            return {"rows": [{"name": "ohne Schlüssel"}]}

        async def overview(self, request: Any) -> Any:
            return {"participation": None, "per_hour": None}

    async with console(Other()) as (app, pilot):
        await press(app, pilot, "2")
        assert "Die Antwort des Servers ist unvollständig." in text_of(app)
        await press(app, pilot, "j", "enter", "a", "1")
        assert app.is_running


async def test_read_only_stands_in_the_top_line_and_nothing_is_changed() -> None:
    api = FakeApi()
    async with console(api, first="authorities", read_only=True) as (app, pilot):
        assert "nur lesen" in text_of(app).splitlines()[0]
        await press(app, pilot, "enter", "P")
        await write(app, pilot, "x")
        await press(app, pilot, "enter")
        assert "Nur-Lese-Betrieb: Es wurde nichts geändert." in text_of(app)
        await press(app, pilot, "escape", "b")
        app.screen.query_one("#field-reason").value = "x"  # type: ignore[attr-defined]  # an Input
        await press(app, pilot, "ctrl+s")
        assert "Nur-Lese-Betrieb" in text_of(app)
        assert not [call for call in api.calls if not call.startswith("GET")]


async def test_a_role_that_is_missing_is_said_in_the_words_of_the_server() -> None:
    class Careful(FakeApi):
        async def pause(self, request: Any) -> Any:
            from tests.tui.fake_api import Problem

            raise Problem(403, "role-missing", "Dafür ist die Berechtigung „bearbeiten“ nötig.")

    async with console(Careful(roles=("lesen",)), first="authorities") as (app, pilot):
        assert "op-03 (lesen)" in text_of(app)
        await press(app, pilot, "enter", "P")
        await write(app, pilot, "x")
        await press(app, pilot, "enter")
        assert "Dafür ist die Berechtigung „bearbeiten“ nötig." in text_of(app)


async def test_screens_and_forms_keep_what_was_typed_through_resizes() -> None:
    async with console(first="authorities") as (app, pilot):
        await press(app, pilot, "enter", "b")
        app.screen.query_one("#field-note").value = "getippt"  # type: ignore[attr-defined]  # an Input
        for size in ((60, 18), (61, 19), (200, 60)):
            await pilot.resize_terminal(40, 10)
            await settle(app, pilot)
            assert "mindestens 60 × 18" in text_of(app)
            await pilot.resize_terminal(*size)
            await settle(app, pilot)
            assert "mindestens" not in text_of(app)
            assert app.screen.query_one("#field-note").value == "getippt"  # type: ignore[attr-defined]  # an Input
        await press(app, pilot, "escape", "down", "enter")
        await pilot.resize_terminal(60, 18)
        for key in ("1", "2", "3"):
            await press(app, pilot, key)
            lines = text_of(app).splitlines()
            assert len(lines) == 18
            assert "?" in lines[-1]


async def test_without_colours_every_status_still_has_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with console(first="authorities") as (app, _):
        shown = text_of(app)
        assert "● live" in shown
        assert "◐ verbunden" in shown
        assert "! 14 T" in shown


async def test_without_colours_the_terminals_own_are_not_used_or_everything_would_be_black(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with console(first="authorities", theme="bauweiche-ansi") as (app, pilot):
        assert app.theme == "bauweiche-dunkel"
        await press(app, pilot, "T", "T")
        assert app.theme == "bauweiche-dunkel"
