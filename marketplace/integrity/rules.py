"""The rules by which a trade is suspected (剔除规则): facts in, a finding or none out.

Source: no national text names such rules; these are the exchange's own, and published. Hard
ones need no judgement; of a soft one a person decides, and meanwhile the trade does not count.
Amounts are whole fen, shares basis points.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Any, Final, NamedTuple

WHOLE_BP: Final = 10_000

WAYS_MAX: Final = 2_000
"""Ways that are followed at each step of a ring; among more of them the first."""


class Rule(StrEnum):
    """What may be found; H needs no judgement, S and V do."""

    COMMON_CONTROL = "H2"
    DECLARED_RELATED = "H3"
    REFUNDED = "H4"
    CIRCULAR = "S1"
    ABNORMAL_PRICE = "S2"
    UNUSED = "S3"
    SAME_HANDS = "S4"
    QUARTER_END = "S5"
    MUTUAL_DEPENDENCE = "S6"
    SAME_CONTENT = "S7"
    MONEY_RETURNED = "S8"
    VOUCHER_SELF_DEAL = "V1"

    @property
    def reason(self) -> str:
        """Why a trade does not count that it has found (剔除原因)."""
        return self.name.lower()

    @property
    def is_hard(self) -> bool:
        """Whether it needs no judgement."""
        return self.value.startswith("H")


HARD: Final = frozenset(rule for rule in Rule if rule.is_hard)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has found. score_bp: how sure it is, to 10000. evidence: figures and ids.

    orders: the trades that it is about, the one that was looked at among them.
    """

    rule: Rule
    score_bp: int
    evidence: Mapping[str, Any]
    orders: tuple[str, ...]


class Trade(NamedTuple):
    """One accepted order: who sold what it came to, to whom, and when."""

    order_id: str
    merchant_id: str
    buyer_id: str
    fen: int
    at: datetime


class Link(NamedTuple):
    """One tie of the chain between two parties. share_bp: what is held, of a shareholder."""

    tie_id: str
    kind: str
    share_bp: int | None


def related(order_id: str, chain: Sequence[Link]) -> Finding | None:
    """H2, H3: buyer and seller are one house, by what is registered or by their own word.

    chain: the ties that lead from one to the other, nearest way; empty where none does.
    """
    if not chain:
        return None
    declared = any(link.kind == "declared" for link in chain)
    rule = Rule.DECLARED_RELATED if declared else Rule.COMMON_CONTROL
    return Finding(rule, WHOLE_BP, {"ties": [link._asdict() for link in chain]}, (order_id,))


def refunded(order_id: str, fen: int, back: int, *, least_bp: int) -> Finding | None:
    """H4: so much of the price went back that there was hardly a trade.

    back: what arrived at the buyer in the days that count.
    """
    if fen <= 0 or back * WHOLE_BP < fen * least_bp:
        return None
    share = min(WHOLE_BP, back * WHOLE_BP // fen)
    evidence = {"amount": fen, "refunded": back, "share_bp": share}
    return Finding(Rule.REFUNDED, WHOLE_BP, evidence, (order_id,))


def is_near(fen: int, other: int, tolerance_bp: int) -> bool:
    """Tell whether an amount lies within a tolerance of another."""
    return abs(fen - other) * WHOLE_BP <= other * tolerance_bp


def circular(
    trade: Trade, others: Sequence[Trade], *, length_max: int, days: int, tolerance_bp: int
) -> Finding | None:
    """S1: what was sold comes back to its seller by a ring of trades of about the same amount.

    others: trades that may close the ring; what is too far in time or amount is left out.
    All trades of a ring lie within `days` of each other. The shortest ring is told, of equally
    short ones the first by time.
    """
    window = timedelta(days=days)
    near = sorted(
        (one for one in others
         if one.order_id != trade.order_id and abs(one.at - trade.at) <= window
         and is_near(one.fen, trade.fen, tolerance_bp)),
        key=lambda one: (one.at, one.order_id),
    )  # fmt: skip
    sales: dict[str, list[Trade]] = {}
    for one in near:
        sales.setdefault(one.merchant_id, []).append(one)
    ways: list[tuple[Trade, ...]] = [(trade,)]
    for _ in range(length_max - 1):
        ways = [
            (*way, one)
            for way in ways
            for one in sales.get(way[-1].buyer_id, [])
            if _may_join(way, one, window)
        ]
        closed = next((way for way in ways if way[-1].buyer_id == trade.merchant_id), None)
        if closed is not None:
            return _ring(closed)
        ways = _one_each(ways)
    return None


def _may_join(way: Sequence[Trade], one: Trade, window: timedelta) -> bool:
    parties = {each.buyer_id for each in way}
    at = [each.at for each in (*way, one)]
    return one.buyer_id not in parties and max(at) - min(at) <= window


def _one_each(ways: Sequence[tuple[Trade, ...]]) -> list[tuple[Trade, ...]]:
    """Keep one way for each set of parties passed and each span of time: the first."""
    found: dict[Any, tuple[Trade, ...]] = {}
    for way in ways:
        at = [each.at for each in way]
        key = (way[-1].buyer_id, frozenset(each.buyer_id for each in way), min(at), max(at))
        found.setdefault(key, way)
    return list(found.values())[:WAYS_MAX]


def _ring(way: Sequence[Trade]) -> Finding:
    amounts = [each.fen for each in way]
    spread = (max(amounts) - min(amounts)) * WHOLE_BP // max(amounts)
    evidence = {
        "ring": [
            {"order_id": each.order_id, "merchant_id": each.merchant_id,
             "buyer_id": each.buyer_id, "amount": each.fen}
            for each in way
        ],
        "spread_bp": spread,
    }  # fmt: skip
    orders = tuple(each.order_id for each in way)
    return Finding(Rule.CIRCULAR, WHOLE_BP - spread, evidence, orders)


def abnormal_price(
    order_id: str, product_id: str, price: int, peers: Sequence[int], *, times: int, least: int
) -> Finding | None:
    """S2: a price so many times that of the product's median, or so many times below it.

    price, peers: of one unit, in millionths of a fen, this trade's and those of other trades
    of the product. least: fewer of them tell nothing.
    """
    if len(peers) < least or price <= 0:
        return None
    middle = int(median(peers))
    if middle <= 0 or (middle <= price * times and price <= middle * times):
        return None
    far = max(price, middle) * WHOLE_BP // min(price, middle)
    evidence = {
        "product_id": product_id, "price_e6": price, "median_e6": middle, "trades": len(peers),
        "times_bp": far,
    }  # fmt: skip
    score = WHOLE_BP - times * WHOLE_BP * WHOLE_BP // (2 * far)
    return Finding(Rule.ABNORMAL_PRICE, score, evidence, (order_id,))


def mutual_dependence(
    trade: Trade, sold: Sequence[Trade], *, young: bool, share_bp: int, least: int
) -> Finding | None:
    """S6: a young merchant that lives on one buyer as young as itself.

    sold: all that the merchant has sold by then, this trade among it. young: whether both
    are. least: fewer trades with that buyer tell nothing, for everybody begins with one.
    """
    with_it = [one for one in sold if one.buyer_id == trade.buyer_id]
    whole, part = sum(one.fen for one in sold), sum(one.fen for one in with_it)
    if not young or len(with_it) < least or part * WHOLE_BP <= whole * share_bp:
        return None
    share = part * WHOLE_BP // whole
    evidence = {"share_bp": share, "amount": part, "sold": whole, "trades": len(with_it)}
    orders = tuple(one.order_id for one in with_it)
    return Finding(Rule.MUTUAL_DEPENDENCE, share, evidence, orders)
