"""The shell and the lists, played as a person plays them: keys in, screens out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from tests.tui.fake_api import FakeApi
from tests.tui.fake_world import AHLEN, BECKUM, WARENDORF
from tests.tui.kit_tui import LARGE, SMALL, console, page_of, press, settle, text_of, write
from tui.dialogs.form import FormWindow
from tui.dialogs.reading import Reading, Twin
from tui.list_page import ListPage
from tui.screens.map import MapPage
from tui.screens.overview import OverviewPage
from tui.widgets.board import Board
from tui.widgets.rows import Rows
from tui.widgets.tiles import TileMap


async def test_the_first_screen_says_who_where_and_how_old() -> None:
    async with console() as (app, _):
        shown = text_of(app)
        assert "BAUWEICHE · PROD · op-03 (freigeben)" in shown
        assert "Sa 21.11.2026 14:03 · Stand vor 0 s" in shown
        assert "Summe" in shown
        assert "212" in shown
        assert "BW-2026-7KQ4-M3XD" in shown


async def test_tests_are_told_beside_the_numbers_that_leave_them_out() -> None:
    for size in (SMALL, LARGE):
        async with console(FakeApi(), size=size) as (app, _):
            assert "heute ohne Tests: 3" in text_of(app)


class Beginning(FakeApi):
    """A gateway that was just set up."""

    async def overview(self, request: Request) -> Any:
        nobody = {"1": 0, "2": 0, "3a": 0, "3b": 212, "sum": 212}
        return await super().overview(request) | {"participation": nobody, "items": []}


async def test_where_nobody_takes_part_yet_the_first_screen_says_how_to_begin() -> None:
    for size in (SMALL, LARGE):
        async with console(Beginning(), size=size) as (app, _):
            shown = " ".join(text_of(app).split())
            assert "Noch nimmt keine Behörde teil." in shown
            assert "Rücklauf der Umfrage einlesen (5)" in shown
    async with console(FakeApi()) as (app, _):
        assert "Noch nimmt keine" not in text_of(app)


async def test_each_number_leads_to_its_list() -> None:
    async with console() as (app, pilot):
        await press(app, pilot, "down", "enter")
        page = page_of(app)
        assert isinstance(page, ListPage)
        assert page.rows.query_text == "option:2"
        assert {row.option for row in page.rows.visible_items} == {"2"}
        await press(app, pilot, "1")
        board = app.screen.query_one(Board)
        await press(app, pilot, "right", "right", "down")
        assert board.current is not None
        assert board.current.label == "Zertifikat < 30 Tage"
        await press(app, pilot, "enter")
        assert all(row.certificate_days < 30 for row in app.screen.query_one(Rows).visible_items)


async def test_number_keys_open_the_screens_and_each_keeps_its_place() -> None:
    async with console() as (app, pilot):
        await press(app, pilot, "2", "j", "j", "j", "3")
        assert isinstance(page_of(app), MapPage)
        await press(app, pilot, "2")
        assert app.screen.query_one(Rows).cursor == 3
        await press(app, pilot, "1")
        assert isinstance(page_of(app), OverviewPage)


async def test_the_filter_narrows_while_typing_and_esc_takes_it_away() -> None:
    async with console(first="authorities") as (app, pilot):
        rows = app.screen.query_one(Rows)
        assert app.focused is rows
        await press(app, pilot, "slash")
        await write(app, pilot, "kreis:waf !link")
        assert "von 212" in text_of(app)
        assert {row.kreis_abbr for row in rows.visible_items} == {"WAF"}
        await press(app, pilot, "enter")
        assert app.focused is rows
        await press(app, pilot, "escape")
        assert len(rows.visible_items) == 212


async def test_letters_go_into_the_list_until_the_filter_is_opened() -> None:
    async with console(first="authorities") as (app, pilot):
        rows = app.screen.query_one(Rows)
        await press(app, pilot, "j", "j", "k")
        assert rows.cursor == 1
        assert rows.query_text == ""
        await press(app, pilot, "G")
        assert rows.cursor == 211
        await press(app, pilot, "g", "pagedown")
        assert 10 < rows.cursor < 25


async def test_a_filter_without_a_match_says_so_and_nothing_falls_over_on_the_empty_list(tmp_path: Path) -> None:
    async with console(first="authorities") as (app, pilot):
        await press(app, pilot, "slash")
        await write(app, pilot, "gibt[bold]esnicht")
        assert "Kein Eintrag passt zum Filter „gibt[bold]esnicht“" in text_of(app)
        await press(app, pilot, "enter", "enter", "space", "y", "Y", "j", "G", "asterisk", "a")
        assert app.screen.query_one(Rows).visible_items == []
        await press(app, pilot, "s", "escape", "S")
        assert app.is_running


async def test_sorting_asks_for_the_column_and_turns_round() -> None:
    async with console(first="authorities") as (app, pilot):
        rows = app.screen.query_one(Rows)
        await press(app, pilot, "s", "enter")
        assert [row.name for row in rows.visible_items[:2]] == ["Aachen", "Ahaus"] or rows.order.column == "name"
        first = rows.visible_items[0].name
        await press(app, pilot, "S")
        assert rows.visible_items[-1].name == first
        assert "▼" in text_of(app)


async def test_new_data_leave_cursor_marks_and_filter_where_they_were() -> None:
    api = FakeApi()
    async with console(api, first="authorities") as (app, pilot):
        rows = app.screen.query_one(Rows)
        await press(app, pilot, "j", "j", "space", "j")
        here, marks = rows.current, set(rows.marks)
        assert here is not None
        del api.places[rows.items[0].key]
        await press(app, pilot, "r")
        assert len(rows.items) == 211
        assert rows.current is not None
        assert rows.current.key == here.key
        assert rows.marks == marks


async def test_marked_rows_are_counted_and_esc_takes_the_marks_away() -> None:
    async with console(first="authorities") as (app, pilot):
        await press(app, pilot, "space", "space", "j", "space")
        assert "3 markiert" in text_of(app)
        await press(app, pilot, "escape")
        assert app.screen.query_one(Rows).marks == set()
        await press(app, pilot, "asterisk")
        assert "212 markiert" in text_of(app)


async def test_several_authorities_are_changed_after_a_preview() -> None:
    api = FakeApi()
    async with console(api, first="authorities") as (app, pilot):
        page = page_of(app)
        assert isinstance(page, ListPage)
        page.filter_by("kreis:waf stufe:live option:1")
        names = [row.key for row in page.rows.visible_items]
        assert len(names) > 1
        await press(app, pilot, "asterisk", "a", "enter")
        assert isinstance(app.screen, FormWindow)
        app.screen.query_one("#field-release").value = "2.5"  # type: ignore[attr-defined]  # a Pick
        app.screen.query_one("#field-valid_from").value = "01.01.2027"  # type: ignore[attr-defined]  # an Input
        await press(app, pilot, "ctrl+s")
        assert "Vorschau" in text_of(app)
        assert "XBau-Version 2.6 → 2.5" in text_of(app)
        assert not any("changed" in entry["what"] for entry in api.journal)
        await write(app, pilot, "Umstellung")
        await press(app, pilot, "enter")
        assert all(api.places[key].in_force("2027-01-01")["release"] == "2.5" for key in names)
        assert api.journal[0]["why"] == "Umstellung"


async def test_a_bulk_change_that_does_not_fit_changes_nothing_and_says_where() -> None:
    api = FakeApi()
    async with console(api, first="authorities") as (app, pilot):
        await press(app, pilot, "space", "a", "enter")
        app.screen.query_one("#field-option").value = "3a"  # type: ignore[attr-defined]  # a Pick
        await press(app, pilot, "ctrl+s")
        assert isinstance(app.screen, Reading)
        assert "Bei Option 3a fehlt die Adresse" in text_of(app)
        await press(app, pilot, "escape")
        assert api.journal == []


async def test_pausing_asks_for_a_reason_and_is_counted() -> None:
    api = FakeApi()
    async with console(api, first="authorities") as (app, pilot):
        page = page_of(app)
        assert isinstance(page, ListPage)
        page.filter_by(AHLEN)
        await press(app, pilot, "a", "down", "enter", "enter")
        assert "Bitte einen Grund angeben." in text_of(app)
        await write(app, pilot, "Wartung")
        await press(app, pilot, "enter")
        assert api.places[AHLEN].paused_why == "Wartung"
        assert "1 von 1 pausiert." in text_of(app)


async def test_what_the_list_shows_goes_into_a_file(tmp_path: Path) -> None:
    async with console(first="authorities") as (app, pilot):
        page = page_of(app)
        assert isinstance(page, ListPage)
        page.filter_by("kreis:waf")
        await press(app, pilot, "x")
        path = app.screen.query_one("#path")
        path.value = str(tmp_path / "liste.doc")  # type: ignore[attr-defined]  # an Input
        await press(app, pilot, "enter")
        assert "Die Endung muss .xlsx oder .csv sein." in text_of(app)
        path.value = str(tmp_path / "liste.csv")  # type: ignore[attr-defined]  # an Input
        await press(app, pilot, "enter")
        lines = (tmp_path / "liste.csv").read_text(encoding="utf-8-sig").splitlines()
        assert lines[0].startswith("Schlüssel;DVDV-Schlüssel;Behörde;")
        assert any(line.startswith("05570000;bab:05570;Kreis Warendorf;") for line in lines)
        await press(app, pilot, "x")
        app.screen.query_one("#path").value = str(tmp_path / "liste.csv")  # type: ignore[attr-defined]  # an Input
        await press(app, pilot, "enter")
        assert "gibt es schon" in text_of(app)


async def test_ids_and_rows_are_copied_for_the_terminal() -> None:
    async with console(first="authorities") as (app, pilot):
        page = page_of(app)
        assert isinstance(page, ListPage)
        page.filter_by(BECKUM)
        await press(app, pilot, "y")
        assert app.clipboard == BECKUM
        await press(app, pilot, "Y")
        assert app.clipboard.startswith("Beckum\tWAF\tMittlere\t")


async def test_e_shows_the_command_that_does_the_same() -> None:
    async with console(first="authorities") as (app, pilot):
        await press(app, pilot, "e")
        assert isinstance(app.screen, Twin)
        assert "bauweiche authorities list" in text_of(app)
        await press(app, pilot, "y", "escape")
        assert app.clipboard == "bauweiche authorities list"


async def test_the_help_is_made_from_the_screen_itself() -> None:
    async with console(first="authorities", size=LARGE) as (app, pilot):
        for key in ("question_mark", "f1"):
            await press(app, pilot, key)
            assert isinstance(app.screen, Reading)
            parts = {heading: dict(lines) for heading, lines in app.screen._parts}
            assert parts["Tasten dieser Ansicht"]["a"] == "Aktion"
            assert parts["Was hier steht"]["Zert."].startswith("Tage, bis")
            assert "kreis" in parts["Suchen mit /"]["Felder"]
            assert parts["Überall"]["2"] == "Ansicht Behörden"
            await press(app, pilot, "escape")


@pytest.mark.parametrize("key", ["ctrl+p", "colon"])
async def test_the_palette_finds_screens_and_authorities(key: str) -> None:
    async with console() as (app, pilot):
        await press(app, pilot, key)
        await pilot.pause(0.2)
        await write(app, pilot, "beckum")
        await pilot.pause(0.3)
        await press(app, pilot, "enter")
        await pilot.pause(0.1)
        await settle(app, pilot)
        assert "Beckum" in text_of(app).splitlines()[1]


async def test_the_map_is_walked_with_arrows_and_opened_with_enter() -> None:
    async with console(first="map") as (app, pilot):
        tiles = app.screen.query_one(TileMap)
        assert tiles.current is not None
        assert tiles.current.abbr == "ST"
        await press(app, pilot, "right", "down")
        assert tiles.current.abbr in ("WAF", "GT")
        tiles.at = "05570"
        tiles.at = next(tile.kreis_key for tile in tiles.tiles if tile.abbr == "WAF")
        await press(app, pilot, "enter")
        rows = app.screen.query_one(Rows)
        assert {row.kreis_abbr for row in rows.visible_items} == {"WAF"}


async def test_every_tile_can_be_reached_with_the_arrows() -> None:
    async with console(first="map") as (app, _):
        tiles = app.screen.query_one(TileMap)
        seen, open_ends = {tiles.at}, [tiles.at]
        while open_ends:
            here = open_ends.pop()
            for step in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                tiles.at = here
                tiles.action_walk(*step)
                if tiles.at not in seen:
                    seen.add(tiles.at)
                    open_ends.append(tiles.at)
        assert len(seen) == 53


async def test_the_map_changes_its_view_and_writes_the_public_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    api = FakeApi()
    async with console(api, first="map") as (app, pilot):
        await press(app, pilot, "v")
        assert "Ansicht: Option" in text_of(app)
        await press(app, pilot, "h")
        written = list(tmp_path.glob("karte-*.html"))
        assert len(written) == 1
        assert "GET /map.html" in api.calls


async def test_the_refreshing_can_be_paused() -> None:
    async with console() as (app, pilot):
        await press(app, pilot, "p")
        assert app.status.paused
        assert "Auffrischen aus" in text_of(app).splitlines()[0]
        await press(app, pilot, "p")
        assert not app.status.paused


async def test_what_a_timer_still_does_while_the_console_ends_is_in_nobodys_way() -> None:
    async with console(FakeApi(), first="authorities", refresh_seconds=3600) as (app, pilot):
        await press(app, pilot, "a")
    assert app.screen_stack == []
    app.tick()
    app._refresh()
    app._busy = True
    app._overdue(app._serial)


async def test_the_list_refreshes_by_itself() -> None:
    api = FakeApi()
    async with console(api, first="authorities", refresh_seconds=0.05) as (app, pilot):
        api.places[WARENDORF].open_items = 99
        await pilot.pause(0.3)
        rows = app.screen.query_one(Rows)
        assert next(row for row in rows.items if row.key == WARENDORF).open_items == 99


async def test_colours_change_with_one_key_and_english_is_spoken_where_chosen() -> None:
    async with console(lang="en", first="authorities") as (app, pilot):
        assert "Authorities" in text_of(app)
        assert "Cert." in text_of(app)
        await press(app, pilot, "T")
        assert app.theme == "bauweiche-hell"
        await press(app, pilot, "T", "T")
        assert app.theme == "bauweiche-dunkel"


@pytest.mark.parametrize("first", ["overview", "authorities", "map"])
async def test_a_window_that_is_too_small_says_so_and_comes_back_whole(first: str) -> None:
    async with console(first=first) as (app, pilot):
        before = text_of(app)
        await pilot.resize_terminal(50, 15)
        await settle(app, pilot)
        assert "mindestens 60 × 18" in text_of(app)
        assert "BAUWEICHE" not in text_of(app)
        await pilot.resize_terminal(60, 18)
        await settle(app, pilot)
        assert "mindestens" not in text_of(app)
        await pilot.resize_terminal(*SMALL)
        await settle(app, pilot)
        assert text_of(app) == before


async def test_at_most_five_keys_stand_in_the_bottom_line() -> None:
    async with console() as (app, pilot):
        for key in ("1", "2", "3"):
            await press(app, pilot, key)
            assert len(app.screen.query_one("Foot")._drawn) <= 5  # type: ignore[attr-defined]  # a Foot


async def test_pausing_several_goes_on_where_one_is_paused_already_and_says_which() -> None:
    api = FakeApi()
    api.places[AHLEN].paused_why = "Umzug"
    async with console(api, first="authorities") as (app, pilot):
        await press(app, pilot, "slash")
        await write(app, pilot, "kreis:waf")
        await press(app, pilot, "enter", "asterisk", "a", "down", "enter")
        await write(app, pilot, "Wartung")
        await press(app, pilot, "enter")
        assert "Nicht geändert: 1" in text_of(app)
        assert "Schon pausiert." in text_of(app)
        assert api.places[AHLEN].paused_why == "Umzug"
        assert api.places[WARENDORF].paused_why == "Wartung"
        assert api.places[BECKUM].paused_why == "Wartung"


async def test_a_bulk_change_stops_where_somebody_was_faster_than_the_confirmation() -> None:
    api = FakeApi()
    async with console(api, first="authorities") as (app, pilot):
        page = page_of(app)
        assert isinstance(page, ListPage)
        page.filter_by("kreis:waf stufe:live option:1")
        await press(app, pilot, "asterisk", "a", "enter")
        app.screen.query_one("#field-release").value = "2.5"  # type: ignore[attr-defined]  # a Pick
        app.screen.query_one("#field-valid_from").value = "01.01.2027"  # type: ignore[attr-defined]  # an Input
        await press(app, pilot, "ctrl+s")
        for place in api.places.values():
            place.notes.append({"text": "Jemand war schneller."})
        await write(app, pilot, "Umstellung")
        await press(app, pilot, "enter")
        assert "seit der Vorschau geändert" in text_of(app)
        assert not any("changed" in entry["what"] for entry in api.journal)
