"""Rules about what a trade leaves behind: use, content, hands, days, money. Pure, as `rules`."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from marketplace.integrity.rules import WHOLE_BP, Finding, Rule, Trade

_LIKELY_BP: Final = 8_000
"""How sure a rule is that sees a fact and no amount."""


class Delivery(NamedTuple):
    """What was taken of one delivery by the end of its time."""

    task_id: str
    reads: int
    rows: int
    size_bytes: int


class Shared(NamedTuple):
    """Something that both sides have. kind: person, bank_account or key. which: its id."""

    kind: str
    which: str


class Twin(NamedTuple):
    """A sold product of a related seller with the same content, by its digest."""

    product_id: str
    merchant_id: str
    digest: str


class Leg(NamedTuple):
    """A firm whose account paid for somebody else's order, and whose sale that order was.

    on which day is told by the caller; fen: what its account paid.
    """

    funder_id: str
    order_id: str
    fen: int


def unused(order_id: str, fen: int, delivered: Sequence[Delivery]) -> Finding | None:
    """S3: paid for, and by the end of its time nothing of it was called or fetched."""
    if fen <= 0 or not delivered or any(each[1:] != (0, 0, 0) for each in delivered):
        return None
    evidence = {"amount": fen, "deliveries": [each.task_id for each in delivered]}
    return Finding(Rule.UNUSED, WHOLE_BP, evidence, (order_id,))


def same_hands(order_id: str, shared: Sequence[Shared]) -> Finding | None:
    """S4: the same person, account or key on both sides; each more makes it surer."""
    if not shared:
        return None
    score = min(WHOLE_BP, _LIKELY_BP + 1_000 * (len(shared) - 1))
    evidence = {"shared": [{"kind": one.kind, "id": one.which} for one in shared]}
    return Finding(Rule.SAME_HANDS, score, evidence, (order_id,))


def quarter_end(
    last: Sequence[Trade], year: int, trades: int, *, share_bp: int, least: int
) -> Finding | None:
    """S5: so much of a merchant's year was sold in the last days of a quarter.

    last: what it sold in those days. year, trades: fen and number of all its trades of the
    twelve months up to then, these among them. least: of fewer trades nothing is told.
    """
    part = sum(one.fen for one in last)
    if trades < least or part * WHOLE_BP <= year * share_bp:
        return None
    share = part * WHOLE_BP // year
    evidence = {"amount": part, "year": year, "share_bp": share, "trades": len(last)}
    return Finding(Rule.QUARTER_END, share, evidence, tuple(one.order_id for one in last))


def same_content(order_id: str, twins: Sequence[Twin]) -> Finding | None:
    """S7: what was delivered is, to the byte, what a related seller sold as something else."""
    if not twins:
        return None
    evidence = {"twins": [one._asdict() for one in twins]}
    return Finding(Rule.SAME_CONTENT, WHOLE_BP, evidence, (order_id,))


def money_returned(
    trade: Trade, way: Sequence[Leg], bought: Sequence[Trade], paid_out: int, *, least_bp: int
) -> Finding | None:
    """S8: a seller's proceeds pay for its own buyer's next order, by so many accounts or fewer.

    trade: the order that was paid for. way: whose accounts paid, from the trade back to the
    seller from which its buyer had bought. bought: what it had bought there. paid_out: what
    that seller was paid in the days before. Of the lesser of the two so much came back.
    """
    base = min(paid_out, sum(one.fen for one in bought))
    if not way or base <= 0:
        return None
    back = min(leg.fen for leg in way)
    if back * WHOLE_BP < base * least_bp:
        return None
    share = min(WHOLE_BP, back * WHOLE_BP // base)
    evidence = {
        "returned": back, "proceeds": base, "share_bp": share,
        "way": [leg._asdict() for leg in way],
    }  # fmt: skip
    orders = (trade.order_id, *(one.order_id for one in bought))
    return Finding(Rule.MONEY_RETURNED, share, evidence, orders)


def voucher_self_deal(
    trade: Trade, voucher: int, *, sponsored: bool, crosswise: Sequence[str]
) -> Finding | None:
    """V1: a voucher that pays its own sponsor, or that two firms cash with each other.

    voucher: fen that it paid. sponsored: the seller is of the sponsor's house. crosswise:
    orders that the seller has paid with a voucher where the buyer sold.
    """
    if voucher <= 0 or not (sponsored or crosswise):
        return None
    share = min(WHOLE_BP, voucher * WHOLE_BP // max(1, trade.fen))
    evidence = {"voucher": voucher, "amount": trade.fen, "sponsored": sponsored,
                "crosswise": list(crosswise)}  # fmt: skip
    return Finding(
        Rule.VOUCHER_SELF_DEAL, max(_LIKELY_BP, share), evidence, (trade.order_id, *crosswise)
    )
