from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import MINOR_MAX, Money, UnitPrice, half_up, share, take_from

WEIGHTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=8).filter(any)
TOTALS = st.integers(0, 10**13)


@pytest.mark.parametrize("minor", [True, 1.0, Decimal(1), Fraction(1), "1", None])
def test_money_is_made_of_whole_numbers_only(minor: Any) -> None:
    with pytest.raises(TypeError, match="whole number"):
        Money(minor)
    with pytest.raises(TypeError, match="whole number"):
        UnitPrice(minor)


@pytest.mark.parametrize("minor", [MINOR_MAX, -MINOR_MAX, 0])
def test_money_reaches_as_far_as_the_databases_do(minor: int) -> None:
    assert Money(minor).minor == minor


@pytest.mark.parametrize("minor", [MINOR_MAX + 1, -MINOR_MAX - 1])
def test_money_beyond_what_can_be_stored_is_refused(minor: int) -> None:
    with pytest.raises(ValueError, match="beyond"):
        Money(minor)


def test_a_sum_beyond_what_can_be_stored_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond"):
        Money(MINOR_MAX) + Money(1)


@pytest.mark.parametrize("currency", ["", "cny", "CN", "CNYX", "C1Y", "ＣＮＹ", "CNY\n"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValueError, match="three capital letters"):
        Money(1, currency)
    with pytest.raises(ValueError, match="three capital letters"):
        UnitPrice(1, currency)


def test_amounts_of_one_currency_add_up_and_compare() -> None:
    assert Money(3) + Money(4) == Money(7)
    assert Money(3) - Money(4) == Money(-1)
    assert sum([Money(1), Money(2)], Money(0)) == Money(3)
    assert Money(3) < Money(4) <= Money(4)
    assert max(Money(3), Money(4)) == Money(4)
    assert UnitPrice(3) <= UnitPrice(3) < UnitPrice(4)


def test_amounts_of_two_currencies_do_not_mix() -> None:
    yuan, dollar = Money(1), Money(1, "USD")

    with pytest.raises(ValueError, match="cannot mix CNY with USD"):
        yuan + dollar
    with pytest.raises(ValueError, match="cannot mix"):
        yuan - dollar
    with pytest.raises(ValueError, match="cannot mix"):
        assert yuan < dollar
    with pytest.raises(ValueError, match="cannot mix"):
        assert UnitPrice(1) > UnitPrice(1, "USD")
    assert yuan != dollar


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(1_280_000_00), "CNY 1,280,000.00"),
        (Money(-5), "CNY -0.05"),
        (Money(1_234, "JPY"), "JPY 1,234"),
        (Money(1_234, "KWD"), "KWD 1.234"),
    ],
)
def test_money_reads_as_its_currency_is_written(money: Money, text: str) -> None:
    assert str(money) == text


def test_a_price_times_a_count_is_exact() -> None:
    assert Money(1_999).times(3) == Money(5_997)
    with pytest.raises(TypeError):
        Money(1_999).times(1.5)  # type: ignore[arg-type]  # the refusal is what is tested


def test_a_metered_price_is_rounded_once_for_the_line() -> None:
    price = UnitPrice(30_000)

    assert price.times(10_000) == Money(300)
    assert price.times(1) == Money(0)
    assert UnitPrice(500_000).times(1) == Money(1)
    assert UnitPrice(499_999).times(1) == Money(0)


def test_neither_a_unit_price_nor_a_count_is_negative() -> None:
    with pytest.raises(ValueError, match="unit price"):
        UnitPrice(-1)
    with pytest.raises(ValueError, match="count of units"):
        UnitPrice(1).times(-1)
    with pytest.raises(TypeError):
        UnitPrice(1).times(1.0)  # type: ignore[arg-type]  # the refusal is what is tested


@given(st.integers(0, 10**12), st.integers(0, 10**6))
def test_a_metered_line_is_within_half_a_fen_of_its_exact_price(e6: int, count: int) -> None:
    line = UnitPrice(e6).times(count)

    assert abs(Fraction(e6 * count, 1_000_000) - line.minor) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("numerator", "denominator", "quotient"),
    [(1, 2, 1), (-1, 2, -1), (3, 2, 2), (1, 3, 0), (2, 3, 1), (-2, 3, -1), (0, 7, 0), (14, 7, 2)],
)
def test_a_half_is_rounded_away_from_zero(numerator: int, denominator: int, quotient: int) -> None:
    assert half_up(numerator, denominator) == quotient


