"""A survey as 212 authorities answer it: recognised, compared, and nothing guessed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

import pytest

from gateway import registry
from gateway.domain.errors import RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Option, Participation, Phase
from gateway.domain.procedure import Procedure
from gateway.flow.participation import change_all, undo_batch
from gateway.survey import Knowledge, Plan, RowPlan, Severity, Status, apply, plan_of, read_table
from gateway.survey.names import digits_of_key, directory, find
from tests.kit.registry_world import MemoryStore, registry_world
from tests.kit.surveys import csv_bytes, xlsx_bytes

DAY = date(2026, 12, 1)
EDITION = registry.editions()["212"]
ADAPTERS = {"file_drop": "Ablage", "xta_mailbox": "XTA-Postfach"}
WARENDORF, AHLEN, MUENSTER = AuthorityKey("05570000"), AuthorityKey("05570004"), AuthorityKey("05515000")
LIVE = Participation(
    WARENDORF,
    date(2026, 1, 1),
    Option.WITHOUT_PLANS,
    frozenset({Procedure.BUILDING_PERMIT}),
    "2.6",
    "file_drop",
    {"folder": "/srv/bau"},
    phase=Phase.LIVE,
)


def knowledge(*kept: Participation) -> Knowledge:
    def histories(key: AuthorityKey) -> Sequence[Participation]:
        return [value for value in kept if value.authority == key]

    return Knowledge(EDITION, registry.municipalities(), histories, {"2.6", "2.4.0.1"}, ADAPTERS)


def plan(rows: Sequence[Sequence[str]], *kept: Participation) -> Plan:
    return plan_of(read_table(csv_bytes(rows)), knowledge(*kept), DAY)


def single(heading: str, cells: str, *kept: Participation) -> RowPlan:
    (row,) = plan([heading.split("|"), cells.split("|")], *kept).rows
    return row


def errors(row: RowPlan) -> list[str]:
    return [finding.text for finding in row.findings if finding.severity is Severity.ERROR]


def full_survey() -> list[list[str]]:
    head = ["Lfd. Nr.", "AGS", "Behörde", "Art der Teilnahme", "Verfahren", "XBau-Version", "Bemerkung"]
    rows = [
        [str(number), str(int(key)), authority.title, "1", "Baugenehmigung, Vorbescheid", "2.6", ""]
        for number, (key, authority) in enumerate(EDITION.authorities.items(), start=1)
    ]
    return [["Umfrage zur Teilnahme, Stand 3.11.2026"], [], head, *rows]


def test_a_clean_survey_of_212_rows_changes_212_authorities_without_an_error() -> None:
    found = plan(full_survey())
    assert len(found.rows) == len(found.of(Status.CHANGE)) == 212
    assert {row.match.how for row in found.rows} == {"AGS"}
    assert found.missing == ()
    assert [finding for finding in found.every_finding() if finding.severity is Severity.ERROR] == []
    assert found.rows[0].row == 4
    assert len(apply(found, "Umfrage 2026-11")) == 212


def test_nine_mistakes_in_212_rows_are_found_each_with_its_row_and_a_sentence() -> None:
    rows = full_survey()
    rows[3][3] = "4"  # row 4: no such option
    rows[4][1] = "9162000"  # row 5: Munich
    rows[5][4] = "Baugenehmigung, Luftschloss"  # row 6: no such procedure
    rows[6][5] = "2.7"  # row 7: no such release
    rows[7][3] = "3a"  # row 8: redirect without an address
    rows[8][1] = rows[9][1]  # row 9: the key of the next authority, with its own name
    rows[10][3] = "=1+1"  # row 11: a formula
    rows[11][3] = "x" * 100_000  # row 12: far too long
    rows[13] = [*rows[12][:3], "2", "Baugenehmigung", "2.6", ""]  # rows 13 and 14: the same authority, other answers
    found = plan(rows)
    wrong = {row.row: " ".join(errors(row)) for row in found.of(Status.ERROR)}
    assert sorted(wrong) == [4, 5, 6, 7, 8, 9, 11, 12, 13, 14]
    expected = {
        4: "keine Option",
        5: "gibt es in Nordrhein-Westfalen nicht",
        6: "Luftschloss",
        7: "2.7",
        8: "fehlt die Adresse",
        9: "Der Schlüssel gehört zu",
        11: "Formel",
        12: "100000 Zeichen",
        13: "Zeile 14",
        14: "Zeile 13",
    }
    for number, words in expected.items():
        assert words in wrong[number]
    assert len(found.of(Status.CHANGE)) == 202
    assert len(apply(found, "U")) == 202
    assert [EDITION.authorities[key].title for key in found.missing]


def test_cells_are_compared_with_what_holds_on_the_day() -> None:
    row = single("AGS|Option|Verfahren", "5570000|1|Baugenehmigung; Vorbescheid", LIVE)
    assert [(change.name, change.before, change.after) for change in row.changes] == [
        ("option", "2", "1"),
        ("procedures", ["baugenehmigung"], ["baugenehmigung", "vorbescheid"]),
    ]
    assert row.after is not None
    assert (row.after.phase, row.after.settings, row.after.adapter) == (Phase.LIVE, {"folder": "/srv/bau"}, "file_drop")


def test_an_empty_cell_changes_nothing_and_an_equal_answer_is_no_change() -> None:
    assert single("AGS|Option|Verfahren", "05570000|2|", LIVE).status is Status.SAME
    assert single("AGS|Option|Verfahren", "05570000||", LIVE).status is Status.EMPTY


def test_a_survey_alone_never_makes_an_authority_live() -> None:
    paused = replace(LIVE, option=Option.NONE)
    for kept in ((), (paused,)):
        row = single("AGS|Option|Verfahren|XBau", "05570000|1|Baugenehmigung|2.6", *kept)
        assert row.after is not None
        assert row.after.phase is Phase.NOT_CONNECTED
        assert "angebunden" in row.findings[-1].text


def test_the_way_of_a_connected_authority_is_left_alone() -> None:
    row = single("AGS|Option|Übertragungsweg", "05570000|1|XTA-Postfach", LIVE)
    assert row.after is not None
    assert row.after.adapter == "file_drop"
    assert row.status is Status.CHANGE
    assert "nicht durch die Umfrage" in row.findings[0].text


def test_warnings_name_what_a_person_must_look_at() -> None:
    later = replace(LIVE, valid_from=date(2027, 2, 1), option=Option.WITH_PLANS)
    row = single("AGS|Option|XBau", "05570000|3b|2.4.0.1", LIVE, later)
    texts = " ".join(finding.text for finding in row.findings)
    assert "zuerst mit Testnachrichten" in texts
    assert "keine Anträge mehr" in texts
    assert "01.02.2027" in texts
    assert {finding.severity for finding in row.findings} == {Severity.WARNING}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("05570004", "05570004"),
        ("5570004", "05570004"),
        ("5570004.0", "05570004"),
        ("5570004,00", "05570004"),
        ("05 570 004", "05570004"),
        ("05570", "05570000"),
        ("5570", "05570000"),
        ("055700004004", "05570004"),
        ("55700004004", "05570004"),
        ("", ""),
        ("abc", ""),
        ("٠٥٥٧٠٠٠٤", ""),
        ("5570004.5", ""),
        ("123", ""),
    ],
)
def test_keys_are_read_as_people_and_spreadsheets_write_them(text: str, key: str) -> None:
    assert digits_of_key(text) == key


@pytest.mark.parametrize(
    ("name", "key", "how"),
    [
        ("Stadt Ahlen", "05570004", "Name"),
        ("Ahlen, Stadt", "05570004", "Name"),
        ("AHLEN", "05570004", "Name"),
        ("Stadtverwaltung Ahlen", "05570004", "Name"),
        ("Bürgermeister der Stadt Ahlen", "05570004", "Name"),
        ("Stadt Ahlen - Bauordnungsamt", "05570004", "Name"),
        ("Kreisverwaltung Warendorf", "05570000", "Name"),
        ("Landrat des Kreises Warendorf", "05570000", "Name"),
        ("Kreisstadt Warendorf", "05570052", "Name"),
        ("Muenster", "05515000", "Name"),
        ("Stadt Münster", "05515000", "Name"),
        ("Bundesstadt Bonn", "05314000", "Name"),
        ("Märkischer Kreis", "05962000", "Name"),
        ("Hochsauerlandkreis", "05958000", "Name"),
        ("Rhein-Kreis Neuss", "05162000", "Name"),
        ("StädteRegion Aachen", "05334000", "Name"),
        ("Langenfeld", "05158020", "Name"),
        ("Stadt Langenfeld (Rheinland)", "05158020", "Name"),
        ("Ahlen (05570004)", "05570004", "AGS"),
        ("Stadt Mönchengladbahc", "05116000", "ähnlicher Name"),
        ("Gelsenkirchn", "05513000", "ähnlicher Name"),
    ],
)
def test_authorities_are_recognised_by_the_names_people_write(name: str, key: str, how: str) -> None:
    match = find(directory(EDITION, registry.municipalities()), "", "", name)
    assert match.authority is not None, match.trouble
    assert (match.authority.key, match.how) == (key, how)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Warendorf", "mehrdeutig"),
        ("Beelen", "zuständig ist Kreis Warendorf"),
        ("Gemeinde Beelen", "zuständig ist Kreis Warendorf"),
        ("München", "nicht bekannt"),
        ("Wuppertaler Land", "Ähnlich heißen: Stadt Wuppertal"),
        ("Kreis Mettmann", "nicht bekannt"),
        ("Stadt", "nicht bekannt"),
        ("x" * 2000, "nicht bekannt"),
    ],
)
def test_what_is_ambiguous_or_unknown_is_never_guessed(name: str, words: str) -> None:
    match = find(directory(EDITION, registry.municipalities()), "", "", name)
    assert match.authority is None
    assert words in match.trouble
    assert len(match.trouble) < 300


def test_every_authority_is_found_by_its_own_title_and_by_the_official_name_of_its_town() -> None:
    known = directory(EDITION, registry.municipalities())
    for key, authority in EDITION.authorities.items():
        names = {authority.title}
        if key in registry.municipalities():
            names.add(f"{registry.municipalities()[key].official_name.split(',')[0]}, Stadt")
        for name in names:
            match = find(known, "", "", name)
            assert match.authority is authority, (name, match.trouble)


def test_a_key_and_a_name_that_disagree_are_an_error_and_an_unknown_name_a_remark() -> None:
    known = directory(EDITION, registry.municipalities())
    assert "gehört zu Kreis Warendorf" in find(known, "5570000", "", "Stadt Ahlen").trouble
    assert find(known, "5570000", "", "Warendorf").authority is EDITION.authorities[WARENDORF]
    doubtful = find(known, "5570000", "", "Amt für Planung und Verkehr")
    assert doubtful.authority is EDITION.authorities[WARENDORF]
    assert "es zählt der Schlüssel" in doubtful.remark


def test_dvdv_keys_are_taken_too() -> None:
    known = directory(EDITION, registry.municipalities())
    match = find(known, "", "bab:05570", "")
    assert match.authority is EDITION.authorities[WARENDORF]
    assert match.how == "DVDV-Schlüssel"


@pytest.mark.parametrize(
    ("heading", "cell", "name", "value"),
    [
        ("Option", "1", "option", "1"),
        ("Option", "Option 2", "option", "2"),
        ("Art der Teilnahme", "3 A", "option", "3a"),
        ("Teilnahme", "1 - mit Bauvorlagen", "option", "1"),
        ("Option", "ohne Pläne", "option", "2"),
        ("Verfahren", "0200 und Vorbescheid/Abweichung", "procedures", ["baugenehmigung", "vorbescheid", "abweichung"]),
        ("Verfahren", "alle", "procedures", [procedure.value for procedure in Procedure]),
        ("Baugenehmigung", "x", "procedures", ["baugenehmigung"]),
        ("XBau", "XBau 2.4.0.1", "release", "2.4.0.1"),
        ("XBau", "2,6", "release", "2.6"),
        ("Schnittstelle", "XTA-Postfach", "adapter", "xta_mailbox"),
        ("Weg", "file_drop", "adapter", "file_drop"),
        ("Bemerkung", "- erst ab 2027 -", "note", "- erst ab 2027 -"),
    ],
)
def test_answers_are_read_as_people_write_them(heading: str, cell: str, name: str, value: object) -> None:
    option = "" if name == "option" else "|Option"
    url = "|Link"
    row = single(f"AGS|{heading}{option}{url}", f"05570000|{cell}{'|1' if option else ''}|https://waf.example")
    assert errors(row) == []
    assert row.after is not None
    written = getattr(row.after, name)
    assert (sorted(written) if isinstance(value, list) else written) == (
        sorted(value) if isinstance(value, list) else value
    )


@pytest.mark.parametrize(
    ("heading", "cell", "words"),
    [
        ("Option", "3", "3a (eigener Online-Dienst) oder 3b"),
        ("Option", "vielleicht", "keine Option"),
        ("Verfahren", "Baugenehmigung, Traumhaus", "Traumhaus"),
        ("Vorbescheid", "manchmal", "weder ja noch nein"),
        ("XBau", "3.0", "möglich sind 2.4.0.1, 2.6"),
        ("Schnittstelle", "Brieftaube", "Brieftaube"),
        ("Link", "http://waf.example", "https://"),
        ("Link", "javascript:alert(1)", "https://"),
        ("Option", "=HYPERLINK(1)", "Formel"),
        ("Option", "1\x07", "Steuerzeichen"),
        ("Bemerkung", "\u202egnp.exe", "Steuerzeichen"),
    ],
)
def test_answers_that_cannot_be_read_are_errors_at_their_column(heading: str, cell: str, words: str) -> None:
    row = single(f"AGS|{heading}|Option" if heading != "Option" else "AGS|Option", f"05570000|{cell}|1", LIVE)
    assert row.status is Status.ERROR
    (finding,) = [finding for finding in row.findings if finding.severity is Severity.ERROR]
    assert finding.column == heading
    assert words in finding.text


def test_ticks_switch_single_procedures_and_leave_the_others() -> None:
    row = single("AGS|Vorbescheid|Baugenehmigung|Abweichung", "05570000|ja|nein|", LIVE)
    assert row.after is not None
    assert row.after.procedures == {Procedure.PRELIMINARY_DECISION}


def test_a_workbook_with_numbers_dates_and_a_hidden_sheet_is_read_like_a_csv() -> None:
    rows: list[list[object]] = [
        ["AGS", "Behörde", "Option", "XBau", "Baugenehmigung"],
        [5570000, "Kreis Warendorf", 1, 2.6, True],
        [5570004.0, "Ahlen, Stadt", "3b", "", False],
        [5515000, "Münster", 2, datetime(2026, 6, 2), "x"],  # noqa: DTZ001  # a spreadsheet knows no time zone
    ]
    octets = xlsx_bytes(rows, hidden_first=True)
    found = plan_of(read_table(octets), knowledge(), DAY)
    assert [row.status for row in found.rows] == [Status.CHANGE] * 3, found.every_finding()
    values = [row.after for row in found.rows if row.after]
    assert [(value.authority, value.option.value, value.release) for value in values] == [
        (WARENDORF, "1", "2.6"),
        (AHLEN, "3b", ""),
        (MUENSTER, "2", "2.6"),
    ]
    assert "enthielt ein Datum" in " ".join(finding.text for finding in found.rows[2].findings)


def test_merged_cells_count_for_every_row_they_cover() -> None:
    rows = [["Behörde", "Baugenehmigung", "Option"], ["", "ja", "1"], ["", "ja", "1"]]
    found = plan_of(read_table(xlsx_bytes(rows, merged=["A2:A3"])), knowledge(), DAY)
    assert [row.authority and row.authority.key for row in found.rows] == [WARENDORF, WARENDORF]
    assert [row.status for row in found.rows] == [Status.CHANGE, Status.SAME]


def test_formulas_in_a_workbook_are_not_believed() -> None:
    found = plan_of(read_table(xlsx_bytes([["AGS", "Option"], [5570000, "=1+0"]])), knowledge(), DAY)
    assert errors(found.rows[0]) == ["Die Zelle enthält eine Formel; bitte den Wert einsetzen."]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("sign", [";", ",", "\t"])
def test_encodings_and_separators_are_found_out(encoding: str, sign: str) -> None:
    rows = [["Behörde", "Option", "Bemerkung"], ["Münster", "2", "Grüße, „ja“; – gut"], ["Köln", "1", ""]]
    found = plan_of(read_table(csv_bytes(rows, sign=sign, encoding=encoding)), knowledge(), DAY)
    assert [row.authority and row.authority.name for row in found.rows] == ["Münster", "Köln"]
    assert found.rows[0].after is not None
    assert found.rows[0].after.note == "Grüße, „ja“; – gut"


def test_leading_zeros_kept_by_a_trick_and_excels_own_first_line_are_understood() -> None:
    octets = b'sep=;\r\nAGS;Option\r\n="05570000";3b\r\n'
    (row,) = plan_of(read_table(octets), knowledge(), DAY).rows
    assert (row.row, row.match.how, row.status) == (3, "AGS", Status.CHANGE)


def test_columns_are_matched_with_confidence_and_a_person_may_decide_otherwise() -> None:
    rows = [["Amtl. Gemeindeschlüssel (8-stellig)", "Otpion", "Ansprechpartner"], ["05570000", "3b", "Frau X"]]
    found = plan(rows)
    assert [(column.field, column.confidence >= 0.9) for column in found.layout.columns] == [
        ("key", True),
        ("option", False),
        ("", False),
    ]
    texts = " ".join(finding.text for finding in found.findings)
    assert "„Otpion“ wurde als „Option“ gelesen" in texts
    assert "„Ansprechpartner“ wird nicht verwendet" in texts
    decided = plan_of(read_table(csv_bytes(rows)), knowledge(), DAY, {3: "note"})
    assert decided.rows[0].after is not None
    assert decided.rows[0].after.note == "Frau X"


def test_a_column_without_a_heading_is_known_by_its_values() -> None:
    rows = [["", "Behörde", "Antwort"], *([str(int(key)), "", "3b"] for key in list(EDITION.authorities)[:5])]
    found = plan(rows)
    assert [column.field for column in found.layout.columns] == ["key", "name", "option"]
    assert len(found.of(Status.CHANGE)) == 5


def test_a_table_without_authorities_or_answers_is_refused_naming_what_was_seen() -> None:
    for heading, words in ((["Farbe", "Option"], "Behörde"), (["AGS", "Farbe"], "Antwort")):
        with pytest.raises(RoutingError) as caught:
            plan([heading, ["a", "b"]])
        assert words in caught.value.reason
        assert "„Farbe“" in caught.value.hint


def test_a_plan_applied_and_taken_back_leaves_the_registry_as_it_was() -> None:
    store = MemoryStore()
    world = registry_world(store)
    change_all(world, [LIVE], "operator:a", "vorher", unapproved=True)
    before = dict(store.registry.rows)
    known = replace(knowledge(), histories=lambda key: store.registry.history(key))
    found = plan_of(read_table(csv_bytes(full_survey())), known, DAY)
    change_all(world, apply(found, "Umfrage 2026-11-03"), "operator:b", "Umfrage", "Umfrage 2026-11-03")
    assert len(store.registry.all_in_force(DAY)) == 212
    assert {value.source for value in store.registry.all_in_force(DAY).values()} == {"Umfrage 2026-11-03"}
    again = plan_of(read_table(csv_bytes(full_survey())), known, DAY)
    assert len(again.of(Status.SAME)) == 212
    undo_batch(world, "Umfrage 2026-11-03", "operator:b", "falsche Datei")
    assert store.registry.rows == before


def test_only_the_chosen_rows_are_applied() -> None:
    found = plan(full_survey())
    assert [value.authority for value in apply(found, "U", rows={4})] == [found.rows[0].match.authority.key]  # type: ignore[union-attr]  # row 4 has one
