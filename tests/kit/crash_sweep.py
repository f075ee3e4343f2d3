"""Strikes one call of the crash story after the other and looks at what is left: disk, portal, authority.

What is looked for: everything acknowledged arrived, complete and once; the neighbour has nothing; nothing is readable
where only ciphertext may lie; the journal's chain holds; after the handover nothing is left of the content.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.domain.journal import verify
from gateway.wiring import open_world
from tests.kit import crash_story
from tests.kit.crash_ends import End, digest, equipped, free_port
from tests.kit.crash_shim import Fault
from tests.kit.crash_story import Said
from tests.kit.installation import MUENSTER

SEALED = frozenset({"file_drop", "sftp"})
PATIENCE = 180.0
"""Seconds that a telling may take."""

NEEDLES = [text.encode() for text in (crash_story.FORM_CANARY, crash_story.PDF_CANARY, crash_story.NAME_CANARY)]


@dataclass
class Zygote:
    """The warm process that forks tellings; `library` is preloaded into it."""

    process: subprocess.Popen[str]
    telling: int = 0

    @classmethod
    @contextmanager
    def running(cls, temporary: Path, library: Path | None = None) -> Iterator[Zygote]:
        """Start it with a folder for temporary files of its own, so that it can be looked into."""
        temporary.mkdir(exist_ok=True)
        environment = os.environ | {"TMPDIR": str(temporary)} | ({"LD_PRELOAD": str(library)} if library else {})
        program = [sys.executable, "-m", "tests.kit.crash_zygote"]
        with (temporary.parent / "zygote.log").open("a") as log:
            process = subprocess.Popen(
                program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
            )
        with process:
            yield cls(process)
            assert process.stdin is not None
            process.stdin.close()

    def begin(self, order: Mapping[str, Any]) -> int:
        """Order a telling and return the process that tells it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        self.telling = int(self._answer()["pid"])
        return self.telling

    def end(self) -> tuple[int, str]:
        """Wait until it has ended; return its wait status and, if it came to its end, its calls.

        One that stands still is ended, and that is a failure.
        """
        assert self.process.stdout is not None
        still = not select.select([self.process.stdout], [], [], PATIENCE)[0]
        if still:
            os.kill(self.telling, signal.SIGKILL)
        answer = self._answer()
        assert not still, f"the telling stood still for {PATIENCE:.0f} s"
        return int(answer["status"]), str(answer["journal"])

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


@dataclass
class Struck:
    """How a struck telling ended: `fired` if the call was reached at all."""

    fired: bool
    killed: bool
    stopped: bool
    said: Said


@dataclass
class Sweep:
    """One way and option: an installation in its first state, kept to be restored before every telling."""

    base: Path
    way: str
    option: str
    zygote: Zygote
    end: End
    mailbox_port: int = 0
    home: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home = self.base / "home"

    @property
    def where(self) -> str:
        return f"{self.way}, option {self.option}"

    def journal(self) -> str:
        """Tell it undisturbed and return a letter for every call (tests/kit/crash_shim.c)."""
        self._restore()
        status, journal = self._tell()
        assert os.waitstatus_to_exitcode(status) == 0, (self.where, self._log())
        assert self._said().accepted
        self.check(self._said().accepted, "undisturbed")
        return journal

    def strike(self, number: int, fault: Fault, kind: str = "") -> Struck:
        """Strike one call, look, tell again as the portal would, and look at everything."""
        place = f"{self.where}, call {number} ({kind or '?'}), {fault.name}"
        self._restore()
        status, journal = self._tell(number=number, fault=int(fault))
        code, first = os.waitstatus_to_exitcode(status), self._said()
        stopped = code == crash_story.STOPPED
        assert code in (0, -9, crash_story.STOPPED), (place, code, self._log())
        self.nothing_readable(place)
        if fault is not Fault.KILL and kind == "F" and number <= first.at:
            raise AssertionError(f"{place}: acknowledged after a failed fsync")
        status, _ = self._tell()
        assert os.waitstatus_to_exitcode(status) == 0, (place, self._log())
        again = self._said().accepted
        assert again, f"{place}: the portal cannot hand it off any more"
        assert first.accepted in ("", again), f"{place}: another message id after the restart"
        self.check(again, place)
        return Struck(code != 0 or len(journal) >= number, code == -9, stopped, first)

    def check(self, message_id: str, place: str) -> None:
        """Look at the authority, its neighbour, the disk and the journal after everything was delivered."""
        files = crash_story.portal_files(self.home, self.option)
        arrived = self.end.arrived()
        assert len(arrived) == 1, f"{place}: arrived {len(arrived)} times"
        assert arrived[0].findings == (), f"{place}: {arrived[0].findings}"
        assert arrived[0].digests == {digest(file) for file in files}, f"{place}: other files"
        assert crash_story.FORM_CANARY.encode() in arrived[0].message, f"{place}: another message"
        assert message_id.encode() in arrived[0].message, f"{place}: another message id"
        neighbour = self.home / "authorities" / MUENSTER / "inbox"
        assert not list(neighbour.iterdir()), f"{place}: something at the neighbour"
        self.nothing_readable(place)
        self._left(place)

    def _left(self, place: str) -> None:
        world = open_world(crash_story.settings(self.home))
        try:
            with world.store.reading() as tx:
                assert verify(tx.journal.read()) is None, f"{place}: the journal's chain is broken"
                cases = tx.cases.find("p-1")
                assert len(cases) == 1, f"{place}: {len(cases)} cases"
                assert cases[0].erased_at is not None, f"{place}: not erased"
        finally:
            world.store.close()
        left = [path for path in (self.home / "state" / "vault").rglob("*") if path.is_file()]
        assert not left, f"{place}: still in the vault: {left}"

    def nothing_readable(self, place: str) -> None:
        """No canary stands in clear anywhere but with the portal and, behind TLS, with the authority."""
        folders = [self.home / "state", self.base / "tmp"]
        if self.way in SEALED:
            folders.append(self.home / "authorities")
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        readable = [path for path in [*files, self.base / "zygote.log"] if _holds_a_canary(path)]
        assert not readable, f"{place}: in clear: {readable}"

    def _tell(self, **how: int) -> tuple[int, str]:
        out = self.base / "told"
        out.write_text("")
        given = {"way": self.way, "option": self.option, "mailbox_port": self.mailbox_port}
        self.zygote.begin({"home": str(self.home), "out": str(out), **given, **how})
        return self.zygote.end()

    def _said(self) -> Said:
        return crash_story.told(self.base / "told")

    def _log(self) -> str:
        return (self.base / "zygote.log").read_text()[-500:]

    def _restore(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.base / "kept", self.home)
        self.end.reset()


def _holds_a_canary(path: Path) -> bool:
    try:
        octets = path.read_bytes()
    except FileNotFoundError:  # removed just now
        return False
    return any(needle in octets for needle in NEEDLES)


@contextmanager
def sweep(base: Path, way: str, option: str, library: Path) -> Iterator[Sweep]:
    """Set up everything for one way and option below a folder."""
    port = free_port() if way == "xta_mailbox" else 0
    home = base / "home"
    home.mkdir(parents=True)
    with ExitStack() as stack:
        made: list[End] = []
        crash_story.prepare(home, lambda world: made.append(stack.enter_context(equipped(world, way, option, port))))
        shutil.copytree(home, base / "kept")
        zygote = stack.enter_context(Zygote.running(base / "tmp", library))
        yield Sweep(base, way, option, zygote, made[0], port)
