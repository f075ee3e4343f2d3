"""Sendungen, Vorgang, Anbindung in the console: every action does what it says, and refuses in plain words."""

from __future__ import annotations

import pytest

from gateway.domain.filtering import parse
from tests.tui.fake_work import FakeWork
from tests.tui.fake_work_world import many
from tests.tui.fake_world import BOTTROP
from tests.tui.kit_tui import console, page_of, press, settle, text_of, write
from tests.tui.kit_work import answer, words_of
from tui.app import Console
from tui.list_page import ListPage
from tui.screens.authority import AuthorityPage
from tui.screens.deliveries import DeliveriesPage, asked_for, deliveries_table
from tui.screens.trace import TracePage
from tui.texts import load
from tui.widgets.board import Board

DE = load("de")


def rows_of(app: Console) -> list[object]:
    """Return what the list shows."""
    page = page_of(app)
    assert isinstance(page, ListPage)
    return list(page.rows.visible_items)


def state_of(api: FakeWork, number: str) -> str:
    """Return where a case's delivery stands at the server."""
    return next(str(row["state"]) for row in api.sent if row["case_number"] == number)


# -- Sendungen ----------------------------------------------------------------------------------------------------


async def test_a_delivery_says_in_a_sentence_why_it_waits() -> None:
    async with console(FakeWork(), first="deliveries") as (app, pilot):
        await press(app, pilot, "j", "j")
        shown = text_of(app)
        assert "↻ wartet" in shown
        assert "Bottrop war beim Versuch 5 nicht erreichbar; nächster 14:20." in shown


async def test_a_hundred_thousand_deliveries_come_a_hundred_at_a_time() -> None:
    api = FakeWork(sent=many(1000))
    async with console(api, first="deliveries") as (app, pilot):
        assert len(rows_of(app)) == 100
        assert "100 von 1000" in text_of(app)
        await press(app, pilot, "G")
        assert len(rows_of(app)) == 200
        await press(app, pilot, "r")
        assert len(rows_of(app)) == 200, "refreshing keeps what was loaded"
        assert "200 von 1000" in text_of(app)


async def test_refreshing_a_long_list_keeps_the_rows_beyond_one_answer() -> None:
    api = FakeWork(sent=many(900))
    async with console(api, first="deliveries") as (app, pilot):
        for _ in range(6):
            await press(app, pilot, "G")
        assert len(rows_of(app)) == 700
        api.sent[0]["state"] = "confirmed"
        await press(app, pilot, "r")
        keys = [getattr(row, "position", 0) for row in rows_of(app)]
        assert keys == list(range(900, 200, -1))
        await press(app, pilot, "G")
        assert len(rows_of(app)) == 800


async def test_the_oldest_first_is_the_server_s_order_and_goes_on_page_by_page() -> None:
    api = FakeWork(sent=many(1000))
    for row in api.sent:
        row["age_seconds"] = 60 * (1001 - row["position"])
    async with console(api, first="deliveries") as (app, pilot):
        page = page_of(app)
        assert isinstance(page, ListPage)
        page.rows.sort_by("age")
        await press(app, pilot, "S")
        assert [getattr(row, "position", 0) for row in rows_of(app)] == list(range(1, 101))
        assert "sortiert sind nur" not in text_of(app)
        assert page.twin() == "bauweiche deliveries list --oldest-first"
        await press(app, pilot, "G")
        assert [getattr(row, "position", 0) for row in rows_of(app)] == list(range(1, 201))
        await press(app, pilot, "r")
        assert len(rows_of(app)) == 200
        await press(app, pilot, "S")
        assert getattr(rows_of(app)[0], "position", 0) == 1000


async def test_another_order_says_that_it_is_of_what_is_loaded() -> None:
    async with console(FakeWork(sent=many(1000)), first="deliveries", size=(120, 40)) as (app, pilot):
        page = page_of(app)
        assert isinstance(page, ListPage)
        page.rows.sort_by("authority")
        await press(app, pilot, "j")
        assert "sortiert sind nur die 100 geladenen" in text_of(app)
    async with console(FakeWork(), first="deliveries") as (app, pilot):
        page = page_of(app)
        assert isinstance(page, ListPage)
        page.rows.sort_by("authority")
        await press(app, pilot, "j")
        assert "sortiert sind nur" not in text_of(app), "a list that is all there is sorted as a whole"


