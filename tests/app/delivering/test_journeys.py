"""Each way over HTTP, from the delivery's page to the data: keys, queries, files by hand."""

import hashlib
import io
import re
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.unit import Exchange
from delivery import tasks
from tests.app.delivering import keys
from tests.conftest import As, Client, work_of
from tests.delivery import stores


@pytest.fixture
def queried(application: Exchange) -> str:
    """Open the delivery of a thousand readings in the domain."""
    return keys.opened(application, mode="in_domain")


@pytest.fixture
def report(application: Exchange) -> str:
    """Open the delivery of a report."""
    with application.house.engines.writing() as session:
        task = stores.delivered(session, None, mode="model")
        session.commit()
        return task.id


def seen(client: Client, address: str) -> str:
    """Return a page's text."""
    answer = client.get(address, headers={"Accept": "text/html", "Accept-Language": "en"})
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_a_buyer_makes_a_key_and_calls_the_interface(
    as_: As, client: Client, application: Exchange
) -> None:
    task_id = keys.opened(application, allowed={"calls": 100})
    buyer = as_("per_buyer_editor")

    made = buyer.post(f"/deliveries/{task_id}/api-keys", data={"label": "prod", "days": "90"})
    secret = re.search(r"dbx_api_[\w-]+", made.text)
    assert secret, made.text
    rows = client.post(
        f"/data/v1/{task_id}/rows", json={"limit": 2}, headers=keys.bearing(secret[0])
    )
    page = seen(buyer, f"/deliveries/{task_id}")
    calls = buyer.get(f"/api/deliveries/{task_id}/calls")
    sheet = buyer.get(f"/deliveries/{task_id}/calls?format=xlsx")
    text = buyer.get(f"/deliveries/{task_id}/calls?format=csv")
    use = buyer.get(f"/api/deliveries/{task_id}/use")

    assert len(rows.json["rows"]) == 2
    assert f"/data/v1/{task_id}/rows" in page
    assert secret[0] not in page
    assert calls.json["items"][0]["rows"] == 2
    assert sheet.data[:2] == b"PK"
    assert calls.json["items"][0]["request_id"] in text.text
    assert use.json["ways"] == {"api": []}
    assert use.json["remaining"] == {"calls": 99}


def test_a_key_is_rotated_and_revoked_from_the_page(
    as_: As, client: Client, application: Exchange
) -> None:
    task_id = keys.opened(application)
    made, old = keys.issued(application, task_id)
    buyer = as_("per_buyer_editor")

    rotated = buyer.post(f"/deliveries/{task_id}/api-keys/{made.id}/rotate")
    new = re.search(r"dbx_api_[\w-]+", rotated.text)
    assert new, rotated.text
    buyer.post(f"/deliveries/{task_id}/tokens/{made.id}/revoke")

    told = [
        client.get(f"/data/v1/{task_id}", headers=keys.bearing(secret)).status_code
        for secret in (old, new[0])
    ]
    assert told == [401, 200]


def test_a_query_goes_to_the_data_and_its_result_comes_after_its_review(
    as_: As, queried: str
) -> None:
    buyer, officer = as_("per_buyer_editor"), as_("per_exchange_compliance")
    door = f"/api/deliveries/{queried}/queries"

    refused = buyer.post(door, json={"sql": "SELECT id FROM data"})
    asked = buyer.post(
        door, json={"sql": "SELECT station, count(*) n FROM data GROUP BY station ORDER BY 1"}
    )
    review = asked.json["review_id"]
    early = buyer.post(f"/api/egress-reviews/{review}/result")
    waiting = seen(officer, "/egress")
    looked_at = seen(officer, f"/egress/{review}")
    released = officer.post(f"/api/egress-reviews/{review}/release", json={"note": "fine"})
    result = buyer.post(f"/api/egress-reviews/{review}/result")
    shown = buyer.post(f"/egress/{review}/result")
    own = seen(buyer, f"/egress/{review}")
    page = seen(buyer, f"/deliveries/{queried}")

    assert [one["code"] for one in refused.json["refusals"]] == ["RAW_COLUMN"]
    assert early.status_code == 409
    assert review in waiting
    assert "站3" in looked_at
    assert released.json["state"] == "released"
    assert result.json["rows"][0] == ["站0", 143.0]
    assert result.json["manifest"]["guards"]["size_min"] == 10
    assert "站6" in shown.text
    assert "站3" not in own
    assert "Have the result" in own
    assert f"/egress/{review}" in page


