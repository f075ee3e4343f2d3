"""The public map: what anybody can read on it, computed from the page that is sent."""

from __future__ import annotations

import re
from importlib.resources import files

from tui.themes import contrast

PAGE = files("gateway.api.operator").joinpath("mappage.html").read_text(encoding="utf-8")
INKS = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", PAGE)) | {"white": "#ffffff"}
TEXT, SHAPE = 4.5, 3.0
"""What text and what shapes need (WCAG 2.1, 1.4.3 and 1.4.11)."""


def test_every_text_of_the_public_map_can_be_read() -> None:
    pairs = [("ink", "white"), ("mute", "white"), ("ink", "none"), ("ink", "some"), ("white", "all")]
    assert {pair: ratio for pair in pairs if (ratio := contrast(INKS[pair[0]], INKS[pair[1]])) < TEXT} == {}


def test_what_is_chosen_and_where_one_writes_stand_out() -> None:
    chosen = re.search(r"rect \{ stroke: (#[0-9a-f]{6}); stroke-width: 4;", PAGE)
    border = re.search(r"border: 1px solid (#[0-9a-f]{6})", PAGE)
    assert chosen
    assert border
    assert contrast(chosen[1], "#ffffff") >= SHAPE, "the tile's frame lies on the white page"
    assert contrast(border[1], "#ffffff") >= SHAPE
