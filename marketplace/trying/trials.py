"""A trial (试用): a limited, free look into a product's data, once for each organisation.

It is delivered as what was bought is: by the same gate, asked at each use, with its calls and
rows counted against their limits. It ends by itself after its days, or when its delivery does;
nothing of it is a trade, and nothing of it counts as volume. From it an order is one step.
"""

from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from catalogue.grades import Mode
from delivery import gate, tasks
from delivery.passing import allowances
from delivery.tasks import DeliveryTask
from delivery.ways import Way
from kernel import ids
from kernel.actor import Duty, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Living
from kernel.errors import Invalid, Refusal, refuse
from kernel.journal import Event
from kernel.parties import organisations
from kernel.parties.regions import COUNTRY
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, ask, step
from marketplace import access, orders, prices, products, uses
from marketplace.listings import months
from marketplace.ordering import guards
from marketplace.orders import Order
from marketplace.trying import offers
from marketplace.trying.offers import TrialOffer
from marketplace.uses import Use
from marketplace.versions import ProductVersion

PURPOSE: Final = "trial"
"""The purpose for which the delivery of a trial stands."""

USE_MONTHS: Final = 12
"""For how long what is ordered from a trial is to be used, where nothing else is said."""

_NOTE: Final = ask("note", label=Words("说明", "Note"), optional=True)


class State(StrEnum):
    """Whether it is under way."""

    ACTIVE = "active"
    ENDED = "ended"


