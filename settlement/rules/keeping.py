"""How vouchers, currencies, permitted revenue and counted volume are kept."""

from typing import Final

from kernel.words import Words
from settlement.rules.rule import PAYABLES, Pair, Rule, from_each


def _both_ways(one: str, other: str) -> tuple[Pair, ...]:
    return ((one, other), (other, one))


KEEPING: Final = (
    Rule(
        "voucher.budgeted",
        "voucher batch",
        (("9101.budget", "9102.available"),),
        Words("券批次预算", "a batch of vouchers has its budget"),
    ),
    Rule(
        "voucher.issued",
        "voucher",
        (("9102.available", "9103.voucher"),),
        Words("发券", "a voucher was issued; never more than the budget"),
    ),
    Rule(
        "voucher.redeemed",
        "redemption",
        (("9103.voucher", "9104.redeemed"), ("1221.sponsor", "2241.escrow")),
        Words(
            "券核销：订单托管由资助方应收补足",
            "a voucher was redeemed: the sponsor's part enters the order's escrow",
        ),
    ),
    Rule(
        "voucher.expired",
        "voucher",
        (("9103.voucher", "9102.available"),),
        Words("券过期或作废，回到预算", "a voucher expired; its value is budget again"),
    ),
    Rule(
        "voucher.restored",
        "voucher",
        (
            ("9104.redeemed", "9103.voucher"),
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
                ),
                "1221.sponsor",
            ),
            ("9002.turnover", "9001.counter"),
            ("9003.excluded", "9001.counter"),
        ),
        Words(
            "订单全额退款后恢复券：资助方不再应付，抵扣部分不再计入交易额",
            "an order was refunded whole: its sponsor owes nothing, and its part counts no more",
        ),
    ),
    Rule(
        "voucher.unreimbursed",
        "voucher",
        (("1221.sponsor", "2241.suspense"),),
        Words(
            "资助方兑付撤销，款项转待核销",
            "what the sponsor had paid is to go back; it waits in suspense",
        ),
    ),
    Rule(
        "voucher.reimbursed",
        "bank match",
        (("2241.suspense", "1221.sponsor"), ("1012.custody", "1221.sponsor")),
        Words("资助方兑付", "the sponsor paid for what was redeemed"),
    ),
    Rule(
        "fx.converted",
        "balance transaction",
        (
            ("1012.fx", "2241.escrow"),
            ("1012.fx", "2241.suspense"),
            *_both_ways("1012.psp", "1012.fx"),
        ),
        Words("外币兑换：两种货币各一行", "a conversion: a row in each currency, one entry"),
    ),
    Rule(
        "fx.revalued",
        "period and currency",
        _both_ways("6603.fx", "1012.fx"),
        Words("期末汇兑损益", "exchange differences at the end of a period"),
    ),
    Rule(
        "revenue.permitted",
        "fee period",
        (("9201.cap", "9202.used"),),
        Words("运营机构收入占用准许收入", "an operator's share counts as permitted revenue"),
    ),
    Rule(
        "volume.excluded",
        "flag",
        (("9002.turnover", "9003.excluded"),),
        Words("交易额剔除", "volume was taken out by a flag"),
    ),
    Rule(
        "volume.restored",
        "flag",
        (("9003.excluded", "9002.turnover"),),
        Words("交易额恢复", "volume was put back when a flag was cleared"),
    ),
    Rule(
        "manual.adjusted",
        "adjustment",
        (
            *_both_ways("1002.bank", "1012.custody"),
            *_both_ways("2241.suspense", "6711.goodwill"),
            *_both_ways("2241.suspense", "6603.psp_fee"),
            *_both_ways("1012.psp", "2241.suspense"),
            *_both_ways("1012.custody", "2241.suspense"),
        ),
        Words(
            "人工调整：制单与复核分离，须有理由和附件",
            "an adjustment by hand: two persons, a reason and a document",
        ),
    ),
)
