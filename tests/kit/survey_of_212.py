"""A survey of every authority as municipalities send it, with nine mistakes that are known by line."""

from __future__ import annotations

from collections.abc import Mapping

from gateway import registry
from tests.kit.surveys import csv_bytes

HEAD = ("Nr.", "Kommune", "AGS", "Option", "Adresse des Online-Dienstes", "Bemerkung")

MISTAKES: Mapping[int, tuple[int, str]] = {
    10: (3, "4"),
    25: (3, "Option 3"),
    40: (2, "99999999"),
    60: (3, "3a"),
    80: (4, "http://unsicher.example"),
    100: (3, "vielleicht"),
    130: (2, "05570000"),
    170: (3, "=1+1"),
    200: (3, "2\x1b[31m"),
}
"""Line of the table (the heading is line 1) → column from 0 and what stands there instead."""


def survey_of_212() -> bytes:
    """Return the table as CSV in Windows-1252, keys without their leading zero; everybody takes option 2.

    Line 130 names Kreis Warendorf with another answer than its own line does, so both lines are faulty.
    """
    authorities = sorted(registry.editions()["212"].authorities.values(), key=lambda one: one.key)
    rows = [list(HEAD)]
    for number, authority in enumerate(authorities, start=1):
        rows.append([str(number), authority.title, authority.key.lstrip("0"), "2", "", ""])
    for line, (column, value) in MISTAKES.items():
        rows[line - 1][column] = value
        if column == 2:
            rows[line - 1][1] = ""
    rows[80 - 1][3] = "3a"
    rows[130 - 1][3] = "1"
    return csv_bytes(rows, encoding="cp1252")
