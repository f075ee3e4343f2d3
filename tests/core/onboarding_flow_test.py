"""What a change of the way, a later setting, or a visit at the mailbox means for an onboarding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapter import Probing
from gateway.domain import codes
from gateway.domain.calendar import local_date
from gateway.domain.delivery import State
from gateway.domain.dossier import Contact, Dossier
from gateway.domain.errors import RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.onboarding import PHASE_STAGES, STAGE_PHASES, Check, Evidence, Onboarding, Stage
from gateway.domain.participation import Option, Participation, Phase, Protection, in_force
from gateway.edges.keys_issue import new_key, self_signed
from gateway.flow import onboarding, probes
from gateway.flow.contacts import set_contacts
from gateway.flow.desk import MailboxDesk
from gateway.flow.participation import remove
from gateway.flow.proofs import onboarding_of, same_way
from gateway.flow.test_messages import send_test
from gateway.flow.visits import last_visit
from gateway.seal.keys import fingerprint
from gateway.xbau.release import RELEASES
from tests.kit.installation import AHLEN, OELDE, Installation, installation
from tests.kit.registry_world import NOW

ANNA, BERND = "operator:anna", "operator:bernd"
WHY = "Test"
ADDRESS: dict[str, Any] = {
    "sender_street": "Musterstraße", "sender_number": "1", "sender_postcode": "40213",
    "sender_town": "Musterstadt", "sender_email": "post@portal.example",
}  # fmt: skip
"""What releases up to 2.3.1 want of the author."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, **ADDRESS) as installed:
        installed.takes_part(AHLEN, phase=Phase.TEST)
        yield installed


def proved(installed: Installation, key: AuthorityKey, stage: Stage, proposer: str = "") -> None:
    """Keep an onboarding whose every check holds."""
    contacts = (Contact("Technisch", "A", "a@b.example"), Contact("Fachlich", "B", "b@b.example"))
    evidence = tuple(Evidence(check, installed.clock.now(), True, "gut") for check in Check)
    kept = Onboarding(key, stage, evidence, proposer)
    with installed.world.store.writing() as tx:
        dossier = tx.dossiers.get(key)
        tx.dossiers.save(replace(dossier, contacts=contacts, onboarding=kept))


def stage_of(installed: Installation, key: AuthorityKey) -> Stage:
    return onboarding.state_of(installed.world, key)[1].stage


def phase_on(installed: Installation, key: AuthorityKey, days: int) -> Phase | None:
    with installed.world.store.reading() as tx:
        found = in_force(tx.registry.history(key), local_date(installed.clock.now()) + timedelta(days=days))
    return found.phase if found else None


def today(installed: Installation, days: int = 0) -> Any:
    return local_date(installed.clock.now()) + timedelta(days=days)


@pytest.mark.parametrize(
    "change",
    [
        {"release": "2.5"},
        {"settings": {"folder": "/anderswo"}},
        {"adapter": "xta_mailbox", "settings": {}},
        {"certificates": ("0" * 64,)},
    ],
    ids=["release", "settings", "adapter", "certificate"],
)
@pytest.mark.parametrize("stage", [Stage.CONNECTED, Stage.VERIFIED])
def test_another_way_takes_an_authority_back_to_its_details(
    home: Installation, change: dict[str, Any], stage: Stage
) -> None:
    proved(home, AHLEN, stage, ANNA)
    home.takes_part(AHLEN, phase=Phase.TEST, valid_from=today(home), **change)
    dossier, found = onboarding.state_of(home.world, AHLEN)
    assert (found.stage, found.proposer) == (Stage.DETAILS, "")
    assert {one.check for one in found.evidence} == {Check.CONTACT}
    assert dossier.steps[-1].text.endswith("neu zu erbringen.")


@pytest.mark.parametrize("change", [{"option": Option.WITHOUT_PLANS}, {"size_limit": 100_000_000}, {"note": "x"}])
def test_what_does_not_touch_the_way_leaves_the_proofs(home: Installation, change: dict[str, Any]) -> None:
    proved(home, AHLEN, Stage.VERIFIED, ANNA)
    home.takes_part(AHLEN, phase=Phase.TEST, valid_from=today(home), **change)
    found = onboarding.state_of(home.world, AHLEN)[1]
    assert (found.stage, found.proposer, len(found.evidence)) == (Stage.VERIFIED, ANNA, len(Check))


def test_a_way_that_changes_later_does_not_touch_todays_proofs(home: Installation) -> None:
    proved(home, AHLEN, Stage.VERIFIED)
    home.takes_part(AHLEN, phase=Phase.TEST, release="2.5", valid_from=today(home, 5))
    assert stage_of(home, AHLEN) is Stage.VERIFIED


def test_taking_back_the_setting_that_was_proved_takes_the_proofs_too(home: Installation) -> None:
    home.takes_part(AHLEN, phase=Phase.TEST, release="2.5", valid_from=today(home))
    proved(home, AHLEN, Stage.VERIFIED)
    assert remove(home.world, AHLEN, today(home), ANNA, WHY)
    assert stage_of(home, AHLEN) is Stage.DETAILS


