"""What the console computes without drawing: filters, columns, widths, exports, colours, dates, forms, certificates."""

from __future__ import annotations

import io
import string
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gateway.domain.filtering import parse
from tests.tui.fake_world import NOW, SCHEMAS, places, row
from tests.tui.tui_certificates_kit import issued
from tui import formats
from tui.certificate_file import Unreadable, overlap_days, read_certificate
from tui.exporting import as_csv, as_xlsx, guarded, write_new
from tui.forms import Field, defaults_of, faults_of, from_schema, settings_of, typed_value
from tui.paged import whole
from tui.plain import fit, plain
from tui.screens.authorities import authorities_table
from tui.tables import GAP, Order, chosen, haystack, layout
from tui.texts import LANGUAGES, Texts, load, sections
from tui.themes import DARK, LIGHT, PAIRS, colour, contrast
from tui.twins import with_words
from tui.values import AuthorityRow, read

DE = load("de")


def everyone() -> list[AuthorityRow]:
    return [read(AuthorityRow, row(place)) for place in places().values()]


def found(text: str) -> list[AuthorityRow]:
    table = authorities_table(DE, lambda: NOW)
    rows = everyone()
    return chosen(table, rows, [haystack(table, one) for one in rows], parse(text, table.fields), Order())


# -- the filter language ----------------------------------------------------------------------------------------------


def test_words_must_all_occur() -> None:
    assert {one.name for one in found("kreis warendorf")} == {"Kreis Warendorf", *(o.name for o in found("kreis:waf"))}
    assert [one.name for one in found("kreis warendorf xta-fach bab:05570 05570000")] == ["Kreis Warendorf"]


def test_a_word_with_an_exclamation_mark_must_not_occur() -> None:
    assert len(found("bezirk:münster")) > len(found("bezirk:münster !ohne")) > 0


def test_fields_are_searched_at_their_beginning() -> None:
    assert {one.option for one in found("option:2")} == {"2"}
    assert {one.option for one in found("option:3")} == {"3a", "3b"}
    assert {one.adapter for one in found("weg:xta")} == {"xta_mailbox", "xta_push"}
    assert {one.kreis_abbr for one in found("kreis:waf")} == {"WAF"}
    assert {one.phase for one in found("stufe:live,test option:1,2")} == {"live", "test"}


def test_numbers_can_be_compared_and_emptiness_asked_for() -> None:
    days = [one.certificate_days for one in found("zert:<30")]
    assert days
    assert all(one is not None and one < 30 for one in days)
    assert all(one.certificate_days is None for one in found("zert:-"))


def test_umlauts_may_be_spelt_out() -> None:
    assert found("muenster") == found("Münster") != []


def test_an_unknown_field_is_said_and_searched_as_a_word() -> None:
    query = parse("farbe:rot", {"option": None})
    assert query.unknown == ("farbe",)
    assert query.terms[0].values == ("farbe:rot",)


@given(st.text(max_size=40))
def test_whatever_is_typed_only_narrows_the_list(text: str) -> None:
    table = authorities_table(DE, lambda: NOW)
    rows = EVERYONE
    kept = chosen(table, rows, STACKS, parse(text, table.fields), Order())
    assert [one.key for one in rows if one in kept] == [one.key for one in kept]


EVERYONE = everyone()[:40]
STACKS = [haystack(authorities_table(DE, lambda: NOW), one) for one in EVERYONE]


@pytest.mark.parametrize("backwards", [False, True])
def test_rows_without_a_value_stand_at_the_end_in_both_orders(backwards: bool) -> None:
    table = authorities_table(DE, lambda: NOW)
    rows = everyone()
    order = Order("certificate", backwards)
    days = [one.certificate_days for one in chosen(table, rows, [""] * len(rows), parse("", {}), order)]
    known = [one for one in days if one is not None]
    assert days[: len(known)] == sorted(known, reverse=backwards)


# -- widths and foreign text ------------------------------------------------------------------------------------------


@given(st.integers(20, 200))
def test_columns_never_need_more_than_the_width_and_keep_their_order(width: int) -> None:
    table = authorities_table(DE, lambda: NOW)
    shown = layout(table, width)
    names = [column.name for column in table.columns]
    assert [names.index(column.name) for column, _ in shown] == sorted(names.index(column.name) for column, _ in shown)
    if width >= 77:
        assert sum(room for _, room in shown) + GAP * (len(shown) - 1) <= width


def test_at_80_columns_the_list_shows_what_the_sketch_shows() -> None:
    names = [column.name for column, _ in layout(authorities_table(DE, lambda: NOW), 77)]
    assert names == ["name", "option", "way", "release", "stage", "pickup", "certificate"]


@given(st.text(), st.integers(1, 40), st.booleans())
def test_a_text_is_fitted_to_exactly_its_cells(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(plain(text), width, right=right)) == width


