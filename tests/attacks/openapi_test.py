"""Both APIs against their OpenAPI document, by schemathesis on a real server: no 5xx, nothing undocumented.

`BAUWEICHE_FUZZ` multiplies the number of examples per operation (default 1).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.api.operator.roles import Role
from tests.kit.installation import AHLEN, WARENDORF, announcement, installation
from tests.kit.replying import hand_in
from tests.kit.running import process

EXAMPLES = 3 * int(os.environ.get("BAUWEICHE_FUZZ", "1"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@schemathesis.serializer("application/pdf", "application/octet-stream")
def _as_it_is(_context: object, value: object) -> bytes:
    """Send a generated file as its octets."""
    return value if isinstance(value, bytes) else str(getattr(value, "data", value)).encode(errors="replace")


@dataclass(frozen=True)
class Served:
    """A running server with something in it: its address, tokens by door, and names that exist."""

    address: str
    tokens: dict[str, str]
    known: dict[str, Any]
    document: dict[str, Any]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with installation(tmp_path_factory.mktemp("openapi")) as installed:
        installed.takes_part(AHLEN)
        reply = hand_in(installed, b"<nothing/>")
        tokens = {
            "/v1": installed.token(days=9),
            "/operator": installed.token(name="op", scopes=frozenset({Role.VERWALTEN.word}), days=9),
            "/authority": installed.token(name=f"authority-{WARENDORF}", scopes=frozenset({"reply"}), days=9),
        }
        with process(installed, "serve", "--port", "0") as running:
            address = running.address("http")
            headers = {"Authorization": f"Bearer {tokens['/v1']}", "Idempotency-Key": "k"}
            with httpx.Client(base_url=address, timeout=60) as client:
                case = client.post("/v1/submissions", json=announcement(), headers=headers).json()
                document = client.get("/v1/openapi.json").json()
            known = {
                "submission_id": case["id"], "case_number": case["case_number"], "key": str(AHLEN), "index": 0,
                "reply_id": reply, "name": "file_drop", "act": "requeue", "message_id": case["id"],
            }  # fmt: skip
            yield Served(address, tokens, known, document)


def operations() -> list[tuple[str, str]]:
    """Return method and path of every operation, from the application without a server."""
    from gateway.api.app import inner_app
    from gateway.edges.gate import Gate

    nothing: Any = None
    document = inner_app(nothing, Gate(), {}, "TEST").openapi()
    return [(method, path) for path, methods in document["paths"].items() for method in methods]


@pytest.mark.parametrize(("method", "path"), operations(), ids=lambda value: value)
def test_an_operation_answers_whatever_it_is_sent_as_its_document_says(served: Served, method: str, path: str) -> None:
    schema = schemathesis.openapi.from_dict(served.document)
    operation = schema[path][method.upper()]
    token = next(token for prefix, token in served.tokens.items() if path.startswith(prefix))
    headers = {"Authorization": f"Bearer {token}"}
    modes = [operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]

    @seed(7)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.one_of(modes), st.booleans())
    def check(case: Any, real: bool) -> None:
        if real and case.path_parameters:
            case.path_parameters |= {name: served.known[name] for name in case.path_parameters if name in served.known}
        case.call_and_validate(base_url=served.address, headers=headers, checks=CHECKS)

    check()


def test_the_document_says_how_to_prove_who_one_is_and_how_refusals_look(served: Served) -> None:
    assert served.document["security"] == [{"token": []}]
    for path, methods in served.document["paths"].items():
        for method, operation in methods.items():
            assert "4XX" in operation["responses"], (method, path)
            assert "422" not in operation["responses"], (method, path)


def test_without_a_token_every_operation_is_closed(served: Served) -> None:
    with httpx.Client(base_url=served.address, timeout=60) as client:
        for path, methods in served.document["paths"].items():
            for method in methods:
                where = path
                for name, value in served.known.items():
                    where = where.replace(f"{{{name}}}", str(value))
                sent = {"Content-Type": "application/pdf" if method == "put" and "attachments" in path else
                        "application/json"}  # fmt: skip
                answer = client.request(method, where, headers=sent, content=b"{}")
                assert answer.status_code == 401, (method, path, answer.text)


def test_the_document_itself_is_valid_and_small(served: Served) -> None:
    assert served.document["openapi"].startswith("3.1")
    assert len(str(served.document)) < 1_000_000
    assert Path(__file__).exists()
