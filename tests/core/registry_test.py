"""The packaged directory of authorities says what the compiled data say."""

import csv
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from gateway import registry
from gateway.domain.authority import EditionPlan, Kind, edition_on, moves, with_step
from gateway.domain.ids import AuthorityKey
from gateway.registry.build import build

SOURCE = Path(__file__).parents[3] / "shared" / "data"
needs_source = pytest.mark.skipif(not SOURCE.is_dir(), reason="the compiled registry data are not beside the project")


def test_each_edition_has_the_number_of_authorities_in_its_name() -> None:
    assert {name: len(edition.authorities) for name, edition in registry.editions().items()} == {"212": 212, "215": 215}


@pytest.mark.parametrize("name", ["212", "215"])
def test_every_municipality_has_one_authority_that_exists_and_every_authority_has_a_municipality(name: str) -> None:
    edition = registry.editions()[name]
    assert len(registry.municipalities()) == 396
    assert set(edition.jurisdiction) == set(registry.municipalities())
    assert set(edition.jurisdiction.values()) == set(edition.authorities)


@pytest.mark.parametrize("name", ["212", "215"])
def test_the_people_an_authority_serves_are_those_of_its_municipalities(name: str) -> None:
    edition = registry.editions()[name]
    people = registry.municipalities()
    for key, authority in edition.authorities.items():
        assert authority.population == sum(people[ags].population for ags in edition.municipalities_of(key))


def test_dvdv_keys_have_eight_digits_for_towns_and_five_for_kreise() -> None:
    authorities = registry.editions()["212"].authorities
    assert authorities[AuthorityKey("05315000")].dvdv_key == "bab:05315000"
    assert authorities[AuthorityKey("05570000")].dvdv_key == "bab:05570"
    assert authorities[AuthorityKey("05334000")].dvdv_key == "bab:05334"
    assert authorities[AuthorityKey("05334002")].dvdv_key == "bab:05334002"
    assert len({authority.dvdv_key for authority in authorities.values()}) == 212


def test_kreis_names_and_signs_stand_at_the_authority() -> None:
    ahlen = registry.editions()["212"].authorities[AuthorityKey("05570004")]
    assert (ahlen.title, ahlen.kreis_name, ahlen.kreis_abbr) == ("Stadt Ahlen", "Kreis Warendorf", "WAF")
    assert ahlen.kind is Kind.MITTLERE_STADT
    assert ahlen.kind.label == "Mittlere kreisangehörige Stadt"


def test_no_two_tiles_lie_on_each_other_and_every_kreis_has_one() -> None:
    tiles = registry.tiles()
    assert len(tiles) == len({(tile.col, tile.row) for tile in tiles}) == 53
    for edition in registry.editions().values():
        assert {authority.kreis_key for authority in edition.authorities.values()} <= {tile.kreis_key for tile in tiles}


def test_the_move_between_the_editions_is_four_towns_taking_the_task() -> None:
    editions = registry.editions()
    found = moves(editions["212"], editions["215"])
    assert [(move.giver, move.taker, move.municipalities) for move in found] == [
        ("05162000", "05162012", ("05162012",)),
        ("05362000", "05362004", ("05362004",)),
        ("05362000", "05362016", ("05362016",)),
        ("05754000", "05754016", ("05754016",)),
    ]
    assert moves(editions["212"], editions["212"]) == ()


def test_an_empty_plan_means_the_ministrys_edition_and_a_step_holds_from_its_day_on() -> None:
    assert edition_on(EditionPlan(), date(2026, 1, 1)) == "212"
    plan = with_step(with_step(EditionPlan(), "212", date(2028, 1, 1)), "215", date(2027, 1, 1))
    assert [edition_on(plan, day) for day in (date(2026, 12, 31), date(2027, 1, 1), date(2028, 1, 1))] == [
        "212",
        "215",
        "212",
    ]
    assert with_step(plan, "212", date(2027, 1, 1)).steps == ((date(2027, 1, 1), "212"), (date(2028, 1, 1), "212"))


def test_the_directory_cannot_be_changed_by_who_reads_it() -> None:
    with pytest.raises(TypeError):
        registry.editions()["212"].authorities["x"] = None  # type: ignore[index]  # the mapping refuses writing


def test_notes_are_written_with_umlauts_and_doubtful_rows_are_marked() -> None:
    edition = registry.editions()["215"]
    notes = " ".join(authority.note for authority in edition.authorities.values())
    assert "Jüchen" in notes
    assert not any(word in notes for word in ("fuer", "Juechen", "Zuelpich", "->"))
    assert [key for key, authority in edition.authorities.items() if authority.confidence == "low"] == ["05754016"]


def test_the_credit_of_the_source_is_kept() -> None:
    assert "© GeoBasis-DE / BKG 2021 (Daten verändert)" in registry.attribution()


@needs_source
def test_the_packaged_tables_are_what_the_builder_makes(tmp_path: Path) -> None:
    build(SOURCE, tmp_path)
    packaged = Path(registry.__file__).parent / "data"
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        path.name: path.read_text() for path in packaged.iterdir()
    }


@needs_source
@pytest.mark.parametrize(("name", "file"), [("212", "authorities_212.csv"), ("215", "authorities_2025.csv")])
def test_every_authority_agrees_with_the_compiled_data(name: str, file: str) -> None:
    with (SOURCE / file).open(encoding="utf-8-sig", newline="") as source:
        rows = {row["key"]: row for row in csv.DictReader(source)}
    authorities = registry.editions()[name].authorities
    assert set(authorities) == set(rows)
    same = {"name", "title", "kind", "lat", "lon", "confidence"} & {
        field.name for field in fields(next(iter(authorities.values())))
    }
    for key, row in ((AuthorityKey(key), row) for key, row in rows.items()):
        for column in same:
            assert str(getattr(authorities[key], column)) == row[column], (key, column)
        assert authorities[key].district == row["regierungsbezirk"]
        assert authorities[key].kreis_key == row["parent_kreis_key"]