@given(st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "L"])))
def test_nothing_that_steers_a_terminal_survives(text: str) -> None:
    harmful = set(map(chr, [*range(32), 127, *range(128, 160), 0x202E, 0x2066, 0x200F, 0x2028]))
    assert not harmful & set(plain(text))


# -- exports ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_csv_can_be_a_formula(start: str) -> None:
    octets = as_csv(["Name"], [[f"{start}HYPERLINK(0)"]])
    assert octets.startswith(b"\xef\xbb\xbf")
    assert guarded(f"{start}1+1") == f"'{start}1+1"
    assert f"'{start}HYPERLINK" in octets.decode("utf-8-sig")


def test_every_cell_of_an_xlsx_is_a_string() -> None:
    octets = as_xlsx("Behörden: [alle]", ["Name"], [["=1+1"], ["Ahlen"]])
    with ZipFile(io.BytesIO(octets)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count('t="s"') == 3
    assert "=1+1" in texts


def test_an_export_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    write_new(path, b"erste")
    with pytest.raises(FileExistsError):
        write_new(path, b"zweite")
    assert path.read_bytes() == b"erste"


# -- colours ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_every_ink_can_be_read_on_every_ground(theme: object) -> None:
    assert isinstance(theme, type(DARK))
    poor = {pair: round(contrast(colour(theme, pair[0]), colour(theme, pair[1])), 2) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < 4.5} == {}


def test_contrast_is_computed_as_the_guideline_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


# -- texts ------------------------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_texts_with_the_same_places_to_fill() -> None:
    texts = {language: load(language) for language in LANGUAGES}
    assert sections("de") == sections("en")
    assert set(texts["de"].entries) == set(texts["en"].entries)
    differing = [name for name in DE.entries if _fields(texts["de"], name) != _fields(texts["en"], name)]
    assert differing == []


def _fields(texts: Texts, name: str) -> set[str]:
    return {part[1] for part in string.Formatter().parse(texts.entries[name]) if part[1]}


def test_every_column_of_the_list_has_a_title_and_a_sentence() -> None:
    table = authorities_table(DE, lambda: NOW)
    for column in table.columns:
        assert DE(f"authorities.col.{column.name}")
        assert DE(f"authorities.help.{column.name}").endswith((".", ")."))


# -- dates and ages ---------------------------------------------------------------------------------------------------


def test_moments_are_said_as_short_as_they_can_be_understood() -> None:
    assert formats.lately("2026-11-21T07:12:00+00:00", NOW, DE) == "08:12"
    assert formats.lately("2026-11-20T23:30:00+00:00", NOW, DE) == "00:30"
    assert formats.lately("2026-11-20T12:00:00+00:00", NOW, DE) == "gestern"
    assert formats.lately("2026-11-03T12:00:00+00:00", NOW, DE) == "03.11."
    assert formats.lately("2025-11-03T12:00:00+00:00", NOW, DE) == "03.11.25"
    assert formats.lately(None, NOW, DE) == "–"


@pytest.mark.parametrize(
    ("seconds", "said"), [(3, "3 s"), (720, "12 min"), (93_600, "26 h"), (259_200, "3 T"), (None, "–")]
)
def test_ages_are_said_in_their_largest_sensible_unit(seconds: float | None, said: str) -> None:
    assert formats.age(seconds, DE) == said


@pytest.mark.parametrize("typed", ["01.12.2026", "1.12.26", "2026-12-01", " 01.12.2026 "])
def test_dates_may_be_typed_in_three_ways(typed: str) -> None:
    assert typed_value(Field("valid_from", "Gilt ab", "day"), typed) == "2026-12-01"


@pytest.mark.parametrize("typed", ["31.02.2026", "morgen", "1.12.", "٣١.١٢.٢٠٢٦x"])
def test_what_is_no_date_is_said_to_be_none(typed: str) -> None:
    field = Field("valid_from", "Gilt ab", "day")
    assert typed_value(field, typed) == typed
    assert faults_of(field, typed, DE)[0].detail.startswith("Bitte ein Datum")


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=30))
def test_bars_have_one_sign_per_number(values: list[int]) -> None:
    assert len(formats.spark(values)) == len(values)


# -- forms out of an adapter's schema ---------------------------------------------------------------------------------


def test_a_form_has_a_field_for_each_setting_of_the_adapter() -> None:
    fields = from_schema(SCHEMAS["file_drop"])
    assert [(field.name, field.kind, field.required) for field in fields] == [
        ("folder", "text", True),
        ("mount_point", "text", False),
        ("receipts", "choice", False),
    ]
    assert fields[2].options == (("optional", "möglich"), ("required", "nötig"))
    assert defaults_of(SCHEMAS["file_drop"]) == {"receipts": "optional"}


def test_settings_leave_out_what_was_left_empty_and_keep_numbers_as_numbers() -> None:
    fields = from_schema(SCHEMAS["sftp"])
    assert settings_of(fields, SCHEMAS["sftp"], {"host": " a.example ", "port": "2222"}) == {
        "host": "a.example",
        "port": 2222,
    }
    assert settings_of(fields, SCHEMAS["sftp"], {"host": "a.example", "port": ""}) == {"host": "a.example"}
    assert settings_of(fields, SCHEMAS["sftp"], {"host": "a.example", "port": "viel"})["port"] == "viel"


