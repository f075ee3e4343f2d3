"""What goes wrong on the wire, on every way, through the worker: nothing is lost or doubled, nobody else waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.domain import codes
from gateway.domain.codes import Code
from gateway.domain.delivery import State
from tests.kit import xta_official
from tests.kit.installation import OELDE, WARENDORF
from tests.kit.ways import Ways, ways
from tests.kit.xta_tls import make_pki

pytestmark = pytest.mark.skipif(not xta_official.OFFICIAL.exists(), reason=xta_official.MISSING)

UNREACHABLE, UNCONFIRMED = codes.FAR_SIDE_UNREACHABLE, codes.FAR_SIDE_UNCONFIRMED

EXPECTED = [
    ("file_drop", "fault", UNREACHABLE),
    ("xta_push", "refused connection", UNREACHABLE),
    ("xta_push", "TLS failure", UNREACHABLE),
    ("xta_push", "stall", UNCONFIRMED),
    ("xta_push", "cut in the middle", UNCONFIRMED),
    ("xta_push", "answer lost after delivery", UNCONFIRMED),
    ("xta_push", "500", UNCONFIRMED),
    ("xta_push", "fault", UNCONFIRMED),
    ("xta_push", "garbage", UNCONFIRMED),
    ("sftp", "refused connection", UNREACHABLE),
    ("sftp", "stall", UNREACHABLE),
    ("sftp", "cut in the middle", UNREACHABLE),
    ("sftp", "answer lost after delivery", UNCONFIRMED),
    ("sftp", "fault", UNREACHABLE),
    ("soap_push", "refused connection", UNREACHABLE),
    ("soap_push", "TLS failure", UNREACHABLE),
    ("soap_push", "stall", UNCONFIRMED),
    ("soap_push", "cut in the middle", UNCONFIRMED),
    ("soap_push", "answer lost after delivery", UNCONFIRMED),
    ("soap_push", "500", UNCONFIRMED),
    ("soap_push", "fault", UNCONFIRMED),
    ("soap_push", "garbage", UNCONFIRMED),
]
"""Way, what happens to the first attempt, and what the gateway makes of it."""


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    with ways(tmp_path_factory.mktemp("ways"), make_pki(tmp_path_factory.mktemp("pki"))) as made:
        yield made


@pytest.mark.parametrize(("adapter", "trouble", "code"), EXPECTED, ids=lambda value: getattr(value, "name", value))
def test_a_fault_on_the_wire_neither_loses_nor_doubles_nor_blocks_another(
    around: Ways, adapter: str, trouble: str, code: Code
) -> None:
    end = around.ends[adapter]
    neighbour = WARENDORF if adapter != "file_drop" else OELDE
    other = around.hand_off(neighbour)
    delivery = around.hand_off(end.authority, 200_000)
    later_other = around.hand_off(neighbour)
    with end.troubles[trouble]():
        around.work()
    after = around.delivery(delivery.message_id)
    expected = {code.name, UNREACHABLE.name} if trouble == "cut in the middle" else {code.name}  # how much was out?
    assert (after.state, after.code in expected) == (State.WAITING, True), after.reason
    assert after.reason
    assert around.delivery(other.message_id).state is State.AVAILABLE
    assert around.delivery(later_other.message_id).state is State.AVAILABLE
    assert around.get(f"/v1/submissions/{delivery.case_id}")["status"] == "waiting"
    around.forgive(end.authority)
    around.work(minutes=10)
    healed = around.delivery(delivery.message_id)
    assert healed.state in (State.AVAILABLE, State.HANDED_OVER), healed.reason
    assert healed.attempt == 2
    assert list(end.stored()).count(delivery.message_id) == 1


@pytest.mark.parametrize("adapter", ["xta_push", "sftp", "soap_push"])
def test_an_authority_that_keeps_failing_opens_its_breaker_and_is_served_when_it_is_back(
    around: Ways, adapter: str
) -> None:
    end = around.ends[adapter]
    delivery = around.hand_off(end.authority)
    with end.troubles["refused connection"]():
        for _ in range(5):
            around.work(hours=2)
        with around.world.store.reading() as tx:
            way = tx.ways.get(end.authority)
        assert way.open_until is not None
        attempts = around.delivery(delivery.message_id).attempt
        around.work(seconds=1)
        assert around.delivery(delivery.message_id).attempt == attempts == 5
    assert "way.interrupted" in around.acts(end.authority)
    around.work(hours=2)
    assert around.delivery(delivery.message_id).state in (State.AVAILABLE, State.HANDED_OVER)
    assert list(end.stored()).count(delivery.message_id) == 1
