"""The map: 53 tiles of NRW by option, stage, way or trouble; and the same as a page of its own for the public."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from gateway import registry
from gateway.api.operator import mappage, rows
from gateway.domain.procedure import Procedure
from gateway.ports import World

View = Literal["option", "stage", "way", "trouble"]
Row = Mapping[str, Any]
Mark = tuple[str, str]
"""A symbol and the word that always stands beside it."""

ALL, SOME, NONE, TROUBLE = ("●", "alle"), ("◐", "einige"), ("○", "keine"), ("!", "Störung")


def _by_option(row: Row) -> Mark:
    marks = {"1": ("●", "mit Plänen"), "2": ("◐", "ohne Pläne"), "3a": ("→", "Umleitung")}
    return marks.get(row["option"], ("○", "keine"))


def _by_stage(row: Row) -> Mark:
    marks = {"live": ("●", "live"), "test": ("◐", "Test"), "paused": ("‖", "pausiert"), "ended": ("✕", "beendet")}
    return marks.get(row["phase"], ("○", "nicht dabei"))


def _by_way(row: Row) -> Mark:
    return ("●", row["adapter_title"]) if row["adapter"] else ("○", "kein Weg")


def _by_trouble(row: Row) -> Mark:
    if row["held"]:
        return ("!", "angehalten")
    if row["paused"]:
        return ("‖", "pausiert")
    days = row["certificate_days"]
    if days is not None and days < 30:
        return ("!", "Zertifikat läuft ab")
    return ("●", "ohne Störung") if row["adapter"] else ("○", "nicht dabei")


MARKS: Mapping[str, Callable[[Row], Mark]] = {
    "option": _by_option,
    "stage": _by_stage,
    "way": _by_way,
    "trouble": _by_trouble,
}


def page_of(world: World, procedure: Procedure | None = None) -> str:
    """Return the public page "who takes part", filterable by municipality and procedure."""
    with world.store.reading() as tx:
        edition = rows.see(world, tx).edition
    places = sorted(
        (world.directory.municipalities[ags].name, key)
        for key in edition.authorities
        for ags in edition.municipalities_of(key)
    )
    return mappage.render(registry.tiles(), rows.table_of(world)["rows"], places, world.clock.now(), procedure)


def map_of(table: Sequence[Row], view: View) -> dict[str, Any]:
    """Return the tiles with symbol, word and count for a view."""
    mark = MARKS[view]
    by_kreis: dict[str, list[Row]] = {}
    for row in table:
        by_kreis.setdefault(row["kreis_key"], []).append(row)
    shown = []
    for tile in registry.tiles():
        inside = by_kreis.get(tile.kreis_key, [])
        marks = [mark(row) for row in inside]
        good = sum(symbol == "●" for symbol, _word in marks)
        symbol, word = _together(marks)
        shown.append(
            {
                "kreis_key": tile.kreis_key,
                "abbr": tile.abbr,
                "name": tile.name,
                "col": tile.col,
                "row": tile.row,
                "symbol": symbol,
                "word": word,
                "count": good,
                "live": sum(map(rows.is_live, inside)),
                "total": len(inside),
                "authorities": [
                    {"key": row["key"], "name": row["name"], "symbol": one[0], "word": one[1]}
                    for row, one in zip(inside, marks, strict=True)
                ],
            }
        )
    legend = Counter(mark(row) for row in table)
    return {
        "view": view,
        "tiles": shown,
        "legend": [{"symbol": symbol, "word": word, "count": count} for (symbol, word), count in legend.most_common()],
    }


def _together(marks: Sequence[Mark]) -> Mark:
    symbols = {symbol for symbol, _word in marks}
    if "!" in symbols:
        return TROUBLE
    if symbols == {"●"}:
        return ALL
    if not symbols or symbols <= {"○", "✕"}:
        return NONE
    return SOME
