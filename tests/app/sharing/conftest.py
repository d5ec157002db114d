"""The application over real HTTP on the loopback, with a table shared in it."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from app.unit import Exchange
from delivery.recipients import credentials
from delivery.tasks import DeliveryTask
from tests.conftest import NOON, work_of
from tests.delivery import stores

Shared = Callable[..., tuple[str, str]]
"""Shares a task made by `make`; returns the path of the profile and the task's id."""


@pytest.fixture
def address(application: Exchange) -> Iterator[str]:
    """Serve the application on a free port."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shared(application: Exchange, address: str, tmp_path: Path) -> Shared:
    """Give a factory of shares, each with the profile of a new token."""

    def made(make: Callable[[Session, Path], DeliveryTask]) -> tuple[str, str]:
        with application.house.engines.writing() as session:
            task = make(session, application.house.data_dir)
            _, secret = credentials.issue(
                work_of(session, "per_buyer_editor"), task.id, "share", "笔记本", later()
            )
            session.commit()
            found = task.id
        profile = {
            "shareCredentialsVersion": 1,
            "endpoint": f"{address}/delta-sharing",
            "bearerToken": secret,
            "expirationTime": later().isoformat(),
        }
        path = tmp_path / f"{found}.share"
        path.write_text(json.dumps(profile))
        return str(path), found

    return made


def later() -> Any:
    """Return a time at which a token may end."""
    return NOON + timedelta(days=30)


def readings(rows: int = 1000, versions: int = 1) -> Callable[[Session, Path], DeliveryTask]:
    """Return what makes a delivery of readings, `rows` more in each version."""

    def make(session: Session, data_dir: Path) -> DeliveryTask:
        loaded = [
            stores.stored(session, data_dir, rows=rows * number, at=NOON + timedelta(hours=number))
            for number in range(1, versions + 1)
        ]
        return stores.delivered(session, loaded[-1])

    return make
