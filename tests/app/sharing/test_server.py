"""Delta Sharing over HTTP: the official client reads, and stops when the right does."""

import json
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import delta_sharing
import pytest
from sqlalchemy.orm import Session

from app.unit import Exchange
from delivery import tasks
from delivery.recipients import credentials
from delivery.tasks import DeliveryTask
from kernel import journal
from tests.app.sharing.conftest import Shared, later, readings
from tests.conftest import NOON, Client, work_of
from tests.delivery import stores

QUERY = "responseformat=delta;readerfeatures=timestampntz"


@pytest.fixture(autouse=True)
def clients_own_warnings() -> Iterator[None]:
    """Leave alone what the official client says of the libraries that it uses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def table(profile: str, task_id: str) -> str:
    """Return the address of a task's table, as the client writes it."""
    return f"{profile}#{task_id.lower()}.data.rows"


def take(application: Exchange, task_id: str, name: str) -> None:
    """Take a step of a task as the house."""
    with application.house.engines.writing() as session:
        tasks.take(work_of(session, "system"), task_id, name, reason="测试")
        session.commit()


@pytest.fixture
def asking(client: Client, shared: Shared) -> Callable[..., Any]:
    """Give a factory of callers of one share: `asking(readings())("GET", "/shares")`."""

    def of(make: Any) -> Callable[..., Any]:
        profile, task_id = shared(make)
        token = json.loads(Path(profile).read_text())["bearerToken"]

        def call(method: str, path: str, **more: Any) -> Any:
            headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
            address = path.replace("TABLE", f"/shares/{task_id}/schemas/data/tables/rows")
            return client.open(f"/delta-sharing{address}", method=method, headers=headers, **more)

        call.task_id = task_id  # type: ignore[attr-defined]  # for the tests that need it
        return call

    return of


def lines(answer: Any) -> list[dict[str, Any]]:
    """Return the lines of an answer."""
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def addresses(answer: Any) -> list[str]:
    """Return the addresses of files that an answer hands out."""
    return ["?".join(urlsplit(line["file"]["url"])[2:4:1]) for line in lines(answer)[2:]]


def test_the_official_client_lists_and_loads_what_was_bought(shared: Shared) -> None:
    profile, task_id = shared(readings(1000))

    client = delta_sharing.SharingClient(profile)
    listed = client.list_all_tables()
    frame = delta_sharing.load_as_pandas(table(profile, task_id))

    assert [(each.share, each.schema, each.name) for each in listed] == [
        (task_id.lower(), "data", "rows")
    ]
    assert [share.name for share in client.list_shares()] == [task_id.lower()]
    assert [each.name for each in client.list_schemas(client.list_shares()[0])] == ["data"]
    assert list(frame.columns) == ["id", "station", "level", "seen_at", "day"]
    assert len(frame) == 1000
    assert frame["level"].sum() == sum(i * 0.5 for i in range(1000))


def test_the_official_client_travels_in_time_limits_and_reads_both_forms(shared: Shared) -> None:
    profile, task_id = shared(readings(500, versions=2))
    rows = table(profile, task_id)

    found = {
        "now": delta_sharing.load_as_pandas(rows, use_delta_format=False),
        "before": delta_sharing.load_as_pandas(rows, version=0, use_delta_format=False),
        "then": delta_sharing.load_as_pandas(
            rows, timestamp="2026-07-01T05:30:00Z", use_delta_format=False
        ),
        "some": delta_sharing.load_as_pandas(rows, limit=10, use_delta_format=False),
        "delta": delta_sharing.load_as_pandas(rows, use_delta_format=True),
        "old delta": delta_sharing.load_as_pandas(rows, version=0, use_delta_format=True),
    }

    assert {name: len(frame) for name, frame in found.items()} == {
        "now": 1000, "before": 500, "then": 500, "some": 10, "delta": 1000, "old delta": 500,
    }  # fmt: skip
    assert found["delta"]["station"].tolist() == found["now"]["station"].tolist()
    assert delta_sharing.get_table_version(rows) == 1
    assert delta_sharing.get_table_version(rows, "2026-07-01T04:30:00Z") == 0


