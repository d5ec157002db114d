"""Packages over HTTP: made, linked, fetched in ranges, opened by their buyer, closed for good."""

import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pyrage
import pytest
from click.testing import CliRunner

from app import demonstration
from app.cli import main
from app.sharing import packing
from app.unit import Exchange
from config.settings import HOUSE
from delivery import tasks
from delivery.packages import making, opening, packages
from delivery.packages.packages import PackageHeader
from delivery.recipients import x25519
from delivery.tasks import DeliveryTask
from kernel import journal
from kernel.errors import StepRefused
from tests.conftest import NOON, As, Client, work_of
from tests.delivery import stores

SECRET, PUBLIC = x25519.generate()


@pytest.fixture
def buyer(as_: As) -> Client:
    """Give the client of the buyer's editor."""
    return as_("per_buyer_editor")


def bought(application: Exchange, **changes: Any) -> str:
    """Have readings delivered as a raw file; return the delivery."""
    with application.house.engines.writing() as session:
        version = stores.stored(session, application.house.data_dir, **changes.pop("made", {}))
        found = stores.delivered(session, version, **changes).id
        session.commit()
    return found


def key(buyer: Client, public: str = PUBLIC) -> str:
    """Register a public key; return its id."""
    answer = buyer.post("/api/recipient-keys", json={"label": "笔记本", "public_key": public})
    assert answer.status_code == 201, answer.text
    found: str = answer.json["id"]
    return found


def made(application: Exchange, buyer: Client, task_id: str, file_format: str = "parquet") -> str:
    """Have a package made; return it."""
    body = {"delivery_id": task_id, "key_id": key(buyer), "format": file_format}
    answer = buyer.post("/api/packages", json=body)
    assert answer.status_code == 201, answer.text
    assert packing.make_waiting(application.house) == 1
    found: str = answer.json["id"]
    return found


def link(buyer: Client, package_id: str, **wish: int) -> str:
    """Make a link; return its path."""
    answer = buyer.post(f"/api/packages/{package_id}/links", json=wish)
    assert answer.status_code == 201, answer.text
    parts = urlsplit(answer.json["url"])
    return f"{parts.path}?{parts.query}"


def test_a_package_is_made_fetched_and_opened_by_its_buyer_alone(
    application: Exchange, buyer: Client, client: Client, tmp_path: Path
) -> None:
    task_id = bought(application)
    package_id = made(application, buyer, task_id)
    path = making.file_of(application.house.data_dir, package_id)
    closed = path.read_bytes()

    shown = buyer.get(f"/api/packages/{package_id}").json
    file = client.get(link(buyer, package_id), buffered=True)
    keys_ = {application.house.crypto.key_id: application.house.crypto.public_key}
    found = opening.unpack(io.BytesIO(file.data), x25519.secret(SECRET), tmp_path / "out", keys_)

    assert closed[:22] == bytes(22)  # until it is released nobody can open it
    assert (shown["state"], shown["row_count"], shown["progress_bp"]) == ("ready", 1000, 10_000)
    assert (len(file.data), file.headers["ETag"]) == (shown["size_bytes"], f'"{shown["sha256"]}"')
    import hashlib

    assert hashlib.sha256(file.data).hexdigest() == shown["sha256"]
    assert found.signed_by == application.house.crypto.key_id
    assert found.manifest["order"] == "ord_1"
    assert found.manifest["licence"]["purpose_code"] == "weather_insurance"
    assert buyer.get(f"/api/packages/{package_id}/manifest").json["manifest"] == found.manifest
    assert (
        pyrage.decrypt(file.data, [pyrage.x25519.Identity.from_str(SECRET)])[:13]
        == b"manifest.json"
    )
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT count(*), sum(id) FROM '{found.folder}/data.parquet'")
        assert rows.fetchall() == [(1000, 499_500)]


def test_ranges_are_counted_by_their_bytes_and_a_link_is_used_up(
    application: Exchange, buyer: Client, client: Client
) -> None:
    package_id = made(application, buyer, bought(application))
    address = link(buyer, package_id, uses=1)
    size = buyer.get(f"/api/packages/{package_id}").json["size_bytes"]

    told = client.head(address, buffered=True)
    first = client.get(address, buffered=True, headers={"Range": "bytes=0-999"})
    rest = client.get(address, buffered=True, headers={"Range": "bytes=1000-"})
    asked = {"Range": "bytes=1-1", "Accept": "application/json"}
    more = client.get(address, buffered=True, headers=asked)
    odd = client.get(link(buyer, package_id), buffered=True, headers={"Range": f"bytes={size}-"})

    assert int(told.headers["Content-Length"]) == size
    assert (first.status_code, rest.status_code) == (206, 206)
    assert len(first.data) + len(rest.data) == size
    assert (more.status_code, more.json["type"]) == (403, "/problems/link-over")
    assert odd.status_code == 416
    listed = buyer.get(f"/api/packages/{package_id}/links").json["items"]
    assert [each["url"] for each in listed] == [None, None]
    assert max(each["bytes_sent"] for each in listed) == size


