"""What FastAPI cannot know, for the OpenAPI document: how callers prove who they are, problems, files as answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.api.evidence import BUNDLE

_TEXT = {"type": "string"}
_JSON = "application/json"

PROBLEM: Mapping[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457. `detail` and `hint` are German sentences; `errors` names every fault at once.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "actor", "request_id"],
    "properties": {
        **dict.fromkeys(("type", "title", "detail", "instance", "code", "actor", "request_id", "hint"), _TEXT),
        "status": {"type": "integer"},
        "fehlerkennzahl": {"type": "string", "description": "Code of XBau's list xbau-fehlerkennzahlen"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "pointer", "detail"],
                "properties": dict.fromkeys(("code", "pointer", "detail", "fehlerkennzahl"), _TEXT),
            },
        },
    },
}

_REFUSALS = {
    "4XX": "What the caller can mend; docs/errors.md lists every code",
    "503": "Nothing was taken; repeat after `Retry-After`",
    "507": "No space; nothing was taken",
}

_FILES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("get", "/v1/replies/{reply_id}/message"): ("application/xml",),
    ("get", "/v1/replies/{reply_id}/attachments/{index}"): ("*/*",),
    ("get", "/v1/submissions/{submission_id}/receipt"): ("application/jose",),
    ("get", "/v1/submissions/{submission_id}/receipt.pdf"): ("application/pdf",),
    ("get", "/v1/submissions/{submission_id}/evidence"): (BUNDLE,),
    ("get", "/v1/submissions/{submission_id}/cover-sheet"): ("application/pdf",),
    ("get", "/operator/v1/cases/{case_number}/evidence"): (BUNDLE,),
    ("get", "/operator/v1/map.html"): ("text/html",),
    ("get", "/operator/v1/report"): (
        _JSON,
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}
"""Answers that are no JSON, or not only."""

_KEYED = frozenset({("post", "/v1/submissions"), ("post", "/v1/submissions/{submission_id}/messages")})
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "The same key and body get the same answer; 1 to 200 printable characters",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
}


def complete(document: dict[str, Any]) -> None:
    """Put tokens, keys, problems and files into an OpenAPI document."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = dict(PROBLEM)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    for where, operation in _operations(document):
        _refusals(operation["responses"])
        if where in _FILES:
            octets = {"schema": {"type": "string", "format": "binary"}}
            kinds: dict[str, Any] = dict.fromkeys(_FILES[where], octets)
            operation["responses"]["200"]["content"] = kinds | ({_JSON: {}} if _JSON in kinds else {})
        if where in _KEYED:
            operation.setdefault("parameters", []).append(_KEY)


def _operations(document: dict[str, Any]) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield (method, path), operation


def _refusals(responses: dict[str, Any]) -> None:
    """Replace what FastAPI believes of refusals by what is answered."""
    responses.pop("422", None)
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, words in _REFUSALS.items():
        responses[status] = {"description": words, "content": content}
    wait = {"description": "Seconds", "schema": {"type": "string"}}
    responses["503"] = responses["503"] | {"headers": {"Retry-After": wait}}