def test_a_suspension_stops_the_next_read_and_the_addresses_that_are_out(
    application: Exchange, client: Client, asking: Any
) -> None:
    call = asking(readings(100))
    (address,) = addresses(call("POST", "TABLE/query", json={}))
    assert client.get(address, buffered=True).status_code == 200

    take(application, call.task_id, "suspend")

    refused = [
        call("GET", "/shares"),
        call("GET", "TABLE/version"),
        call("GET", "TABLE/metadata"),
        call("POST", "TABLE/query", json={}),
        client.get(address, buffered=True),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    assert {answer.json["errorCode"] for answer in refused} == {"NOT_OPEN"}


def test_a_revoked_token_opens_nothing_at_once(
    application: Exchange, client: Client, asking: Any
) -> None:
    call = asking(readings(100))
    (address,) = addresses(call("POST", "TABLE/query", json={}))

    with application.house.engines.writing() as session:
        work = work_of(session, "per_buyer_editor")
        (found,) = credentials.listed(work, call.task_id, after=None, limit=5).items
        credentials.revoke(work, found.id)
        session.commit()

    answers = [call("GET", "/shares"), client.get(address, buffered=True)]
    assert [answer.status_code for answer in answers] == [401, 401]


def test_who_shows_no_token_is_told_so(client: Client) -> None:
    answers = [
        client.get("/delta-sharing/shares"),
        client.get("/delta-sharing/shares", headers={"Authorization": "Basic eDp5"}),
        client.get("/delta-sharing/shares", headers={"Authorization": "Bearer no"}),
        client.get("/delta-sharing/files/x?token=eA"),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"
    assert set(answers[0].json) == {"errorCode", "message"}


def test_a_file_comes_in_ranges_under_its_own_address_only(asking: Any, client: Client) -> None:
    call = asking(readings(1000))
    (address,) = addresses(call("POST", "TABLE/query", json={}))

    whole = client.get(address, buffered=True)
    part = client.get(address, buffered=True, headers={"Range": "bytes=10-19"})
    told = client.head(address, buffered=True)
    changed = client.get(address.replace("token=", "token=x"), buffered=True)
    other = client.get(address.replace("files/", "files/0"), buffered=True)
    beyond = client.get(address, buffered=True, headers={"Range": f"bytes={len(whole.data)}-"})

    assert (part.status_code, part.data) == (206, whole.data[10:20])
    assert int(told.headers["Content-Length"]) == len(whole.data)
    assert (changed.status_code, other.status_code, beyond.status_code) == (401, 401, 416)


def test_an_address_is_over_after_its_minutes(
    application: Exchange, client: Client, asking: Any
) -> None:
    from app import demonstration

    call = asking(readings(100))
    (address,) = addresses(call("POST", "TABLE/query", json={}))

    with application.house.engines.writing() as session:
        demonstration.begin_at(session, NOON + timedelta(hours=1))
        session.commit()

    assert client.get(address, buffered=True).status_code == 401


def test_the_proxy_is_told_where_the_file_lies(
    application: Exchange, client: Client, asking: Any
) -> None:
    from dataclasses import replace

    call = asking(readings(100))
    (address,) = addresses(call("POST", "TABLE/query", json={}))
    house = application.house
    application.house = replace(house, settings=replace(house.settings, accel_prefix="/protected/"))

    answer = client.get(address, buffered=True)

    assert answer.data == b""
    assert answer.headers["X-Accel-Redirect"].startswith("/protected/tables/dst_1/part-")


def test_a_use_is_counted_by_what_was_handed_out(application: Exchange, asking: Any) -> None:
    call = asking(readings(100))

    handed = lines(call("POST", "TABLE/query", json={}))[2]["file"]

    with application.house.engines.reading() as session:
        task = session.get_one(DeliveryTask, call.task_id)
        used = [e for e in journal.history(session, task.id, limit=50) if e.kind == "delivery.used"]
    assert (task.reads, task.rows_delivered, task.bytes_delivered) == (1, 100, handed["size"])
    assert used[0].data["way"] == "share"
    assert used[0].person.startswith("rcd_")


def test_columns_that_were_not_bought_are_in_no_file(shared: Shared) -> None:
    def make(session: Session, data_dir: Path) -> DeliveryTask:
        version = stores.stored(session, data_dir)
        items = [{"directory": "d", "item": name} for name in ("level", "id", "elsewhere")]
        return stores.delivered(session, version, items=items)

    profile, task_id = shared(make)

    frames = [
        delta_sharing.load_as_pandas(table(profile, task_id), use_delta_format=form)
        for form in (True, False)
    ]

    assert [list(frame.columns) for frame in frames] == [["id", "level"]] * 2
    assert len(frames[0]) == 1000


def test_people_in_a_masked_file_are_masked(application: Exchange, shared: Shared) -> None:
    from delivery.tables import copies, scopes, sources

    def make(session: Session, data_dir: Path) -> DeliveryTask:
        version = stores.stored(session, data_dir, made_by=stores.PEOPLE, personal=(stores.PHONE,))
        task = stores.delivered(session, version, mode="masked_file")
        scope = scopes.of(task, version, version)
        copy = copies.snapshot(sources.kept(data_dir, version), scope)
        made.extend((scope, copy, copies.snapshot(sources.kept(data_dir, version), scope)))
        return task

    made: list[Any] = []
    shared(make)

    assert [column for column, _ in made[0].masked] == ["phone"]
    assert made[1] == made[2]
    import duckdb

    with duckdb.connect() as connection:
        phones = connection.execute(
            f"SELECT phone FROM read_parquet('{made[1].pieces[0].path}') LIMIT 2"
        ).fetchall()
    assert phones == [("138******00",), ("138******01",)]


def test_raw_public_data_is_never_shared(asking: Any) -> None:
    def public(session: Session, data_dir: Path) -> DeliveryTask:
        version = stores.stored(session, data_dir)
        return stores.delivered(session, version, mode="masked_file", origin="public_authorised")

    answer = asking(public)("POST", "TABLE/query", json={})

    assert (answer.status_code, answer.json["errorCode"]) == (403, "EGRESS_REVIEW_NEEDED")


def test_what_is_not_a_table_is_not_shared(asking: Any) -> None:
    call = asking(lambda session, _data_dir: stores.delivered(session, None))

    answers = [call("GET", "/shares"), call("POST", "TABLE/query", json={})]

    assert [answer.status_code for answer in answers] == [403, 403]


def test_nothing_that_was_bought_leaves_nothing_to_read(asking: Any) -> None:
    def other(session: Session, data_dir: Path) -> DeliveryTask:
        version = stores.stored(session, data_dir)
        return stores.delivered(session, version, items=[{"directory": "d", "item": "none"}])

    answer = asking(other)("POST", "TABLE/query", json={})

    assert answer.json["errorCode"] == "NOTHING_IN_SCOPE"


def test_the_protocol_is_answered_in_the_form_that_the_reader_takes(asking: Any) -> None:
    call = asking(readings(100))

    plain = call("POST", "TABLE/query", json={})
    delta = call("POST", "TABLE/query", json={}, headers={"delta-sharing-capabilities": QUERY})
    either = call(
        "GET", "TABLE/metadata",
        headers={"delta-sharing-capabilities": "responseformat=delta,parquet"},
    )  # fmt: skip
    unable = call(
        "GET", "TABLE/metadata", headers={"delta-sharing-capabilities": "responseformat=delta"}
    )
    ended = call(
        "POST", "TABLE/query", json={},
        headers={
            "delta-sharing-capabilities": "includeEndStreamAction=true", "fileidhash": "Delta",
        },
    )  # fmt: skip

    assert "timestamp_ntz" not in lines(plain)[1]["metaData"]["schemaString"]
    assert lines(delta)[0]["protocol"]["deltaProtocol"]["readerFeatures"] == ["timestampNtz"]
    assert delta.headers["delta-sharing-capabilities"] == "responseformat=delta"
    assert either.headers["delta-sharing-capabilities"] == "responseformat=parquet"
    assert (unable.status_code, "timestampNtz" in unable.json["message"]) == (400, True)
    assert list(lines(ended)[-1]["endStreamAction"]) == ["minUrlExpirationTimestamp"]
    assert ended.headers["fileidhash"] == "delta"
    assert plain.headers["Delta-Table-Version"] == "0"


def test_a_table_without_features_is_told_of_plainly(asking: Any) -> None:
    def make(session: Session, data_dir: Path) -> DeliveryTask:
        made_by = "SELECT i AS id, i % 2 = 0 AS even, random() AS share FROM range({rows}) t(i)"
        return stores.delivered(session, stores.stored(session, data_dir, made_by=made_by))

    call = asking(make)
    delta = call(
        "POST", "TABLE/query", json={"limitHint": 0},
        headers={"delta-sharing-capabilities": "responseformat=delta;includeendstreamaction=true"},
    )  # fmt: skip

    assert lines(delta)[0] == {
        "protocol": {"deltaProtocol": {"minReaderVersion": 1, "minWriterVersion": 2}}
    }
    assert lines(delta)[2:] == [{"endStreamAction": {}}]


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("POST", "TABLE/query", {"json": {"version": -1}}, 400),
        ("POST", "TABLE/query", {"json": {"version": True}}, 400),
        ("POST", "TABLE/query", {"json": {"version": 7}}, 400),
        ("POST", "TABLE/query", {"json": {"version": 0, "timestamp": "2026-07-02T00:00:00Z"}}, 400),
        ("POST", "TABLE/query", {"json": {"timestamp": "yesterday"}}, 400),
        ("POST", "TABLE/query", {"json": {"timestamp": 7}}, 400),
        ("POST", "TABLE/query", {"json": {"timestamp": "2020-01-01T00:00:00Z"}}, 400),
        ("POST", "TABLE/query", {"json": {"timestamp": "2026-07-02T00:00:00"}}, 400),
        ("POST", "TABLE/query", {"json": {"startingVersion": 0}}, 400),
        ("POST", "TABLE/query", {"json": [1]}, 400),
        ("POST", "TABLE/query", {"data": b"{"}, 400),
        ("POST", "TABLE/query", {"data": b"x" * 70_000}, 413),
        ("POST", "TABLE/query", {"json": {}, "headers": {"fileidhash": "md5"}}, 400),
        ("GET", "TABLE/changes?startingVersion=0", {}, 400),
        ("GET", "TABLE/version?startingTimestamp=2027-01-01T00:00:00Z", {}, 400),
        ("GET", "TABLE/metadata?version=x", {}, 400),
        ("GET", "/shares?maxResults=x", {}, 400),
        ("GET", "/shares/other", {}, 404),
        ("GET", "/shares/other/schemas", {}, 404),
        ("GET", "/shares/other/all-tables", {}, 404),
        ("GET", "TABLE/nothing", {}, 404),
    ],
)
def test_what_cannot_be_answered_is_refused_in_the_protocols_words(
    asking: Any, method: str, path: str, more: dict[str, Any], status: int
) -> None:
    answer = asking(readings(10))(method, path, **more)

    assert answer.status_code == status
    assert answer.is_json


