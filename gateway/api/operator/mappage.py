"""The public page "who takes part": one file with its own SVG and style, no request to anywhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from importlib.resources import files
from typing import Any

from gateway.domain.authority import Tile
from gateway.domain.calendar import written_moment
from gateway.domain.procedure import Procedure
from gateway.registry import attribution

SIZE = 64
GAP = 6


def render(
    tiles: Sequence[Tile],
    table: Sequence[Mapping[str, Any]],
    places: Sequence[tuple[str, str]],
    at: datetime,
    procedure: Procedure | None,
) -> str:
    """Return the page; `places` are (municipality, authority key); a procedure narrows what counts as taking part."""
    template = files(__package__).joinpath("mappage.html").read_text(encoding="utf-8")
    data = {
        "authorities": {row["key"]: _public(row) for row in table},
        "places": [list(place) for place in places],
        "procedures": {one.value: one.label for one in Procedure},
        "procedure": procedure.value if procedure else "",
    }
    filled = {
        "@AT@": escape(written_moment(at)),
        "@SVG@": _svg(tiles, table),
        "@SOURCE@": escape(attribution()),
        # `<` could end the script element early; as an escape it is the same JSON
        "@DATA@": json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"),
    }
    for mark, text in filled.items():
        template = template.replace(mark, text)
    return template


def _public(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("title", "kreis_key", "kreis", "option", "phase", "procedures", "redirect_url")
    return {name: row[name] for name in names}


def _svg(tiles: Sequence[Tile], table: Sequence[Mapping[str, Any]]) -> str:
    step = SIZE + GAP
    width = (max(tile.col for tile in tiles) + 1) * step
    height = (max(tile.row for tile in tiles) + 1) * step
    counts: dict[str, int] = {}
    for row in table:
        counts[row["kreis_key"]] = counts.get(row["kreis_key"], 0) + 1
    cells = []
    for tile in tiles:
        x, y = tile.col * step, tile.row * step
        count = counts.get(tile.kreis_key, 0)
        title = f"{tile.name}: {count} Bauaufsichtsbehörde{'' if count == 1 else 'n'}"
        cells.append(
            f'<g class="tile" data-kreis="{tile.kreis_key}" tabindex="0" role="button" transform="translate({x} {y})">'
            f"<title>{escape(title)}</title>"
            f'<rect width="{SIZE}" height="{SIZE}" rx="8"/>'
            f'<text x="{SIZE / 2}" y="26" class="abbr">{escape(tile.abbr)}</text>'
            f'<text x="{SIZE / 2}" y="48" class="mark"></text></g>'
        )
    return f'<svg viewBox="0 0 {width} {height}" role="group" aria-label="Karte">{"".join(cells)}</svg>'
