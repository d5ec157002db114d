import pytest

from app.pages import figures
from kernel.money import Money


def test_amounts_are_written_in_the_units_of_the_language() -> None:
    # Outside a request the language is Chinese.
    assert "12.04" in figures.rounded(Money(120_400_000_000))
    assert "亿元" in figures.rounded(Money(120_400_000_000))
    assert figures.rounded(Money(12_345)).startswith("123.45")


@pytest.mark.parametrize(
    ("fen", "band"),
    [
        (999_999, "1 万元以下"),
        (1_000_000, "1—10 万元"),
        (99_999_999, "10—100 万元"),
        (100_000_000, "100—1000 万元"),
        (1_000_000_000, "1000 万元以上"),
    ],
)
def test_public_trades_show_a_band_and_no_amount(fen: int, band: str) -> None:
    assert figures.band(Money(fen)) == band


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (
            {"kind": "one_off", "price": {"minor": 980_000, "currency": "CNY"}},
            "¥ 9,800.00 / 一次性",
        ),
        (
            {"kind": "subscription", "price": {"minor": 100, "currency": "CNY"}, "period": "year"},
            "¥ 1.00 / 年",
        ),
        ({"kind": "per_call", "unit": {"e6": 30_000, "currency": "CNY"}}, "¥ 0.0003 / 次"),
        (
            {
                "kind": "tier_volume",
                "tiers": [
                    {"upto": 10, "unit": {"e6": 5_000_000, "currency": "CNY"}},
                    {"upto": None, "unit": {"e6": 4_000_000, "currency": "CNY"}},
                ],
            },
            "¥ 0.04 / 次 起",
        ),
        ({"kind": "free", "reason": "welfare"}, "免费（公益事业）"),
    ],
)
def test_a_price_is_one_line(plan: dict[str, object], said: str) -> None:
    assert figures.price(plan) == said