def test_each_download_is_a_use_and_a_suspension_stops_the_next(
    application: Exchange, buyer: Client, client: Client
) -> None:
    task_id = bought(application)
    package_id = made(application, buyer, task_id)
    address = link(buyer, package_id)
    assert client.get(address, buffered=True).status_code == 200

    with application.house.engines.writing() as session:
        tasks.take(work_of(session, "system"), task_id, "suspend", reason="测试")
        session.commit()

    refused = [client.get(address, buffered=True), client.head(address, buffered=True)]
    answers = [
        buyer.post(f"/api/packages/{package_id}/links", json={}),
        buyer.post("/api/packages", json={"delivery_id": task_id, "key_id": _first_key(buyer)}),
    ]
    assert [answer.status_code for answer in (*refused, *answers)] == [403] * 4
    assert {answer.json["refusals"][0]["code"] for answer in answers} == {"NOT_OPEN"}
    with application.house.engines.reading() as session:
        task = session.get_one(DeliveryTask, task_id)
        used = [e for e in journal.history(session, task_id, limit=50) if e.kind == "delivery.used"]
    assert (task.reads, task.rows_delivered, len(used)) == (1, 1000, 1)
    assert (used[0].data["way"], used[0].data["package"]) == ("package", package_id)


def _first_key(buyer: Client) -> str:
    found: str = buyer.get("/api/recipient-keys").json["items"][0]["id"]
    return found


def test_a_destroyed_key_closes_the_package_for_good(
    application: Exchange, buyer: Client, client: Client
) -> None:
    package_id = made(application, buyer, bought(application))
    path = making.file_of(application.house.data_dir, package_id)
    backup = path.read_bytes()
    address = link(buyer, package_id)

    answer = buyer.post(f"/api/packages/{package_id}/erase", json={"reason": "用完"})
    packing.tidy(application.house)

    assert (answer.status_code, answer.json["state"]) == (200, "erased")
    assert not path.exists()
    assert client.get(address, buffered=True).status_code == 403
    assert buyer.post(f"/api/packages/{package_id}/links", json={}).status_code == 409
    with application.house.engines.reading() as session:
        assert session.get(PackageHeader, package_id) is None
        (event,) = [
            each
            for each in journal.history(session, package_id, limit=50)
            if each.kind == "package.key_destroyed"
        ]
        package = packages.find(session, package_id)
        with pytest.raises(StepRefused):
            packages.header(application.house.work(session, None), package)  # type: ignore[arg-type]  # nobody is asked
    assert event.data["file_sha256"] == package.sha256
    assert event.data["released"] is True
    assert len(event.data["header_digest"]) == 64
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(backup, [pyrage.x25519.Identity.from_str(SECRET)])


def test_what_ends_the_delivery_destroys_its_keys(application: Exchange, buyer: Client) -> None:
    from app import worker

    task_id = bought(application)
    package_id = made(application, buyer, task_id)

    with application.house.engines.writing() as session:
        work = application.house.work(session, work_of(session, "system").actor)
        tasks.take(work, task_id, "revoke", reason="退款")
        session.commit()
    worker.drain(application.house)

    assert buyer.get(f"/api/packages/{package_id}").json["state"] == "erased"


def test_a_package_is_kept_no_longer_than_its_time(application: Exchange, buyer: Client) -> None:
    until = (NOON + timedelta(days=3)).date()
    package_id = made(application, buyer, bought(application, use_until=until))

    with application.house.engines.writing() as session:
        early = packages.lapse(work_of(session, "system", at=NOON + timedelta(days=3)))
        late = packages.lapse(work_of(session, "system", at=NOON + timedelta(days=4)))
        session.commit()

    assert (early, late) == (0, 1)
    assert buyer.get(f"/api/packages/{package_id}").json["state"] == "erased"


def test_links_expire_and_are_revoked(application: Exchange, buyer: Client, client: Client) -> None:
    package_id = made(application, buyer, bought(application))
    revoked, late = link(buyer, package_id), link(buyer, package_id, hours=1)
    link_id = revoked.split("/")[2].split("?")[0]

    answers = [buyer.post(f"/api/packages/links/{link_id}/revoke") for _ in "12"]
    after = client.get(revoked, buffered=True).status_code
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, NOON + timedelta(hours=3))
        session.commit()

    assert [answer.status_code for answer in answers] == [200, 200]
    assert (after, client.get(late, buffered=True).status_code) == (403, 403)
    assert client.get(late.partition("?")[0]).status_code == 403
    assert buyer.post("/api/packages/links/plk_none/revoke").status_code == 404


