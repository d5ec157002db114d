"""The chart of accounts (会计科目表): every account there can be, in one table.

The first four digits follow the subjects of 企业会计准则, so that mapping to an
accounting system is one column. Every state in between (received and not matched, sent
and not confirmed) is an account of its own, never a flag on a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from kernel.words import Words


class Book(StrEnum):
    """The two sets of accounts; no posting ever has a foot in each."""

    MONEY = "money"
    MEMO = "memo"  # 备查簿: counted, budgeted, permitted; never paid


class Kind(StrEnum):
    """What an account is, which says on which side it grows and in which book it stands."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"
    MEMO_DEBIT = "memo_debit"
    MEMO_CREDIT = "memo_credit"

    @property
    def book(self) -> Book:
        """The book in which accounts of this kind stand."""
        return Book.MEMO if self in {Kind.MEMO_DEBIT, Kind.MEMO_CREDIT} else Book.MONEY

    @property
    def grows_by_debit(self) -> bool:
        """Whether a debit makes the account larger; otherwise a credit does."""
        return self in {Kind.ASSET, Kind.EXPENSE, Kind.MEMO_DEBIT}


class Guard(StrEnum):
    """What the database holds true of an account after every single posting.

    A guarded account has a balance row of its own; an account without a guard is hot
    (everyone posts to it), has none, and its balance is a sum.
    """

    NONE = "none"
    CREDIT = "credit"  # credits ≥ debits: no more is taken out than was put in
    DEBIT = "debit"  # debits ≥ credits: no more is settled than is due


@dataclass(frozen=True, slots=True)
class Account:
    """One row of the chart. owner: what the account's owner is; empty when it has none."""

    code: str
    kind: Kind
    guard: Guard
    owner: str
    name: Words


_ASSET, _LIABILITY, _INCOME, _EXPENSE = Kind.ASSET, Kind.LIABILITY, Kind.INCOME, Kind.EXPENSE
_MEMO_DEBIT, _MEMO_CREDIT = Kind.MEMO_DEBIT, Kind.MEMO_CREDIT
_NONE, _CREDIT, _DEBIT = Guard.NONE, Guard.CREDIT, Guard.DEBIT

