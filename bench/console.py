"""The console against an empty Textual app: from start to the first useful frame, and what a keystroke costs.

`python -m bench.console` prints the figures. Both programs are started as processes of their own; the clock runs from
before the start until the first frame is drawn (the empty app) or the list shows all 212 authorities of a server that
answers over a socket (the console). A keystroke is counted from its arrival until the whole screen has been drawn anew.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Figure, table

SIZE = (80, 24)
MOST_MORE_SECONDS = 1.0
MOST_212, MOST_1000 = 0.050, 0.100
TYPED = ("w", "wa", "war", "ware", "waren", "!s", "kreis:w", "option:1 weg:xta", "stufe:live", "")


def run(quick: bool) -> list[Figure]:
    """Return what was measured."""
    rounds = 3 if quick else 7
    with serving() as url:
        started = [(_start("empty"), _start("console", url)) for _ in range(rounds)]
    empty, ours = tuple(first for first, _ in started), tuple(second for _, second in started)
    more = tuple(second - first for first, second in started)
    few, many = (asyncio.run(keystrokes(count, rounds)) for count in (212, 1000))
    return [
        Figure("console_start_empty", "an empty Textual app until its first frame", "s", empty),
        Figure("console_start", "the console until 212 authorities are shown", "s", ours),
        Figure("console_start_more", "the console above the empty app", "s", more, most=MOST_MORE_SECONDS),
        Figure("console_start_ratio", "the console against the empty app", "×", tuple(b / a for a, b in started)),
        Figure("console_filter_212", "a keystroke in the filter at 212 rows", "s", few, most=MOST_212),
        Figure("console_filter_1000", "a keystroke in the filter at 1 000 rows", "s", many, most=MOST_1000),
    ]


@contextmanager
def serving() -> Iterator[str]:
    """Serve the operator API with 212 authorities on a loopback port; yields its address."""
    import uvicorn

    from tests.tui.fake_api import FakeApi

    config = uvicorn.Config(FakeApi(), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def _start(*what: str) -> float:
    """Start one of the programs below and return the seconds until it says that its first frame is drawn."""
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "bench.console", *what], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent
    ) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        seconds = time.perf_counter() - begin
        child.stdout.read()
    if line.strip() != b"drawn":
        raise RuntimeError(f"{what[0]} did not come up")
    return seconds


async def empty() -> None:
    """Run an empty Textual app until its first frame."""
    from textual.app import App

    app: App[None] = App()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        print("drawn", flush=True)


async def console(url: str) -> None:
    """Run the console until it shows all authorities."""
    import httpx

    from tui.app import Console, Setting
    from tui.client import Client
    from tui.texts import load
    from tui.widgets.rows import Rows

    texts = load("de")
    setting = Setting(
        connect=lambda: Client(httpx.AsyncClient(base_url=url), texts),
        texts=texts,
        clock=lambda: datetime.now(UTC),
        first="authorities",
    )
    app = Console(setting)
    async with app.run_test(size=SIZE) as pilot:
        while not any(len(rows.visible_items) == 212 for rows in app.screen.query(Rows)):
            await asyncio.sleep(0.001)
        await pilot.pause()
        print("drawn", flush=True)


async def keystrokes(count: int, rounds: int) -> tuple[float, ...]:
    """Return the seconds for each keystroke of a few filters over so many rows, drawing included."""
    from tests.tui.kit_tui import console as opened
    from tests.tui.kit_tui import page_of
    from tui.screens.authorities import AuthoritiesPage

    async with opened(first="authorities", size=SIZE) as (app, _):
        page = page_of(app)
        assert isinstance(page, AuthoritiesPage)
        known = page.rows.items
        page.rows.show([replace(known[at % len(known)], key=f"{at:08d}") for at in range(count)])

        def typed(text: str) -> None:
            page.rows.narrow(text)
            page.tell_list()
            page._compositor.render_strips()

        return tuple(_timed(lambda text=text: typed(text)) for _ in range(rounds) for text in TYPED)  # type: ignore[misc]  # bound on purpose


def _timed(act: Callable[[], None]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def main() -> None:
    """Measure, or be one of the programs that are measured."""
    if sys.argv[1:2] == ["empty"]:
        asyncio.run(empty())
    elif sys.argv[1:2] == ["console"]:
        asyncio.run(console(sys.argv[2]))
    else:
        print(table(run(quick="--quick" in sys.argv)))


if __name__ == "__main__":
    main()
