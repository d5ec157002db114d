"""A meter (计量账户): what one order line is charged by, whatever of it is used or reported.

Opened when the line goes into delivery, stopped while its buyer cannot pay, closed with
the order. Money follows from it in two ways: from a prepaid wallet hour by hour, or by a
bill afterwards. Everything is copied from the order line; nothing here changes its terms.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypedDict

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Duty, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Living
from kernel.errors import DomainError, Kind, NotFound, Refusal
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, ask, step
from settlement import access
from settlement.metering import tariffs
from settlement.metering.tariffs import Tariff


class State(StrEnum):
    """Whether use is admitted."""

    OPEN = "open"
    STOPPED = "stopped"
    CLOSED = "closed"


class Mode(StrEnum):
    """How the use is paid."""

    WALLET = "wallet"
    POSTPAID = "postpaid"


class Basis(StrEnum):
    """What is charged."""

    USE = "use"  # what was used
    OVERAGE = "overage"  # what was used beyond a subscription's quota
    REPORT = "report"  # a share of what the buyer reports
    MILESTONES = "milestones"  # parts of a project


class Stop(StrEnum):
    """Why a meter stands, as the code of the refusal."""

    WALLET_EMPTY = "WALLET_EMPTY"
    CREDIT_EXHAUSTED = "CREDIT_EXHAUSTED"
    BILL_OVERDUE = "BILL_OVERDUE"


_WHY: Final = {
    Stop.WALLET_EMPTY: Words(
        "预存款不足，请充值后继续使用", "the wallet is empty: top it up to go on"
    ),
    Stop.CREDIT_EXHAUSTED: Words("后付费额度已用完", "the credit for later payment is used up"),
    Stop.BILL_OVERDUE: Words("账单逾期未付，已暂停交付", "a bill is overdue: delivery stands"),
}


class Meter(Living, Base):
    """One order line that is charged by use, report or milestone.

    unit: what `units` of use are ("call", "row", "byte"), "fen" of a report. milestones:
    {"share_bp", "criterion", "fen"} each, of a project. sale: what escrow must know to
    divide what is paid (`escrow.AcceptedLine` without its amount). stopped_at,
    stopped_for: while it stands. until: the last day of the use that was agreed; ended_on:
    the last day that there was.
    """

    __tablename__ = "meters"
    __table_args__ = (
        UniqueConstraint("order_line_id"),
        CheckConstraint("buyer_id <> seller_id", name="buyer_is_not_seller"),
        CheckConstraint("mode IN ('wallet', 'postpaid')", name="mode_is_known"),
        CheckConstraint("(state = 'stopped') = (stopped_for IS NOT NULL)", name="stopped_says_why"),
        CheckConstraint("(state = 'closed') = (ended_on IS NOT NULL)", name="closed_says_when"),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
        Index(None, "order_id", "id"),
        Index(None, "mode", "state", "id"),
    )

    order_id: Mapped[str]
    order_code: Mapped[str]
    order_line_id: Mapped[str]
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    sale: Mapped[dict[str, Any]]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    mode: Mapped[str]
    basis: Mapped[str]
    unit: Mapped[str]
    tariff: Mapped[dict[str, Any]]
    milestones: Mapped[list[Any]]
    cycle: Mapped[str]
    until: Mapped[date]
    began_on: Mapped[date]
    ended_on: Mapped[date | None]
    stopped_for: Mapped[str | None]
    stopped_at: Mapped[Instant | None]
    opened_at: Mapped[Instant]

    @property
    def charges(self) -> Tariff:
        """How the use is charged."""
        return tariffs.read(self.tariff)

    @property
    def title(self) -> Words:
        """What was bought."""
        return Words(self.title_zh, self.title_en)


class Terms(TypedDict):
    """What an order line says of how it is charged; see Meter."""

    order_id: str
    order_code: str
    order_line_id: str
    buyer_id: str
    seller_id: str
    sale: dict[str, Any]
    title_zh: str
    title_en: str
    mode: str
    basis: str
    unit: str
    tariff: dict[str, Any]
    milestones: list[Any]
    cycle: str
    until: date


class UseRefused(DomainError):
    """The meter does not admit use now."""

    kind = Kind.FORBIDDEN
    code = "use-refused"
    title = Words("不能按量使用", "Metered use is refused")


def _stop(meter: Meter, work: Work, data: dict[str, Any]) -> None:
    meter.stopped_for, meter.stopped_at = Stop(data["reason"]).value, work.now


def _resume(meter: Meter, _work: Work, _data: dict[str, Any]) -> None:
    meter.stopped_for = meter.stopped_at = None


def _close(meter: Meter, work: Work, data: dict[str, Any]) -> None:
    _resume(meter, work, data)
    meter.ended_on = local_date(work.now)


seller = its("seller", "seller_id", Duty.EDITOR, Duty.DATA_ENGINEER, Duty.FINANCE)
buyer = its("buyer", "buyer_id", Duty.EDITOR, Duty.FINANCE, Duty.SIGNER)

# fmt: off
LIFE: Workflow[State, Meter] = Workflow(
    "meter", State, State.OPEN,
    step("stop",   {State.OPEN, State.STOPPED}, State.STOPPED, system_only,
         asks=(ask("reason", "choice", choices=tuple(Stop)),), then=(_stop,),
         says="meter.stopped", label=Words("停止计量交付", "Stop")),
    step("resume", {State.STOPPED}, State.OPEN, system_only, then=(_resume,),
         says="meter.resumed", label=Words("恢复计量交付", "Resume")),
    step("close",  {State.OPEN, State.STOPPED}, State.CLOSED, system_only, then=(_close,),
         says="meter.closed", label=Words("关闭计量", "Close")),
)
# fmt: on


def open_for(work: Work, lines: Sequence[Terms]) -> list[Meter]:
    """Open a meter for each line that has none yet. Opening twice changes nothing. One SELECT."""
    there = of_lines(work.session, [line["order_line_id"] for line in lines])
    made = [_opened(work, line) for line in lines if line["order_line_id"] not in there]
    return [*there.values(), *made]


def stop(work: Work, meter: Meter, reason: Stop) -> None:
    """Stop the meter, as the house; one that stands for this reason, or is closed, stays so."""
    if meter.state != State.CLOSED and meter.stopped_for != reason:
        LIFE.take("stop", meter, work.as_system(), reason=reason.value)


def resume(work: Work, meter: Meter, reason: Stop) -> None:
    """Let the meter run again, as the house, if it stands for this reason."""
    if meter.state == State.STOPPED and meter.stopped_for == reason:
        LIFE.take("resume", meter, work.as_system())


def close_for(work: Work, order_id: str, basis: Basis) -> None:
    """Close the meters of an order that charge so, as the house. One SELECT."""
    for meter in of_order(work.session, order_id):
        if meter.basis == basis:
            close(work, meter)


def close(work: Work, meter: Meter) -> None:
    """Close the meter, as the house; one that is closed stays so."""
    if meter.state != State.CLOSED:
        LIFE.take("close", meter, work.as_system())


def running(session: Session, order_id: str) -> bool:
    """Tell whether a meter of the order is not closed. One SELECT on an index."""
    return any(meter.state != State.CLOSED for meter in of_order(session, order_id))


def barred(meter: Meter) -> Refusal | None:
    """Return why the meter admits no use now, or None. Pure."""
    if meter.state == State.CLOSED:
        return Refusal("METER_CLOSED", "计量已关闭", "the meter is closed")
    if meter.stopped_for is not None:
        why = _WHY[Stop(meter.stopped_for)]
        return Refusal(meter.stopped_for, why.zh, why.en)
    return None


def refused(reason: Refusal) -> UseRefused:
    """Return the error that tells this reason."""
    return UseRefused(reason.zh, reason.en, (reason,))


def find(session: Session, meter_id: str) -> Meter:
    """Return the meter. Raises NotFound. One SELECT by key."""
    found = session.get(Meter, meter_id)
    if found is None:
        raise _missing(meter_id)
    return found


def seen(work: Work, meter_id: str) -> Meter:
    """Return the meter to its buyer, its seller and overseers; to others it does not exist."""
    found = find(work.session, meter_id)
    if work.actor.organisation != found.buyer_id:
        access.hide_from_strangers(work, found.seller_id, _missing(meter_id))
    return found


def locked(session: Session, meter_id: str) -> Meter:
    """Return the meter, locked: what is drawn or billed of it is reckoned by one at a time."""
    statement = (
        select(Meter)
        .where(Meter.id == meter_id)
        .with_for_update(key_share=True)  # use that comes in refers to it meanwhile
        .execution_options(populate_existing=True)
    )
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise _missing(meter_id)
    return found


def take(work: Work, meter_id: str, name: str, **data: Any) -> Meter:
    """Take one step in a meter's life. Raises what `Workflow.take` raises."""
    meter = seen(work, meter_id)
    LIFE.take(name, meter, work, **data)
    return meter


