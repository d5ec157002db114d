from dataclasses import replace
from typing import Any

import pytest

from app.unit import Exchange
from licensing import authorisations, decisions
from tests.conftest import As, work_of
from tests.delivery import parcels
from tests.licensing import grants

READ: dict[str, Any] = {
    "purpose_code": "weather_insurance",
    "output_form": "aggregate_report",
    "region": "430000",
    "items": ["TEMP", "RAIN"],
    "since": "2013-07-01",
    "until": "2013-07-31",
    "stations": ["Dongsi"],
}


@pytest.fixture
def delivery_id(application: Exchange) -> str:
    """Mount the real weather, authorise it, and open its delivery."""
    house = application.house
    settings = replace(house.settings, data_dir=str(parcels.DATA))
    application.house = replace(house, settings=settings)
    with house.engines.writing() as session:
        made = parcels.opened(session, parcels.authorised(session).id)
        session.commit()
        return made.id


def test_a_delivery_is_provisioned_read_and_completed(as_: As, delivery_id: str) -> None:
    door = f"/api/deliveries/{delivery_id}"
    seller, buyer = as_("per_developer_signer"), as_("per_buyer_editor")

    early = buyer.post(f"{door}/reads", json=READ)
    provisioned = seller.post(f"{door}/provision", json={})
    read = buyer.post(f"{door}/reads", json=READ)
    completed = seller.post(f"{door}/complete", json={})
    shown = buyer.get(door)

    assert early.status_code == 403
    assert [refusal["code"] for refusal in early.json["refusals"]] == ["NOT_OPEN"]
    assert provisioned.json["state"] == "in_progress", provisioned.json
    assert read.status_code == 200, read.json
    assert len(read.json["rows"]) == 62
    assert read.json["rows"][1]["mean"] == 24.88
    assert read.json["remaining"] == {"rows": 938}
    assert completed.json["state"] == "delivered"
    assert (shown.json["reads"], shown.json["rows_delivered"]) == (1, 62)


def test_a_read_for_another_purpose_is_refused_and_kept(
    as_: As, delivery_id: str, application: Exchange
) -> None:
    as_("per_developer_signer").post(f"/api/deliveries/{delivery_id}/provision", json={})
    buyer = as_("per_buyer_editor")

    answer = buyer.post(
        f"/api/deliveries/{delivery_id}/reads", json={**READ, "purpose_code": "advertising"}
    )

    assert (answer.status_code, answer.json["type"]) == (403, "/problems/use-denied")
    assert [refusal["code"] for refusal in answer.json["refusals"]] == ["PURPOSE_MISMATCH"]
    with application.house.engines.reading() as session:
        kept = decisions.own(work_of(session, "per_buyer_editor"), after=None, limit=5).items
    assert [decision.codes for decision in kept] == [["PURPOSE_MISMATCH"]]


def test_a_suspension_bites_at_the_next_read(
    as_: As, delivery_id: str, application: Exchange
) -> None:
    as_("per_developer_signer").post(f"/api/deliveries/{delivery_id}/provision", json={})
    with application.house.engines.writing() as session:
        page = authorisations.listed(work_of(session, "per_hub_supervisor"), after=None, limit=1)
        grants.suspend(work_of(session, "per_hub_supervisor"), page.items[0])
        session.commit()

    answer = as_("per_buyer_editor").post(f"/api/deliveries/{delivery_id}/reads", json=READ)

    assert answer.status_code == 403
    assert [refusal["code"] for refusal in answer.json["refusals"]] == ["AUTH_SUSPENDED"]


def test_a_stranger_does_not_see_a_delivery(as_: As, delivery_id: str) -> None:
    stranger = as_("per_other_editor")

    hidden = stranger.get(f"/api/deliveries/{delivery_id}")
    absent = stranger.get("/api/deliveries/dlv_none")
    read = stranger.post(f"/api/deliveries/{delivery_id}/reads", json=READ)

    assert [answer.status_code for answer in (hidden, absent, read)] == [404, 404, 404]
    assert hidden.json["title"] == absent.json["title"]
    assert stranger.get("/api/deliveries").json["items"] == []
    listed = as_("per_buyer_editor").get("/api/deliveries?order_id=ord_1")
    assert [row["id"] for row in listed.json["items"]] == [delivery_id]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"sql": "SELECT 1"}, "/sql"),
        ({"by": "hour"}, "/by"),
        ({"since": "yesterday"}, "/since"),
        ({"items": ["wd"]}, None),
        ({"limit": 0}, "/limit"),
        ({"items": []}, "/items"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(
    as_: As, delivery_id: str, changes: dict[str, Any], pointer: str | None
) -> None:
    as_("per_developer_signer").post(f"/api/deliveries/{delivery_id}/provision", json={})

    answer = as_("per_buyer_editor").post(
        f"/api/deliveries/{delivery_id}/reads", json={**READ, **changes}
    )

    pointers = [error["pointer"] for error in answer.json.get("errors", [])]
    assert answer.status_code == (422 if pointer else 403), answer.json
    assert pointers == ([pointer] if pointer else [])
