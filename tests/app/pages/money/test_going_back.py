"""Pages and doors of what goes back, is held, is divided and is paid out."""

from typing import Any

from sqlalchemy import func, select

from app.unit import Exchange
from kernel.money import Money
from settlement.dividing.frozen import Hold
from settlement.rails.desks import DisputeWord
from settlement.refunding import chargebacks
from tests.app.api import till
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.money.saving import saved, sums
from tests.conftest import NOON, As, work_of
from tests.settlement import money
from tests.settlement.refunding import going_back

CNY = {"currency": "CNY"}


def settled(application: Exchange, *, disputed: bool = False) -> None:
    """Settle one order in the served database, and let its buyer dispute another."""
    with application.house.engines.writing() as session:

        def work_as(person: str, at: Any = NOON) -> Any:
            return work_of(session, person, at=at)

        money.verified(work_as, "org_buyer", money.BUYER_NAME)
        going_back.settled_order(work_as)
        if disputed:
            going_back.paid_by_card(work_as, "ord_2", Money(9_000))
            word = DisputeWord(
                provider="stripe", dispute_id="dp_1", charge_object="pi_ord_2", order_id="ord_2",
                amount=Money(9_000), state="needs_response", evidence_due=NOON,
            )  # fmt: skip
            chargebacks.seen(work_as("system"), word)
        session.commit()


@ON_SQLITE
def test_a_refund_is_asked_for_on_a_page_and_approved_by_another(
    visit: Visit, application: Exchange
) -> None:
    settled(application)
    maker, checker = visit("per_exchange_settler"), visit("per_exchange_checker")
    maker.shows("/settlement/refunds?order=ord_1", "申请退款", "没有退款", "ord_1")

    made = maker.post(
        "/settlement/refunds", order_id="ord_1", amount="64,000.00", reason="质量不符"
    )
    approved = checker.post(
        f"/steps/refund/{made.location.rpartition('/')[2]}/approve", version=1, next=made.location
    )

    assert (made.status_code, approved.status_code) == (303, 303), made.text
    maker.shows(made.location, "待发出", "质量不符", "应付数商款", "由卖方承担")
    maker.shows("/settlement/refunds?state=approved", "待发出", "演示·保险公司")
    visit("per_buyer_editor").shows("/settlement/refunds?state=nonsense", "待发出")
    assert visit("per_developer_editor").get(made.location).status_code == 404
    too_much = maker.post("/settlement/refunds", order_id="ord_1", amount="128,000", reason="x")
    assert too_much.status_code == 409


@ON_SQLITE
def test_the_exchange_makes_good_and_adjusts_by_hand(visit: Visit, application: Exchange) -> None:
    settled(application)
    maker, checker = visit("per_exchange_settler"), visit("per_exchange_checker")
    good = maker.post("/settlement/goodwill", payer_id="org_buyer", amount="50", reason="停机")
    maker.post("/settlement/refunds", order_id="ord_1", amount="128,000.01", reason="全退")
    maker.shows("/settlement/payouts", "应收追偿", "3,840.00")

    made = maker.post(
        "/settlement/adjustments", pair="writeoff/6702.impairment/1221.party", amount="3840.00",
        credit_owner="org_developer", reason="无法追回", document="a" * 64,
    )  # fmt: skip
    adjustment_id = made.location.rpartition("/")[2]
    posted = checker.post(
        f"/steps/adjustment/{adjustment_id}/approve", version=1, next=made.location
    )

    assert (good.status_code, made.status_code, posted.status_code) == (303, 303, 303), made.text
    maker.shows(made.location, "已入账", "核销", "无法追回")
    maker.shows("/settlement/adjustments", "核销", "应收退款追偿", "3,840.00")
    assert sums(saved(maker, "/settlement/adjustments")) == {"金额（分）": 384_000}
    assert "应收追偿" not in maker.get("/settlement/payouts").text


