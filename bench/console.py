"""The console against an empty Textual app: from start to the first useful frame, and what a keystroke costs.

`python -m bench.console` prints the figures. Every program is started as a process of its own in a terminal (a pty) of
80x24 characters, one after the other in each round: the empty app, the console on a server that answers over a socket,
and the console without a server on a state folder where every authority takes part, over five ways: first its overview,
then its list of authorities. The clock runs from the start until the terminal has been sent the
frame that says something: the empty app its word, the console the figures of all 212 authorities. Python's byte code is
there already, as after an installation. A keystroke is counted from its arrival until the screen has been drawn anew.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Figure, ratios, table

SIZE = (80, 24)
MOST_MORE_SECONDS = 1.0
MOST_212, MOST_1000 = 0.050, 0.100
CONTROL = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
USEFUL = rb"(Summe|1 mit Pl\S+nen) +212"
"""What the first screen shows as soon as it has its figures; with a long list below them there is no room for a sum."""

LIST = ("--screen", "authorities")
LISTED = rb"Wuppertal"
"""The tenth row of the list of authorities."""

WAYS = ("file_drop", "sftp", "soap_push", "xta_mailbox", "xta_push")
CASES = 500
PATIENCE = 60.0
EMPTY = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("leer")

Empty().run()
"""
TYPED = ("w", "wa", "war", "ware", "waren", "!s", "kreis:w", "option:1 weg:xta", "stufe:live", "")


def run(quick: bool) -> list[Figure]:
    """Return what was measured."""
    rounds = 3 if quick else 7
    with serving() as url, TemporaryDirectory(prefix="bauweiche-console-") as home:
        state = installed(Path(home))
        token = Path(home, "token")
        token.write_text("bo_bench", encoding="ascii")
        there, here = ("--url", url, "--token-file", str(token)), ("--local", str(state))
        ways = (("-c", EMPTY), ("-m", "tui", *there), ("-m", "tui", *here), ("-m", "tui", *here, *LIST))
        marks = (b"leer", USEFUL, USEFUL, LISTED)
        began = [[start(way, mark, home) for way, mark in zip(ways, marks, strict=True)] for _ in range(rounds + 1)][1:]
    figures = []
    for at, name in enumerate(("server", "folder", "folder_list"), start=1):
        for kind, unit, most in ((0, "s", MOST_MORE_SECONDS), (1, "s CPU", None)):
            empty = [one[0][kind] for one in began]
            ours = [one[at][kind] for one in began]
            label = f"console_start_{name}" + ("_cpu" if kind else "")
            more = tuple(mine - floor for mine, floor in zip(ours, empty, strict=True))
            figures += [
                Figure(f"{label}_more", f"the console ({name}) above an empty app", unit, more, most=most),
                Figure(f"{label}_ratio", f"the console ({name}) against an empty app", "×", ratios(ours, empty)),
            ]
    few, many = (asyncio.run(keystrokes(count, rounds)) for count in (212, 1000))
    return [
        *figures,
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


def installed(home: Path) -> Path:
    """Set an installation up in which every authority takes part, with a history; returns its state folder."""
    from bench.operator_lists import fill
    from tests.kit.installation import WARENDORF, installation

    with installation(home) as made:
        pattern = made.takes_part(WARENDORF)
        with made.world.store.writing() as tx:
            (certificate,) = tx.certificates.of(WARENDORF, "encrypt")
            edition = next(iter(made.world.directory.editions.values()))
            for at, key in enumerate(sorted(edition.authorities)):
                if key != WARENDORF:
                    tx.registry.add(replace(pattern, authority=key, adapter=WAYS[at % len(WAYS)]))
                    tx.certificates.add(key, "encrypt", certificate)
        fill(made, CASES)
        return made.settings.state


def start(arguments: Sequence[str], mark: bytes, home: str) -> tuple[float, float]:
    """Start a program in a terminal; returns the seconds, and those of processor time, until it has shown `mark`."""
    begin = time.perf_counter()
    process, terminal = pty.fork()
    if process == 0:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        root = str(Path(__file__).parent.parent)
        more = {"TERM": "xterm-256color", "PYTHONPYCACHEPREFIX": f"{home}/pyc", "PYTHONPATH": root}
        os.execve(sys.executable, [sys.executable, *arguments], kept | more)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
    shown = b""
    try:
        while re.search(mark, CONTROL.sub(b"", shown)) is None:
            left = begin + PATIENCE - time.perf_counter()
            if left < 0 or not select.select([terminal], [], [], left)[0]:
                raise RuntimeError(f"{' '.join(arguments[:2])} did not come up")
            shown += os.read(terminal, 65536)
        seconds = time.perf_counter() - begin
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return seconds, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)


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
    """Measure."""
    print(table(run(quick="--quick" in sys.argv)))


if __name__ == "__main__":
    main()
