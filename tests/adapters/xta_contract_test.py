"""The adapter contract over the XTA mailbox and the XTA push."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters import xta_mailbox, xta_push
from adapters.xta_mailbox import Mailbox
from adapters.xta_mailbox.adapter import Settings
from gateway.adapter_contract import Bench, Check, clear_digests
from tests.kit import xta_official
from tests.kit.adapter_contract import every_check, hold, says_nothing
from tests.kit.xta_reference_server import ReferenceServer
from tests.kit.xta_setting import Setting, mailbox
from tests.kit.xta_sides import Carrying, FakeLink, MailboxSide, PushSide
from tests.kit.xta_tls import Pki, make_pki, serving

needs_official = pytest.mark.skipif(not xta_official.OFFICIAL.exists(), reason=xta_official.MISSING)

READ_WHEN_FETCHED = ("a_broken_part_shows_nothing", "stores_exactly_once")
"""In the mailbox a part is first read when it is fetched (see xta_mailbox_fetch_test)."""

NOTHING_GOES_OUT = (
    "nobody_there_is_unreachable", "a_cut_shows_nothing", "a_lost_answer_does_not_double", "a_no_is_refused",
    "garbage_is_unconfirmed", "pick_up_is_seen", "recalls_only_what_was_not_fetched",
)  # fmt: skip
"""The mailbox calls nobody: there is no way that could break, and close tells it what was fetched."""

NO_RECALL = ("recalls_only_what_was_not_fetched",)
"""XTA has no way to take back from another server's reader."""

LEFT_OPEN = ("pick_up_is_seen", "fetched_messages_are_not_delivered_again")
"""Promises about what lies ready: the far side's report is open at first."""


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


def mailbox_bench(pki: Pki, setting: Setting) -> Bench:
    setting.desk.reset()
    link = FakeLink(pki, pki.server)
    side = MailboxSide(setting)
    return Bench(
        xta_mailbox.plugin, lambda: Carrying(Mailbox(Settings(), link), setting), side, "transport", clear_digests
    )


@every_check(without=READ_WHEN_FETCHED + NOTHING_GOES_OUT)
def test_the_mailbox_keeps_the_contract(check: Check, pki: Pki, setting: Setting) -> None:
    hold(check, mailbox_bench(pki, setting))


def test_what_is_left_out_says_nothing_about_the_mailbox(pki: Pki, setting: Setting) -> None:
    says_nothing(NOTHING_GOES_OUT, lambda: mailbox_bench(pki, setting))


def push_bench(pki: Pki, side: PushSide, protection: str) -> Bench:
    link = FakeLink(pki, pki.authority)
    # sealed, the contents cannot be told apart from outside: that they arrive is shown by xta_push_test
    digests = clear_digests if protection == "transport" else lambda _: frozenset[str]()
    plugin = xta_push.plugin
    return Bench(plugin, lambda: plugin.build(side.settings(), link), side, protection, digests, 60_000_000)


@needs_official
@every_check(without=NO_RECALL)
def test_the_push_keeps_the_contract(check: Check, pki: Pki, served: tuple[ReferenceServer, int]) -> None:
    _push(check, "transport", pki, served)


@needs_official
@every_check(without=(*NO_RECALL, "hostile_names_do_no_harm"))  # the names of sealed files are not used here
def test_the_push_keeps_the_contract_end_to_end(check: Check, pki: Pki, served: tuple[ReferenceServer, int]) -> None:
    _push(check, "end_to_end", pki, served)


@needs_official
def test_what_is_left_out_says_nothing_about_the_push(pki: Pki, served: tuple[ReferenceServer, int]) -> None:
    says_nothing(NO_RECALL, lambda: push_bench(pki, PushSide(*served), "transport"))


def _push(check: Check, protection: str, pki: Pki, served: tuple[ReferenceServer, int]) -> None:
    server, port = served
    server.reset()
    server.status = 0 if check.run.__name__ in LEFT_OPEN else 1
    hold(check, push_bench(pki, PushSide(server, port), protection))
    assert server.complaints == []
