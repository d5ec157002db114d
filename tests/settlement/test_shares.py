from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid
from kernel.money import Money
from settlement import chart, shares
from settlement.shares import Part, Party, Rule, Split

FISCAL = Party("2241.fiscal", "treasury_43", 3000)
OPERATOR = Party("2202.operator", "org_operator", 5500)
BROKER = Party("2202.broker", "org_broker", 500)
MERCHANT = Party("2202.merchant", "org_merchant", 1000)

BY_FOUR = Rule(0, None, 600, (FISCAL, OPERATOR, BROKER, MERCHANT))
USUAL = Rule(300, Money(5_000_000), 600, (FISCAL, Party("2202.merchant", "org_m", 7000)))


def amounts(split: Split) -> dict[str, int]:
    return {part.account_code: part.amount.minor for part in split.parts}


# --- the fee -----------------------------------------------------------------------------


# fmt: off
@pytest.mark.parametrize(("gross", "rate_bp", "cap", "charged"), [
    (1_000_000, 300, None, 30_000),
    (0, 300, None, 0),
    (16, 300, None, 0), (17, 300, None, 1),
    (150, 100, None, 2), (149, 100, None, 1),
    (1_000_000, 0, None, 0), (1_000_000, 10_000, None, 1_000_000),
    (166_666_666, 300, 5_000_000, 5_000_000), (166_666_700, 300, 5_000_000, 5_000_000),
    (166_666_600, 300, 5_000_000, 4_999_998), (1_000_000, 300, 0, 0),
])
def test_the_fee_is_rounded_half_up_and_capped(
    gross: int, rate_bp: int, cap: int | None, charged: int
) -> None:
    limit = None if cap is None else Money(cap)

    assert shares.fee(Money(gross), rate_bp, cap=limit) == Money(charged)
# fmt: on


def test_there_is_no_fee_on_a_negative_amount() -> None:
    with pytest.raises(ValueError, match="negative"):
        shares.fee(Money(-1), 300)


def test_a_cap_in_another_currency_caps_nothing() -> None:
    with pytest.raises(ValueError, match="mix"):
        shares.fee(Money(1_000), 300, cap=Money(1, "USD"))


# --- the tax -----------------------------------------------------------------------------


# fmt: off
@pytest.mark.parametrize(("gross", "rate_bp", "net", "tax"), [
    (1_060_000, 600, 1_000_000, 60_000), (999_999, 600, 943_395, 56_604), (100, 600, 94, 6),
    (1_010_000, 100, 1_000_000, 10_000), (0, 600, 0, 0), (1, 600, 1, 0), (777, 0, 777, 0),
])
def test_tax_is_taken_out_of_the_gross(gross: int, rate_bp: int, net: int, tax: int) -> None:
    assert shares.vat(Money(gross), rate_bp) == (Money(net), Money(tax))
# fmt: on


@given(gross=st.integers(0, 10**13), rate_bp=st.sampled_from([100, 300, 600, 900, 1300]))
def test_net_and_tax_are_the_whole_and_the_net_is_the_nearest(gross: int, rate_bp: int) -> None:
    net, tax = shares.vat(Money(gross), rate_bp)

    exact = Fraction(gross * 10_000, 10_000 + rate_bp)
    assert net + tax == Money(gross)
    assert -Fraction(1, 2) < net.minor - exact <= Fraction(1, 2)


# --- the split ---------------------------------------------------------------------------


def test_the_odd_fen_goes_to_the_largest_remainder() -> None:
    split = shares.divide(Money(1_000_001), BY_FOUR)

    assert amounts(split) == {
        "2241.fiscal": 300_000,
        "2202.operator": 550_001,
        "2202.broker": 50_000,
        "2202.merchant": 100_000,
    }


def test_a_tie_goes_to_the_first_account_however_the_rule_is_written() -> None:
    first, second = Party("2202.broker", "org_b", 5000), Party("2202.merchant", "org_m", 5000)

    forwards = shares.divide(Money(1), Rule(0, None, 0, (first, second)))
    backwards = shares.divide(Money(1), Rule(0, None, 0, (second, first)))

    assert forwards == backwards
    assert amounts(forwards) == {"2202.broker": 1, "2202.merchant": 0}


def test_owners_of_one_account_are_kept_apart() -> None:
    two = (Party("2202.merchant", "org_b", 4000), Party("2202.merchant", "org_a", 6000))

    split = shares.divide(Money(100), Rule(0, None, 0, two))

    assert [(part.owner, part.amount.minor) for part in split.parts] == [
        ("org_a", 60),
        ("org_b", 40),
    ]


