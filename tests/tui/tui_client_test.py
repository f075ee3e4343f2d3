"""The console's HTTP client: every way in which a call fails becomes one sentence; nothing is written twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.tui.fake_api import FakeApi
from tests.tui.fake_world import WARENDORF
from tests.tui.kit_tui import client_of
from tui.calls import authorities, desk
from tui.client import STALE, UNREACHABLE, ApiError, Client
from tui.texts import load

DE = load("de")

Handler = Callable[[httpx.Request], httpx.Response]


def over(handler: Handler, token: Callable[[], str] = str) -> Client:
    """Return a client whose server is a function."""
    return Client(httpx.AsyncClient(transport=httpx.MockTransport(handler), base_url="http://x"), DE, token)


class Breaking:
    """A server that breaks the connection some times, then answers."""

    def __init__(self, times: int, error: type[httpx.TransportError]) -> None:
        self.times, self.error, self.seen = times, error, 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen += 1
        if self.seen <= self.times:
            raise self.error("broken")
        return httpx.Response(200, json={"name": "op-01"})


async def test_reading_is_tried_twice() -> None:
    server = Breaking(1, httpx.ReadError)
    assert (await desk.me(over(server))).name == "op-01"
    assert server.seen == 2


async def test_writing_is_never_tried_twice_and_the_doubt_is_said() -> None:
    server = Breaking(1, httpx.ReadError)
    with pytest.raises(ApiError) as caught:
        await over(server).post("/authorities/05570000/pause", {"reason": "x"})
    assert server.seen == 1
    assert "unklar" in caught.value.sentence


async def test_what_was_never_sent_is_said_to_have_changed_nothing() -> None:
    with pytest.raises(ApiError, match="nichts geändert") as caught:
        await over(Breaking(9, httpx.ConnectError)).post("/x")
    assert caught.value.code == UNREACHABLE


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, text="<html>kaputt</html>"),
        httpx.Response(502, json=["nicht", "unser"]),
        httpx.Response(404, json={"detail": {"kein": "Satz"}}),
    ],
)
async def test_an_answer_that_is_no_problem_document_still_becomes_a_sentence(answer: httpx.Response) -> None:
    with pytest.raises(ApiError, match=f"HTTP {answer.status_code}"):
        await over(lambda _: answer).get("/me")


async def test_an_answer_that_is_no_json_becomes_a_sentence() -> None:
    with pytest.raises(ApiError, match="nicht lesbar"):
        await over(lambda _: httpx.Response(200, text="Willkommen beim Hotel-WLAN")).get("/me")


async def test_faults_keep_their_places_and_lose_their_control_characters() -> None:
    problem = {
        "detail": "Passt\x1b[2Jnicht.",
        "code": "field-invalid",
        "hint": "Bitte\x07prüfen.",
        "errors": [{"pointer": "/email", "detail": "[bold]Keine\x1b Adresse[/bold]"}, "kaputt"],
    }
    with pytest.raises(ApiError) as caught:
        await over(lambda _: httpx.Response(422, json=problem)).get("/me")
    assert "\x1b" not in caught.value.text
    assert caught.value.faults[0].pointer == "/email"
    assert caught.value.faults[0].detail == "[bold]Keine␛ Adresse[/bold]"


async def test_a_renewed_token_file_is_taken_up_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("bo_alt", encoding="utf-8")
    api = FakeApi(token="bo_alt")
    client = client_of(api, DE, token=lambda: path.read_text(encoding="utf-8"))
    assert (await desk.me(client)).name == "op-03"
    api.token = "bo_neu"
    with pytest.raises(ApiError, match="abgelaufen"):
        await desk.me(client)
    path.write_text("bo_neu", encoding="utf-8")
    assert (await desk.me(client)).name == "op-03"


async def test_a_change_over_an_old_state_is_refused() -> None:
    client = client_of(FakeApi(), DE)
    seen = await authorities.detail(client, WARENDORF)
    await authorities.set_contacts(client, WARENDORF, [], "leer", seen.etag)
    with pytest.raises(ApiError) as caught:
        await authorities.set_contacts(client, WARENDORF, [], "noch einmal", seen.etag)
    assert caught.value.code == STALE


async def test_in_read_only_mode_nothing_that_changes_leaves_the_console() -> None:
    api = FakeApi()
    client = client_of(api, DE, read_only=True)
    for doing in (client.post("/x"), client.put("/x", {}), client.delete("/x"), client.upload("/x", "a.csv", b"")):
        with pytest.raises(ApiError, match="Nur-Lese-Betrieb"):
            await doing
    assert api.calls == []
    changes = {"option": "2"}
    assert await authorities.bulk(client, [WARENDORF], changes, valid_from="2026-12-01", reason="Vorschau")


async def test_unknown_fields_are_left_aside_and_missing_ones_have_defaults() -> None:
    answer = {"rows": [{"key": "1", "name": "A", "colour": "red", "held": None}]}
    rows = await authorities.rows(over(lambda _: httpx.Response(200, json=answer)))
    assert (rows[0].key, rows[0].held, rows[0].option) == ("1", 0, "3b")
