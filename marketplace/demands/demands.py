"""A demand (数据需求): what a buyer looks for, published so that merchants answer with offers.

Source: matching of supply and demand (供需对接): published for a term of some working days,
then the buyer selects; what nobody answers is asked of the departments.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any, Final, Unpack

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids, numbers
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import NotFound, Refusal
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from marketplace import access
from marketplace.demands import wishes
from marketplace.demands.wishes import Visibility, Wish


class State(StrEnum):
    """Where a demand stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RESPONDING = "responding"
    SELECTING = "selecting"
    AWARDED = "awarded"
    CONTRACTED = "contracted"
    CLOSED = "closed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


OPEN: Final = frozenset({State.PUBLISHED, State.RESPONDING})
"""The states in which merchants may answer."""


class Demand(Living, Base):
    """One demand of one buyer.

    items: {"name", "meaning"} each, what is wanted. regions: codes of GB/T 2260.
    budget_min, budget_max: fen, both or one of them may be open. deadline: the last day for
    answers. broadcast: whether other exchanges may be told. awarded_id: the answer that was chosen.
    """

    __tablename__ = "demands"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("budget_min >= 0", name="budget_not_negative"),
        CheckConstraint("budget_max >= budget_min", name="budget_not_backwards"),
        CheckConstraint(
            "state NOT IN ('awarded', 'contracted', 'closed') OR awarded_id IS NOT NULL",
            name="awarded_names_its_answer",
        ),
        Index(None, "buyer_id", "id"),
        Index(None, "state", "deadline", "id"),
    )

    code: Mapped[str]
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    title: Mapped[str]
    wanted: Mapped[str]
    purpose: Mapped[str]
    field: Mapped[str]
    items: Mapped[list[Any]]
    regions: Mapped[list[Any]]
    update_frequency: Mapped[str]
    delivery_mode: Mapped[str | None]
    budget_min: Mapped[int | None] = mapped_column(Big)
    budget_max: Mapped[int | None] = mapped_column(Big)
    deadline: Mapped[date]
    visibility: Mapped[str]
    broadcast: Mapped[bool]
    written_at: Mapped[Instant]
    published_at: Mapped[Instant | None]
    awarded_id: Mapped[str | None]


class DemandInvitation(Base):
    """Who was asked for an answer: one organisation of one demand that is not for everybody."""

    __tablename__ = "demand_invitations"
    __table_args__ = (Index(None, "organisation_id", "demand_id"),)

    demand_id: Mapped[str] = mapped_column(ForeignKey("demands.id"), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), primary_key=True)