def test_a_live_authority_stays_live_when_its_way_changes_but_must_be_proved_anew(home: Installation) -> None:
    home.takes_part(AHLEN)
    proved(home, AHLEN, Stage.LIVE)
    home.takes_part(AHLEN, release="2.5", valid_from=today(home))
    found = onboarding.state_of(home.world, AHLEN)[1]
    assert found.stage is Stage.LIVE
    assert {one.check for one in found.evidence} == {Check.CONTACT}


def test_the_stage_never_says_something_else_than_the_phase(home: Installation) -> None:
    home.takes_part(AHLEN)
    proved(home, AHLEN, Stage.LIVE)
    home.takes_part(AHLEN, phase=Phase.PAUSED, valid_from=today(home))
    assert stage_of(home, AHLEN) is Stage.PAUSED
    assert all(STAGE_PHASES[stage] is phase for phase, stage in PHASE_STAGES.items())


@given(st.sampled_from(list(Stage)), st.sampled_from(list(Phase)), st.sampled_from(list(Option)))
def test_whatever_was_kept_the_shown_stage_fits_the_phase_in_force(stage: Stage, phase: Phase, option: Option) -> None:
    value = Participation(AHLEN, NOW.date(), option, phase=phase)
    found = onboarding_of(Dossier(AHLEN, onboarding=Onboarding(AHLEN, stage)), [value], NOW.date())
    assert found.stage.phase is phase or not option.accepts
    assert found.stage is stage or (option.accepts and stage.phase is not phase)


def approved(home: Installation) -> Onboarding:
    """Have everything proved for real checks too, proposed by one and approved by the other."""
    proved(home, AHLEN, Stage.VERIFIED, ANNA)
    answered(home)
    return onboarding.approve(home.world, AHLEN, BERND, "Ahlen", WHY)


def answered(home: Installation) -> None:
    """Let a test message be confirmed, as the store has it after a 1120."""
    delivery = send_test(home.world, AHLEN, ANNA, WHY)
    with home.world.store.writing() as tx:
        tx.deliveries.save(delivery.but(state=State.CONFIRMED, next_at=None))


def test_approving_makes_live_from_today_with_both_names_in_the_journal(home: Installation) -> None:
    live = approved(home)
    assert (live.stage, live.proposer, live.approver) == (Stage.LIVE, ANNA, BERND)
    assert (phase_on(home, AHLEN, -1), phase_on(home, AHLEN, 0)) == (Phase.TEST, Phase.LIVE)
    with home.world.store.reading() as tx:
        last = list(tx.journal.read(subject=AHLEN))[-1]
    assert (last.act.what, last.act.actor, last.act.why) == ("onboarding.approved", BERND, WHY)
    assert (last.act.facts["proposer"], last.act.facts["approver"]) == (ANNA, BERND)
    assert set(last.act.facts["evidence"]) == set(Check)


def test_a_later_setting_by_the_same_way_goes_live_too(home: Installation) -> None:
    home.takes_part(AHLEN, phase=Phase.TEST, option=Option.WITHOUT_PLANS, valid_from=today(home, 7))
    approved(home)
    assert phase_on(home, AHLEN, 7) is Phase.LIVE


def test_a_later_setting_by_another_way_stays_in_test_and_the_log_says_so(home: Installation) -> None:
    home.takes_part(AHLEN, phase=Phase.TEST, release="2.5", valid_from=today(home, 7))
    approved(home)
    assert (phase_on(home, AHLEN, 0), phase_on(home, AHLEN, 7)) == (Phase.LIVE, Phase.TEST)
    assert "noch zu prüfen" in onboarding.state_of(home.world, AHLEN)[0].steps[-1].text


@pytest.mark.parametrize("person", [ANNA, "operator:ANNA", " operator:anna "])
def test_the_person_who_proposed_cannot_approve_under_any_spelling(home: Installation, person: str) -> None:
    proved(home, AHLEN, Stage.VERIFIED, ANNA)
    answered(home)
    with pytest.raises(RoutingError) as refused:
        onboarding.approve(home.world, AHLEN, person, "Ahlen", WHY)
    assert refused.value.code is codes.FOUR_EYES
    assert phase_on(home, AHLEN, 0) is Phase.TEST


def test_a_refused_approval_changes_nothing_at_all(home: Installation) -> None:
    proved(home, AHLEN, Stage.VERIFIED, ANNA)
    with home.world.store.reading() as tx:
        before = sum(1 for _ in tx.journal.read())
    with pytest.raises(RoutingError):
        onboarding.approve(home.world, AHLEN, BERND, "Ahlen", WHY)
    with home.world.store.reading() as tx:
        assert sum(1 for _ in tx.journal.read()) == before
    assert stage_of(home, AHLEN) is Stage.VERIFIED


