"""What stands in the way of a step of an order, said in words: its guards.

They take the order by its shape.
"""

from typing import Protocol

from kernel import watch
from kernel.actor import Role
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.money import Money
from kernel.parties import organisations, relations
from kernel.work import Work
from marketplace.ordering import rejections


class Ordered(Protocol):
    """What is asked of an order here."""

    id: str
    state: str
    buyer_id: str
    seller_id: str
    total: Money
    rejections: int


def parties_are_active(order: Ordered, work: Work) -> Refusal | None:
    """Guard: both parties may trade."""
    found = (not_active(work, party) for party in (order.buyer_id, order.seller_id))
    return next(filter(None, found), None)


def not_active(work: Work, organisation_id: str) -> Refusal | None:
    """Return why an organisation may not trade now. One SELECT by key."""
    found = organisations.find(work.session, organisation_id)
    if found.state == organisations.State.ACTIVE:
        return None
    return Refusal(
        "ORG_RESTRICTED", f"{found.name_zh} 未处于正常状态", f"{found.name_en} is not active"
    )


def is_near(work: Work, seller_id: str) -> bool:
    """Tell whether the caller's organisation is known to be related to a seller (I-53)."""
    own, today = work.actor.organisation, local_date(work.now)
    return relations.are_related(work.session, own, seller_id, on=today)


def has_a_price(order: Ordered, _work: Work) -> Refusal | None:
    """Guard: there is something to pay in advance."""
    if order.total.minor == 0:
        return Refusal("NOTHING_TO_PAY", "订单无需付款", "there is nothing to pay")
    return None


def is_free(order: Ordered, _work: Work) -> Refusal | None:
    """Guard: nothing is to be paid in advance."""
    if order.total.minor > 0:
        return Refusal("PAYMENT_NEEDED", "订单须付款", "the order must be paid")
    return None


def silence_is_over(order: Ordered, work: Work) -> Refusal | None:
    """Guard: the house accepts once the days of acceptance are over (I-57)."""
    clock = watch.running(work.session, order.id)
    by_silence = Role.SYSTEM in work.actor.roles
    if by_silence and clock is not None and clock.due_on >= local_date(work.now):
        return Refusal(
            "ACCEPTANCE_RUNNING",
            f"买方可在 {clock.due_on} 前验收",
            f"the buyer may inspect until {clock.due_on}",
        )
    return None


def not_rejected_before(order: Ordered, _work: Work) -> Refusal | None:
    """Guard: what was delivered again is not rejected, but disputed."""
    if order.rejections > 0:
        return Refusal(
            "REJECTED_BEFORE",
            "已退回过一次，如仍不符请提出争议",
            "it was rejected once before: raise a dispute instead",
        )
    return None


def delivered_anew(order: Ordered, work: Work) -> Refusal | None:
    """Guard: what was rejected and is delivered by hand has come in a further round."""
    if rejections.delivered_anew(work.session, order.id):
        return None
    return Refusal(
        "NOT_DELIVERED_ANEW",
        "请先上传新一轮交付文件",
        "hand the files over in a further round first",
    )


def redelivery_is_overdue(order: Ordered, work: Work) -> Refusal | None:
    """Guard: a seller that was asked to deliver again has its working days to do so."""
    clock = watch.running(work.session, order.id)
    if order.state != "redelivery" or clock is None or clock.due_on < local_date(work.now):
        return None
    return Refusal(
        "REDELIVERY_RUNNING",
        f"卖方可在 {clock.due_on} 前补充交付",
        f"the seller may deliver again until {clock.due_on}",
    )


def not_signed_by_both(order: Ordered, _work: Work) -> Refusal | None:
    """Guard: what both have signed is cancelled by agreement alone."""
    if order.state != "awaiting_payment":
        return None
    return Refusal(
        "SIGNED_BY_BOTH",
        "合同已双方签署，须经双方同意取消：请提出取消申请",
        "both have signed: ask the other party to agree to a cancellation",
    )
