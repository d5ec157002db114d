"""The trades, day by day: what happened some weeks ago is over, what happened lately waits.

Each kind has a record that has gone all its way and one that waits for somebody: so every
page of money shows something, and every desk has something to do.
"""

from collections.abc import Iterator
from typing import Any, Final

from app.story.sixteen import ground
from app.story.sixteen.beats import Beat
from app.story.sixteen.trades import cards, charges, goods, matters, till
from app.story.sixteen.trades.charges import RIVAL
from app.story.sixteen.trades.goods import BUYER
from app.story.sixteen.trades.till import CHECKER, FINANCE, INSURER, LOTUS, came, statement, went
from kernel.actor import Role

RIVAL_FIRM: Final[dict[str, Any]] = {
    "uscc": "91430100MAA0001030",
    "zh": "演示·湘莲银行",
    "en": "Demo Lotus Bank",
    "person": "演示·采购经理",
    "number": "430102198806120816",
}


def beats() -> Iterator[Beat]:
    """Yield every beat; those of one day are played in this order."""
    yield from ground.company(RIVAL, RIVAL_FIRM, roles=(Role.BUYER,))
    for key in goods.OFFERS:
        yield from goods.listing(key)
    yield from _bought()
    yield from _charged()
    yield from _paid_out()
    yield from _bargained()
    yield from _disputed()
    yield from _waiting()


def _bought() -> Iterator[Beat]:
    """Sell a piece for money down, and one for a voucher and the rest; both are accepted."""
    yield till.virtual_account(45)
    yield from charges.granted(45)
    yield charges.credited(45)
    yield from goods.ordered("daily", "daily", 45)
    yield charges.topped_up(BUYER, 45, 500_000)
    yield charges.topped_up(RIVAL, 45, 300_000)
    yield statement("1", 44, came("order", "order/daily", *INSURER),
                    came("wallet", f"wallet/{BUYER}", *INSURER),
                    came("wallet", f"wallet/{RIVAL}", *LOTUS), till.came_unnamed)  # fmt: skip
    yield from goods.delivered("daily", 43)
    yield from goods.ordered("tool", "tool", 43, then=tuple(charges.claimed(43)))
    yield statement("2", 41, came("order", "order/tool", *INSURER))
    yield from goods.delivered("tool", 40)


def _charged() -> Iterator[Beat]:
    """Bill calls by the month, and a project by its milestones."""
    yield from goods.ordered("calls", "calls", 44, pay_mode="postpaid")
    yield from goods.ordered("model", "model", 44, pay_mode="postpaid")
    for day in range(42, 0, -6):
        yield charges.used(day, 120 + day)
    yield from charges.monthly(22)
    yield charges.confirmed(21)
    yield charges.milestone(1, 21)
    yield charges.accepted_bill(1, 20)
    yield statement("4", 19, came("bill", "milestone/1", *INSURER), charges.came_for_use)
    yield from charges.monthly(2)
    yield charges.milestone(2, 2)


def _paid_out() -> Iterator[Beat]:
    """Settle what was accepted, pay it out, refund a part, invoice it; register a deal."""
    yield from till.settled(30)
    yield till.refunded("done", "daily", 29, 30_000, "缺少两日数据，双方同意退还相应价款")
    yield Beat("refund/done/approve", 29, CHECKER, till.approved("refund/done"))
    yield till.sent("1", 29)
    yield statement("3", 28, went("payout"), went("refund/done"))
    yield from till.invoiced(26)
    yield from matters.deal(1, 24, 48_600_000, "城区供水压力数据年度服务")
    yield matters.deal_step(1, 23, "verify", "compliance")
    yield matters.deal_step(1, 23, "register", FINANCE)


def _bargained() -> Iterator[Beat]:
    """Auction a lot that is won and one that is open; agree a price, and offer another."""
    yield charges.announced("1", 15, until=2)
    yield from charges.bid("1", BUYER, 14, 850_000)
    yield from charges.bid("1", RIVAL, 14, 900_000)
    yield from charges.won("1", 11)
    yield statement("5", 9, came("order", "order/lot", *LOTUS))
    yield from goods.delivered("lot", 8, RIVAL)
    yield from charges.bargained("1", 12, agreed=True)
    yield charges.announced("2", 4, until=12)
    yield from charges.bid("2", RIVAL, 3, 800_000)
    yield from charges.bargained("2", 2, agreed=False)


def _disputed() -> Iterator[Beat]:
    """Dispute three payments by card: one is won, one is lost, one waits for an answer."""
    for case, day in ((cards.WON, 27), (cards.LOST, 26), (cards.OPEN, 25)):
        yield from cards.paid_by_card(case, day)
    yield from cards.disputed(cards.WON, 22)
    yield cards.answered(cards.WON, 21, "附签署合同、交付记录与买方验收确认")
    yield from cards.won(cards.WON, 13)
    yield from cards.disputed(cards.LOST, 20)
    yield cards.answered(cards.LOST, 18, "附签署合同与交付记录；持卡人称未经授权支付")
    yield cards.lost(cards.LOST, 10)
    yield from cards.disputed(cards.OPEN, 3)


def _waiting() -> Iterator[Beat]:
    """Leave what waits for a second person, or for a first one."""
    yield till.refunded("asked", "tool", 5, 40_000, "算力时包未用完，按约退还未用部分")
    yield from matters.deal(2, 6, 9_800_000, "农产品检测数据清洗服务")
    yield matters.deal_step(2, 5, "verify", "compliance")
    yield from matters.deal(3, 3, 3_200_000, "物流轨迹脱敏加工服务")
    yield matters.held("lot", 4, 50_000)
    yield matters.adjusted(3, "认领公告")
    yield from matters.rules_drafted(3)