class Trial(Living, Base):
    """One trial. until: its last day. order_id: what was ordered from it, the last time.

    purpose_text: what the buyer wants to find out, and will use the data for.
    """

    __tablename__ = "trials"
    __table_args__ = (
        UniqueConstraint("buyer_id", "product_id"),
        UniqueConstraint("task_id"),
        CheckConstraint("buyer_id <> seller_id", name="buyer_is_not_seller"),
        CheckConstraint("state IN ('active', 'ended')", name="state_is_known"),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
        Index(None, "product_id", "state", "id"),
        Index(None, "state", "until", "id"),
    )

    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    product_version_id: Mapped[str] = mapped_column(ForeignKey("product_versions.id"))
    offer_id: Mapped[str] = mapped_column(ForeignKey("trial_offers.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    task_id: Mapped[str] = mapped_column(ForeignKey("delivery_tasks.id"))
    purpose_text: Mapped[str]
    until: Mapped[date]
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"))
    begun_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]


_DUTIES: Final = (Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER, Duty.DATA_ENGINEER)
buyer = its("buyer", "buyer_id", *_DUTIES)
seller = its("seller", "seller_id", *_DUTIES)


def _end(trial: Trial, work: Work, _data: dict[str, Any]) -> None:
    trial.ended_at = work.now
    task = tasks.find(work.session, trial.task_id)
    if task.state in tasks.LIFE.steps["revoke"].source:
        reason = "试用结束 the trial is over"
        tasks.LIFE.take("revoke", task, work.as_system(), reason=reason)


# fmt: off
LIFE: Workflow[State, Trial] = Workflow(
    "trial", State, State.ACTIVE,
    step("begin", {State.ACTIVE}, State.ACTIVE, buyer, own_door=True,
         says="trial.begun", label=Words("开始试用", "Try it")),
    step("end",   {State.ACTIVE}, State.ENDED, (buyer, seller, system_only), asks=(_NOTE,),
         then=(_end,), says="trial.ended", label=Words("结束试用", "End the trial")),
)
# fmt: on


def begin(work: Work, product_id: str, *, purpose_text: str) -> Trial:
    """Take what is offered of a product, once for the caller's organisation.

    Raises NotFound, StepNotAllowed to who does not buy, Invalid without a purpose,
    StepRefused with every reason, BeyondOrder by the gate. Some SELECTs.
    """
    access.require(work, orders.purchaser, None, "trial.begin")
    if not 1 <= len(purpose_text.strip()) <= uses.PURPOSE_CHARACTERS_MAX:
        raise Invalid("请说明用途", "say what you want it for", pointer="/purpose_text")
    product, version = products.show(work, product_id)
    offered = offers.of_product(work.session, product.id)
    refuse((*_refused(work, product.owner_id, offered, product.id),
            *offers.barred(work, product, version)))  # fmt: skip
    assert offered is not None  # noqa: S101 - refused above
    trial_id = ids.new("tri_", work.now)
    task = _opened(work, trial_id, version, offered)
    made = Trial(
        id=trial_id,
        state=State.ACTIVE,
        product_id=product.id,
        product_version_id=version.id,
        offer_id=offered.id,
        buyer_id=work.actor.organisation,
        seller_id=product.owner_id,
        task_id=task.id,
        purpose_text=purpose_text.strip(),
        until=_until(work, offered),
        order_id=None,
        begun_at=work.now,
        ended_at=None,
    )
    LIFE.take("begin", made, work, product_id=product.id, task_id=task.id)
    work.session.add(made)
    return made


def order(work: Work, trial_id: str, *, quantity: int = 1, pay_mode: str | None = None) -> Order:
    """Order what was tried, for what it was tried for: in its present version and price.

    pay_mode: the usual one of its price, when none is named. The trial goes on to its end.
    Raises NotFound, StepNotAllowed, and StepRefused with every reason, also while an order
    from this trial is on its way.
    """
    trial = seen(work, trial_id)
    access.require(work, buyer, trial, "trial.order")
    if trial.order_id is not None:
        before = orders.find(work.session, trial.order_id)
        if before.state != orders.State.CLOSED:
            zh, en = f"已转为订单 {before.code}", f"it was ordered already: {before.code}"
            refuse((Refusal("ORDERED_FROM_TRIAL", zh, en),))
    _, version = products.show(work, trial.product_id)
    placed = orders.place(
        work,
        wanted=[{"product_id": trial.product_id, "quantity": quantity}],
        use=_use(work, trial, version),
        pay_mode=pay_mode or prices.modes(prices.parse(version.price_plan))[0],
    )
    trial.order_id = placed.id
    work.record("trial.ordered", trial.id, order_id=placed.id)
    return placed


def end_due(work: Work, *, limit: int) -> int:
    """End, as the house, the trials whose days are over: a job. One SELECT on an index."""
    statement = (
        select(Trial)
        .where(Trial.state == State.ACTIVE, Trial.until < local_date(work.now))
        .order_by(Trial.until, Trial.id)
        .limit(limit)
    )
    found = list(work.session.scalars(statement))
    for trial in found:
        LIFE.take("end", trial, work.as_system())
    return len(found)


def delivery_ended(work: Work, event: Event) -> None:
    """After "delivery.revoked": a trial whose delivery has ended is over."""
    statement = select(Trial).where(Trial.task_id == event.subject, Trial.state == State.ACTIVE)
    for trial in work.session.scalars(statement).all():
        LIFE.take("end", trial, work.as_system())


def require(work: Work, task: DeliveryTask) -> None:
    """Raise BeyondOrder, at a use, when what is tried is on the market no more.

    Nothing for what was ordered. Two SELECTs by key for a trial.
    """
    if not tasks.for_trial(task):
        return
    product = products.find(work.session, find(work.session, task.order_id).product_id)
    if product.state not in {products.State.LISTED, products.State.DELISTING}:
        raise gate.beyond("PRODUCT_NOT_LISTED", "该产品已不在挂牌中", "the product is not listed")


_OURS: Final = access.overseen(
    Trial, LIFE, Words("没有这次试用", "no trial"), "buyer_id", "seller_id"
)
find, seen, take, listed = _OURS.find, _OURS.seen, _OURS.take, _OURS.listed


def own_of(work: Work, product_id: str) -> Trial | None:
    """Return the trial that the caller's organisation took of a product. One SELECT by key."""
    statement = select(Trial).where(
        Trial.buyer_id == work.actor.organisation, Trial.product_id == product_id
    )
    return work.session.scalars(statement).one_or_none()


def _refused(
    work: Work, seller_id: str, offered: TrialOffer | None, product_id: str
) -> tuple[Refusal, ...]:
    own = work.actor.organisation
    found = [guards.not_active(work, party) for party in sorted({own, seller_id})]
    if offered is None:
        found.append(Refusal("NO_TRIAL_OFFERED", "该产品未提供试用", "no trial of it is offered"))
    if own == seller_id:
        found.append(Refusal("SELF_TRADE", "不得试用自己的产品", "nobody tries what is its own"))
    if own_of(work, product_id) is not None:
        zh, en = "贵机构已试用过此产品", "your organisation has tried it already"
        found.append(Refusal("TRIED_ALREADY", zh, en))
    return tuple(filter(None, found))


def _opened(
    work: Work, trial_id: str, version: ProductVersion, offered: TrialOffer
) -> DeliveryTask:
    """Open the delivery of a trial, within its limits. Raises BeyondOrder by the gate."""
    mode = offers.MODES[Mode(version.delivery_mode)]
    line: tasks.Line = {
        "order_line_id": trial_id,
        "product_version_id": version.id,
        "buyer_id": work.actor.organisation,
        "seller_id": offered.seller_id,
        "authorisation_id": None,
        "resource_id": None,
        "dataset_version_id": version.dataset_version_id,
        "mode": mode.value,
        "grade": version.grade,
        "pi_class": version.pi_class,
        "origin": version.source_kind,
        "purpose_code": PURPOSE,
        "items": version.items,
        "output_form": version.output_form,
        "region": COUNTRY,
        "use_until": _until(work, offered),
    }
    (task,) = tasks.open_for(work, order_id=trial_id, lines=[line])
    allowances.grant(work.session, task.id, gate.CALLS, offered.calls)
    allowances.grant(work.session, task.id, gate.ROWS, offered.rows)
    # Its seller has agreed to it by offering it.
    tasks.LIFE.take("open", task, work.as_system())
    gate.require(work, task, Way.API)
    return task


def _until(work: Work, offered: TrialOffer) -> date:
    return local_date(work.now) + timedelta(days=offered.days - 1)


def _use(work: Work, trial: Trial, version: ProductVersion) -> Use:
    today = local_date(work.now)
    home = organisations.find(work.session, trial.buyer_id)
    return Use(
        field=version.application_field,
        purpose_code="other",
        purpose_text=trial.purpose_text,
        region=home.region,
        period_from=today,
        period_to=months.later(today, USE_MONTHS),
    )
