"""Errors as RFC 9457 problem+json: every fault at once, each with a JSON pointer; never a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from gateway.domain import codes
from gateway.domain.codes import Code
from gateway.domain.errors import Fault, GatewayError

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "https://bauweiche.example/errors#"
"""Prefix of the problem type; the deployer's documentation is served there (docs/errors.md)."""

_RETRY = {
    codes.PDF_UNCHECKED.name: "5",
    codes.SCANNER_UNAVAILABLE.name: "30",
    codes.DRAINING.name: "5",
    codes.STORAGE_FULL.name: "300",
}
_AUTHENTICATE = {codes.TOKEN_MISSING.name, codes.TOKEN_INVALID.name, codes.TOKEN_EXPIRED.name}
_BY_STATUS: Mapping[int, Code] = {404: codes.NOT_FOUND, 405: codes.METHOD, 413: codes.BODY_TOO_LARGE}


def body(error: GatewayError, *, instance: str, request_id: str) -> dict[str, Any]:
    """Return the problem document of an error; `detail` and `hint` are German sentences."""
    document: dict[str, Any] = {
        "type": TYPE_BASE + error.code.name,
        "title": error.code.title,
        "status": error.code.status,
        "detail": error.reason,
        "instance": instance,
        "code": error.code.name,
        "actor": error.actor.value,
        "request_id": request_id,
    }
    if error.hint:
        document["hint"] = error.hint
    if error.code.kennzahl:
        document["fehlerkennzahl"] = error.code.kennzahl
    if error.faults:
        document["errors"] = [_fault(fault) for fault in error.faults]
    return document


def _fault(fault: Fault) -> dict[str, str]:
    entry = {"code": fault.code.name, "pointer": fault.pointer, "detail": fault.detail}
    return entry | {"fehlerkennzahl": fault.code.kennzahl} if fault.code.kennzahl else entry


def answer(request: Request, error: GatewayError) -> JSONResponse:
    """Return the HTTP answer for an error; lone surrogates in quoted input are written as `?`."""
    request_id = request.scope.get("state", {}).get("request_id", "")
    document = body(error, instance=request.url.path, request_id=request_id)
    headers = {}
    if error.code.name in _AUTHENTICATE:
        headers["WWW-Authenticate"] = "Bearer"
    if error.code.name in _RETRY:
        headers["Retry-After"] = _RETRY[error.code.name]
    return JSONResponse(_encodable(document), error.code.status, headers, MEDIA_TYPE)


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _encodable(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_encodable(entry) for entry in value]
    return value


def install(app: FastAPI) -> None:
    """Make an application answer every error as a problem."""

    async def ours(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, GatewayError)
        told = answer(request, error)
        if error.code is codes.DURABILITY_LOST and request.app.state.stop is not None:
            told.background = BackgroundTask(request.app.state.stop)  # after the answer has left
        return told

    async def starlettes(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code = _BY_STATUS.get(error.status_code, codes.BODY_UNREADABLE)
        found = answer(request, _as_ours(code))
        found.headers.update(error.headers or {})
        return found

    async def any_other(request: Request, _error: Exception) -> JSONResponse:
        return answer(request, unforeseen(request.scope.get("state", {}).get("request_id", "")))

    async def hung_up(request: Request, _error: Exception) -> JSONResponse:
        return answer(request, _as_ours(codes.BODY_UNREADABLE))  # nobody reads it, the log does

    app.add_exception_handler(Exception, any_other)
    app.add_exception_handler(ClientDisconnect, hung_up)
    app.add_exception_handler(GatewayError, ours)
    app.add_exception_handler(HTTPException, starlettes)


def unforeseen(request_id: str) -> GatewayError:
    """Return the answer to a fault of our own: nothing of it but the id under which the log has it."""
    from gateway.domain.errors import SubmissionError

    reason = "Das Gateway hat einen Fehler gemacht; er ist vermerkt."
    return SubmissionError(codes.INTERNAL, reason, f"Kennung: {request_id}")


def _as_ours(code: Code) -> GatewayError:
    from gateway.domain.errors import SubmissionError

    sentences = {
        codes.NOT_FOUND.name: "Diese Adresse gibt es nicht.",
        codes.METHOD.name: "Diese Adresse nimmt die verwendete Methode nicht an.",
        codes.BODY_TOO_LARGE.name: "Der Inhalt der Anfrage ist zu groß.",
    }
    return SubmissionError(code, sentences.get(code.name, "Die Anfrage ist nicht lesbar."))
