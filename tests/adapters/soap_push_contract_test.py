"""The adapter contract over the plain SOAP push, in clear and sealed."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.soap_push import plugin
from gateway.adapter_contract import Bench, Check, clear_digests, sealed_digests
from tests.kit.adapter_contract import every_check, hold, says_nothing
from tests.kit.soap_server import SoapSide
from tests.kit.xta_tls import Pki, make_pki


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


AT_ONCE = ("fetched_messages_are_not_delivered_again", "pick_up_is_seen", "recalls_only_what_was_not_fetched")
"""The service has a message at once: nothing lies there to be fetched or recalled."""


def bench(side: SoapSide, protection: str) -> Bench:
    digests = clear_digests if protection == "transport" else sealed_digests
    return Bench(plugin, lambda: plugin.build(side.settings(), side.link()), side, protection, digests)


@pytest.mark.parametrize("protection", ["end_to_end", "transport"])
@every_check(without=AT_ONCE)
def test_soap_push_keeps_the_contract(check: Check, protection: str, tmp_path: Path, pki: Pki) -> None:
    with SoapSide(tmp_path / "eingang", pki).running() as side:
        hold(check, bench(side, protection))


def test_what_is_left_out_says_nothing_about_a_soap_push(tmp_path: Path, pki: Pki) -> None:
    with SoapSide(tmp_path / "eingang", pki).running() as side:
        says_nothing(AT_ONCE, lambda: bench(side, "transport"))
