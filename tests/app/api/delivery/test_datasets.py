"""Holds over the API: put and lifted by who may, told of to whom it concerns; both databases."""

import pytest

from app.unit import Exchange
from tests.conftest import As
from tests.marketplace.shelving import sheet

REASON = {"reason": "仲裁取证"}


@pytest.fixture
def dataset(application: Exchange) -> str:
    """Have the merchant keep a data set; give its door."""
    with application.house.engines.writing() as session:
        kept = sheet.dataset(session).dataset_id
        session.commit()
    return f"/api/datasets/{kept}"


@pytest.mark.parametrize("officer", ["per_exchange_compliance", "per_hub_supervisor"])
def test_a_hold_is_put_told_of_and_lifted(as_: As, dataset: str, officer: str) -> None:
    officer_, owner = as_(officer), as_("per_developer_editor")

    held = officer_.post(f"{dataset}/hold", json=REASON)
    twice = officer_.post(f"{dataset}/hold", json=REASON)
    seen, listed = owner.get(dataset).json, officer_.get("/api/datasets").json["items"]
    lifted = officer_.post(f"{dataset}/release")
    again = officer_.post(f"{dataset}/release")

    assert (held.status_code, held.json["hold"]["reason"]) == (200, "仲裁取证")
    assert (twice.status_code, again.status_code) == (409, 404)
    assert (seen["hold"]["held_at"], seen["hold"]["reason"]) == (held.json["hold"]["held_at"], None)
    assert [one["hold"]["reason"] for one in listed] == ["仲裁取证"]
    assert (lifted.status_code, lifted.json["hold"]) == (200, None)
    assert owner.get(dataset).json["hold"] is None


def test_nobody_else_holds_and_a_reason_is_given(as_: As, dataset: str) -> None:
    for person in ("per_developer_editor", "per_exchange_listing", "per_exchange_admin"):
        for door in ("hold", "release"):
            said = REASON if door == "hold" else None
            assert as_(person).post(f"{dataset}/{door}", json=said).status_code == 403, person
    officer = as_("per_exchange_compliance")

    assert officer.post(f"{dataset}/hold", json={"reason": " "}).status_code == 422
    assert officer.post(f"{dataset}/hold", json={}).status_code == 422
    assert officer.post("/api/datasets/dst_none/hold", json=REASON).status_code == 404
    assert as_("per_hub_officer").get(dataset).status_code == 404
