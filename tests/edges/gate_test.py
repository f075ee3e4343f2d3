"""The PDF gate, with its real helper process: what passes, what is refused and how, and what happens when it breaks."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gateway.domain import codes
from gateway.domain.codes import Code
from gateway.domain.errors import SubmissionError
from gateway.domain.limits import ATTACHMENT_BYTES
from gateway.edges.gate import Gate, Memory, Queue
from gateway.edges.gate_cell import SMALL
from gateway.edges.gate_helper import Helper
from tests.kit.pdfs import GOOD, plain_pdf
from tests.kit.pdfs_hostile import HOSTILE, in_annotation, in_catalog

REFUSALS = {
    codes.NOT_A_PDF,
    codes.PDF_DAMAGED,
    codes.PDF_ENCRYPTED,
    codes.PDF_ACTIVE,
    codes.PDF_EMBEDDED,
    codes.PDF_BOMB,
}
HEAVY = "more than a million objects"


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.close()


def outcome(gate: Gate, data: bytes) -> SubmissionError | None:
    feed = gate.feed()
    try:
        feed.write(data)
        feed.verdict()
    except SubmissionError as error:
        return error
    finally:
        feed.close()
    return None


def helpers() -> list[psutil.Process]:
    """Return the helper processes of this process, by the module they run."""
    return [one for one in psutil.Process().children() if "gateway.edges.gate_child" in " ".join(one.cmdline())]


@pytest.mark.parametrize("kind", GOOD)
def test_a_still_and_whole_pdf_passes(gate: Gate, kind: str) -> None:
    assert outcome(gate, GOOD[kind]()) is None


@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind != HEAVY])
def test_a_hostile_pdf_is_refused_with_its_code(gate: Gate, kind: str) -> None:
    build, code = HOSTILE[kind]
    error = outcome(gate, build())
    assert error is not None, "it passed"
    assert error.code is code, error.reason
    assert error.reason.endswith(".")
    assert error.hint


@pytest.mark.slow
def test_a_pdf_of_more_than_a_million_objects_is_refused(gate: Gate) -> None:
    build, code = HOSTILE[HEAVY]
    error = outcome(gate, build())
    assert error is not None
    assert error.code is code
    assert "1000000" in error.reason


def test_the_reason_names_everything_found_and_where(gate: Gate) -> None:
    script = b"<< /S /JavaScript /JS (x) >>"
    error = outcome(gate, in_annotation(b"/Subtype /FileAttachment /A 6 0 R", script))
    assert error is not None
    assert error.code is codes.PDF_ACTIVE
    assert error.reason == (
        "Die Datei enthält eine eingebettete Datei (Seite 1, Objekt 5), JavaScript (Seite 1, Objekt 6)."
    )


def test_the_reason_quotes_nothing_from_the_file(gate: Gate) -> None:
    error = outcome(gate, in_catalog(b"/OpenAction << /S /URI /URI (http://geheim.example/Meier) >>"))
    assert error is not None
    assert "geheim" not in f"{error.reason} {error.hint}"


def test_many_findings_are_counted_not_listed(gate: Gate) -> None:
    error = outcome(gate, in_catalog(b"/X 5 0 R", *[b"<< /S /JavaScript /JS (x) >>"] * 30))
    assert error is not None
    assert "und 25 weitere Stellen" in error.reason


def test_an_empty_upload_is_no_pdf(gate: Gate) -> None:
    assert (error := outcome(gate, b"")) is not None
    assert error.code is codes.NOT_A_PDF


def test_a_file_over_the_limit_is_cut_off_in_memory_too(gate: Gate) -> None:
    feed = gate.feed()
    feed.write(bytes(ATTACHMENT_BYTES))
    with pytest.raises(SubmissionError) as error:
        feed.write(b"x")
    feed.close()
    assert error.value.code is codes.ATTACHMENT_TOO_LARGE


def test_any_damage_to_a_good_pdf_is_answered_with_a_verdict(gate: Gate) -> None:
    chance = random.Random(4)
    seen: set[Code | None] = set()
    for build in (GOOD["object streams"], GOOD["links to click"], GOOD["filters of the nineties"], GOOD["linearised"]):
        whole = build()
        for _ in range(25):
            data = bytearray(whole)
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(data))
                data[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
            error = outcome(gate, bytes(data))
            seen.add(None if error is None else error.code)
    assert seen <= {None, *REFUSALS}, "the check itself never fails"
    assert codes.PDF_DAMAGED in seen


def test_files_are_checked_at_the_same_time_without_mixing_them_up(gate: Gate) -> None:
    kinds = ["a password", "a portfolio", "text", "a script on opening"] * 4
    found: dict[int, Code | None] = {}

    def check(place: int, kind: str) -> None:
        error = outcome(gate, HOSTILE[kind][0]())
        found[place] = None if error is None else error.code

    threads = [threading.Thread(target=check, args=pair) for pair in enumerate(kinds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[place] for place in range(len(kinds))] == [HOSTILE[kind][1] for kind in kinds]


def test_memory_is_given_back_after_every_upload_whatever_came_of_it() -> None:
    gate = Gate(memory=ATTACHMENT_BYTES)
    before = len(list(Path("/proc/self/fd").iterdir()))
    big = plain_pdf(size_bytes=20_000_000)
    for _ in range(3):
        assert outcome(gate, big) is None
        assert outcome(gate, b"x" * 20_000_000) is not None
    first, second = gate.feed(), gate.feed()
    first.write(big)
    with pytest.raises(SubmissionError) as full:
        second.write(big)
    assert full.value.code is codes.PDF_UNCHECKED
    assert full.value.code.status == 503
    first.close()
    first.close()
    second.write(big)
    second.verdict()
    second.close()
    gate.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_killed_helper_refuses_nothing_accepts_nothing_and_comes_back() -> None:
    gate = Gate()
    assert outcome(gate, plain_pdf()) is None
    (helper,) = helpers_of(gate)
    feed = gate.feed()
    feed.write(plain_pdf())
    os.kill(helper.pid, signal.SIGKILL)
    helper.wait(5)
    feed.verdict()  # the upload that found it dead had it started again
    feed.close()
    assert [one.pid for one in helpers_of(gate)] != [helper.pid]
    gate.close()


def helpers_of(gate: Gate) -> list[psutil.Process]:
    """Return the helper of one gate; others of this test process are told apart by age."""
    return [max(helpers(), key=lambda one: one.create_time())]


def at_work(helper: psutil.Process) -> psutil.Process:
    """Return the helper's child that checks, as soon as it has begun."""
    idle = {one.pid: one.cpu_times().user for one in helper.children()}
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for one in helper.children():
            if one.cpu_times().user > idle.get(one.pid, 0) + 0.02:
                return one
        time.sleep(0.002)
    raise AssertionError("no child of the gate began to check")


