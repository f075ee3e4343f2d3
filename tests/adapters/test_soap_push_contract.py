"""The adapter contract over the plain SOAP push, in clear and sealed."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.soap_push import plugin
from gateway.adapter_contract import Bench, Check, clear_digests, sealed_digests
from tests.kit.adapter_contract import every_check, hold
from tests.kit.soap_server import SoapSide
from tests.kit.xta_tls import Pki, make_pki


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.mark.parametrize("protection", ["end_to_end", "transport"])
@every_check
def test_soap_push_keeps_the_contract(check: Check, protection: str, tmp_path: Path, pki: Pki) -> None:
    digests = clear_digests if protection == "transport" else sealed_digests
    with SoapSide(tmp_path / "eingang", pki).running() as side:
        hold(check, Bench(plugin, lambda: plugin.build(side.settings(), side.link()), side, protection, digests))