async def test_the_filter_is_asked_of_the_server_so_that_counts_are_whole() -> None:
    api = FakeWork(sent=many(1000))
    async with console(api, first="deliveries") as (app, pilot):
        await press(app, pilot, "slash")
        await write(app, pilot, "stand:angehalten")
        await pilot.pause(0.3)
        await press(app, pilot, "enter")
        assert "100" in text_of(app)
        assert {getattr(row, "state", "") for row in rows_of(app)} == {"held"}
        await press(app, pilot, "escape")
        assert "100 von 1000" in text_of(app)


@pytest.mark.parametrize(
    ("typed", "states", "cause", "authority", "words"),
    [
        ("stand:wartet,angehalten", ("waiting", "held"), "", "", ""),
        ("grund:unreachable", (), "unreachable", "", ""),
        ("behoerde:05515000", (), "", "05515000", ""),
        ("behoerde:münster stadt", (), "", "", "muenster stadt"),
        ("BW-2026-7KQ4-M3XD", (), "", "", "bw-2026-7kq4-m3xd"),
    ],
)
def test_what_is_typed_becomes_a_question_to_the_server(
    typed: str, states: tuple[str, ...], cause: str, authority: str, words: str
) -> None:
    fields = deliveries_table(DE, lambda: None).fields  # type: ignore[arg-type,return-value]  # no clock is asked here
    asked = asked_for(parse(typed, fields), DE)
    assert (asked.states, asked.cause, asked.authority, asked.words) == (states, cause, authority, words)


def test_a_negated_state_asks_for_all_the_others() -> None:
    fields = deliveries_table(DE, lambda: None).fields  # type: ignore[arg-type,return-value]  # no clock is asked here
    asked = asked_for(parse("!stand:bestätigt", fields), DE)
    assert "confirmed" not in asked.states
    assert "held" in asked.states


async def test_a_held_delivery_is_repeated_with_a_reason() -> None:
    api = FakeWork()
    async with console(api, first="deliveries") as (app, pilot):
        await press(app, pilot, "G", "a")
        assert "Wiederholen" in text_of(app)
        await press(app, pilot, "enter")
        assert "BW-2026-7KQ4-M3XD" in text_of(app), "the preview names it"
        await answer(app, pilot, "Zertifikat ist neu")
        assert state_of(api, "BW-2026-7KQ4-M3XD") == "waiting"


async def test_nothing_happens_without_a_reason() -> None:
    api = FakeWork()
    async with console(api, first="deliveries") as (app, pilot):
        await press(app, pilot, "G", "a", "enter", "enter")
        assert "Bitte einen Grund angeben." in text_of(app)
        await press(app, pilot, "escape")
        assert state_of(api, "BW-2026-7KQ4-M3XD") == "held"


async def test_diverting_names_the_way_and_says_what_the_far_side_refused() -> None:
    api = FakeWork()
    api.sent[1]["state"] = "available"
    async with console(api, first="deliveries") as (app, pilot):
        await press(app, pilot, "j", "j", "a", "down", "enter")
        assert "XTA-Übergabe" in text_of(app)
        await answer(app, pilot, "anderer Weg")
        assert "lässt sich dort nicht zurücknehmen" in text_of(app)
        assert api.sent[1]["authority"] == BOTTROP
        assert api.sent[1]["state"] == "available"


async def test_a_case_is_withdrawn_once_although_it_is_asked_for_its_delivery() -> None:
    api = FakeWork()
    async with console(api, first="deliveries") as (app, pilot):
        await press(app, pilot, "j", "j", "a", "end", "enter")
        assert "lässt sich nicht zurückholen" in words_of(app) or "Inhalt wird gelöscht" in text_of(app)
        await answer(app, pilot, "Antrag zurück", "BW-2026-7KQ9")
        assert api.withdrawn == [], "the whole number is to be typed: what is erased does not come back"
        await answer(app, pilot, "BW-2026-7KQ9-P0TA")
        assert api.withdrawn == ["BW-2026-7KQ9-P0TA"]


