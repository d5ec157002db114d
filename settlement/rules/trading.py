"""How a sale is recognised, divided and secured."""

from typing import Final

from kernel.words import Words
from settlement.rules.rule import PAYABLES, Rule, from_each, to_each

_OWN: Final = ("6001.commission", "2221.vat")

TRADING: Final = (
    Rule(
        "line.accepted",
        "order line",
        (("2241.escrow", "2241.accepted"), ("9001.counter", "9002.turnover")),
        Words(
            "订单行验收：托管款转待结算，同时计入交易额",
            "an order line was accepted: escrow becomes due for settlement, volume counts",
        ),
    ),
    Rule(
        "line.settled",
        "order line",
        to_each(
            "2241.accepted",
            ("2202.merchant", "2202.operator", "2202.broker", "2241.fiscal", *_OWN),
        ),
        Words(
            "订单行结算：分给各方，每方一行，零份额不记",
            "an order line was settled: one row for each party, zero shares have none",
        ),
    ),
    Rule(
        "deal.registered",
        "order",
        (("9001.counter", "9002.turnover"), *to_each("1122.fee", _OWN)),
        Words(
            "场外交易备案：计入交易额，应收服务费",
            "a direct deal was registered: volume counts, the fee is due",
        ),
    ),
    Rule(
        "service.charged",
        "fee note",
        to_each("1122.fee", ("6001.service", "2221.vat")),
        Words("上架、凭证、会员等服务费应收", "a fee for listing, certificates or membership"),
    ),
    Rule(
        "reserve.kept",
        "settlement line",
        (("2202.merchant", "2202.reserve"),),
        Words("计提保证金", "a part of what was earned is kept in reserve"),
    ),
    Rule(
        "reserve.released",
        "settlement line",
        (("2202.reserve", "2202.merchant"),),
        Words("保证金到期释放", "the reserve is released"),
    ),
    Rule(
        "recovery.netted",
        "settlement line",
        from_each(PAYABLES, "1221.party"),
        Words("应收追偿从结算款中扣回", "what a party owes is taken from what it earns"),
    ),
    Rule(
        "recovery.repaid",
        "bank line",
        (("2241.suspense", "1221.party"),),
        Words("应收追偿由对方汇回", "a party paid back what it owes"),
    ),
)
