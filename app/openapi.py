"""OpenAPI 3.1 from routes, schemas and life cycles; every operation names every no it can say."""

from typing import Any

from flask import Flask
from flask_smorest import Api

from app.unit import Policy

TITLE = "Databourse"
VERSION = "0.1.0"

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": ["string", "null"]},
        "instance": {"type": "string"},
        "request_id": {"type": ["string", "null"]},
        "refusals": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"code": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
NOES = {
    "400": "The request cannot be read, or lacks its Idempotency-Key.",
    "401": "The caller has not said who they are.",
    "403": "The caller may not do this.",
    "404": "No such record, or none that the caller may see.",
    "405": "The method is not for this address.",
    "406": "The answer cannot be had in this form.",
    "409": "Not in this state, or somebody was faster; the refusals say why.",
    "412": "If-Match names a version that is no longer the present one.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The input is not valid; the errors point at the fields.",
    "429": "Too often.",
    "503": "Too busy; try again.",
}
WRITING = frozenset({"400", "409", "412", "413", "415"})


class Doors(Api):
    """flask-smorest without its own error handlers and error schemas: problems are ours."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave every no to app.problems."""


def init_app(app: Flask) -> Doors:
    """Prepare the document; the routes register themselves."""
    app.config.update(
        API_TITLE=TITLE,
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        PROPAGATE_EXCEPTIONS=False,
    )
    api = Doors(app)
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    api.spec.components.security_scheme(
        "session", {"type": "apiKey", "in": "cookie", "name": "databourse_session"}
    )
    return api


def document(app: Flask, api: Doors) -> dict[str, Any]:
    """Return the whole document, each operation with its policy and its noes."""
    spec: dict[str, Any] = api.spec.to_dict()
    components = spec.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    policies = {
        (_templated(rule.rule), method.lower()): getattr(
            app.view_functions[rule.endpoint], "policy", None
        )
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for path, operations in spec.get("paths", {}).items():
        for method, operation in operations.items():
            if method in {"get", "post"}:
                _complete(operation, method, policies[path, method])
    return spec


def _complete(operation: dict[str, Any], method: str, policy: Policy | None) -> None:
    responses = {
        status: found
        for status, found in operation["responses"].items()
        if status.startswith(("2", "3"))
    }
    for status, meaning in NOES.items():
        if method == "post" or status not in WRITING:
            responses[status] = {
                "description": meaning,
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            }
    operation["responses"] = responses
    if policy is None:
        raise LookupError(f"{operation['operationId']} has no policy")
    if policy.scope is not None:
        operation["security"] = [{"token": []}, {"session": []}]
    if method == "post":
        operation.setdefault("parameters", []).append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": policy.money,
                "schema": {"type": "string", "minLength": 1, "maxLength": 200,
                           "pattern": "^[!-~]+$"},
                "description": "The same key with the same request gives the same answer.",
            }
        )  # fmt: skip


def _templated(rule: str) -> str:
    # /api/products/<string:subject_id> → /api/products/{subject_id}
    parts = [
        "{" + part.strip("<>").split(":")[-1] + "}" if part.startswith("<") else part
        for part in rule.split("/")
    ]
    return "/".join(parts)