def test_an_authority_without_option_1_or_2_cannot_be_connected(home: Installation) -> None:
    with pytest.raises(RoutingError) as refused:
        onboarding.advance(home.world, OELDE, Stage.DETAILS, ANNA, WHY)
    assert "Option 1 oder 2" in refused.value.reason
    with pytest.raises(RoutingError):
        send_test(home.world, OELDE, ANNA, WHY)


@pytest.mark.parametrize("release", list(RELEASES))
def test_a_test_message_is_valid_in_every_release(home: Installation, release: str) -> None:
    home.takes_part(AHLEN, phase=Phase.TEST, release=release, valid_from=today(home))
    delivery = send_test(home.world, AHLEN, ANNA, WHY)
    home.work()
    assert (home.inboxes[AHLEN] / delivery.message_id / "envelope.xml").exists()


def test_without_both_contacts_the_check_names_the_missing_one(home: Installation) -> None:
    set_contacts(home.world, AHLEN, [Contact("IT (technisch)", "A", "a@b.example")], ANNA, WHY)
    found = probes.at_hand(home.world, probes.situation(home.world, AHLEN))
    contact = next(one for one in found if one.check is Check.CONTACT)
    assert not contact.holds
    assert "fachlicher Kontakt" in contact.detail
    assert "technischer" not in contact.detail


def test_where_plans_go_by_post_the_check_asks_for_the_postal_address(home: Installation) -> None:
    people = [Contact("Technisch", "A", "a@b.example"), Contact("Fachlich", "B", "b@b.example")]
    home.takes_part(AHLEN, option=Option.WITHOUT_PLANS, valid_from=today(home))

    def found() -> tuple[bool, str]:
        every = probes.at_hand(home.world, probes.situation(home.world, AHLEN))
        return next((one.holds, one.detail) for one in every if one.check is Check.CONTACT)

    set_contacts(home.world, AHLEN, people, ANNA, WHY)
    holds, detail = found()
    assert not holds
    assert "ein Kontakt mit der Rolle „Postanschrift“" in detail
    set_contacts(home.world, AHLEN, [*people, Contact("Postanschrift", "Rathaus, 59227 Ahlen", "")], ANNA, WHY)
    assert found()[0]


def test_the_details_name_everything_that_is_missing_at_once(home: Installation) -> None:
    home.takes_part(
        OELDE, phase=Phase.NOT_CONNECTED, procedures=frozenset(), release="", adapter="", settings={},
        valid_from=today(home),
    )  # fmt: skip
    found = probes.at_hand(home.world, probes.situation(home.world, OELDE))
    details = next(one for one in found if one.check is Check.DETAILS)
    assert not details.holds
    assert "Verfahren, XBau-Version, Übertragungsweg" in details.detail


def on_the_mailbox(home: Installation) -> dict[Check, Evidence]:
    home.takes_part(
        AHLEN, phase=Phase.TEST, adapter="xta_mailbox", settings={}, protection=Protection.TRANSPORT,
        valid_from=today(home),
    )  # fmt: skip
    return {one.check: one for one in probes.everything(home.world, probes.situation(home.world, AHLEN))}


def test_an_authority_that_never_came_to_its_mailbox_is_not_reachable(home: Installation) -> None:
    found = on_the_mailbox(home)
    assert "noch nie abgerufen" in found[Check.REACHABLE].detail
    assert "TLS-Anmeldung" in found[Check.CERTIFICATE].detail
    assert not found[Check.CERTIFICATE].holds


def test_a_call_at_the_mailbox_within_the_last_working_day_proves_it(home: Installation) -> None:
    on_the_mailbox(home)
    private = new_key()
    certificate = self_signed(private, "tls", name="Ahlen", at=home.clock.now() - timedelta(days=1), days=300)
    with home.world.store.writing() as tx:
        tx.certificates.add(AHLEN, "tls", certificate)
    desk = MailboxDesk(home.world, "xta_mailbox")
    for _ in range(3):
        assert desk.accounts(fingerprint(certificate)) == {AHLEN}
    assert last_visit(home.world, AHLEN) == home.clock.now()
    found = on_the_mailbox(home)
    assert found[Check.REACHABLE].holds
    with home.world.store.reading() as tx:
        calls = [entry for entry in tx.journal.read(subject=AHLEN) if entry.act.what == "authority.called"]
    assert len(calls) == 1
    home.clock.pass_by(days=8)
    assert "vor mehr als einem Arbeitstag" in on_the_mailbox(home)[Check.REACHABLE].detail


def test_every_way_of_ours_that_calls_out_can_be_probed(home: Installation) -> None:
    settings = {"folder": str(home.inboxes[AHLEN])}
    value = Participation(AHLEN, today(home), Option.WITH_PLANS, adapter="file_drop", settings=settings)
    assert isinstance(home.world.build(AHLEN, value), Probing)


def test_the_same_way_is_told_by_what_was_proved_of_it(home: Installation) -> None:
    one = home.takes_part(AHLEN)
    assert same_way(one, replace(one, phase=Phase.TEST, valid_from=today(home, 9), note="x"))
    assert not same_way(one, replace(one, protection=Protection.TRANSPORT))
    assert not same_way(one, None)
