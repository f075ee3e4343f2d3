"""Why a delivery waits, in one sentence: for its own next attempt, or for a way that rests or was paused."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from gateway import registry
from gateway.api.operator.delivery_rows import delivery_out
from gateway.domain.case import Way
from gateway.domain.delivery import State
from gateway.ports import Directory
from tests.kit.installation import WARENDORF
from tests.kit.stores import a_case, a_delivery

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def shown(state: State, way: Way | None, **given: Any) -> dict[str, Any]:
    world: Any = SimpleNamespace(
        directory=Directory(registry.editions(), registry.municipalities()), clock=SimpleNamespace(now=lambda: NOW)
    )
    case = a_case(1, authority=WARENDORF, state=state)
    made = a_delivery(
        1,
        case,
        state=state,
        **{"attempt": 1, "reason": "Der Ablageordner fehlt.", "code": "delivery-unreachable"} | given,
    )
    return delivery_out(world, made, way)


RESTS = Way(WARENDORF, failures=5, open_until=NOW + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("state", "way", "said"),
    [
        (State.ACCEPTED, None, "beginnt sofort"),
        (State.ACCEPTED, RESTS, "5-mal nacheinander nicht erreichbar, darum ruht der Weg bis 23.11.2026 10:05"),
        (State.WAITING, RESTS, "(Der Ablageordner fehlt); nächster Versuch 23.11.2026 10:05"),
        (State.WAITING, Way(WARENDORF, failures=5, open_until=NOW), "nächster Versuch sofort"),
        (State.WAITING, Way(WARENDORF, paused=True, paused_why="Umzug."), "ist angehalten (Umzug); gesendet wird"),
        (State.HELD, Way(WARENDORF, paused=True, paused_why="Umzug."), "ein Mensch muss entscheiden"),
    ],
)
def test_a_sentence_says_what_is_waited_for(state: State, way: Way | None, said: str) -> None:
    assert said in shown(state, way, next_at=None if state is State.HELD else NOW - timedelta(seconds=9))["sentence"]


def test_what_somebody_put_back_is_not_said_to_have_failed() -> None:
    said = shown(State.WAITING, RESTS, next_at=NOW, reason="Ordner wieder da.", code="")["sentence"]
    assert said == "Wieder eingestellt (Ordner wieder da); nächster Versuch bei Kreis Warendorf 23.11.2026 10:05."


def test_the_next_attempt_is_when_the_way_has_rested_and_unknown_while_it_is_paused() -> None:
    past = NOW - timedelta(seconds=9)
    assert RESTS.open_until is not None
    assert shown(State.WAITING, RESTS, next_at=past)["next_at"] == RESTS.open_until.isoformat()
    assert shown(State.WAITING, None, next_at=past)["next_at"] == past.isoformat()
    assert shown(State.WAITING, Way(WARENDORF, paused=True), next_at=past)["next_at"] is None
