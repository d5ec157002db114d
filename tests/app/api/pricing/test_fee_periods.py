"""The door of fee periods: proposed, filed, approved, capped, and read by everybody."""

from typing import Any

from tests.conftest import As, Client

PERIOD: dict[str, Any] = {
    "first_on": "2026-01-01",
    "last_on": "2026-12-31",
    "costs": {"data_processing": 1_200_000_000},
    "profit_rate_bp": 500,
    "taxes_fen": 72_000_000,
}
CAP: dict[str, Any] = {
    "product_type": "dataset",
    "meter": "product",
    "cap_e6": 20_000_000_000_000,
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
    "doc_no": "演示价〔2026〕2号",
}


def test_a_period_is_proposed_filed_approved_and_capped(as_: As, client: Client) -> None:
    made = as_("per_operator_signer").post("/api/fee-periods", json=PERIOD)
    where = f"/api/fee-periods/{made.json['id']}"
    early = as_("per_agency_approver").post(f"{where}/caps", json=CAP)
    as_("per_operator_signer").post(f"{where}/file", json={})
    own = as_("per_operator_signer").post(f"{where}/approve", json={"doc_no": "1"})
    approved = as_("per_hub_supervisor").post(f"{where}/approve", json={"doc_no": "1"})

    capped = as_("per_agency_approver").post(f"{where}/caps", json=CAP)
    again = as_("per_agency_approver").post(f"{where}/caps", json=CAP)
    strange = as_("per_agency_approver").post(f"{where}/caps", json={**CAP, "product_type": "x"})

    assert made.status_code == 201
    assert made.json["max_revenue_fen"] == 1_332_000_000
    assert early.status_code == 409
    assert own.status_code == 403
    assert approved.json["state"] == "approved"
    assert (capped.status_code, again.status_code, strange.status_code) == (201, 409, 422)
    assert [one["id"] for one in client.get("/api/fee-periods/caps").json["items"]] == [
        capped.json["id"]
    ]


def test_periods_are_for_their_operator_and_authorities(as_: As) -> None:
    made = as_("per_operator_signer").post("/api/fee-periods", json=PERIOD).json["id"]

    assert as_("per_hub_officer").get(f"/api/fee-periods/{made}").json["standing"] == {
        "earned_fen": 0, "share_bp": 0, "light": "green", "full": False, "excess_fen": 0,
    }  # fmt: skip
    assert as_("per_operator_editor").get("/api/fee-periods").json["items"]
    assert as_("per_buyer_signer").get(f"/api/fee-periods/{made}").status_code == 404
    assert as_("per_buyer_signer").get("/api/fee-periods").json["items"] == []


def test_a_period_of_strange_costs_is_refused_with_its_pointer(as_: As) -> None:
    answer = as_("per_operator_signer").post(
        "/api/fee-periods", json={**PERIOD, "costs": {"fines": 1}}
    )

    assert answer.status_code == 422
    assert "costs" in str(answer.json)
