"""How money goes back to a buyer, by refund, dispute or from suspense."""

from typing import Final

from kernel.words import Words
from settlement.rules.rule import CASH, PAYABLES, Rule, from_each, to_each

_HELD: Final = (*PAYABLES, "2241.escrow", "2241.accepted")
_COST: Final = ("2241.escrow", "6603.psp_fee")
_OWN: Final = ("6001.commission", "2221.vat")

GOING_BACK: Final = (
    Rule(
        "refund.requested",
        "refund",
        (
            *from_each(
                (
                    "2241.escrow",
                    "2241.accepted",
                    "2241.hold",
                    *PAYABLES,
                    "2202.reserve",
                    "1221.party",
                    "6001.commission",
                    "2221.vat",
                    "6711.goodwill",
                ),
                "2241.refund_transit",
            ),
            _COST,
            ("9002.turnover", "9001.counter"),
            ("9003.excluded", "9001.counter"),
        ),
        Words(
            "退款：验收前出自托管，结算后按剩余份额向各方收回；约定扣除的银行费用冲减支付手续费",
            "a refund: out of escrow, or over the shares that are left once it was settled; "
            "what was agreed to be taken off it makes the bank's fee good",
        ),
    ),
    Rule(
        "refund.succeeded",
        "provider object, bank line or refund",
        to_each("2241.refund_transit", (*CASH, "2241.wallet")),
        Words("退款已到买方", "the refund has reached the buyer"),
    ),
    Rule(
        "refund.failed",
        "refund",
        (
            *to_each("2241.refund_transit", ("2241.suspense", "2241.wallet")),
            *from_each(CASH, "2241.suspense"),
            *from_each(CASH, "2241.wallet"),
        ),
        Words(
            "退款未能到达，转待核销由人处理；预存款退回未到的，回到预存款",
            "the refund did not arrive; it waits in suspense, or is in the wallet again",
        ),
    ),
    Rule(
        "refund.cancelled",
        "refund",
        (
            *to_each(
                "2241.refund_transit",
                (
                    "2241.escrow",
                    "2241.accepted",
                    "2241.suspense",
                    "2241.wallet",
                    *PAYABLES,
                    "2202.reserve",
                    "1221.party",
                    *_OWN,
                    "6711.goodwill",
                ),
            ),
            (_COST[1], _COST[0]),
            ("9001.counter", "9002.turnover"),
            ("9001.counter", "9003.excluded"),
        ),
        Words("退款发出前撤回", "a refund was withdrawn before it was sent"),
    ),
    Rule(
        "suspense.returned",
        "refund",
        (("2241.suspense", "2241.refund_transit"),),
        Words("待核销来款退回付款人", "money in suspense goes back to its payer"),
    ),
    Rule(
        "dispute.withdrawn",
        "balance transaction",
        (("1221.dispute", "1012.psp"), ("6603.dispute_fee", "1012.psp")),
        Words("支付争议扣款", "the provider withdrew a disputed charge"),
    ),
    Rule(
        "dispute.held",
        "dispute",
        from_each(_HELD, "2241.hold"),
        Words("争议期间冻结款项", "what a dispute is about is held"),
    ),
    Rule(
        "dispute.released",
        "dispute",
        to_each("2241.hold", _HELD),
        Words("争议终结，解除冻结", "a dispute ended; what was held goes where it came from"),
    ),
    Rule(
        "dispute.won",
        "balance transaction",
        (("1012.psp", "1221.dispute"),),
        Words("支付争议胜诉，款项返还", "the disputed charge was reinstated"),
    ),
    Rule(
        "dispute.lost",
        "dispute",
        (
            *from_each(
                (
                    "2241.hold",
                    *_HELD,
                    "2202.reserve",
                    "1221.party",
                    *_OWN,
                    "6711.goodwill",
                ),
                "1221.dispute",
            ),
            ("9002.turnover", "9001.counter"),
            ("9003.excluded", "9001.counter"),
        ),
        Words("支付争议败诉，由各方承担", "the disputed charge is lost; the parties bear it"),
    ),
    Rule(
        "service.credited",
        "credit note",
        tuple(
            pair
            for income in ("6001.service", *_OWN)
            for pair in to_each(income, ("1122.fee", "2241.wallet"))
        ),
        Words(
            "服务费贷项：未付部分不再应收，已付部分转入预存款",
            "a fee was credited: what is unpaid is owed no longer, the rest becomes prepaid money",
        ),
    ),
    Rule(
        "writeoff",
        "write-off",
        to_each("6702.impairment", ("1221.party", "1122.fee", "1221.dispute")),
        Words("核销无法收回的款项", "a claim that cannot be collected is written off"),
    ),
)
