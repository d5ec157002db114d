from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid, Kind
from kernel.money import Money, UnitPrice
from marketplace import prices
from marketplace.prices import (
    AuctionForm,
    FreeReason,
    Measure,
    Milestone,
    Period,
    Plan,
    PlanKind,
    PriceNotActionable,
    Tier,
)
from settlement.metering import tariffs

FEN = 1_000_000
"""One fen, as the price of a unit."""

TIERS = (
    Tier(10_000, UnitPrice(50 * FEN)),
    Tier(100_000, UnitPrice(30 * FEN)),
    Tier(None, UnitPrice(10 * FEN)),
)

ONE_OFF = Plan(PlanKind.ONE_OFF, price=Money(1_060_000))
FREE = Plan(PlanKind.FREE, reason=FreeReason.WELFARE)
MONTHLY = Plan(PlanKind.SUBSCRIPTION, price=Money(50_000), period=Period.MONTH)
PER_CALL = Plan(PlanKind.PER_CALL, unit=UnitPrice(30_000), free_quota=100, minimum=Money(200))
PROGRESSIVE = Plan(PlanKind.TIER_PROGRESSIVE, tiers=TIERS)
VOLUME = Plan(PlanKind.TIER_VOLUME, tiers=TIERS)

# fmt: off
AMOUNTS: Any = [
    (ONE_OFF, 1, 1_060_000), (ONE_OFF, 3, 3_180_000),
    (FREE, 1, 0), (FREE, 1_000, 0),
    (MONTHLY, 12, 600_000),
    # 30,000 e6 are 0.03 fen: ten thousand calls beyond the free hundred are three yuan.
    (PER_CALL, 10_100, 300), (PER_CALL, 0, 200), (PER_CALL, 100, 200), (PER_CALL, 6_767, 200),
    (PER_CALL, 6_784, 201), (Plan(PlanKind.PER_CALL, unit=UnitPrice(30_000)), 16, 0),
    (Plan(PlanKind.PER_CALL, unit=UnitPrice(30_000)), 17, 1),
    (PROGRESSIVE, 0, 0), (PROGRESSIVE, 1, 50),
    (PROGRESSIVE, 10_000, 500_000), (PROGRESSIVE, 10_001, 500_030),
    (PROGRESSIVE, 100_000, 3_200_000), (PROGRESSIVE, 250_000, 4_700_000),
    (VOLUME, 0, 0), (VOLUME, 10_000, 500_000), (VOLUME, 10_001, 300_030),
    (VOLUME, 100_000, 3_000_000), (VOLUME, 250_000, 2_500_000),
]
# fmt: on


@pytest.mark.parametrize(("plan", "quantity", "minor"), AMOUNTS)
def test_a_plan_comes_to_its_amount(plan: Plan, quantity: int, minor: int) -> None:
    assert prices.amount(plan, quantity) == Money(minor)


def test_tiers_are_charged_in_their_own_currency() -> None:
    dollars = Plan(PlanKind.TIER_PROGRESSIVE, tiers=(Tier(None, UnitPrice(FEN, "USD")),))

    assert prices.amount(dollars, 5) == Money(5, "USD")


@st.composite
def tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    limits = sorted(draw(st.sets(st.integers(1, 500), max_size=4)))
    units = [UnitPrice(draw(st.integers(1, 3 * FEN))) for _ in range(len(limits) + 1)]
    return tuple(map(Tier, [*limits, None], units))


@given(tiers=tiers(), quantity=st.integers(0, 700))
def test_progressive_tiers_add_up_unit_by_unit(tiers: tuple[Tier, ...], quantity: int) -> None:
    def unit_of(number: int) -> int:
        return next(t.unit.e6 for t in tiers if t.upto is None or number <= t.upto)

    whole = prices.amount(Plan(PlanKind.TIER_PROGRESSIVE, tiers=tiers), quantity)

    exact = Fraction(sum(unit_of(number) for number in range(1, quantity + 1)), FEN)
    assert abs(whole.minor - exact) <= Fraction(1, 2)