@ON_SQLITE
def test_money_is_held_and_let_go_on_pages(visit: Visit, application: Exchange) -> None:
    settled(application, disputed=True)
    maker = visit("per_exchange_settler")

    whole = maker.post("/settlement/holds", order_id="ord_1", ground="court", reference="法〔1〕")
    part = maker.post(
        "/settlement/holds", order_id="ord_1", amount="1", ground="alert", reference="A-1"
    )
    listed = maker.post("/settlement/hold-list", party_id="org_developer", reason="核查")

    assert (whole.status_code, part.status_code, listed.status_code) == (303, 303, 303), whole.text
    maker.shows(whole.location, "司法冻结", "应付数商款", "62,080.01")
    maker.shows(part.location, "没有可冻结的款项")
    maker.shows("/settlement/holds", "法〔1〕", "支付争议")
    with application.house.engines.reading() as session:
        held = session.scalars(select(func.sum(Hold.__table__.c.amount_minor))).one()
    assert sums(saved(maker, "/settlement/holds")) == {"金额（分）": held}
    assert held > 6_208_001  # and what the dispute holds
    assert sums(saved(maker, "/settlement/disputes")) == {"金额（分）": 9_000}
    maker.shows("/settlement/hold-list", "演示·枫香科技", "暂缓中")
    maker.shows(listed.location, "核查", "移出暂缓名单")
    maker.shows("/settlement/disputes", "dp_1", "待举证")
    address = maker.get("/settlement/disputes").text.partition("/settlement/disputes/")[2]
    dispute_id = address.partition('"')[0]
    maker.shows(f"/settlement/disputes/{dispute_id}", "pi_ord_2", "已举证")


@ON_SQLITE
def test_rules_are_drafted_and_approved_on_pages(visit: Visit) -> None:
    maker, checker = visit("per_exchange_settler"), visit("per_exchange_checker")
    maker.shows("/settlement/rules", "3.00%", "按本地规则收费", "起草分配规则")

    fee = maker.post(
        "/settlement/fee-rules", kind="transaction", payer="both", rate="2.5", min="10", cap="",
        first_on="2027-07-02", last_on="2027-12-31", board_id="", waived="welfare",
        scale="year", above_1="1000000", above_1_rate="1.5", every="",
    )  # fmt: skip
    revenue = maker.post(
        "/settlement/revenue-rules", scope="product", scope_id="prd_1", base="gross",
        merchant="90", broker="10", broker_id="org_operator", first_on="2027-07-02",
        document="发〔2026〕1号",
    )  # fmt: skip
    wrong = maker.post(
        "/settlement/revenue-rules", scope="product", scope_id="prd_1", base="gross",
        merchant="90", first_on="2027-07-02",
    )  # fmt: skip

    assert (fee.status_code, revenue.status_code, wrong.status_code) == (303, 303, 422), fee.text
    for where, life in ((fee.location, "fee_rule"), (revenue.location, "revenue_rule")):
        rule_id = where.rpartition("/")[2]
        taken = checker.post(f"/steps/{life}/{rule_id}/approve", version=1, next=where)
        assert taken.status_code == 303, taken.text
    maker.shows(fee.location, "双方各半", "2.50%", "公益用途", "已批准", "1,000,000", "1.50%",
                "按卖方当年成交额分段")  # fmt: skip
    maker.shows(revenue.location, "经纪方", "10.00%", "发〔2026〕1号")
    maker.shows("/settlement/rules", "已批准", "prd_1")
    assert visit("per_buyer_editor").get("/settlement/rules").status_code == 403


@ON_SQLITE
def test_payouts_and_what_is_expected_are_shown(visit: Visit, application: Exchange) -> None:
    settled(application)
    maker = visit("per_exchange_settler")
    maker.post("/settlement/payouts", earned="merchant/org_developer")
    page = maker.get("/settlement/payouts?state=requested").text

    address = page.partition('href="/settlement/payouts/')[2].partition('"')[0]

    maker.shows(f"/settlement/payouts/{address}", "演示·枫香科技", "历次付款", "62,080.01")
    visit("per_developer_editor").shows("/settlement/payouts", "62,080.01", "预计结算日")


