"""The way back: what an authority leaves in its return folder, by SFTP too, and also after it has changed its way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Phase
from gateway.flow import collect_earlier
from tests.kit import xta_official
from tests.kit.installation import OELDE, WARENDORF
from tests.kit.replying import answering
from tests.kit.ways import HAMM, Ways, ways
from tests.kit.xta_tls import Pki, make_pki

pytestmark = pytest.mark.skipif(not xta_official.OFFICIAL.exists(), reason=xta_official.MISSING)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def around(tmp_path: Path, pki: Pki) -> Iterator[Ways]:
    with ways(tmp_path, pki, ("sftp",)) as made:
        yield made


def left(inbox: Path, message: bytes, name: str, **files: bytes) -> Path:
    """Leave a reply as the guide says: written under a name with a dot, renamed at the end."""
    hidden = inbox / "rueckweg" / f".{name}"
    hidden.mkdir(parents=True)
    for file, octets in files.items():
        (hidden / f"{file}.pdf").write_bytes(octets)
    (hidden / "message.xml").write_bytes(message)
    return hidden.rename(hidden.with_name(name))


def eingang(around: Ways) -> Path:
    return around.installed.home / "sftp" / "eingang"


def to_the_mailbox(around: Ways, key: AuthorityKey, **choices: object) -> None:
    today = around.installed.clock.now().date()
    around.installed.takes_part(key, adapter="xta_mailbox", settings={}, valid_from=today, **choices)


def test_a_reply_left_on_the_sftp_server_reaches_the_portal_and_is_put_aside_there(around: Ways) -> None:
    delivery = around.hand_off(OELDE)
    around.work()
    known = answering(around.installed, delivery.case_id)
    xml = known.xml("1120")
    folder = left(eingang(around), xml, "antwort-1")
    around.work(minutes=6)
    assert not folder.exists()
    assert (folder.parent / ".abgeholt" / folder.name / "message.xml").read_bytes() == xml
    assert around.delivery(delivery.message_id).state is State.CONFIRMED
    (reply,) = around.get("/v1/replies")["replies"]
    assert (reply["number"], reply["case_number"]) == ("1120", delivery.case_number)
    around.work(hours=2)
    assert len(around.get("/v1/replies")["replies"]) == 1


def test_a_reply_that_is_still_being_written_on_the_sftp_server_is_left_alone(around: Ways) -> None:
    around.hand_off(OELDE)
    around.work()
    hidden = eingang(around) / "rueckweg" / ".antwort-1"
    hidden.mkdir(parents=True)
    (hidden / "message.xml").write_bytes(b"<halb")
    around.work(minutes=6)
    assert hidden.exists()
    assert around.get("/v1/replies")["replies"] == []


@pytest.mark.parametrize("key", [OELDE, WARENDORF])
def test_what_comes_into_the_old_return_folder_after_a_switch_is_still_fetched(around: Ways, key: AuthorityKey) -> None:
    inbox = eingang(around) if key == OELDE else around.installed.inboxes[WARENDORF]
    delivery = around.hand_off(key)
    around.work()
    around.installed.clock.pass_by(days=1)
    to_the_mailbox(around, key)
    known = answering(around.installed, delivery.case_id)
    folder = left(inbox, known.xml("1120"), "antwort-1")
    around.work(minutes=61)
    assert not folder.exists()
    assert around.delivery(delivery.message_id).state is State.CONFIRMED
    again = left(inbox, known.xml("1121"), "antwort-2")
    around.work(days=collect_earlier.KEPT.days - 2)
    assert not again.exists()
    assert [reply["number"] for reply in around.get("/v1/replies")["replies"]] == ["1120", "1121"]


def test_an_old_folder_is_left_to_itself_half_a_year_later_unless_something_of_ours_still_lies_there(
    around: Ways,
) -> None:
    taken, lying = around.hand_off(OELDE), around.hand_off(WARENDORF)
    around.work()
    (eingang(around) / taken.message_id).rename(around.installed.home / "abgeholt" / taken.message_id)
    around.work(minutes=10)
    around.installed.clock.pass_by(days=1)
    to_the_mailbox(around, OELDE)
    to_the_mailbox(around, WARENDORF)
    around.work(days=collect_earlier.KEPT.days + 1)
    old = left(eingang(around), answering(around.installed, taken.case_id).xml("1120"), "antwort-1")
    still = left(
        around.installed.inboxes[WARENDORF], answering(around.installed, lying.case_id).xml("1120"), "antwort-1"
    )
    around.work(hours=2)
    assert (old.exists(), still.exists()) == (True, False)


def test_an_old_server_that_is_gone_keeps_nobody_from_the_new_way(around: Ways) -> None:
    around.installed.clock.pass_by(days=1)
    today = around.installed.clock.now().date()
    inbox = around.installed.inboxes[WARENDORF]
    around.installed.takes_part(OELDE, settings={"folder": str(around.installed.inboxes[OELDE])}, valid_from=today)
    delivery = around.hand_off(OELDE)
    with around.ends["sftp"].troubles["refused connection"]():
        around.work()
        folder = left(
            around.installed.inboxes[OELDE], answering(around.installed, delivery.case_id).xml("1120"), "antwort-1"
        )
        around.work(hours=2)
    assert not folder.exists()
    assert around.delivery(delivery.message_id).state is State.CONFIRMED
    assert inbox.is_dir()


def test_the_folder_of_an_authority_that_has_left_altogether_is_still_looked_at(around: Ways) -> None:
    delivery = around.hand_off(OELDE)
    around.work()
    around.installed.clock.pass_by(days=1)
    around.takes_part(OELDE, "sftp", valid_from=around.installed.clock.now().date(), phase=Phase.ENDED)
    folder = left(eingang(around), answering(around.installed, delivery.case_id).xml("1120"), "antwort-1")
    around.work(minutes=61)
    assert not folder.exists()
    assert around.get("/v1/replies")["replies"][0]["case_number"] == delivery.case_number
    assert HAMM not in collect_earlier.claim_earlier(around.world)
