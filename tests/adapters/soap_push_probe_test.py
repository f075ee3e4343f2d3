"""Trying a SOAP service without sending a message: that a web server answers at the address proves nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from adapters import soap_push
from gateway.adapter_contract import SampleLink
from tests.kit.soap_server import SoapSide
from tests.kit.xta_tls import make_pki, serving

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def welcome(scope: MutableMapping[str, Any], receive: object, send: Send) -> None:
    """Greet everyone, as web servers do."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<html>Willkommen</html>"})


def test_a_web_server_that_speaks_no_soap_is_not_the_service(tmp_path: Path) -> None:
    pki = make_pki(tmp_path)
    with serving(welcome, pki, anchors=pki.anchors) as port:
        settings = soap_push.Settings(url=f"https://localhost:{port}/")
        link = SampleLink(context=pki.client(pki.authority))
        found = {one.check: one for one in soap_push.SoapPush(settings, link).probe()}
    assert not found["reachable"].holds
    assert "antwortet unverständlich (HTTP 200)" in found["reachable"].detail
    assert found["certificate"].holds


def test_hearing_a_service_out_leaves_no_message_there(tmp_path: Path) -> None:
    side = SoapSide(tmp_path / "eingang", make_pki(tmp_path))
    with side.running():
        found = {one.check: one for one in soap_push.SoapPush(side.settings(), side.link()).probe()}
        assert found["reachable"].detail == "Der Dienst antwortet mit SOAP."
        assert found["reachable"].holds
        assert side.stored() == []
