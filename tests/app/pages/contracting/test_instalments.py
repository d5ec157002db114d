from app.unit import Exchange
from tests.app.pages.conftest import Visit
from tests.app.pages.town import Town
from tests.conftest import NOON, As, work_of
from tests.settlement import money


def test_a_buyer_plans_the_parts_on_the_page_of_the_order(visit: Visit, town: Town) -> None:
    path = f"/orders/{town['placed']}"
    buyer = visit("per_buyer_editor")
    parts = {"amount-0": "4,000.00", "due-0": "signature", "amount-1": "6000", "due-1": "date",
             "due_on-1": "2026-12-01", "amount-2": ""}  # fmt: skip

    buyer.shows(path, "提出分期方案")
    wrong = buyer.post(f"{path}/instalments", **{**parts, "amount-1": "6000.01"})
    planned = buyer.post(f"{path}/instalments", **parts)

    assert wrong.status_code == 422
    assert planned.status_code == 303
    page = buyer.shows(path, "¥ 4,000.00", "约定日期前 2026-12-01", "未到期")
    assert "提出分期方案" not in page
    assert "提出分期方案" not in visit("per_developer_editor").get(path).text


def test_a_signed_order_is_cancelled_by_both_on_its_page(visit: Visit, town: Town) -> None:
    path = f"/orders/{town['signed']}"
    buyer, seller = visit("per_buyer_editor"), visit("per_developer_signer")

    asked = buyer.post(f"{path}/cancellation", reason="项目取消")
    page = seller.shows(path, "协议取消", "项目取消", "同意取消并退款")
    found = page.split("/steps/cancellation/")[1].split("/")[0]
    agreed = seller.post(f"/steps/cancellation/{found}/agree", next=path)

    assert (asked.status_code, agreed.status_code) == (303, 303)
    seller.shows(path, "已同意")


def test_what_goes_back_and_what_it_costs_is_on_the_page_before_anybody_asks(
    visit: Visit, town: Town
) -> None:
    path = f"/orders/{town['paid']}"

    for person in ("per_buyer_editor", "per_developer_signer"):
        visit(person).shows(path, "取消后退还", "扣除银行费用", "¥ 5.00")


def test_what_a_refund_cost_is_told_with_it_on_its_page_and_over_the_api(
    visit: Visit, town: Town, as_: As, application: Exchange
) -> None:
    with application.house.engines.writing() as session:
        money.verified(
            lambda person, at=NOON: work_of(session, person, at=at), "org_buyer", money.BUYER_NAME
        )
        session.commit()
    buyer, seller, path = visit("per_buyer_signer"), visit("per_developer_signer"), town["paid"]
    buyer.post(f"/orders/{path}/cancellation", reason="项目取消")
    (found,) = as_("per_buyer_signer").get(f"/api/cancellations?order_id={path}").json["items"]
    seller.post(f"/steps/cancellation/{found['id']}/agree", version=found["version"])
    (refund,) = as_("per_buyer_signer").get(f"/api/refunds?order_id={path}").json["items"]

    told = as_("per_buyer_signer").get(f"/api/refunds/{refund['id']}").json

    assert told["cost"] == {"minor": 500, "currency": "CNY"}
    for person in ("per_buyer_signer", "per_exchange_settler"):
        visit(person).shows(
            f"/settlement/refunds/{refund['id']}", "银行费用（按合同扣除）", "¥ 5.00"
        )
