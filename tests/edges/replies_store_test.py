"""Replies, rounds and webhooks in the store, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from gateway.domain import codes
from gateway.domain.ids import AuthorityKey
from gateway.domain.reply import (
    Candidate,
    Notice,
    NoticeState,
    Proof,
    Reply,
    ReplyPart,
    ReplyState,
    Round,
    Webhook,
)
from gateway.edges.store import open_store
from gateway.edges.store.reply_tables import NOTICES, REPLIES
from gateway.ports import Store
from tests.kit.stores import AHLEN, BOCHUM, DAWN, StillClock, a_case, a_delivery, fresh_database, uuid_of


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(fresh_database(request.param, tmp_path), StillClock())
    yield opened
    opened.close()


def a_reply(number: int = 1, **changes: object) -> Reply:
    """Return a reply in quarantine."""
    identity = str(uuid_of(number))
    reply = Reply(
        identity, AHLEN, "file_drop", f"t-{number}", DAWN, Proof.UNSIGNED, "ab" * 32, 5, b"key", message_id=identity,
        number="1120", release="2.6", state=ReplyState.QUARANTINED,
    )  # fmt: skip
    return reply.but(**changes)


FULL = a_reply(
    7,
    test=True,
    parts=(ReplyPart(0, "urn_uuid_x", 250_000_000, "cd" * 32, "application/pdf"),),
    facts={"author": "bab:05570", "author_name": "Kreis „Süd“"},
    candidates=(Candidate("c-1", "BW-2026-AAAA-BBBB", 17, ("erstens", "zweitens")),),
    case_id="c-1",
    case_number="BW-2026-AAAA-BBBB",
    client="portal",
    matched_by="reference",
    code="reply-unmatched",
    reason="Darum.",
    repeats=3,
    answered_by="m-1",
    cursor=5,
    acknowledged_at=DAWN + timedelta(microseconds=1),
    erased_at=DAWN,
)


def test_the_columns_are_the_fields_of_the_domain_values() -> None:
    assert {column.name for column in REPLIES.columns} == {field.name for field in fields(Reply)}
    assert {column.name for column in NOTICES.columns} == {field.name for field in fields(Notice)}


def test_a_reply_comes_back_as_it_went_in_and_gets_a_position(store: Store) -> None:
    with store.writing() as tx:
        tx.replies.add(FULL)
        tx.replies.add(a_reply(8, wrapped_key=None))
    with store.reading() as tx:
        assert tx.replies.get(FULL.id) == FULL.but(position=1)
        second = tx.replies.get(a_reply(8).id)
        assert second is not None
        assert (second.wrapped_key, second.position) == (None, 2)
        assert tx.replies.by_transport_id(AHLEN, "t-7") == FULL.but(position=1)
        assert tx.replies.by_transport_id(BOCHUM, "t-7") is None
        assert tx.replies.by_message_id(AHLEN, FULL.message_id) == FULL.but(position=1)
        assert tx.replies.by_message_id(AHLEN, "") is None


@pytest.mark.parametrize("name", ["authority", "via", "transport_id", "sha256", "message_id"])
def test_what_identifies_a_reply_cannot_be_changed(store: Store, name: str) -> None:
    with store.writing() as tx:
        tx.replies.add(a_reply())
        with pytest.raises(LookupError):
            tx.replies.save(a_reply().but(**{name: "other"}))
        with pytest.raises(LookupError):
            tx.replies.save(a_reply(2))


def test_one_authority_uses_a_transport_id_once(store: Store) -> None:
    with store.writing() as tx:
        tx.replies.add(a_reply(1))
        tx.replies.add(a_reply(2, transport_id="t-1", authority=BOCHUM))
    with pytest.raises(IntegrityError), store.writing() as tx:
        tx.replies.add(a_reply(3, transport_id="t-1"))


def test_nothing_is_matched_without_case_and_cursor(store: Store) -> None:
    with pytest.raises(IntegrityError), store.writing() as tx:
        tx.replies.add(a_reply(state=ReplyState.MATCHED))


def test_portals_read_in_the_order_of_release_and_miss_nothing_assigned_later(store: Store) -> None:
    with store.writing() as tx:
        for number in (1, 2, 3):
            tx.replies.add(a_reply(number))
        for number in (3, 1, 2):
            cursor = tx.replies.next_cursor()
            tx.replies.save(a_reply(number, state=ReplyState.MATCHED, case_id="c", client="portal", cursor=cursor))
    with store.reading() as tx:
        read = tx.replies.released("portal", 0, 2)
        assert [reply.id for reply in read] == [a_reply(3).id, a_reply(1).id]
        assert [reply.id for reply in tx.replies.released("portal", read[-1].cursor, 2)] == [a_reply(2).id]
        assert tx.replies.released("other", 0, 9) == []
        assert tx.replies.next_cursor() == 4
        assert [reply.id for reply in tx.replies.of_case("c")] == [a_reply(n).id for n in (1, 2, 3)]


def test_replies_are_listed_by_state_and_counted(store: Store) -> None:
    with store.writing() as tx:
        tx.replies.add(a_reply(1))
        tx.replies.add(a_reply(2, state=ReplyState.REFUSED))
        tx.replies.add(a_reply(3, state=ReplyState.DISCARDED, erased_at=DAWN))
        tx.replies.put_sealed(a_reply(1).id, "message", b"\0sealed")
    with store.reading() as tx:
        assert tx.replies.count_quarantined() == 1
        assert [reply.id for reply in tx.replies.in_states([ReplyState.REFUSED])] == [a_reply(2).id]
        assert [reply.id for reply in tx.replies.erasable(9)] == [a_reply(2).id]
        assert tx.replies.get_sealed(a_reply(1).id, "message") == b"\0sealed"
    with store.writing() as tx:
        tx.replies.drop_sealed(a_reply(1).id)
        assert tx.replies.get_sealed(a_reply(1).id, "message") is None


def test_what_lies_in_a_return_folder_is_found_by_its_folder_until_it_is_gone(store: Store) -> None:
    noted = {"code": codes.REPLY_UNUSABLE.name, "message_id": "rueckweg-1"}
    with store.writing() as tx:
        for number, changes in enumerate([{}, {"message_id": "rueckweg-2"}, {"authority": BOCHUM}, {"code": ""}]):
            tx.replies.add(a_reply(number + 1, transport_id=f"rueckweg-1#{number}", **(noted | changes)))
        tx.replies.save(a_reply(1, transport_id="rueckweg-1#0", **noted, state=ReplyState.DISCARDED))
    with store.reading() as tx:
        assert [reply.id for reply in tx.replies.unusable(AHLEN, "rueckweg-1")] == [a_reply(1).id]


def test_rounds_are_kept_one_per_authority(store: Store) -> None:
    later = Round(AHLEN, DAWN + timedelta(hours=1), 2, "Der Ordner fehlt.")
    with store.writing() as tx:
        tx.replies.save_round(Round(AHLEN, DAWN))
        tx.replies.save_round(Round(AuthorityKey("05911000"), DAWN))
        tx.replies.save_round(later)
    with store.reading() as tx:
        assert sorted(tx.replies.rounds(), key=lambda one: one.authority) == [later, Round(BOCHUM, DAWN)]


def test_cases_are_found_by_reference_and_by_file_reference(store: Store) -> None:
    opener, other = a_case(1, file_reference="63/1"), a_case(2, file_reference="63/1", authority=BOCHUM)
    follower = replace(a_case(3), reference=opener.reference, follows=opener.id, number=opener.number)
    with store.writing() as tx:
        for case in (opener, other, follower):
            tx.cases.add(case)
        for number in (1, 2):
            tx.deliveries.add(a_delivery(number, opener))
    with store.reading() as tx:
        assert {case.id for case in tx.cases.by_reference(opener.reference)} == {opener.id, follower.id}
        assert tx.cases.by_reference(uuid_of(999)) == []
        assert {case.id for case in tx.cases.by_file_reference("63/1")} == {opener.id, other.id}
        assert tx.cases.by_file_reference("") == []
        latest = tx.deliveries.latest(AHLEN, 1)
        assert [delivery.message_id for delivery in latest] == [a_delivery(2).message_id]


HOOK = Webhook("h-1", "portal", "https://portal.example/x", b"wrapped", DAWN)


def notice(number: int, **changes: object) -> Notice:
    """Return a notice that is due at dawn."""
    made = Notice(f"msg_{number}", HOOK.id, "reply.received", {"reply_id": "r"}, DAWN, next_at=DAWN)
    return replace(made, **changes)  # type: ignore[arg-type]  # replace checks the names itself


def test_notices_are_due_in_order_and_taken_by_one_worker_only(store: Store) -> None:
    with store.writing() as tx:
        tx.webhooks.add(HOOK)
        for number in (1, 2):
            tx.webhooks.notify(notice(number))
        tx.webhooks.notify(notice(3, next_at=DAWN + timedelta(hours=1)))
    with store.writing() as tx:
        assert tx.webhooks.due_hooks(DAWN) == [HOOK.id]
        first, second = tx.webhooks.due(HOOK.id, DAWN, 9)
        assert (first.id, second.id) == ("msg_1", "msg_2")
        tried = replace(first, attempt=1, next_at=DAWN + timedelta(minutes=1))
        assert tx.webhooks.save(tried, attempt=0)
        assert not tx.webhooks.save(tried, attempt=0)
        done = replace(tried, state=NoticeState.DELIVERED, next_at=None, status=204)
        assert tx.webhooks.save(done, attempt=1)
        assert tx.webhooks.notices(HOOK.id)[0] == done
        assert [one.id for one in tx.webhooks.due(HOOK.id, DAWN, 9)] == ["msg_2"]


def test_a_disabled_or_removed_webhook_has_nothing_due(store: Store) -> None:
    with store.writing() as tx:
        tx.webhooks.add(HOOK)
        tx.webhooks.notify(notice(1))
        tx.webhooks.disable(HOOK.id, True)
        assert tx.webhooks.due_hooks(DAWN) == []
        assert tx.webhooks.of_client("portal") == [replace(HOOK, disabled=True)]
        tx.webhooks.disable(HOOK.id, False)
        assert tx.webhooks.due_hooks(DAWN) == [HOOK.id]
        assert tx.webhooks.remove(HOOK.id)
        assert not tx.webhooks.remove(HOOK.id)
        assert tx.webhooks.all() == []
        assert tx.webhooks.notices(HOOK.id) == []
