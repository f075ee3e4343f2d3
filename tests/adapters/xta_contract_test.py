"""The adapter contract over the XTA mailbox and the XTA push."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters import xta_mailbox, xta_push
from adapters.xta_mailbox import Mailbox
from adapters.xta_mailbox.adapter import Settings
from gateway.adapter_contract import Bench, Check, clear_digests
from tests.kit import xta_official
from tests.kit.adapter_contract import every_check, hold
from tests.kit.xta_reference_server import ReferenceServer
from tests.kit.xta_setting import Setting, mailbox
from tests.kit.xta_sides import Carrying, FakeLink, MailboxSide, PushSide
from tests.kit.xta_tls import Pki, make_pki, serving

NOT_MAILBOX = {
    "a_broken_part_shows_nothing": "in the mailbox a part is first read when it is fetched",
    "stores_exactly_once": "in the mailbox a part is first read when it is fetched",
}


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def served(pki: Pki) -> Iterator[tuple[ReferenceServer, int]]:
    server = ReferenceServer()
    with serving(server, pki, anchors=pki.anchors) as port:
        yield server, port


@pytest.fixture(scope="module")
def setting(pki: Pki) -> Iterator[Setting]:
    with mailbox(pki) as made:
        yield made


@every_check
def test_the_mailbox_keeps_the_contract(check: Check, pki: Pki, setting: Setting) -> None:
    if reason := NOT_MAILBOX.get(check.run.__name__):
        pytest.skip(reason)
    setting.desk.reset()
    link = FakeLink(pki, pki.server)
    side = MailboxSide(setting)
    bench = Bench(
        xta_mailbox.plugin, lambda: Carrying(Mailbox(Settings(), link), setting), side, "transport", clear_digests
    )
    hold(check, bench)


@pytest.mark.skipif(not xta_official.OFFICIAL.exists(), reason=xta_official.MISSING)
@pytest.mark.parametrize("protection", ["transport", "end_to_end"])
@every_check
def test_the_push_keeps_the_contract(
    check: Check, protection: str, pki: Pki, served: tuple[ReferenceServer, int]
) -> None:
    if protection == "end_to_end" and check.run.__name__ == "hostile_names_do_no_harm":
        pytest.skip("the names of sealed files are not used here")
    server, port = served
    server.reset()
    server.status = 0 if check.run.__name__ == "pick_up_is_seen" else 1
    side = PushSide(server, port)
    link = FakeLink(pki, pki.authority)
    # sealed, the contents cannot be told apart from outside: that they arrive is shown by xta_push_test
    digests = clear_digests if protection == "transport" else lambda _: frozenset[str]()
    bench = Bench(
        xta_push.plugin, lambda: xta_push.plugin.build(side.settings(), link), side, protection, digests, 60_000_000
    )
    hold(check, bench)
    assert server.complaints == []
