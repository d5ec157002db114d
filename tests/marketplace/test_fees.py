"""The ground of a price: own, public interest, or industry under its upper limit."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from kernel.errors import StepRefused
from kernel.money import Money, UnitPrice
from licensing.pricing import periods, revenues
from licensing.pricing.caps import Meter
from marketplace import fees, lines, orders, prices, products
from marketplace.prices import Plan, PlanKind, Tier
from settlement import batches
from tests.conftest import NOON, work_of
from tests.licensing import grants
from tests.marketplace import make

TIERS = (Tier(10, UnitPrice(500_000)), Tier(None, UnitPrice(300_000)))


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        (Plan(PlanKind.ONE_OFF, price=Money(7)), (Meter.PRODUCT, 7_000_000)),
        (
            Plan(PlanKind.SUBSCRIPTION, price=Money(7), period=prices.Period.YEAR),
            (Meter.YEAR, 7_000_000),
        ),
        (Plan(PlanKind.PER_CALL, unit=UnitPrice(30_000)), (Meter.CALL, 30_000)),
        (Plan(PlanKind.TIER_PROGRESSIVE, tiers=TIERS), (Meter.CALL, 500_000)),
        (Plan(PlanKind.FREE, reason=prices.FreeReason.WELFARE), (Meter.PRODUCT, 0)),
        (Plan(PlanKind.PER_CALL), (Meter.CALL, 0)),
        (Plan(PlanKind.PER_ROW, unit=UnitPrice(1_001), per=1_000), (Meter.ROW, 2)),
        (Plan(PlanKind.PER_VOLUME, unit=UnitPrice(9)), (Meter.MEGABYTE, 9)),
        (Plan(PlanKind.PACKAGE, price=Money(7), size=2), (Meter.CALL, 3_500_000)),
        (Plan(PlanKind.PACKAGE, size=2), (Meter.CALL, 0)),
        (Plan(PlanKind.REVENUE_SHARE, maximum=Money(7)), (Meter.PRODUCT, 7_000_000)),
        (Plan(PlanKind.AUCTION, reserve=Money(7)), (Meter.PRODUCT, 7_000_000)),
    ],
)
def test_the_dearest_unit_of_a_plan_is_what_a_cap_looks_at(
    plan: Plan, found: tuple[Meter, int]
) -> None:
    assert fees.unit(plan) == found


def test_i_48_a_price_above_its_cap_is_neither_listed_nor_sold(session: Session) -> None:
    said = make.public_content(session)
    price: dict[str, Any] = {"kind": "one_off", "price": {"minor": 20_000_001, "currency": "CNY"}}
    said["price_plan"] = price
    dear = products.create(work_of(session, "per_developer_editor"), **said)

    with pytest.raises(StepRefused) as refused:
        products.take(work_of(session, "per_developer_editor"), dear.id, "submit")

    (refusal,) = refused.value.refusals
    assert refusal.code == "PRICE_ABOVE_CAP"
    assert "200000" in refusal.zh
    assert "200000.01" in refusal.en


def test_i_48_industry_pays_under_a_cap_or_not_at_all(session: Session) -> None:
    granted = grants.active(session)
    said = make.content(
        source_kind="public_authorised", authorisation_id=granted.id,
        scenario_id=granted.scenario_id, items=[make.ITEM], output_form="aggregate_report",
    )  # fmt: skip
    merchant = work_of(session, "per_developer_editor")

    with pytest.raises(StepRefused) as refused:
        products.take(merchant, products.create(merchant, **said).id, "submit")
    said["price_plan"] = make.FREE
    free = products.create(merchant, **said)

    assert [one.code for one in refused.value.refusals] == ["FEE_CAP_MISSING"]
    assert products.take(merchant, free.id, "submit").state == products.State.FORMAL_CHECK


def test_i_48_a_capped_fee_has_no_minimum_charge(session: Session) -> None:
    plan = {
        "kind": "per_call",
        "unit": {"e6": 30_000, "currency": "CNY"},
        "minimum": {"minor": 100, "currency": "CNY"},
    }
    said = make.public_content(session, price_plan=plan)
    merchant = work_of(session, "per_developer_editor")

    with pytest.raises(StepRefused) as refused:
        products.take(merchant, products.create(merchant, **said).id, "submit")

    assert [one.code for one in refused.value.refusals] == ["MINIMUM_NOT_CAPPED"]


@pytest.mark.parametrize("purpose_class", ["public_welfare", "public_governance"])
def test_i_48_public_interest_costs_nothing(session: Session, purpose_class: str) -> None:
    grants.scenario(session, purpose_class=purpose_class)
    said = make.public_content(session)
    merchant = work_of(session, "per_developer_editor")

    with pytest.raises(StepRefused) as refused:
        products.take(merchant, products.create(merchant, **said).id, "submit")
    said["price_plan"] = make.FREE
    free = products.create(merchant, **said)

    assert [one.code for one in refused.value.refusals] == ["PUBLIC_INTEREST_IS_FREE"]
    assert products.take(merchant, free.id, "submit").state == products.State.FORMAL_CHECK


def test_i_48_a_line_keeps_the_cap_that_it_was_sold_under(session: Session) -> None:
    order = make.placed(session, make.listed(session, make.public_content(session)))

    (line,) = lines.of(session, order.id)

    assert line.fee_ground == fees.Ground.INDUSTRY
    assert line.price_e6 == 1_000_000_000_000
    assert line.cap_e6 == 20_000_000_000_000


@pytest.mark.parametrize(
    "forged",
    [
        {"price_e6": 20_000_000_000_001},  # above the cap
        {"cap_e6": 30_000_000_000_000},  # a figure that the cap does not have
        {"cap_id": None, "cap_e6": None},  # industry without a cap
        {"fee_ground": "public_interest"},  # public interest with a price
        {"fee_ground": "own"},  # public data as if it were the merchant's own
    ],
)
def test_i_48_the_database_itself_holds_the_price_under_its_cap(
    session: Session, forged: dict[str, Any]
) -> None:
    order = make.placed(session, make.listed(session, make.public_content(session)))
    (line,) = lines.of(session, order.id)
    session.flush()
    row = dict(
        session.execute(text("SELECT * FROM order_lines WHERE id = :id"), {"id": line.id})
        .one()
        ._mapping
    )
    names = ", ".join(row)
    marks = ", ".join(
        f"CAST(:{name} AS JSONB)"
        if name == "price_plan" and session.get_bind().dialect.name == "postgresql"
        else f":{name}"
        for name in row
    )
    written = {**row, "id": "orl_forged", "position": 2, "price_plan": "{}", **forged}

    with pytest.raises(DatabaseError):
        session.execute(
            text(f"INSERT INTO order_lines ({names}) VALUES ({marks})"),
            written,
        )


def test_i_49_at_the_ceiling_new_paid_orders_stop(session: Session) -> None:
    product = make.listed(session, make.public_content(session))
    period = periods.in_force(session, "org_operator", NOON.date())
    assert period is not None
    make.placed(session, product)

    revenues.recognise(
        work_of(session, "system"), "orl_old", operator_id="org_operator", period=period,
        amount=Money(period.max_revenue_fen), on=NOON.date(),
    )  # fmt: skip
    with pytest.raises(StepRefused) as refused:
        make.placed(session, product)

    assert [one.code for one in refused.value.refusals] == ["REVENUE_CEILING_REACHED"]


def test_what_an_operator_earns_is_recognised_when_a_line_is_settled(session: Session) -> None:
    order = make.accepted(session, make.listed(session, make.public_content(session)))
    period = periods.in_force(session, "org_operator", NOON.date())
    assert period is not None

    later = make.days_later(12, make.AFTER_PUBLICITY)
    batch = batches.compute(work_of(session, "per_exchange_settler", at=later))
    batches.take(work_of(session, "per_exchange_checker", at=later), batch.id, "confirm")

    assert order.state == orders.State.ACCEPTED
    assert revenues.earned(session, period.id) == 194_000


SUBSCRIBED: dict[str, Any] = {
    "kind": "subscription",
    "price": {"minor": 50_000, "currency": "CNY"},
    "period": "month",
    "included": 1_000,
    "overage": {"e6": 10**18, "currency": "CNY"},
}
SHARED: dict[str, Any] = {"kind": "revenue_share", "share_bp": 500, "cycle": "month"}
TIERED: dict[str, Any] = {
    "kind": "tier_volume",
    "tiers": [{"upto": 9, "unit": {"e6": 10**18}}, {"upto": None, "unit": {"e6": 1}}],
}


@pytest.mark.parametrize(
    ("plan", "code"),
    [(SUBSCRIBED, "PRICE_ABOVE_CAP"), (SHARED, "SHARE_NOT_CAPPED"), (TIERED, "PRICE_ABOVE_CAP")],
)
def test_i_48_a_cap_holds_for_every_part_of_a_price(
    session: Session, plan: dict[str, Any], code: str
) -> None:
    said = make.public_content(session, price_plan=plan)
    made = products.create(work_of(session, "per_developer_editor"), **said)

    with pytest.raises(StepRefused) as refused:
        products.take(work_of(session, "per_developer_editor"), made.id, "submit")

    assert code in {refusal.code for refusal in refused.value.refusals}
