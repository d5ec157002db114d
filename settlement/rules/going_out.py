"""How money goes out to those who earned it, and how it comes back when it does not arrive."""

from typing import Final

from kernel.words import Words
from settlement.rules.rule import PAYABLES, Rule, from_each, to_each

GOING_OUT: Final = (
    Rule(
        "payout.initiated",
        "payout",
        from_each(PAYABLES, "2241.payout_transit"),
        Words("付款指令已发出", "a payout was sent to the bank"),
    ),
    Rule(
        "payout.paid",
        "bank line",
        (("2241.payout_transit", "1012.custody"),),
        Words("银行确认付款", "the bank statement shows the payout"),
    ),
    Rule(
        "payout.failed",
        "payout",
        to_each("2241.payout_transit", PAYABLES),
        Words("付款失败，恢复应付", "the payout failed; it is payable again"),
    ),
    Rule(
        "payout.returned",
        "bank line",
        to_each("1012.custody", PAYABLES),
        Words(
            "付款成功后被退汇，恢复应付",
            "a payout came back days after it was paid; it is payable again",
        ),
    ),
    Rule(
        "fees.swept",
        "sweep",
        (("1002.bank", "1012.custody"),),
        Words("自有服务费划入自有账户", "the exchange's own fees leave the supervised account"),
    ),
    Rule(
        "tax.remitted",
        "bank line",
        (("2221.vat", "1002.bank"),),
        Words("缴纳增值税", "output tax was paid to the tax office"),
    ),
)
