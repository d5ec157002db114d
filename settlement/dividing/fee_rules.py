"""A fee rule (收费规则): what the exchange charges for a kind of service, from a day on.

Drafted by one settlement officer and approved by another. Where no rule is in force, the
rates of the jurisdiction's rules hold. A rule of a board goes before the general one.
"""

from datetime import date
from enum import StrEnum
from typing import Any, Final, TypedDict, Unpack

from sqlalchemy import CheckConstraint, ColumnElement, Index, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import Invalid, NotFound, Refusal
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.parties import oversight
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access, shares
from settlement.dividing.fee_kinds import OF_A_LISTING, Every, Kind, Payer, Scale, Waiver
from settlement.shares import WHOLE_BP, Step

__all__ = ["Every", "Kind", "Payer", "Scale", "Waiver"]

_BOARD_MAX: Final = 20

STEPS_MAX: Final = 10
"""The most steps of one rate."""


class State(StrEnum):
    """Whether the rule is in force from its day on."""

    DRAFT = "draft"
    APPROVED = "approved"
    RETIRED = "retired"
    DROPPED = "dropped"


class FeeRule(Living, Base):
    """One version of a fee. min_fen, cap_fen: of one order. board_id: None for all boards.

    Of a flat kind min_fen is the fee. Who pays it: of a listing and its certificate the
    merchant, of a registration and an assessment who asked for it; of a membership the payers
    are the members, each the whole of it.
    steps: [above_fen, rate_bp] of what lies above, lowest first, counted over `scale`; rate_bp
    is of what lies below all. every: of a listing and its certificate.
    """

    __tablename__ = "fee_rules"
    __table_args__ = (
        CheckConstraint("rate_bp >= 0 AND rate_bp <= 10000", name="rate_is_a_share"),
        CheckConstraint("min_fen >= 0", name="min_not_negative"),
        CheckConstraint("cap_fen IS NULL OR cap_fen >= min_fen", name="cap_above_min"),
        CheckConstraint("last_on IS NULL OR last_on >= first_on", name="ends_after_it_begins"),
        CheckConstraint("drafted_by <> approved_by", name="approved_by_another"),
        CheckConstraint(
            "state NOT IN ('approved', 'retired') OR approved_by IS NOT NULL",
            name="in_force_when_approved",
        ),
        CheckConstraint("scale IS NULL OR scale IN ('order', 'year')", name="scale_is_known"),
        CheckConstraint("every IN ('product', 'version', 'year')", name="every_is_known"),
        Index(None, "kind", "state", "first_on"),
    )

    kind: Mapped[str]
    payer: Mapped[str]
    rate_bp: Mapped[int]
    min_fen: Mapped[int] = mapped_column(Big)
    cap_fen: Mapped[int | None] = mapped_column(Big)
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    board_id: Mapped[str | None]
    waived_for: Mapped[list[Any]]
    steps: Mapped[list[Any]]
    scale: Mapped[str | None]
    every: Mapped[str]
    drafted_by: Mapped[str]
    drafted_at: Mapped[Instant]
    approved_by: Mapped[str | None]
    approved_at: Mapped[Instant | None]

    @property
    def rates(self) -> tuple[Step, ...]:
        """The steps of its rate, lowest first; none when there is one rate."""
        return tuple(Step(above, rate_bp) for above, rate_bp in self.steps)


def _begins_later(rule: FeeRule, work: Work) -> Refusal | None:
    if rule.first_on >= local_date(work.now):
        return None
    return Refusal("BEGINS_IN_THE_PAST", "生效日已过", "it would begin in the past")


def _approve(rule: FeeRule, work: Work, _data: dict[str, Any]) -> None:
    rule.approved_by, rule.approved_at = work.actor.person, work.now


def _retire(rule: FeeRule, work: Work, _data: dict[str, Any]) -> None:
    today = local_date(work.now)
    rule.last_on = max(today, rule.first_on)


