from typing import Any

from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town

READ: dict[str, Any] = {
    "items": ["TEMP"],
    "purpose_code": "weather_insurance",
    "output_form": "aggregate_report",
    "region": "110000",
    "since": "2013-07-01",
    "until": "2013-07-31",
    "stations": "Dongsi",
    "by": "day",
    "limit": "40",
}


@ON_SQLITE
def test_orders_are_listed_by_side(visit: Visit) -> None:
    visit("per_buyer_editor").shows("/orders", "OD-2026-000001", "¥ 10,000.00")
    visit("per_developer_editor").shows("/orders?side=sold", "演示·保险公司")
    visit("per_exchange_auditor").shows("/orders", "全部", "OD-2026-000005")
    assert "没有订单" in visit("per_other_editor").get("/orders?side=all").text


@ON_SQLITE
def test_an_order_shows_contract_payment_delivery_and_money(visit: Visit, town: Town) -> None:
    buyer = visit("per_buyer_editor")

    page = buyer.shows(f"/orders/{town['signed']}", "双方已签", "付款码", "4300000000000001", "DX")
    assert "正文与签署均完好" in page
    buyer.shows(f"/orders/{town['paid']}", "读取数据", "托管中", "¥ 10,000.00")
    buyer.shows(f"/orders/{town['accepted']}", "已验收", "待分账", "差额 ¥ 0.00")


@ON_SQLITE
def test_an_order_is_not_for_strangers(visit: Visit, town: Town) -> None:
    assert visit("per_other_editor").get(f"/orders/{town['paid']}").status_code == 404


def test_both_sign_and_the_order_asks_for_its_price(visit: Visit, town: Town) -> None:
    path = f"/orders/{town['confirmed']}"
    buyer = visit("per_buyer_signer")

    first = buyer.post(f"{path}/signature")
    waiting = buyer.get(path).text
    again = buyer.post(f"{path}/signature")
    second = visit("per_developer_signer").post(f"{path}/signature")

    assert (first.status_code, second.status_code) == (303, 303)
    assert "贵机构已签署此合同" in waiting
    assert again.status_code == 409
    assert "ALREADY_SIGNED" in again.text
    buyer.shows(path, "待付款", "付款码")


def test_a_seller_confirms_an_order_by_its_button(visit: Visit, town: Town) -> None:
    path = f"/orders/{town['placed']}"
    seller = visit("per_developer_editor")

    answer = seller.post(f"/steps/order/{town['placed']}/confirm", next=path)

    assert answer.location == path
    seller.shows(path, "签署合同", "数据提供合同")


def test_a_buyer_reads_what_was_bought(visit: Visit, town: Town) -> None:
    buyer = visit("per_buyer_editor")

    answer = buyer.post(f"/deliveries/{town['task']}/reads", **READ)

    assert answer.status_code == 200
    assert "Dongsi" in answer.text
    assert answer.text.count("<tr>") == 32  # the head, and a day each of July
    buyer.shows(f"/orders/{town['paid']}", "1 次")


def test_reads_are_by_month_too(visit: Visit, town: Town) -> None:
    answer = visit("per_buyer_editor").post(
        f"/deliveries/{town['task']}/reads", **{**READ, "by": "month", "stations": ""}
    )

    assert answer.text.count("<tr>") == 13  # the head, and twelve stations


def test_a_read_for_another_purpose_is_refused_with_its_code(visit: Visit, town: Town) -> None:
    answer = visit("per_buyer_editor").post(
        f"/deliveries/{town['task']}/reads", **{**READ, "purpose_code": "logistics"}
    )

    assert answer.status_code == 403
    assert "PURPOSE_MISMATCH" in answer.text


def test_after_a_suspension_the_next_read_is_refused(visit: Visit, town: Town) -> None:
    visit("per_hub_supervisor").post(
        f"/steps/authorisation/{town['authorisation']}/suspend",
        cause="overuse", reason="抽查",
    )  # fmt: skip

    answer = visit("per_buyer_editor").post(f"/deliveries/{town['task']}/reads", **READ)

    assert answer.status_code == 403
    assert "AUTH_SUSPENDED" in answer.text


def test_a_seller_completes_and_only_the_buyer_may_read(visit: Visit, town: Town) -> None:
    seller = visit("per_developer_signer")

    completed = seller.post(f"/steps/delivery_task/{town['task']}/complete")
    read = seller.post(f"/deliveries/{town['task']}/reads", **READ)

    assert completed.status_code == 303
    assert read.status_code == 403


@ON_SQLITE
def test_orders_are_sifted_by_state_and_saved_as_a_file(visit: Visit, town: Town) -> None:
    buyer, stranger = visit("per_buyer_editor"), visit("per_other_editor")

    page = buyer.shows("/orders?state=submitted", "待卖方确认", "XLSX")
    file = buyer.get("/orders?state=submitted&file=csv").data.decode("utf-8-sig").splitlines()

    assert f"/orders/{town['placed']}" in page
    assert f"/orders/{town['accepted']}" not in page
    assert len(file) == 2
    assert "待卖方确认" in file[1]
    assert buyer.get("/orders?file=xlsx").mimetype.endswith("sheet")
    assert len(stranger.get("/orders?file=csv").data.splitlines()) == 1
    assert buyer.get("/orders?state=magic&side=magic").status_code == 200
