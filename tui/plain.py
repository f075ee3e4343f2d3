"""Foreign text made harmless for a terminal: control and direction characters become signs, widths are exact."""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size

_HARMFUL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_ELLIPSIS = "…"


def plain(value: object) -> str:
    """Return a value as one line without anything that moves a cursor, changes colours or turns the direction."""
    text = "" if value is None else str(value)
    return _HARMFUL.sub(_visible, text) if _HARMFUL.search(text) else text


def plain_lines(value: object) -> str:
    """Return a text of several lines, each made harmless."""
    return "\n".join(plain(line) for line in str(value).splitlines())


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return a text in exactly `width` terminal cells, cut with an ellipsis where it is longer."""
    if width <= 0:
        return ""
    long = len(text) > width if text.isascii() else cell_len(text) > width
    if long:
        return set_cell_size(text, width - 1) + _ELLIPSIS
    if text.isascii():
        return text.rjust(width) if right else text.ljust(width)
    return " " * (width - cell_len(text)) + text if right else set_cell_size(text, width)


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code == 0x09:
        return " "
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"