@given(tiers=tiers(), quantity=st.integers(0, 700), more=st.integers(0, 700))
def test_using_more_never_costs_less_in_progressive_tiers(
    tiers: tuple[Tier, ...], quantity: int, more: int
) -> None:
    plan = Plan(PlanKind.TIER_PROGRESSIVE, tiers=tiers)

    assert prices.amount(plan, quantity) <= prices.amount(plan, quantity + more)


@given(e6=st.integers(1, 10**9), free=st.integers(0, 50), count=st.integers(0, 100))
def test_calls_are_rounded_once_for_the_line(e6: int, free: int, count: int) -> None:
    plan = Plan(PlanKind.PER_CALL, unit=UnitPrice(e6), free_quota=free)

    exact = Fraction(e6 * max(0, count - free), FEN)
    assert abs(prices.amount(plan, count).minor - exact) <= Fraction(1, 2)


# --- quantities --------------------------------------------------------------------------


# fmt: off
@pytest.mark.parametrize(("plan", "quantity"), [
    (ONE_OFF, 0), (FREE, 0), (MONTHLY, -1), (PER_CALL, -1), (VOLUME, -1), (ONE_OFF, True),
    (ONE_OFF, 1.0), (ONE_OFF, 10**18), (PER_CALL, 10**30), (PROGRESSIVE, 10**30), (VOLUME, 10**30),
])
def test_a_quantity_that_cannot_be_is_refused(plan: Plan, quantity: Any) -> None:
    with pytest.raises(Invalid) as refused:
        prices.amount(plan, quantity)

    assert refused.value.pointer == "/quantity"
# fmt: on


# --- what makes a plan actionable --------------------------------------------------------


@pytest.mark.parametrize("plan", [ONE_OFF, FREE, MONTHLY, PER_CALL, PROGRESSIVE, VOLUME])
def test_a_complete_plan_can_be_charged_by(plan: Plan) -> None:
    assert prices.actionable(plan) == ()


NOTHING = UnitPrice(0)
UNIT = UnitPrice(FEN)
# fmt: off
REFUSED: Any = [
    (Plan(PlanKind.ONE_OFF), ["PRICE_INCOMPLETE"]),
    (Plan(PlanKind.FREE), ["PRICE_INCOMPLETE"]),
    (Plan(PlanKind.SUBSCRIPTION), ["PRICE_INCOMPLETE", "PRICE_INCOMPLETE"]),
    (Plan(PlanKind.SUBSCRIPTION, price=Money(1)), ["PRICE_INCOMPLETE"]),
    (Plan(PlanKind.PER_CALL, free_quota=5), ["PRICE_INCOMPLETE"]),
    (Plan(PlanKind.TIER_VOLUME), ["PRICE_INCOMPLETE"]),
    (Plan(PlanKind.ONE_OFF, price=Money(1), unit=UNIT), ["PRICE_AMBIGUOUS"]),
    (Plan(PlanKind.FREE, price=Money(1), reason=FreeReason.TRIAL), ["PRICE_AMBIGUOUS"]),
    (Plan(PlanKind.ONE_OFF, price=Money(1), free_quota=1), ["PRICE_AMBIGUOUS"]),
    (Plan(PlanKind.ONE_OFF, price=Money(0)), ["PRICE_NOT_POSITIVE"]),
    (Plan(PlanKind.ONE_OFF, price=Money(-5)), ["PRICE_NOT_POSITIVE"]),
    (Plan(PlanKind.PER_CALL, unit=NOTHING), ["PRICE_NOT_POSITIVE"]),
    (Plan(PlanKind.TIER_VOLUME, tiers=(Tier(None, NOTHING),)), ["PRICE_NOT_POSITIVE"]),
    (Plan(PlanKind.TIER_VOLUME, tiers=(Tier(5, NOTHING), Tier(None, UNIT))), []),
    (Plan(PlanKind.PER_CALL, unit=UNIT, free_quota=-1), ["PRICE_NEGATIVE"]),
    (Plan(PlanKind.PER_CALL, unit=UNIT, minimum=Money(-1)), ["PRICE_NEGATIVE"]),
    (Plan(PlanKind.TIER_VOLUME, tiers=(Tier(5, UNIT),)), ["TIERS_NOT_ASCENDING"]),
    (Plan(PlanKind.TIER_VOLUME, tiers=(Tier(0, UNIT), Tier(None, UNIT))), ["TIERS_NOT_ASCENDING"]),
    (Plan(PlanKind.TIER_VOLUME, tiers=(Tier(None, UNIT), Tier(5, UNIT))), ["TIERS_NOT_ASCENDING"]),
    (Plan(PlanKind.TIER_VOLUME, tiers=(Tier(None, UNIT), Tier(None, UNIT))),
     ["TIERS_NOT_ASCENDING"]),
    (Plan(PlanKind.TIER_VOLUME, tiers=(Tier(9, UNIT), Tier(9, UNIT), Tier(None, UNIT))),
     ["TIERS_NOT_ASCENDING"]),
    (Plan(PlanKind.PER_CALL, unit=UNIT, minimum=Money(1, "USD")), ["CURRENCIES_MIXED"]),
    (Plan(PlanKind.TIER_VOLUME, tiers=(Tier(9, UNIT), Tier(None, UnitPrice(1, "USD")))),
     ["CURRENCIES_MIXED"]),
]
# fmt: on


