"""OpenAPI 3.1 from routes, schemas and life cycles; every operation names every no it can say.

Bodies are read as strictly as the document says: JSON that can be read one way only.
"""

import json
from typing import Any, Final

from flask import Flask, Request
from flask_smorest import Api
from webargs.core import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from app import problems
from app.unit import Policy, Unreadable, storable
from kernel.errors import Invalid

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
NOES: Final = {
    # status: its name among the responses of the document, and what it means
    "400": ("Unreadable", "The request cannot be read, or lacks an Idempotency-Key that it needs."),
    "401": ("Unnamed", "The caller has not said who they are."),
    "403": ("Forbidden", "The caller may not do this."),
    "404": ("Missing", "No such record, or none that the caller may see."),
    "405": ("NoSuchMethod", "The method is not for this address."),
    "409": ("Conflict", "Not in this state, or somebody was faster; the refusals say why."),
    "412": ("Stale", "If-Match names a version that is no longer the present one."),
    "413": ("TooLarge", "The body is too large."),
    "415": ("NotJson", "The body is not application/json."),
    "422": ("Invalid", "The input is not valid; the errors point at the fields."),
    "429": ("TooOften", "Too often."),
    "503": ("TooBusy", "Too busy; try again."),
}
WRITING = frozenset({"409", "412", "413", "415"})


DEPTH_MAX = 32
"""How deep lists and objects of a body may be nested."""


class Bodies(FlaskParser):
    """Reads bodies of application/json: UTF-8, no name twice in an object, no NaN.

    A query with a field that its schema does not know is refused as a body is; `lang`,
    which every address takes, is app.languages' to read.
    """

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - webargs' own name; only read
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": None,
    }

    def load_querystring(self, req: Request, schema: Any) -> Any:
        """Return the query without the wish for a language."""
        asked = req.args.copy()
        asked.poplist("lang")
        return self._makeproxy(asked, schema)

    def load_json(self, req: Request, schema: Any) -> Any:  # noqa: ARG002 - webargs' signature
        """Return what the body says. Raises Unreadable, Invalid or UnsupportedMediaType."""
        body = req.get_data(cache=True)
        if not body and not req.mimetype:
            return missing
        if req.mimetype != "application/json":
            raise UnsupportedMediaType
        try:
            read = json.loads(
                body.decode(), object_pairs_hook=_each_once, parse_constant=_no_number
            )
        except (ValueError, RecursionError) as error:
            raise Unreadable(
                "请求正文不是有效的 JSON", f"the body is not JSON that we can read: {error}"
            ) from error
        _look_through(read)
        return read


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not a number")


def _look_through(body: Any) -> None:
    level = [("", body)]
    for _ in range(DEPTH_MAX):
        for pointer, value in level:
            if isinstance(value, str) and not storable(value):
                raise Invalid(
                    "文本含有不能保存的字符",
                    "a text holds a character that cannot be stored",
                    pointer=pointer,
                )
        level = [inner for pointer, value in level for inner in _inner(pointer, value)]
        if not level:
            return
    raise Unreadable(f"正文嵌套超过 {DEPTH_MAX} 层", f"nested deeper than {DEPTH_MAX} levels")


def _inner(pointer: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, list):
        return [(f"{pointer}/{place}", inner) for place, inner in enumerate(value)]
    if isinstance(value, dict):
        names = [(pointer, name) for name in value]
        return names + [
            (f"{pointer}/{problems.part(name)}", inner) for name, inner in value.items()
        ]
    return []


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
        "session",
        {
            "type": "apiKey",
            "in": "cookie",
            "name": "databourse_session",
            "description": "A POST carries the session's csrf_token as X-CSRF-Token as well.",
        },
    )
    return api


def document(app: Flask, api: Doors) -> dict[str, Any]:
    """Return the whole document, each operation with its policy and its noes."""
    spec: dict[str, Any] = api.spec.to_dict()
    components = spec.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {name: _no(meaning) for name, meaning in NOES.values()}
    components["parameters"] = PARAMETERS
    routes = {
        (_templated(rule.rule), method.lower()): rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for path, operations in spec.get("paths", {}).items():
        for method, operation in operations.items():
            if method in {"get", "post"}:
                endpoint = routes[path, method]
                operation["operationId"] = endpoint.replace(".", "_")
                _complete(operation, method, app.view_functions[endpoint])
    return spec


def _complete(operation: dict[str, Any], method: str, view: Any) -> None:
    policy: Policy = view.policy
    operation["responses"] = {
        status: found
        for status, found in operation["responses"].items()
        if status.startswith(("2", "3"))
    }
    for status, (name, _) in NOES.items():
        if method == "post" or status not in WRITING:
            operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    if policy.scope is not None:
        operation["security"] = [{"token": []}, {"session": []}]
    if method == "post":
        headers = [] if policy.alone else ["KeyNeeded" if policy.money else "Key"]
        headers += ["IfMatch"] if getattr(view, "versioned", False) else []
        operation.setdefault("parameters", []).extend(
            {"$ref": f"#/components/parameters/{name}"} for name in headers
        )


def _no(meaning: str) -> dict[str, Any]:
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {"description": meaning, "content": {"application/problem+json": problem}}


def _key(*, required: bool) -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": required,
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        "description": "The same key with the same request gives the same answer.",
    }


PARAMETERS: Final = {
    "Key": _key(required=False),
    "KeyNeeded": _key(required=True),
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "The version that the caller saw, as its ETag said; without it, any.",
    },
}


def _templated(rule: str) -> str:
    # /api/products/<string:subject_id> → /api/products/{subject_id}
    parts = [
        "{" + part.strip("<>").split(":")[-1] + "}" if part.startswith("<") else part
        for part in rule.split("/")
    ]
    return "/".join(parts)
