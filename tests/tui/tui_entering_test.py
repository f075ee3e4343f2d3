"""What is entered stays until it is saved: after a refusal, without a server, and with signs that nobody sees."""

from __future__ import annotations

from textual.widgets import Input

from tests.tui.fake_api import FakeApi
from tests.tui.fake_work import FakeWork
from tests.tui.fake_world import WARENDORF
from tests.tui.kit_tui import _send, console, press, settle, text_of, write
from tests.tui.tui_authority_test import save, visit
from tui.calls.surveys import Plan
from tui.dialogs.confirm import Confirm
from tui.dialogs.form import FormWindow
from tui.screens.checklist import ChecklistPage
from tui.screens.plan_seen import plan_lines
from tui.texts import load


async def test_a_reason_is_still_there_when_the_server_was_gone_for_a_moment() -> None:
    api = FakeApi()
    async with console(api) as (app, pilot):
        await visit(app, pilot)
        await press(app, pilot, "P")
        assert "Kreis Warendorf pausieren" in text_of(app)
        await write(app, pilot, "Umzug")
        api.down = True
        await press(app, pilot, "enter")
        window = app.screen
        assert isinstance(window, Confirm)
        assert window.query_one("#reason", Input).value == "Umzug"
        assert "! " in text_of(app)
        api.down = False
        await press(app, pilot, "enter")
        assert "‖ pausiert: Umzug" in text_of(app)


async def test_signs_that_nobody_sees_are_named_where_they_were_entered() -> None:
    api = FakeApi()
    async with console(api) as (app, pilot):
        await visit(app, pilot, tab="contacts")
        await press(app, pilot, "n")
        await save(app, pilot, role="[b]Technik[/b]", name="Eva\u202e Mu\x1b[31mster", reason="x")
        assert "Hier stehen Steuerzeichen" in text_of(app)
        assert "Noch offen: 1" in text_of(app)
        app.screen.query_one("#field-name", Input).value = "Eva Muster"
        await pilot.pause(0.35)
        await settle(app, pilot)
        assert "Noch offen" not in text_of(app), "what was mended is not asked for any more"
        await press(app, pilot, "ctrl+s")
        assert api.places[WARENDORF].contacts[-1]["role"] == "[b]Technik[/b]"


async def test_the_line_below_a_form_names_the_keys_of_the_field() -> None:
    async with console(FakeApi()) as (app, pilot):
        await visit(app, pilot)
        await press(app, pilot, "b")
        assert "Tab nächstes Feld · Strg+S speichert · Esc schließt" in text_of(app)
        await press(app, pilot, "tab")
        assert "← → wählt, Enter zeigt alle" in text_of(app)
        await press(app, pilot, "tab", "tab")
        assert "Leertaste kreuzt an" in text_of(app)


async def test_a_survey_says_whether_and_from_which_day_it_holds() -> None:
    texts = load("de")
    said = {
        state: plan_lines(Plan("s", "Umfrage", state, None, "operator:lena", "2026-12-01"), texts)[0].said[0].text
        for state in ("draft", "applied", "undone")
    }
    assert said["draft"].endswith("lena · soll gelten ab 01.12.2026")
    assert said["applied"].endswith("lena · gilt ab 01.12.2026")
    assert said["undone"].endswith("lena · gilt nicht mehr")


async def test_a_checklist_leads_to_contacts_and_certificates() -> None:
    async with console(FakeWork(), first="onboarding") as (app, pilot):
        await press(app, pilot, "enter")
        assert isinstance(app.screen, ChecklistPage)
        for key, tab in (("K", "Kontakte"), ("Z", "Zertifikate")):
            await press(app, pilot, key)
            assert text_of(app).splitlines()[1].split(" › ")[-1].startswith(tab)
            await press(app, pilot, "escape")
            assert isinstance(app.screen, ChecklistPage)


async def test_the_line_at_the_bottom_names_the_keys_of_the_search_while_it_is_typed() -> None:
    async with console(first="authorities") as (app, pilot):
        await press(app, pilot, "slash")
        foot = text_of(app).splitlines()[-1]
        assert foot.split() == ["⏎", "zur", "Liste", "Esc", "Suche", "aufheben"]
        await press(app, pilot, "escape")
        assert "? Hilfe" in text_of(app).splitlines()[-1]


async def test_a_key_that_is_pressed_before_the_authority_has_come_opens_its_form_then() -> None:
    async with console(FakeApi()) as (app, pilot):
        app.open_authority(WARENDORF, "Kreis Warendorf")
        await pilot.pause(0)
        _send(app, "b", None)
        await settle(app, pilot)
        await pilot.pause(0.05)
        assert isinstance(app.screen, FormWindow)