def test_a_query_is_asked_from_the_workbench(as_: As, queried: str) -> None:
    buyer = as_("per_buyer_editor")

    asked = buyer.post(f"/deliveries/{queried}/queries", data={"sql": "SELECT count(*) FROM data"})
    wrong = buyer.post(f"/deliveries/{queried}/queries", data={"sql": "DROP TABLE data"})
    overlapping = buyer.post(
        f"/api/deliveries/{queried}/queries",
        json={"sql": "SELECT count(*) FROM data WHERE id > 3"},
    )
    listed = buyer.get(f"/api/deliveries/{queried}/queries")

    assert asked.status_code == 303
    assert wrong.status_code == 422
    assert [one["code"] for one in overlapping.json["refusals"]] == ["DIFFERENCING"]
    assert [one["refused"] for one in listed.json["items"]] == ["DIFFERENCING", None]


def test_a_report_is_handed_over_downloaded_and_accepted(
    as_: As, report: str, application: Exchange
) -> None:
    seller, buyer = as_("per_developer_signer"), as_("per_buyer_editor")

    handed = seller.post(
        f"/api/deliveries/{report}/files?name=报告.pdf",
        data=b"%PDF a report",
        content_type="application/octet-stream",
    )
    seller.post(
        f"/deliveries/{report}/files",
        data={"file": (io.BytesIO(b"a,b\n"), "附件.csv"), "note": "details", "again": "1"},
    )
    page = seen(buyer, f"/deliveries/{report}")
    listed = buyer.get(f"/api/deliveries/{report}/files").json["items"]
    late = buyer.post(f"/api/deliveries/files/{handed.json['id']}/download")
    got = buyer.post(f"/deliveries/files/{listed[0]['id']}")
    manifest = buyer.get(f"/api/deliveries/{report}/manifest")
    seller.post(f"/api/deliveries/{report}/complete", json={})
    with application.house.engines.writing() as session:
        tasks.accept_for(work_of(session, "per_buyer_editor"), "ord_1")
        session.commit()

    assert handed.status_code == 201, handed.json
    assert handed.json["sha256"] == hashlib.sha256(b"%PDF a report").hexdigest()
    assert [one["round"] for one in listed] == [2, 1]
    assert "附件.csv" in page
    assert late.status_code == 404
    assert got.data == b"a,b\n"
    assert manifest.json["round"] == 2
    assert seller.get(f"/api/deliveries/{report}").json["state"] == "accepted"


def test_nothing_is_handed_over_without_a_file(as_: As, report: str) -> None:
    seller = as_("per_developer_signer")

    none = seller.post(f"/deliveries/{report}/files", data={"note": "x"})
    empty = seller.post(
        f"/api/deliveries/{report}/files?name=a.csv",
        data=b"",
        content_type="application/octet-stream",
    )

    assert (none.status_code, empty.status_code) == (422, 422)


def test_a_seller_asks_for_the_review_of_its_files(as_: As, application: Exchange) -> None:
    with application.house.engines.writing() as session:
        task_id = stores.delivered(session, None, mode="masked_file", grade="G3").id
        session.commit()
    seller, officer = as_("per_developer_signer"), as_("per_exchange_compliance")

    page = seen(seller, f"/deliveries/{task_id}")
    asked = seller.post(f"/deliveries/{task_id}/egress")
    again = seller.post("/api/egress-reviews", json={"task_id": task_id})
    review = asked.headers["Location"].rpartition("/")[2]
    shown = officer.get(f"/api/egress-reviews/{review}")
    listed = officer.get(f"/api/egress-reviews?task_id={task_id}&waiting=true")

    assert "EGRESS_REVIEW_NEEDED" in page
    assert again.status_code == 409
    assert shown.json["subject"] == "files"
    assert [one["id"] for one in listed.json["items"]] == [review]


def test_a_list_shows_what_the_reader_may_see(as_: As, queried: str, client: Client) -> None:
    buyer, other = as_("per_buyer_editor"), as_("per_other_editor")

    assert queried in seen(buyer, "/deliveries")
    assert queried not in seen(other, "/deliveries")
    assert other.get(f"/deliveries/{queried}").status_code == 404
    assert client.get("/deliveries", headers={"Accept": "text/html"}).status_code == 303


def test_a_page_is_there_when_its_table_is_not(
    as_: As, queried: str, application: Exchange, tmp_path: Any
) -> None:
    (application.house.data_dir / "tables").rename(tmp_path / "gone")

    assert "In-domain query" in seen(as_("per_buyer_editor"), f"/deliveries/{queried}")


def test_nonces_are_forgotten_when_they_could_not_be_sent_again(session: Session) -> None:
    from datetime import timedelta

    from delivery.metered import signing
    from tests.conftest import NOON

    work = work_of(session, "system", at=NOON + timedelta(hours=1))

    signing.forget(work)

    assert session.query(signing.CallNonce).count() == 0
