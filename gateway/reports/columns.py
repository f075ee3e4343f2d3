"""Which columns of an authority the report has, and how a value is written in a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

AUTHORITIES: Mapping[str, str] = {
    "name": "Behörde",
    "kreis": "Kreis",
    "district": "Regierungsbezirk",
    "option": "Option",
    "phase_label": "Stand",
    "stage_label": "Anbindung",
    "procedures": "Verfahren",
    "release": "XBau",
    "adapter_title": "Weg",
    "last_pickup": "Letzte Abholung",
    "open_items": "Offen",
    "held": "Angehalten",
    "certificate_until": "Zertifikat bis",
}
"""Column by field of an authority's row."""

ON_PAPER = ("name", "kreis", "option", "phase_label", "adapter_title", "release", "open_items")
"""The columns that fit on an upright page."""


def heads(columns: Mapping[str, str]) -> list[str]:
    """Return the headings of columns."""
    return list(columns.values())


def cell(value: Any) -> Any:
    """Return a value as it stands in a cell: numbers stay numbers, nothing is an empty text, days lose their time."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, str) and len(value) > 10 and value[4:5] == "-" and value[10:11] == "T":
        return value[:10]
    return value
