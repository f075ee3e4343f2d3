"""Trying a push without sending anything: the account over there, both certificates, the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapters.xta_push import Settings, XtaPush
from gateway.adapter import Finding
from tests.kit import xta_official
from tests.kit.xta_reference_server import Http, ReferenceServer
from tests.kit.xta_sides import FakeLink
from tests.kit.xta_tls import Pki, make_pki, serving

pytestmark = pytest.mark.skipif(not xta_official.OFFICIAL.exists(), reason=xta_official.MISSING)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def served(pki: Pki) -> Iterator[tuple[ReferenceServer, int]]:
    server = ReferenceServer()
    with serving(server, pki, anchors=pki.anchors) as port:
        yield server, port


@pytest.fixture
def server(served: tuple[ReferenceServer, int]) -> ReferenceServer:
    served[0].reset()
    return served[0]


@pytest.fixture
def adapter(pki: Pki, served: tuple[ReferenceServer, int]) -> XtaPush:
    base = f"https://localhost:{served[1]}/"
    return XtaPush(Settings(management_url=base + "m", send_url=base + "s"), FakeLink(pki, pki.authority))


def probed(adapter: XtaPush) -> dict[str, Finding]:
    return {finding.check: finding for finding in adapter.probe()}


def test_the_account_is_asked_for_in_the_gateways_name(adapter: XtaPush, server: ReferenceServer) -> None:
    found = probed(adapter)
    assert set(found) == {"reachable", "certificate", "clock"}
    assert found["reachable"].holds
    assert "Konto für bap:05000000" in found["reachable"].detail
    assert server.calls == ["CheckAccountActive"]
    assert server.arrived == server.issued == []
    assert server.complaints == []


def test_a_server_without_an_account_for_us_is_not_reachable(adapter: XtaPush, server: ReferenceServer) -> None:
    server.accounts = frozenset({"bap:09000000"})
    found = probed(adapter)
    assert not found["reachable"].holds
    assert "9012" in found["reachable"].detail
    assert "Konto einrichten" in found["reachable"].detail
    server.accounts = frozenset({"bap:05000000"})


@pytest.mark.parametrize(
    ("trouble", "words"),
    [(Http(404), "HTTP 404 statt mit SOAP"), (Http(200, b"\x00", "application/soap+xml"), "nicht verständlich")],
    ids=["no SOAP", "garbage"],
)
def test_what_does_not_speak_xta_is_not_reachable(
    adapter: XtaPush, server: ReferenceServer, trouble: Http, words: str
) -> None:
    server.plan = {"CheckAccountActive": [trouble]}
    found = probed(adapter)
    assert not found["reachable"].holds
    assert words in found["reachable"].detail


def test_a_server_that_demands_another_certificate_is_told(pki: Pki, served: tuple[ReferenceServer, int]) -> None:
    base = f"https://localhost:{served[1]}/"
    nameless = FakeLink(pki, replace(pki.authority, cert=pki.self_signed.cert, key=pki.self_signed.key))
    found = probed(XtaPush(Settings(management_url=base + "m", send_url=base + "s"), nameless))
    assert not found["reachable"].holds


def test_a_send_port_that_fails_stands_for_both(pki: Pki, served: tuple[ReferenceServer, int]) -> None:
    settings = Settings(management_url=f"https://localhost:{served[1]}/m", send_url="https://localhost:1/s")
    assert not probed(XtaPush(settings, FakeLink(pki, pki.authority)))["reachable"].holds