def test_lists_are_cut_where_the_reader_asks(asking: Any) -> None:
    call = asking(readings(10))

    none = call("GET", "/shares?maxResults=0").json
    rest = call("GET", f"/shares?pageToken={none['nextPageToken']}").json
    past = call("GET", "/shares?pageToken=5&maxResults=3").json

    assert (none["items"], len(rest["items"]), "nextPageToken" in rest) == ([], 1, False)
    assert past == {"items": []}
    assert call("GET", f"/shares/{call.task_id}").json["share"]["id"] == call.task_id
    assert call("GET", f"/shares/{call.task_id.upper()}/schemas/DATA/tables").json["items"]
    assert call("HEAD", "TABLE").headers["Delta-Table-Version"] == "0"


def test_a_later_version_and_a_graver_one_are_not_offered(asking: Any) -> None:
    def make(session: Session, data_dir: Path) -> DeliveryTask:
        stores.stored(session, data_dir, made_by=stores.PEOPLE, personal=(stores.PHONE,))
        bought = stores.stored(session, data_dir, at=NOON + timedelta(hours=1))
        stores.stored(session, data_dir, at=NOON + timedelta(hours=2))
        return stores.delivered(session, bought)

    call = asking(make)

    answers = [call("POST", "TABLE/query", json={"version": number}) for number in (0, 1, 2)]

    assert [answer.status_code for answer in answers] == [400, 200, 400]


def test_a_token_lives_no_longer_than_it_says(application: Exchange, asking: Any) -> None:
    from app import demonstration

    call = asking(readings(10))
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, later())
        session.commit()

    assert call("GET", "/shares").status_code == 401