async def test_more_than_twenty_are_repeated_only_with_the_word_typed() -> None:
    api = FakeWork(sent=many(300))
    async with console(api, first="deliveries") as (app, pilot):
        await press(app, pilot, "c", "j")
        assert "Zertifikat abgelaufen" in text_of(app)
        await press(app, pilot, "a", "enter")
        await write(app, pilot, "neu")
        await press(app, pilot, "enter", "enter")
        assert "Das stimmt nicht überein. Bitte genau eingeben: WIEDERHOLEN" in words_of(app)
        assert sum(row["state"] == "held" for row in api.sent) == 30
        await answer(app, pilot, "WIEDERHOLEN")
        assert sum(row["state"] == "held" for row in api.sent) == 0


async def test_a_cause_leads_to_its_deliveries() -> None:
    api = FakeWork(sent=many(100))
    async with console(api, first="deliveries") as (app, pilot):
        await press(app, pilot, "c", "enter")
        assert {getattr(row, "code", "") for row in rows_of(app)} == {"unreachable"}
        assert "grund:unreachable" in text_of(app)


async def test_view_by_state_narrows_the_list() -> None:
    async with console(FakeWork(), first="deliveries") as (app, pilot):
        await press(app, pilot, "v", "down", "down", "down", "enter")
        assert {getattr(row, "state", "") for row in rows_of(app)} == {"waiting"}


async def test_what_is_overdue_leads_to_the_case_and_to_who_can_be_called() -> None:
    async with console(FakeWork()) as (app, pilot):
        board = app.screen.query_one(Board)
        await press(app, pilot, "right", "right", *["down"] * 4)
        assert board.current is not None
        assert board.current.label == "Pläne überfällig"
        await press(app, pilot, "enter")
        assert [getattr(row, "case_number", "") for row in rows_of(app)] == ["BW-2026-3333-BBBB"]
        await press(app, pilot, "escape")
        assert [getattr(row, "kind", "") for row in rows_of(app)] == ["pickup", "plans"]
        await press(app, pilot, "b")
        assert isinstance(page_of(app), AuthorityPage)
    async with console(FakeWork(), first="overdue") as (app, pilot):
        await press(app, pilot, "enter")
        assert isinstance(page_of(app), TracePage)


async def test_read_only_shows_everything_and_changes_nothing() -> None:
    api = FakeWork()
    async with console(api, first="deliveries", read_only=True) as (app, pilot):
        await press(app, pilot, "G", "a", "enter")
        await answer(app, pilot, "Grund")
        assert "Nur-Lese-Betrieb" in text_of(app)
        assert state_of(api, "BW-2026-7KQ4-M3XD") == "held"


async def test_hostile_text_is_shown_as_it_is() -> None:
    api = FakeWork()
    api.sent[-1] |= {"authority_name": "[bold]X[/]\x1b[2J", "sentence": "\x1b]0;Titel\x07 [red]Satz"}
    async with console(api, first="deliveries") as (app, _):
        shown = text_of(app)
        assert "[bold]X[/]" in shown
        assert "[red]Satz" in shown
        assert "\x1b" not in shown


async def test_an_empty_list_survives_every_key() -> None:
    api = FakeWork(sent=[{"case_number": "X", "state": "none", "position": 0, "authority": "", "authority_name": ""}])
    api.sent = []
    async with console(api, first="deliveries") as (app, pilot):
        await press(app, pilot, "a", "enter", "y", "Y", "space", "asterisk", "G", "c", "a", "enter")
        assert "Nichts steht still." in text_of(app)


# -- der Vorgang --------------------------------------------------------------------------------------------------