wisher = any_of(Role.BUYER, Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
buyer = its("buyer", "buyer_id", Duty.EDITOR, Duty.SUBMITTER, Duty.SIGNER)
officer = any_of(Role.EXCHANGE_OPERATOR, Duty.COMPLIANCE_OFFICER)


def _window(demand: Demand, work: Work) -> Refusal | None:
    days = work.rules.number("demand.response_wd_min")
    first = work.calendar.due(local_date(work.now), days).date
    if demand.deadline >= first:
        return None
    return Refusal(
        "WINDOW_TOO_SHORT",
        f"响应期不得少于 {days} 个工作日：截止日最早为 {first}",
        f"merchants have {days} working days to answer: the deadline is {first} at the earliest",
    )


def _buyer_is_active(demand: Demand, work: Work) -> Refusal | None:
    if organisations.find(work.session, demand.buyer_id).state == organisations.State.ACTIVE:
        return None
    return Refusal("ORG_RESTRICTED", "需方未处于正常状态", "the buyer is not active")


def _published(demand: Demand, work: Work, _data: dict[str, Any]) -> None:
    demand.published_at = work.now


# fmt: off
LIFE: Workflow[State, Demand] = Workflow(
    "demand", State, State.DRAFT,
    step("revise",   {State.DRAFT}, State.DRAFT, buyer, own_door=True,
         says="demand.revised", label=Words("修改", "Revise")),
    step("publish",  {State.DRAFT}, State.PUBLISHED, buyer,
         when=(_buyer_is_active, _window), then=(_published,),
         says="demand.published", label=Words("发布", "Publish")),
    step("respond",  {State.PUBLISHED}, State.RESPONDING, system_only, own_door=True,
         says="demand.answered", label=Words("收到首个响应", "Answered")),
    step("select",   {State.RESPONDING}, State.SELECTING, (buyer, system_only),
         within="clocks.demand_award", overdue="expire", owner="buyer_id",
         says="demand.selecting", label=Words("停止响应并遴选", "Close the answers and select")),
    step("award",    {State.SELECTING}, State.AWARDED, buyer, own_door=True,
         says="demand.awarded", label=Words("选定", "Award")),
    step("reopen",   {State.AWARDED}, State.SELECTING, system_only, own_door=True,
         within="clocks.demand_award", overdue="expire", owner="buyer_id",
         says="demand.reopened", label=Words("选定未成交，重新遴选", "Select again")),
    step("contract", {State.AWARDED}, State.CONTRACTED, system_only, own_door=True,
         says="demand.contracted", label=Words("已签约", "Contracted")),
    step("close",    {State.CONTRACTED}, State.CLOSED, (buyer, system_only),
         says="demand.closed", label=Words("办结", "Close")),
    step("expire",   {*OPEN, State.SELECTING}, State.EXPIRED, system_only, own_door=True,
         says="demand.expired", label=Words("逾期失效", "Expire")),
    step("withdraw", {State.DRAFT, *OPEN, State.SELECTING}, State.WITHDRAWN, (buyer, officer),
         asks=(REASON,), says="demand.withdrawn", label=Words("撤回", "Withdraw")),
)
# fmt: on


def create(work: Work, **wish: Unpack[Wish]) -> Demand:
    """Write a demand, as a draft. Raises StepNotAllowed, NotActive, Invalid."""
    access.require(work, wisher, None, "demand.create")
    organisations.require_active(work.session, work.actor.organisation)
    given: dict[str, Any] = {**wishes.UNSAID, **wish}
    wishes.check(work, given)
    invited = given.pop("invited")
    series = f"DM-{local_date(work.now).year}"
    made = Demand(
        id=ids.new("dmd_", work.now),
        state=State.DRAFT,
        code=f"{series}-{numbers.following(work.session, series):06}",
        buyer_id=work.actor.organisation,
        written_at=work.now,
        published_at=None,
        awarded_id=None,
        **given,
    )
    work.session.add(made)
    _invite(work, made.id, invited)
    work.record("demand.created", made.id, code=made.code)
    return made


def revise(work: Work, demand_id: str, **wish: Unpack[Wish]) -> Demand:
    """Say otherwise what a draft says; what is not given stays. Raises Invalid."""
    demand = seen(work, demand_id)
    before = {**{name: getattr(demand, name) for name in _SAID},
              "invited": invited(work.session, demand.id)}  # fmt: skip
    given: dict[str, Any] = {**before, **wish}
    wishes.check(work, given)
    LIFE.take("revise", demand, work)
    _invite(work, demand.id, given.pop("invited"))
    for name, value in given.items():
        setattr(demand, name, value)
    return demand


def take(work: Work, demand_id: str, name: str, **data: Any) -> Demand:
    """Take one step of a demand. Raises what `Workflow.take` raises."""
    found = seen(work, demand_id)
    LIFE.take(name, found, work, **data)
    return found


def find(session: Session, demand_id: str) -> Demand:
    """Return the demand. Raises NotFound. One SELECT by key."""
    found = session.get(Demand, demand_id)
    if found is None:
        raise _missing(demand_id)
    return found


def locked(session: Session, demand_id: str) -> Demand:
    """Return the demand, held against others until the commit. Raises NotFound."""
    found = session.get(Demand, demand_id, with_for_update=True)
    if found is None:
        raise _missing(demand_id)
    return found


def seen(work: Work, demand_id: str) -> Demand:
    """Return the demand if the caller may see it, else raise the same NotFound.

    Its buyer and those who oversee always may; the invited and, of a public one, everybody
    from its publication on.
    """
    found = find(work.session, demand_id)
    if is_insider(work, found) or (found.published_at is not None and _is_open_to(work, found)):
        return found
    raise _missing(demand_id)


def is_insider(work: Work, demand: Demand) -> bool:
    """Tell whether the caller may see all of a demand: every answer, whatever its state."""
    return demand.buyer_id == work.actor.organisation or access.oversees(work.actor)


def listed(work: Work, *, field: str | None = None, after: str | None, limit: int) -> Page[Demand]:
    """Return one page of the demands that are open to the caller's answer, newest first."""
    statement = select(Demand).where(Demand.state.in_(OPEN))
    if not access.oversees(work.actor):
        statement = statement.where(
            or_(
                Demand.visibility == Visibility.PUBLIC,
                Demand.id.in_(_invitations(work.actor.organisation)),
            )
        )
    if field is not None:
        statement = statement.where(Demand.field == field)
    return keyset(work.session, statement, by=((Demand.id, "desc"),), after=after, limit=limit)


def own(work: Work, *, after: str | None, limit: int) -> Page[Demand]:
    """Return one page of the caller's own demands, newest first. One SELECT on an index."""
    statement = select(Demand).where(Demand.buyer_id == work.actor.organisation)
    return keyset(work.session, statement, by=((Demand.id, "desc"),), after=after, limit=limit)


def invited(session: Session, demand_id: str) -> list[str]:
    """Return who is invited to answer, in the order of their ids. One SELECT on an index."""
    statement = select(DemandInvitation.organisation_id).where(
        DemandInvitation.demand_id == demand_id
    )
    return list(session.scalars(statement.order_by(DemandInvitation.organisation_id)))


def close_due(work: Work, *, limit: int) -> int:
    """Close the answers of demands whose last day is over; return how many.

    With answers the buyer selects; without any the demand expires. One SELECT on an index.
    """
    statement = (
        select(Demand)
        .where(Demand.state.in_(OPEN), Demand.deadline < local_date(work.now))
        .order_by(Demand.deadline, Demand.id)
        .limit(limit)
    )
    due = list(work.session.scalars(statement))
    for demand in due:
        LIFE.take("select" if demand.state == State.RESPONDING else "expire", demand, work)
    return len(due)


def titles(session: Session, demand_ids: Iterable[str]) -> dict[str, str]:
    """Return id → title, for one page of a list. One SELECT."""
    statement = select(Demand.id, Demand.title).where(Demand.id.in_(set(demand_ids)))
    return dict(session.execute(statement).all())


_SAID: Final = tuple(name for name in Wish.__annotations__ if name != "invited")


def _invite(work: Work, demand_id: str, organisation_ids: Iterable[str]) -> None:
    work.session.execute(delete(DemandInvitation).where(DemandInvitation.demand_id == demand_id))
    # An invitation refers to its demand by id alone.
    work.session.flush()
    work.session.add_all(
        DemandInvitation(demand_id=demand_id, organisation_id=each)
        for each in dict.fromkeys(organisation_ids)
    )


def _invitations(organisation_id: str) -> Any:
    return select(DemandInvitation.demand_id).where(
        DemandInvitation.organisation_id == organisation_id
    )


def _is_open_to(work: Work, demand: Demand) -> bool:
    if demand.visibility == Visibility.PUBLIC:
        return True
    key = (demand.id, work.actor.organisation)
    return work.session.get(DemandInvitation, key) is not None


def _missing(demand_id: str) -> NotFound:
    return NotFound("没有这个数据需求", f"no demand {demand_id}")