def test_a_csv_package_is_traced_to_its_order_at_the_console(
    application: Exchange, buyer: Client, client: Client, tmp_path: Path
) -> None:
    package_id = made(application, buyer, bought(application), "csv")
    (tmp_path / "p.tar.age").write_bytes(client.get(link(buyer, package_id), buffered=True).data)
    (tmp_path / "key.txt").write_text(f"# a comment\n{SECRET}\n")
    (tmp_path / "keys.json").write_text(client.get("/.well-known/jwks.json").text)

    told = run(
        application, "open", tmp_path / "p.tar.age", "--key", tmp_path / "key.txt",
        "--out", tmp_path / "out", "--keys", tmp_path / "keys.json",
    )  # fmt: skip
    again = run(
        application, "open", tmp_path / "p.tar.age", "--key", tmp_path / "key.txt",
        "--out", tmp_path / "out",
    )  # fmt: skip
    plain = run(
        application, "open", tmp_path / "p.tar.age", "--key", tmp_path / "key.txt",
        "--out", tmp_path / "other", "--json",
    )  # fmt: skip
    traced = run(application, "trace", tmp_path / "out" / "data.csv")
    as_json = run(application, "trace", tmp_path / "out" / "data.csv", "--json")
    (tmp_path / "none.csv").write_text("id\n1\n2\n")
    unknown = run(application, "trace", tmp_path / "none.csv")

    assert (told.exit_code, again.exit_code, plain.exit_code) == (0, 1, 0)
    assert "signed by" in told.stderr
    assert json.loads(plain.stdout)["package"] == package_id
    assert (traced.exit_code, traced.stdout.split()[:2]) == (0, ["ord_1", package_id])
    assert json.loads(as_json.stdout)["named"] == package_id
    assert (unknown.exit_code, unknown.stderr) == (4, "no order can be named\n")


def run(application: Exchange, *arguments: object) -> Any:
    """Run a command of packages on the test's database."""
    settings = application.house.settings
    environment = {
        "DATABASE_URL": application.house.engines.url.render_as_string(hide_password=False),
        "DATABOURSE_KEY": settings.key,
        "DATABOURSE_DATA_DIR": settings.data_dir,
        "DATABOURSE_STATE_DIR": settings.state_dir,
    }
    return CliRunner().invoke(main, ["package", *map(str, arguments)], env=environment)


def test_one_package_at_a_time_to_a_key_that_is_in_use(
    application: Exchange, buyer: Client
) -> None:
    task_id, key_id = bought(application), key(buyer)
    body = {"delivery_id": task_id, "key_id": key_id}
    assert buyer.post("/api/packages", json=body).status_code == 201
    assert buyer.post(f"/api/recipient-keys/{key_id}/retire").json["retired_at"]

    answer = buyer.post("/api/packages", json=body)

    assert answer.status_code == 409
    assert {each["code"] for each in answer.json["refusals"]} == {
        "KEY_RETIRED",
        "PACKAGE_UNDER_WAY",
    }
    assert len(buyer.get(f"/api/packages?delivery_id={task_id}").json["items"]) == 1


def test_a_package_is_not_ready_before_it_is_made(application: Exchange, buyer: Client) -> None:
    body = {"delivery_id": bought(application), "key_id": key(buyer)}
    package_id = buyer.post("/api/packages", json=body).json["id"]

    answers = [
        buyer.post(f"/api/packages/{package_id}/links", json={}),
        buyer.get(f"/api/packages/{package_id}/manifest"),
        buyer.get("/api/packages/pkg_none"),
    ]

    assert [answer.status_code for answer in answers] == [409, 404, 404]


def test_what_cannot_be_made_says_so_and_leaves_nothing(
    application: Exchange, buyer: Client
) -> None:
    import shutil

    task_id = bought(application)
    shutil.rmtree(application.house.data_dir / "tables")
    from delivery.tables import snapshots

    snapshots.read.cache_clear()
    package_id = made(application, buyer, task_id)

    shown = buyer.get(f"/api/packages/{package_id}").json
    assert (shown["state"], shown["problem"]) == ("failed", "not-made")
    assert not making.folder_of(application.house.data_dir, package_id).exists()