async def test_a_case_is_followed_from_portal_to_hold_as_a_timeline() -> None:
    async with console(FakeWork(), first="deliveries") as (app, pilot):
        await press(app, pilot, "G", "enter")
        shown = text_of(app)
        assert "Sendungen › BW-2026-7KQ4-M3XD" in shown
        assert "✓ Angenommen und gesichert" in shown
        assert "! Angehalten" in shown
        assert "+18 s" in shown
        assert "Zertifikat am 20.11. abgelaufen" in shown, "the newest entry is explained below"
        assert "Aktenzeichen 63-12/26" in shown


async def test_a_case_is_found_by_the_portals_reference_among_several() -> None:
    async with console(FakeWork(), first="deliveries") as (app, pilot):
        await press(app, pilot, "t")
        await answer(app, pilot, "nrw-4711")
        assert "2 Vorgänge passen" in text_of(app)
        await press(app, pilot, "down", "enter")
        assert isinstance(page_of(app), TracePage)
        assert "BW-2026-7KQ9-P0TA" in text_of(app)


async def test_a_number_nobody_knows_is_said_in_the_window_and_stays_there() -> None:
    async with console(FakeWork(), first="deliveries") as (app, pilot):
        await press(app, pilot, "t")
        await answer(app, pilot, "gibtsnicht")
        shown = text_of(app)
        assert "Kein Vorgang passt zu „gibtsnicht“" in shown
        assert shown.count("gibtsnicht") == 2, "what was typed is still there"


async def test_acting_on_a_case_and_opening_its_authority() -> None:
    api = FakeWork()
    async with console(api, first="deliveries") as (app, pilot):
        await press(app, pilot, "G", "enter", "a", "enter")
        await answer(app, pilot, "neu")
        assert state_of(api, "BW-2026-7KQ4-M3XD") == "waiting"
        await press(app, pilot, "b")
        assert "Kreis Höxter" in text_of(app).splitlines()[1]


async def test_a_scanned_cover_sheet_records_that_the_plans_have_arrived() -> None:
    api = FakeWork()
    async with console(api, first="trace") as (app, pilot):
        await answer(app, pilot, "BW-2026-7KQ4-M3XD")
        assert "P Pläne eingegangen" in text_of(app)
        await press(app, pilot, "P")
        await answer(app, pilot, "31.02.2026")
        assert "Pläne eingegangen: BW-2026-7KQ4-M3XD" in text_of(app), "no such day: the window stays"
        await answer(app, pilot, "20.11.2026")
        assert "Das Portal erfährt es" in words_of(app)
        await press(app, pilot, "enter")
        assert [one.get("plans_arrived_on") for one in api.sent if one["case_number"] == "BW-2026-7KQ4-M3XD"] == [
            "2026-11-20"
        ]
        shown = text_of(app)
        assert "eingegangen · 20.11.2026" in shown
        assert "p Pläne eingegangen" not in shown, "what has arrived is not recorded again"


async def test_the_search_screen_alone_asks_for_a_case() -> None:
    async with console(FakeWork(), first="trace") as (app, _):
        assert "Wo ist der Vorgang?" in text_of(app)


async def test_the_command_of_the_list_keeps_every_word_and_cause_of_its_filter() -> None:
    async with console(FakeWork(), first="deliveries") as (app, pilot):
        page = app.screen
        assert isinstance(page, DeliveriesPage)
        page.filter_by("münster 9KRP stand:angehalten grund:key-missing")
        await settle(app, pilot)
        assert page.twin() == "bauweiche deliveries list --state held --cause key-missing muenster 9krp"


async def test_a_list_with_a_scroll_bar_cuts_no_title() -> None:
    async with console(FakeWork(sent=many(60)), first="deliveries") as (app, _):
        titles = text_of(app).splitlines()[2].split()
        assert set(titles) <= {"Stand", "Vorgang", "Behörde", "Nr.", "Alter", "Mal", "Wieder"}
        assert "Wieder" in titles
        assert "Nr." not in titles, "what has no room is left out whole"


async def test_the_numbers_keep_their_lines_in_the_smallest_window() -> None:
    async with console(FakeWork(), size=(60, 20), lang="en") as (app, _):
        lines = text_of(app).splitlines()
        assert all(word in lines[4] for word in ("2 ", "available", "pickup"))
        assert lines[9].strip().startswith("Per hour")