# fmt: off
LIFE: Workflow[State, FeeRule] = Workflow(
    "fee_rule", State, State.DRAFT,
    step("approve", {State.DRAFT}, State.APPROVED, access.settler,
         when=(access.four_eyes("drafted_by"), _begins_later), then=(_approve,),
         says="fee_rule.approved", label=Words("批准", "Approve")),
    step("drop",    {State.DRAFT}, State.DROPPED, access.settler, asks=(REASON,),
         says="fee_rule.dropped", label=Words("放弃", "Drop")),
    step("retire",  {State.APPROVED}, State.RETIRED, access.settler, asks=(REASON,),
         then=(_retire,),
         says="fee_rule.retired", label=Words("终止", "Retire")),
)
# fmt: on


class Stepped(TypedDict, total=False):
    """What a rule may say besides: the steps of its rate and over what they are counted.

    every: how often a listing and its certificate are charged.
    """

    steps: tuple[Step, ...]
    scale: Scale | None
    every: Every


def draft(  # noqa: PLR0913 - a rule is as many figures as it has
    work: Work,
    *,
    kind: Kind,
    payer: Payer,
    rate_bp: int,
    min_fen: int = 0,
    cap_fen: int | None = None,
    first_on: date,
    last_on: date | None = None,
    board_id: str | None = None,
    waived_for: tuple[Waiver, ...] = (),
    **more: Unpack[Stepped],
) -> FeeRule:
    """Draft a rule, for another to approve before its first day. Raises Invalid with a pointer."""
    access.require(work, access.settler, "fee_rule.draft")
    _check(rate_bp, min_fen, cap_fen)
    _check_flat(Kind(kind), Payer(payer), rate_bp, min_fen)
    _check_days(first_on, last_on)
    made = FeeRule(
        id=ids.new("fru_", work.now),
        state=State.DRAFT,
        kind=Kind(kind),
        payer=Payer(payer),
        rate_bp=rate_bp,
        min_fen=min_fen,
        cap_fen=cap_fen,
        first_on=first_on,
        last_on=last_on,
        board_id=board_id,
        waived_for=sorted(waived_for),
        **_stepped(Kind(kind), **more),
        drafted_by=work.actor.person,
        drafted_at=work.now,
    )
    work.session.add(made)
    work.record("fee_rule.drafted", made.id, fee=made.kind, rate_bp=rate_bp)
    return made


def _check(rate_bp: int, min_fen: int, cap_fen: int | None) -> None:
    if not 0 <= rate_bp <= 10_000:
        raise Invalid("费率须在0至100%之间", "a rate is 0–10,000 bp", pointer="/rate_bp")
    if cap_fen is not None and cap_fen < min_fen:
        raise Invalid("封顶不得低于最低收费", "the cap is below the minimum", pointer="/cap_fen")


def _check_flat(kind: Kind, payer: Payer, rate_bp: int, min_fen: int) -> None:
    if not kind.flat:
        return
    if rate_bp or not min_fen:
        raise Invalid(
            f"{kind.label.zh}为固定金额：费率填0，最低收费填金额",
            f"the fee for {kind.label.en} is a fixed sum: no rate, the minimum is the fee",
            pointer="/min_fen",
        )
    if kind is not Kind.MEMBERSHIP and payer is not Payer.SELLER:
        raise Invalid("该费用由数商承担", "the merchant pays it", pointer="/payer")


def _stepped(
    kind: Kind,
    *,
    steps: tuple[Step, ...] = (),
    scale: Scale | None = None,
    every: Every = Every.PRODUCT,
) -> dict[str, Any]:
    """Return the columns of what a rule says besides. Raises Invalid with a pointer."""
    _check_steps(kind, steps, scale)
    if every != Every.PRODUCT and kind not in OF_A_LISTING:
        told = "只有挂牌与凭证可选收费频次", "only of a listing and its certificate"
        raise Invalid(*told, pointer="/every")
    return {"steps": [list(step) for step in steps], "scale": scale, "every": Every(every)}


def _check_steps(kind: Kind, steps: tuple[Step, ...], scale: Scale | None) -> None:
    if bool(steps) != (scale is not None):
        told = "有分段须说明按什么分段，反之亦然", "steps are counted over something, and only they"
        raise Invalid(*told, pointer="/scale")
    if steps and kind.flat:
        raise Invalid("固定金额不分段", "a fixed sum has no steps", pointer="/steps")
    if len(steps) > STEPS_MAX:
        raise Invalid(f"至多{STEPS_MAX}段", f"{STEPS_MAX} steps at most", pointer="/steps")
    bounds = [step.above_fen for step in steps]
    if bounds != sorted(set(bounds)) or (bounds and bounds[0] <= 0):
        told = "分段起点须为正数且逐段递增", "steps begin above 0, each above the one before"
        raise Invalid(*told, pointer="/steps")
    if not all(0 <= step.rate_bp <= WHOLE_BP for step in steps):
        raise Invalid("费率须在0至100%之间", "a rate is 0–10,000 bp", pointer="/steps")