@pytest.mark.parametrize("denominator", [0, -1])
def test_nothing_is_divided_by_less_than_one(denominator: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        half_up(1, denominator)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (1_000_001, [3_000, 5_500, 500, 1_000], [300_000, 550_001, 50_000, 100_000]),
        (100, [1, 1, 1], [34, 33, 33]),
        (1, [0, 1, 1], [0, 1, 0]),
        (7, [60, 34, 6], [4, 2, 1]),
        (8, [60, 34, 6], [5, 3, 0]),
        (0, [1, 2], [0, 0]),
    ],
)
def test_a_total_is_shared_by_largest_remainder(
    total: int, weights: list[int], parts: list[int]
) -> None:
    assert [part.minor for part in share(Money(total), weights)] == parts


@given(TOTALS, WEIGHTS)
def test_shares_add_up_and_each_is_its_proportion_rounded(total: int, weights: list[int]) -> None:
    parts = share(Money(total, "HKD"), weights)

    assert sum(parts, Money(0, "HKD")) == Money(total, "HKD")
    for part, weight in zip(parts, weights, strict=True):
        floor, rest = divmod(total * weight, sum(weights))
        assert floor <= part.minor <= floor + bool(rest)


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [2, -1]])
def test_a_total_needs_somebody_to_go_to(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        share(Money(1), weights)


def test_a_negative_total_is_not_shared() -> None:
    with pytest.raises(ValueError, match="negative"):
        share(Money(-1), [1])


@pytest.mark.parametrize(
    ("gross", "rate_bp", "net", "tax"),
    [
        (1_060_000, 600, 1_000_000, 60_000),
        (999_999, 600, 943_395, 56_604),
        (100, 600, 94, 6),
        (1_010_000, 100, 1_000_000, 10_000),
    ],
)
def test_tax_is_taken_out_of_a_gross_price(gross: int, rate_bp: int, net: int, tax: int) -> None:
    assert share(Money(gross), [10_000, rate_bp]) == [Money(net), Money(tax)]


@given(TOTALS, st.integers(1, 2_000))
def test_sharing_out_tax_is_rounding_the_net_half_up(gross: int, rate_bp: int) -> None:
    net, tax = share(Money(gross), [10_000, rate_bp])

    assert net.minor == half_up(gross * 10_000, 10_000 + rate_bp)
    assert net + tax == Money(gross)


@given(TOTALS.filter(bool), WEIGHTS, st.lists(st.integers(0, 10**13), max_size=6))
def test_any_run_of_refunds_ends_at_exact_zeros(
    total: int, weights: list[int], wishes: list[int]
) -> None:
    remaining = share(Money(total), weights)

    for wish in [*wishes, total]:
        left = sum(remaining, Money(0))
        amount = min(Money(wish), left)
        taken = take_from(remaining, amount)
        assert sum(taken, Money(0)) == amount
        remaining = [have - part for have, part in zip(remaining, taken, strict=True)]
        assert min(remaining) >= Money(0)

    assert not any(part.minor for part in remaining)


def test_nothing_can_be_taken_from_nothing() -> None:
    assert take_from([Money(0), Money(0)], Money(0)) == [Money(0), Money(0)]
    assert take_from([], Money(0)) == []
    with pytest.raises(ValueError, match="more than remains"):
        take_from([Money(0)], Money(1))


def test_a_refund_is_neither_negative_nor_more_than_remains() -> None:
    with pytest.raises(ValueError, match="more than remains"):
        take_from([Money(3), Money(4)], Money(8))
    with pytest.raises(ValueError, match="negative"):
        take_from([Money(3)], Money(-1))
    with pytest.raises(ValueError, match="negative"):
        take_from([Money(3), Money(-1)], Money(1))
    with pytest.raises(ValueError, match="cannot mix"):
        take_from([Money(3, "USD")], Money(1))
