"""A table that lies outside is registered, looked at, profiled, lost, found again and ended."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from app.intake import mounting
from app.unit import Exchange
from delivery.locations import locations
from kernel import journal
from tests.conftest import As, Client
from tests.delivery.locations import places


def registered(client: Client, path: str = "river", **more: Any) -> str:
    """Register a location; return its id."""
    body = {"root": "lake", "path": path, "title": "水位", **more}
    made = client.post("/api/data-locations", json=body)
    assert made.status_code == 201, made.json
    return str(made.json["id"])


def looked(client: Client, application: Exchange, location_id: str) -> Any:
    """Look at what is due; return how the location stands."""
    mounting.look_due(application.house)
    return client.get(f"/api/data-locations/{location_id}").json


def codes(shown: Any) -> list[str]:
    """Return the codes of what is wrong."""
    return [each["code"] for each in shown["problems"]]


def test_a_delta_table_in_a_folder_becomes_a_data_set_and_its_changes_versions(
    as_: As, application: Exchange, folder: Path
) -> None:
    merchant = as_("per_developer_editor")
    places.delta(str(folder / "river"), 1000)
    location_id = registered(merchant)
    shown = looked(merchant, application, location_id)
    places.delta(str(folder / "river"), 2000, made_by=places.READINGS.replace("level", "height"))
    merchant.post(f"/api/data-locations/{location_id}/refresh")
    again = looked(merchant, application, location_id)
    merchant.post(f"/api/data-locations/{location_id}/refresh")
    looked(merchant, application, location_id)

    dataset = f"/api/datasets/{shown['dataset_id']}"
    versions = merchant.get(f"{dataset}/versions").json["items"]
    first = merchant.get(f"{dataset}/versions/1").json
    changes = merchant.get(f"{dataset}/changes?before=1&after=2").json["columns"]

    assert (shown["state"], again["state"], again["problems"]) == ("live", "live", [])
    assert [(one["number"], one["row_count"]) for one in versions] == [(2, 2000), (1, 1000)]
    assert (first["format"], first["upload_id"]) == ("delta", None)
    assert first["profile"]["rows"] == 1000
    assert len(first["sample"]) == 100
    assert {one["column"] for one in changes} == {"level", "height"}
    kept = [path for path in application.house.data_dir.rglob("*") if path.is_file()]
    assert kept == []


def test_parquet_files_in_a_bucket_are_one_table_and_its_keys_are_never_shown(
    as_: As, application: Exchange, bucket: str, store: str, tmp_path: Path
) -> None:
    merchant = as_("per_developer_editor")
    from obstore.store import S3Store

    writer = S3Store(
        bucket.removeprefix("s3://"), endpoint=store, region="us-east-1",
        virtual_hosted_style_request=False, client_options={"allow_http": True},
        access_key_id="x", secret_access_key="y",
    )  # fmt: skip
    for name in ("a", "b"):
        places.parquet(tmp_path, f"{name}.parquet", 500)
        writer.put(f"raw/{name}.parquet", tmp_path / f"{name}.parquet")
    location_id = registered(merchant, "raw", root="store", **asdict(places.KEYS))

    shown = looked(merchant, application, location_id)
    versions = merchant.get(f"/api/datasets/{shown['dataset_id']}/versions").json["items"]
    page = merchant.get(f"/data/locations/{location_id}").text
    rotated = merchant.post(
        f"/api/data-locations/{location_id}/keys",
        json={"access_key_id": "AKIANEW00000NEWW", "secret_access_key": "another-secret"},
    ).json

    assert shown["state"] == "live"
    assert (shown["key_hint"], rotated["key_hint"]) == ("WXYZ", "NEWW")
    assert [one["row_count"] for one in versions] == [1000]
    with application.house.engines.reading() as session:
        told = [str(event.data) for event in journal.history(session, location_id, limit=50)]
        row = locations.find(session, location_id)
        kept = bytes(row.keys or b"")
    for secret in (places.KEYS.secret_access_key, places.KEYS.access_key_id, "another-secret"):
        assert secret not in page + str(shown) + str(rotated) + str(told)
        assert secret.encode() not in kept


def test_a_location_that_is_gone_is_told_of_and_comes_back_by_itself(
    as_: As, application: Exchange, folder: Path
) -> None:
    merchant = as_("per_developer_editor")
    places.delta(str(folder / "river"), 10)
    location_id = registered(merchant)
    looked(merchant, application, location_id)
    (folder / "river").rename(folder / "away")
    merchant.post(f"/api/data-locations/{location_id}/refresh")
    lost = looked(merchant, application, location_id)
    page = merchant.get(f"/data/locations/{location_id}").text
    (folder / "away").rename(folder / "river")
    merchant.post(f"/api/data-locations/{location_id}/refresh")
    found = looked(merchant, application, location_id)

    assert (lost["state"], codes(lost)) == ("gone", ["LOCATION_GONE"])
    assert "失联" in page
    assert (found["state"], found["problems"]) == ("live", [])
    versions = merchant.get(f"/api/datasets/{found['dataset_id']}/versions").json["items"]
    assert len(versions) == 1


@pytest.mark.parametrize(
    "path",
    ["../org_other/river", "a/../../org_other", "/etc", "a//b", "a/./b", "..", "a\\b", "%2e%2e/x",
     "~root", "a\x01b", "x/" * 300, ""],
)  # fmt: skip
def test_no_path_leads_out_of_its_root(
    as_: As, application: Exchange, folder: Path, path: str
) -> None:
    merchant = as_("per_developer_editor")

    answer = merchant.post(
        "/api/data-locations", json={"root": "lake", "path": path, "title": "水位"}
    )

    assert answer.status_code == 422


def test_no_root_is_mounted_that_the_operator_has_not_opened(
    as_: As, application: Exchange, folder: Path
) -> None:
    merchant = as_("per_developer_editor")
    for root in ("http://127.0.0.1:1/x", "s3://other", "store", "/etc", "lake2"):
        body = {"root": root, "path": "x", "title": "水位", **asdict(places.KEYS)}
        assert merchant.post("/api/data-locations", json=body).status_code == 422


def test_links_and_anothers_files_are_not_read(
    as_: As, application: Exchange, folder: Path, tmp_path: Path
) -> None:
    merchant = as_("per_developer_editor")
    other = folder.parent / "org_other"
    places.parquet(other / "river", "a.parquet", 10)
    places.parquet(tmp_path / "elsewhere", "a.parquet", 10)
    (folder / "whole").symlink_to(other / "river")
    (folder / "one").mkdir()
    (folder / "one" / "a.parquet").symlink_to(tmp_path / "elsewhere" / "a.parquet")
    (folder / "none").mkdir()
    (folder / "text.parquet").write_text("x")

    found = {
        path: looked(merchant, application, registered(merchant, path))
        for path in ("whole", "one", "none", "river", "text.parquet")
    }

    assert {path: (shown["state"], codes(shown)) for path, shown in found.items()} == {
        "whole": ("refused", ["SYMBOLIC_LINK"]),
        "one": ("refused", ["SYMBOLIC_LINK"]),
        "none": ("refused", ["NO_FILES"]),
        "river": ("refused", ["LOCATION_GONE"]),
        "text.parquet": ("refused", ["ACCESS_REFUSED"]),
    }


def test_what_is_not_served_is_refused_with_its_reason(
    as_: As, application: Exchange, folder: Path
) -> None:
    merchant = as_("per_developer_editor")
    places.delta(str(folder / "parted"), 10, partition_by=["station"])
    places.parquet(
        folder / "nested", "a.parquet", 3, made_by="SELECT [i] AS l FROM range({rows}) t(i)"
    )
    (folder / "bad").mkdir()
    (folder / "bad" / "a.parquet").write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1")
    places.parquet(folder / "differ", "a.parquet", 3)
    places.parquet(
        folder / "differ", "b.parquet", 3, made_by="SELECT i AS x FROM range({rows}) t(i)"
    )
    places.parquet(folder / "empty", "a.parquet", 0)
    (folder / "log" / "_delta_log").mkdir(parents=True)
    (folder / "log" / "_delta_log" / "00000000000000000000.json").write_text("{}")

    found = {
        path: codes(looked(merchant, application, registered(merchant, path)))
        for path in ("parted", "nested", "bad", "differ", "empty", "log")
    }

    assert found == {
        "parted": ["PARTITIONED"],
        "nested": ["COLUMN_TYPE_UNSUPPORTED"],
        "bad": ["FILE_DAMAGED"],
        "differ": ["FILE_DAMAGED"],
        "empty": ["NO_ROWS"],
        "log": ["LOG_UNREADABLE"],
    }


def test_a_log_that_names_files_elsewhere_is_refused(
    as_: As, application: Exchange, folder: Path
) -> None:
    merchant = as_("per_developer_editor")
    places.parquet(folder.parent / "org_other" / "river", "a.parquet", 10)
    places.delta(str(folder / "river"), 10)
    (log,) = (folder / "river" / "_delta_log").glob("*.json")
    (file,) = (folder / "river").glob("*.parquet")
    text = log.read_text()
    for name in ("../../org_other/river/a.parquet", "file:///etc/passwd", "s3://other/x.parquet"):
        log.write_text(text.replace(file.name, name))
        shown = looked(merchant, application, registered(merchant))
        assert shown["state"] == "refused"
        assert codes(shown)[0] in ("FILE_NAME_UNSAFE", "LOG_UNREADABLE")


def test_a_store_that_does_not_answer_refuses_soon_and_only_its_owner_sees_a_location(
    as_: As, application: Exchange, bucket: str
) -> None:
    settings = replace(
        application.house.settings, data_buckets="store=http://127.0.0.1:9/nobody#us-east-1"
    )
    application.house = replace(application.house, settings=settings)
    merchant = as_("per_developer_editor")
    location_id = registered(merchant, "raw", root="store", **asdict(places.KEYS))

    shown = looked(merchant, application, location_id)
    other = as_("per_buyer_editor").get(f"/api/data-locations/{location_id}")
    lacking = merchant.post(
        "/api/data-locations", json={"root": "store", "path": "x", "title": "水位"}
    )

    assert (shown["state"], codes(shown)) == ("refused", ["STORE_UNREACHABLE"])
    assert other.status_code == 404
    assert lacking.status_code == 422


def test_an_ended_location_forgets_its_keys_and_is_looked_at_no_more(
    as_: As, application: Exchange, folder: Path
) -> None:
    merchant = as_("per_developer_editor")
    places.delta(str(folder / "river"), 10)
    location_id = registered(merchant)
    looked(merchant, application, location_id)

    ended = merchant.post(f"/api/data-locations/{location_id}/end", json={}).json
    shutil.rmtree(folder / "river")
    again = merchant.post(f"/api/data-locations/{location_id}/refresh")
    later = looked(merchant, application, location_id)

    assert (ended["state"], ended["look_at"]) == ("ended", None)
    assert again.status_code == 409
    assert later["state"] == "ended"
    listed = merchant.get("/data/locations").text
    assert "已解除" in listed


def test_what_lies_below_a_root_that_was_taken_away_is_lost(
    as_: As, application: Exchange, bucket: str, folder: Path
) -> None:
    merchant = as_("per_developer_editor")
    places.delta(str(folder / "river"), 10)
    of_folder = registered(merchant)
    of_bucket = registered(merchant, "raw", root="store", **asdict(places.KEYS))
    settings = replace(application.house.settings, data_folders="", data_buckets="")
    application.house = replace(application.house, settings=settings)

    found = [codes(looked(merchant, application, each)) for each in (of_folder, of_bucket)]

    assert found == [["LOCATION_GONE"], ["LOCATION_GONE"]]
