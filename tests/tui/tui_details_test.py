"""What is told about a row, what a footer offers first, and that lists fit into every window."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import tui
from tests.tui.fake_api import FakeApi
from tests.tui.fake_work import FakeWork
from tests.tui.fake_world import MUENSTER, NOW
from tests.tui.kit_tui import console, page_of, press, settle, text_of, write
from tui import facts, signs
from tui.dialogs.choose import Answers, Choose
from tui.dialogs.form import FormWindow
from tui.screens.authorities import AuthoritiesPage, authorities_table
from tui.screens.authority.seen import Seen
from tui.screens.authority.tabs import TABS
from tui.screens.certificates import certificates_table
from tui.screens.deliveries import deliveries_table
from tui.screens.journal import journal_table
from tui.screens.onboarding import onboarding_table
from tui.screens.overdue import overdue_table
from tui.screens.overview import items_table
from tui.screens.plan_seen import plan_table
from tui.screens.rehearsal import rehearsal_table
from tui.screens.replies import replies_table
from tui.screens.survey import surveys_table
from tui.screens.timeline import timeline_table
from tui.tables import GAP, Table, layout
from tui.texts import load
from tui.widgets.detail import laid_out
from tui.widgets.rows import LEAD
from tui.widgets.ticks import Ticks

DE = load("de")


def clock() -> Any:
    return NOW


TABLES: dict[str, Callable[[], Table[Any]]] = {
    "authorities": lambda: authorities_table(DE, clock),
    "certificates": lambda: certificates_table(DE),
    "deliveries": lambda: deliveries_table(DE, clock),
    "journal": lambda: journal_table(DE),
    "onboarding": lambda: onboarding_table(DE, clock),
    "overdue": lambda: overdue_table(DE),
    "overview": lambda: items_table(DE),
    "plan": lambda: plan_table(DE),
    "rehearsal": lambda: rehearsal_table(DE),
    "replies": lambda: replies_table(DE, clock),
    "survey": lambda: surveys_table(DE, clock),
    "trace": lambda: timeline_table(DE),
    **{
        f"authority.{name}": lambda tab=tab: tab.table(Seen("05570000", "Kreis Warendorf"), DE)  # type: ignore[misc]  # bound on purpose
        for name, tab in TABS.items()
    },
}

SCROLLBAR = 1


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("columns", [80, 100, 120, 200])
def test_every_list_fits_beside_its_scrollbar(name: str, columns: int) -> None:
    width = columns - LEAD - SCROLLBAR
    shown = layout(TABLES[name](), width)
    assert sum(room for _, room in shown) + GAP * (len(shown) - 1) <= width


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=200), max_size=5), st.integers(20, 120), st.integers(1, 5)
)
def test_what_is_told_about_a_row_never_leaves_its_place(lines: list[str], width: int, height: int) -> None:
    found = laid_out(lines, width, height)
    assert len(found) <= height
    assert all(cell_len(line) <= width for line in found)


def test_the_first_sentence_is_told_whole_and_the_last_keeps_its_line() -> None:
    sentence = "Angehalten, ein Mensch muss entscheiden: Zertifikat der Behörde ist am 20.11.2026 abgelaufen."
    found = laid_out([sentence, "Ablage · XBau 2.6 · 7,7 kB"], 60, 3)
    assert " ".join(found[:2]) == sentence
    assert found[2] == "Ablage · XBau 2.6 · 7,7 kB"


def test_what_does_not_fit_ends_with_an_ellipsis() -> None:
    assert laid_out(["Wort " * 40, "Ablage"], 30, 2) == [f"{('Wort ' * 40)[:29]}…", "Ablage"]


@pytest.mark.parametrize(
    ("left", "told", "short"),
    [(-1, "✕ seit 1 T", "✕ -1 T"), (0, "! 0 T", "! 0 T"), (29, "! 29 T", "! 29 T"), (30, "30 T", "30 T")],
)
def test_days_of_a_certificate_say_since_when_it_has_run_out(left: int, told: str, short: str) -> None:
    assert signs.days(left, DE).text == told
    assert signs.days(left, DE, short=True).text == short


def test_facts_of_the_journal_are_told_in_words() -> None:
    held = {
        "valid_from": "2026-11-23",
        "before": {"option": "2", "size_limit": None, "procedures": []},
        "after": {"option": "1", "size_limit": 250_000_000, "procedures": ["baugenehmigung"]},
        "adapter": "xta_push",
        "until": "2027-02-20T01:02:33+00:00",
        "proposer": "operator:op-03",
        "test": False,
    }
    assert facts.in_words(held, DE) == [
        ("Option", "2 ohne Pläne → 1 mit Plänen"),
        ("Höchstgröße", "– → 250,0 MB"),
        ("Verfahren", "– → baugenehmigung"),
        ("Gilt ab", "23.11.2026"),
        ("Weg", "XTA-Push"),
        ("Gilt bis", "20.02.2027 02:02"),
        ("Vorgeschlagen von", "op-03"),
        ("Test", "nein"),
    ]


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), ODD))
def test_no_fact_however_odd_ends_the_console(held: dict[str, Any]) -> None:
    assert isinstance(facts.in_a_line(held, DE), str)


async def test_j_and_k_choose_in_a_window_too_and_it_begins_at_the_present_answer() -> None:
    async with console(FakeApi(), first="authorities") as (app, pilot):
        page = page_of(app)
        assert isinstance(page, AuthoritiesPage)
        page.filter_by("münster")
        await press(app, pilot, "enter", "b", "tab", "enter")
        answers = app.screen.query_one(Answers)
        assert answers.highlighted == 1, "Münster has option 2"
        await press(app, pilot, "k", "enter")
        assert isinstance(app.screen, FormWindow)
        assert app.screen.raw()["option"] == "1"


async def test_keys_typed_right_after_tab_belong_to_the_next_field() -> None:
    async with console(FakeApi(), first="authorities") as (app, pilot):
        app.open_authority(MUENSTER, "Stadt Münster")
        await settle(app, pilot)
        await press(app, pilot, *("right",) * 4, "n")
        for key in ("T", "tab", "N", "tab", "E"):
            _at_once(app, key)
        await settle(app, pilot)
        assert isinstance(app.screen, FormWindow)
        assert [app.screen.raw()[name] for name in ("role", "name", "email")] == ["T", "N", "E"]


def _at_once(app: Any, key: str) -> None:
    from textual.events import Key

    pressed = Key(key, key if len(key) == 1 else None)
    pressed.set_sender(app)
    app._driver.send_message(pressed)


async def test_the_tick_under_the_cursor_is_in_sight() -> None:
    async with console(FakeApi(), first="authorities", size=(80, 24)) as (app, pilot):
        app.open_authority(MUENSTER, "Stadt Münster")
        await settle(app, pilot)
        await press(app, pilot, "b", "tab", "tab", "tab")
        ticks = app.focused
        assert isinstance(ticks, Ticks)
        for _ in range(len(ticks.options)):
            assert f"▸{'[x]' if ticks.options[ticks.cursor][0] in ticks.chosen else '[ ]'}" in text_of(app)
            await press(app, pilot, "down")


async def test_a_way_chosen_anew_asks_for_its_settings_and_saves_all_at_once() -> None:
    api = FakeApi()
    async with console(api, first="authorities") as (app, pilot):
        app.open_authority(MUENSTER, "Stadt Münster")
        await settle(app, pilot)
        await press(app, pilot, "b")
        form = app.screen
        assert isinstance(form, FormWindow)
        form.query_one("#field-adapter").value = "file_drop"  # type: ignore[attr-defined]  # a Pick
        form.query_one("#field-reason").value = "Wechsel"  # type: ignore[attr-defined]  # an Input
        await press(app, pilot, "ctrl+s")
        asked = app.screen
        assert asked is not form
        assert "Dieser Weg braucht noch seine Einstellungen" in text_of(app)
        await press(app, pilot, "escape")
        assert app.screen is form, "nothing was saved, nothing typed is lost"
        assert "Es wurde nichts geändert" in text_of(app)
        await press(app, pilot, "ctrl+s")
        await write(app, pilot, "/srv/muenster")
        await press(app, pilot, "ctrl+s")
        await settle(app, pilot)
        kept = api.places[MUENSTER].history[-1]
        assert (kept["adapter"], kept["settings"]["folder"]) == ("file_drop", "/srv/muenster")


@pytest.mark.parametrize(
    ("place", "keys"),
    [
        ("authorities", ["a Aktion", "/ Suchen"]),
        ("deliveries", ["a Aktion", "c Gründe", "t Vorgang suchen"]),
        ("certificates", ["o Nur dringende", "/ Suchen"]),
        ("survey", ["n Datei einlesen", "z Zurücknehmen"]),
    ],
)
async def test_the_footer_offers_a_screens_own_keys_first(place: str, keys: list[str]) -> None:
    async with console(FakeWork(), first=place) as (app, _):
        foot = text_of(app).splitlines()[-1]
        at = [foot.find(key.split(" ", 1)[0] + " ") for key in keys]
        assert at == sorted(at)
        assert at[0] == 1
        assert foot.rstrip().endswith("? Hilfe")


async def test_the_key_of_a_place_leads_back_to_its_beginning() -> None:
    async with console(FakeWork(), first="deliveries") as (app, pilot):
        await press(app, pilot, "enter")
        assert page_of(app).section == "trace"
        await press(app, pilot, "6")
        assert page_of(app).section == "deliveries"


async def test_a_window_is_not_covered_by_what_was_said_before() -> None:
    async with console(FakeApi(), first="authorities") as (app, pilot):
        await press(app, pilot, "y")
        assert "Kopiert" in text_of(app)
        await press(app, pilot, "a")
        assert isinstance(app.screen, Choose)
        assert "Kopiert" not in text_of(app)


SCREENS = Path(tui.__file__).parent / "screens"


@pytest.mark.parametrize("sheet", [path.relative_to(SCREENS).as_posix() for path in SCREENS.rglob("*.tcss")])
def test_a_screens_stylesheet_says_nothing_about_other_screens(sheet: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", (SCREENS / sheet).read_text(encoding="utf-8"), flags=re.DOTALL)
    for selector in re.findall(r"([^{}]+)\{", text):
        assert re.match(r"[A-Z]\w+", selector.strip()), selector
