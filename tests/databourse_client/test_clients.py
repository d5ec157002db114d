"""From what was bought to a DataFrame: each way over real HTTP, and each no in one sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import databourse_client as databourse
from app.unit import Exchange
from databourse_client import Client, NotSignedIn, NotThere, Refused, profiles
from databourse_client.clients import NotReadable
from delivery import tasks
from tests.app.delivering import keys
from tests.conftest import work_of
from tests.databourse_client.conftest import Bought, token


def suspend(application: Exchange, task_id: str) -> None:
    """Let the regulator suspend a delivery."""
    with application.house.engines.writing() as session:
        tasks.take(work_of(session, "per_hub_supervisor"), task_id, "suspend", reason="监管要求")
        session.commit()


def test_what_was_bought_is_read_by_its_product_in_two_lines_until_it_is_suspended(
    application: Exchange, bought: Bought, reader: Client
) -> None:
    task_id = bought()
    product = reader.delivery(task_id)["product_id"]

    frame = databourse.read(product)
    some = databourse.read(task_id, columns=["level", "id"], limit=7)
    kept = [path.stat().st_mode & 0o777 for path in reader.profile.folder.glob("*.share")]
    suspend(application, task_id)
    with pytest.raises(NotReadable, match="NOT_OPEN"):
        databourse.read(task_id)
    with pytest.raises(Refused, match="NOT_OPEN"):
        databourse.read(task_id, way="share")

    assert (len(frame), frame["id"].sum()) == (1000, 499_500)
    assert [*some.columns] == ["level", "id"]
    assert len(some) == 7
    assert kept == [0o600]


@pytest.mark.usefixtures("working")
def test_a_package_is_asked_for_fetched_opened_and_not_fetched_twice(
    bought: Bought, reader: Client, tmp_path: Path
) -> None:
    task_id = bought()
    told: list[tuple[str, int, int | None]] = []
    reader.progress = lambda *done: told.append(done)

    frame = reader.read(task_id, way="package")
    path = reader.download(task_id, tmp_path / "here")
    links = reader.wire.get(
        f"/api/packages/{reader.wire.get('/api/packages')['items'][0]['id']}/links"
    )["items"]
    again = reader.download(task_id, tmp_path / "here")
    more = reader.wire.get(
        f"/api/packages/{reader.wire.get('/api/packages')['items'][0]['id']}/links"
    )["items"]

    assert sorted(frame["id"]) == list(range(1000))
    assert path == again
    assert path.name == f"{task_id}.parquet"
    assert len(links) == len(more) == 2
    assert [each.name for each in path.parent.glob("*")] == unordered(
        path.parent, [path.name, f"{path.name}.json"]
    )
    assert any(name.startswith("pkg") and done == size for name, done, size in told)


def unordered(folder: Path, names: list[str]) -> list[str]:
    """Return these names in the order in which the folder tells them."""
    return sorted(names, key=[each.name for each in folder.glob("*")].index)


def test_a_charged_interface_is_read_page_by_page_when_it_is_said_how_much(
    application: Exchange, bought: Bought, reader: Client
) -> None:
    task_id = bought(mode="record_api", rows=12_000)

    with pytest.raises(NotReadable, match="limit='all' for all 12000 rows"):
        reader.read(task_id)
    some = reader.read(task_id, limit=25, sort="-id", columns=["id"])
    found = reader.read(task_id, limit="all", filters=[("station", "in", ["站1", "站2"])])
    whole = reader.read(task_id, limit="all")

    assert [*some["id"]] == list(range(11_999, 11_974, -1))
    assert set(found["station"]) == {"站1", "站2"}
    assert (len(whole), whole["id"].sum()) == (12_000, sum(range(12_000)))
    assert str(whole["seen_at"].dtype).startswith("datetime64")


def test_a_verification_says_yes_or_no(application: Exchange, reader: Client) -> None:
    task_id = keys.opened(application, mode="verification")

    assert reader.check(task_id, {"id": "7", "station": "站0"}) is True
    assert reader.check(task_id, {"id": "7", "station": "站1"}) is False
    with pytest.raises(Refused):
        reader.check(task_id, {"nobody": "7"})


def test_a_lost_or_revoked_pass_is_issued_anew(
    application: Exchange, bought: Bought, reader: Client
) -> None:
    task_id = bought()
    reader.read(task_id, limit=1)
    path = reader.profile.folder / f"{task_id}.share"
    first = json.loads(path.read_text())["bearerToken"]

    path.unlink()
    reader.read(task_id, limit=1)
    second = json.loads(path.read_text())["bearerToken"]
    live = [one for one in reader.wire.all("/api/recipient-credentials") if one["live"]]
    reader.wire.post(f"/api/recipient-credentials/{live[0]['id']}/revoke")
    reader.read(task_id, limit=1)
    third = json.loads(path.read_text())["bearerToken"]

    assert len({first, second, third}) == 3
    assert len(live) == 1


def test_a_profile_of_the_protocol_is_read_like_a_delivery(
    application: Exchange, bought: Bought, reader: Client, tmp_path: Path
) -> None:
    task_id = bought()
    reader.read(task_id, limit=1)
    handed = tmp_path / "bought.share"
    handed.write_text((reader.profile.folder / f"{task_id}.share").read_text())
    broken = tmp_path / "broken.share"
    broken.write_text("{}")

    frame = databourse.read(str(handed))
    with pytest.raises(databourse.Trouble, match="no profile of the sharing protocol"):
        databourse.read(str(broken))

    assert len(frame) == 1000


def test_a_sample_is_read_and_things_are_found_without_a_token(
    application: Exchange, bought: Bought, reader: Client, address: str, tmp_path: Path
) -> None:
    product = reader.delivery(bought())["product_id"]
    nobody = Client(profiles.load(url=address, environment={"DATABOURSE_HOME": str(tmp_path)}))

    frame = nobody.sample(product)
    found = nobody.search("气象")
    with pytest.raises(NotSignedIn):
        nobody.deliveries()

    assert frame.to_dict("records")[0]["station"] == "站2"
    assert isinstance(found, list)


def test_what_is_not_ours_is_not_there(
    application: Exchange, bought: Bought, machine: dict[str, str], address: str, reader: Client
) -> None:
    task_id = bought()
    told = {**machine, "DATABOURSE_TOKEN": token(application, "per_developer_signer")}
    seller = Client(profiles.load(environment=told))
    told = {**machine, "DATABOURSE_TOKEN": token(application, "per_other_editor")}
    stranger = Client(profiles.load(environment=told))

    for who in (stranger, seller):
        with pytest.raises(NotThere):
            who.read(task_id, way="share")
    with pytest.raises(NotReadable, match="nothing was bought"):
        stranger.read("ord_none")
    for odd in ("../../etc/passwd", "dlv_a/../b", "", "P00417 x"):
        with pytest.raises(NotReadable, match="is no id"):
            reader.read(odd)


def test_a_token_that_may_only_read_says_which_scope_is_missing(
    application: Exchange, bought: Bought, machine: dict[str, str]
) -> None:
    task_id = bought()
    weak = token(application, "per_buyer_editor", scopes=["read"])
    client = Client(profiles.load(environment={**machine, "DATABOURSE_TOKEN": weak}))

    with pytest.raises(Refused, match="lacks the scope 'write'"):
        client.read(task_id)


def test_a_file_by_hand_is_downloaded_and_held_against_its_manifest(
    application: Exchange, machine: dict[str, str], reader: Client, tmp_path: Path,
    as_: Callable[[str], Any],
) -> None:  # fmt: skip
    from tests.delivery import stores

    with application.house.engines.writing() as session:
        task_id = stores.delivered(session, None, mode="model").id
        session.commit()
    with pytest.raises(NotReadable, match="it offers: hand"):
        reader.read(task_id)
    seller = as_("per_developer_signer")
    door = f"/api/deliveries/{task_id}"
    sent = seller.post(f"{door}/files?name=结果.csv", data=b"a,b\n1,2\n")
    assert sent.status_code == 201, sent.text
    review = seller.post(f"/deliveries/{task_id}/egress").headers["Location"].rsplit("/", 1)[-1]
    as_("per_exchange_compliance").post(f"/api/egress-reviews/{review}/release", json={})

    frame = reader.read(task_id)
    path = reader.download(task_id, tmp_path / "out")

    assert frame.to_dict("records") == [{"a": 1, "b": 2}]
    assert path.parent == tmp_path / "out"
    assert path.name == "结果.csv"
