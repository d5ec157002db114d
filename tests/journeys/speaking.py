"""How a journey speaks to the exchange: in JSON, each time with a key of its own."""

from typing import Any

from kernel import ids
from tests.conftest import Client


def ok(answer: Any, status: int = 200) -> Any:
    """Return what was answered; anything but `status` is a failure."""
    assert answer.status_code == status, answer.json
    return answer.json


def post(client: Client, path: str, status: int = 200, **body: Any) -> Any:
    """Post a body to `path` under /api."""
    key = {"Idempotency-Key": ids.secret(12)}
    return ok(client.post(f"/api{path}", json=body, headers=key), status)
