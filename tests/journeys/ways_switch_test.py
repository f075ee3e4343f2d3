"""An authority changes its way while something is on the way to it: nothing is lost, nothing arrives twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.case import Delivery
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey
from gateway.flow import dispatch, operate
from gateway.flow.certificates import hold
from gateway.flow.desk import MailboxDesk
from tests.kit import xta_official
from tests.kit.installation import ACTOR, AHLEN, MUENSTER, OELDE, WARENDORF
from tests.kit.ways import BIELEFELD, HAMM, Ways, names_in, ways
from tests.kit.xta_tls import Pki, make_pki

pytestmark = pytest.mark.skipif(not xta_official.OFFICIAL.exists(), reason=xta_official.MISSING)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def around(tmp_path: Path, pki: Pki) -> Iterator[Ways]:
    with ways(tmp_path, pki) as made:
        for key in (HAMM, BIELEFELD):
            mailbox(made, key)
        yield made


def mailbox(around: Ways, key: AuthorityKey) -> None:
    around.installed.takes_part(key, adapter="xta_mailbox", settings={})


def switch(around: Ways, key: AuthorityKey, adapter: str) -> None:
    """Enter a new way from today on, as an operator does."""
    today = around.installed.clock.now().date()
    if adapter == "xta_mailbox":
        around.installed.takes_part(key, adapter=adapter, settings={}, valid_from=today)
    elif adapter == "file_drop":
        inbox = around.installed.inboxes[key]
        around.installed.takes_part(key, settings={"folder": str(inbox)}, valid_from=today)
    else:
        around.takes_part(key, adapter, valid_from=today)


def desk(around: Ways) -> MailboxDesk:
    return MailboxDesk(around.world, "xta_mailbox")


def in_mailbox(around: Ways, key: AuthorityKey) -> list[str]:
    return [row.message_id for row in desk(around).waiting(frozenset({key}))]


def everywhere(around: Ways, key: AuthorityKey) -> list[str]:
    """Return what the authority has, over all its ways."""
    ends = [name for end in around.ends.values() for name in end.stored()]
    return [*ends, *names_in(around.installed.inboxes[key])]


def fetched_and_closed(around: Ways, delivery: Delivery) -> None:
    mine = frozenset({delivery.authority})
    envelope = desk(around).fetch(mine, delivery.message_id)
    assert envelope is not None
    assert len(envelope.sealed()) >= 3
    assert desk(around).close(mine, delivery.message_id)
    assert around.delivery(delivery.message_id).state is State.HANDED_OVER


def test_what_lies_in_the_mailbox_stays_there_for_the_authority_and_only_new_messages_take_the_new_way(
    around: Ways,
) -> None:
    old = around.hand_off(HAMM)
    around.work()
    switch(around, HAMM, "sftp")
    new = around.hand_off(HAMM)
    around.work(minutes=5)
    assert in_mailbox(around, HAMM) == [old.message_id]
    assert list(around.ends["sftp"].stored()) == [new.message_id]
    fetched_and_closed(around, old)
    assert list(around.ends["sftp"].stored()) == [new.message_id]


def test_a_way_that_is_corrected_on_its_first_day_leaves_nothing_behind(around: Ways) -> None:
    switch(around, WARENDORF, "xta_mailbox")
    old = around.hand_off(WARENDORF)
    around.work()
    assert in_mailbox(around, WARENDORF) == [old.message_id]
    switch(around, WARENDORF, "file_drop")  # replaces the entry of the same day
    around.work(minutes=5)
    fetched_and_closed(around, old)
    assert names_in(around.installed.inboxes[WARENDORF]) == []


def test_what_lies_in_the_mailbox_goes_by_the_new_way_when_the_operator_diverts_it(around: Ways) -> None:
    old = around.hand_off(HAMM)
    around.work()
    switch(around, HAMM, "sftp")
    operate.divert(around.world, old.message_id, ACTOR, "Postfach wird geschlossen")
    assert in_mailbox(around, HAMM) == []
    around.work()
    assert list(around.ends["sftp"].stored()) == [old.message_id]
    assert not desk(around).close(frozenset({HAMM}), old.message_id)
    assert around.delivery(old.message_id).state is State.AVAILABLE


def test_a_message_that_waits_for_the_old_way_goes_by_the_new_one(around: Ways) -> None:
    with around.ends["sftp"].troubles["refused connection"]():
        waiting = around.hand_off(OELDE)
        around.work()
        assert around.delivery(waiting.message_id).state is State.WAITING
    switch(around, OELDE, "xta_mailbox")
    around.work(hours=1)
    assert in_mailbox(around, OELDE) == [waiting.message_id]
    assert list(around.ends["sftp"].stored()) == []
    fetched_and_closed(around, waiting)


@pytest.mark.parametrize(("key", "adapter"), [(MUENSTER, "xta_push"), (OELDE, "sftp"), (AHLEN, "soap_push")])
def test_after_an_unclear_outcome_a_new_way_waits_for_a_human(around: Ways, key: AuthorityKey, adapter: str) -> None:
    end = around.ends[adapter]
    unclear = around.hand_off(key, 200_000)
    with end.troubles["answer lost after delivery"]():
        around.work()
    assert around.delivery(unclear.message_id).state is State.WAITING
    switch(around, key, "file_drop")
    around.work(hours=1)
    held = around.delivery(unclear.message_id)
    assert (held.state, held.reason[:24]) == (State.HELD, "Der Übertragungsweg wurd")
    assert everywhere(around, key) == [unclear.message_id]
    operate.confirm_handover(around.world, unclear.message_id, ACTOR, "laut Anruf angekommen")
    around.work(hours=1)
    assert everywhere(around, key) == [unclear.message_id]
    assert around.case(unclear).wrapped_key is None


def test_a_message_under_way_while_the_way_changes_takes_the_way_it_was_sent_on(around: Ways) -> None:
    around.hand_off(OELDE)
    (leased,) = dispatch.claim(around.world, "worker-1", 1)
    switch(around, OELDE, "file_drop")
    after = dispatch.dispatch(around.world, leased)
    assert (after.state, after.adapter) == (State.AVAILABLE, "sftp")
    around.work(hours=1)
    assert everywhere(around, OELDE) == [leased.message_id]


def test_what_lies_in_the_old_folder_is_still_watched(around: Ways) -> None:
    old = around.hand_off(OELDE)
    around.work()
    switch(around, OELDE, "xta_mailbox")
    assert around.delivery(old.message_id).state is State.AVAILABLE
    sftp = around.installed.home / "sftp" / "eingang" / old.message_id
    sftp.rename(around.installed.home / "abgeholt" / f"{old.message_id}@1")
    around.work(minutes=10)
    assert around.delivery(old.message_id).state is State.HANDED_OVER
    assert in_mailbox(around, OELDE) == []


def test_a_certificate_that_was_given_up_no_longer_opens_the_mailbox_of_the_old_way(around: Ways, pki: Pki) -> None:
    hold(around.world, HAMM, "tls", pki.authority.cert.read_bytes(), ACTOR)
    assert desk(around).accounts(pki.authority.fingerprint) == frozenset({HAMM})
    with around.world.store.writing() as tx:
        tx.certificates.remove(HAMM, pki.authority.fingerprint)
    assert desk(around).accounts(pki.authority.fingerprint) == frozenset()
