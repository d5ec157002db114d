"""What a quantity comes to: the vectors of the domain, and what must hold for every tariff."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import Money, half_up
from settlement.metering import tariffs
from settlement.metering.tariffs import Shape, Step, Tariff, Working

FEN = tariffs.E6
STEPS = (Step(10_000, 50 * FEN), Step(100_000, 30 * FEN), Step(None, 10 * FEN))
CALL = Tariff(shape=Shape.FLAT, unit_e6=30_000)
PROGRESSIVE = Tariff(shape=Shape.PROGRESSIVE, steps=STEPS)
VOLUME = Tariff(shape=Shape.VOLUME, steps=STEPS)
PACKAGE = Tariff(shape=Shape.PACKAGE, unit_e6=9_900 * FEN, per=1_000)
SHARE = Tariff(shape=Shape.SHARE, share_bp=850, minimum_fen=100_000, maximum_fen=5_000_000)

# fmt: off
VECTORS: Any = [
    (PROGRESSIVE, 10_000, 500_000), (PROGRESSIVE, 10_001, 500_030),
    (PROGRESSIVE, 100_000, 3_200_000), (PROGRESSIVE, 250_000, 4_700_000),
    (VOLUME, 10_001, 300_030), (VOLUME, 250_000, 2_500_000), (VOLUME, 0, 0),
    (CALL, 10_000, 300), (CALL, 16, 0), (CALL, 17, 1), (CALL, 0, 0),
    (Tariff(shape=Shape.FLAT, unit_e6=30_000, free_quota=100, minimum_fen=200), 10_100, 300),
    (Tariff(shape=Shape.FLAT, unit_e6=30_000, free_quota=100, minimum_fen=200), 0, 200),
    (Tariff(shape=Shape.FLAT, unit_e6=FEN, maximum_fen=500), 501, 500),
    # A begun thousand of rows, or megabyte, counts whole; a begun package too.
    (Tariff(shape=Shape.FLAT, unit_e6=800 * FEN, per=1_000), 1_001, 1_600),
    (Tariff(shape=Shape.FLAT, unit_e6=12 * FEN, per=10**6, free_quota=5 * 10**6), 5_000_001, 12),
    (PACKAGE, 1, 9_900), (PACKAGE, 1_000, 9_900), (PACKAGE, 1_001, 19_800), (PACKAGE, 0, 0),
    # 8.5 % of what was reported, 1,000 yuan at least and 50,000 at most.
    (SHARE, 0, 100_000), (SHARE, 10_000_000, 850_000), (SHARE, 10**9, 5_000_000),
    (Tariff(shape=Shape.SHARE, share_bp=1), 5_000, 1),
    (Tariff(shape=Shape.SHARE, share_bp=1), 4_999, 0),
]
# fmt: on


@pytest.mark.parametrize(("tariff", "units", "minor"), VECTORS)
def test_a_quantity_comes_to_its_amount(tariff: Tariff, units: int, minor: int) -> None:
    assert tariffs.charge(tariff, units).amount == Money(minor)


def test_a_charge_shows_each_tier_what_was_free_and_which_limit_decided() -> None:
    tiered = tariffs.charge(PROGRESSIVE, 10_001)
    least = tariffs.charge(SHARE, 10)
    free = tariffs.charge(Tariff(shape=Shape.FLAT, unit_e6=FEN, free_quota=7), 5)

    assert tiered.workings == (
        Working(10_000, 50 * FEN, 500_000 * FEN),
        Working(1, 30 * FEN, 30 * FEN),
    )
    assert (tiered.free, tiered.limited, least.limited) == (0, None, "minimum")
    assert tariffs.charge(SHARE, 10**12).limited == "maximum"
    assert (free.free, free.amount) == (5, Money(0))


def test_a_negative_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        tariffs.charge(CALL, -1)


@st.composite
def stepped(draw: st.DrawFn) -> tuple[Step, ...]:
    limits = sorted(draw(st.sets(st.integers(1, 500), max_size=4)))
    prices = [draw(st.integers(0, 3 * FEN)) for _ in range(len(limits) + 1)]
    return tuple(Step(upto, e6) for upto, e6 in zip([*limits, None], prices, strict=True))


@st.composite
def any_tariff(draw: st.DrawFn) -> Tariff:
    shape = draw(st.sampled_from([Shape.FLAT, Shape.PROGRESSIVE, Shape.PACKAGE, Shape.SHARE]))
    least = draw(st.integers(0, 1_000))
    return Tariff(
        shape=shape,
        unit_e6=draw(st.integers(0, 5 * FEN)),
        per=draw(st.integers(1, 20)),
        free_quota=draw(st.integers(0, 50)),
        minimum_fen=least,
        maximum_fen=draw(st.none() | st.integers(least, 10_000)),
        steps=draw(stepped()),
        share_bp=draw(st.integers(0, 10_000)),
    )


@given(tariff=any_tariff(), units=st.integers(0, 2_000), more=st.integers(0, 2_000))
def test_more_use_never_costs_less(tariff: Tariff, units: int, more: int) -> None:
    # Volume tiers are the exception, and say so: a buyer is shown the cliff.
    assert tariffs.charge(tariff, units).amount <= tariffs.charge(tariff, units + more).amount


@given(steps=stepped(), units=st.integers(0, 700))
def test_progressive_tiers_are_continuous(steps: tuple[Step, ...], units: int) -> None:
    tariff = Tariff(shape=Shape.PROGRESSIVE, steps=steps)
    dearest = max(step.unit_e6 for step in steps)

    def exact(count: int) -> int:
        return sum(row.sum_e6 for row in tariffs.charge(tariff, count).workings)

    assert 0 <= exact(units + 1) - exact(units) <= dearest


@given(tariff=any_tariff(), units=st.integers(0, 5_000))
def test_a_line_is_rounded_once(tariff: Tariff, units: int) -> None:
    charge = tariffs.charge(tariff, units)
    exact = Fraction(sum(row.sum_e6 for row in charge.workings), FEN)

    assert charge.limited or abs(charge.amount.minor - exact) <= Fraction(1, 2)
    assert sum(row.count for row in charge.workings) <= units


def rounded_call_by_call(tariff: Tariff, units: int) -> int:
    """The mutant: each call rounded on its own."""
    return sum(half_up(tariff.unit_e6, FEN) for _ in range(units))


def test_rounding_call_by_call_would_lose_three_yuan_of_ten_thousand_calls() -> None:
    whole = tariffs.charge(CALL, 10_000).amount.minor

    assert (whole, rounded_call_by_call(CALL, 10_000)) == (300, 0)


@given(price=st.integers(0, 10**7), days=st.lists(st.integers(1, 366), min_size=1, max_size=24))
def test_the_periods_of_a_term_are_the_whole_price(price: int, days: list[int]) -> None:
    parts = tariffs.slices(Money(price), days)

    assert sum(parts, Money(0)) == Money(price)
    assert all(
        abs(part.minor - Fraction(price * each, sum(days))) < 1
        for part, each in zip(parts, days, strict=True)
    )


@pytest.mark.parametrize(("used", "minor"), [(0, 0), (10, 3_333), (15, 5_000), (30, 10_000)])
def test_used_days_are_paid_and_the_rest_goes_back(used: int, minor: int) -> None:
    assert tariffs.used_up(Money(10_000), used_days=used, days=30) == Money(minor)


@pytest.mark.parametrize(("used", "days"), [(31, 30), (-1, 30), (0, 0)])
def test_days_that_cannot_be_are_refused(used: int, days: int) -> None:
    with pytest.raises(ValueError, match="days"):
        tariffs.used_up(Money(100), used_days=used, days=days)


def test_milestones_are_parts_of_one_whole() -> None:
    parts = tariffs.milestones(Money(1_000_001), [3_000, 5_000, 2_000])

    assert [part.minor for part in parts] == [300_000, 500_001, 200_000]
    for wrong in ([5_000, 4_999], [11_000, -1_000]):
        with pytest.raises(ValueError, match="whole"):
            tariffs.milestones(Money(100), wrong)


@given(tariff=any_tariff())
def test_a_tariff_is_read_as_it_was_written(tariff: Tariff) -> None:
    assert tariffs.read(tariffs.written(tariff)) == tariff
