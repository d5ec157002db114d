"""What the house tells its operators: structured logs with request ids, and counters."""

import logging
import re
import sys
from time import perf_counter

import structlog
from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram

from kernel import ids

REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class Meters:
    """The counters of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "databourse_requests", "Requests answered.", ["endpoint", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "databourse_request_seconds", "Time to answer.", ["endpoint"], registry=self.registry
        )
        self.errands = Counter(
            "databourse_errands", "Errands run.", ["outcome"], registry=self.registry
        )


def configure_logs(*, level: str) -> None:
    """Write one JSON object a line to standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def init_app(app: Flask, meters: Meters) -> None:
    """Give every request an id, a line in the log and a place in the counters."""
    log = structlog.get_logger()

    @app.before_request
    def _begin() -> None:
        asked = request.headers.get("X-Request-ID", "")
        g.request_id = asked if REQUEST_ID.fullmatch(asked) else ids.secret(12)
        g.began = perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def _end(response: Response) -> Response:
        seconds = perf_counter() - g.began
        endpoint = request.endpoint or "none"
        meters.requests.labels(endpoint, response.status_code).inc()
        meters.seconds.labels(endpoint).observe(seconds)
        response.headers["X-Request-ID"] = g.request_id
        log.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            ms=round(seconds * 1000),
        )
        return response
