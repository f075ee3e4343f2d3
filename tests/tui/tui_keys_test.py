"""The keys that move, copy, look and go somewhere: each does what its line in the help says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.fake_api import FakeApi
from tests.tui.fake_work import FakeWork
from tests.tui.fake_work_world import plan
from tests.tui.fake_world import MUENSTER
from tests.tui.kit_tui import SMALL, console, page_of, press, settle, text_of
from tests.tui.kit_work import answer
from tui.dialogs.choose import Answers
from tui.dialogs.form import FormWindow
from tui.dialogs.reading import Twin
from tui.widgets.board import Board
from tui.widgets.filter_bar import FilterBar
from tui.widgets.pick import Pick
from tui.widgets.rows import Rows
from tui.widgets.sheet import Paper
from tui.widgets.ticks import Ticks
from tui.widgets.tiles import TileMap


async def test_a_list_is_walked_by_rows_screens_and_ends() -> None:
    async with console(first="authorities") as (app, pilot):
        rows = app.screen.query_one(Rows)
        last = len(rows.visible_items) - 1
        for keys, where in ((("j", "j", "k"), 1), (("G",), last), (("g",), 0)):
            await press(app, pilot, *keys)
            assert rows.cursor == where
        await press(app, pilot, "pagedown")
        assert rows.cursor == rows.size.height - 2
        await press(app, pilot, "pageup", "asterisk")
        assert rows.cursor == 0
        assert len(rows.marks) == last + 1
        await press(app, pilot, "asterisk", "slash", "down", "space")
        assert len(rows.marks) == 1, "down has left the filter"
        await press(app, pilot, "slash")
        await answer(app, pilot, "warendorf")
        await press(app, pilot, "slash", "escape")
        assert app.screen.query_one(FilterBar).text == ""


async def test_the_numbers_of_the_first_screen_are_walked_in_four_directions() -> None:
    async with console() as (app, pilot):
        board = app.screen.query_one(Board)
        for key, where in (("j", (0, 1)), ("l", (1, 1)), ("k", (1, 0)), ("h", (0, 0))):
            await press(app, pilot, key)
            assert board.at == where


async def test_the_map_is_walked_to_its_ends_and_back_and_its_keys_copy_and_choose() -> None:
    async with console(first="map") as (app, pilot):
        tiles = app.screen.query_one(TileMap)
        await press(app, pilot, "G")
        assert tiles.at == tiles.tiles[-1].kreis_key
        await press(app, pilot, "g")
        first = tiles.at
        assert first == tiles.tiles[0].kreis_key
        await press(app, pilot, "down", "right", "left", "up")
        await press(app, pilot, "g", "y")
        assert app.clipboard == first
        await press(app, pilot, "V", "j", "enter")
        assert page_of(app).twin() == "bauweiche map --view option"


@pytest.mark.parametrize(("key", "back"), [("j", "k"), ("G", "g"), ("pagedown", "pageup")])
async def test_a_long_text_scrolls_down_and_up_again(key: str, back: str) -> None:
    async with console(first="authorities") as (app, pilot):
        await press(app, pilot, "question_mark")
        paper = app.screen.query_one(Paper)
        await press(app, pilot, key)
        assert paper.scroll_target_y > 0
        await press(app, pilot, back)
        assert paper.scroll_target_y == 0


async def test_a_reports_numbers_are_copied() -> None:
    async with console(FakeWork(), first="reports") as (app, pilot):
        await press(app, pilot, "y")
        assert "118" in app.clipboard


async def test_fields_of_a_form_are_walked_and_filled_with_arrows() -> None:
    async with console(FakeApi(), first="authorities") as (app, pilot):
        app.open_authority(MUENSTER, "Stadt Münster")
        await settle(app, pilot)
        await press(app, pilot, "b", "tab")
        pick = app.focused
        assert isinstance(pick, Pick)
        assert pick.value == "2"
        await press(app, pilot, "right")
        assert pick.value == "3a"
        await press(app, pilot, "left", "enter", "j", "k", "G", "g")
        assert isinstance(app.focused, Answers)
        assert app.focused.highlighted == 0
        await press(app, pilot, "enter")
        assert pick.value == "1"
        await press(app, pilot, "down", "up", "tab", "shift+tab")
        assert app.focused is pick
        while not isinstance(app.focused, Ticks):
            await press(app, pilot, "tab")
        ticks = app.focused
        before = set(ticks.chosen)
        await press(app, pilot, "down", "up", "space")
        assert ticks.chosen ^ before == {ticks.options[0][0]}
        form = app.screen
        assert isinstance(form, FormWindow)


@pytest.mark.parametrize("place", ["authorities", "deliveries", "replies", "journal"])
async def test_every_list_of_its_own_kind_is_written_as_a_file(place: str, tmp_path: Path) -> None:
    async with console(FakeWork(), first=place) as (app, pilot):
        await press(app, pilot, "x")
        await answer(app, pilot, str(tmp_path / "liste.csv"))
        assert len((tmp_path / "liste.csv").read_text("utf-8-sig").splitlines()) > 1


async def test_a_survey_and_its_list_are_written_as_files(tmp_path: Path) -> None:
    async with console(FakeWork(surveys=[plan("s1", "Umfrage", "2026-12-01")]), first="survey") as (app, pilot):
        for name in ("liste.csv", "plan.csv"):
            await press(app, pilot, "x")
            await answer(app, pilot, str(tmp_path / name))
            assert (tmp_path / name).stat().st_size > 0
            await press(app, pilot, "enter")


async def test_a_case_is_written_followed_and_leads_to_its_authority(tmp_path: Path) -> None:
    async with console(FakeWork(), first="deliveries") as (app, pilot):
        await press(app, pilot, "enter", "x")
        await answer(app, pilot, str(tmp_path / "vorgang.csv"))
        assert (tmp_path / "vorgang.csv").stat().st_size > 0
        await press(app, pilot, "t")
        await answer(app, pilot, "BW-2026-7KQ4-M3XD")
        assert "BW-2026-7KQ4-M3XD" in text_of(app).splitlines()[1]
        await press(app, pilot, "b")
        assert "› Teilnahme" in text_of(app).splitlines()[1]


async def test_a_checklist_gives_its_key_and_leads_to_its_authority() -> None:
    async with console(FakeWork(), first="onboarding") as (app, pilot):
        await press(app, pilot, "enter", "y")
        assert len(app.clipboard) == 8
        await press(app, pilot, "b")
        assert "› Teilnahme" in text_of(app).splitlines()[1]
        await press(app, pilot, "4", "b")
        assert "› Teilnahme" in text_of(app).splitlines()[1]


@pytest.mark.parametrize(
    ("keys", "place"),
    list(zip("1234567890", ("Übersicht", "Behörden", "Karte", "Anbindung", "Umfrage", "Sendungen", "Rückläufe",
                            "Zertifikate", "Protokoll", "Berichte"), strict=True)),
    ids=list("1234567890"),
)  # fmt: skip
async def test_a_number_key_goes_to_its_screen_and_q_leaves(keys: str, place: str) -> None:
    async with console(FakeWork(), first="authorities") as (app, pilot):
        await press(app, pilot, keys)
        assert place in text_of(app).splitlines()[1]
        await press(app, pilot, "q")
        assert app.return_code == 0


FILTERED = {
    "authorities": ("kreis:waf !ahlen", "bauweiche authorities list kreis:waf '!ahlen'"),
    "replies": ("von:hoexter nr:1120", "bauweiche replies list von:hoexter nr:1120"),
    "certificates": ("tage:<30 gateway", "bauweiche certificates 'tage:<30' gateway"),
    "journal": ("wer:lena bw-2026-7kq4-m3xd", "bauweiche journal show --about BW-2026-7KQ4-M3XD --limit 100 wer:lena"),
}


@pytest.mark.parametrize("place", FILTERED)
async def test_the_command_has_the_filter_of_the_screen(place: str) -> None:
    typed, command = FILTERED[place]
    async with console(FakeWork(), first=place, size=(140, 30)) as (app, pilot):
        await press(app, pilot, "slash")
        await answer(app, pilot, typed)
        await press(app, pilot, "e", "y")
        assert app.clipboard.startswith(command)


async def test_the_command_speaks_german_fields_whatever_the_console_speaks() -> None:
    async with console(FakeWork(), first="replies", lang="en") as (app, pilot):
        await press(app, pilot, "slash")
        await answer(app, pilot, "from:hoexter")
        await press(app, pilot, "e", "y")
        assert app.clipboard == "bauweiche replies list von:hoexter"


async def test_screens_below_others_know_their_command() -> None:
    async with console(FakeWork(surveys=[plan("s1", "Umfrage", "2026-12-01")]), size=SMALL) as (app, pilot):
        for keys, command in (
            ((), "bauweiche overview"),
            (("3",), "bauweiche map --view stage"),
            (("2", "enter"), "bauweiche authorities show"),
            (("4", "enter"), "bauweiche onboarding"),
            (("5", "enter"), "bauweiche survey show"),
            (("6", "enter"), "bauweiche trace"),
            (("6", "c"), "bauweiche deliveries causes"),
        ):
            await press(app, pilot, *keys, "e")
            assert isinstance(app.screen, Twin)
            assert command in text_of(app)
            await press(app, pilot, "escape")
