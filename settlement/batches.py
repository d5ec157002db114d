"""A settlement batch (结算批次): what is due is divided, checked by another, and posted.

Computing is pure and repeatable: the same obligations under the same rules give the same
digest, and only what the checker saw is posted. Each obligation is settled once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.clock import Instant, local_date
from kernel.crypto import canonical
from kernel.db import Base, Big, Living, append_only
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from licensing.pricing import periods, revenues
from settlement import access, escrow, ledger, shares
from settlement.escrow import Obligation
from settlement.ledger import AccountRef, Row
from settlement.shares import Part

OBLIGATIONS_MAX: Final = 200
"""The most obligations in one batch; the next batch takes the next ones."""


class State(StrEnum):
    """Where a batch stands."""

    COMPUTED = "computed"
    POSTED = "posted"
    DISCARDED = "discarded"


class SettlementBatch(Living, Base):
    """Obligations that fell due by `cutoff`, settled together. maker and checker: persons."""

    __tablename__ = "settlement_batches"
    __table_args__ = (
        CheckConstraint("maker <> checker", name="checked_by_another"),
        CheckConstraint("state <> 'posted' OR checker IS NOT NULL", name="posted_when_checked"),
        CheckConstraint("obligation_count > 0", name="holds_something"),
    )

    cutoff: Mapped[date]
    rule_version: Mapped[str]
    input_digest: Mapped[str]
    obligation_count: Mapped[int]
    total: Mapped[Money] = composite(
        mapped_column("total_minor", Big), mapped_column("total_currency")
    )
    maker: Mapped[str]
    computed_at: Mapped[Instant]
    checker: Mapped[str | None]
    posted_at: Mapped[Instant | None]


class SettlementLine(Base):
    """How one obligation was divided, and the entry that did it; written when it is posted."""

    __tablename__ = "settlement_lines"
    __table_args__ = (
        UniqueConstraint("entry_id"),
        CheckConstraint("fee_minor >= 0", name="fee_not_negative"),
        Index(None, "batch_id", "obligation_id"),
        Index(None, "order_id", "obligation_id"),
    )

    obligation_id: Mapped[str] = mapped_column(ForeignKey("obligations.id"), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("settlement_batches.id"))
    order_id: Mapped[str]
    entry_id: Mapped[int] = mapped_column(Big, ForeignKey("ledger_entries.id"))
    fee_minor: Mapped[int] = mapped_column(Big)
    fee_currency: Mapped[str]
    fee: Mapped[Money] = composite("fee_minor", "fee_currency")
    parts: Mapped[list[Any]]


append_only(SettlementLine.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


@dataclass(frozen=True, slots=True)
class Divided:
    """One obligation of a batch with its parts; entry_id once it is posted."""

    obligation: Obligation
    fee: Money
    parts: tuple[Part, ...]
    entry_id: int | None


class NothingDue(DomainError):
    """No obligation is due that is not in a batch already."""

    kind = Kind.CONFLICT
    code = "nothing-due"
    title = Words("没有到期的待结算款", "Nothing is due for settlement")


def _is_unchanged(batch: SettlementBatch, work: Work) -> Refusal | None:
    found = _calculated(work, escrow.of_batch(work.session, batch.id))
    if _digest(work, batch.cutoff, found) == batch.input_digest:
        return None
    return Refusal(
        "INPUT_CHANGED",
        "计算后规则或数据已变化，请作废后重新计算",
        "the rules or the input have changed since; discard the batch and compute anew",
    )


def _post(batch: SettlementBatch, work: Work, _data: dict[str, Any]) -> None:
    batch.checker, batch.posted_at = work.actor.person, work.now
    found = _calculated(work, escrow.of_batch(work.session, batch.id))
    for divided in found:
        work.session.add(_settled(work, batch, divided))
        _recognise(work, divided)
        divided.obligation.settled_on = local_date(work.now)
    order_ids = {divided.obligation.order_id for divided in found}
    unsettled = {
        obligation.order_id
        for obligation in escrow.locked(work.session, order_ids)
        if obligation.state != escrow.State.SETTLED
    }
    for order_id in sorted(order_ids - unsettled):
        work.record("order.settled", order_id, order_id=order_id, batch_id=batch.id)


def _release(batch: SettlementBatch, work: Work, _data: dict[str, Any]) -> None:
    for obligation in escrow.of_batch(work.session, batch.id):
        obligation.batch_id = None


# fmt: off
LIFE: Workflow[State, SettlementBatch] = Workflow(
    "settlement_batch", State, State.COMPUTED,
    step("confirm", {State.COMPUTED}, State.POSTED, access.settler,
         when=(access.four_eyes("maker"), _is_unchanged), then=(_post,),
         moves_money=True,
         says="settlement.posted", label=Words("复核并入账", "Check and post")),
    step("discard", {State.COMPUTED}, State.DISCARDED, access.settler,
         asks=(REASON,), then=(_release,),
         says="settlement.discarded", label=Words("作废", "Discard")),
)
# fmt: on


def compute(work: Work, *, cutoff: date | None = None) -> SettlementBatch:
    """Gather what fell due by `cutoff` (today, if not said) and divide it, for a checker.

    Raises NothingDue, and Invalid for a day that has not come. Two SELECTs and one for the
    orders' earlier fees.
    """
    access.require(work, access.settler, "settlement_batch.compute")
    today = local_date(work.now)
    cutoff = cutoff or today
    if cutoff > today:
        raise Invalid("截止日不能晚于今天", "the day has not come yet", pointer="/cutoff")
    held = escrow.due(work.session, cutoff, limit=OBLIGATIONS_MAX)
    if not held:
        raise NothingDue(f"截至 {cutoff} 没有到期款项", f"nothing is due by {cutoff}")
    batch_id = ids.new("stb_", work.now)
    for obligation in held:
        obligation.batch_id = batch_id
    found = _calculated(work, held)
    made = SettlementBatch(
        id=batch_id,
        state=State.COMPUTED,
        cutoff=cutoff,
        rule_version=work.rules.version,
        input_digest=_digest(work, cutoff, found),
        obligation_count=len(held),
        total=sum((obligation.amount for obligation in held), Money(0)),
        maker=work.actor.person,
        computed_at=work.now,
        checker=None,
        posted_at=None,
    )
    work.session.add(made)
    held_ids = [obligation.id for obligation in held]
    told = {"cutoff": cutoff, "total": made.total, "input_digest": made.input_digest}
    work.record("settlement.computed", batch_id, obligations=held_ids, **told)
    return made


def lines(work: Work, batch: SettlementBatch) -> list[Divided]:
    """Return how each obligation of the batch is, or was, divided. At most three SELECTs."""
    held = escrow.of_batch(work.session, batch.id)
    if batch.state != State.POSTED:
        return _calculated(work, held)
    statement = select(SettlementLine).where(SettlementLine.batch_id == batch.id)
    written = {line.obligation_id: line for line in work.session.scalars(statement)}
    return [_as_written(obligation, written[obligation.id]) for obligation in held]


def find(session: Session, batch_id: str) -> SettlementBatch:
    """Return the batch. Raises NotFound. One SELECT by key."""
    found = session.get(SettlementBatch, batch_id)
    if found is None:
        raise _missing(batch_id)
    return found


def seen(work: Work, batch_id: str) -> SettlementBatch:
    """Return the batch to overseers; to others it does not exist."""
    found = find(work.session, batch_id)
    if not access.oversees(work.actor):
        raise _missing(batch_id)
    return found


def listed(work: Work, *, after: str | None, limit: int) -> Page[SettlementBatch]:
    """Return the batches, newest first, to overseers. One SELECT by key."""
    access.require(work, access.overseer, "settlement_batch.listed")
    statement, order = select(SettlementBatch), ((SettlementBatch.id, "desc"),)
    return keyset(work.session, statement, by=order, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def take(work: Work, batch_id: str, name: str, **data: Any) -> SettlementBatch:
    """Take one step in a batch's life. Raises what `Workflow.take` raises.

    The batch and the orders that it touches are locked first: of two who confirm, or of
    two batches that settle the last lines of one order, the second sees the first.
    """
    batch = seen(work, batch_id)
    work.session.refresh(batch, with_for_update=True)
    held = escrow.of_batch(work.session, batch_id)
    escrow.locked(work.session, [obligation.order_id for obligation in held])
    LIFE.take(name, batch, work, **data)
    return batch


def _calculated(work: Work, held: Sequence[Obligation]) -> list[Divided]:
    """Divide the obligations under the present rules, in the order of their ids."""
    charged = _charged(work.session, {obligation.order_id for obligation in held})
    found = []
    for obligation in sorted(held, key=lambda item: item.id):
        before = charged.get(obligation.order_id, Money(0, obligation.amount.currency))
        rule = escrow.rule(obligation, work.rules, charged=before)
        split = shares.divide(obligation.amount, rule)
        charged[obligation.order_id] = before + split.fee
        found.append(Divided(obligation, split.fee, split.lines, None))
    return found


def _charged(session: Session, order_ids: set[str]) -> dict[str, Money]:
    """Return order → the fees that earlier batches took from it. One SELECT on an index."""
    statement = (
        select(SettlementLine.order_id, func.sum(SettlementLine.fee_minor))
        .where(SettlementLine.order_id.in_(sorted(order_ids)))
        .group_by(SettlementLine.order_id)
    )
    return {order_id: Money(int(minor)) for order_id, minor in session.execute(statement)}


def _digest(work: Work, cutoff: date, found: Sequence[Divided]) -> str:
    content = {
        "cutoff": cutoff.isoformat(),
        "rule_version": work.rules.version,
        "lines": [
            [divided.obligation.id, divided.obligation.order_line_id, _plain(divided.parts)]
            for divided in found
        ],
    }
    return work.crypto.digest(canonical(content))


def _settled(work: Work, batch: SettlementBatch, divided: Divided) -> SettlementLine:
    obligation = divided.obligation
    currency = obligation.amount.currency
    waiting = AccountRef(escrow.ACCEPTED, obligation.order_id, currency)
    posted = ledger.post(
        work,
        "line.settled",
        obligation.order_line_id,
        [
            Row(waiting, AccountRef(part.account_code, part.owner, currency), part.amount)
            for part in divided.parts
        ],
        effective_on=local_date(work.now),
        order_id=obligation.order_id,
    )
    return SettlementLine(
        obligation_id=obligation.id,
        batch_id=batch.id,
        order_id=obligation.order_id,
        entry_id=posted.entry_id,
        fee=divided.fee,
        parts=_plain(divided.parts),
    )


def _recognise(work: Work, divided: Divided) -> None:
    # What the operator earns of public data counts against its permitted revenue (I-49).
    obligation, today = divided.obligation, local_date(work.now)
    if obligation.operator_id is None:
        return
    for part in divided.parts:
        if part.account_code == escrow.Payable.OPERATOR.code:
            revenues.recognise(
                work,
                obligation.order_line_id,
                operator_id=obligation.operator_id,
                period=periods.in_force(work.session, obligation.operator_id, today),
                amount=part.amount,
                on=today,
            )


def _as_written(obligation: Obligation, line: SettlementLine) -> Divided:
    parts = tuple(_part(part) for part in line.parts)
    return Divided(obligation, line.fee, parts, line.entry_id)


def _plain(parts: Sequence[Part]) -> list[Any]:
    return [
        {
            "account_code": part.account_code,
            "owner": part.owner,
            "minor": part.amount.minor,
            "currency": part.amount.currency,
        }
        for part in parts
    ]


def _part(plain: Mapping[str, Any]) -> Part:
    amount = Money(plain["minor"], plain["currency"])
    return Part(plain["account_code"], plain["owner"], amount)


def _missing(batch_id: str) -> NotFound:
    return NotFound("没有这个结算批次", f"no settlement batch {batch_id}")
