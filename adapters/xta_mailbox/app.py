"""The mailbox as an ASGI application: who calls, what comes in, and an answer that streams."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from typing import Any

import structlog
from anyio import to_thread

from adapters.xta_mailbox.conversation import Conversation, fault_package
from adapters.xta_mailbox.counter import Caller, Counter, not_allowed, open_counter
from adapters.xta_mailbox.receiving import fault_of
from adapters.xta_mailbox.showing import Shown, shown
from adapters.xta_wire.faults import SoapFault, XtaFault
from adapters.xta_wire.mime import Package
from adapters.xta_wire.names import PORTS
from gateway.adapter import Desk
from gateway.domain.errors import GatewayError, SubmissionError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/services/XTAService"
BLOCK = 262_144
STALL = 120.0
"""Seconds after which a caller who neither sends nor takes a byte is given up."""

_PATHS = frozenset({"xtaservice", *(port.lower() for port in PORTS)})
_LOG = structlog.get_logger("xta_mailbox")


class _Gone(Exception):
    """The caller hung up."""


def endpoint(desk: Desk, options: Mapping[str, Any]) -> tuple[str, Application]:
    """Return the path prefix and the application of the mailbox (see `open_counter` for the options)."""
    counter = open_counter(desk, options)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _serve(counter, scope, receive, send)

    return PREFIX, application


async def _serve(counter: Counter, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request; a fault at any point becomes a SOAP fault as long as no byte has left."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    fingerprint, conversation, status = "", None, 200
    try:
        _check_path(scope)
        certificate = shown(scope.get("extensions") or {}, headers, counter.trusted_proxy_header)
        fingerprint = certificate.fingerprint
        caller = await _caller(counter, certificate)
        conversation = Conversation(
            counter, caller, headers.get("content-type", ""), headers.get("soapaction", ""), _length(headers)
        )
        answer = await _converse(conversation, receive)
        stream = _blocks(answer.chunks())
        # the first bytes are made before the answer begins: what cannot be opened is a fault, not a broken 200
        first = await to_thread.run_sync(next, stream, b"")
    except _Gone:
        await _abort(conversation)
        return
    except asyncio.CancelledError:  # the server is going down
        await _abort(conversation)
        raise
    except Exception as error:  # whatever it is, the caller gets a typed fault and nothing half-done stays behind
        await _abort(conversation)
        fault = await _fault(counter, fingerprint, conversation, error)
        answer, status = _answer_of(counter, conversation, fault), fault.status
        stream = _blocks(answer.chunks())
        first = next(stream, b"")
    await _send(answer, status, first, stream, receive, send)


async def _converse(conversation: Conversation, receive: Receive) -> Package:
    more = True
    while more:
        async with asyncio.timeout(STALL):
            event = await receive()
        if event["type"] == "http.disconnect":
            raise _Gone
        more = event.get("more_body", False)
        if body := event.get("body", b""):
            await to_thread.run_sync(conversation.feed, body)
    return await to_thread.run_sync(conversation.finish)


async def _send(
    answer: Package, status: int, block: bytes, stream: Iterator[bytes], receive: Receive, send: Send
) -> None:
    """Send an answer; while a block is on its way to the caller, the next one is decrypted in a thread."""
    headers = [(b"content-type", answer.content_type.encode()), (b"content-length", str(answer.length).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    gone = asyncio.ensure_future(_hang_up(receive))
    try:
        while block and not gone.done():
            ahead = asyncio.ensure_future(to_thread.run_sync(next, stream, b""))
            try:
                async with asyncio.timeout(STALL):
                    await send({"type": "http.response.body", "body": block, "more_body": True})
            finally:
                block = await ahead
        if not gone.done():
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _blocks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the chunks gathered to blocks worth a thread change."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= BLOCK:
            yield b"".join(held)
            held, size = [], 0
    if size:
        yield b"".join(held)


def _check_path(scope: Scope) -> None:
    if scope["path"].rstrip("/").rpartition("/")[2].lower() not in _PATHS:
        raise SoapFault("Sender", f"Hier gibt es nur {', '.join(PORTS)}.", status=404)
    if scope["method"] != "POST":
        raise SoapFault("Sender", "XTA wird mit POST aufgerufen.", status=405)


def _length(headers: Mapping[str, str]) -> int:
    announced = headers.get("content-length", "")
    return int(announced) if announced.isdecimal() else 0


async def _caller(counter: Counter, certificate: Shown) -> Caller:
    certificate.check(counter.now())
    accounts = await to_thread.run_sync(counter.desk.accounts, certificate.fingerprint)
    if not accounts:
        raise not_allowed("Dieses Client-Zertifikat ist keinem Postfach zugeordnet.")
    return Caller(certificate.fingerprint, accounts)


async def _fault(
    counter: Counter, fingerprint: str, conversation: Conversation | None, error: Exception
) -> XtaFault | SoapFault:
    """Return the fault for an error; a caller who was turned away is journaled, our own errors are logged by kind."""
    action = conversation.action if conversation else ""
    if isinstance(error, SubmissionError):
        return fault_of(error)
    if isinstance(error, SoapFault):
        return error
    if isinstance(error, XtaFault):
        if error.status == 403:
            await to_thread.run_sync(counter.desk.refuse, fingerprint, action or PREFIX, error.reason)
        return error
    reason = error.code.name if isinstance(error, GatewayError) else ""
    _LOG.error("xta_request_failed", action=action, error=type(error).__name__, reason=reason)
    return XtaFault("9030", "Der XTA-Server konnte die Anfrage gerade nicht bearbeiten.")


def _answer_of(counter: Counter, conversation: Conversation | None, fault: XtaFault | SoapFault) -> Package:
    action, relates_to = (conversation.action, conversation.message_id) if conversation else ("", "")
    return fault_package(counter, fault, action, relates_to)


async def _abort(conversation: Conversation | None) -> None:
    if conversation is not None:
        await to_thread.run_sync(conversation.abort)
