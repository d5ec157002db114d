"""An exchange over real HTTP on the loopback, its worker beside it, and a buyer's machine."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app import demonstration, worker
from app.unit import Exchange
from databourse_client import Client, profiles
from delivery import tasks
from kernel.parties import credentials
from tests.app.sharing.conftest import address
from tests.conftest import work_of
from tests.delivery import stores
from tests.marketplace import make

__all__ = ["address"]

Bought = Callable[..., str]
"""Has a product of readings listed, ordered, paid and opened; returns the delivery."""


@pytest.fixture
def bought(application: Exchange) -> Bought:
    """Give a factory of deliveries, by the whole way from listing to provision."""

    def made(*, mode: str = "raw_file", rows: int = 1000) -> str:
        house = application.house
        with house.engines.writing() as session:
            found = _ordered(session, house.data_dir, mode, rows)
            demonstration.begin_at(session, make.AFTER_PUBLICITY + timedelta(days=8))
            session.commit()
        return found

    return made


def _ordered(session: Session, data_dir: Path, mode: str, rows: int) -> str:
    version = stores.stored(session, data_dir, rows=rows)
    product = make.listed(
        session,
        dataset_version_id=version.id,
        delivery_mode=mode,
        dictionary=[
            {"name": each["name"], "type": "string", "meaning": f"列 {each['name']}"}
            for each in version.columns
        ],
        sample=[stores.SAMPLED],
    )
    order = make.paid(session, product)
    (task,) = tasks.of_order(session, order.id)
    tasks.take(work_of(session, "per_developer_signer", at=make.AFTER_PUBLICITY), task.id,
               "provision")  # fmt: skip
    return task.id


@pytest.fixture
def working(application: Exchange) -> Iterator[None]:
    """Make packages beside the server, as the serving process does."""
    stop = Event()
    thread = Thread(target=worker.read_forever, args=(application.house, stop), daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.fixture
def machine(
    application: Exchange, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Give the variables of a buyer's machine, set for this process as well."""
    told = {
        "DATABOURSE_URL": address,
        "DATABOURSE_TOKEN": token(application, "per_buyer_editor"),
        "DATABOURSE_HOME": str(tmp_path / "home"),
        "DATABOURSE_LANGUAGE": "en",
    }
    monkeypatch.delenv("DATABOURSE_PROFILE", raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return told


@pytest.fixture
def reader(machine: dict[str, str]) -> Client:
    """Give the client of the buyer's editor."""
    return Client(profiles.load(environment=machine))


def token(application: Exchange, person: str, **wish: Any) -> str:
    """Issue a token to one of the cast."""
    with application.house.engines.writing() as session:
        scopes = list(wish.get("scopes", credentials.SCOPES))
        _, secret = credentials.issue(
            work_of(session, person, at=make.AFTER_PUBLICITY), label="test", scopes=scopes, days=366
        )
        session.commit()
    return secret