def _check_days(first_on: date, last_on: date | None) -> None:
    if last_on is not None and last_on < first_on:
        raise Invalid("终止日早于生效日", "it ends before it begins", pointer="/last_on")


def in_force(
    session: Session, kind: Kind, on: date, *, board_ids: tuple[str, ...] = ()
) -> FeeRule | None:
    """Return the rule for a day: of one of the boards, else the general one; the newest.

    One SELECT on an index.
    """
    statement = (
        select(FeeRule)
        .where(
            *_holds(kind, on),
            or_(FeeRule.board_id.is_(None), FeeRule.board_id.in_(board_ids[:_BOARD_MAX])),
        )
        .order_by(FeeRule.board_id.is_(None), FeeRule.first_on.desc(), FeeRule.id.desc())
        .limit(1)
    )
    return session.scalars(statement).first()


def any_in_force(session: Session, kind: Kind, on: date, *, every: Every | None = None) -> bool:
    """Tell whether any rule of a kind holds on a day, for whatever board. One SELECT."""
    statement = select(FeeRule.id).where(*_holds(kind, on)).limit(1)
    if every is not None:
        statement = statement.where(FeeRule.every == every)
    return session.scalars(statement).first() is not None


def figure(rule: FeeRule, base: Money, *, charged: Money, before: int = 0) -> Money:
    """Return the fee on `base` under the rule, tax included. Pure.

    charged: what was charged of the same order before; minimum and cap are one for it.
    before: what came earlier on the scale of the rule's steps, in fen.
    """
    currency = base.currency
    fee = shares.fee(base, rule.rate_bp, steps=rule.rates, before=before)
    fee = max(fee, Money(rule.min_fen, currency) - charged)
    if rule.cap_fen is None:
        return fee
    return max(min(fee, Money(rule.cap_fen, currency) - charged), Money(0, currency))


def named(session: Session, rule_ids: set[str]) -> dict[str, FeeRule]:
    """Return id → rule. One SELECT by key; none when nothing is asked."""
    if not rule_ids:
        return {}
    statement = select(FeeRule).where(FeeRule.id.in_(sorted(rule_ids)))
    return {rule.id: rule for rule in session.scalars(statement)}


def find(session: Session, rule_id: str) -> FeeRule:
    """Return the rule. Raises NotFound. One SELECT by key."""
    found = session.get(FeeRule, rule_id)
    if found is None:
        raise _missing(rule_id)
    return found


def seen(work: Work, rule_id: str) -> FeeRule:
    """Return the rule to overseers; to others only once it is in force."""
    found = find(work.session, rule_id)
    if found.state not in {State.APPROVED, State.RETIRED} and not access.oversees(work.actor):
        raise _missing(rule_id)
    return found


def listed(work: Work, *, after: str | None, limit: int) -> Page[FeeRule]:
    """Return the rules, newest first; drafts to overseers alone. One SELECT by key."""
    statement = select(FeeRule)
    if not access.oversees(work.actor):
        statement = statement.where(FeeRule.state.in_([State.APPROVED, State.RETIRED]))
    return keyset(work.session, statement, by=((FeeRule.id, "desc"),), after=after, limit=limit)


def take(work: Work, rule_id: str, name: str, **data: Any) -> FeeRule:
    """Take one step in a rule's life. Raises what `Workflow.take` raises."""
    return oversight.take(work, LIFE, seen(work, rule_id), name, **data)


def _holds(kind: Kind, on: date) -> tuple[ColumnElement[bool], ...]:
    return (
        FeeRule.kind == kind,
        FeeRule.state.in_([State.APPROVED, State.RETIRED]),
        FeeRule.first_on <= on,
        or_(FeeRule.last_on.is_(None), FeeRule.last_on >= on),
    )


def _missing(rule_id: str) -> NotFound:
    return NotFound("没有这条收费规则", f"no fee rule {rule_id}")
