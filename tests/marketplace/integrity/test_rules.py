"""Each rule finds what it names, and leaves what only looks like it."""

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.integrity import rules, saying
from marketplace.integrity.rules import Finding, Link, Rule, Trade

DAY = datetime(2026, 7, 13, 4, tzinfo=UTC)
RING = {"length_max": 4, "days": 90, "tolerance_bp": 1_500}


def sale(order_id: str, merchant: str, buyer: str, fen: int = 100_000, days: int = 0) -> Trade:
    return Trade(order_id, merchant, buyer, fen, DAY + timedelta(days=days))


def ring(first: Trade, *others: Trade) -> Finding | None:
    return rules.circular(first, others, **RING)


@pytest.mark.parametrize(
    ("kinds", "rule"),
    [
        (["shareholder"], Rule.COMMON_CONTROL),
        (["same_group"], Rule.COMMON_CONTROL),
        (["same_legal_representative"] * 2, Rule.COMMON_CONTROL),
        (["declared"], Rule.DECLARED_RELATED),
        (["shareholder", "declared"], Rule.DECLARED_RELATED),
    ],
)
def test_one_house_on_both_sides_is_no_trade(kinds: list[str], rule: Rule) -> None:
    found = rules.related("ord_1", [Link(f"tie_{kind}", kind, None) for kind in kinds])

    assert found is not None
    assert (found.rule, found.score_bp, found.orders) == (rule, 10_000, ("ord_1",))
    assert [tie["kind"] for tie in found.evidence["ties"]] == kinds


def test_strangers_are_no_house() -> None:
    assert rules.related("ord_1", []) is None


@pytest.mark.parametrize(
    ("fen", "back", "found"),
    [(1_000, 800, True), (1_000, 1_000, True), (1_000, 799, False), (1_000, 0, False),
     (1_000, 1_200, True), (0, 0, False), (7, 5, False), (7, 6, True)],
)  # fmt: skip
def test_of_what_went_back_nearly_whole_hardly_a_trade_is_left(
    fen: int, back: int, found: bool
) -> None:
    assert (rules.refunded("ord_1", fen, back, least_bp=8_000) is not None) == found


@pytest.mark.parametrize("length", [2, 3, 4])
def test_what_comes_back_by_a_ring_is_found_from_each_of_its_trades(length: int) -> None:
    parties = "ABCD"[:length]
    trades = [
        sale(f"ord_{at}", party, parties[(at + 1) % length], 100_000 + at * 1_000, days=at)
        for at, party in enumerate(parties)
    ]

    for each in trades:
        found = ring(each, *trades)
        assert found is not None
        assert set(found.orders) == {one.order_id for one in trades}
        assert next(one["order_id"] for one in found.evidence["ring"]) == each.order_id


def test_a_ring_of_five_is_too_long() -> None:
    parties = "ABCDE"
    trades = [sale(f"ord_{a}", a, b) for a, b in zip(parties, parties[1:] + "A", strict=True)]

    assert ring(trades[0], *trades) is None


@pytest.mark.parametrize(
    ("fen", "days", "found"),
    [(115_000, 0, True), (115_001, 0, False), (85_000, 0, True), (84_999, 0, False),
     (100_000, 90, True), (100_000, 91, False), (100_000, -90, True), (100_000, -91, False)],
)  # fmt: skip
def test_a_ring_is_of_about_one_amount_and_one_time(fen: int, days: int, found: bool) -> None:
    back = sale("ord_2", "B", "A", fen, days)

    assert (ring(sale("ord_1", "A", "B"), back) is not None) == found


def test_all_of_a_ring_lies_within_its_days() -> None:
    first, second = sale("ord_1", "A", "B"), sale("ord_2", "B", "C", days=60)

    assert ring(first, second, sale("ord_3", "C", "A", days=-40)) is None
    assert ring(first, second, sale("ord_3", "C", "A", days=-30)) is not None


def test_a_chain_that_does_not_come_back_is_no_ring() -> None:
    chain = [sale("ord_2", "B", "C"), sale("ord_3", "C", "D"), sale("ord_4", "D", "E")]

    assert ring(sale("ord_1", "A", "B"), *chain) is None
    assert ring(sale("ord_1", "A", "B"), sale("ord_2", "A", "B")) is None


def test_among_very_many_trades_a_ring_is_looked_for_in_bounds() -> None:
    crowd = [
        sale(f"ord_{a}_{b}_{n}", f"P{a}", f"P{b}", days=n)
        for a in range(12) for b in range(12) for n in range(4) if a != b
    ]  # fmt: skip

    assert ring(sale("ord_x", "Z", "P0"), *crowd) is None


@pytest.mark.parametrize(
    ("price", "found"),
    [(501, True), (500, False), (100, False), (20, False), (19, True), (0, False)],
)
def test_a_price_far_from_the_median_is_found(price: int, found: bool) -> None:
    peers = [90, 100, 100, 110, 5_000]

    told = rules.abnormal_price("ord_1", "prd_1", price, peers, times=5, least=5)

    assert (told is not None) == found
    if told is not None:
        assert told.evidence["median_e6"] == 100
        assert 5_000 <= told.score_bp <= 10_000


def test_few_prices_tell_nothing() -> None:
    assert rules.abnormal_price("o", "p", 9_999, [1, 1, 1, 1], times=5, least=5) is None
    assert rules.abnormal_price("o", "p", 9_999, [0] * 5, times=5, least=5) is None


@pytest.mark.parametrize(
    ("times", "other", "young", "found"),
    [(5, 0, True, True), (5, 40_000, True, True), (5, 60_000, True, False),
     (5, 0, False, False), (4, 0, True, False)],
)  # fmt: skip
def test_a_young_merchant_with_one_young_buyer_is_found(
    times: int, other: int, young: bool, found: bool
) -> None:
    sold = [sale(f"ord_{at}", "A", "B") for at in range(times)]
    sold += [sale("ord_other", "A", "C", other)] if other else []

    told = rules.mutual_dependence(sold[0], sold, young=young, share_bp=9_000, least=5)

    assert (told is not None) == found
    if told is not None:
        assert set(told.orders) == {f"ord_{at}" for at in range(times)}
        assert told.score_bp > 9_000


def test_every_rule_says_why_a_trade_does_not_count() -> None:
    assert set(saying.RULES) == set(saying.WHY) == set(Rule)
    assert {saying.reason(rule.reason) for rule in Rule} == set(saying.RULES.values())
    assert len(set(saying.RULES.values())) == len(Rule)
    assert {rule for rule in Rule if rule.startswith("H")} == rules.HARD
