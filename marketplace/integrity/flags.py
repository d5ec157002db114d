"""A suspicion about an order that was counted (诚信标记), and what a person decides of it.

Source: settlement's exclusion and integrity. While a flag is open, and once it is confirmed,
the order's volume is set aside; it counts again when every flag of the order is cleared
(I-67). Money settles as usual: volume alone moves.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Duty, Role, any_of, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Living
from kernel.errors import Refusal
from kernel.pages import Page
from kernel.parties import oversight, people, relations
from kernel.watch import Clock
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from marketplace import access, orders, volume
from marketplace.integrity.rules import HARD, WHOLE_BP, Finding, Rule

ORDER_MAX: Final = len(Rule)
"""Flags that one order has at most: one for each rule."""

NAMED_MAX: Final = 50
"""Trades of one finding that its evidence names."""


class State(StrEnum):
    """Where a flag stands."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    CLEARED = "cleared"


STANDING: Final = (State.OPEN, State.CONFIRMED)
"""While one of these stands, the order does not count."""


def _either(values: Any) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


class IntegrityFlag(Living, Base):
    """One rule's finding about one order. score_bp: how sure the rule is, to 10000.

    evidence: the figures and ids that it rests on. decided_by: a person, or the house.
    """

    __tablename__ = "integrity_flags"
    __table_args__ = (
        UniqueConstraint("order_id", "rule"),
        CheckConstraint(f"rule IN ({_either(Rule)})", name="rule_is_known"),
        CheckConstraint(f"state IN ({_either(State)})", name="state_is_known"),
        CheckConstraint(f"score_bp BETWEEN 0 AND {WHOLE_BP}", name="score_is_a_part"),
        CheckConstraint("merchant_id <> buyer_id", name="parties_differ"),
        CheckConstraint(
            f"state <> 'open' OR rule NOT IN ({_either(HARD)})", name="hard_is_never_open"
        ),
        CheckConstraint(
            "(state = 'open') = (decided_by IS NULL) AND (state = 'open') = (decided_at IS NULL)"
            " AND (state = 'open') = (reason IS NULL)",
            name="decided_says_by_whom_and_why",
        ),
        Index(None, "state", "id"),
        Index(None, "rule", "state", "id"),
        Index(None, "merchant_id", "id"),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    rule: Mapped[str]
    score_bp: Mapped[int]
    evidence: Mapped[dict[str, Any]]
    raised_at: Mapped[Instant]
    decided_by: Mapped[str | None]
    decided_at: Mapped[Instant | None]
    reason: Mapped[str | None]


reviewer = any_of(Role.EXCHANGE_OPERATOR, Duty.COMPLIANCE_OFFICER)
approver = any_of(Role.EXCHANGE_OPERATOR, Duty.APPROVER)


def _is_impartial(flag: IntegrityFlag, work: Work) -> Refusal | None:
    """Refuse who belongs to a party of the trade, or to a relative of one, by any membership."""
    today = local_date(work.now)
    near = relations.related(work.session, flag.merchant_id, on=today)
    near |= relations.related(work.session, flag.buyer_id, on=today)
    serves = {one.organisation_id for one, _ in people.memberships(work.session, work.actor.person)}
    if near.isdisjoint({work.actor.organisation, *serves}):
        return None
    zh, en = (
        "您任职的机构是交易一方或其关联方，应当回避",
        "you belong to a party of the trade, or a relative of one",
    )
    return Refusal("NOT_IMPARTIAL", zh, en)


def _decide(flag: IntegrityFlag, work: Work, data: dict[str, Any]) -> None:
    flag.decided_by, flag.decided_at = work.actor.person, work.now
    flag.reason = data["reason"]


def _count_again(flag: IntegrityFlag, work: Work, _data: dict[str, Any]) -> None:
    others = select(IntegrityFlag.id).where(
        IntegrityFlag.order_id == flag.order_id,
        IntegrityFlag.id != flag.id,
        IntegrityFlag.state.in_(STANDING),
    )
    if work.session.scalars(others.limit(1)).first() is None:
        volume.restore(work, flag.order_id, source_id=flag.id, reason="cleared")


# fmt: off
LIFE: Workflow[State, IntegrityFlag] = Workflow(
    "integrity_flag", State, State.OPEN,
    step("suspect",   {State.OPEN}, State.OPEN, system_only, own_door=True,
         within="clocks.integrity_review", owner="role:exchange_operator",
         says="integrity_flag.raised", label=Words("标记可疑", "Suspect")),
    step("establish", {State.OPEN}, State.CONFIRMED, system_only, own_door=True, then=(_decide,),
         says="integrity_flag.established", label=Words("按硬规则认定", "Found by a hard rule")),
    step("confirm",   {State.OPEN}, State.CONFIRMED, reviewer, when=(_is_impartial,),
         asks=(REASON,), then=(_decide,),
         says="integrity_flag.confirmed", label=Words("认定属实，不计入", "Confirm: it stays out")),
    step("clear",     {State.OPEN}, State.CLEARED, reviewer, when=(_is_impartial,),
         asks=(REASON,), then=(_decide, _count_again),
         says="integrity_flag.cleared", label=Words("排除嫌疑，恢复计入", "Clear: it counts")),
    step("overturn",  {State.CONFIRMED}, State.CLEARED, approver, when=(_is_impartial,),
         asks=(REASON,), then=(_decide, _count_again), not_by=("confirm",),
         says="integrity_flag.overturned", label=Words("撤销认定，恢复计入", "Overturn it")),
)
# fmt: on


def raise_for(work: Work, order_id: str, finding: Finding) -> IntegrityFlag | None:
    """Flag an order for what a rule has found, and set its volume aside at once.

    A hard rule's finding is confirmed by the house. Returns None where this rule has flagged
    the order before, whatever was decided. Locks the order. Some SELECTs.
    """
    order = _hold(work.session, order_id)
    if any(one.rule == finding.rule for one in of_order(work.session, order_id)):
        return None
    made = IntegrityFlag(
        id=ids.new("flg_", work.now),
        state=State.OPEN,
        order_id=order.id,
        merchant_id=order.seller_id,
        buyer_id=order.buyer_id,
        rule=finding.rule,
        score_bp=finding.score_bp,
        evidence=_evidence(finding),
        raised_at=work.now,
    )
    said: dict[str, Any] = {"order_id": order.id, "rule": finding.rule}
    house, is_hard = work.as_system(), finding.rule in HARD
    if is_hard:
        said["reason"] = finding.rule.reason
    LIFE.take("establish" if is_hard else "suspect", made, house, **said)
    work.session.add(made)
    work.session.flush()
    volume.exclude(house, order.id, source_id=made.id, reason=finding.rule.reason)
    return made


def _evidence(finding: Finding) -> dict[str, Any]:
    told = dict(finding.evidence)
    return told | ({"orders": list(finding.orders[:NAMED_MAX])} if finding.orders[1:] else {})


_OURS: Final = access.overseen(IntegrityFlag, LIFE, Words("没有这个诚信标记", "no integrity flag"))
find, seen = _OURS.find, _OURS.seen


def take(work: Work, flag_id: str, name: str, /, **data: Any) -> IntegrityFlag:
    """Decide on a flag; of one order one at a time. Raises what `Workflow.take` raises."""
    found = seen(work, flag_id)
    _hold(work.session, found.order_id)
    return oversight.take(work, LIFE, found, name, **data)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which flags are asked for. overdue: those alone whose review is late."""

    state: str | None = None
    rule: str | None = None
    merchant_id: str | None = None
    order_id: str | None = None
    overdue: bool = False


def listed(
    work: Work, wanted: Wanted, *, newest: bool = False, after: str | None = None, limit: int
) -> Page[IntegrityFlag]:
    """Return one page of the flags, oldest first; for overseers. One SELECT on an index."""
    where = [
        getattr(IntegrityFlag, name) == getattr(wanted, name)
        for name in ("rule", "merchant_id", "order_id")
        if getattr(wanted, name) is not None
    ]
    if wanted.overdue:
        late = select(Clock.subject).where(
            Clock.completed_on.is_(None), Clock.due_on < local_date(work.now)
        )
        where += [IntegrityFlag.state == State.OPEN, IntegrityFlag.id.in_(late)]
    return _OURS.listed(
        work, *where, state=wanted.state, after=after, limit=limit, oldest_first=not newest
    )


def of_order(session: Session, order_id: str) -> list[IntegrityFlag]:
    """Return every flag of an order, oldest first. One SELECT on an index."""
    statement = select(IntegrityFlag).where(IntegrityFlag.order_id == order_id)
    return list(session.scalars(statement.order_by(IntegrityFlag.id).limit(ORDER_MAX)))


def _hold(session: Session, order_id: str) -> orders.Order:
    """Let nobody else move this order, or its volume, until the transaction ends."""
    order = orders.find(session, order_id)
    session.flush()  # what was changed and not written would be read over
    session.refresh(order, with_for_update=True)
    return order
