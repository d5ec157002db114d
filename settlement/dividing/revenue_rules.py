"""A revenue rule (收益分配规则): who shares in a sale, by how much, from a day on.

Drafted by one settlement officer and approved by another, when its shares add up to the
whole. A rule of a product goes before that of its board, that before that of the operation
agreement; where none is in force, the shares of the jurisdiction's rules hold.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant, local_date
from kernel.db import Base, Living
from kernel.errors import Invalid, Refusal
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access, shares
from settlement.shares import WHOLE_BP

PARTIES_MAX: Final = 20
"""The most parties in one rule."""

_KINDS: Final = ("merchant", "operator", "fiscal", "broker")


class State(StrEnum):
    """Whether the rule is in force from its day on."""

    DRAFT = "draft"
    APPROVED = "approved"
    RETIRED = "retired"
    DROPPED = "dropped"


class Scope(StrEnum):
    """For what the rule holds, from the narrowest."""

    PRODUCT = "product"
    BOARD = "board"
    OPERATION_AGREEMENT = "operation_agreement"

    @property
    def label(self) -> Words:
        """What the scope is called."""
        return _SCOPES[self]


_SCOPES: Final = {
    Scope.PRODUCT: Words("产品", "product"),
    Scope.BOARD: Words("专板", "board"),
    Scope.OPERATION_AGREEMENT: Words("授权运营协议", "operation agreement"),
}


class RevenueRule(Living, Base):
    """One version of a distribution. base: of what the shares are taken.

    document: the decision on the treasury's share that it rests on.
    """

    __tablename__ = "revenue_rules"
    __table_args__ = (
        CheckConstraint("last_on IS NULL OR last_on >= first_on", name="ends_after_it_begins"),
        CheckConstraint("drafted_by <> approved_by", name="approved_by_another"),
        CheckConstraint(
            "state NOT IN ('approved', 'retired') OR approved_by IS NOT NULL",
            name="in_force_when_approved",
        ),
        Index(None, "scope", "scope_id", "first_on"),
    )

    scope: Mapped[str]
    scope_id: Mapped[str]
    base: Mapped[str]
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    document: Mapped[str]
    drafted_by: Mapped[str]
    drafted_at: Mapped[Instant]
    approved_by: Mapped[str | None]
    approved_at: Mapped[Instant | None]


class RevenueParty(Base):
    """One party of a rule. kind: as what it shares. owner: of a broker; else the sale says."""

    __tablename__ = "revenue_parties"
    __table_args__ = (
        CheckConstraint("share_bp >= 0 AND share_bp <= 10000", name="share_is_a_part"),
        CheckConstraint("(kind = 'broker') = (owner <> '')", name="a_broker_is_named"),
    )

    rule_id: Mapped[str] = mapped_column(ForeignKey("revenue_rules.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(primary_key=True)
    share_bp: Mapped[int]


class Shared(NamedTuple):
    """One party as it is named in a draft."""

    kind: str
    share_bp: int
    owner: str = ""


def _adds_up(rule: RevenueRule, work: Work) -> Refusal | None:
    total = sum(one.share_bp for one in parties(work.session, {rule.id})[rule.id])
    if total == WHOLE_BP:
        return None
    return Refusal(
        "SHARES_DO_NOT_ADD_UP",
        f"各方比例之和为 {total} 基点，须为 10000",
        f"the shares are {total} basis points together, not 10,000",
    )


def _begins_later(rule: RevenueRule, work: Work) -> Refusal | None:
    if rule.first_on >= local_date(work.now):
        return None
    return Refusal("BEGINS_IN_THE_PAST", "生效日已过", "it would begin in the past")


def _approve(rule: RevenueRule, work: Work, _data: dict[str, Any]) -> None:
    rule.approved_by, rule.approved_at = work.actor.person, work.now


def _retire(rule: RevenueRule, work: Work, _data: dict[str, Any]) -> None:
    rule.last_on = max(local_date(work.now), rule.first_on)


# fmt: off
LIFE: Workflow[State, RevenueRule] = Workflow(
    "revenue_rule", State, State.DRAFT,
    step("approve", {State.DRAFT}, State.APPROVED, access.settler,
         when=(access.four_eyes("drafted_by"), _adds_up, _begins_later), then=(_approve,),
         says="revenue_rule.approved", label=Words("批准", "Approve")),
    step("drop",    {State.DRAFT}, State.DROPPED, access.settler, asks=(REASON,),
         says="revenue_rule.dropped", label=Words("放弃", "Drop")),
    step("retire",  {State.APPROVED}, State.RETIRED, access.settler, asks=(REASON,),
         then=(_retire,),
         says="revenue_rule.retired", label=Words("终止", "Retire")),
)
# fmt: on


def draft(  # noqa: PLR0913 - a rule is as many facts as it has
    work: Work,
    *,
    scope: Scope,
    scope_id: str,
    base: shares.Base = shares.Base.NET_OF_FEE,
    shared: Sequence[Shared],
    first_on: date,
    last_on: date | None = None,
    document: str = "",
) -> RevenueRule:
    """Draft a rule, for another person to approve before its first day.

    Raises Invalid for a party that is named twice, a kind that there is not, a broker
    without a name, or shares that do not add up to 10,000 basis points.
    """
    access.require(work, access.settler, "revenue_rule.draft")
    _check(shared, first_on, last_on)
    made = RevenueRule(
        id=ids.new("rru_", work.now),
        state=State.DRAFT,
        scope=Scope(scope),
        scope_id=scope_id,
        base=shares.Base(base),
        first_on=first_on,
        last_on=last_on,
        document=document,
        drafted_by=work.actor.person,
        drafted_at=work.now,
        approved_by=None,
        approved_at=None,
    )
    work.session.add(made)
    work.session.flush()  # the parties refer to the rule by id alone
    work.session.add_all(
        RevenueParty(rule_id=made.id, kind=one.kind, owner=one.owner, share_bp=one.share_bp)
        for one in shared
    )
    work.record("revenue_rule.drafted", made.id, scope=made.scope, scope_id=scope_id)
    return made


def in_force(
    session: Session,
    on: date,
    *,
    product_id: str | None,
    board_ids: Sequence[str] = (),
    agreement_id: str | None = None,
) -> RevenueRule | None:
    """Return the rule for a sale on a day, of the narrowest scope; the newest. One SELECT."""
    named = {
        Scope.PRODUCT: [product_id] if product_id else [],
        Scope.BOARD: list(board_ids),
        Scope.OPERATION_AGREEMENT: [agreement_id] if agreement_id else [],
    }
    which = [
        and_(RevenueRule.scope == scope, RevenueRule.scope_id.in_(found))
        for scope, found in named.items()
        if found
    ]
    if not which:
        return None
    statement = (
        select(RevenueRule)
        .where(
            or_(*which),
            RevenueRule.state.in_([State.APPROVED, State.RETIRED]),
            RevenueRule.first_on <= on,
            or_(RevenueRule.last_on.is_(None), RevenueRule.last_on >= on),
        )
        .order_by(RevenueRule.first_on.desc(), RevenueRule.id.desc())
    )
    order = list(Scope)
    rules = sorted(session.scalars(statement), key=lambda rule: order.index(Scope(rule.scope)))
    return rules[0] if rules else None


def named(session: Session, rule_ids: set[str]) -> dict[str, RevenueRule]:
    """Return id → rule. One SELECT by key; none when nothing is asked."""
    if not rule_ids:
        return {}
    statement = select(RevenueRule).where(RevenueRule.id.in_(sorted(rule_ids)))
    return {rule.id: rule for rule in session.scalars(statement)}


def parties(session: Session, rule_ids: set[str]) -> dict[str, list[RevenueParty]]:
    """Return id → the rule's parties, by kind. One SELECT by key."""
    found: dict[str, list[RevenueParty]] = {rule_id: [] for rule_id in rule_ids}
    if rule_ids:
        statement = (
            select(RevenueParty)
            .where(RevenueParty.rule_id.in_(sorted(rule_ids)))
            .order_by(RevenueParty.rule_id, RevenueParty.kind, RevenueParty.owner)
        )
        for one in session.scalars(statement):
            found[one.rule_id].append(one)
    return found


