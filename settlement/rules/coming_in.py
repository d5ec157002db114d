"""How money comes in: from a payment provider, from the bank, into a wallet, for a bill."""

from typing import Final

from kernel.words import Words
from settlement.rules.rule import Rule, to_each

_ASKED: Final = ("2241.escrow", "1122.buyer", "2241.wallet", "1122.fee")
"""For what a payment can be asked: an order, a bill, a wallet, a fee of the exchange."""

_BACKED: Final = ("2204.billed", "2241.escrow")
"""With the payment of a bill: what was only a claim is now backed by cash, in one entry."""

COMING_IN: Final = (
    Rule(
        "payment.captured",
        "provider object",
        (*to_each("1012.psp", (*_ASKED, "2241.suspense")), _BACKED),
        Words(
            "支付机构收款：应付部分进托管、账单或预存款，多付部分进待核销",
            "a provider captured a payment: what is asked where it belongs, the rest to suspense",
        ),
    ),
    Rule(
        "payment.over",
        "provider object",
        (("1012.psp", "2241.suspense"),),
        Words(
            "订单已关闭后到账或重复到账，记待核销并退回",
            "a payment came late or twice; it goes to suspense and back",
        ),
    ),
    Rule(
        "psp.fee",
        "balance transaction",
        (
            ("6603.psp_fee", "1012.psp"),
            ("1012.psp", "6603.psp_fee"),
            ("2202.merchant", "6603.psp_fee"),
        ),
        Words(
            "支付机构手续费，或其退还",
            "the provider's fee, or its return, by its balance transaction",
        ),
    ),
    Rule(
        "psp.payout_sent",
        "provider payout",
        (("1012.psp_transit", "1012.psp"),),
        Words("支付机构划款在途", "the provider sent its balance to the bank"),
    ),
    Rule(
        "psp.payout_booked",
        "bank line",
        (("1012.custody", "1012.psp_transit"),),
        Words("支付机构划款到账", "the bank booked what the provider sent"),
    ),
    Rule(
        "bank.received",
        "bank line",
        (("1012.custody", "2241.suspense"),),
        Words(
            "银行来款先记待核销，即使同一秒内已匹配",
            "money came in at the bank; always to suspense first, even if matched at once",
        ),
    ),
    Rule(
        "bank.matched",
        "match",
        (*to_each("2241.suspense", _ASKED), _BACKED),
        Words(
            "来款核销到订单、账单或预存款；一笔来款可分到多个订单",
            "a receipt was matched; several rows are one receipt over several orders",
        ),
    ),
    Rule(
        "bank.fee",
        "bank line",
        (("6603.psp_fee", "1012.custody"),),
        Words("银行手续费", "the bank's fee"),
    ),
    Rule(
        "wallet.drawn",
        "usage bucket",
        (("2241.wallet", "2241.escrow"),),
        Words("按用量扣预存款，进入托管", "metered use was drawn from a wallet into escrow"),
    ),
    Rule(
        "wallet.returned",
        "wallet return",
        (("2241.wallet", "2241.refund_transit"),),
        Words("预存款余额退回", "what is left in a wallet goes back to its buyer"),
    ),
    Rule(
        "deposit.kept",
        "deposit",
        (("2241.wallet", "2241.hold"),),
        Words("竞价保证金冻结", "a bidder's deposit is held"),
    ),
    Rule(
        "deposit.released",
        "deposit",
        (("2241.hold", "2241.wallet"), ("2241.hold", "2241.escrow")),
        Words("竞价保证金退回或抵价", "a deposit goes back, or towards the price"),
    ),
    Rule(
        "deposit.forfeited",
        "deposit",
        (("2241.hold", "2202.merchant"),),
        Words("竞得人悔约，保证金归供方", "the winner withdrew; the deposit is the seller's"),
    ),
    Rule(
        "bill.issued",
        "bill",
        (("1122.buyer", "2204.billed"),),
        Words("后付费出账", "a bill was issued"),
    ),
    Rule(
        "bill.voided",
        "bill",
        (("2204.billed", "1122.buyer"),),
        Words("账单作废", "a bill that was not paid was withdrawn"),
    ),
    Rule(
        "bill.confirmed",
        "bill",
        (("9001.counter", "9002.turnover"),),
        Words("账单确认，计入交易额", "a bill was confirmed; volume counts"),
    ),
)
