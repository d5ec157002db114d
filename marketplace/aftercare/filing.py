"""How a dispute is raised, and what its parties show while it is heard."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kernel import ids, numbers
from kernel.actor import Actor, Who
from kernel.clock import local_date
from kernel.errors import Invalid, Refusal, StepRefused, refuse
from kernel.money import Money
from kernel.work import Work
from marketplace import access, lines, orders
from marketplace.aftercare import dispute_rows as rows
from marketplace.aftercare import disputes, executing, papers, remedies
from marketplace.aftercare.dispute_rows import CLAIMABLE, Ground, Remedy, State, TradeDispute
from marketplace.aftercare.disputes import LIFE, OPEN_TO_EVIDENCE, buyer, seller
from marketplace.aftercare.papers import Opened, Piece
from marketplace.ordering import guards
from marketplace.orders import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a buyer says. amount: asked back, for a price reduction. line_ids: none means all."""

    ground: Ground
    said: str
    wanted: Remedy
    amount: Money | None = None
    line_ids: tuple[str, ...] = ()


def file(work: Work, order_id: str, claim: Claim) -> TradeDispute:
    """Raise a dispute about an order, or some lines of it; its money is held from now on.

    Raises NotFound, StepNotAllowed, Invalid with a pointer, and StepRefused with every reason.
    """
    order = orders.seen(work, order_id)
    work.session.refresh(order, with_for_update=True)
    access.require(work, buyer, order, "trade_dispute.file")
    refuse((*barred(work, order), *_decided(work, order, claim.ground)))
    chosen = _chosen(work, order, claim)
    series = f"DS-{local_date(work.now).year}"
    made = TradeDispute(
        id=ids.new("tds_", work.now),
        state=State.FILED,
        code=f"{series}-{numbers.following(work.session, series):06}",
        order_id=order.id,
        buyer_id=order.buyer_id,
        seller_id=order.seller_id,
        line_ids=[line.id for line in chosen],
        ground=Ground(claim.ground).value,
        claim=_said(claim),
        wanted=_wanted(order, claim),
        claimed=_claimed(sum((line.amount for line in chosen), Money(0)), claim),
        order_was=str(order.state),
        filed_by=work.actor.person,
        filed_at=work.now,
        awarded_minor=0,
        fee_refund=False,
        verified=False,
        buyer_agreed=False,
        seller_agreed=False,
    )
    work.session.add(made)
    whole = len(chosen) == len(lines.of(work.session, order.id))
    executing.stop(work, made, order, whole=whole and claim.wanted != Remedy.PRICE_REDUCTION)
    LIFE.take("file", made, work, order_id=order.id, ground=made.ground, amount=made.claimed)
    return made


def barred(work: Work, order: Order) -> tuple[Refusal, ...]:
    """Return every reason why no dispute can be raised about an order now. One SELECT."""
    found = []
    if order.state not in orders.DISPUTABLE:
        zh, en = "订单目前不能提出争议", f"an order that is {order.state} is not disputed"
        found.append(Refusal("NOT_DISPUTABLE", zh, en))
    if rows.open_of(work.session, order.id) is not None:
        found.append(Refusal("DISPUTED_ALREADY", "该订单已有未结争议", "it is disputed already"))
    if (running := guards.redelivery_is_overdue(order, work)) is not None:
        found.append(running)
    since, days = order.accepted_at, work.rules.number("aftercare.dispute_days")
    if since is not None and local_date(work.now) > local_date(since) + timedelta(days=days):
        zh, en = f"验收后 {days} 日内可提出争议", f"it is raised within {days} days of acceptance"
        found.append(Refusal("TOO_LATE_TO_DISPUTE", zh, en))
    return tuple(found)


def show_evidence(
    work: Work, dispute_id: str, *, said: str, name: str = "", content: bytes | None = None
) -> Piece:
    """Add a piece of evidence, as a party, while it is heard. Raises as `papers.keep`."""
    found = disputes.seen(work, dispute_id)
    access.require(work, party, found, "trade_dispute.show_evidence")
    if found.state not in OPEN_TO_EVIDENCE:
        zh, en = "举证已经结束", "no more evidence is taken"
        raise StepRefused(zh, en, (Refusal("EVIDENCE_CLOSED", zh, en),))
    return papers.keep(work, found.id, said=said, name=name, content=content)


def opened(work: Work, dispute_id: str, piece_id: str) -> Opened:
    """Return a file of the evidence that the caller may see; the reading is recorded."""
    return papers.opened(work, disputes.seen(work, dispute_id).id, piece_id)


def _a_party(actor: Actor, subject: object) -> bool:
    return buyer.matches(actor, subject) or seller.matches(actor, subject)


party: Final = Who("its buyer or its seller", _a_party)
"""Who shows evidence."""


def _decided(work: Work, order: Order, ground: Ground) -> tuple[Refusal, ...]:
    """Return a reason if the same was dismissed before: nothing is ruled on twice."""
    for one in rows.of_order(work.session, order.id):
        same = (one.state, one.ground, one.remedy) == (State.CLOSED, ground, Remedy.DISMISS)
        if same:
            zh, en = f"同一事由已由 {one.code} 驳回", f"{one.code} has dismissed this ground"
            return (Refusal("DISMISSED_BEFORE", zh, en),)
    return ()


def _chosen(work: Work, order: Order, claim: Claim) -> list[lines.OrderLine]:
    found, wanted = lines.of(work.session, order.id), set(claim.line_ids)
    if strange := wanted - {line.id for line in found}:
        en = f"no line of this order: {min(strange)}"
        raise Invalid("不是此订单的订单行", en, pointer="/line_ids")
    return [line for line in found if not wanted or line.id in wanted]


def _said(claim: Claim) -> str:
    said = claim.said.strip()
    if not 1 <= len(said) <= papers.SAID_MAX:
        raise Invalid("请说明争议事实", "say what is disputed", pointer="/claim")
    return said


def _wanted(order: Order, claim: Claim) -> str:
    if claim.wanted not in CLAIMABLE:
        raise Invalid("请求事项不正确", "this cannot be asked for", pointer="/wanted")
    if not remedies.fits(claim.wanted, order.state):
        zh, en = "订单所处阶段不适用此处理方式", "it does not fit where the order stands"
        raise Invalid(zh, en, pointer="/wanted")
    return Remedy(claim.wanted).value


def _claimed(price: Money, claim: Claim) -> Money:
    if claim.wanted != Remedy.PRICE_REDUCTION:
        return price
    if claim.amount is None or claim.amount.minor <= 0 or (price.minor and claim.amount > price):
        zh, en = f"请求金额须大于零且不超过 {price}", f"above nothing, up to {price}"
        raise Invalid(zh, en, pointer="/amount")
    return claim.amount