def test_a_package_erased_while_it_is_made_stays_erased(
    application: Exchange, buyer: Client
) -> None:
    body = {"delivery_id": bought(application), "key_id": key(buyer)}
    package_id = buyer.post("/api/packages", json=body).json["id"]
    with application.house.engines.writing() as session:
        claimed = packages.claim(work_of(session, "system"))
        session.commit()
    assert claimed is not None
    buyer.post(f"/api/packages/{package_id}/erase", json={"reason": "不要了"})

    packing._make(application.house, claimed)

    assert buyer.get(f"/api/packages/{package_id}").json["state"] == "erased"
    assert not making.file_of(application.house.data_dir, package_id).exists()


def test_one_whose_maker_died_is_begun_again(application: Exchange, buyer: Client) -> None:
    body = {"delivery_id": bought(application), "key_id": key(buyer)}
    buyer.post("/api/packages", json=body)

    with application.house.engines.writing() as session:
        first = packages.claim(work_of(session, "system"))
        soon = packages.claim(work_of(session, "system", at=NOON + timedelta(minutes=5)))
        late = packages.claim(work_of(session, "system", at=NOON + timedelta(hours=2)))

    assert (first, soon) == (late, None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mode": "masked_file", "origin": "public_authorised"}, "EGRESS_REVIEW_NEEDED"),
        ({"mode": "in_domain"}, "WAY_NOT_ORDERED"),
        ({"mode": "record_api"}, "WAY_NOT_ORDERED"),
    ],
)
def test_what_was_not_ordered_as_a_file_is_in_no_package(
    application: Exchange, buyer: Client, changes: dict[str, str], code: str
) -> None:
    body = {"delivery_id": bought(application, **changes), "key_id": key(buyer)}

    answer = buyer.post("/api/packages", json=body)

    assert answer.status_code == 403
    assert code in {each["code"] for each in answer.json["refusals"]}


def test_nobody_but_the_buyer_has_a_package_made_or_linked(
    application: Exchange, buyer: Client, as_: As
) -> None:
    task_id = bought(application)
    package_id = made(application, buyer, task_id)
    seller, stranger = as_("per_developer_signer"), as_("per_other_editor")

    assert seller.get(f"/api/packages/{package_id}").status_code == 200
    assert seller.post(f"/api/packages/{package_id}/links", json={}).status_code == 404
    assert (
        seller.post("/api/packages", json={"delivery_id": task_id, "key_id": "x"}).status_code
        == 404
    )
    assert stranger.get(f"/api/packages/{package_id}").status_code == 404


def test_a_secret_is_not_kept_with_the_answer_that_showed_it(
    application: Exchange, buyer: Client
) -> None:
    body = {"delivery_id": bought(application), "kind": "share", "label": "x", "days": 5}
    headers = {"Idempotency-Key": "once"}

    first = buyer.post("/api/recipient-credentials", json=body, headers=headers)
    again = buyer.post("/api/recipient-credentials", json=body, headers=headers)

    assert first.json["profile"]["bearerToken"] == first.json["secret"]
    assert (again.json["id"], again.json["secret"]) == (first.json["id"], "")
    assert again.json["profile"]["bearerToken"] == ""


def test_credentials_are_rotated_revoked_and_listed_without_secrets(
    application: Exchange, buyer: Client
) -> None:
    task_id = bought(application)
    body = {"delivery_id": task_id, "kind": "api", "label": "x", "days": 5}
    old = buyer.post("/api/recipient-credentials", json=body).json

    new = buyer.post(f"/api/recipient-credentials/{old['id']}/rotate", json={}).json
    gone = buyer.post(f"/api/recipient-credentials/{new['id']}/revoke").json
    listed = buyer.get(f"/api/recipient-credentials?delivery_id={task_id}").json["items"]

    assert (old["profile"], gone["live"]) == (None, False)
    assert {each["id"]: each["live"] for each in listed} == {old["id"]: True, new["id"]: False}
    assert not any("secret" in each for each in listed)


def test_the_proxy_sends_a_package_when_there_is_one(
    application: Exchange, buyer: Client, client: Client
) -> None:
    package_id = made(application, buyer, bought(application))
    address = link(buyer, package_id)
    house = application.house
    application.house = replace(house, settings=replace(house.settings, accel_prefix="/inside"))

    answer = client.get(address, buffered=True)

    assert answer.headers["X-Accel-Redirect"] == f"/inside/packages/{package_id}/package.tar.age"
    shipped = (HOUSE / "docs" / "deploy" / "nginx.conf").read_text("utf-8")
    location = shipped[shipped.index("location /inside/ {") :].partition("}")[0]
    assert "internal;" in location  # nobody reaches a file but by an answer of ours
    assert "alias /" in location
