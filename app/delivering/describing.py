"""What the metered interface of one order line offers, in words and as OpenAPI 3.1. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from catalogue.grades import Mode
from delivery import domain
from delivery.metered import bodies
from delivery.metered.questions import FILTERS_MAX, OPERATORS, VALUES_MAX
from delivery.tables.datasets import DatasetVersion
from delivery.tasks import DeliveryTask
from kernel.errors import Invalid

_JSON: Final[Mapping[str, str]] = {
    "integer": "integer", "decimal": "number", "boolean": "boolean",
}  # fmt: skip
_NOES: Final = {
    "400": "The body cannot be read.",
    "401": "No live key of this order line, or a signature that does not hold.",
    "403": "Refused by the order, the authorisation or the meter; the refusals say why.",
    "422": "The question is not valid; the errors point at the fields.",
    "503": "The table is not there now.",
}


def open_columns(task: DeliveryTask, version: DatasetVersion) -> tuple[str, ...]:
    """Return the columns that an order line may ask for: those ordered, or all of them."""
    ordered = {entry["item"] for entry in task.items}
    names = [each["name"] for each in version.columns]
    return tuple(name for name in names if not ordered or name in ordered)


def check_limit(limit: int, most: int) -> None:
    """Raise Invalid for more rows than one call may give."""
    if limit > most:
        raise Invalid(f"每次至多 {most} 行", f"a call gives at most {most} rows", pointer="/limit")


def openapi(task: DeliveryTask, version: DatasetVersion) -> dict[str, Any]:
    """Return the interface as an OpenAPI 3.1 document: its own address, columns and limits."""
    paths: dict[str, Any] = {f"/data/v1/{task.id}/verify": {"post": _verify(task, version)}}
    if task.mode == Mode.RECORD_API:
        paths[f"/data/v1/{task.id}/rows"] = {"post": _rows(task, version)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Delivery {task.id}",
            "version": f"{version.dataset_id}.{version.number}",
            "description": f"{version.row_count} rows of data set {version.dataset_id}, version "
            f"{version.number}, for the purpose {task.purpose_code} in region {task.region}.",
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Row": _row(task, version), "Problem": _PROBLEM},
        },
    }


_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": ["string", "null"]},
        "refusals": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"code": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def _row(task: DeliveryTask, version: DatasetVersion) -> dict[str, Any]:
    open_to = set(open_columns(task, version))
    return {
        "type": "object",
        "properties": {
            each["name"]: {"type": [_JSON.get(domain.type_of(each["type"]), "string"), "null"]}
            for each in version.columns
            if each["name"] in open_to
        },
    }


def _rows(task: DeliveryTask, version: DatasetVersion) -> dict[str, Any]:
    names = [*open_columns(task, version)]
    column = {"type": "string", "enum": names}
    body = {
        "columns": {"type": "array", "items": column},
        "filters": {
            "type": "array",
            "maxItems": FILTERS_MAX,
            "items": {
                "type": "object",
                "required": ["column", "op"],
                "properties": {
                    "column": column,
                    "op": {"type": "string", "enum": [*OPERATORS]},
                    "values": {
                        "type": "array", "maxItems": VALUES_MAX, "items": {"type": "string"},
                    },
                },
            },
        },
        "sort": {"type": "string", "enum": [*names, *(f"-{name}" for name in names)]},
        "after": {"type": "string"},
        "limit": {"type": "integer", "minimum": 1, "default": 100},
        "format": {"type": "string", "enum": [*bodies.FORMATS], "default": "json"},
        "request_id": {"type": "string", "maxLength": 100},
    }  # fmt: skip
    page = {
        "type": "object",
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
            "next": {"type": ["string", "null"]},
        },
    }
    content = {
        "application/json": {"schema": page},
        "text/csv": {"schema": {"type": "string"}},
        "application/vnd.apache.arrow.stream": {"schema": {"type": "string", "format": "binary"}},
    }
    return _operation("rows", "Read one page of rows.", body, content)


def _verify(task: DeliveryTask, version: DatasetVersion) -> dict[str, Any]:
    names = open_columns(task, version)
    body = {
        "values": {
            "type": "object",
            "minProperties": 1,
            "properties": {name: {"type": "string"} for name in names},
            "additionalProperties": False,
        },
        "request_id": {"type": "string", "maxLength": 100},
    }
    told = {"type": "object", "properties": {"found": {"type": "boolean"}}}
    content = {"application/json": {"schema": told}}
    return _operation("verify", "Tell whether there is such a row.", body, content)


def _operation(
    name: str, summary: str, body: dict[str, Any], content: dict[str, Any]
) -> dict[str, Any]:
    asked = {"type": "object", "additionalProperties": False, "properties": body}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    receipt = {"schema": {"type": "string"}, "description": "The signed receipt, base64url JSON."}
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {
            "200": {
                "description": "Answered; billed once for each request_id.",
                "headers": {"Databourse-Receipt": receipt},
                "content": content,
            },
            **{status: {"description": said, "content": problem} for status, said in _NOES.items()},
        },
    }
