"""Runs the console in tests against the fake API: a fixed clock, a fixed size, no waiting for the wall clock."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from html import escape, unescape
from typing import Any

import httpx
from rich.cells import cell_len
from textual.events import Key
from textual.pilot import Pilot

from tests.tui.fake_api import FakeApi
from tests.tui.fake_world import NOW
from tests.tui.kit_actions import Watched
from tui.app import Console, Setting
from tui.client import Client
from tui.page import Page
from tui.texts import Texts, load

SMALL, LARGE = (80, 24), (120, 40)


def client_of(api: Any, texts: Texts, *, token: Callable[[], str] = str, read_only: bool = False) -> Client:
    """Return a client that talks to an application in this process."""
    http = httpx.AsyncClient(transport=Silent(api), base_url="http://gateway.test")
    return Client(http, texts, token, read_only)


class Silent(httpx.AsyncBaseTransport):
    """The application in this process; while it is down, connections fail as they do on a network."""

    def __init__(self, api: Any) -> None:
        self._inner = httpx.ASGITransport(app=api)
        self.under_way = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.under_way += 1
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionError as error:
            raise httpx.ConnectError(str(error)) from error
        finally:
            self.under_way -= 1


def setting_of(api: Any, *, lang: str = "de", **changes: Any) -> Setting:
    """Return how the tests start a console."""
    texts = load(lang)
    given = Setting(
        connect=lambda: client_of(api, texts, read_only=bool(changes.get("read_only"))),
        texts=texts,
        clock=lambda: NOW,
        refresh_seconds=0,
    )
    return replace(given, **changes)


@asynccontextmanager
async def console(
    api: FakeApi | None = None, *, size: tuple[int, int] = SMALL, **changes: Any
) -> AsyncIterator[tuple[Console, Pilot[None]]]:
    """Open a console and wait until its first screen has data."""
    app = Watched(setting_of(api or FakeApi(), **changes))
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(app, pilot)
        yield app, pilot


async def settle(app: Console, pilot: Pilot[None]) -> None:
    """Wait until nothing is being fetched, sent or checked any more; an open window is left alone."""
    quiet = 0
    for _ in range(2000):
        await pilot.pause(0 if quiet else 0.002)
        quiet = 0 if _busy(app) else quiet + 1
        if quiet == QUIET:
            break
    await pilot.pause(FRAME)
    await pilot.pause(0)


FRAME = 0.02
"""A little more than Textual takes to lay a changed screen out anew (1/60 s)."""

QUIET = 3
"""Rounds of the message loop in which nothing may be under way."""


def _busy(app: Console) -> bool:
    client = app._client
    transport = client.http._transport if client is not None else None
    asked = isinstance(transport, Silent) and transport.under_way > 0
    return asked or any(not worker.is_finished and worker.group in WAITED for worker in app.workers)


WAITED = {"load", "connect", "who", "check", "more"}


async def press(app: Console, pilot: Pilot[None], *keys: str) -> None:
    """Press keys one after the other, and wait."""
    for key in keys:
        _send(app, key, None)
        await pilot.pause(0)
        await settle(app, pilot)


async def write(app: Console, pilot: Pilot[None], text: str) -> None:
    """Type a text sign by sign."""
    for sign in text:
        _send(app, KEYS.get(sign, sign), sign)
        await pilot.pause(0)
    await settle(app, pilot)


def _send(app: Console, key: str, sign: str | None) -> None:
    assert app._driver is not None
    pressed = Key(key, sign if sign is not None else key if len(key) == 1 else None)
    pressed.set_sender(app)
    app._driver.send_message(pressed)


KEYS = {
    " ": "space",
    ":": "colon",
    ".": "full_stop",
    ",": "comma",
    "<": "less_than_sign",
    "!": "exclamation_mark",
    "-": "minus",
    "/": "slash",
    "[": "left_square_bracket",
    "]": "right_square_bracket",
    "@": "at",
}


def page_of(app: Console) -> Page:
    """Return the page that is shown."""
    page = app.page
    assert page is not None
    return page


def text_of(app: Console) -> str:
    """Return what stands on the screen, line by line."""
    width = app.size.width
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip)[:width] for strip in lines)


def picture_of(app: Console) -> str:
    """Return the screen as SVG, always the same for the same screen, and drawn alike by every renderer."""
    drawn = app.export_screenshot(title="Bauweiche", simplify=True)
    drawn = FOREIGN_FONT.sub("", TEXT.sub(_without_margins, drawn))
    return "\n".join(line.rstrip() for line in drawn.splitlines() if line.strip()) + "\n"


TEXT = re.compile(r'(<text [^>]*?)x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"([^>]*)>([^<]*)</text>')
FOREIGN_FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)
"""Rich names fonts of a foreign server; the reader's own monospaced font does as well."""

CELL = 12.2
"""Width of a sign in the pictures."""


def _without_margins(match: re.Match[str]) -> str:
    """Put every run of words at its own place: renderers differ in the width of spaces and of rare signs."""
    before, x, y, _, after, text = match.groups()
    signs = unescape(text.replace("&#160;", "\u00a0"))
    parts = []
    for run in re.finditer("[^\u00a0]+(\u00a0[^\u00a0]+)*", signs):
        at = float(x) + cell_len(signs[: run.start()]) * CELL
        words = escape(run.group(), quote=False).replace("\u00a0", "&#160;")
        long = cell_len(run.group()) * CELL
        parts.append(f'{before}x="{at:.1f}" y="{y}" textLength="{long:.1f}"{after}>{words}</text>')
    return "".join(parts)
