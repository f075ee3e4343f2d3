"""What each kind of reply does to the case, from whatever state, and what it never does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from uuid import UUID, uuid4

import pytest

from gateway.domain.case import APPLICATION
from gateway.domain.delivery import State
from gateway.domain.ids import MessageId
from gateway.domain.journal import verify
from gateway.domain.message import Stamp
from gateway.domain.reply import ReplyState
from gateway.flow import purge, replies
from gateway.flow.reading import acknowledge, own_replies
from gateway.flow.replies_kept import MESSAGE
from gateway.xbau.release import RELEASES
from tests.kit.installation import ACTOR, WARENDORF, Installation, installation
from tests.kit.replying import Answering, hand_in, journal_of, kept, known_case, state_of
from tests.kit.stores import uuid_of
from tests.kit.xbau_least import inward, least_reply
from tests.kit.xbau_replies import DOCUMENT_ID, SHA256, numbers, official_only

NUMBERS = count(1)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("effects")) as made:
        yield made


@pytest.fixture
def known(installed: Installation) -> Answering:
    return known_case(installed, next(NUMBERS))


def put_at(known: Answering, state: State) -> None:
    """Set the delivery to a state as the queue would hold it."""
    now = known.installed.clock.now()
    changes = {"next_at": now if state in (State.ACCEPTED, State.WAITING) else None}
    if state is State.UNDER_WAY:
        changes |= {"worker": "w-1", "leased_until": now}  # type: ignore[dict-item]  # a worker's name
    with known.installed.world.store.writing() as tx:
        tx.deliveries.save(known.delivery.but(state=state, handed_over_at=None, **changes))


@pytest.mark.parametrize(
    "state", [State.AVAILABLE, State.HANDED_OVER, State.UNDER_WAY, State.WAITING, State.HELD]
)  # fmt: skip
def test_a_receipt_confirms_whatever_the_last_attempt_seemed_to_be(
    installed: Installation, known: Answering, state: State
) -> None:
    put_at(known, state)
    hand_in(installed, known.xml("1120"))
    case, delivery = state_of(known)
    assert (case, delivery.state) == (State.CONFIRMED, State.CONFIRMED)
    assert delivery.handed_over_at == installed.clock.now()
    assert (delivery.worker, delivery.next_at) == ("", None)


@pytest.mark.parametrize("state", [State.ACCEPTED, State.WITHDRAWN, State.REJECTED, State.CONFIRMED])
def test_a_receipt_for_what_was_never_sent_or_is_final_changes_nothing(
    installed: Installation, known: Answering, state: State
) -> None:
    put_at(known, state)
    reply = kept(installed, hand_in(installed, known.xml("1120")))
    assert reply.state is ReplyState.MATCHED
    assert state_of(known)[1].state is state
    assert journal_of(installed, known.case.number)[-1] == "reply.no_effect"


def test_a_rejection_rejects_the_message_it_names_with_its_kennzahl_and_no_foreign_words(
    installed: Installation, known: Answering
) -> None:
    hand_in(installed, known.xml("1100"))
    case, delivery = state_of(known)
    assert (case, delivery.state, delivery.code) == (State.REJECTED, State.REJECTED, "X001")
    assert delivery.reason.startswith("X001 ")
    assert "zaehler" not in delivery.reason


def test_a_rejection_of_another_message_leaves_the_case_alone(installed: Installation, known: Answering) -> None:
    other = known.delivery.but(message_id=str(uuid_of(77_000_000)), kind="follow_up", number="0202")
    with installed.world.store.writing() as tx:
        tx.deliveries.add(other)
    hand_in(installed, Answering(installed, known.case, other).xml("1100"))
    case, delivery = state_of(known)
    assert (case, delivery.state, delivery.kind) == (State.HANDED_OVER, State.HANDED_OVER, APPLICATION)


def test_1121_gives_the_file_reference_and_the_case_is_then_found_by_it(
    installed: Installation, known: Answering
) -> None:
    hand_in(installed, known.xml("1121", file_reference=f"63/{known.case.number}"))
    with installed.world.store.reading() as tx:
        (case,) = tx.cases.by_file_reference(f"63/{known.case.number}")
    assert case.id == known.case.id
    lost = known.xml("1170", reference=UUID(int=0), about=None,
                     file_reference=f"63/{known.case.number}")  # fmt: skip
    reply = kept(installed, hand_in(installed, lost))
    assert (reply.case_id, reply.matched_by) == (known.case.id, "file_reference")


def test_1170_leaves_a_status_with_its_label(installed: Installation, known: Answering) -> None:
    hand_in(installed, known.xml("1170"))
    with installed.world.store.reading() as tx:
        (entry,) = [one for one in tx.journal.read(subject=known.case.number) if one.act.what == "case.status"]
    assert entry.act.facts["status"] == "17"
    assert entry.act.facts["label"]


@pytest.mark.parametrize("release", ["2.2", "2.3.1", "2.4", "2.4.0.1", "2.5", "2.6"])
def test_every_reply_of_every_release_is_matched(installed: Installation, release: str) -> None:
    plan = b"%PDF-1.7 Bescheid"
    for number in numbers(release):
        known = known_case(installed, next(NUMBERS))
        xml = known.xml(number, release=release).replace(SHA256.encode(), hashlib.sha256(plan).hexdigest().encode())
        parts = ((DOCUMENT_ID, "Bescheid.pdf", plan),) if DOCUMENT_ID.encode() in xml else ()
        reply = kept(installed, hand_in(installed, xml, parts=parts))
        assert (reply.state, reply.number, reply.reason) == (ReplyState.MATCHED, number, "")
        assert reply.case_id == known.case.id


@official_only
@pytest.mark.parametrize("release", RELEASES)
def test_whatever_an_authority_may_send_in_a_release_reaches_the_portal_by_its_reference(
    installed: Installation, release: str
) -> None:
    known = known_case(installed, next(NUMBERS))
    head = {"sender": known.party(), "reference": known.case.reference, "file_reference": None}
    others = [number for number in inward(release) if number not in numbers(release)]
    for number in others:
        stamp = Stamp(MessageId(str(uuid4())), known.delivery.stamped_at)
        xml = least_reply(number, release, about=None, stamp=stamp, **head)
        parts = ((DOCUMENT_ID, "Bescheid.pdf", b"%PDF-1.7 Bescheid"),) if DOCUMENT_ID.encode() in xml else ()
        reply = kept(installed, hand_in(installed, xml, parts=parts))
        assert (reply.state, reply.number, reply.reason) == (ReplyState.MATCHED, number, "")
        assert (reply.case_id, reply.matched_by) == (known.case.id, "reference")
    assert len(others) > 5


def test_an_operator_assigns_what_nobody_could_match_and_the_portal_reads_it_next(
    installed: Installation, known: Answering
) -> None:
    client = installed.client()
    seen = own_replies(installed.world, client, 0, 500)
    after = seen[-1].cursor if seen else 0
    reply = kept(installed, hand_in(installed, known.xml("1120", reference=uuid_of(5), about=None)))
    assert reply.state is ReplyState.QUARANTINED
    later = known_case(installed, next(NUMBERS))
    hand_in(installed, later.xml("1120"))
    replies.assign(installed.world, reply.id, known.case.id, ACTOR, "telefonisch geklärt")
    assert state_of(known)[0] is State.CONFIRMED
    assert [one.case_id for one in own_replies(installed.world, client, after, 500)] == [later.case.id, known.case.id]
    acknowledge(installed.world, client, reply.id)
    assert "reply.assigned" in journal_of(installed, known.case.number)


def test_an_operator_discards_and_the_content_is_erased(installed: Installation, known: Answering) -> None:
    parts = (("", "extra.pdf", b"%PDF secret"),)
    reply = kept(installed, hand_in(installed, known.xml("1120", reference=uuid_of(6), about=None), parts=parts))
    assert installed.world.vault.exists(reply.id, "part-0001.bin")
    replies.discard(installed.world, reply.id, ACTOR, "Irrläufer")
    installed.work()
    assert not installed.world.vault.exists(reply.id, "part-0001.bin")
    gone = kept(installed, reply.id)
    assert (gone.state, gone.wrapped_key) == (ReplyState.DISCARDED, None)
    assert gone.erased_at is not None
    with installed.world.store.reading() as tx:
        assert tx.replies.get_sealed(reply.id, MESSAGE) is None


def test_the_sweep_keeps_replies_and_takes_what_a_crash_left(installed: Installation, known: Answering) -> None:
    reply_id = hand_in(installed, known.xml("1120"), parts=(("", "a.pdf", b"%PDF"),))
    stray = installed.world.vault.create("0000-stray", "part-0001.bin")
    stray.write(b"x")
    stray.commit()
    real, installed.clock.at = installed.clock.at, installed.clock.at + timedelta(days=400)
    purge.sweep(installed.world)
    installed.clock.at = real
    assert installed.world.vault.exists(reply_id, "part-0001.bin")
    assert not installed.world.vault.exists("0000-stray", "part-0001.bin")


def test_the_journal_holds_and_names_nobody(installed: Installation) -> None:
    with installed.world.store.reading() as tx:
        entries = list(tx.journal.read())
    assert verify(entries) is None
    said = " ".join(f"{entry.act.why} {dict(entry.act.facts)}" for entry in entries)
    for content in ("Muster", "Ihr Antrag ist eingegangen", "zaehler", "Bescheid.pdf"):
        assert content not in said
    assert WARENDORF in said
