"""The rules about what a trade leaves behind, at their edges."""

from datetime import UTC, datetime

import pytest

from marketplace.integrity import traces
from marketplace.integrity.rules import Trade
from marketplace.integrity.traces import Delivery, Leg, Shared, Twin

AT = datetime(2026, 9, 29, 4, tzinfo=UTC)


def trade(name: str = "ord_1", fen: int = 1_000) -> Trade:
    return Trade(name, "org_a", "org_b", fen, AT)


@pytest.mark.parametrize(
    ("fen", "delivered", "found"),
    [
        (100, [Delivery("t", 0, 0, 0)], True),
        (100, [Delivery("t", 1, 0, 0)], False),
        (100, [Delivery("t", 0, 1, 0)], False),
        (100, [Delivery("t", 0, 0, 1)], False),
        (100, [Delivery("t", 0, 0, 0), Delivery("u", 1, 9, 0)], False),
        (100, [], False),
        (0, [Delivery("t", 0, 0, 0)], False),
    ],
)
def test_what_was_paid_for_and_never_used(fen: int, delivered: list[Delivery], found: bool) -> None:
    assert (traces.unused("ord_1", fen, delivered) is not None) == found


def test_more_in_common_is_surer() -> None:
    one = traces.same_hands("ord_1", [Shared("person", "p")])
    three = traces.same_hands("ord_1", [Shared("person", "p")] * 3)

    assert traces.same_hands("ord_1", []) is None
    assert one is not None
    assert three is not None
    assert (one.score_bp, three.score_bp) == (8_000, 10_000)


@pytest.mark.parametrize(
    ("fen", "year", "trades", "found"),
    [(401, 1_000, 5, True), (400, 1_000, 5, False), (1_000, 1_000, 4, False), (0, 0, 9, False)],
)
def test_a_rush_is_more_than_its_part_of_a_year(
    fen: int, year: int, trades: int, found: bool
) -> None:
    told = traces.quarter_end([trade(fen=fen)], year, trades, share_bp=4_000, least=5)

    assert (told is not None) == found


def test_a_twin_is_another_sellers() -> None:
    twin = Twin("prd_2", "org_c", "ab" * 32)

    told = traces.same_content("ord_1", [twin])

    assert traces.same_content("ord_1", []) is None
    assert told is not None
    assert told.evidence["twins"][0]["product_id"] == "prd_2"


@pytest.mark.parametrize(
    ("legs", "bought", "paid_out", "found"),
    [
        ([800], 1_000, 9_999, True),
        ([799], 1_000, 9_999, False),
        ([800], 9_999, 1_000, True),
        ([800, 700], 1_000, 1_000, False),
        ([800], 1_000, 0, False),
        ([], 1_000, 1_000, False),
    ],
)
def test_money_comes_back_when_it_is_nearly_what_was_paid(
    legs: list[int], bought: int, paid_out: int, found: bool
) -> None:
    way = [Leg("org_a", "ord_1", fen) for fen in legs]

    told = traces.money_returned(trade(), way, [trade("ord_0", bought)], paid_out, least_bp=8_000)

    assert (told is not None) == found
    assert told is None or told.orders == ("ord_1", "ord_0")


@pytest.mark.parametrize(
    ("voucher", "sponsored", "crosswise", "found"),
    [(500, True, [], True), (500, False, ["ord_9"], True), (500, False, [], False),
     (0, True, ["ord_9"], False)],
)  # fmt: skip
def test_a_voucher_pays_its_own_house_or_goes_crosswise(
    voucher: int, sponsored: bool, crosswise: list[str], found: bool
) -> None:
    told = traces.voucher_self_deal(trade(), voucher, sponsored=sponsored, crosswise=crosswise)

    assert (told is not None) == found
