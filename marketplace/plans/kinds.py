"""The words of price plans: how a price is formed, by what it is measured, how one pays."""

from collections.abc import Mapping
from typing import Final

from catalogue.grades import Term


class PlanKind(Term):
    """How a price is formed."""

    FREE = "free", "免费", "free"
    ONE_OFF = "one_off", "一次性", "one-off"
    LISTING_FIXED = "listing_fixed", "挂牌价", "listed price"
    SUBSCRIPTION = "subscription", "包期", "subscription"
    PER_CALL = "per_call", "按次", "per call"
    PER_ROW = "per_row", "按条", "per row"
    PER_VOLUME = "per_volume", "按量", "per volume"
    TIER_PROGRESSIVE = "tier_progressive", "累进阶梯", "progressive tiers"
    TIER_VOLUME = "tier_volume", "全量阶梯", "volume tiers"
    PACKAGE = "package", "套餐包", "packages"
    REVENUE_SHARE = "revenue_share", "收益分成", "revenue share"
    PROJECT = "project", "项目制", "project"
    NEGOTIATED = "negotiated", "协议定价", "negotiated"
    AUCTION = "auction", "竞价", "auction"


class FreeReason(Term):
    """Why something is given for nothing."""

    WELFARE = "welfare", "公益事业", "public welfare"
    GOVERNANCE = "governance", "公共治理", "public governance"
    TRIAL = "trial", "试用", "trial"
    PROMOTION = "promotion", "推广", "promotion"


class Period(Term):
    """How long one period of a subscription is."""

    MONTH = "month", "月", "month"
    QUARTER = "quarter", "季", "quarter"
    YEAR = "year", "年", "year"


class Measure(Term):
    """What is counted."""

    CALL = "call", "次", "call"
    ROW = "row", "条", "row"
    MEGABYTE = "megabyte", "MB", "MB"


class AuctionForm(Term):
    """How an auction is held."""

    ENGLISH = "english", "公开增价", "open ascending"
    SEALED = "sealed", "密封一次报价", "sealed, first price"


class PayMode(Term):
    """When and from what an order is paid."""

    PREPAID = "prepaid", "预付（先付款后交付）", "in advance"
    WALLET = "wallet", "预存款按量扣", "from a prepaid wallet, by use"
    POSTPAID = "postpaid", "后付费（按账单）", "afterwards, by bill"


MEASURED: Final[Mapping[PlanKind, Measure]] = {
    PlanKind.PER_CALL: Measure.CALL,
    PlanKind.PER_ROW: Measure.ROW,
    PlanKind.PER_VOLUME: Measure.MEGABYTE,
}
"""The kinds whose measure their name says."""

METERED: Final = frozenset(
    {*MEASURED, PlanKind.TIER_PROGRESSIVE, PlanKind.TIER_VOLUME, PlanKind.PACKAGE}
)
"""The kinds that charge what was used."""

AGREED: Final = frozenset({PlanKind.NEGOTIATED, PlanKind.AUCTION})
"""The kinds whose price the parties find first."""

BY_PIECE: Final = frozenset(
    {
        PlanKind.FREE, PlanKind.ONE_OFF, PlanKind.LISTING_FIXED, PlanKind.SUBSCRIPTION,
        PlanKind.PROJECT, PlanKind.NEGOTIATED, PlanKind.AUCTION,
    }
)  # fmt: skip
"""The kinds of which one orders one or more."""