def test_references_and_choices_of_kinds_are_followed() -> None:
    schema = {
        "$defs": {"Side": {"enum": ["a", "b"], "title": "Seite"}},
        "properties": {"side": {"$ref": "#/$defs/Side"}, "limit": {"anyOf": [{"type": "null"}, {"type": "number"}]}},
    }
    assert [(field.label, field.kind) for field in from_schema(schema)] == [("Seite", "choice"), ("limit", "number")]


# -- certificates out of a file ---------------------------------------------------------------------------------------


def test_a_chain_is_put_in_order_and_its_completeness_known(tmp_path: Path) -> None:
    root = issued("Wurzel")
    middle = issued("Mitte", by=root)
    leaf, _ = issued("Bauamt", by=middle)
    path = tmp_path / "kette.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(b"".join(one.public_bytes(pem) for one in (root[0], leaf, middle[0])))
    read_back = read_certificate(path, "")
    assert read_back.leaf == leaf
    assert read_back.chain == (middle[0], root[0])
    assert read_back.complete
    path.write_bytes(leaf.public_bytes(pem))
    assert not read_certificate(path, "").complete


def test_a_private_key_in_a_p12_is_seen_and_never_sent(tmp_path: Path) -> None:
    leaf, key = issued("Bauamt")
    path = tmp_path / "bauamt.p12"
    lock = serialization.BestAvailableEncryption(b"geheim")
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"x", key, leaf, None, lock))
    found = read_certificate(path, "geheim")
    assert found.had_key
    assert b"PRIVATE" not in found.pem
    with pytest.raises(Unreadable, match="password_wrong"):
        read_certificate(path, "falsch")


@pytest.mark.parametrize(
    ("octets", "why"), [(b"", "unreadable"), (b"hallo", "unreadable"), (b"0" * 200_001, "too_large")]
)
def test_a_file_that_is_no_certificate_is_refused_with_a_reason(tmp_path: Path, octets: bytes, why: str) -> None:
    path = tmp_path / "x.pem"
    path.write_bytes(octets)
    with pytest.raises(Unreadable, match=why):
        read_certificate(path, "")


@given(st.binary(max_size=300))
def test_no_file_makes_the_reader_fall_over(octets: bytes) -> None:
    path = Path(__file__).parent / "does-not-exist"
    with pytest.raises(FileNotFoundError):
        read_certificate(path, "")
    with suppress(Unreadable):
        read_certificate(_Octets(octets), "x")  # type: ignore[arg-type]  # only `open` is used


@pytest.mark.parametrize("why", ["unreadable", "too_large", "password_wrong"])
def test_every_reason_has_its_sentence(why: str) -> None:
    assert DE(f"authority.certificate.{why}").endswith(".") or "PEM" in DE(f"authority.certificate.{why}")


class _Octets:
    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def open(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._octets)


def test_the_overlap_with_what_is_held_is_counted_in_days(tmp_path: Path) -> None:
    leaf, _ = issued("Bauamt")
    path = tmp_path / "neu.der"
    path.write_bytes(leaf.public_bytes(serialization.Encoding.DER))
    found = read_certificate(path, "")
    assert overlap_days(found, []) is None
    assert overlap_days(found, [NOW + timedelta(days=15)]) == 25
    assert overlap_days(found, [datetime(2026, 11, 1, tzinfo=UTC)]) == -11


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("", "bauweiche authorities list"),
        ("kreis:waf option:2 stufe:live", "bauweiche authorities list kreis:waf option:2 stufe:live"),
        ("ahlen !ohne zert:<30 option:1,2", "bauweiche authorities list ahlen '!ohne' 'zert:<30' option:1,2"),
        ("-x", "bauweiche authorities list -- -x"),
        ("$(reboot) ;ls", "bauweiche authorities list '$(reboot)' ';ls'"),
    ],
)
def test_the_command_that_does_the_same_is_safe_to_paste(typed: str, command: str) -> None:
    fields = authorities_table(DE, lambda: NOW).fields
    assert with_words("bauweiche authorities list", parse(typed, fields), "authorities", DE) == command


@pytest.mark.parametrize(("total", "capped", "said"), [(1000, False, "1000"), (10_000, True, "10\u00a0000+")])
def test_a_long_list_says_that_nobody_counted_further(total: int, capped: bool, said: str) -> None:
    assert whole(total, capped=capped) == said


def test_one_of_a_thing_is_said_as_one() -> None:
    german = load("de")
    assert german("bulk.done", n=1) == "1 Behörde geändert."
    assert german("bulk.done", n=2) == "2 Behörden geändert."
    for texts in map(load, LANGUAGES):
        ones = {name.removesuffix(".one") for name in texts.entries if name.endswith(".one")}
        assert ones <= texts.entries.keys()
