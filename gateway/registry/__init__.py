"""The authorities and municipalities of NRW, from the product's own packaged tables.

Facts from BauO NRW 2018 § 57 and the Verordnung on große and mittlere kreisangehörige Städte, Destatis code lists, and
BKG VG5000: © GeoBasis-DE / BKG 2021 (Daten verändert), dl-de/by-2-0. The tables are made by `gateway.registry.build`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from gateway.domain.authority import Authority, Edition, Kind, Municipality, Tile
from gateway.domain.ids import AuthorityKey

__all__ = ["attribution", "editions", "municipalities", "tiles"]


@cache
def editions() -> Mapping[str, Edition]:
    """Return every packaged edition by name, the oldest first."""
    kreise = {tile.kreis_key: tile for tile in tiles()}
    return MappingProxyType({row["name"]: _edition(row, kreise) for row in _described()["editions"]})


@cache
def municipalities() -> Mapping[str, Municipality]:
    """Return every municipality of NRW by its AGS."""
    kreise = {tile.kreis_key: tile.name for tile in tiles()}
    return MappingProxyType({row["ags"]: _municipality(row, kreise) for row in _table("municipalities.csv")})


@cache
def tiles() -> tuple[Tile, ...]:
    """Return the tile map of NRW: the Kreise and kreisfreie Städte, by key."""
    return tuple(
        Tile(row["kreis_key"], row["abbr"], row["name"], int(row["col"]), int(row["row"]))
        for row in _table("tiles.csv")
    )


def attribution() -> str:
    """Return the line of credit that belongs under everything made from these tables (German)."""
    return str(_described()["attribution"])


def _edition(described: Mapping[str, Any], kreise: Mapping[str, Tile]) -> Edition:
    name = described["name"]
    valid_from = described["valid_from"]
    listed = (_authority(row, kreise[row["kreis_key"]]) for row in _table(f"authorities_{name}.csv"))
    jurisdiction = {row["ags"]: AuthorityKey(row[f"authority_{name}"]) for row in _table("municipalities.csv")}
    return Edition(
        name,
        date.fromisoformat(valid_from) if valid_from else None,
        MappingProxyType({authority.key: authority for authority in listed}),
        MappingProxyType(jurisdiction),
    )


def _authority(row: Mapping[str, str], kreis: Tile) -> Authority:
    return Authority(
        key=AuthorityKey(row["key"]),
        name=row["name"],
        title=row["title"],
        kind=Kind(row["kind"]),
        kreis_key=kreis.kreis_key,
        kreis_name=kreis.name,
        kreis_abbr=kreis.abbr,
        district=row["district"],
        population=int(row["population"]),
        lat=float(row["lat"]),
        lon=float(row["lon"]),
        confidence=row["confidence"],
        note=row["note"],
    )


def _municipality(row: Mapping[str, str], kreise: Mapping[str, str]) -> Municipality:
    return Municipality(
        ags=row["ags"],
        name=row["name"],
        official_name=row["official_name"],
        kreis_key=row["kreis_key"],
        kreis_name=kreise[row["kreis_key"]],
        population=int(row["population"]),
        lat=float(row["lat"]),
        lon=float(row["lon"]),
        note=row["note"],
    )


def _table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_text(name).splitlines()))


def _described() -> dict[str, Any]:
    described: dict[str, Any] = json.loads(_text("editions.json"))
    return described


def _text(name: str) -> str:
    return (resources.files(__package__) / "data" / name).read_text(encoding="utf-8")