def test_a_helper_that_dies_during_a_check_leaves_the_file_unchecked() -> None:
    gate = Gate()
    assert outcome(gate, plain_pdf()) is None
    (helper,) = helpers_of(gate)
    slow = HOSTILE["an object stream that swells"][0]()

    def kill() -> None:
        at_work(helper)
        helper.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    error = outcome(gate, slow)
    killer.join()
    assert error is not None
    assert error.code is codes.PDF_UNCHECKED
    assert outcome(gate, plain_pdf()) is None
    gate.close()


def test_a_child_killed_from_outside_is_no_verdict_on_the_file() -> None:
    gate = Gate()
    gate.warm()
    (helper,) = helpers_of(gate)
    slow = HOSTILE["an object stream that swells"][0]()
    killer = threading.Thread(target=lambda: at_work(helper).kill())
    killer.start()
    error = outcome(gate, slow)
    killer.join()
    assert error is not None
    assert error.code is codes.PDF_UNCHECKED
    assert [one.pid for one in helpers_of(gate)] == [helper.pid], "the helper itself lives on"
    assert outcome(gate, plain_pdf()) is None
    gate.close()


def children_of(gate: Gate) -> set[int]:
    """Return the children of a gate's helper, once two fresh ones wait."""
    (helper,) = helpers_of(gate)
    deadline = time.monotonic() + 5
    while len(children := helper.children()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return {one.pid for one in children}


def spent_on(gate: Gate, data: bytes, times: int) -> set[int]:
    """Return which children were there in the course of some checks that pass."""
    seen = set(children_of(gate))
    for _ in range(times):
        assert outcome(gate, data) is None
        seen |= {one.pid for one in helpers_of(gate)[0].children()}
    return seen


def test_small_files_that_pass_share_a_child_and_large_ones_do_not() -> None:
    gate = Gate()
    gate.warm()
    shared = spent_on(gate, plain_pdf(), 8)
    assert len(shared) <= 4
    large = plain_pdf().replace(b"startxref", b"%" + b" " * SMALL + b"\nstartxref")
    alone = spent_on(gate, large, 8)
    assert len(alone - shared) >= 6
    gate.close()


def test_a_file_that_does_not_pass_is_looked_at_again_by_a_child_that_saw_no_other() -> None:
    gate = Gate()
    hostile, code = HOSTILE["an empty archive"]
    for _ in range(4):
        assert outcome(gate, plain_pdf()) is None
        used = children_of(gate)
        error = outcome(gate, hostile())
        assert error is not None
        assert error.code is code
        assert outcome(gate, plain_pdf()) is None
        assert used - children_of(gate), "the child in doubt has ended"
    gate.close()


def test_a_used_child_that_dies_at_work_costs_the_file_nothing() -> None:
    gate = Gate()
    slow = HOSTILE["an object stream that swells"][0]()
    assert len(slow) <= SMALL
    assert outcome(gate, plain_pdf()) is None
    (helper,) = helpers_of(gate)
    known = children_of(gate)

    def kill() -> None:
        os.kill(
            max(helper.children(), key=lambda one: (one.pid in known, sum(one.cpu_times()[:2]))).pid, signal.SIGKILL
        )

    threading.Timer(0.1, kill).start()
    error = outcome(gate, slow)
    assert error is not None
    assert error.code is codes.PDF_BOMB
    gate.close()


def test_a_helper_that_cannot_be_started_leaves_the_file_unchecked() -> None:
    for command in (("/no/such/program",), (sys.executable, "-c", "raise SystemExit(1)")):
        gate = Gate(helper=Helper(command))
        error = outcome(gate, plain_pdf())
        assert error is not None
        assert error.code is codes.PDF_UNCHECKED
        gate.close()


def test_a_check_that_waits_too_long_for_a_busy_machine_is_ended_and_held_against_nobody() -> None:
    start = "import socket, sys; from gateway.edges.gate_child import main; "
    gate = Gate(
        helper=Helper((sys.executable, "-P", "-c", start + "main(socket.socket(fileno=int(sys.argv[1])), 0.1)"))
    )
    gate.warm()
    error = outcome(gate, HOSTILE["an object stream that swells"][0]())
    assert error is not None
    assert error.code is codes.PDF_UNCHECKED
    gate.close()


def test_the_helper_and_its_children_end_with_the_gateway() -> None:
    gate = Gate()
    assert outcome(gate, plain_pdf()) is None
    (helper,) = helpers_of(gate)
    everybody = [helper, *helper.children()]
    gate.close()
    _, alive = psutil.wait_procs(everybody, timeout=5)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def test_the_helper_ends_when_the_gateway_is_killed() -> None:
    program = (
        "import os, psutil; from gateway.edges.gate import Gate; from tests.kit.pdfs import plain_pdf; gate = Gate();"
        "feed = gate.feed(); feed.write(plain_pdf()); feed.verdict(); helper, = psutil.Process().children();"
        "print(helper.pid, *[one.pid for one in helper.children()], flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) >= 2
    deadline = time.monotonic() + 5
    while running := [pid for pid in pids if psutil.pid_exists(pid) and not _dead(pid)]:
        assert time.monotonic() < deadline, running
        time.sleep(0.02)


def _dead(pid: int) -> bool:
    """Return whether a process has ended, even if nobody has taken note of it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_helper_gets_none_of_our_secrets_and_no_file_of_ours(tmp_path: Path) -> None:
    os.environ["BAUWEICHE_SECRET"] = "s3cret"
    try:
        with (tmp_path / "ours").open("w"):
            gate = Gate()
            assert outcome(gate, plain_pdf()) is None
            (helper,) = helpers_of(gate)
            assert "BAUWEICHE_SECRET" not in helper.environ()
            assert not [file.path for file in helper.open_files() if str(tmp_path) in file.path]
            gate.close()
    finally:
        del os.environ["BAUWEICHE_SECRET"]


def test_whoever_came_first_is_checked_first() -> None:
    queue = Queue(1)
    order: list[int] = []

    def visit(number: int) -> None:
        with queue.turn():
            order.append(number)

    threads = []
    with queue.turn():
        for number in range(8):
            threads.append(threading.Thread(target=visit, args=(number,)))
            threads[-1].start()
            while queue.waiting <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_no_more_than_the_allowed_number_are_inside_at_once() -> None:
    queue, inside, most = Queue(3), 0, 0
    lock = threading.Lock()

    def visit() -> None:
        nonlocal inside, most
        with queue.turn():
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.002)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=visit) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3


def test_memory_counts_to_the_byte() -> None:
    memory = Memory(10)
    memory.take(10)
    with pytest.raises(SubmissionError):
        memory.take(1)
    memory.give_back(1)
    memory.take(1)
    assert memory.held == 10


def test_a_scanner_has_the_last_word() -> None:
    class Scanner:
        def __init__(self) -> None:
            self.seen: list[bytes] = []

        def scan(self, file: int) -> None:
            self.seen.append(os.pread(file, 5, 0))
            with pytest.raises(PermissionError):
                os.pwrite(file, b"!", 0)
            with pytest.raises(PermissionError):
                os.ftruncate(file, 0)
            raise SubmissionError(codes.PDF_ACTIVE, "Die Datei enthält Schadsoftware.")

    scanner = Scanner()
    gate = Gate(scanner=scanner)
    error = outcome(gate, plain_pdf())
    assert error is not None
    assert error.reason == "Die Datei enthält Schadsoftware."
    assert outcome(gate, b"no pdf") is not None
    assert scanner.seen == [b"%PDF-"], "only what passed the rules is scanned"
    gate.close()