@pytest.mark.parametrize(("plan", "codes"), REFUSED)
def test_every_fault_of_a_plan_is_named(plan: Plan, codes: list[str]) -> None:
    refusals = prices.actionable(plan)

    assert [refusal.code for refusal in refusals] == codes
    assert all(refusal.zh and refusal.en for refusal in refusals)


def test_nothing_is_charged_by_a_plan_with_faults() -> None:
    with pytest.raises(PriceNotActionable) as no:
        prices.amount(Plan(PlanKind.SUBSCRIPTION, price=Money(0)), 1)

    assert no.value.kind is Kind.CONFLICT
    assert [refusal.code for refusal in no.value.refusals] == [
        "PRICE_INCOMPLETE",
        "PRICE_NOT_POSITIVE",
    ]
    assert no.value.zh.startswith("“包期”方案须填写周期；")


# --- reading -----------------------------------------------------------------------------

YUAN = {"minor": 100, "currency": "CNY"}
# fmt: off
WRITTEN: Any = [
    ({"kind": "one_off", "price": {"minor": 1_060_000, "currency": "CNY"}}, ONE_OFF),
    ({"kind": "one_off", "price": {"minor": 1_060_000}, "unit": None, "tiers": None}, ONE_OFF),
    ({"kind": "free", "reason": "welfare"}, FREE),
    ({"kind": "subscription", "price": {"minor": 50_000}, "period": "month"}, MONTHLY),
    ({"kind": "per_call", "unit": {"e6": 30_000, "currency": "CNY"}, "free_quota": 100,
      "minimum": {"minor": 200}}, PER_CALL),
    ({"kind": "tier_volume", "tiers": [
        {"upto": 10_000, "unit": {"e6": 50 * FEN}}, {"upto": 100_000, "unit": {"e6": 30 * FEN}},
        {"upto": None, "unit": {"e6": 10 * FEN}}]}, VOLUME),
    ({"kind": "one_off"}, Plan(PlanKind.ONE_OFF)),
]
UNREADABLE: Any = [
    {}, {"kind": "barter"}, {"kind": "one_off", "price": 100}, {"kind": "one_off", "cost": YUAN},
    {"kind": "one_off", "price": {"minor": 1.5}}, {"kind": "one_off", "price": {"minor": "1"}},
    {"kind": "one_off", "price": {"minor": 1, "currency": "yuan"}},
    {"kind": "one_off", "price": {"fen": 1}},
    {"kind": "per_call", "unit": {"e6": -1}}, {"kind": "per_call", "free_quota": 1.5},
    {"kind": "subscription", "period": "fortnight"}, {"kind": "free", "reason": "mood"},
    {"kind": "tier_volume", "tiers": [{"unit": {"e6": 1}}]},
    {"kind": "tier_volume", "tiers": [{"upto": "9", "unit": {"e6": 1}}]},
    ["one_off"],
]
# fmt: on


