"""Every kind of bad reply: its exact answer, its journal entry, and nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.adapter import Waiting
from gateway.domain import codes
from gateway.domain.delivery import State
from gateway.domain.errors import SubmissionError
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.domain.message import Party
from gateway.domain.reply import ReplyState
from gateway.flow.desk import MailboxDesk
from gateway.flow.replies_kept import message_of
from gateway.xbau.read import read_reply
from gateway.xbau.replies.build import MessageRef
from tests.kit.installation import AHLEN, WARENDORF, Installation, installation
from tests.kit.replying import (
    Answering,
    answer_to,
    hand_in,
    journal_of,
    kept,
    known_case,
    state_of,
)

NUMBERS = count(1)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("bad")) as made:
        made.takes_part(AHLEN)
        yield made


@pytest.fixture
def known(installed: Installation) -> Answering:
    return known_case(installed, next(NUMBERS))


def rejected_with(installed: Installation, reply_id: str, kennzahl: str, release: str = "2.6") -> None:
    """A 1100 with that Fehlerkennzahl is in the queue for the sender, in that release, and carries the message back."""
    reply = kept(installed, reply_id)
    assert reply.state is ReplyState.REFUSED
    assert reply.wrapped_key is None
    delivery, octets = answer_to(installed, reply)
    assert (delivery.kind, delivery.number, delivery.authority) == ("rejection", "1100", reply.authority)
    assert (delivery.state, delivery.release) == (State.ACCEPTED, release)
    answer = read_reply(octets)
    assert answer.release == release
    assert answer.facts.rejected is not None
    assert [ground.kennzahl for ground in answer.facts.rejected.grounds][:1] == [kennzahl]
    assert journal_of(installed, reply_id)[0] == "reply.refused"


def test_a_reply_without_header_is_answered_with_x001_in_the_senders_release(
    installed: Installation, known: Answering
) -> None:
    xml = known.xml("1120", release="2.4.0.1").replace(b"nachrichtenkopf.g2g", b"kopf")
    reply_id = hand_in(installed, xml)
    rejected_with(installed, reply_id, "X001", "2.4.0.1")


@pytest.mark.parametrize("release", ["2.2", "2.3.1", "2.4", "2.4.0.1", "2.5", "2.6"])
def test_each_release_gets_its_own_1100(installed: Installation, known: Answering, release: str) -> None:
    xml = known.xml("1121", release=release, file_reference="63/1").replace(b"63/1", b"")
    rejected_with(installed, hand_in(installed, xml), "X001", release)


def test_a_1100_is_never_answered_with_a_1100(installed: Installation, known: Answering) -> None:
    broken = known.xml("1100").replace(b"rueckweisungDaten", b"daten")
    reply = kept(installed, hand_in(installed, broken))
    assert (reply.state, reply.answered_by, reply.code) == (ReplyState.QUARANTINED, "", "xbau-schema-invalid")
    assert message_of(installed.world, reply) == broken
    assert journal_of(installed, reply.id) == ["reply.quarantined"]


def test_a_1100_to_our_own_1100_ends_it_and_goes_to_the_operators(installed: Installation) -> None:
    refused = kept(installed, hand_in(installed, b"<nothing/>"))
    delivery, _ = answer_to(installed, refused)
    with installed.world.store.writing() as tx:
        tx.deliveries.save(
            delivery.but(state=State.HANDED_OVER, next_at=None, handed_over_at=installed.clock.now())
        )  # fmt: skip
    ours = Answering(installed, known_case(installed, next(NUMBERS)).case, delivery)
    about = MessageRef(delivery.message_id, "1100", delivery.stamped_at)
    reply = kept(installed, hand_in(installed, ours.xml("1100", about=about)))
    assert (reply.state, reply.answered_by) == (ReplyState.QUARANTINED, "")
    with installed.world.store.reading() as tx:
        after = tx.deliveries.get(delivery.message_id)
        pending = tx.deliveries.listing(states=frozenset({State.ACCEPTED}), limit=1000)
    assert after is not None
    assert after.state is State.REJECTED
    assert all(one.stamped_at <= delivery.stamped_at for one in pending)


def test_a_code_that_its_list_lacks_is_answered_with_x011(installed: Installation, known: Answering) -> None:
    xml = known.xml("1170").replace(b">17<", b">99<")
    rejected_with(installed, hand_in(installed, xml), "X011")


def test_another_authority_in_the_header_is_answered_with_t070(installed: Installation, known: Answering) -> None:
    xml = known.xml("1120", sender=Party("bab:05315000", "Stadt Köln"))
    reply_id = hand_in(installed, xml)
    rejected_with(installed, reply_id, "T070")
    assert kept(installed, reply_id).authority == WARENDORF
    assert state_of(known)[0] is State.HANDED_OVER


def test_a_second_system_of_one_authority_may_write_under_its_key_plus_one(
    installed: Installation, known: Answering
) -> None:
    xml = known.xml("1120", sender=Party("bab:05570001", "Kreis Warendorf, zweites Verfahren"))
    assert kept(installed, hand_in(installed, xml)).state is ReplyState.MATCHED


def test_another_authoritys_case_is_never_touched(installed: Installation) -> None:
    theirs = known_case(installed, next(NUMBERS), authority=AHLEN)
    mine = Answering(installed, known_case(installed, next(NUMBERS)).case, theirs.delivery)
    xml = mine.xml("1120", reference=theirs.case.reference, about=None)
    reply = kept(installed, hand_in(installed, xml))
    assert reply.state is ReplyState.QUARANTINED
    assert reply.reason == "Der Vorgang gehört zu einer anderen Behörde."
    assert state_of(theirs)[0] is State.HANDED_OVER


def test_who_has_taken_the_municipality_over_answers_for_its_predecessor(installed: Installation) -> None:
    moved = known_case(installed, next(NUMBERS), municipality=str(AHLEN))
    heir = known_case(installed, next(NUMBERS), authority=AHLEN)
    about = MessageRef(moved.delivery.message_id, "0200", moved.delivery.stamped_at)
    xml = heir.xml("1120", reference=moved.case.reference, about=about)
    reply = kept(installed, hand_in(installed, xml, accounts=frozenset({AHLEN})))
    assert (reply.state, reply.case_id) == (ReplyState.MATCHED, moved.case.id)
    assert (reply.authority, reply.matched_by) == (AHLEN, "reference+message_id+successor")
    assert state_of(moved)[0] is State.CONFIRMED


def test_a_replayed_reply_is_taken_once_and_journaled_once(installed: Installation, known: Answering) -> None:
    xml = known.xml("1120")
    first = hand_in(installed, xml)
    before = journal_of(installed, known.case.number)
    for _ in range(3):
        assert hand_in(installed, xml) == first
    assert journal_of(installed, known.case.number) == [*before, "reply.repeated"]
    assert kept(installed, first).repeats == 3
    assert not installed.world.vault.exists(first, "part-0001.bin")


def test_the_same_transport_id_is_taken_once(installed: Installation, known: Answering) -> None:
    identity = str(uuid4())
    first = hand_in(installed, known.xml("1120"), message_id=identity)
    assert hand_in(installed, known.xml("1121"), message_id=identity) == first
    desk = MailboxDesk(installed.world, "xta_mailbox")
    handed_in = desk.handed_in(frozenset({WARENDORF}), identity)
    assert handed_in is not None
    assert handed_in.size == kept(installed, first).size
    assert desk.handed_in(frozenset({AHLEN}), identity) is None


def test_a_message_id_that_comes_back_with_other_bytes_is_answered_with_s050(
    installed: Installation, known: Answering
) -> None:
    identity = MessageId(str(uuid4()))
    hand_in(installed, known.xml("1120", message_id=identity))
    rejected_with(installed, hand_in(installed, known.xml("1121", message_id=identity)), "S050")


def test_a_reply_to_an_unknown_or_long_gone_case_waits_for_a_human(installed: Installation, known: Answering) -> None:
    gone = MessageRef(MessageId(str(uuid4())), "0200", known.delivery.stamped_at)
    reply = kept(installed, hand_in(installed, known.xml("1120", reference=uuid4(), about=gone)))
    assert (reply.state, reply.code) == (ReplyState.QUARANTINED, codes.REPLY_UNMATCHED.name)
    assert reply.reason == "Der Vorgang, den die Antwort nennt, ist hier nicht oder nicht mehr bekannt."
    assert reply.wrapped_key is not None
    assert known.case.number in {candidate.case_number for candidate in reply.candidates}
    assert journal_of(installed, reply.id) == ["reply.quarantined"]


def test_a_reply_to_a_case_whose_content_is_erased_is_matched_all_the_same(
    installed: Installation, known: Answering
) -> None:
    assert known.case.erased_at is not None
    assert kept(installed, hand_in(installed, known.xml("1120"))).state is ReplyState.MATCHED
    assert state_of(known)[0] is State.CONFIRMED


def test_a_test_message_does_not_confirm_a_real_case(installed: Installation, known: Answering) -> None:
    reply = kept(installed, hand_in(installed, known.xml("1120", test="Test")))
    assert (reply.state, reply.reason) == (ReplyState.QUARANTINED, "Eine Testnachricht nennt einen echten Vorgang.")
    assert state_of(known)[0] is State.HANDED_OVER


def test_an_expired_client_certificate_is_turned_away_and_journaled(installed: Installation, known: Answering) -> None:
    identity = str(uuid4())
    with pytest.raises(SubmissionError) as caught:
        hand_in(installed, known.xml("1120"), message_id=identity, fingerprint="ab" * 32)
    assert caught.value.code is codes.CERTIFICATE_EXPIRED
    assert journal_of(installed, identity) == ["reply.turned_away"]


def test_who_may_act_for_several_must_be_named_by_the_message(installed: Installation, known: Answering) -> None:
    both = frozenset({WARENDORF, AHLEN})
    assert kept(installed, hand_in(installed, known.xml("1120"), accounts=both)).authority == WARENDORF
    identity = str(uuid4())
    with pytest.raises(SubmissionError) as caught:
        hand_in(installed, b"<broken", accounts=both, message_id=identity)
    assert caught.value.code is codes.CERTIFICATE_WRONG
    assert journal_of(installed, identity) == ["reply.turned_away"]


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_a_broken_upload_leaves_nothing_but_a_journal_entry(installed: Installation, known: Answering) -> None:
    vault = installed.home / "state" / "vault"
    before = files_in(vault)
    identity = str(uuid4())
    desk = MailboxDesk(installed.world, "xta_mailbox")
    arriving = desk.receive(frozenset({WARENDORF}), {"message_id": identity, "authority": WARENDORF})
    sink = arriving.part("urn_uuid_x", "../../etc/passwd.pdf", "application/pdf")
    sink.write(b"half a plan")
    assert files_in(vault) != before
    arriving.abort()
    arriving.abort()
    assert files_in(vault) == before
    assert journal_of(installed, identity) == ["reply.broken_off"]
    assert desk.handed_in(frozenset({WARENDORF}), identity) is None


def test_a_message_above_5_mb_is_turned_away(installed: Installation) -> None:
    identity = str(uuid4())
    with pytest.raises(SubmissionError) as caught:
        hand_in(installed, b"<a>" + b" " * 5_000_000 + b"</a>", message_id=identity)
    assert caught.value.code is codes.BODY_TOO_LARGE
    assert journal_of(installed, identity) == ["reply.turned_away"]


def test_a_rejection_can_be_listed_in_a_mailbox(installed: Installation) -> None:
    reply = kept(installed, hand_in(installed, b"<faulty/>"))
    delivery, _ = answer_to(installed, reply)
    with installed.world.store.writing() as tx:
        now = installed.clock.now()
        tx.deliveries.save(
            delivery.but(state=State.AVAILABLE, available_at=now, next_at=None, adapter="xta_mailbox")
        )  # fmt: skip
    listed = MailboxDesk(installed.world, "xta_mailbox").waiting(frozenset({AuthorityKey(WARENDORF)}))
    (entry,) = [one for one in listed if one.message_id == delivery.message_id]
    assert isinstance(entry, Waiting)
    assert entry.root == "rueckweisung.G2G.1100" or entry.root.endswith(".1100")
