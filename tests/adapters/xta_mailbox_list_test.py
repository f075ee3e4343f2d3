"""Lists, iterators and who may ask for what, seen by raw bytes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.xta_raw import RawClient, author, envelope
from tests.kit.xta_setting import (
    BONN,
    CLOSE,
    FETCH,
    ID,
    KOELN,
    LIST,
    NEXT_LIST,
    NEXT_MESSAGE,
    NS,
    Setting,
    close,
    fault,
    fetch,
    ids_of,
    judge,
    mailbox,
    next_of,
    sample,
    text,
)
from tests.kit.xta_tls import Pki, make_pki


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def served(pki: Pki) -> Iterator[Setting]:
    with mailbox(pki) as setting:
        yield setting


@pytest.fixture
def setting(served: Setting) -> Setting:
    served.desk.reset()
    return served


def test_a_list_is_paged_oldest_first_until_nothing_is_left(setting: Setting) -> None:
    messages = [sample(number) for number in range(1, 6)]
    for message in messages:
        setting.desk.lay(message)
    answer = setting.ask(LIST, '<o:MsgBoxStatusListRequest maxListItems="2" ListForm="MessageMetaData"/>')
    walk = text(judge(answer), "//o:MsgBoxResponse/@MsgBoxRequestID")
    seen, left = ids_of(answer), [text(judge(answer), "//o:ItemsPending")]
    for _ in range(2):
        answer = setting.ask(NEXT_LIST, next_of(walk))
        seen += ids_of(answer)
        left.append(text(judge(answer), "//o:ItemsPending"))
    assert seen == [message.message_id for message in messages]
    assert left == ["3", "1", "0"]
    answer = setting.ask(NEXT_LIST, next_of(walk))
    assert text(judge(answer), "//o:NoMessageAvailable/@reason").endswith("/NoMatch")
    assert text(judge(answer), "//o:MsgBoxResponse/@MsgBoxRequestID") == walk
    setting.ask(CLOSE, close(request=walk))
    answer = setting.ask(NEXT_LIST, next_of(walk))
    assert text(judge(answer), "//o:NoMessageAvailable/@reason").endswith("/RequestIdInvalid")
    assert len(setting.desk.waiting(frozenset({KOELN}))) == 5, "listing acknowledges nothing"


def test_an_empty_mailbox_says_so(setting: Setting) -> None:
    root = judge(setting.ask(LIST, "<o:MsgBoxStatusListRequest/>"))
    assert (
        text(root, "//o:NoMessageAvailable/@reason") == "http://www.osci.eu/ws/2008/05/transport/MsgBox/reasons/NoMatch"
    )
    assert root.find(".//o:MsgStatusList", NS) is not None


def test_a_list_can_be_asked_for_in_the_form_the_schema_misspells(setting: Setting) -> None:
    message = sample()
    setting.desk.lay(message)
    root = judge(setting.ask(LIST, '<o:MsgBoxStatusListRequest ListForm="MsgAtrributes"/>'))
    assert text(root, "//o:MsgAttributes/a:MessageID") == ID + message.message_id


@pytest.mark.parametrize(
    ("selector", "count"),
    [
        ("<o:MsgSelector/>", 2),
        ('<o:MsgSelector newEntry="true"/>', 1),
        ('<o:MsgSelector newEntry="false"/>', 2),
        ("<o:MsgSelector><a:RelatesTo>urn:uuid:7</a:RelatesTo></o:MsgSelector>", 0),
        ("<o:MsgSelector><o:MsgBoxEntryTimeFrom>2026-11-20T00:00:00</o:MsgBoxEntryTimeFrom></o:MsgSelector>", 2),
        ("<o:MsgSelector><o:MsgBoxEntryTimeFrom>2026-11-21T00:00:00+01:00</o:MsgBoxEntryTimeFrom></o:MsgSelector>", 0),
        ("<o:MsgSelector><o:MsgBoxEntryTimeTo>2026-11-19T00:00:00Z</o:MsgBoxEntryTimeTo></o:MsgSelector>", 0),
    ],
)
def test_a_selector_selects(setting: Setting, selector: str, count: int) -> None:
    first, second = sample(1), sample(2)
    setting.desk.lay(first)
    setting.desk.lay(second)
    setting.desk.fetch(frozenset({KOELN}), first.message_id)
    answer = setting.ask(LIST, f"<o:MsgBoxStatusListRequest>{selector}</o:MsgBoxStatusListRequest>")
    assert len(ids_of(answer)) == count


def test_a_search_time_that_is_none_is_named_as_invalid(setting: Setting) -> None:
    selector = "<o:MsgSelector><o:MsgBoxEntryTimeFrom>gestern</o:MsgBoxEntryTimeFrom></o:MsgSelector>"
    for action, name in ((LIST, "MsgBoxStatusListRequest"), (FETCH, "MsgBoxFetchRequest")):
        root = judge(setting.ask(action, f"<o:{name}>{selector}</o:{name}>"))
        assert text(root, "//o:NoMessageAvailable/@reason").endswith("/SearchArgsInvalid")


def test_get_next_message_walks_and_acknowledges_the_one_before(setting: Setting) -> None:
    messages = [sample(number, sizes=(10,)) for number in range(1, 4)]
    for message in messages:
        setting.desk.lay(message)
    answer = setting.ask(FETCH, "<o:MsgBoxFetchRequest/>")
    walk = text(judge(answer), "//o:MsgBoxResponse/@MsgBoxRequestID")
    assert text(judge(answer), "//o:ItemsPending") == "2"
    seen = ids_of(answer)
    while not text(judge(answer), "//o:NoMessageAvailable/@reason"):
        answer = setting.ask(NEXT_MESSAGE, next_of(walk, seen[-1]))
        seen += ids_of(answer)
    assert fault(answer) == (500, "s12:Sender", "InvalidMessageIDException", "9070"), "an empty body would be no answer"
    assert seen == [message.message_id for message in messages]
    assert not setting.desk.waiting(frozenset({KOELN}))


def test_a_client_with_a_constant_request_id_still_walks_while_it_acknowledges(setting: Setting) -> None:
    messages = [sample(number, sizes=(10,)) for number in range(1, 3)]
    for message in messages:
        setting.desk.lay(message)
    answer = setting.ask(NEXT_MESSAGE, next_of("1", messages[0].message_id))
    assert ids_of(answer) == [messages[1].message_id]
    answer = setting.ask(NEXT_MESSAGE, next_of("1"))
    assert text(judge(answer), "//o:NoMessageAvailable/@reason").endswith("/RequestIdInvalid")


@pytest.mark.parametrize(
    "header",
    ["", author("*"), author("bab:05315000"), author("bab:053150000000".replace("bab:", "")), author("05315000")],
)
def test_one_certificate_serves_what_it_may_read(setting: Setting, header: str) -> None:
    setting.desk.lay(sample(1, KOELN))
    setting.desk.lay(sample(2, BONN))
    answer = setting.ask(LIST, "<o:MsgBoxStatusListRequest/>", headers=header, who=setting.pki.centre)
    assert len(ids_of(answer)) == (2 if header in {"", author("*")} else 1)


def test_a_mailbox_of_another_authority_is_closed_and_the_attempt_journaled(setting: Setting) -> None:
    message = sample(1, BONN)
    setting.desk.lay(message)
    answer = setting.ask(LIST, "<o:MsgBoxStatusListRequest/>", headers=author("bab:05314000"))
    assert fault(answer) == (403, "s12:Sender", "PermissionDeniedException", "9014")
    ((fingerprint, what, why),) = setting.desk.refused
    assert (fingerprint, what) == (setting.pki.authority.fingerprint, LIST)
    assert "bab:05314000" in why
    assert fault(setting.ask(FETCH, fetch(message.message_id)))[3] == "9070", (
        "without naming the box it is just unknown"
    )
    assert fault(setting.ask(CLOSE, close(message.message_id)))[3] == "9070"


@pytest.mark.parametrize("kind", ["stranger", "weak"])
def test_a_certificate_without_a_mailbox_or_with_a_weak_key_gets_403_and_a_journal_entry(
    setting: Setting, kind: str
) -> None:
    answer = setting.ask(LIST, "<o:MsgBoxStatusListRequest/>", who=getattr(setting.pki, kind))
    assert text(judge(answer), "//a:Action") == "http://www.w3.org/2005/08/addressing/fault"
    assert fault(answer) == (403, "s12:Sender", "PermissionDeniedException", "9014")
    assert len(setting.desk.refused) == 1


@pytest.mark.parametrize("kind", ["wrong_purpose", ""])
def test_tls_itself_refuses_misused_and_missing_certificates(setting: Setting, kind: str) -> None:
    context = setting.pki.client(getattr(setting.pki, kind) if kind else None)
    with pytest.raises((OSError, EOFError)), RawClient(setting.port, context) as client:
        client.post(envelope(LIST, "<o:MsgBoxStatusListRequest/>"))
    assert setting.desk.refused == []