@pytest.mark.parametrize(("written", "plan"), WRITTEN)
def test_a_written_plan_is_read(written: Mapping[str, Any], plan: Plan) -> None:
    assert prices.parse(written) == plan


@pytest.mark.parametrize("written", UNREADABLE)
def test_what_is_no_plan_is_not_read_as_one(written: Any) -> None:
    with pytest.raises(Invalid) as refused:
        prices.parse(written)

    assert refused.value.pointer == "/price_plan"


# --- every other kind --------------------------------------------------------------------

ROWS = Plan(PlanKind.PER_ROW, unit=UnitPrice(800 * FEN), per=1_000, free_quota=500)
BYTES = Plan(PlanKind.PER_VOLUME, unit=UnitPrice(12 * FEN))
PACKAGE = Plan(PlanKind.PACKAGE, price=Money(9_900), size=1_000)
OVER = Plan(
    PlanKind.SUBSCRIPTION,
    price=Money(50_000),
    period=Period.MONTH,
    included=1_000,
    overage=UnitPrice(10 * FEN),
)
SHARE = Plan(PlanKind.REVENUE_SHARE, share_bp=850, cycle=Period.MONTH, minimum=Money(100_000))
PROJECT = Plan(
    PlanKind.PROJECT,
    price=Money(900_000),
    milestones=(Milestone(3_000, "方案"), Milestone(7_000, "验收")),
)
NEGOTIATED = Plan(PlanKind.NEGOTIATED)
AUCTION = Plan(PlanKind.AUCTION, reserve=Money(100_000), step=Money(100), form=AuctionForm.SEALED)


# fmt: off
@pytest.mark.parametrize(("plan", "quantity", "minor"), [
    (Plan(PlanKind.LISTING_FIXED, price=Money(700)), 2, 1_400),
    (ROWS, 1_500, 800), (ROWS, 1_501, 1_600), (ROWS, 0, 0), (BYTES, 3, 36),
    (PACKAGE, 1_001, 19_800), (OVER, 3, 150_000), (PROJECT, 1, 900_000),
    (Plan(PlanKind.PER_CALL, unit=UnitPrice(FEN), maximum=Money(500)), 501, 500),
    (Plan(PlanKind.NEGOTIATED, price=Money(5)), 1, 5),
])
def test_every_kind_comes_to_its_amount(plan: Plan, quantity: int, minor: int) -> None:
    assert prices.amount(plan, quantity) == Money(minor)


@pytest.mark.parametrize(("plan", "code"), [
    (NEGOTIATED, "PRICE_AGREED_FIRST"), (AUCTION, "PRICE_AGREED_FIRST"),
])
def test_a_price_that_is_agreed_first_has_no_amount_before(plan: Plan, code: str) -> None:
    with pytest.raises(PriceNotActionable) as no:
        prices.amount(plan, 1)

    assert [refusal.code for refusal in no.value.refusals] == [code]


def test_a_share_of_revenue_has_no_amount_before_it_is_reported() -> None:
    with pytest.raises(PriceNotActionable) as no:
        prices.amount(SHARE, 1)

    assert [refusal.code for refusal in no.value.refusals] == ["PRICE_FOLLOWS_REPORT"]
    assert prices.charged(SHARE, 10_000_000).amount == Money(850_000)


def test_megabytes_are_counted_in_bytes_and_rounded_up_once() -> None:
    counted = prices.tariff(BYTES, in_bytes=True)

    assert tariffs.charge(counted, 2_000_001).amount == Money(36)
    assert prices.tariff(ROWS, in_bytes=True) == prices.tariff(ROWS)
    assert prices.charged(OVER, 1_005).amount == Money(50)


