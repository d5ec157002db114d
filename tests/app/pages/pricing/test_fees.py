"""The pages of permitted revenue and upper-limit fees."""

from tests.app.pages.conftest import Visit

PERIOD = {
    "first_on": "2028-01-01",
    "last_on": "2028-12-31",
    "profit_rate_bp": "500",
    "staff": "1,000.00",
    "taxes": "60",
    "carry_over": "0.50",
    "trial": "1",
}


def test_an_operator_proposes_and_others_approve_and_cap(visit: Visit) -> None:
    operator = visit("per_operator_signer")
    operator.shows("/fee-periods", "最高准许收入", "填报核定期")
    made = operator.post("/fee-periods", **{**PERIOD, "carry_over": ""})
    where = made.location
    operator.shows(where, "怎样得出", "1,000.00", "1,110.00", "草稿")
    operator.post(f"/steps/fee_period/{where.rsplit('/', 1)[1]}/file", next=where)
    authority, subject = visit("per_hub_supervisor"), where.rsplit("/", 1)[1]
    authority.post(
        f"/steps/fee_period/{subject}/approve",
        doc_no="演示价〔2028〕1号",
        next=where,
    )
    agency = visit("per_agency_approver")
    agency.shows(where, "制定并公布")
    cap = {
        "product_type": "dataset",
        "meter": "call",
        "cap": "0.0003",
        "valid_from": "2028-01-01",
        "valid_to": "2028-12-31",
        "doc_no": "演示价〔2028〕2号",
    }

    fixed = agency.post(f"{where}/caps", **cap)
    strange = agency.post(f"{where}/caps", **{**cap, "product_type": "zzz"})
    fine = agency.post(f"{where}/caps", **{**cap, "cap": "0.000000001"})

    assert made.status_code == fixed.status_code == 303
    assert strange.status_code == fine.status_code == 422
    visit().shows("/fees", "演示价〔2028〕2号", "0.0003", "每次调用")


def test_a_carry_over_that_nobody_owes_is_refused_when_it_is_filed(visit: Visit) -> None:
    operator = visit("per_operator_signer")
    made = operator.post("/fee-periods", **PERIOD).location

    answer = operator.post(f"/steps/fee_period/{made.rsplit('/', 1)[1]}/file", next=made)

    assert answer.status_code == 409
    assert "CARRY_OVER_WRONG" in answer.text


def test_who_has_no_part_in_it_sees_none(visit: Visit) -> None:
    buyer = visit("per_buyer_editor")

    assert "填报核定期" not in buyer.get("/fee-periods").text
    assert buyer.get("/fee-periods/fpd_none").status_code == 404
