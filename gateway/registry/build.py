"""Makes the packaged tables in `gateway/registry/data` from the compiled registry data of the project.

`python -m gateway.registry.build SOURCE_FOLDER [TARGET_FOLDER]`, to be run by hand when a new edition is added.
SOURCE_FOLDER holds `authorities_212.csv`, `authorities_2025.csv`, `municipalities.csv` and `kreise_grid.csv`.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

AUTHORITIES = (
    "key", "name", "title", "kind", "kreis_key", "district", "population", "lat", "lon", "confidence", "note",
)  # fmt: skip
MUNICIPALITIES = ("ags", "name", "official_name", "kreis_key", "population", "lat", "lon", "note")
TILES = ("kreis_key", "abbr", "name", "col", "row")
EDITIONS = (
    # name, date the sources name for it, file of its authorities, column of its jurisdiction
    ("212", None, "authorities_212.csv", "authority_key_ed212"),
    ("215", "2025-01-01", "authorities_2025.csv", "authority_key_2025"),
)
ATTRIBUTION = (
    "Zuständigkeit: BauO NRW 2018 § 57 und Verordnung über Große und Mittlere kreisangehörige Städte; Schlüssel und "
    "Einwohnerzahlen: Statistisches Bundesamt; Lage: © GeoBasis-DE / BKG 2021 (Daten verändert), dl-de/by-2-0"
)

# The sources write their notes without umlauts; people read them in the console.
_WORDS = {
    "Juechen": "Jüchen",
    "Toenisvorst": "Tönisvorst",
    "Zuelpich": "Zülpich",
    "Uebach": "Übach",
    "Staedteregion": "Städteregion",
    "regionsangehoerig": "regionsangehörig",
    "kreisangehoerige": "kreisangehörige",
    "ausgefuehrt": "ausgeführt",
    "tatsaechlich": "tatsächlich",
    "einschliesslich": "einschließlich",
    "fuer": "für",
    "->": "–",
}


def build(source: Path, target: Path) -> None:
    """Write the four tables and `editions.json` to `target`."""
    municipalities = _read(source / "municipalities.csv")
    columns = {column: f"authority_{name}" for name, _, _, column in EDITIONS}
    _write(target / "municipalities.csv", [*MUNICIPALITIES, *columns.values()], (
        {**row, **{ours: row[theirs] for theirs, ours in columns.items()}} for row in municipalities
    ))  # fmt: skip
    for name, _, file, _ in EDITIONS:
        _write(target / f"authorities_{name}.csv", AUTHORITIES, map(_authority, _read(source / file)))
    _write(target / "tiles.csv", TILES, _read(source / "kreise_grid.csv"))
    described = [{"name": name, "valid_from": valid_from} for name, valid_from, _, _ in EDITIONS]
    text = json.dumps({"attribution": ATTRIBUTION, "editions": described}, ensure_ascii=False, indent=2)
    (target / "editions.json").write_text(text + "\n", encoding="utf-8")


def _authority(row: Mapping[str, str]) -> Mapping[str, str]:
    return {
        **row,
        "kreis_key": row["parent_kreis_key"],
        "district": row["regierungsbezirk"],
        "population": row["population_served_2019"],
    }


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "note": _umlauts(row.get("note", ""))} for row in rows)


def _umlauts(text: str) -> str:
    return re.sub("|".join(map(re.escape, _WORDS)), lambda match: _WORDS[match.group()], text)


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent / "data")
