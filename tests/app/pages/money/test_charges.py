"""Pages of what is charged by use: bills, wallet, uses, meters; quotations and auctions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.unit import Exchange
from kernel.money import Money
from marketplace.auctions import bids, closing
from marketplace.bargaining import quotations
from settlement.metering import bill_lines, billing, bills, hours, subscriptions, usage
from settlement.metering.subscriptions import Price
from settlement.metering.tariffs import Shape, Tariff
from settlement.metering.usage import Told
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import TODAY
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.auctions import hammer
from tests.settlement import money
from tests.settlement.metering import gauges
from tests.settlement.refunding import test_bill_credits, test_terms

AT = TODAY
AUGUST = gauges.AUGUST

Write = Callable[[Callable[[Session], Any]], Any]


@pytest.fixture
def write(application: Exchange) -> Write:
    """Let something happen in the served town."""

    def happened(act: Callable[[Session], Any]) -> Any:
        with application.house.engines.writing() as session:
            found = act(session)
            session.commit()
            return found

    return happened


def metered(session: Session) -> dict[str, str]:
    """Use a line for a while, bill July, and leave August open."""
    it = gauges.meter(session, gauges.TIERED)
    line = it.order_line_id

    def tell(name: str, units: int, at: Any, failure: str = "") -> None:
        one = Told(event_id=name, order_line_id=line, occurred_at=at, units=units, failure=failure)
        usage.report(work_of(session, "per_developer_editor", at=at), source="gateway", told=[one])

    tell("e1", 10_001, AT)
    tell("e2", 3, AT, failure="upstream 503")
    hours.close(work_of(session, "system", at=AUGUST), limit=99)
    (bill,) = billing.run(work_of(session, "system", at=AUGUST), limit=9)
    return {"meter": it.id, "bill": bill.id}


@ON_SQLITE
def test_a_bill_shows_how_each_line_was_reckoned_and_is_confirmed_on_its_page(
    write: Write, visit: Visit
) -> None:
    ids = write(metered)
    seller, buyer = visit("per_developer_editor"), visit("per_buyer_editor")

    seller.shows("/bills", "BL-2026-000001", "待供方确认")
    seller.shows("/bills?state=seller_confirm", "2026-07")
    page = buyer.shows(f"/bills/{ids['bill']}", "10,000", "5,000.30", "失败（不计费） 1")
    assert "供方确认" in page
    assert seller.post(f"/do/bill/{ids['bill']}/vouch").status_code in {303, 404}
    write(lambda session: bills.take(work_of(session, "system"), ids["bill"], "vouch"))
    write(lambda session: bills.take(work_of(session, "system"), ids["bill"], "confirm"))
    buyer.shows(f"/bills/{ids['bill']}", "付款码", "4300000000000001")
    visit("per_exchange_settler").shows("/bills", "演示·保险公司")
    assert visit("per_operator_signer").get(f"/bills/{ids['bill']}").status_code == 404


@ON_SQLITE
def test_uses_are_filtered_and_saved_as_a_file(write: Write, visit: Visit) -> None:
    ids = write(metered)
    buyer = visit("per_buyer_editor")

    buyer.shows("/usage", "e1", "upstream 503")
    failed = buyer.shows(f"/usage?meter={ids['meter']}&outcome=failed&since=2026-07-01", "e2")
    none = buyer.shows("/usage?until=2026-06-30", "没有用量")
    csv = buyer.get("/usage?format=csv&outcome=fine")
    xlsx = buyer.get("/usage?format=xlsx")

    assert "10,001" not in failed
    assert "e1" not in none
    assert "gateway" in csv.text
    assert "e2" not in csv.text
    assert xlsx.data[:2] == b"PK"
    assert buyer.get("/usage?since=yesterday").status_code == 422
    buyer.shows(f"/meters/{ids['meter']}", "计量中", "BL-2026-000001")


@ON_SQLITE
def test_the_seller_takes_off_and_an_auditor_adds_on_the_meters_page(
    write: Write, visit: Visit
) -> None:
    ids = write(metered)
    seller, auditor = visit("per_developer_editor"), visit("per_exchange_settler")
    path = f"/meters/{ids['meter']}/adjustments"
    said = {"period": "2026-07", "amount": "1.50", "reason": "核减"}

    assert seller.post(path, way="off", **said).status_code == 303
    assert seller.post(path, way="add", **said).status_code == 422
    assert auditor.post(path, way="add", **said).status_code == 303

    def waiting(session: Session) -> list[int]:
        return [each.amount.minor for each in bill_lines.waiting(session, ids["meter"])]

    assert write(waiting) == [-150, 150]


@ON_SQLITE
def test_milestones_and_reports_are_billed_on_the_meters_page(write: Write, visit: Visit) -> None:
    parts = [{"share_bp": 10_000, "criterion": "验收通过", "fen": 500}]
    share = Tariff(shape=Shape.SHARE, share_bp=1_000)

    def opened(session: Session) -> list[str]:
        project = gauges.meter(session, basis="milestones", unit="fen", milestones=parts)
        reported = gauges.meter(session, share, number=2, basis="report", unit="fen")
        reported.began_on -= timedelta(days=60)
        return [project.id, reported.id]

    project, reported = write(opened)
    seller, buyer = visit("per_developer_editor"), visit("per_buyer_editor")
    seller.shows(f"/meters/{project}", "验收通过", "里程碑出账")
    buyer.shows(f"/meters/{reported}", "报告收入")

    one = seller.post(f"/meters/{project}/milestones", number="1", evidence="报告")
    other = buyer.post(f"/meters/{reported}/reports", period="2026-06", base="1000.00", note="六月")

    buyer.shows(one.headers["Location"], "末期账单", "验收通过 — 报告")
    buyer.shows(other.headers["Location"], "100.00")


@ON_SQLITE
def test_a_wallets_money_is_asked_back_on_its_page_and_confirmed(
    write: Write, visit: Visit
) -> None:
    def filled(session: Session) -> None:
        gauges.filled(session, 123_456, at=AT)
        money.verified(
            lambda person, **more: work_of(session, person, **more), "org_buyer", money.BUYER_NAME
        )

    write(filled)
    buyer, officer = visit("per_buyer_signer"), visit("per_exchange_settler")
    buyer.shows("/wallet", "退回预存款", "最多可退", "1,234.56")
    said = {"amount": "1,000.00", "reason": "不再使用"}

    unsure = buyer.post("/wallet/returns", **said)
    made = buyer.post("/wallet/returns", **said, confirmed="1")

    assert (unsure.status_code, made.status_code) == (422, 303)
    buyer.shows("/wallet", "234.56", "退回申请", "待复核")
    page = officer.shows("/settlement/refunds?state=requested", "RX", "1,000.00")
    refund = page.partition("/settlement/refunds/rfd_")[2].partition('"')[0]
    officer.shows(f"/settlement/refunds/rfd_{refund}", "预存款余额", "不再使用")
    visit("per_other_editor").shows("/wallet", "预存款")


@ON_SQLITE
def test_a_bill_shows_its_credits_and_its_net(write: Write, visit: Visit) -> None:
    def refunded(session: Session) -> str:
        money.verified(
            lambda person, **more: work_of(session, person, **more), "org_buyer", money.BUYER_NAME
        )
        bill = test_bill_credits.settled(session)
        test_bill_credits.refunded(session, 30)
        return bill.id

    bill_id = write(refunded)
    buyer = visit("per_buyer_editor")

    buyer.shows(f"/bills/{bill_id}", "退款贷项", "5,000.30", "0.30", "5,000.00", "退款后净额")
    buyer.shows("/bills", "已退", "0.30")


@ON_SQLITE
def test_a_subscription_is_ended_on_the_refunds_page(write: Write, visit: Visit) -> None:
    def begun(session: Session) -> None:
        def work_as(person: str, **more: Any) -> Any:
            return work_of(session, person, **more)

        money.verified(work_as, "org_buyer", money.BUYER_NAME)
        money.paid(work_as, amount=test_terms.YEAR)
        subscriptions.begin(
            work_as("system"), "ord_1", test_terms.SALE, price=Price(test_terms.YEAR),
            period="month", count=12,
        )  # fmt: skip

    write(begun)
    officer = visit("per_exchange_settler")
    officer.shows("/settlement/refunds", "提前终止包期并退还未用天数")

    made = officer.post("/settlement/terms", order_id="ord_1", on="2026-06-30", reason="停服")

    assert made.status_code == 303, made.text
    officer.shows(made.location, "订单价款", "停服", "由卖方承担")


@ON_SQLITE
def test_a_wallet_is_topped_up_and_shows_what_came_and_went(write: Write, visit: Visit) -> None:
    write(lambda session: gauges.filled(session, 123_456, at=AT))
    buyer = visit("per_buyer_signer")
    buyer.shows("/wallet", "1,234.56", "充值")

    assert buyer.post("/wallet/top-ups", amount="500").status_code == 303

    buyer.shows("/wallet", "待到账充值", "4300000000000001")
    visit("per_buyer_editor").shows("/wallet", "预存款")


@ON_SQLITE
def test_a_settlement_officer_sets_a_credit(visit: Visit) -> None:
    officer = visit("per_exchange_settler")
    officer.shows("/credit/org_buyer", "核定额度")

    answer = officer.post("/credit/org_buyer", limit="2000", reason="核定")

    assert answer.status_code == 303
    visit("per_buyer_editor").shows("/credit/org_buyer", "2,000.00")
    assert visit("per_developer_editor").get("/credit/org_buyer").status_code == 404


TIERS: Any = {
    "kind": "tier_progressive",
    "maximum": {"minor": 9_000_000, "currency": "CNY"},
    "tiers": [
        {"upto": 10_000, "unit": {"e6": 50_000_000}},
        {"upto": None, "unit": {"e6": 30_000_000}},
    ],
}
# fmt: off
PLANS: Any = [
    (TIERS, "¥ 0.30 / 次 起", "各阶梯内的用量分别计价"),
    ({"kind": "tier_volume", "tiers": [{"upto": None, "unit": {"e6": 5_000_000}}]},
     "¥ 0.05 / 次", "全部用量按所达阶梯计价"),
    ({"kind": "per_call", "unit": {"e6": 3_000_000}, "free_quota": 100,
      "minimum": {"minor": 500}}, "¥ 0.03 / 次", "前 100 次免费"),
    ({"kind": "per_row", "unit": {"e6": 800_000_000}, "per": 1_000}, "¥ 8.00 / 1,000 条", "算例"),
    ({"kind": "per_volume", "unit": {"e6": 10_000_000}}, "¥ 0.10 / MB", "算一算"),
    ({"kind": "package", "price": {"minor": 9_900}, "size": 1_000}, "¥ 99.00 / 1,000 次", "算例"),
    ({"kind": "subscription", "price": {"minor": 50_000}, "period": "month", "included": 1_000,
      "overage": {"e6": 10_000_000}}, "¥ 500.00 / 月", "每期含 1,000 次"),
    ({"kind": "listing_fixed", "price": {"minor": 50_000}}, "¥ 500.00 / 挂牌价", "含税"),
    ({"kind": "revenue_share", "share_bp": 850, "cycle": "month", "base": "保费收入"},
     "收入的 8.5% / 月", "基数：保费收入"),
    ({"kind": "project", "price": {"minor": 900_000}, "milestones": [
        {"share_bp": 3_000, "criterion": "方案"}, {"share_bp": 7_000, "criterion": "验收"}]},
     "¥ 9,000.00 / 项目制", "70%：验收"),
    ({"kind": "negotiated"}, "协议定价", "询价"),
    ({"kind": "auction", "form": "sealed", "reserve": {"minor": 100_000},
      "step": {"minor": 100}}, "竞价，起拍价 ¥ 1,000.00", "查看竞价"),
]
# fmt: on


@ON_SQLITE
@pytest.mark.parametrize(("plan", "line", "term"), PLANS)
def test_a_product_says_its_price_in_words(
    write: Write, visit: Visit, plan: Any, line: str, term: str
) -> None:
    product = write(lambda session: make.listed(session, price_plan=plan).id)

    visit("per_buyer_editor").shows(f"/products/{product}", line, term)


@ON_SQLITE
def test_a_product_reckons_what_a_quantity_comes_to(write: Write, visit: Visit) -> None:
    product = write(lambda session: make.listed(session, price_plan=TIERS).id)
    anybody = visit()

    anybody.shows(f"/products/{product}?units=10001", "10,000 × ¥ 0.50", "5,000.30")
    anybody.shows(f"/products/{product}?units=1000000", "90,000.00", "已按最低/最高收费")
    anybody.shows(f"/products/{product}?units=many", "请填写 0 至")
    anybody.shows(f"/products/{product}?units=999999999999999", "请填写 0 至")


@ON_SQLITE
def test_an_order_by_use_is_placed_on_the_products_page(write: Write, visit: Visit) -> None:
    product = write(lambda session: make.listed(session, price_plan=TIERS).id)
    use = make.use(period_from="2026-07-21", period_to="2026-12-31")

    answer = visit("per_buyer_editor").post(
        f"/products/{product}/orders", quantity="1", pay_mode="postpaid", **use
    )

    assert answer.status_code == 303
    visit("per_buyer_editor").shows(answer.headers["Location"], "¥ 0.30 / 次 起")


@ON_SQLITE
def test_a_price_is_negotiated_on_its_pages(write: Write, visit: Visit) -> None:
    plan = {"kind": "negotiated"}
    product = write(lambda session: make.listed(session, price_plan=plan).id)
    buyer, seller = visit("per_buyer_editor"), visit("per_developer_editor")

    asked = buyer.post(f"/products/{product}/quotations", quantity="2", amount="800", note="")
    path = asked.headers["Location"]
    seller.shows(path, "¥", "800.00", "接受买方出价")
    seller.shows("/quotations", "待供方报价")
    write(
        lambda session: quotations.take(
            work_of(session, "per_developer_editor", at=AT), path.rpartition("/")[2], "agree"
        )
    )
    page = buyer.shows(path, "按议定价格下单")
    assert "agreed=agp_" in page
    seller.shows(path, "待需方下单")
    link = page.partition('href="/products/')[2].partition('"')[0].replace("&amp;", "&")
    buyer.shows(f"/products/{link}", 'name="agreed_price_id"')


@ON_SQLITE
def test_an_auction_is_announced_entered_bid_and_ordered_on_its_pages(
    write: Write, visit: Visit
) -> None:
    product = write(lambda session: hammer.product(session).id)
    write(lambda session: gauges.filled(session, 50_000, at=AT))
    seller, buyer = visit("per_developer_editor"), visit("per_buyer_signer")
    seller.shows(f"/products/{product}", "公告竞价")
    times = {"opens_at": "2026-07-20T18:00", "closes_at": "2026-07-21T18:00"}
    made = seller.post(f"/products/{product}/auctions", **times)
    path = made.headers["Location"]
    visit().shows("/auctions", "公告中")
    use = make.use(period_from="2026-07-22", period_to="2026-12-31")
    assert buyer.post(f"{path}/entries", **use).status_code == 303
    later = TODAY + timedelta(hours=7)

    def run(at: Any) -> None:
        write(lambda session: closing.hold_due(work_of(session, "system", at=at), limit=9))

    run(later)
    buyer.shows(path, "提交密封报价")
    bid = Money(123_456)
    write(lambda session: bids.bid(work_of(session, "per_buyer_signer", at=later), path[10:], bid))
    for each in (seller, visit("per_exchange_auditor"), visit(), buyer):
        assert "1,234.56" not in each.shows(path, "竞价中")
    run(TODAY + timedelta(days=2))
    buyer.shows(path, "贵机构已竞得", "1,234.56", "✓")
    ordered = buyer.post(f"{path}/order")

    buyer.shows(ordered.headers["Location"], "1,234.56")
    seller.shows(path, "已生成订单")


@ON_SQLITE
def test_a_lot_that_has_not_begun_is_cancelled_on_its_page(write: Write, visit: Visit) -> None:
    product = write(lambda session: hammer.product(session).id)
    seller = visit("per_developer_editor")
    late = {"opens_at": "2026-07-21T18:00", "closes_at": "2026-07-22T18:00"}
    path = seller.post(f"/products/{product}/auctions", **late).headers["Location"]
    seller.shows(path, "撤销竞价")
    assert seller.post(f"/products/{product}/auctions", opens_at="soon").status_code == 422

    assert seller.post(f"{path}/cancel", reason="调整").status_code == 303
    seller.shows(path, "已撤销")