def of_line(session: Session, order_line_id: str) -> Meter | None:
    """Return the meter of an order line, if it has one. One SELECT on an index."""
    statement = select(Meter).where(Meter.order_line_id == order_line_id)
    return session.scalars(statement).one_or_none()


def of_lines(session: Session, order_line_ids: Iterable[str]) -> dict[str, Meter]:
    """Return order line → its meter, for lines that have one. One SELECT on an index."""
    statement = select(Meter).where(Meter.order_line_id.in_(sorted(set(order_line_ids))))
    return {meter.order_line_id: meter for meter in session.scalars(statement)}


def of_order(session: Session, order_id: str) -> list[Meter]:
    """Return the meters of an order, at most one a line. One SELECT on an index."""
    statement = select(Meter).where(Meter.order_id == order_id).order_by(Meter.id).limit(100)
    return list(session.scalars(statement))


def of_buyer(session: Session, buyer_id: str, *, mode: Mode, limit: int = 500) -> list[Meter]:
    """Return the buyer's meters that are not closed. One SELECT on an index."""
    statement = (
        select(Meter)
        .where(Meter.buyer_id == buyer_id, Meter.mode == mode, Meter.state != State.CLOSED)
        .order_by(Meter.id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def listed(
    work: Work, *, order_id: str | None = None, after: str | None, limit: int
) -> Page[Meter]:
    """Return the meters that the caller may see, newest first. One SELECT on an index."""
    statement = select(Meter)
    if not access.oversees(work.actor):
        own = work.actor.organisation
        statement = statement.where(or_(Meter.buyer_id == own, Meter.seller_id == own))
    if order_id is not None:
        statement = statement.where(Meter.order_id == order_id)
    return keyset(work.session, statement, by=((Meter.id, "desc"),), after=after, limit=limit)


def _opened(work: Work, line: Terms) -> Meter:
    made = Meter(
        id=ids.new("mtr_", work.now),
        state=State.OPEN,
        began_on=local_date(work.now),
        ended_on=None,
        stopped_for=None,
        stopped_at=None,
        opened_at=work.now,
        **line,
    )
    work.session.add(made)
    work.record("meter.opened", made.id, order_id=made.order_id, mode=made.mode, basis=made.basis)
    return made


def _missing(meter_id: str) -> NotFound:
    return NotFound("没有这个计量账户", f"no meter {meter_id}")
