"""One authority: looking at everything, changing it, and two people who change it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from textual.pilot import Pilot

from tests.tui.fake_api import FakeApi
from tests.tui.fake_world import BECKUM, MUENSTER, WARENDORF, setting
from tests.tui.kit_tui import LARGE, console, page_of, press, settle, text_of, write
from tests.tui.tui_certificates_kit import issued
from tui.app import Console
from tui.dialogs.choose import Choose
from tui.dialogs.confirm import Confirm
from tui.dialogs.form import FormWindow
from tui.screens.authority import AuthorityPage
from tui.widgets.pick import Pick
from tui.widgets.rows import Rows
from tui.widgets.ticks import Ticks


async def visit(app: Console, pilot: Pilot[None], key: str = WARENDORF, tab: str = "participation") -> AuthorityPage:
    """Open an authority at a tab."""
    app.open_authority(key, key)
    await settle(app, pilot)
    page = page_of(app)
    assert isinstance(page, AuthorityPage)
    if tab != "participation":
        page.show_tab(tab)
        await settle(app, pilot)
    return page


def field(app: Console, name: str) -> Any:
    """Return the widget of a field of the open form."""
    return app.screen.query_one(f"#field-{name}")


async def save(app: Console, pilot: Pilot[None], **values: Any) -> None:
    """Fill fields of the open form and save."""
    assert isinstance(app.screen, FormWindow)
    for name, value in values.items():
        field(app, name.replace("__", "-")).value = value
    await press(app, pilot, "ctrl+s")


# -- looking ----------------------------------------------------------------------------------------------------------


async def test_every_tab_shows_its_part() -> None:
    expected = {
        "participation": ["◷ künftig", "● gilt", "· früher", "01.12.2026", "XTA-Fach"],
        "procedures": ["Baugenehmigung", "ab 01.12.2026", "● ja", "○ nein"],
        "connection": ["Weg", "Inhaltsverzeichnis", "250,0 MB"],
        "certificates": ["CN=Kreis Warendorf Bauamt", "211 T"],
        "contacts": ["Erika Beispiel", "it@kreis-warendorf.example"],
        "deliveries": ["BW-2026-7KR2-A1BC", "bereitgestellt", "✓ bestätigt"],
        "notes": ["Rückruf: Postfach wird täglich geleert."],
        "journal": ["Noch keine Einträge."],
    }
    async with console() as (app, pilot):
        page = await visit(app, pilot)
        for name, words in expected.items():
            page.show_tab(name)
            await settle(app, pilot)
            shown = text_of(app)
            assert [word for word in words if word not in shown] == [], name
            assert "Zertifikat noch 211 T" in shown


async def test_tabs_are_changed_with_arrows_and_keep_their_row() -> None:
    async with console() as (app, pilot):
        page = await visit(app, pilot)
        await press(app, pilot, "j", "j")
        await press(app, pilot, "right")
        assert page.tab == "procedures"
        await press(app, pilot, "left", "left")
        assert page.tab == "journal"
        await press(app, pilot, "tab")
        assert page.tab == "participation"
        assert page.rows.cursor == 2
        await press(app, pilot, "escape")
        assert not isinstance(page_of(app), AuthorityPage)


# -- changing how it takes part ---------------------------------------------------------------------------------------


async def test_muenster_goes_from_option_2_to_1_from_next_monday() -> None:
    api = FakeApi()
    async with console(api) as (app, pilot):
        page = await visit(app, pilot, MUENSTER)
        await press(app, pilot, "b")
        await save(app, pilot, valid_from="23.11.2026", option="1", reason="Beschluss vom 20.11.")
        assert app.screen is page
        assert api.places[MUENSTER].in_force("2026-11-23")["option"] == "1"
        assert api.places[MUENSTER].in_force("2026-11-22")["option"] == "2"
        assert api.journal[-1]["why"] == "Beschluss vom 20.11."
        assert "◷ künftig" in text_of(app)
        assert "ab 23.11.2026 Option 1" in text_of(app)


async def test_all_that_is_missing_is_said_at_its_field_and_nothing_is_lost() -> None:
    api = FakeApi()
    async with console(api, size=LARGE) as (app, pilot):
        await visit(app, pilot, BECKUM)
        await press(app, pilot, "b")
        await save(app, pilot, valid_from="31.02.2027", reason="")
        shown = text_of(app)
        assert "Noch offen: 2" in shown
        assert "! Bitte ein Datum eingeben" in shown
        await save(app, pilot, valid_from="01.02.2027", option="3a", reason="Umleitung")
        assert "! Bei Option 3a fehlt die Adresse" in text_of(app)
        assert field(app, "reason").value == "Umleitung"
        await save(app, pilot, redirect_url="https://bauen.beckum.example/antrag")
        assert api.places[BECKUM].in_force("2027-02-01")["redirect_url"] == "https://bauen.beckum.example/antrag"


async def test_ending_needs_the_name_typed_exactly() -> None:
    api = FakeApi()
    async with console(api) as (app, pilot):
        await visit(app, pilot)
        await press(app, pilot, "j", "b")
        await save(app, pilot, phase="ended", reason="Fusion")
        assert isinstance(app.screen, Confirm)
        await press(app, pilot, "enter")
        await write(app, pilot, "warendorf")
        await press(app, pilot, "enter")
        assert "Bitte genau eingeben: Kreis Warendorf" in text_of(app)
        await press(app, pilot, "escape")
        assert "Nicht bestätigt" in text_of(app)
        assert api.journal == []
        await press(app, pilot, "ctrl+s")
        await press(app, pilot, "enter")
        await write(app, pilot, "Kreis Warendorf")
        await press(app, pilot, "enter")
        assert api.places[WARENDORF].in_force("2026-11-21")["phase"] == "ended"


async def test_closing_a_form_with_entries_asks_first() -> None:
    api = FakeApi()
    async with console(api) as (app, pilot):
        await visit(app, pilot)
        await press(app, pilot, "b")
        field(app, "note").value = "viel getippt"
        await press(app, pilot, "escape")
        assert isinstance(app.screen, Choose)
        await press(app, pilot, "enter")
        assert isinstance(app.screen, FormWindow)
        assert field(app, "note").value == "viel getippt"
        await press(app, pilot, "escape", "down", "enter")
        assert isinstance(app.screen, AuthorityPage)
        assert api.journal == []


async def test_a_dated_setting_is_taken_back() -> None:
    api = FakeApi()
    async with console(api) as (app, pilot):
        await visit(app, pilot)
        await press(app, pilot, "D")
        await write(app, pilot, "doch nicht")
        await press(app, pilot, "enter")
        assert api.places[WARENDORF].upcoming("2026-11-21") == []


async def test_procedures_are_ticked_with_space() -> None:
    api = FakeApi()
    async with console(api) as (app, pilot):
        await visit(app, pilot, tab="procedures")
        await press(app, pilot, "b")
        ticks = field(app, "procedures")
        assert isinstance(ticks, Ticks)
        ticks.focus()
        await press(app, pilot, "space", "down", "space")
        await save(app, pilot, reason="Weniger")
        assert api.places[WARENDORF].in_force("2026-11-21")["procedures"] == [
            "abweichung",
            "teilbaugenehmigung",
            "verlaengerung",
            "genehmigungsfreistellung",
        ]


# -- the way ----------------------------------------------------------------------------------------------------------


async def test_a_way_is_set_up_from_its_own_schema_and_checked_while_typed() -> None:
    api = FakeApi()
    async with console(api, size=LARGE) as (app, pilot):
        await visit(app, pilot, tab="connection")
        await press(app, pilot, "n", "down", "enter")
        assert "Server *" in text_of(app)
        field(app, "set-host").value = "sftp.example"
        field(app, "set-port").value = "99999"
        await pilot.pause(0.4)
        await settle(app, pilot)
        assert "! Der Port liegt zwischen 1 und 65535." in text_of(app)
        assert "POST /adapters/sftp/check" in api.calls
        field(app, "set-port").value = "2222"
        await pilot.pause(0.4)
        await settle(app, pilot)
        assert "Der Port liegt" not in text_of(app)
        await save(app, pilot, reason="Neuer Server")
        kept = api.places[WARENDORF].in_force("2026-11-21")
        assert (kept["adapter"], kept["settings"]) == ("sftp", {"host": "sftp.example", "port": 2222})


# -- two people at once -----------------------------------------------------------------------------------------------


def other_saves(api: FakeApi, **changes: Any) -> None:
    """Let somebody else save, as the server would."""
    place = api.places[MUENSTER]
    fresh = place.in_force("2026-11-21") | {"changed_by": "operator:op-09"} | changes
    place.history = [one for one in place.history if one["valid_from"] != fresh["valid_from"]] + [fresh]


async def test_a_conflict_shows_both_and_keeps_what_was_typed() -> None:
    api = FakeApi()
    async with console(api, size=LARGE) as (app, pilot):
        await visit(app, pilot, MUENSTER)
        await press(app, pilot, "b")
        other_saves(api, release="2.5", note="von op-09")
        await save(app, pilot, option="1", reason="Beschluss")
        assert isinstance(app.screen, Choose)
        shown = text_of(app)
        assert "Jemand anderes hat inzwischen gespeichert" in shown
        assert "XBau-Version 2.6 → 2.5" in shown
        assert "Bemerkung" in shown.split("Ihre Eingaben dazu")[0], "what was noted can be overwritten too"
        assert "geändert von op-09" in shown
        assert "Option: 1" in shown
        await press(app, pilot, "enter")
        assert field(app, "option").value == "1"
        assert field(app, "reason").value == "Beschluss"
        assert api.places[MUENSTER].in_force("2026-11-21")["option"] == "2"


async def test_after_a_conflict_my_entries_are_laid_over_the_new_state() -> None:
    api = FakeApi()
    async with console(api, size=LARGE) as (app, pilot):
        page = await visit(app, pilot, MUENSTER)
        await press(app, pilot, "b")
        other_saves(api, release="2.5", note="von op-09")
        await save(app, pilot, option="1", reason="Beschluss")
        await press(app, pilot, "down", "enter")
        kept = api.places[MUENSTER].in_force("2026-11-21")
        assert app.screen is page
        assert (kept["option"], kept["release"], kept["note"]) == ("1", "2.5", "von op-09")


async def test_a_conflict_over_contacts_shows_the_new_list() -> None:
    api = FakeApi()
    async with console(api, size=LARGE) as (app, pilot):
        await visit(app, pilot, tab="contacts")
        await press(app, pilot, "n")
        api.places[WARENDORF].contacts = [{"role": "Neu", "name": "Zoe Zweite", "email": "", "phone": ""}]
        await save(app, pilot, role="Leitung", name="Karl Dritter", reason="Neu")
        assert "Zoe Zweite" in text_of(app)
        await press(app, pilot, "down", "enter")
        assert [one["name"] for one in api.places[WARENDORF].contacts] == ["Zoe Zweite", "Karl Dritter"]


# -- people, notes, certificates, pause -------------------------------------------------------------------------------


async def test_contacts_are_added_changed_and_removed() -> None:
    api = FakeApi()
    async with console(api) as (app, pilot):
        await visit(app, pilot, tab="contacts")
        await press(app, pilot, "n")
        await save(app, pilot, role="Leitung", name="Karl Dritter", email="karl", reason="Neu")
        assert "Das ist keine E-Mail-Adresse." in text_of(app)
        await save(app, pilot, email="karl@kreis.example")
        contacts = api.places[WARENDORF].contacts
        assert [one["name"] for one in contacts] == ["Erika Beispiel", "Max Muster", "Karl Dritter"]
        await press(app, pilot, "g", "b")
        await save(app, pilot, phone="02581 999", reason="Neue Nummer")
        assert "02581 999" in [one["phone"] for one in api.places[WARENDORF].contacts]
        await press(app, pilot, "g", "D")
        await write(app, pilot, "Weg")
        await press(app, pilot, "enter")
        assert len(api.places[WARENDORF].contacts) == 2


async def test_a_note_is_added() -> None:
    api = FakeApi()
    async with console(api) as (app, pilot):
        await visit(app, pilot, tab="notes")
        await press(app, pilot, "n")
        await write(app, pilot, "Rückruf am Montag")
        await press(app, pilot, "ctrl+s")
        assert api.places[WARENDORF].notes[0]["text"] == "Rückruf am Montag"
        assert "Rückruf am Montag" in text_of(app)


async def test_a_certificate_is_looked_at_before_it_is_taken(tmp_path: Path) -> None:
    api = FakeApi()
    leaf, key = issued("Kreis Warendorf Bauamt 2027")
    path = tmp_path / "neu.pem"
    path.write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    async with console(api, size=LARGE) as (app, pilot):
        await visit(app, pilot, tab="certificates")
        await press(app, pilot, "n")
        await save(app, pilot, path=str(tmp_path / "gibtesnicht.pem"))
        assert "lässt sich nicht lesen" in text_of(app)
        assert app.screen.query_one("#field-purpose", Pick).value == "tls", "on this way it is the authority's pass"
        app.screen.query_one("#field-purpose", Pick).value = "encrypt"
        await save(app, pilot, path=str(path))
        assert "Kette:      selbst ausgestellt" in text_of(app)
        await press(app, pilot, "escape")
        assert app.screen.query_one("#field-purpose", Pick).value == "encrypt", "esc leads back to what was entered"
        await press(app, pilot, "ctrl+s")
        shown = text_of(app)
        assert "CN=Kreis Warendorf Bauamt 2027" in shown
        assert "Überlappt mit dem vorhandenen um 221 Tage" in shown
        assert "privater Schlüssel" in shown
        assert len(api.places[WARENDORF].certificates) == 1
        await write(app, pilot, "Erneuerung")
        await press(app, pilot, "enter")
        assert len(api.places[WARENDORF].certificates) == 2
        await press(app, pilot, "G", "D")
        await write(app, pilot, "Irrtum")
        await press(app, pilot, "enter")
        assert len(api.places[WARENDORF].certificates) == 1


async def test_an_authority_is_paused_and_resumed() -> None:
    api = FakeApi()
    async with console(api) as (app, pilot):
        await visit(app, pilot)
        await press(app, pilot, "P")
        await write(app, pilot, "Umzug des Rechenzentrums")
        await press(app, pilot, "enter")
        assert "‖ pausiert: Umzug des Rechenzentrums" in text_of(app)
        await press(app, pilot, "P")
        await write(app, pilot, "fertig")
        await press(app, pilot, "enter")
        assert api.places[WARENDORF].paused_why is None
        assert "pausiert" not in text_of(app).replace("pausieren", "")


@pytest.mark.parametrize("tab", ["deliveries", "journal", "notes", "procedures"])
async def test_keys_that_have_nothing_to_do_say_so(tab: str) -> None:
    async with console() as (app, pilot):
        await visit(app, pilot, MUENSTER, tab)
        await press(app, pilot, "D", "escape")
        if tab in ("deliveries", "journal"):
            await press(app, pilot, "b", "n", "enter")
        assert app.is_running
        assert isinstance(app.screen, AuthorityPage) or app.screen.query(Rows)


async def test_an_authority_without_any_setting_gets_its_first_one() -> None:
    api = FakeApi()
    api.places[BECKUM].history = []
    async with console(api) as (app, pilot):
        await visit(app, pilot, BECKUM)
        assert "Noch keine Angabe zur Teilnahme." in text_of(app)
        await press(app, pilot, "n")
        await save(app, pilot, option="3b", reason="Umfrage")
        assert api.places[BECKUM].in_force("2026-11-21")["option"] == "3b"
        assert setting(BECKUM)["authority"] == BECKUM