_DESK: Final = access.overseen(RevenueRule, LIFE, Words("没有这条分配规则", "no revenue rule"))
find, seen, listed, take = _DESK.find, _DESK.seen, _DESK.listed, _DESK.take


def _check(shared: Sequence[Shared], first_on: date, last_on: date | None) -> None:
    if last_on is not None and last_on < first_on:
        raise Invalid("终止日早于生效日", "it ends before it begins", pointer="/last_on")
    if not 0 < len(shared) <= PARTIES_MAX:
        raise Invalid(
            f"须有 1 至 {PARTIES_MAX} 方", f"1 to {PARTIES_MAX} parties", pointer="/parties"
        )
    if len({(one.kind, one.owner) for one in shared}) != len(shared):
        raise Invalid("同一方不得重复", "a party is named twice", pointer="/parties")
    for one in shared:
        if one.kind not in _KINDS or (one.kind == "broker") != bool(one.owner):
            raise Invalid(
                f"分配方“{one.kind}”无效；经纪方须指明主体",
                f"{one.kind} cannot share, or a broker is not named",
                pointer="/parties",
            )
        if not 0 <= one.share_bp <= WHOLE_BP:
            raise Invalid("比例须在0至100%之间", "a share is 0–10,000 bp", pointer="/parties")
    if sum(one.share_bp for one in shared) != WHOLE_BP:
        raise Invalid(
            "各方比例之和须为100%", "the shares must add up to 10,000 bp", pointer="/parties"
        )
