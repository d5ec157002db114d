import hashlib
from typing import Any

import pytest

from app.intake import loading
from app.unit import Exchange
from delivery.intake import parts
from delivery.tables import deltas
from tests.conftest import As, Client
from tests.delivery.intake.files import STATIONS

NEXT = "station,day,rain_mm,wind\n长沙,2026-02-01,1.5,3\n"
PEOPLE = "姓名,手机\n" + "".join(
    f"李{name},1{38 + n % 9}0013{n:04}\n" for n, name in enumerate("明芳强" * 9)
)


def sent(client: Client, content: bytes, **more: Any) -> str:
    """Upload a file in its parts, and say that it is complete."""
    asked = {"name": "雨量.csv", "title": "雨量", "size_bytes": len(content), **more}
    made = client.post("/api/uploads", json=asked)
    assert made.status_code == 201, made.json
    size = made.json["part_bytes"]
    for number in range(made.json["parts"]):
        part = content[number * size : (number + 1) * size]
        answer = put(client, made.json["id"], number + 1, part)
        assert answer.status_code == 200, answer.json
    done = client.post(f"/api/uploads/{made.json['id']}/complete", json={})
    assert done.json["state"] == "received", done.json
    return str(made.json["id"])


def put(client: Client, upload_id: str, number: int, part: bytes, told: str | None = None) -> Any:
    told = told or hashlib.sha256(part).hexdigest()
    door = f"/api/uploads/{upload_id}/parts/{number}?sha256={told}"
    # Served for real, the server ends the body itself, and says so.
    served = {"wsgi.input_terminated": True}
    kind = "application/octet-stream"
    return client.post(door, data=part, content_type=kind, environ_overrides=served)


def test_a_file_becomes_a_data_set_and_another_its_next_version(
    as_: As, application: Exchange
) -> None:
    merchant = as_("per_developer_editor")
    first = sent(merchant, STATIONS.encode("gb18030"))
    loading.read_waiting(application.house)
    dataset = merchant.get(f"/api/uploads/{first}").json["dataset_id"]
    second = sent(merchant, NEXT.encode(), dataset_id=dataset)
    loading.read_waiting(application.house)

    shown = merchant.get(f"/api/datasets/{dataset}").json
    versions = merchant.get(f"/api/datasets/{dataset}/versions").json["items"]
    told = merchant.get(f"/api/datasets/{dataset}/versions/1").json
    changes = merchant.get(f"/api/datasets/{dataset}/changes?before=1&after=2").json["columns"]

    assert merchant.get(f"/api/uploads/{second}").json["state"] == "loaded"
    assert (shown["title"], shown["newest"]["number"]) == ("雨量", 2)
    assert [one["row_count"] for one in versions] == [1, 3]
    assert told["profile"]["rows"] == len(told["sample"]) == 3
    assert changes == [{"column": "wind", "before": None, "after": "BIGINT"}]
    data_dir = application.house.data_dir
    assert [deltas.opened(data_dir, dataset, n).count() for n in (0, 1)] == [3, 1]
    assert not parts.folder_of(data_dir, first).exists()


def test_an_upload_that_broke_off_goes_on_where_it_was(as_: As, application: Exchange) -> None:
    merchant = as_("per_developer_editor")
    content = STATIONS.encode() + b"\n" * 9_000_000
    made = merchant.post(
        "/api/uploads", json={"name": "a.csv", "title": "雨量", "size_bytes": len(content)}
    ).json
    size = made["part_bytes"]
    put(merchant, made["id"], 2, content[size:])

    early = merchant.post(f"/api/uploads/{made['id']}/complete", json={})
    there = merchant.get(f"/api/uploads/{made['id']}").json["there"]
    put(merchant, made["id"], 1, content[:size])
    done = merchant.post(f"/api/uploads/{made['id']}/complete", json={})

    assert early.status_code == 409
    assert [refusal["code"] for refusal in early.json["refusals"]] == ["PARTS_MISSING"]
    assert there == [2]
    assert done.json["state"] == "received"


