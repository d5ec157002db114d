"""What a webhook can tell (事件种类), and whom: the parties of what it happened to, nobody else.

A notice names what happened and to what, and no more: whoever may see more asks for it
with a token, and is decided upon then.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy.orm import Session

from delivery import tasks
from delivery.packages import packages
from delivery.passing import reviews
from kernel.words import Words
from licensing import authorisations
from marketplace import orders, products
from marketplace.integrity import flags
from marketplace.terms.rows import SubscriptionTerm
from settlement import payouts
from settlement.metering import bills

Parties: TypeAlias = Callable[[Session, str], Mapping[str, Mapping[str, str]]]
"""Takes a subject; returns organisation → what besides the subject's id it is told."""


class Told(NamedTuple):
    """A kind of notice. parties: who is told, and what."""

    words: Words
    parties: Parties


def _order(session: Session, subject: str) -> Mapping[str, Mapping[str, str]]:
    found = orders.find(session, subject)
    said = {"order_id": found.id}
    return dict.fromkeys((found.buyer_id, found.seller_id), said)


def _delivery(session: Session, subject: str) -> Mapping[str, Mapping[str, str]]:
    found = tasks.find(session, subject)
    said = {"delivery_id": found.id, "order_id": found.order_id}
    return dict.fromkeys((found.buyer_id, found.seller_id), said)


def _package(session: Session, subject: str) -> Mapping[str, Mapping[str, str]]:
    found = packages.find(session, subject)
    return {found.buyer_id: {"package_id": found.id, "delivery_id": found.task_id}}


def _review(session: Session, subject: str) -> Mapping[str, Mapping[str, str]]:
    found = reviews.find(session, subject)
    return {found.requester_id: {"review_id": found.id, "delivery_id": found.task_id}}


def _bill(session: Session, subject: str) -> Mapping[str, Mapping[str, str]]:
    found = bills.find(session, subject)
    said = {"bill_id": found.id, "order_id": found.order_id}
    return dict.fromkeys((found.buyer_id, found.seller_id), said)


def _term(session: Session, subject: str) -> Mapping[str, Mapping[str, str]]:
    found = session.get_one(SubscriptionTerm, subject)
    said = {"subscription_id": found.id, "order_id": found.order_id}
    return dict.fromkeys((found.buyer_id, found.seller_id), said)


def _payout(session: Session, subject: str) -> Mapping[str, Mapping[str, str]]:
    found = payouts.find(session, subject)
    return {found.party_id: {"payout_id": found.id}}


def _authorisation(session: Session, subject: str) -> Mapping[str, Mapping[str, str]]:
    found = authorisations.find(session, subject)
    said = {"authorisation_id": found.id}
    return dict.fromkeys((found.grantee_id, found.operator_id), said)


def _product(session: Session, subject: str) -> Mapping[str, Mapping[str, str]]:
    found = products.find(session, subject)
    return {found.owner_id: {"product_id": found.id}}


def _flag(session: Session, subject: str) -> Mapping[str, Mapping[str, str]]:
    found = flags.find(session, subject)
    return {found.merchant_id: {"order_id": found.order_id, "rule": found.rule}}


# fmt: off
KINDS: Final[Mapping[str, Told]] = {
    "order.placed":             Told(Words("收到订单", "An order was placed"), _order),
    "order.contract_signed":    Told(Words("合同已签署", "Its contract is signed"), _order),
    "order.paid":               Told(Words("订单已付款", "An order is paid"), _order),
    "order.delivered":          Told(Words("订单交付完成", "An order is delivered"), _order),
    "order.accepted":           Told(Words("订单已验收", "An order is accepted"), _order),
    "order.disputed":           Told(Words("订单发生争议", "An order is disputed"), _order),
    "order.refunded":           Told(Words("订单已退款", "An order is refunded"), _order),
    "order.completed":          Told(Words("订单结算完成", "An order is complete"), _order),
    "order.cancelled":          Told(Words("订单已取消", "An order is cancelled"), _order),
    "integrity_flag.raised":    Told(Words("成交暂不计入", "A trade is set aside"), _flag),
    "integrity_flag.established": Told(Words("成交不计入", "A trade does not count"), _flag),
    "integrity_flag.confirmed": Told(Words("成交认定不计入", "It stays out of the count"), _flag),
    "integrity_flag.cleared":   Told(Words("成交恢复计入", "A trade counts again"), _flag),
    "integrity_flag.overturned": Told(Words("成交重新计入", "It counts after all"), _flag),
    "term.ending":              Told(Words("包期即将到期", "A subscription will end"), _term),
    "term.not_renewed_alone":   Told(Words("未能自动续订", "It was not renewed"), _term),
    "term.lapsed":              Told(Words("包期停用", "A subscription is closed"), _term),
    "term.ended":               Told(Words("包期终止", "A subscription has ended"), _term),
    "delivery.provisioned":     Told(Words("交付已开通", "A delivery is ready to read"), _delivery),
    "delivery.completed":       Told(Words("交付完成", "A delivery is complete"), _delivery),
    "delivery.suspended":       Told(Words("交付暂停", "A delivery is suspended"), _delivery),
    "delivery.resumed":         Told(Words("交付恢复", "A delivery is resumed"), _delivery),
    "delivery.revoked":         Told(Words("交付撤销", "A delivery is revoked"), _delivery),
    "package.made":             Told(Words("文件包就绪", "A package is ready"), _package),
    "package.failed":           Told(Words("文件包制作失败", "A package failed"), _package),
    "egress.released":          Told(Words("出域结果已放行", "A result was released"), _review),
    "egress.refused":           Told(Words("出域结果未放行", "A result was refused"), _review),
    "bill.issued":              Told(Words("账单已出", "A bill was issued"), _bill),
    "bill.settled":             Told(Words("账单已结清", "A bill is paid"), _bill),
    "payout.paid":              Told(Words("结算款已付出", "A settlement was paid out"), _payout),
    "payout.returned":          Told(Words("结算款被退回", "A payout came back"), _payout),
    "authorisation.suspended":  Told(Words("授权暂停", "A right is suspended"), _authorisation),
    "authorisation.resumed":    Told(Words("授权恢复", "A right is resumed"), _authorisation),
    "authorisation.revoked":    Told(Words("授权撤销", "A right is revoked"), _authorisation),
    "product.listed":           Told(Words("产品挂牌", "A product is listed"), _product),
    "product.suspended":        Told(Words("产品暂停", "A product is suspended"), _product),
}
# fmt: on

PING: Final = "ping"
"""The kind of a notice that only tries the way."""
