"""Anbindung in the console: evidence, the way to live, four eyes; and the command of every screen."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.tui.fake_work import FakeWork
from tests.tui.fake_world import AHLEN, WARENDORF
from tests.tui.kit_tui import console, page_of, press, text_of
from tests.tui.kit_work import answer, words_of
from tui.app import Console
from tui.screens.checklist import ChecklistPage

# -- Anbindung ----------------------------------------------------------------------------------------------------


async def test_onboarding_shows_first_who_is_nearest_to_going_live() -> None:
    async with console(FakeWork(), first="onboarding") as (app, _):
        lines = text_of(app).splitlines()
        assert "Ahlen" in lines[3]
        assert "■■■■■■■■ 8/8" in lines[3]
        assert "Kreis Warendorf" in lines[4]


async def test_a_failed_check_shows_the_error_and_the_next_step() -> None:
    async with console(FakeWork(), first="onboarding") as (app, pilot):
        await press(app, pilot, "j", "enter")
        shown = text_of(app)
        assert "6 von 8 Nachweisen" in shown
        assert "✕ Testnachricht geöffnet" in shown
        assert "Gesendet 13:59, nicht abgeholt." in shown
        assert "→ Bitte die Behörde, ihr Postfach abzurufen." in shown
        assert shown.count("Bitte die Behörde") == 1, "the step is not said twice"
        assert "· Freigabe durch zweite Person" in shown


async def test_the_way_to_live_needs_checks_a_proposal_and_a_second_person() -> None:
    api = FakeWork()
    async with console(api, first="onboarding") as (app, pilot):
        await press(app, pilot, "j", "enter", "c")
        assert "8 von 8" in text_of(app)
        await press(app, pilot, "w")
        assert "◐ geprüft" in text_of(app)
        await press(app, pilot, "enter")
        await answer(app, pilot, "Test gut")
        assert api.stages[WARENDORF] == "verified"
        await press(app, pilot, "v")
        await answer(app, pilot, "fertig")
        assert api.proposers[WARENDORF] == "op-03"
        await press(app, pilot, "f")
        assert isinstance(app.screen, ChecklistPage), "who proposed is not even asked for the name"
        assert "zwei verschiedene Personen" in words_of(app)
        assert api.stages[WARENDORF] == "verified"
        api.name = "op-04"
        await _approve(app, pilot, "Kreis Warendorf")
        assert api.stages[WARENDORF] == "live"
        assert "vorgeschlagen von op-03, freigegeben von op-04" in words_of(app)


async def _approve(app: Console, pilot: Pilot[None], name: str) -> None:
    await press(app, pilot, "f")
    await answer(app, pilot, "ja", name)


async def test_proposing_without_all_evidence_names_what_is_missing() -> None:
    api = FakeWork()
    async with console(api, first="onboarding") as (app, pilot):
        await press(app, pilot, "j", "enter", "v")
        assert isinstance(app.screen, ChecklistPage)
        assert "Es fehlen noch 2: Testnachricht geöffnet" in words_of(app)
        assert not any("proposal" in call for call in api.calls)


async def test_approving_needs_the_name_exactly() -> None:
    api = FakeWork(proposers={AHLEN: "op-01"})
    async with console(api, first="onboarding") as (app, pilot):
        await press(app, pilot, "enter")
        await _approve(app, pilot, "Ahl")
        assert "stimmt nicht überein" in text_of(app)
        assert api.stages[AHLEN] == "verified"


async def test_a_test_message_has_a_ready_reason() -> None:
    api = FakeWork()
    async with console(api, first="onboarding") as (app, pilot):
        await press(app, pilot, "j", "j", "enter", "t", "enter")
        assert "POST /authorities/05570008/onboarding/test-message" in api.calls


async def test_pausing_and_ending_ask_and_ending_wants_the_name() -> None:
    api = FakeWork(stages={AHLEN: "live"})
    async with console(api, first="onboarding") as (app, pilot):
        await press(app, pilot, "enter", "w")
        assert "‖ pausiert" in text_of(app)
        await press(app, pilot, "enter")
        await answer(app, pilot, "Umzug")
        assert api.stages[AHLEN] == "paused"
        await press(app, pilot, "w", "down", "enter")
        await answer(app, pilot, "Ende")
        await answer(app, pilot, "Ahlen")
        assert api.stages[AHLEN] == "ended"


async def test_the_help_of_the_checklist_explains_signs_and_checks() -> None:
    async with console(FakeWork(), first="onboarding") as (app, pilot):
        await press(app, pilot, "enter", "question_mark")
        shown = text_of(app)
        assert "Hilfe: Ahlen" in shown
        assert isinstance(page_of(app), ChecklistPage)


@pytest.mark.parametrize(
    ("place", "command"),
    [
        ("deliveries", "bauweiche deliveries list"),
        ("onboarding", "bauweiche onboarding list"),
        ("survey", "bauweiche survey list"),
        ("replies", "bauweiche replies list"),
        ("certificates", "bauweiche certificates"),
        ("journal", "bauweiche journal show"),
        ("reports", "bauweiche report --from 2026-11-01 --to 2026-11-21"),
        ("rehearsal", "bauweiche rehearse --at 2026-12-21"),
        ("overdue", "bauweiche overdue"),
    ],
    ids=("deliveries", "onboarding", "survey", "replies", "certificates", "journal", "reports", "rehearsal", "overdue"),
)
async def test_every_screen_knows_its_command(place: str, command: str) -> None:
    async with console(FakeWork(), first=place) as (app, pilot):
        await press(app, pilot, "e")
        assert command in text_of(app)


async def test_what_there_is_nothing_to_connect_for_stands_last_and_says_so() -> None:
    async with console(FakeWork(), first="onboarding") as (app, pilot):
        await press(app, pilot, "slash", *"option:3a,3b", "enter")
        shown = text_of(app)
        assert "– " in shown
        assert "eingeladen" not in shown
        await press(app, pilot, "escape")
        declined = [row.option in ("3a", "3b") for row in page_of(app).rows.visible_items]
        assert declined == sorted(declined)
        assert any(declined)


async def test_who_has_not_answered_is_invited_and_stands_before_those_who_declined() -> None:
    api = FakeWork()
    silent = next(key for key, place in api.places.items() if key not in api.stages and place.history)
    api.places[silent].history = []
    async with console(api, first="onboarding") as (app, pilot):
        shown = [row.key for row in page_of(app).rows.visible_items]
        declined = [row.key for row in page_of(app).rows.visible_items if row.option in ("3a", "3b")]
        assert shown.index(silent) < min(map(shown.index, declined))
        await press(app, pilot, "slash", *"option:-", "enter")
        assert [row.key for row in page_of(app).rows.visible_items] == [silent]
        assert "○ eingeladen" in text_of(app)


async def test_the_filter_knows_kreis_option_and_way_and_goes_along_to_the_command_line() -> None:
    async with console(FakeWork(), first="onboarding") as (app, pilot):
        await press(app, pilot, "slash", *"kreis:waf option:1", "enter")
        assert {row.kreis_abbr for row in page_of(app).rows.visible_items} == {"WAF"}
        assert page_of(app).twin() == "bauweiche onboarding list kreis:waf option:1"


async def test_a_field_that_the_list_does_not_have_is_answered_with_those_it_has() -> None:
    async with console(FakeWork(), first="onboarding") as (app, pilot):
        await press(app, pilot, "slash", *"bezirk:arnsberg", "enter")
        shown = " ".join(text_of(app).split())
        assert "Es gibt: stufe: nachweise: vorschlag: kreis: option: weg:" in shown