# fmt: off
_TABLE: Final = (
    Account("1002.bank", _ASSET, _NONE, "bank account",
            Words("自有银行存款", "own operating account at the bank")),
    Account("1012.custody", _ASSET, _NONE, "bank account",
            Words("资金监管户", "supervised account at the bank")),
    Account("1012.psp", _ASSET, _NONE, "provider account",
            Words("支付机构待清算款", "held by the payment provider")),
    Account("1012.psp_transit", _ASSET, _DEBIT, "provider payout",
            Words("支付机构划款在途", "on its way from the payment provider to the bank")),
    Account("1012.fx", _ASSET, _NONE, "currency",
            Words("外币兑换清算", "clearing of currency conversions")),
    Account("1122.buyer", _ASSET, _DEBIT, "buyer",
            Words("应收买方账款", "billed to the buyer, unpaid")),
    Account("1122.fee", _ASSET, _DEBIT, "merchant",
            Words("应收平台服务费", "fee due from a direct deal")),
    Account("1221.party", _ASSET, _DEBIT, "party",
            Words("应收退款追偿", "to be recovered after a refund")),
    Account("1221.dispute", _ASSET, _DEBIT, "dispute",
            Words("支付争议被扣款", "withdrawn by the provider until a ruling")),
    Account("1221.sponsor", _ASSET, _DEBIT, "voucher batch",
            Words("应收券资助款", "voucher money due from the sponsor")),
    Account("2202.merchant", _LIABILITY, _CREDIT, "party",
            Words("应付数商款", "payable to the merchant")),
    Account("2202.operator", _LIABILITY, _CREDIT, "party",
            Words("应付运营机构款", "payable to the authorised operator")),
    Account("2202.broker", _LIABILITY, _CREDIT, "party",
            Words("应付经纪与服务商款", "payable to the broker")),
    Account("2202.reserve", _LIABILITY, _CREDIT, "party",
            Words("保证金", "rolling reserve kept of a party")),
    Account("2204.billed", _LIABILITY, _CREDIT, "bill",
            Words("已出账未收款", "billed and not collected; never payable out")),
    Account("2221.vat", _LIABILITY, _NONE, "",
            Words("应交增值税(销项)", "output tax on the exchange's own fees")),
    Account("2241.escrow", _LIABILITY, _CREDIT, "order",
            Words("订单托管款", "received for the order, not yet accepted")),
    Account("2241.accepted", _LIABILITY, _CREDIT, "order",
            Words("已验收待结算款", "accepted, waiting for settlement")),
    Account("2241.wallet", _LIABILITY, _CREDIT, "buyer",
            Words("买方预存款", "prepaid for metered use")),
    Account("2241.suspense", _LIABILITY, _CREDIT, "bank line",
            Words("待核销来款", "received, not yet matched")),
    Account("2241.refund_transit", _LIABILITY, _CREDIT, "refund",
            Words("退款在途", "refund sent, not confirmed")),
    Account("2241.payout_transit", _LIABILITY, _CREDIT, "payout",
            Words("付款在途", "payout sent, not confirmed")),
    Account("2241.hold", _LIABILITY, _CREDIT, "hold",
            Words("冻结款", "frozen by a dispute, a court or an alert")),
    Account("2241.fiscal", _LIABILITY, _CREDIT, "treasury account",
            Words("应缴非税收入", "the treasury's share, payable")),
    Account("6001.commission", _INCOME, _NONE, "",
            Words("交易佣金收入", "commission")),
    Account("6001.service", _INCOME, _NONE, "",
            Words("服务收入", "listing, certificate and member fees")),
    Account("6603.psp_fee", _EXPENSE, _NONE, "",
            Words("支付手续费", "fees of banks and payment providers")),
    Account("6603.dispute_fee", _EXPENSE, _NONE, "",
            Words("支付争议费", "fees of payment disputes")),
    Account("6603.fx", _EXPENSE, _NONE, "",
            Words("汇兑损益", "exchange differences")),
    Account("6702.impairment", _EXPENSE, _NONE, "",
            Words("信用减值损失", "claims written off")),
    Account("6711.goodwill", _EXPENSE, _NONE, "",
            Words("补偿支出", "made good to a customer")),
    Account("9001.counter", _MEMO_DEBIT, _NONE, "buyer",
            Words("交易额对方科目", "counter-account of volume")),
    Account("9002.turnover", _MEMO_CREDIT, _CREDIT, "order line",
            Words("计入交易额", "counted volume of the line")),
    Account("9003.excluded", _MEMO_CREDIT, _CREDIT, "order line",
            Words("剔除交易额", "volume moved out by a flag")),
    Account("9101.budget", _MEMO_DEBIT, _NONE, "voucher batch",
            Words("券预算", "voucher budget")),
    Account("9102.available", _MEMO_CREDIT, _CREDIT, "voucher batch",
            Words("可发券额", "voucher budget not yet issued")),
    Account("9103.voucher", _MEMO_CREDIT, _CREDIT, "voucher",
            Words("已发券面值", "value of an issued voucher")),
    Account("9104.redeemed", _MEMO_CREDIT, _NONE, "voucher batch",
            Words("已核销券额", "voucher value used")),
    Account("9201.cap", _MEMO_DEBIT, _NONE, "operator and fee period",
            Words("最高准许收入", "permitted revenue")),
    Account("9202.used", _MEMO_CREDIT, _NONE, "operator and fee period",
            Words("已用准许收入", "permitted revenue used")),
)
# fmt: on

CHART: Final[Mapping[str, Account]] = MappingProxyType({row.code: row for row in _TABLE})
"""Code → account, in the order of the codes."""


def account(code: str) -> Account:
    """Return the account of `code`. Raises LookupError naming a code the chart has not."""
    try:
        return CHART[code]
    except KeyError:
        raise LookupError(f"no account {code!r} in the chart") from None
