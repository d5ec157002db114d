"""An answer to a demand (需求响应): what a merchant offers, sealed to all but the buyer.

The one that is awarded becomes an agreed price, by which the buyer orders.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids, numbers
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import Invalid, NotFound, Refusal, StepRefused
from kernel.journal import Event
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, ask, step
from marketplace import access, orders, products, versions
from marketplace.bargaining import agreed_prices
from marketplace.bargaining.agreed_prices import Source
from marketplace.demands import demands
from marketplace.demands.demands import Demand
from marketplace.prices import PlanKind
from marketplace.products import Product

AWARDABLE: Final = frozenset({PlanKind.NEGOTIATED, PlanKind.ONE_OFF, PlanKind.LISTING_FIXED})
"""The price plans of which the quoted sum can take the place."""

ANSWERS_MAX: Final = 500
"""Answers to one demand that are compared at once."""


class State(StrEnum):
    """Where an answer stands."""

    SUBMITTED = "submitted"
    CHOSEN = "chosen"
    NOT_CHOSEN = "not_chosen"
    WITHDRAWN = "withdrawn"


_LIVE: Final = text("state <> 'withdrawn'")


class DemandAnswer(Living, Base):
    """One merchant's answer. quote: for all of it, tax included. plan: how it will be done.

    product_id: what is offered; None for what is yet to be made and listed.
    """

    __tablename__ = "demand_answers"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("quote_minor > 0", name="quote_positive"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index(
            "uq_demand_answers_one_live_each", "demand_id", "merchant_id", unique=True,
            sqlite_where=_LIVE, postgresql_where=_LIVE,
        ),
        Index(None, "merchant_id", "id"),
    )  # fmt: skip

    code: Mapped[str]
    demand_id: Mapped[str] = mapped_column(ForeignKey("demands.id"))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    product_id: Mapped[str | None] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int] = mapped_column(Big)
    quote: Mapped[Money] = composite(
        mapped_column("quote_minor", Big), mapped_column("quote_currency")
    )
    plan: Mapped[str]
    answered_at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a merchant offers."""

    quote: Money
    plan: str
    quantity: int = 1
    product_id: str | None = None