@pytest.mark.parametrize(("plan", "modes"), [
    (ONE_OFF, "prepaid"), (NEGOTIATED, "prepaid"), (PROJECT, "postpaid"), (SHARE, "postpaid"),
    (VOLUME, "prepaid postpaid"), (PER_CALL, "prepaid wallet postpaid"),
])
def test_a_price_is_paid_in_its_own_ways(plan: Plan, modes: str) -> None:
    assert [mode.value for mode in prices.modes(plan)] == modes.split()


@pytest.mark.parametrize("plan", [ROWS, BYTES, PACKAGE, OVER, SHARE, PROJECT, NEGOTIATED, AUCTION])
def test_a_complete_plan_of_every_kind_can_be_charged_by(plan: Plan) -> None:
    assert prices.actionable(plan) == ()


@pytest.mark.parametrize(("plan", "codes"), [
    (Plan(PlanKind.PACKAGE, price=Money(5)), ["PRICE_INCOMPLETE"]),
    (Plan(PlanKind.PACKAGE, price=Money(5), size=-1), ["PRICE_NEGATIVE"]),
    (Plan(PlanKind.PER_ROW, unit=UNIT, measure=Measure.CALL), ["PRICE_AMBIGUOUS"]),
    (Plan(PlanKind.PROJECT, price=Money(5), milestones=(Milestone(9_999, "x"),)),
     ["MILESTONES_NOT_WHOLE"]),
    (Plan(PlanKind.PROJECT, price=Money(5), milestones=(Milestone(10_000, " "),)),
     ["MILESTONES_NOT_WHOLE"]),
    (Plan(PlanKind.REVENUE_SHARE, share_bp=10_001, cycle=Period.MONTH), ["SHARE_TOO_LARGE"]),
    (Plan(PlanKind.SUBSCRIPTION, price=Money(5), period=Period.MONTH, included=5),
     ["OVERAGE_INCOMPLETE"]),
    (Plan(PlanKind.PER_CALL, unit=UNIT, minimum=Money(9), maximum=Money(8)), ["LIMITS_REVERSED"]),
    (Plan(PlanKind.PER_CALL, unit=UNIT, maximum=Money(0)), ["PRICE_NOT_POSITIVE"]),
    (Plan(PlanKind.AUCTION, reserve=Money(5), step=Money(1, "USD"), form=AuctionForm.ENGLISH),
     ["CURRENCIES_MIXED"]),
])
def test_every_fault_of_the_other_kinds_is_named(plan: Plan, codes: list[str]) -> None:
    assert [refusal.code for refusal in prices.actionable(plan)] == codes


@pytest.mark.parametrize(("written", "plan"), [
    ({"kind": "per_row", "unit": {"e6": 800 * FEN}, "per": 1_000, "free_quota": 500}, ROWS),
    ({"kind": "project", "price": {"minor": 900_000}, "milestones": [
        {"share_bp": 3_000, "criterion": "方案"}, {"share_bp": 7_000, "criterion": "验收"}]},
     PROJECT),
    ({"kind": "auction", "reserve": {"minor": 100_000}, "step": {"minor": 100},
      "form": "sealed"}, AUCTION),
    ({"kind": "revenue_share", "share_bp": 850, "cycle": "month", "base": "",
      "minimum": {"minor": 100_000}}, SHARE),
])
def test_the_other_kinds_are_read_as_they_are_written(written: Any, plan: Plan) -> None:
    assert prices.parse(written) == plan


@pytest.mark.parametrize("written", [
    {"kind": "project", "milestones": [{"share_bp": 1, "criterion": 5}]},
    {"kind": "revenue_share", "base": 5}, {"kind": "auction", "form": "dutch"},
])
def test_what_is_no_other_plan_is_refused(written: Any) -> None:
    with pytest.raises(Invalid):
        prices.parse(written)
# fmt: on
