"""A version and the one before it side by side on one database, while submissions flow; then the older one stops.

The older version is the real one, taken from the history of this repository.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import pytest

from gateway.demo.pdf import make_pdf
from gateway.domain.journal import verify
from gateway.edges.store import stand
from gateway.edges.store.schema import HEAD
from gateway.installing import set_up
from gateway.settings import load
from gateway.wiring import open_world
from tests.kit.fleet import ROOT, Fleet, Portal, ending, environment
from tests.kit.installation import WARENDORF, Installation, MovingClock, overview_pdf
from tests.kit.stores import fresh_postgres

BEFORE, BEFORE_HEAD = "59d9860", "0004"
"""The commit of the version before this one, and the newest revision of its tables."""

FILES = [overview_pdf(), make_pdf(["Plan"], 60_000)]


def older(place: Path) -> Path:
    """Unpack the version before this one."""
    packed = subprocess.run(
        ["git", "archive", BEFORE, "gateway", "adapters", "xsd", "tui", "tests/kit"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if packed.returncode:
        pytest.skip(f"the history with {BEFORE} is not here: {packed.stderr.decode(errors='replace').strip()[:200]}")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(place, filter="data")
    return place


class Flow(threading.Thread):
    """Portals that go on handing off, one after the other, until told to stop."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token
        self.addresses: list[str] = []
        self.accepted: list[str] = []
        self.failed: list[BaseException] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            line = Portal(self.addresses, self.token)
            try:
                self.accepted.append(str(line.hand_off(f"k-{len(self.accepted)}", *FILES)["message_id"]))
            except BaseException as error:  # told by the test, in its own thread
                self.failed.append(error)
                return
            finally:
                line.close()

    def more(self, count: int = 2) -> None:
        """Wait until so many more were accepted."""
        until, wanted = time.monotonic() + 90, len(self.accepted) + count
        while len(self.accepted) < wanted:
            assert not self.failed, self.failed
            assert time.monotonic() < until, "nothing is accepted any more"
            time.sleep(0.05)


SET_UP = """
import json, sys
from pathlib import Path
from tests.kit.installation import WARENDORF, installation
home = Path(sys.argv[1])
with installation(home, database=sys.argv[2]) as made:
    print(json.dumps([made.token(), str(made.inboxes[WARENDORF]), str(made.keys[WARENDORF])]))
"""
"""What the older version's own tests do to set an installation up."""


def set_up_by(code: Path, home: Path, database: str) -> tuple[str, Path, Path]:
    """Let the older version set itself up; return a portal's token, the authority's inbox and its key."""
    state = home / "state"
    state.mkdir(parents=True, mode=0o700)
    settings = {"database": database, "disk_reserve_bytes": 0}
    (state / "bauweiche.toml").write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()))
    command = [sys.executable, "-c", SET_UP, str(home), database]
    shown = subprocess.run(command, cwd=code, env=environment(code), capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    token, inbox, key = json.loads(shown.stdout)
    return token, Path(inbox), Path(key)


@pytest.mark.long
def test_two_versions_work_on_one_database_and_the_older_leaves_without_a_gap(tmp_path: Path) -> None:
    before = older(tmp_path / "before")
    home, database = tmp_path / "here", fresh_postgres(empty=True)
    token, inbox, key = set_up_by(before, home, database)
    with ending(Fleet(home, None)) as around:  # type: ignore[arg-type]  # there is none of this version yet
        old = [around.start("serve", "--port", "0", code=before), around.start("worker", code=before)]
        flow = Flow(token)
        flow.addresses = [old[0].address]
        flow.start()
        flow.more()
        assert stand(database) == BEFORE_HEAD
        settings = load(around.state)
        set_up(settings, "Bauweiche Test")
        assert stand(database) == HEAD
        flow.more()  # the older version on the newer tables, alone
        new = [around.start("serve", "--port", "0"), around.start("worker")]
        flow.addresses = [old[0].address, new[0].address]
        flow.more(3)
        for member in old:
            member.stop()
        flow.addresses = [new[0].address]
        flow.more()
        flow.over.set()
        flow.join()
        world = open_world(settings)
        around.installed = Installation(home, settings, world, MovingClock(), {WARENDORF: inbox}, {WARENDORF: key})
        _all_there(around, flow.accepted)
        for member in new:
            member.stop()
        world.store.close()


def _all_there(around: Fleet, accepted: list[str]) -> None:
    until = time.monotonic() + 90
    while len(around.delivered()) < len(accepted):
        assert time.monotonic() < until, (len(around.delivered()), len(accepted))
        time.sleep(0.1)
    assert around.delivered() == sorted(accepted)
    for name in around.delivered():
        around.opened(name)
    with around.installed.world.store.reading() as tx:
        verify(tx.journal.read())
        carried = {entry.act.what for entry in tx.journal.read()}
    assert "database.migrated" in carried