merchant = any_of(Role.MERCHANT, Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
answerer = its("merchant", "merchant_id", Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)


def _still_open(answer: DemandAnswer, work: Work) -> Refusal | None:
    if demands.find(work.session, answer.demand_id).state in demands.OPEN:
        return None
    return Refusal("DEMAND_NOT_OPEN", "该需求已停止响应", "the demand takes no answers any more")


# fmt: off
LIFE: Workflow[State, DemandAnswer] = Workflow(
    "demand_answer", State, State.SUBMITTED,
    step("submit",   {State.SUBMITTED}, State.SUBMITTED, answerer, own_door=True,
         says="demand_answer.submitted", label=Words("响应", "Answer")),
    step("choose",   {State.SUBMITTED}, State.CHOSEN, system_only, own_door=True,
         says="demand_answer.chosen", label=Words("选定", "Choose")),
    step("pass_over", {State.SUBMITTED}, State.NOT_CHOSEN, system_only, own_door=True,
         says="demand_answer.passed_over", label=Words("未选定", "Not chosen")),
    step("come_back", {State.NOT_CHOSEN}, State.SUBMITTED, system_only, own_door=True,
         says="demand_answer.came_back", label=Words("重新参与遴选", "Take part again")),
    step("drop",     {State.CHOSEN}, State.NOT_CHOSEN, system_only, own_door=True,
         says="demand_answer.dropped", label=Words("选定未成交", "Chosen, but not ordered")),
    step("withdraw", {State.SUBMITTED}, State.WITHDRAWN, answerer, when=(_still_open,),
         asks=(ask("reason", label=Words("原因", "Reason"), optional=True),),
         says="demand_answer.withdrawn", label=Words("撤回", "Withdraw")),
)
# fmt: on


def answer(work: Work, demand_id: str, offer: Offer) -> DemandAnswer:
    """Answer a demand that is open, once. Raises NotFound, StepNotAllowed, Invalid, StepRefused."""
    access.require(work, merchant, None, "demand.answer")
    organisations.require_active(work.session, work.actor.organisation)
    demands.seen(work, demand_id)
    demand = demands.locked(work.session, demand_id)
    _check(work, demand, offer)
    series = f"DA-{local_date(work.now).year}"
    made = DemandAnswer(
        id=ids.new("dan_", work.now),
        state=State.SUBMITTED,
        code=f"{series}-{numbers.following(work.session, series):06}",
        demand_id=demand.id,
        merchant_id=work.actor.organisation,
        product_id=offer.product_id,
        quantity=offer.quantity,
        quote=offer.quote,
        plan=offer.plan,
        answered_at=work.now,
    )
    work.session.add(made)
    LIFE.take("submit", made, work, demand_id=demand.id)
    if demand.state == demands.State.PUBLISHED:
        demands.LIFE.take("respond", demand, work.as_system())
    return made


def award(work: Work, demand_id: str, answer_id: str) -> Demand:
    """Choose one answer; its quote becomes a price at which the buyer orders.

    Raises StepNotAllowed, NotFound, StepRefused (nothing that could be ordered). Up to
    ANSWERS_MAX answers are told that they were not chosen.
    """
    demands.seen(work, demand_id)
    demand = demands.locked(work.session, demand_id)
    chosen = of_demand(work, demand, answer_id)
    demand.awarded_id = chosen.id
    demands.LIFE.take("award", demand, work, answer_id=chosen.id, amount=chosen.quote)
    product = _orderable(work, chosen)
    house = work.as_system()
    for each in _submitted(work.session, demand.id):
        LIFE.take("choose" if each.id == chosen.id else "pass_over", each, house)
    days = work.rules.number("clocks.award.limit_wd")
    agreed_prices.agree(
        work,
        source=Source.DEMAND,
        source_id=chosen.id,
        product_id=product.id,
        product_version_id=product.current_version_id,
        buyer_id=demand.buyer_id,
        seller_id=chosen.merchant_id,
        quantity=chosen.quantity,
        amount=chosen.quote,
        valid_until=work.calendar.due(local_date(work.now), days).date,
    )
    return demand


def reopen_due(work: Work, *, limit: int) -> int:
    """Let the buyer select again where the award was not ordered in time; return how many.

    One SELECT on an index.
    """
    price = agreed_prices.AgreedPrice
    statement = (
        select(Demand)
        .join(price, (price.source == Source.DEMAND) & (price.source_id == Demand.awarded_id))
        .where(
            Demand.state == demands.State.AWARDED,
            price.order_id.is_(None),
            price.valid_until < local_date(work.now),
        )
        .order_by(Demand.id)
        .limit(limit)
    )
    due = list(work.session.scalars(statement))
    for demand in due:
        _reopen(work, demand)
    return len(due)


def ordered(work: Work, event: Event) -> None:
    """After "order.signed" or "order.signed_free": the demand behind the order has its contract."""
    demand = _behind(work.session, event.subject)
    if demand is not None and demand.state == demands.State.AWARDED:
        demands.LIFE.take("contract", demand, work.as_system(), order_id=event.subject)


def fell_through(work: Work, event: Event) -> None:
    """After an order that did not come about: the buyer of its demand selects again."""
    demand = _behind(work.session, event.subject)
    if demand is not None and demand.state == demands.State.AWARDED:
        _reopen(work.as_system(), demand)


def completed(work: Work, event: Event) -> None:
    """After "order.completed": the demand is served."""
    demand = _behind(work.session, event.subject)
    if demand is not None and demand.state == demands.State.CONTRACTED:
        demands.LIFE.take("close", demand, work.as_system())


def take(work: Work, answer_id: str, name: str, **data: Any) -> DemandAnswer:
    """Take one step of an answer. Raises what `Workflow.take` raises."""
    found = seen(work, answer_id)
    LIFE.take(name, found, work, **data)
    return found


def find(session: Session, answer_id: str) -> DemandAnswer:
    """Return the answer. Raises NotFound. One SELECT by key."""
    found = session.get(DemandAnswer, answer_id)
    if found is None:
        raise _missing(answer_id)
    return found


def seen(work: Work, answer_id: str) -> DemandAnswer:
    """Return an answer to its merchant, its buyer and those who oversee; else NotFound."""
    found = find(work.session, answer_id)
    demand = demands.find(work.session, found.demand_id)
    if found.merchant_id == work.actor.organisation or demands.is_insider(work, demand):
        return found
    raise _missing(answer_id)


def of_demand(work: Work, demand: Demand, answer_id: str) -> DemandAnswer:
    """Return an answer to this very demand. Raises NotFound."""
    found = seen(work, answer_id)
    if found.demand_id != demand.id:
        raise _missing(answer_id)
    return found


def listed(work: Work, demand_id: str, *, after: str | None, limit: int) -> Page[DemandAnswer]:
    """Return one page of a demand's answers: all to its buyer, to a merchant its own.

    Raises NotFound. Two SELECTs.
    """
    demand = demands.seen(work, demand_id)
    statement = select(DemandAnswer).where(DemandAnswer.demand_id == demand.id)
    if not demands.is_insider(work, demand):
        statement = statement.where(DemandAnswer.merchant_id == work.actor.organisation)
    return keyset(work.session, statement, by=((DemandAnswer.id, "asc"),), after=after, limit=limit)


def own(work: Work, *, after: str | None, limit: int) -> Page[DemandAnswer]:
    """Return one page of the caller's own answers, newest first. One SELECT on an index."""
    statement = select(DemandAnswer).where(DemandAnswer.merchant_id == work.actor.organisation)
    return keyset(
        work.session, statement, by=((DemandAnswer.id, "desc"),), after=after, limit=limit
    )


def counts(session: Session, demand_ids: Sequence[str]) -> dict[str, int]:
    """Return demand → answers that stand. One SELECT on an index."""
    statement = (
        select(DemandAnswer.demand_id, func.count())
        .where(DemandAnswer.demand_id.in_(demand_ids), DemandAnswer.state != State.WITHDRAWN)
        .group_by(DemandAnswer.demand_id)
    )
    return dict(session.execute(statement).all())


def _check(work: Work, demand: Demand, offer: Offer) -> None:
    own_id = work.actor.organisation
    if demand.buyer_id == own_id:
        raise Invalid("不能响应本机构的需求", "one does not answer oneself", pointer="/demand_id")
    if demand.state not in demands.OPEN or demand.deadline < local_date(work.now):
        zh, en = "该需求已停止响应", "the demand takes no answers any more"
        raise StepRefused(zh, en, (Refusal("DEMAND_NOT_OPEN", zh, en),))
    if offer.quote.minor <= 0:
        raise Invalid("报价须为正数", "a quote is more than nothing", pointer="/quote")
    if not offer.plan.strip():
        raise Invalid("请说明方案", "say how it will be done", pointer="/plan")
    if offer.product_id is not None:
        product = products.seen(work, offer.product_id)
        if product.owner_id != own_id:
            raise Invalid("该产品不属于本机构", "it is somebody else's", pointer="/product_id")
    twice = select(DemandAnswer.id).where(
        DemandAnswer.demand_id == demand.id,
        DemandAnswer.merchant_id == own_id,
        DemandAnswer.state != State.WITHDRAWN,
    )
    if work.session.scalars(twice).first() is not None:
        zh, en = "本机构已响应此需求，请先撤回", "you have answered it: withdraw that first"
        raise StepRefused(zh, en, (Refusal("ANSWERED_ALREADY", zh, en),))


def _orderable(work: Work, chosen: DemandAnswer) -> Product:
    found: list[Refusal] = []
    product = products.find(work.session, chosen.product_id) if chosen.product_id else None
    if chosen.state != State.SUBMITTED:
        found.append(Refusal("ANSWER_NOT_STANDING", "该响应已撤回", "the answer was withdrawn"))
    if product is None:
        zh = "该响应没有关联产品：请供方先将产品挂牌并在响应中指明"
        found.append(Refusal("NO_PRODUCT", zh, "it names no product: the merchant lists one first"))
    elif product.state != products.State.LISTED:
        found.append(
            Refusal("PRODUCT_NOT_LISTED", "所指产品尚未挂牌", "the product is not listed yet")
        )
    elif _plan(work, product) not in AWARDABLE:
        zh = "该产品按量、包期或竞价计费，请直接下单或报价协商"
        en = "it is charged by use, by period or by auction: order it, or negotiate"
        found.append(Refusal("PLAN_NOT_AWARDABLE", zh, en))
    if product is None or found:
        raise StepRefused.of(tuple(found))
    return product


def _plan(work: Work, product: Product) -> str:
    return str(versions.find(work.session, product.current_version_id).price_plan["kind"])


def _reopen(work: Work, demand: Demand) -> None:
    for each in _answers(work.session, demand.id, State.CHOSEN):
        LIFE.take("drop", each, work)
    for each in _answers(work.session, demand.id, State.NOT_CHOSEN):
        if each.id != demand.awarded_id:
            LIFE.take("come_back", each, work)
    demand.awarded_id = None
    demands.LIFE.take("reopen", demand, work)


def _behind(session: Session, order_id: str) -> Demand | None:
    """Return the demand for whose award an order was placed. Three SELECTs on keys, at most."""
    found = orders.find(session, order_id)
    agreed = agreed_prices.of_order(session, found.id, Source.DEMAND)
    if agreed is None:
        return None
    answered = session.get(DemandAnswer, agreed.source_id)
    return demands.find(session, answered.demand_id) if answered else None


def _submitted(session: Session, demand_id: str) -> list[DemandAnswer]:
    return _answers(session, demand_id, State.SUBMITTED)


def _answers(session: Session, demand_id: str, state: State) -> list[DemandAnswer]:
    statement = (
        select(DemandAnswer)
        .where(DemandAnswer.demand_id == demand_id, DemandAnswer.state == state)
        .order_by(DemandAnswer.id)
        .limit(ANSWERS_MAX)
    )
    return list(session.scalars(statement))


def _missing(answer_id: str) -> NotFound:
    return NotFound("没有这个需求响应", f"no answer {answer_id}")
