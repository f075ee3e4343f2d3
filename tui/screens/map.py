"""NRW as 53 tiles: where how many take part, by option, stage, way or trouble."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Static

from tui.calls import desk
from tui.client import ApiError, Client
from tui.dialogs.choose import Choice, Choose
from tui.exporting import write_new
from tui.page import Page
from tui.plain import plain
from tui.widgets.tiles import TileMap, as_tile

VIEWS = ("stage", "option", "way", "trouble")


class MapPage(Page):
    """The map, and at its side what is in the chosen tile."""

    section = "map"
    AUTO_FOCUS: ClassVar[str | None] = "TileMap"
    CSS_PATH = "map.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "next_view", "key.next_view"),
        Binding("V", "choose_view", "key.choose_view", show=False),
        Binding("h", "write_page", "key.write_page"),
        Binding("y", "copy_id", "key.copy", show=False),
        Binding("x", "write_page", "key.write_page", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.view = VIEWS[0]
        self.legend: list[dict[str, Any]] = []

    def body(self) -> Iterable[Widget]:
        """The tiles, and the side with the legend and the chosen tile."""
        with Horizontal(id="both"):
            yield TileMap()
            yield Static("", id="side", markup=False)

    async def load(self, client: Client) -> None:
        """Fetch the tiles of the view."""
        view = self.view
        answer = await desk.map_of(client, view)
        self.legend = list(answer.get("legend") or [])
        self.query_one(TileMap).show([as_tile(tile) for tile in answer["tiles"]])
        self._tell()

    def twin(self) -> str:
        """The same on the command line."""
        return f"bauweiche map --view {self.view}"

    def help_lines(self) -> list[tuple[str, str]]:
        """What the signs on a tile mean."""
        return [(self.t(f"view.{view}"), self.t(f"help.{view}")) for view in VIEWS] + [
            (self.t("help.tile"), self.t("help.tile_text"))
        ]

    # -- the side -----------------------------------------------------------------------------------------------

    def on_tile_map_moved(self) -> None:
        """Say what is in the chosen tile."""
        self._tell()

    def _tell(self) -> None:
        tile = self.query_one(TileMap).current
        self.tell_place(note=self.t("view", name=self.t(f"view.{self.view}")))
        text = Text(overflow="ellipsis")
        for line in self._legend_lines():
            text.append(f"{line}\n")
        if tile is not None:
            text.append("\n")
            text.append(f"{tile.abbr}  {tile.name}\n", "bold")
            text.append(f"{tile.symbol} {self.named(tile.word)}\n{self.t('inside', n=tile.total, live=tile.live)}\n\n")
            room = max(3, self.query_one("#side").size.height - text.plain.count("\n"))
            shown = tile.authorities if len(tile.authorities) <= room else tile.authorities[: room - 1]
            for one in shown:
                word = self.named(one.get("word", ""))
                text.append(f"{plain(one.get('symbol', ''))} {plain(one.get('name', ''))} · {word}\n")
            if len(shown) < len(tile.authorities):
                text.append(self.t("more", n=len(tile.authorities) - len(shown)))
        self.query_one("#side", Static).update(text)

    def named(self, word: object) -> str:
        """Return what the server calls a sign, in the language of the screen; names of ways stay as they are."""
        known = f"map.word.{word}"
        return self.texts(known) if self.texts.has(known) else plain(word)

    def _legend_lines(self) -> Sequence[str]:
        lines = [f"{plain(one.get('symbol', ''))} {self.named(one.get('word', ''))}" for one in self.legend]
        counts = [one.get("count") for one in self.legend]
        return [line if count is None else f"{line}  {count}" for line, count in zip(lines, counts, strict=True)][:8]

    # -- keys ---------------------------------------------------------------------------------------------------

    def on_tile_map_chosen(self, event: TileMap.Chosen) -> None:
        """Open the authorities of the tile."""
        self.console.call_later(self.console.visit, "authorities", f"kreis:{event.tile.kreis_key}")

    def action_next_view(self) -> None:
        """Show the next view."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self._tell()
        self.reload()

    @work(exclusive=True, group="dialog")
    async def action_choose_view(self) -> None:
        """Ask which view."""
        choices = [Choice(view, self.t(f"view.{view}")) for view in VIEWS]
        chosen = await self.app.push_screen_wait(Choose(self.t("choose_view"), choices))
        if chosen:
            self.view = chosen
            self.reload()

    def action_copy_id(self) -> None:
        """Copy the key of the chosen Kreis."""
        tile = self.query_one(TileMap).current
        if tile is not None:
            self.copy(tile.kreis_key)

    @work(exclusive=True, group="dialog")
    async def action_write_page(self) -> None:
        """Write the public page of the map beside the console."""
        path = Path(f"karte-{self.console.clock():%Y-%m-%d-%H%M%S}.html")
        try:
            write_new(path, await desk.map_page(await self.console.api()))
        except ApiError as error:
            self.say(error.text, wrong=True)
        except FileExistsError:
            self.say(self.texts("errors.file_exists", name=str(path)), wrong=True)
        except OSError as error:
            self.say(self.texts("errors.file", name=str(path), reason=error.strerror or ""), wrong=True)
        else:
            self.say(self.t("written", name=str(path)))
