"""The tile map: every Kreis is a tile with its letters, a sign and a count; arrows walk over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.plain import fit, plain

TONES = {"●": "good", "◐": "some", "!": "bad", "○": "none"}
COLUMNS, ROWS = 10, 9


@dataclass(frozen=True, slots=True)
class Tile:
    """One Kreis or kreisfreie Stadt on the map."""

    kreis_key: str
    abbr: str
    name: str
    col: int
    row: int
    symbol: str = ""
    word: str = ""
    count: int = 0
    live: int = 0
    total: int = 0
    authorities: Sequence[Mapping[str, Any]] = field(default=())


def as_tile(answer: Mapping[str, Any]) -> Tile:
    """Return a tile from the server's answer."""
    words = ("kreis_key", "abbr", "name", "symbol", "word")
    given: dict[str, Any] = {name: plain(answer.get(name, "")) for name in words}
    given |= {name: int(answer.get(name) or 0) for name in ("col", "row", "count", "live", "total")}
    return Tile(**given, authorities=list(answer.get("authorities") or ()))


class TileMap(Widget, can_focus=True):
    """The map as a widget; tiles grow with the room there is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"tiles--{tone}" for tone in (*TONES.values(), "cursor", "ground")}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "walk(-1, 0)", "key.left", show=False),
        Binding("right", "walk(1, 0)", "key.right", show=False),
        Binding("up,k", "walk(0, -1)", "key.up", show=False),
        Binding("down,j", "walk(0, 1)", "key.down", show=False),
        Binding("g,home", "edge(0)", "key.first", show=False),
        Binding("G,end", "edge(-1)", "key.last", show=False),
        Binding("enter", "choose", "key.open"),
    ]

    class Moved(Message):
        """Another tile was chosen."""

    class Chosen(Message):
        """A tile is to be opened."""

        def __init__(self, tile: Tile) -> None:
            super().__init__()
            self.tile = tile

    def __init__(self) -> None:
        super().__init__()
        self.tiles: list[Tile] = []
        self.at = ""

    def show(self, tiles: Sequence[Tile]) -> None:
        """Take new tiles; the chosen one stays."""
        self.tiles = sorted(tiles, key=lambda tile: (tile.row, tile.col))
        if self.at not in [tile.kreis_key for tile in self.tiles] and self.tiles:
            self.at = self.tiles[0].kreis_key
        self.refresh()
        self.post_message(self.Moved())

    @property
    def current(self) -> Tile | None:
        """The chosen tile."""
        return next((tile for tile in self.tiles if tile.kreis_key == self.at), None)

    def action_walk(self, right: int, down: int) -> None:
        """Go to the nearest tile in a direction."""
        here = self.current
        if here is None:
            return
        ahead = [tile for tile in self.tiles if _ahead(tile, here, right, down)]
        if ahead:
            self._choose(min(ahead, key=lambda tile: _distance(tile, here, right)))

    def action_edge(self, end: int) -> None:
        """Go to the first or the last tile."""
        if self.tiles:
            self._choose(self.tiles[end])

    def action_choose(self) -> None:
        """Open the chosen tile."""
        here = self.current
        if here is not None:
            self.post_message(self.Chosen(here))

    def on_click(self, event: events.Click) -> None:
        """A click chooses, a second one opens."""
        width, height = self._tile_size()
        place = (event.x // width, event.y // height)
        found = next((tile for tile in self.tiles if (tile.col, tile.row) == place), None)
        if found is None:
            return
        if found.kreis_key == self.at:
            self.action_choose()
        else:
            self._choose(found)

    def _choose(self, tile: Tile) -> None:
        self.at = tile.kreis_key
        self.refresh()
        self.post_message(self.Moved())

    def _tile_size(self) -> tuple[int, int]:
        return max(4, min(8, self.size.width // COLUMNS)), max(1, min(3, self.size.height // ROWS))

    def render_line(self, y: int) -> Strip:
        """Draw one line of the map."""
        width, height = self._tile_size()
        row, line = divmod(y, height)
        by_column = {tile.col: tile for tile in self.tiles if tile.row == row}
        segments = []
        for column in range(COLUMNS):
            tile = by_column.get(column)
            if tile is None or (height > 2 and line == height - 1):
                segments.append(Segment(" " * width, self.rich_style))
            else:
                segments.append(Segment(_text(tile, line, width - 1, height), self._tone(tile)))
                segments.append(Segment(" ", self.rich_style))
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def _tone(self, tile: Tile) -> Style:
        tone = self.get_component_rich_style(f"tiles--{TONES.get(tile.symbol, 'some')}", partial=True)
        here = tile.kreis_key == self.at
        ground = self.get_component_rich_style(f"tiles--{'cursor' if here else 'ground'}", partial=not here)
        return self.rich_style + ground + tone


def _text(tile: Tile, line: int, width: int, height: int) -> str:
    """Return what stands on a line of a tile: letters and sign, then the count; in one where it is one line high."""
    if height == 1:
        return fit(f"{tile.abbr}{tile.symbol}", width)
    if line == 0:
        return fit(
            f" {fit(tile.abbr, width - 2)}{tile.symbol}" if width > 5 else f"{fit(tile.abbr, 3)}{tile.symbol}", width
        )
    return fit(f"{tile.count}/{tile.total}", width, right=True) if line == 1 else " " * width


def _ahead(tile: Tile, here: Tile, right: int, down: int) -> bool:
    across, along = tile.col - here.col, tile.row - here.row
    return across * right > 0 if right else along * down > 0


def _distance(tile: Tile, here: Tile, right: int) -> tuple[int, int]:
    """Prefer the same line, then the shortest way."""
    across, along = abs(tile.col - here.col), abs(tile.row - here.row)
    return (along * 3 + across, along) if right else (across * 3 + along, across)
