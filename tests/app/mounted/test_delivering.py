"""What is mounted is delivered by every way as it lies, and no longer when it is gone."""

import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import delta_sharing
import pytest

from app.intake import mounting
from app.sharing import packing
from app.unit import Exchange
from delivery.locations import locations
from delivery.packages import packages
from delivery.recipients import credentials
from delivery.recipients import keys as recipient_keys
from delivery.tables import datasets, mounts
from tests.app.delivering import keys
from tests.app.sharing import conftest as sharing
from tests.app.sharing.test_server import table
from tests.conftest import NOON, As, Client, work_of
from tests.delivery import stores
from tests.delivery.locations import places

address = sharing.address
PUBLIC = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
PLACES = ("folder", "bucket")
Mounted = Callable[..., str]


@pytest.fixture(autouse=True)
def clients_own_warnings() -> Iterator[None]:
    """Leave alone what the official client says of the libraries that it uses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(params=PLACES)
def mounted(request: pytest.FixtureRequest, as_: As, application: Exchange, store: str) -> Mounted:
    """Give a factory of deliveries of a mounted Delta table of three thousand readings."""
    place = request.getfixturevalue(request.param)
    merchant = as_("per_developer_editor")
    uri = f"{place}/river"
    more: dict[str, Any] = {}
    if request.param == "bucket":
        more["storage_options"] = places.options(store)
    given = asdict(places.KEYS) if request.param == "bucket" else {}
    places.delta(uri, 1000, **more)
    root = {"folder": "lake", "bucket": "store"}[request.param]
    body = {"root": root, "path": "river", "title": "水位", **given}
    location = merchant.post("/api/data-locations", json=body).json
    mounting.look_due(application.house)
    places.delta(uri, 3000, **more)
    merchant.post(f"/api/data-locations/{location['id']}/refresh")
    mounting.look_due(application.house)

    def made(**changes: Any) -> str:
        with application.house.engines.writing() as session:
            version = datasets.version(session, location["dataset_id"])
            task = stores.delivered(session, version, **changes)
            session.commit()
            return task.id

    made.location_id = location["id"]  # type: ignore[attr-defined]  # for the tests that need it
    return made


def shared(application: Exchange, address: str, task_id: str, folder: Path) -> str:
    """Return the path of a profile for a delivery."""
    with application.house.engines.writing() as session:
        work = work_of(session, "per_buyer_editor")
        _, secret = credentials.issue(work, task_id, "share", "笔记本", NOON + timedelta(days=30))
        session.commit()
    told = {"shareCredentialsVersion": 1, "endpoint": f"{address}/delta-sharing",
            "bearerToken": secret}  # fmt: skip
    path = folder / "p.share"
    path.write_text(json.dumps(told))
    return str(path)


def lost(application: Exchange, location_id: str) -> None:
    """Say that a location was found to be gone."""
    from delivery.locations.unread import problem

    with application.house.engines.writing() as session:
        work = work_of(session, "system")
        locations.unread(work, location_id, [problem("STORE_UNREACHABLE")])
        session.commit()


def test_the_official_client_reads_it_and_travels_in_time(
    application: Exchange, address: str, mounted: Mounted, tmp_path: Path
) -> None:
    task_id = mounted()
    profile = shared(application, address, task_id, tmp_path)

    frames = [
        delta_sharing.load_as_pandas(table(profile, task_id), use_delta_format=form)
        for form in (True, False)
    ]
    before = delta_sharing.load_as_pandas(table(profile, task_id), version=0)
    few = delta_sharing.load_as_pandas(table(profile, task_id), limit=5)
    lost(application, mounted.location_id)  # type: ignore[attr-defined]  # see the fixture
    with pytest.raises(Exception, match="503"):
        delta_sharing.load_as_pandas(table(profile, task_id))

    assert [len(frame) for frame in (*frames, before, few)] == [3000, 3000, 1000, 5]
    assert frames[1]["level"].sum() == sum(range(3000)) / 2
    assert not (application.house.data_dir / "scoped").exists()


def test_only_what_was_bought_is_cut_out_of_it(
    application: Exchange, address: str, mounted: Mounted, tmp_path: Path
) -> None:
    task_id = mounted(items=[{"directory": "", "item": "id"}])
    profile = shared(application, address, task_id, tmp_path)

    frame = delta_sharing.load_as_pandas(table(profile, task_id))

    assert [*frame.columns] == ["id"]
    assert len(frame) == 3000


def test_files_are_sent_in_ranges_and_never_beyond_them(
    application: Exchange, client: Client, address: str, mounted: Mounted, tmp_path: Path
) -> None:
    task_id = mounted()
    profile = json.loads(Path(shared(application, address, task_id, tmp_path)).read_text())
    told = client.post(
        f"/delta-sharing/shares/{task_id}/schemas/data/tables/rows/query",
        headers={"Authorization": f"Bearer {profile['bearerToken']}"},
        json={},
    )
    file = json.loads(told.text.splitlines()[-1])["file"]
    url = file["url"].removeprefix("http://localhost")

    head = client.head(url)
    whole = client.get(url)
    middle = client.get(url, headers={"Range": "bytes=4-9"})
    beyond = client.get(url, headers={"Range": f"bytes={file['size']}-"})

    assert (head.status_code, head.content_length) == (200, file["size"])
    assert len(whole.data) == file["size"]
    assert whole.data.startswith(b"PAR1")
    assert (middle.status_code, middle.data) == (206, whole.data[4:10])
    assert middle.headers["Content-Range"] == f"bytes 4-9/{file['size']}"
    assert beyond.status_code == 416


def test_a_metered_call_reads_it_and_a_changed_file_is_told_of_and_costs_nothing(
    application: Exchange, client: Client, mounted: Mounted, as_: As
) -> None:
    task_id = mounted(mode="record_api")
    _, secret = keys.issued(application, task_id)
    body = {
        "limit": 2,
        "sort": "-level",
        "filters": [{"column": "id", "op": "lt", "values": ["7"]}],
    }

    answer = client.post(f"/data/v1/{task_id}/rows", json=body, headers=keys.bearing(secret))
    lost(application, mounted.location_id)  # type: ignore[attr-defined]  # see the fixture
    gone = client.post(f"/data/v1/{task_id}/rows", json=body, headers=keys.bearing(secret))
    calls = as_("per_buyer_editor").get(f"/api/deliveries/{task_id}/calls").json["items"]

    assert [row["id"] for row in answer.json["rows"]] == [6, 5]
    assert (gone.status_code, gone.json["type"].rpartition("/")[2]) == (503, "not-mounted")
    assert [call["failure"] for call in calls] == ["not-mounted", None]


def test_a_query_in_the_domain_sees_it_through_the_fence(
    application: Exchange, mounted: Mounted, as_: As
) -> None:
    task_id = mounted(mode="in_domain")
    buyer = as_("per_buyer_editor")
    sql = "SELECT station, count(id) AS n FROM data GROUP BY station"

    made = buyer.post(f"/api/deliveries/{task_id}/queries", json={"sql": sql})
    lost(application, mounted.location_id)  # type: ignore[attr-defined]  # see the fixture
    gone = buyer.post(f"/api/deliveries/{task_id}/queries", json={"sql": sql})

    assert made.status_code == 201, made.json
    assert made.json["refused"] is None
    assert gone.status_code == 503


def test_a_package_is_made_of_it(application: Exchange, mounted: Mounted) -> None:
    task_id = mounted()
    with application.house.engines.writing() as session:
        work = work_of(session, "per_buyer_editor")
        held = recipient_keys.register(work, label="k", public_key=PUBLIC)
        made = packages.request(work, task_id, key_id=held.id, file_format="parquet").id
        session.commit()
    packing.make_waiting(application.house)

    with application.house.engines.reading() as session:
        found = packages.find(session, made)
        told = (found.manifest or {})["files"][0]
        assert (found.state, told["rows"]) == ("ready", 3000)


def test_a_file_that_was_changed_is_not_delivered_as_what_was_bought(
    application: Exchange, as_: As, folder: Path, client: Client
) -> None:
    merchant = as_("per_developer_editor")
    places.parquet(folder / "flat", "a.parquet", 100)
    body = {"root": "lake", "path": "flat", "title": "水位"}
    location = merchant.post("/api/data-locations", json=body).json
    mounting.look_due(application.house)
    with application.house.engines.writing() as session:
        version = datasets.version(session, location["dataset_id"])
        task_id = stores.delivered(session, version, mode="record_api").id
        session.commit()
    _, secret = keys.issued(application, task_id)
    places.parquet(folder / "flat", "a.parquet", 100, made_by=places.READINGS.replace("0.5", "9"))
    mounts._opened.cache_clear()

    answer = client.post(f"/data/v1/{task_id}/rows", json={}, headers=keys.bearing(secret))
    ending = merchant.post(f"/api/data-locations/{location['id']}/end", json={})

    assert answer.status_code == 503
    assert ending.json["refusals"][0]["code"] == "IN_USE"
