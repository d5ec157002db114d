"""A day of trade: ordered, signed by both, paid for, delivered, accepted; some is refunded."""

from collections.abc import Sequence
from datetime import time, timedelta
from typing import Any, Final

from app.story import money
from app.story.history import wares
from app.story.history.hands import Hand
from app.story.history.plan import UNIT_FEN, Fate, Order
from delivery import tasks
from kernel.clock import local_date
from kernel.money import Money
from kernel.parties import organisations
from marketplace import orders
from marketplace.shelving import rounds
from marketplace.uses import Use
from settlement import batches, payments
from settlement.bank import intake, outgoing
from settlement.bank import statements as bank
from settlement.batches import NothingDue
from settlement.refunding import refunds

FINANCE, CHECKER = "finance", "finance2"
ORDERED, PAID, DELIVERED, ACCEPTED = time(9, 30), time(11), time(14), time(16)
BACK: Final = frozenset({Fate.PART_BACK, Fate.ALL_BACK})
_ACCOUNT: Final = "6222020000000001"
_REASON: Final = "所交数据有缺失，双方同意退还相应价款（演示）"


def day(hand: Hand, wanted: Sequence[Order]) -> dict[str, str]:
    """Play the orders of a day; return number → id of those of which something will go back."""
    there = wares.ids_of(hand, {(o.good.seller.key, o.good.code) for o in wanted})
    _take_at_hand(hand, wanted, there)
    made = [_placed(hand, order, there, place) for place, order in enumerate(wanted)]
    hand.it_is(PAID)
    _pay(hand, made)
    hand.follow()
    hand.it_is(DELIVERED)
    for order, found in zip(wanted, made, strict=True):
        work = hand.by(order.good.seller.key)
        for task in tasks.of_order(hand.session, found.id):
            tasks.take(work, task.id, "provision")
            tasks.take(work, task.id, "complete")
    hand.follow()
    for place, (order, found) in enumerate(zip(wanted, made, strict=True)):
        hand.it_is(ACCEPTED, place)
        orders.take(hand.by(order.buyer.key), found.id, "accept")
    hand.follow()
    pairs = zip(wanted, made, strict=True)
    return {str(order.number): found.id for order, found in pairs if order.fate in BACK}


def give_back(hand: Hand, wanted: Sequence[Order]) -> None:
    """Give back what is agreed to go back of the orders of an earlier day, by the bank."""
    sent = []
    for order in wanted:
        told = hand.told[f"trade/{order.day}"][str(order.number)]
        made = refunds.request(
            hand.by(FINANCE), order_id=told, amount=Money(order.back * UNIT_FEN), reason=_REASON
        )
        hand.session.flush()
        if made.state == refunds.State.REQUESTED:
            refunds.take(hand.by(CHECKER), made.id, "approve")
        sent.append(made)
    hand.follow()
    outgoing.send(hand.by(FINANCE))
    hand.follow()
    lines = [("", -one.amount.minor, "演示·退款收款方", "", one.reference) for one in sent]
    _statement(hand, "back", lines)
    hand.follow()


def settle(hand: Hand) -> None:
    """Divide what fell due, checked by another."""
    try:
        batch = batches.compute(hand.by(FINANCE))
    except NothingDue:
        return
    hand.session.flush()
    batches.take(hand.by(CHECKER), batch.id, "confirm")
    hand.follow()


def _take_at_hand(hand: Hand, wanted: Sequence[Order], there: dict[str, str]) -> None:
    """Look up at once what the orders look at by key, and hold it while the day lasts."""
    hand.held += rounds.ahead(hand.by_house(), list(there.values()))
    own = {hand.by(order.buyer.key).actor.organisation for order in wanted}
    hand.held += [organisations.find(hand.session, each) for each in sorted(own)]


def _placed(hand: Hand, order: Order, there: dict[str, str], place: int) -> orders.Order:
    hand.it_is(ORDERED, place * 5)
    buyer, seller = hand.by(order.buyer.key), hand.by(order.good.seller.key)
    wanted: Any = [{"product_id": there[order.good.code], "quantity": order.pieces}]
    related = order.fate is Fate.RELATED
    made = orders.place(buyer, wanted=wanted, use=_use(hand, order), is_related_party=related)
    orders.take(seller, made.id, "confirm")
    orders.sign(buyer, made.id)
    orders.sign(seller, made.id)
    return made


def _use(hand: Hand, order: Order) -> Use:
    today = local_date(hand.by_house().now)
    return Use(
        field=order.good.trade.field,
        purpose_code="business_analysis",
        purpose_text="业务分析与决策支持，仅在本机构内部使用（演示）",
        region=order.buyer.region,
        period_from=today,
        period_to=today + timedelta(days=365),
    )


def _pay(hand: Hand, made: Sequence[orders.Order]) -> None:
    lines = []
    for order in made:
        asked = payments.live_of(hand.session, order.id)
        if asked is None:
            raise LookupError(f"nothing is asked for order {order.code}")
        payer = organisations.find(hand.session, order.buyer_id).name_zh
        lines.append(("", asked.due.minor, payer, _ACCOUNT, f"货款 {asked.reference}"))
    _statement(hand, "paid", lines)


def _statement(hand: Hand, key: str, told: Sequence[money.Line]) -> None:
    """Take in the day's statement of the supervised account."""
    work = hand.by(FINANCE)
    custody = work.rules.text("settlement.custody_account")
    newest = bank.last(work.session, custody)
    opening, today = newest.closing.minor if newest else 0, local_date(work.now)
    number = f"{today}-{key}"
    lines = [(f"{number}-{place}", *line[1:]) for place, line in enumerate(told, start=1)]
    text = money.statement(custody, number, today, opening, lines)
    intake.import_statement(work, account=custody, text=text)
