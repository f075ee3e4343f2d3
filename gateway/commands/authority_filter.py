"""The filter of the authorities' screen on the command line: the same words and fields over the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.domain.filtering import Query, fold, parse

Row = Mapping[str, Any]

FIELDS: Mapping[str, Callable[[Row], str]] = {
    "option": lambda row: str(row["option"]),
    "weg": lambda row: f"{row['adapter']} {row['adapter_title']}".strip(),
    "stufe": lambda row: f"{row['stage_label']} {row['phase_label']}" + (" pausiert" if row["paused"] else ""),
    "kreis": lambda row: f"{row['kreis_abbr']} {row['kreis']} {row['kreis_key']}",
    "art": lambda row: f"{row['kind']} {row['kind_label']}",
    "xbau": lambda row: str(row["release"]),
    "verfahren": lambda row: " ".join(row["procedures"]),
    "bezirk": lambda row: str(row["district"]),
    "zert": lambda row: "" if row["certificate_days"] is None else str(row["certificate_days"]),
    "offen": lambda row: str(row["open_items"]),
    "angehalten": lambda row: str(row["held"]),
}
"""The fields as they are typed, and what of a row each looks at."""

_NAMES = ("key", "dvdv_key", "name", "title", "kreis", "kreis_abbr", "district")
_SEARCHED = (*_NAMES, "adapter", "adapter_title", "kind_label")


def chosen(rows: Sequence[Row], words: Sequence[str]) -> tuple[list[Row], tuple[str, ...]]:
    """Return the rows that fit all words, and the fields among them that do not exist."""
    query = parse(" ".join(words), FIELDS)
    return [row for row in rows if _fits(query, row)], query.unknown


def _fits(query: Query, row: Row) -> bool:
    def field(name: str) -> str:
        return FIELDS[name](row)

    return query.matches(fold(" ".join(str(row[name]) for name in _SEARCHED)), field)