def test_the_fee_comes_first_and_pays_its_own_tax() -> None:
    split = shares.divide(Money(1_060_000), USUAL)

    assert split.fee == Money(31_800)
    assert (split.commission, split.vat) == (Money(30_000), Money(1_800))
    assert amounts(split) == {"2202.merchant": 719_740, "2241.fiscal": 308_460}


def test_the_lines_are_what_is_posted() -> None:
    assert shares.divide(Money(1_060_000), USUAL).lines == (
        Part("2202.merchant", "org_m", Money(719_740)),
        Part("2241.fiscal", "treasury_43", Money(308_460)),
        Part("6001.commission", "", Money(30_000)),
        Part("2221.vat", "", Money(1_800)),
    )


def test_the_exchanges_own_accounts_are_in_the_chart() -> None:
    assert {shares.COMMISSION, shares.VAT} <= chart.CHART.keys()


def test_a_part_of_zero_is_no_line() -> None:
    waived = Rule(0, None, 600, (FISCAL, Party("2202.merchant", "org_m", 7000)))

    split = shares.divide(Money(1), waived)

    assert len(split.parts) == 2
    assert split.lines == (Part("2202.merchant", "org_m", Money(1)),)


def test_nothing_divides_into_nothing() -> None:
    assert shares.divide(Money(0), USUAL).lines == ()


def test_a_split_stays_in_its_currency() -> None:
    rule = Rule(300, None, 600, (Party("2202.merchant", "org_m", 10_000),))

    split = shares.divide(Money(10_000, "USD"), rule)

    assert {line.amount.currency for line in split.lines} == {"USD"}


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), max_size=6)))
    widths = [high - low for low, high in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    owners = draw(st.permutations(range(len(widths))))
    parties = tuple(
        Party(f"2202.{'abc'[owner % 3]}", f"org_{owner}", width)
        for owner, width in zip(owners, widths, strict=True)
    )
    cap = draw(st.none() | st.integers(0, 10**7).map(Money))
    return Rule(draw(st.integers(0, 10_000)), cap, draw(st.integers(0, 2_000)), parties)


@given(minor=st.integers(0, 10**13), rule=rules())
def test_nothing_is_lost_and_nothing_invented(minor: int, rule: Rule) -> None:
    split = shares.divide(Money(minor), rule)

    parts = [part.amount.minor for part in split.parts]
    assert sum(line.amount.minor for line in split.lines) == minor
    assert split.commission + split.vat == split.fee
    assert sum(parts) + split.fee.minor == minor
    assert min(parts) >= 0
    assert rule.fee_cap is None or split.fee <= rule.fee_cap


@given(minor=st.integers(0, 10**13), rule=rules(), data=st.data())
def test_the_order_of_the_parties_changes_nothing(
    minor: int, rule: Rule, data: st.DataObject
) -> None:
    shuffled = tuple(data.draw(st.permutations(rule.parties)))

    other = Rule(rule.fee_bp, rule.fee_cap, rule.vat_bp, shuffled)

    assert shares.divide(Money(minor), other) == shares.divide(Money(minor), rule)


@given(minor=st.integers(0, 10**13), rule=rules())
def test_each_part_is_its_proportion_rounded_down_or_up(minor: int, rule: Rule) -> None:
    split = shares.divide(Money(minor), rule)

    rest = minor - split.fee.minor
    widths = {(party.account_code, party.owner): party.share_bp for party in rule.parties}
    for part in split.parts:
        exact = Fraction(rest * widths[part.account_code, part.owner], 10_000)
        assert abs(part.amount.minor - exact) < 1


# --- rules that cannot be ----------------------------------------------------------------

WHOLE = Party("2202.merchant", "org_m", 10_000)
# fmt: off
IMPOSSIBLE: Any = [
    {"fee_bp": -1}, {"fee_bp": 10_001}, {"vat_bp": -1}, {"vat_bp": 10_001},
    {"parties": ()}, {"parties": (FISCAL,)}, {"parties": (WHOLE, FISCAL)},
    {"parties": (Party("2202.merchant", "org_m", 11_000), Party("2202.broker", "org_b", -1_000))},
    {"parties": (Party("2202.merchant", "org_m", 4_000), Party("2202.merchant", "org_m", 6_000))},
]
# fmt: on


@pytest.mark.parametrize("change", IMPOSSIBLE)
def test_a_rule_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"fee_bp": 300, "fee_cap": None, "vat_bp": 600, "parties": (WHOLE,)}

    with pytest.raises(Invalid):
        Rule(**(fields | change))


def test_a_negative_payment_is_not_divided() -> None:
    with pytest.raises(ValueError, match="negative"):
        shares.divide(Money(-1), USUAL)
