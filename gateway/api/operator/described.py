"""The bodies that operators send, for the OpenAPI document: they are read by hand, so FastAPI cannot know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from gateway.api.operator import shapes
from gateway.api.operator.clocks import ClosedDaysIn
from gateway.api.operator.glossary import ADAPTER, EXAMPLES, GUARDED, IF_MATCH, PARAMETERS
from gateway.api.operator.plans import ArrivalIn

ROOT = "/operator/v1"
_ONE = "/authorities/{key}"

BODIES: Mapping[tuple[str, str], type[BaseModel]] = {
    ("put", f"{_ONE}/participation"): shapes.ParticipationIn,
    ("post", f"{_ONE}/pause"): shapes.Because,
    ("post", f"{_ONE}/resume"): shapes.Because,
    ("put", f"{_ONE}/contacts"): shapes.ContactsIn,
    ("post", f"{_ONE}/notes"): shapes.NoteIn,
    ("post", f"{_ONE}/certificates"): shapes.CertificateIn,
    ("post", f"{_ONE}/onboarding/test-message"): shapes.Because,
    ("post", f"{_ONE}/onboarding/advance"): shapes.AdvanceIn,
    ("post", f"{_ONE}/onboarding/propose"): shapes.Because,
    ("post", f"{_ONE}/onboarding/approve"): shapes.ApprovalIn,
    ("post", "/adapters/{name}/check"): shapes.SettingsIn,
    ("post", "/authorities/bulk"): shapes.BulkIn,
    ("put", "/calendar/closed"): ClosedDaysIn,
    ("post", "/deliveries/bulk"): shapes.BulkDeliveriesIn,
    ("post", "/deliveries/{message_id}/{act}"): shapes.Because,
    ("post", "/cases/{case_number}/withdraw"): shapes.Because,
    ("post", "/cases/{case_number}/plans-arrived"): ArrivalIn,
    ("post", "/replies/{reply_id}/assign"): shapes.AssignIn,
    ("post", "/replies/{reply_id}/discard"): shapes.Because,
    ("post", "/survey/{survey_id}/apply"): shapes.ApplySurveyIn,
    ("post", "/survey/{survey_id}/undo"): shapes.Because,
}
"""Method and path below `/operator/v1` → the shape of its JSON body."""

NO_BODY = frozenset({("post", f"{_ONE}/onboarding/check"), ("post", "/journal/verify")})

FILE = ("post", "/survey")
"""Takes a table instead: the raw body, or the first file of a form."""


def describe(document: dict[str, Any]) -> None:
    """Put bodies, parameters and examples of all operators' calls into an OpenAPI document."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for (method, path), shape in BODIES.items():
        described = shape.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(described.pop("$defs", {}))
        schemas[shape.__name__] = described
        reference = {"$ref": f"#/components/schemas/{shape.__name__}"}
        content = {"application/json": {"schema": reference, "example": EXAMPLES[shape]}}
        document["paths"][ROOT + path][method]["requestBody"] = {"required": True, "content": content}
    _tell_parameters(document)
    octets: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
    form: dict[str, Any] = {
        "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
    }
    table = {"application/octet-stream": octets, "multipart/form-data": form}
    document["paths"][ROOT + FILE[1]][FILE[0]]["requestBody"] = {"required": True, "content": table}


def _tell_parameters(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        if not path.startswith(ROOT):
            continue
        for method, operation in methods.items():
            if (method, path.removeprefix(ROOT)) in GUARDED:
                operation.setdefault("parameters", []).append(dict(IF_MATCH))
            for parameter in operation.get("parameters", []):
                if "description" not in parameter:
                    known = ADAPTER if path.startswith(f"{ROOT}/adapters") else PARAMETERS[parameter["name"]]
                    parameter["description"], parameter["example"] = known
