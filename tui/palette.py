"""What the command palette finds: screens, the keys of this screen, colours, and every authority by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from gateway.domain.filtering import fold
from tui.calls import authorities
from tui.client import ApiError
from tui.page import Page
from tui.plain import plain
from tui.screens import PLACES
from tui.themes import THEMES

if TYPE_CHECKING:
    from tui.app import Console

MOST = 12

Command = tuple[str, str, Callable[[], Any]]


class ScreenHits(Provider):
    """Screens, keys and colours."""

    async def discover(self) -> Hits:
        """Offer everything before a word is typed."""
        for label, help_text, act in self._commands():
            yield DiscoveryHit(Content(label), act, text=label, help=help_text)

    async def search(self, query: str) -> Hits:
        """Offer what contains all words."""
        for label, help_text, act in self._commands():
            score = rated(query, f"{label} {help_text}")
            if score:
                yield Hit(score, Content(label), act, text=label, help=help_text)

    def _commands(self) -> Iterator[Command]:
        console = cast("Console", self.app)
        texts = console.texts
        for place in PLACES:
            title = f"{place.key} {texts(f'{place.name}.title')}".strip()
            yield title, texts("shell.palette.go"), partial(console.call_later, console.action_go, place.name)
        page = console.page
        if page is not None:
            yield from self._keys(page)
        for theme in THEMES:
            name = texts(f"shell.theme.{theme.name}")
            yield texts("shell.palette.theme", name=name), "", partial(console.use_theme, theme.name)

    def _keys(self, page: Page) -> Iterator[Command]:
        seen = set()
        for active in page.active_bindings.values():
            binding = active.binding
            if not binding.description.startswith("key.") or binding.action in seen:
                continue
            seen.add(binding.action)
            key = page.texts("shell.palette.action", key=page.app.get_key_display(binding))
            yield page.word(binding.description), key, partial(page.app.run_action, binding.action, active.node)


class AuthorityHits(Provider):
    """Every authority by name or key."""

    async def startup(self) -> None:
        """Learn their names, unless a list has been seen already; without a server none is offered."""
        console = cast("Console", self.app)
        if not console.known:
            with suppress(ApiError):
                console.known = await authorities.rows(await console.api())

    async def search(self, query: str) -> Hits:
        """Offer those that contain all words, the shortest names first."""
        console = cast("Console", self.app)
        found = [row for row in console.known if rated(query, f"{row.title} {row.name} {row.key}")]
        for row in sorted(found, key=lambda row: len(row.title))[:MOST]:
            act = partial(console.open_authority, row.key, row.name)
            label = plain(row.title or row.name)
            yield Hit(0.5 / len(label), Content(label), act, text=label, help=console.texts("shell.palette.authority"))


def rated(query: str, text: str) -> float:
    """Return how well a text answers what was typed: 0 if a word is missing, more the earlier the words stand."""
    folded = fold(text)
    words = fold(query).split()
    if not words or not all(word in folded for word in words):
        return 0.0
    return 1.0 / (1 + folded.index(words[0]))
