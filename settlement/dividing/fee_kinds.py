"""The words of a fee: for what, of whom, how often, over what its steps count, waived for what."""

from enum import StrEnum
from typing import Final

from kernel.words import Words


class Kind(StrEnum):
    """For what is charged."""

    TRANSACTION = "transaction"
    LISTING = "listing"
    DELIVERY = "delivery"
    BROKER = "broker"
    CERTIFICATE = "certificate"
    MEMBERSHIP = "membership"
    REGISTRATION = "registration"
    ASSESSMENT = "assessment"

    @property
    def label(self) -> Words:
        """What the kind is called."""
        return _KINDS[self]

    @property
    def flat(self) -> bool:
        """Whether it is a fixed sum, the rule's minimum: there is no amount to take a rate of."""
        return self in _FLAT


class Payer(StrEnum):
    """Who bears the fee. The seller's part is kept of the price, the buyer's is asked for."""

    SELLER = "seller"
    BUYER = "buyer"
    BOTH = "both"

    @property
    def label(self) -> Words:
        """What the payer is called."""
        return _PAYERS[self]

    @property
    def seller_bp(self) -> int:
        """How much of the fee the seller bears."""
        return {Payer.SELLER: 10_000, Payer.BUYER: 0, Payer.BOTH: 5_000}[self]


class Every(StrEnum):
    """How often the listing of one product, and its certificate, are charged."""

    PRODUCT = "product"  # once
    VERSION = "version"  # with each version that is listed
    YEAR = "year"  # each calendar year in which it stands listed

    @property
    def label(self) -> Words:
        """What it is called."""
        return _EVERY[self]


class Scale(StrEnum):
    """Over what the steps of a rate are counted. Each part bears the rate of its own step."""

    ORDER = "order"  # what was accepted of the same order
    YEAR = "year"  # what was accepted of the same seller in the calendar year

    @property
    def label(self) -> Words:
        """What it is called."""
        return _SCALES[self]


class Waiver(StrEnum):
    """For what nothing is charged."""

    WELFARE = "welfare"  # 公益: governance and welfare
    MUTUAL = "mutual_recognition"  # 互认: mirrored from another exchange

    @property
    def label(self) -> Words:
        """What the ground is called."""
        return _WAIVERS[self]


_KINDS: Final = {
    Kind.TRANSACTION: Words("交易服务费", "transaction"),
    Kind.LISTING: Words("挂牌服务费", "listing"),
    Kind.DELIVERY: Words("交付服务费", "delivery"),
    Kind.BROKER: Words("经纪服务费", "broker"),
    Kind.CERTIFICATE: Words("凭证服务费", "certificate"),
    Kind.MEMBERSHIP: Words("会员年费", "yearly membership"),
    Kind.REGISTRATION: Words("登记服务费", "registration of a data resource"),
    Kind.ASSESSMENT: Words("评估服务费", "assessment of a scenario"),
}
OF_A_LISTING: Final = frozenset({Kind.LISTING, Kind.CERTIFICATE})
"""What is charged of a product that is listed."""

_FLAT: Final = frozenset(
    {Kind.LISTING, Kind.CERTIFICATE, Kind.MEMBERSHIP, Kind.REGISTRATION, Kind.ASSESSMENT}
)
_PAYERS: Final = {
    Payer.SELLER: Words("卖方", "seller"),
    Payer.BUYER: Words("买方", "buyer"),
    Payer.BOTH: Words("双方各半", "both, half each"),
}
_EVERY: Final = {
    Every.PRODUCT: Words("每个产品一次", "once a product"),
    Every.VERSION: Words("每个挂牌版本一次", "with each version listed"),
    Every.YEAR: Words("在挂期间每年一次", "each year while it is listed"),
}
_SCALES: Final = {
    Scale.ORDER: Words("按单笔订单金额分段", "by the amount of the order"),
    Scale.YEAR: Words("按卖方当年成交额分段", "by the seller's volume of the year"),
}
_WAIVERS: Final = {
    Waiver.WELFARE: Words("公益用途", "welfare"),
    Waiver.MUTUAL: Words("互认互通", "mutual recognition"),
}
