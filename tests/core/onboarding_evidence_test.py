"""Evidence counts only for the way, the release and the certificates it was seen of, however those have changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.domain import codes
from gateway.domain.calendar import local_date
from gateway.domain.delivery import State
from gateway.domain.dossier import Contact
from gateway.domain.errors import RoutingError
from gateway.domain.onboarding import Check, Evidence, Onboarding, Stage
from gateway.domain.participation import Phase
from gateway.edges.keys_issue import new_key, self_signed
from gateway.flow import onboarding, participation
from gateway.flow.certificates import drop, hold
from gateway.flow.contacts import set_contacts
from gateway.flow.proofs import OF_TEST, OUTDATED
from gateway.flow.test_messages import send_test
from tests.kit.installation import AHLEN, Installation, installation

ANNA, BERND = "operator:anna", "operator:bernd"
WHY = "Test"
TESTED = {Check.TEST_DELIVERED, Check.TEST_OPENED, Check.TEST_ANSWERED}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as installed:
        installed.takes_part(AHLEN, phase=Phase.TEST)
        contacts = (Contact("Technisch", "A", "a@b.example"), Contact("Fachlich", "B", "b@b.example"))
        set_contacts(installed.world, AHLEN, contacts, ANNA, WHY)
        yield installed


def proved(home: Installation) -> None:
    """Have everything really proved: the way tried, a test message confirmed."""
    onboarding.advance(home.world, AHLEN, Stage.DETAILS, ANNA, WHY) if seen(home).stage is Stage.INVITED else None
    answered(home)
    onboarding.check(home.world, AHLEN, ANNA)
    for stage in (Stage.CONNECTED, Stage.VERIFIED):
        onboarding.advance(home.world, AHLEN, stage, ANNA, WHY)


def answered(home: Installation) -> None:
    """Let a test message be confirmed, as the store has it after a 1120."""
    delivery = send_test(home.world, AHLEN, ANNA, WHY)
    with home.world.store.writing() as tx:
        tx.deliveries.save(delivery.but(state=State.CONFIRMED, next_at=None))


def seen(home: Installation) -> Onboarding:
    return onboarding.state_of(home.world, AHLEN)[1]


def held(found: Onboarding) -> set[Check]:
    return {one.check for one in found.evidence if one.holds}


def live(home: Installation) -> Onboarding:
    proved(home)
    onboarding.propose(home.world, AHLEN, ANNA, WHY)
    return onboarding.approve(home.world, AHLEN, BERND, "Ahlen", WHY)


def renewed(home: Installation) -> bytes:
    at = home.clock.now() - timedelta(days=1)
    return self_signed(new_key(), "wrap", name="Ahlen neu", at=at, days=300).public_bytes(Encoding.PEM)


def test_another_test_message_makes_the_fate_of_the_one_before_worth_nothing(home: Installation) -> None:
    proved(home)
    assert held(seen(home)) == set(Check)
    send_test(home.world, AHLEN, ANNA, WHY)
    assert held(seen(home)) == set(Check) - OF_TEST
    with pytest.raises(RoutingError) as refused:
        onboarding.propose(home.world, AHLEN, ANNA, WHY)
    assert {fault.pointer for fault in refused.value.faults} == {f"/evidence/{check}" for check in TESTED}
    answered(home)
    assert onboarding.propose(home.world, AHLEN, ANNA, WHY).proposer == ANNA


def test_a_setting_whose_day_comes_takes_the_proofs_of_the_way_before_with_it(home: Installation) -> None:
    proved(home)
    later = local_date(home.clock.now()) + timedelta(days=3)
    home.takes_part(AHLEN, phase=Phase.TEST, release="2.5", valid_from=later)
    assert seen(home).stage is Stage.VERIFIED
    home.clock.pass_by(days=4)
    found = seen(home)
    assert (found.stage, held(found)) == (Stage.DETAILS, {Check.CONTACT})
    assert {one.detail for one in found.evidence if not one.holds} == {OUTDATED}
    checked = onboarding.check(home.world, AHLEN, ANNA)
    told = {one.check: one.detail for one in checked.evidence}
    assert TESTED & held(checked) == set()
    assert "Bitte eine neue Testnachricht senden." in told[Check.TEST_ANSWERED]


def test_a_new_certificate_asks_for_new_proofs_and_the_log_says_so(home: Installation) -> None:
    proved(home)
    onboarding.propose(home.world, AHLEN, ANNA, WHY)
    hold(home.world, AHLEN, "encrypt", renewed(home), ANNA, WHY)
    dossier, found = onboarding.state_of(home.world, AHLEN)
    assert (found.stage, found.proposer, held(found)) == (Stage.DETAILS, "", {Check.CONTACT})
    assert "neu zu erbringen" in dossier.steps[-1].text
    with pytest.raises(RoutingError) as refused:
        onboarding.approve(home.world, AHLEN, BERND, "Ahlen", WHY)
    assert refused.value.code is codes.STATE_CONFLICT


def test_dropping_an_older_certificate_leaves_the_proofs_of_the_newer_one(home: Installation) -> None:
    (old,) = fingerprints(home)
    hold(home.world, AHLEN, "encrypt", renewed(home), ANNA, WHY)
    proved(home)
    drop(home.world, AHLEN, old, ANNA, WHY)
    assert seen(home).stage is Stage.VERIFIED
    drop(home.world, AHLEN, *fingerprints(home), ANNA, WHY)
    assert seen(home).stage is Stage.DETAILS


def fingerprints(home: Installation) -> list[str]:
    with home.world.store.reading() as tx:
        return [one.fingerprint for one in tx.certificates.held(AHLEN)]


def test_who_proposed_and_who_approved_stays_to_be_read_whatever_follows(home: Installation) -> None:
    live(home)
    onboarding.advance(home.world, AHLEN, Stage.PAUSED, ANNA, WHY)
    assert (seen(home).proposer, seen(home).approver) == (ANNA, BERND)
    onboarding.advance(home.world, AHLEN, Stage.LIVE, BERND, WHY)
    assert (seen(home).proposer, seen(home).approver) == (ANNA, BERND)
    hold(home.world, AHLEN, "encrypt", renewed(home), ANNA, WHY)
    found = seen(home)
    assert (found.stage, found.proposer, found.approver) == (Stage.LIVE, ANNA, BERND)
    assert held(found) == {Check.CONTACT}


def test_after_a_pause_a_way_that_nobody_approved_does_not_go_live(home: Installation) -> None:
    live(home)
    onboarding.advance(home.world, AHLEN, Stage.PAUSED, ANNA, WHY)
    today = local_date(home.clock.now())
    with home.world.store.reading() as tx:
        value = tx.registry.history(AHLEN)[-1]
    other = home.home / "anderswo"
    other.mkdir()
    participation.change(home.world, replace(value, settings={"folder": str(other)}, valid_from=today), ANNA, WHY)
    answered(home)
    onboarding.check(home.world, AHLEN, ANNA)
    with pytest.raises(RoutingError) as refused:
        onboarding.advance(home.world, AHLEN, Stage.LIVE, BERND, WHY)
    assert refused.value.code is codes.FOUR_EYES
    assert seen(home).stage is Stage.PAUSED


def test_evidence_kept_before_it_was_named_still_counts(home: Installation) -> None:
    evidence = tuple(Evidence(check, home.clock.now(), True, "gut") for check in Check)
    with home.world.store.writing() as tx:
        dossier = tx.dossiers.get(AHLEN)
        tx.dossiers.save(replace(dossier, onboarding=Onboarding(AHLEN, Stage.VERIFIED, evidence)))
    assert seen(home).stage is Stage.VERIFIED
