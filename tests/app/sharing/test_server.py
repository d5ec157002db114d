"""Delta Sharing over HTTP: the official client reads, and stops when the right does."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import delta_sharing
import pytest
from requests.exceptions import HTTPError

from app.unit import Exchange
from delivery import tasks
from tests.app.sharing.conftest import Shared, readings
from tests.conftest import work_of


@pytest.fixture(autouse=True)
def clients_own_warnings() -> Iterator[None]:
    """Leave alone what the official client says of the libraries that it uses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def table(profile: str, task_id: str) -> str:
    """Return the address of a task's table, as the client writes it."""
    return f"{profile}#{task_id.lower()}.data.rows"


def test_the_official_client_lists_and_loads_what_was_bought(shared: Shared) -> None:
    profile, task_id = shared(readings(1000))

    client = delta_sharing.SharingClient(profile)
    listed = client.list_all_tables()
    frame = delta_sharing.load_as_pandas(table(profile, task_id))

    assert [(each.share, each.schema, each.name) for each in listed] == [
        (task_id.lower(), "data", "rows")
    ]
    assert [share.name for share in client.list_shares()] == [task_id.lower()]
    assert list(frame.columns) == ["id", "station", "level", "seen_at", "day"]
    assert len(frame) == 1000
    assert frame["level"].sum() == sum(i * 0.5 for i in range(1000))
