"""Umfrage, Rückläufe, Zertifikate, Protokoll, Berichte, Probelauf in the console."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from tests.tui.fake_work import FakeWork
from tests.tui.kit_tui import LARGE, console, page_of, press, settle, text_of, write
from tests.tui.kit_work import answer, put, words_of
from tui.app import Console
from tui.paged import PAUSE_BEFORE_ASKING
from tui.screens.journal import about_of
from tui.screens.plan import PlanPage
from tui.texts import load
from tui.widgets.sheet import wrapped

DE = load("de")


async def read_survey(app: Console, pilot: Pilot[None], path: Path) -> None:
    """Hand a file in as a person does; the day is already there."""
    await press(app, pilot, "n")
    put(app, "#field-path", str(path))
    await press(app, pilot, "ctrl+s")


def table(folder: Path) -> Path:
    """Return a file that looks like a survey."""
    path = folder / "Umfrage [1].csv"
    path.write_text("AGS;Dabei?\r\n05570004;2\r\n", encoding="utf-8")
    return path


# -- Umfrage ------------------------------------------------------------------------------------------------------


async def test_a_survey_is_read_shown_row_by_row_applied_and_taken_back(tmp_path: Path) -> None:
    api = FakeWork()
    async with console(api, first="survey", size=LARGE) as (app, pilot):
        await read_survey(app, pilot, table(tmp_path))
        shown = text_of(app)
        assert isinstance(page_of(app), PlanPage)
        assert "4 gelesen: → 2 ändern sich, = 1 bleiben gleich, ✕ 1 fehlerhaft" in shown
        assert "2 erkannt, 1 unsicher, 1 nicht verwendet" in shown
        assert "✕ fehlerhaft" in shown.splitlines()[7], "faults come first"
        assert "Bielefed ist unbekannt." in shown
        assert "Option 1 mit Plänen → 2" in shown
        assert "! ähnlich 80 %" in shown
        await press(app, pilot, "u")
        assert "außen vor bleiben: 1" in words_of(app)
        put(app, "#field-reason", "Umfrage November")
        await press(app, pilot, "ctrl+s")
        assert api.surveys[0]["state"] == "applied"
        assert api.surveys[0]["applied_rows"] is None
        assert "✓ übernommen" in text_of(app)
        assert "ändert sich" not in text_of(app)
        await press(app, pilot, "z")
        await answer(app, pilot, "doch nicht")
        assert api.surveys[0]["state"] == "undone"
        assert "1 Behörde blieb, wie sie ist" in text_of(app)


async def test_only_marked_rows_are_applied_and_never_faulty_ones(tmp_path: Path) -> None:
    api = FakeWork()
    async with console(api, first="survey") as (app, pilot):
        await read_survey(app, pilot, table(tmp_path))
        await press(app, pilot, "space", "space", "u")
        put(app, "#field-reason", "Nur Ahlen")
        await press(app, pilot, "ctrl+s")
        assert api.surveys[0]["applied_rows"] == [2]
        shown = " ".join(text_of(app).split())
        assert "→ 1 geändert, = 1 gleich geblieben, ✕ 1 fehlerhaft, · 1 ausgelassen" in shown
        assert "· ausgelassen" in shown


async def test_marks_on_faulty_rows_alone_apply_nothing(tmp_path: Path) -> None:
    api = FakeWork()
    async with console(api, first="survey") as (app, pilot):
        await read_survey(app, pilot, table(tmp_path))
        await press(app, pilot, "space", "u")
        assert isinstance(app.screen, PlanPage)
        assert api.surveys[0]["state"] == "draft"


async def test_a_row_and_the_columns_can_be_read_in_full(tmp_path: Path) -> None:
    async with console(FakeWork(), first="survey") as (app, pilot):
        await read_survey(app, pilot, table(tmp_path))
        await press(app, pilot, "c")
        assert "! gelesen als „Option“ (70%)" in text_of(app)
        await press(app, pilot, "escape", "j", "j", "enter")
        shown = words_of(app)
        assert "Zeile 3: Münster" in shown
        assert "2.4.0.1 → 2.6" in shown


async def test_a_file_that_is_not_there_or_empty_is_said_below_its_field(tmp_path: Path) -> None:
    api = FakeWork()
    async with console(api, first="survey") as (app, pilot):
        await read_survey(app, pilot, tmp_path / "fehlt.csv")
        assert "lässt sich nicht lesen oder schreiben" in words_of(app)
        (tmp_path / "leer.csv").write_bytes(b"")
        put(app, "#field-path", str(tmp_path / "leer.csv"))
        await press(app, pilot, "ctrl+s")
        assert "Die Datei ist leer." in text_of(app)
        assert api.surveys == []


async def test_a_draft_cannot_be_taken_back() -> None:
    async with console(FakeWork(), first="survey") as (app, pilot):
        await press(app, pilot, "z", "enter")
        assert "Hier ist keine Zeile ausgewählt." in text_of(app)


# -- Rückläufe ----------------------------------------------------------------------------------------------------


async def test_a_reply_is_given_to_the_likeliest_case() -> None:
    api = FakeWork()
    async with console(api, first="replies") as (app, pilot):
        assert "Am ehesten BW-2026-7KQ4-M3XD (80 Punkte" in text_of(app)
        await press(app, pilot, "a", "enter")
        await answer(app, pilot, "passt")
        assert [one["id"] for one in api.quarantined] == ["r2"]
        assert "Zugeordnet: BW-2026-7KQ4-M3XD." in text_of(app)


async def test_a_reply_is_given_to_another_case_by_any_of_its_numbers() -> None:
    api = FakeWork()
    async with console(api, first="replies") as (app, pilot):
        await press(app, pilot, "j", "enter", "enter")
        await answer(app, pilot, "nrw-4711")
        assert "meint 2 Vorgänge" in text_of(app)
        put(app, "#answer", "BW-2026-7KQ9-P0TA")
        await press(app, pilot, "enter")
        await answer(app, pilot, "Telefonat")
        assert [one["id"] for one in api.quarantined] == ["r1"]


async def test_discarding_a_reply_wants_a_reason() -> None:
    api = FakeWork()
    async with console(api, first="replies") as (app, pilot):
        await press(app, pilot, "a", "end", "enter", "enter")
        assert len(api.quarantined) == 2
        await answer(app, pilot, "Irrläufer", "Kreis Höxter")
        assert [one["id"] for one in api.quarantined] == ["r2"]


async def test_the_likeliest_case_can_be_looked_at_first() -> None:
    async with console(FakeWork(), first="replies") as (app, pilot):
        await press(app, pilot, "t")
        assert "BW-2026-7KQ4-M3XD" in text_of(app).splitlines()[1]
        await press(app, pilot, "escape", "j", "t")
        assert "Kein Vorgang passt." in text_of(app)


# -- Zertifikate, Protokoll ---------------------------------------------------------------------------------------


async def test_certificates_come_soonest_first_with_our_own_among_them() -> None:
    async with console(FakeWork(), first="certificates") as (app, pilot):
        assert "Kreis Höxter" in text_of(app).splitlines()[3]
        await press(app, pilot, "o")
        assert "tage:<30" in text_of(app)
        await press(app, pilot, "o", "slash")
        await write(app, pilot, "gateway")
        await press(app, pilot, "enter", "enter")
        assert "bauweiche keys rotate" in text_of(app)


async def test_a_whole_case_number_in_the_journals_filter_is_asked_of_the_server() -> None:
    api = FakeWork()
    api.journal += [api.journal[0] | {"number": number, "subject": "05570000"} for number in range(7, 400)]
    async with console(api, first="journal") as (app, pilot):
        assert "100+" in text_of(app)
        await press(app, pilot, "slash")
        await answer(app, pilot, "bw-2026-7kq4-m3xd")
        await pilot.pause(2 * PAUSE_BEFORE_ASKING)
        await settle(app, pilot)
        assert "Protokoll  6" in text_of(app)
        await press(app, pilot, "enter")
        assert "Eintrag 6: Angehalten" in text_of(app)
        await press(app, pilot, "escape", "t")
        assert "Sendungen › BW-2026-7KQ4-M3XD" in text_of(app)


def test_only_whole_numbers_are_subjects() -> None:
    assert about_of("zu:05570000", DE) == "05570000"
    assert about_of("angehalten BW-2026-7KQ4-M3XD", DE) == "BW-2026-7KQ4-M3XD"
    assert about_of("BW-2026", DE) == ""
    assert about_of("!zu:05570000", DE) == ""


async def test_the_journals_chain_is_proved_and_a_break_is_named() -> None:
    api = FakeWork()
    async with console(api, first="journal", read_only=True) as (app, pilot):
        await press(app, pilot, "v")
        assert "✓ Das Protokoll ist vollständig und unverändert." in text_of(app)
        api.chain_broken = True
        await press(app, pilot, "escape", "v")
        shown = text_of(app)
        assert "✕ Die Kette ist gebrochen" in shown
        assert "3: Prüfsumme passt nicht" in shown


# -- Berichte, Probelauf ------------------------------------------------------------------------------------------


async def test_the_report_shows_the_numbers_and_is_written_as_a_file(tmp_path: Path) -> None:
    async with console(FakeWork(), first="reports") as (app, pilot):
        shown = text_of(app)
        assert "1 mit Plänen       118          90" in shown
        assert "01.11.2026 bis 21.11.2026" in shown
        await press(app, pilot, "left")
        assert "01.10.2026 bis 31.10.2026" in text_of(app)
        await press(app, pilot, "right", "right")
        assert "01.11.2026 bis 21.11.2026" in text_of(app), "never beyond today"
        await press(app, pilot, "x")
        await answer(app, pilot, str(tmp_path / "bericht.doc"))
        assert "Die Endung muss" in text_of(app)
        await answer(app, pilot, str(tmp_path / "bericht.pdf"))
        assert (tmp_path / "bericht.pdf").read_bytes().startswith(b"%PDF")
        await press(app, pilot, "x")
        put(app, "#answer", str(tmp_path / "bericht.pdf"))
        await press(app, pilot, "enter")
        assert "gibt es schon" in text_of(app)


async def test_a_period_in_the_wrong_order_is_refused_and_kept() -> None:
    async with console(FakeWork(), first="reports") as (app, pilot):
        await press(app, pilot, "d")
        put(app, "#field-from", "30.11.2026")
        await press(app, pilot, "ctrl+s")
        assert "Der erste Tag liegt nach dem letzten." in text_of(app)
        put(app, "#field-from", "01.01.2026")
        await press(app, pilot, "ctrl+s")
        assert "01.01.2026 bis 21.11.2026" in text_of(app)


async def test_the_rehearsal_names_what_will_not_work_and_takes_another_day() -> None:
    async with console(FakeWork(), first="rehearsal") as (app, pilot):
        assert "Das Zertifikat endet am 18.12.2026" in text_of(app)
        await press(app, pilot, "d")
        put(app, "#answer", "32.13.2026")
        await press(app, pilot, "enter")
        assert "Bitte ein Datum eingeben" in text_of(app)
        put(app, "#answer", "01.02.2027")
        await press(app, pilot, "enter")
        assert "Probelauf › 01.02.2027" in text_of(app)
        await press(app, pilot, "enter")
        assert "Beckum" in text_of(app).splitlines()[1]


async def test_a_server_without_rehearsal_says_so_plainly() -> None:
    async with console(FakeWork(has_rehearsal=False), first="rehearsal") as (app, _):
        assert "Diese Adresse gibt es nicht." in text_of(app)


# -- the sheet ----------------------------------------------------------------------------------------------------


def test_wrapping_loses_nothing_and_never_runs_over() -> None:
    text = "Ein Satz mit einem überlangenWortOhneLeerzeichen und 漢字 am Ende"
    lines = wrapped(text, 12)
    assert all(len(line) <= 12 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert wrapped("", 5) == [""]
