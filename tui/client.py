"""The console's only way out: one HTTP client that answers with plain values or with one exception in German."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tui.plain import plain
from tui.texts import Texts

PREFIX = "/operator/v1"
TIMEOUT = httpx.Timeout(20.0, connect=5.0)
ANSWER_LIMIT = 50_000_000

UNREACHABLE = "unreachable"
STALE = "etag-stale"
READ_ONLY = "read-only"


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field; `pointer` is a JSON pointer into what was sent."""

    pointer: str
    detail: str


class ApiError(Exception):
    """The one way in which a call fails: a sentence for people, a stable code for the program."""

    def __init__(
        self, sentence: str, *, code: str = "", status: int = 0, hint: str = "", faults: tuple[FieldFault, ...] = ()
    ) -> None:
        super().__init__(sentence)
        self.sentence = plain(sentence)
        self.hint = plain(hint)
        self.code = code
        self.status = status
        self.faults = faults

    @property
    def text(self) -> str:
        """Sentence and advice together."""
        return f"{self.sentence} {self.hint}".strip()

    def with_faults(self, faults: Iterable[FieldFault]) -> str:
        """Return sentence, advice, and each fault that they do not already name."""
        text = self.text
        for fault in faults:
            text = text if fault.detail in text else f"{text} {fault.detail}"
        return text


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the JSON value and the ETag under which it may be changed."""

    value: Any
    etag: str = ""


@dataclass(slots=True)
class Client:
    """Calls to the operator API.

    Reading is tried twice when the connection breaks, because a server that was restarted leaves dead connections
    behind; writing never is: whether it happened is then unknown, and the sentence says so. `token` is asked again
    when the server refuses it, so a renewed token file is taken up without a restart; `closing` is called at the end.
    """

    http: httpx.AsyncClient
    texts: Texts
    token: Callable[[], str] = str
    read_only: bool = False
    closing: Callable[[], None] | None = None
    _held: str = field(default="", init=False)

    async def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a resource."""
        return (await self.fetch(path, **query)).value

    async def fetch(self, path: str, **query: Any) -> Answer:
        """Return a resource with its ETag."""
        return self._read(await self._reading(path, query))

    async def text(self, path: str, **query: Any) -> str:
        """Return a resource that is not JSON, as text."""
        return self._checked(await self._reading(path, query)).text

    async def octets(self, path: str, **query: Any) -> bytes:
        """Return a resource that is not JSON, as bytes."""
        return self._checked(await self._reading(path, query)).content

    async def ask(self, path: str, body: Any) -> Any:
        """Return the answer to a question that needs a body and changes nothing (previews, checks)."""
        return self._read(await self._send("POST", path, json=body, writing=False)).value

    async def post(self, path: str, body: Any = None) -> Any:
        """Do something; returns the JSON of the answer."""
        self._refuse_writing()
        return self._read(await self._send("POST", path, json={} if body is None else body)).value

    async def put(self, path: str, body: Any, *, etag: str = "") -> Answer:
        """Replace a resource, over the version that was seen."""
        self._refuse_writing()
        headers = {"If-Match": etag} if etag else {}
        return self._read(await self._send("PUT", path, json=body, headers=headers))

    async def delete(self, path: str, *, etag: str = "", **query: Any) -> Answer:
        """Remove a resource, over the version that was seen."""
        self._refuse_writing()
        headers = {"If-Match": etag} if etag else {}
        return self._read(await self._send("DELETE", path, params=_asked(query), headers=headers))

    async def upload(self, path: str, name: str, octets: bytes) -> Any:
        """Hand a file in."""
        self._refuse_writing()
        return self._read(await self._send("POST", path, files={"file": (name, octets)})).value

    async def close(self) -> None:
        """Give the connections back."""
        await self.http.aclose()
        if self.closing is not None:
            await asyncio.to_thread(self.closing)

    async def _reading(self, path: str, query: Mapping[str, Any]) -> httpx.Response:
        try:
            return await self._send("GET", path, params=_asked(query), writing=False)
        except ApiError as error:
            if error.code != UNREACHABLE:
                raise
            return await self._send("GET", path, params=_asked(query), writing=False)

    async def _send(
        self, method: str, path: str, *, writing: bool = True, headers: Mapping[str, str] | None = None, **given: Any
    ) -> httpx.Response:
        response = await self._once(method, path, writing, headers or {}, given)
        if response.status_code == httpx.codes.UNAUTHORIZED and self._renewed():
            response = await self._once(method, path, writing, headers or {}, given)
        return response

    async def _once(
        self, method: str, path: str, writing: bool, headers: Mapping[str, str], given: Mapping[str, Any]
    ) -> httpx.Response:
        self._held = self._held or self.token()
        sent = dict(headers) | ({"Authorization": f"Bearer {self._held}"} if self._held else {})
        try:
            return await self.http.request(method, PREFIX + path, headers=sent, timeout=TIMEOUT, **given)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise self._unreachable("not_sent" if writing else "unreachable") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable("unknown_outcome" if writing else "unreachable") from error

    def _renewed(self) -> bool:
        fresh = self.token()
        changed = fresh != self._held
        self._held = fresh
        return changed

    def _unreachable(self, text: str) -> ApiError:
        return ApiError(self.texts(f"errors.{text}"), code=UNREACHABLE)

    def _refuse_writing(self) -> None:
        if self.read_only:
            raise ApiError(self.texts("errors.read_only"), code=READ_ONLY)

    def _read(self, response: httpx.Response) -> Answer:
        self._checked(response)
        try:
            value = response.json() if response.content else None
        except ValueError as error:
            raise ApiError(self.texts("errors.unreadable"), status=response.status_code) from error
        return Answer(value, response.headers.get("etag", ""))

    def _checked(self, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        raise _problem(response, self.texts)


def _asked(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name.rstrip("_"): value for name, value in query.items() if value not in (None, "")}


def _problem(response: httpx.Response, texts: Texts) -> ApiError:
    """Return the error of an answer that is none; `application/problem+json` speaks for itself (RFC 9457)."""
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("detail"), str):
        return ApiError(texts("errors.status", status=response.status_code), status=response.status_code)
    listed = document.get("errors")
    faults = tuple(
        FieldFault(str(one.get("pointer", "")), plain(one.get("detail", "")))
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict)
    )
    return ApiError(
        document["detail"],
        code=str(document.get("code", "")),
        status=response.status_code,
        hint=str(document.get("hint", "") or ""),
        faults=faults,
    )