class Door:
    """The interface, as one of the officers speaks to it."""

    def __init__(self, as_: As, person: str) -> None:
        self.client = as_(person)

    def post(self, path: str, **body: Any) -> Any:
        """Post, and return what was answered."""
        answer = self.client.post(f"/api/{path}", json=body, headers=till.keyed())
        assert answer.status_code < 300, answer.text
        return answer.json

    def get(self, path: str) -> Any:
        """Get, and return what was answered."""
        answer = self.client.get(f"/api/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json


@ON_SQLITE
def test_refunds_and_holds_have_doors(application: Exchange, as_: As) -> None:
    settled(application)
    maker, checker = Door(as_, "per_exchange_settler"), Door(as_, "per_exchange_checker")
    half = {"minor": 6_400_000, **CNY}

    refund = maker.post("refunds", order_id="ord_1", amount=half, reason="质量", fee_refund=True)
    checker.post(f"refunds/{refund['id']}/approve")
    good = maker.post("refunds/goodwill", payer_id="org_buyer", reason="x", amount=half)
    checker.post(f"refunds/{good['id']}/cancel", reason="误")
    held = maker.post("holds", order_id="ord_1", ground="dispute", reference="D1")

    taken = [part["amount"]["minor"] for part in checker.get(f"refunds/{refund['id']}")["parts"]]
    assert sum(taken) == 6_400_000
    assert checker.get(f"refunds/{refund['id']}")["together"] == [refund["id"]]
    assert checker.get("refunds?order_id=ord_1")["items"][0]["state"] == "approved"
    assert checker.get(f"holds/{held['id']}")["reference"] == "D1"
    assert checker.get("holds?state=open")["items"][0]["id"] == held["id"]
    told = checker.get("ledger/orders/ord_1")
    assert (told["refunded"]["minor"], told["difference"]["minor"]) == (6_400_000, 0)
    assert told["held"]["minor"] > 0


@ON_SQLITE
def test_disputes_the_hold_list_and_adjustments_have_doors(application: Exchange, as_: As) -> None:
    settled(application, disputed=True)
    maker = Door(as_, "per_exchange_settler")
    listed = maker.post("hold-list", party_id="org_operator", reason="核查")
    adjusted = maker.post(
        "adjustments", kind="manual.adjusted", debit_code="1012.psp", debit_owner="stripe",
        credit_code="2241.suspense", credit_owner="x", amount={"minor": 5, **CNY},
        reason="错记", document="b" * 64,
    )  # fmt: skip

    dispute = maker.get("disputes")["items"][0]
    answered = maker.post(f"disputes/{dispute['id']}/answer", evidence="已按约交付")

    assert answered["state"] == "under_review"
    assert maker.get(f"disputes/{dispute['id']}")["evidence"] == "已按约交付"
    assert maker.get(f"hold-list/{listed['id']}")["party_id"] == "org_operator"
    assert len(maker.get("hold-list")["items"]) == len(maker.get("adjustments")["items"]) == 1
    assert maker.get(f"adjustments/{adjusted['id']}")["state"] == "proposed"
    assert maker.get("payouts/owing") == {"items": []}


@ON_SQLITE
def test_rules_of_fees_and_shares_have_doors(as_: As) -> None:
    maker = Door(as_, "per_exchange_settler")
    shared = {"kind": "merchant", "share_bp": 10_000, "owner": ""}
    terms = {"first_on": "2027-07-02"}

    fee = maker.post("fee-rules", kind="transaction", payer="seller", rate_bp=200,
                     waived_for=["welfare"], scale="order",
                     steps=[{"above_fen": 1_000_000, "rate_bp": 100}], **terms)  # fmt: skip
    listing = maker.post("fee-rules", kind="listing", payer="seller", rate_bp=0, min_fen=100,
                         every="version", **terms)  # fmt: skip
    revenue = maker.post("revenue-rules", scope="board", scope_id="brd_1", parties=[shared],
                         **terms)  # fmt: skip

    shown = maker.get(f"fee-rules/{fee['id']}")
    assert (shown["rate_bp"], shown["scale"]) == (200, "order")
    assert shown["steps"] == [{"above_fen": 1_000_000, "rate_bp": 100}]
    assert maker.get(f"fee-rules/{listing['id']}")["every"] == "version"
    assert len(maker.get("fee-rules")["items"]) == 2
    assert maker.get(f"revenue-rules/{revenue['id']}")["parties"] == [shared]
    assert len(maker.get("revenue-rules")["items"]) == 1
