"""The doors of operations: alive, ready, counters, and the OpenAPI document."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app import doors, unit

blueprint = Blueprint("health", __name__)
described = doors.noun("document", "This document · 本文档", prefix="/api")


@blueprint.get("/healthz")
@doors.alone
def alive() -> Any:
    """Tell that the process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@doors.alone
def ready() -> Any:
    """Tell whether the database answers; 503 when it does not."""
    try:
        with unit.house().engines.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return jsonify(status="no database"), 503
    return jsonify(status="ok")


@blueprint.get("/metrics")
@doors.alone
def metrics() -> Response:
    """Show the counters in Prometheus' text format."""
    meters = current_app.extensions["meters"]
    return Response(generate_latest(meters.registry), content_type=CONTENT_TYPE_LATEST)


@described.get("/openapi.json")
@doors.alone
@described.response(200)
def document() -> Any:
    """Show the OpenAPI document of this very application."""
    return jsonify(current_app.extensions["openapi_document"])
