"""A small storm: processes killed at random, every wire lossy, and a judge that knows portals and authorities only."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest

from gateway.domain.ids import AuthorityKey
from proof.judge import Outcome, judged
from proof.portals import Acknowledged, Ledger, wishes
from proof.storm import AUTHORITIES
from tests.kit.crash_ends import Arrived

ONE, OTHER = "1" * 8 + "-0000-4000-8000-" + "1" * 12, "2" * 8 + "-0000-4000-8000-" + "2" * 12
HERE, THERE = (AuthorityKey(key) for key, _, _ in AUTHORITIES[:2])


@pytest.mark.long
def test_in_a_storm_every_acknowledged_application_arrives_exactly_once_and_nothing_else() -> None:
    command = [sys.executable, "-m", "tests.kit.storm_small"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["failures"] == []
    assert found["missed"] == []
    assert found["kills"] > 3
    assert {"portal", "xta_mailbox"} <= set(found["wires"])
    assert found["acknowledged"] > 100


def message(identity: str, *digests: str) -> Arrived:
    octets = f"<k:nachrichtenUUID>{identity}</k:nachrichtenUUID>".encode()
    return Arrived(octets, frozenset(digests))


def outcome(*acknowledged: Acknowledged, **arrived: list[Arrived]) -> Outcome:
    ledger = Ledger(dict(enumerate(acknowledged)))
    return Outcome(ledger, Counter(), Counter(), Counter(), 0, dict(arrived))


def test_the_judge_sees_what_is_lost_doubled_misrouted_changed_or_uncalled_for() -> None:
    known = Acknowledged(ONE, HERE, frozenset({"a"}))
    assert judged(outcome(known, **{HERE: [message(ONE, "a")]})) == ([], [], [])
    assert judged(outcome(known))[0] == [f"{ONE} for {HERE}"]
    assert judged(outcome(known, **{HERE: [message(ONE, "a"), message(ONE, "a")]}))[1] == [ONE]
    assert judged(outcome(known, **{THERE: [message(ONE, "a")]}))[2] == [f"{ONE} for {HERE} arrived at {THERE}"]
    assert judged(outcome(known, **{HERE: [message(ONE, "b")]}))[2] == [f"{ONE} arrived with other files: ()"]
    uncalled = judged(outcome(known, **{HERE: [message(ONE, "a"), message(OTHER, "a")]}))[2]
    assert uncalled == [f"{OTHER} at {HERE} was never acknowledged"]


def test_the_same_seed_wishes_the_same() -> None:
    addressees = [(key, option) for key, _, option in AUTHORITIES]
    assert wishes(50, addressees, 7) == wishes(50, addressees, 7)
    assert {wish.municipality for wish in wishes(200, addressees, 7)} == {key for key, _, _ in AUTHORITIES}
    assert any(wish.bad for wish in wishes(200, addressees, 7))
