from tests.app.pages.conftest import Visit
from tests.app.pages.town import Town


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