def test_a_bad_part_is_refused_and_the_upload_goes_on(as_: As) -> None:
    merchant = as_("per_developer_editor")
    content = STATIONS.encode()
    asked = {"name": "a.csv", "title": "雨量", "size_bytes": len(content)}
    made = merchant.post("/api/uploads", json=asked).json["id"]

    wrong = put(merchant, made, 1, content, "0" * 64)
    short = put(merchant, made, 1, content[:-1])
    long = put(merchant, made, 1, content + b"x")
    other = put(as_("per_other_editor"), made, 1, content)
    more = put(merchant, made, 1, content + b"xy")
    right = put(merchant, made, 1, content)
    refused = [answer.status_code for answer in (wrong, short, long, more, other)]

    assert refused == [422, 422, 422, 413, 404]
    assert right.json["there"] == [1]


@pytest.mark.parametrize(
    ("content", "declared", "code"),
    [("a,b\n1\n", None, "ROW_MISSHAPEN"), (STATIONS, "0" * 64, "FILE_DIFFERS")],
)
def test_a_bad_file_is_refused_with_its_problems_and_leaves_nothing(
    as_: As, application: Exchange, content: str, declared: str | None, code: str
) -> None:
    merchant = as_("per_developer_editor")
    upload = sent(merchant, content.encode(), sha256=declared)

    loading.read_waiting(application.house)

    shown = merchant.get(f"/api/uploads/{upload}").json
    assert shown["state"] == "refused"
    assert [problem["code"] for problem in shown["problems"]] == [code]
    assert merchant.get(f"/api/datasets/{shown['dataset_id']}").status_code == 404
    assert list((application.house.data_dir / "uploads").iterdir()) == []


def test_people_in_a_file_are_found_and_masked(as_: As, application: Exchange) -> None:
    merchant = as_("per_developer_editor")
    upload = sent(merchant, PEOPLE.encode())
    loading.read_waiting(application.house)
    dataset = merchant.get(f"/api/uploads/{upload}").json["dataset_id"]

    shown = merchant.get(f"/api/datasets/{dataset}/versions/1").json

    assert shown["pi_class"] == "ordinary"
    assert [one["kind"] for one in shown["profile"]["personal"]] == ["name", "mobile"]
    assert {row["姓名"] for row in shown["sample"]} == {"李*"}
    assert all("top" not in column for column in shown["profile"]["columns"])


def test_what_was_abandoned_leaves_no_parts(as_: As, application: Exchange) -> None:
    merchant = as_("per_developer_editor")
    upload = sent(merchant, STATIONS.encode())

    merchant.post(f"/api/uploads/{upload}/abandon", json={})
    loading.tidy(application.house)
    loading.tidy(application.house)

    assert merchant.get(f"/api/uploads/{upload}").json["state"] == "abandoned"
    assert not parts.folder_of(application.house.data_dir, upload).exists()


def test_data_sets_are_their_owners_and_the_exchange_sees_them(
    as_: As, application: Exchange
) -> None:
    merchant = as_("per_developer_editor")
    upload = sent(merchant, STATIONS.encode())
    loading.read_waiting(application.house)
    dataset = merchant.get(f"/api/uploads/{upload}").json["dataset_id"]

    other, exchange = as_("per_other_editor"), as_("per_exchange_listing")

    assert [one["id"] for one in merchant.get("/api/datasets").json["items"]] == [dataset]
    assert other.get("/api/datasets").json["items"] == []
    assert other.get(f"/api/datasets/{dataset}").status_code == 404
    assert [one["id"] for one in exchange.get("/api/datasets").json["items"]] == [dataset]
    stolen = {"name": "a", "title": "a", "size_bytes": 1, "dataset_id": dataset}
    assert other.post("/api/uploads", json=stolen).status_code == 404
    assert [one["id"] for one in merchant.get("/api/uploads").json["items"]] == [upload]
