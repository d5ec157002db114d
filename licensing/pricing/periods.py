"""A fee period (准许收入核定期): what an operator may earn from authorised operation, and why.

Source: price formation of public-data authorised operation: the price authority fixes the
operator's maximum permitted revenue (最高准许收入), which covers costs, a permitted profit and
taxes, less what was earned too much before. Law leaves rates and review cycles to the
locality; they are rules here.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of, its
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import Invalid, NotFound, Refusal, StepNotAllowed
from kernel.money import half_up
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from licensing.pricing import revenues

# fmt: off
COST_ITEMS: Final[Mapping[str, Words]] = {
    "data_processing":       Words("数据加工处理", "data processing"),
    "platform_depreciation": Words("平台折旧", "depreciation of the platform"),
    "cloud_compute_storage": Words("云计算与存储", "cloud computing and storage"),
    "network_security":      Words("网络安全", "network security"),
    "staff":                 Words("人工", "staff"),
    "outsourcing":           Words("委托外包", "outsourcing"),
    "management":            Words("管理费用", "management"),
    "rd_amortisation":       Words("研发摊销", "amortised research"),
    "other":                 Words("其他", "other"),
}
"""What may count as cost; fines, donations and unrelated business never do."""
# fmt: on

AMOUNT_MAX: Final = 10**15
WHOLE_BP: Final = 10_000


class State(StrEnum):
    """Where a fee period stands."""

    DRAFT = "draft"
    FILED = "filed"
    APPROVED = "approved"
    CLOSED = "closed"


class FeePeriod(Living, Base):
    """One operator's permitted revenue from `first_on` to `last_on`, in fen.

    trial: before a full year of operation. costs: fen by cost item. carry_over_fen: what
    earlier periods earned too much. excess_fen: what this one did, fixed when it is closed.
    """

    __tablename__ = "fee_periods"
    __table_args__ = (
        CheckConstraint("first_on <= last_on", name="period_not_reversed"),
        CheckConstraint(
            "costs_fen >= 0 AND profit_fen >= 0 AND taxes_fen >= 0 AND carry_over_fen >= 0",
            name="parts_not_negative",
        ),
        CheckConstraint(
            "max_revenue_fen = costs_fen + profit_fen + taxes_fen - carry_over_fen",
            name="maximum_is_the_sum",
        ),
        CheckConstraint("max_revenue_fen >= 0", name="maximum_not_negative"),
        CheckConstraint(
            "state NOT IN ('approved', 'closed') OR doc_no IS NOT NULL", name="approved_by_document"
        ),
        CheckConstraint("(state = 'closed') = (excess_fen IS NOT NULL)", name="closed_has_excess"),
        Index(
            "uq_fee_periods_one_approved_a_day",
            "operator_id",
            "first_on",
            unique=True,
            sqlite_where=text("state IN ('approved', 'closed')"),
            postgresql_where=text("state IN ('approved', 'closed')"),
        ),
        Index(None, "operator_id", "last_on", "id"),
    )

    operator_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    first_on: Mapped[date]
    last_on: Mapped[date]
    trial: Mapped[bool]
    costs: Mapped[dict[str, Any]]
    costs_fen: Mapped[int] = mapped_column(Big)
    profit_rate_bp: Mapped[int]
    profit_fen: Mapped[int] = mapped_column(Big)
    taxes_fen: Mapped[int] = mapped_column(Big)
    carry_over_fen: Mapped[int] = mapped_column(Big)
    max_revenue_fen: Mapped[int] = mapped_column(Big)
    excess_fen: Mapped[int | None] = mapped_column(Big)
    doc_no: Mapped[str | None]
    proposed_at: Mapped[Instant]


operator = its("operator", "operator_id", Duty.FINANCE, Duty.SIGNER)
price_authority = any_of(Role.PRICE_AUTHORITY, Duty.APPROVER)


def _no_other(period: FeePeriod, work: Work) -> Refusal | None:
    statement = select(FeePeriod.id).where(
        FeePeriod.operator_id == period.operator_id,
        FeePeriod.state.in_((State.APPROVED, State.CLOSED)),
        FeePeriod.first_on <= period.last_on,
        FeePeriod.last_on >= period.first_on,
    )
    other = work.session.scalars(statement.limit(1)).first()
    if other is None:
        return None
    zh, en = "与已核定的期间重叠", "it overlaps a period that has been approved"
    return Refusal("FEE_PERIOD_OVERLAPS", zh, en)


def _carries_over(period: FeePeriod, work: Work) -> Refusal | None:
    owed = owed_from_before(work.session, period.operator_id, period.first_on)
    if owed == period.carry_over_fen:
        return None
    return Refusal(
        "CARRY_OVER_WRONG",
        f"上期超额收入 {owed} 分须在本期扣减，填报为 {period.carry_over_fen} 分",
        f"{owed} fen earned too much before must be deducted, {period.carry_over_fen} are",
    )


def _is_over(period: FeePeriod, work: Work) -> Refusal | None:
    if local_date(work.now) > period.last_on:
        return None
    zh, en = f"核定期至 {period.last_on}", f"it runs until {period.last_on}"
    return Refusal("FEE_PERIOD_RUNNING", zh, en)


def _keep_document(period: FeePeriod, work: Work, data: dict[str, Any]) -> None:
    period.doc_no = data["doc_no"]
    revenues.open_for(work, period.id)


def _fix_excess(period: FeePeriod, work: Work, data: dict[str, Any]) -> None:
    with work.session.no_autoflush:  # a closed period has its excess, see the CHECK
        earned = revenues.earned(work.session, period.id)
    period.excess_fen = data["excess_fen"] = max(0, earned - period.max_revenue_fen)
    data["revenue_fen"] = earned


_DOCUMENT = ask("doc_no", label=Words("核定文号", "Number of the decision"), max=120)

# fmt: off
LIFE: Workflow[State, FeePeriod] = Workflow(
    "fee_period", State, State.DRAFT,
    step("file",    {State.DRAFT}, State.FILED, operator,
         when=(_carries_over, _no_other), says="fee_period.filed",
         label=Words("报送核定", "File for approval")),
    step("approve", {State.FILED}, State.APPROVED, price_authority,
         when=(_carries_over, _no_other), asks=(_DOCUMENT,), then=(_keep_document,),
         not_by=("file",), says="fee_period.approved",
         label=Words("核定最高准许收入", "Approve the maximum")),
    step("return",  {State.FILED}, State.DRAFT, price_authority, asks=(REASON,),
         says="fee_period.returned", label=Words("退回", "Return")),
    step("close",   {State.APPROVED}, State.CLOSED, price_authority,
         when=(_is_over,), then=(_fix_excess,), says="fee_period.closed",
         label=Words("清算本期", "Close the period")),
)
# fmt: on


def maximum(costs_fen: int, profit_rate_bp: int, *, taxes_fen: int, carry_over_fen: int) -> int:
    """Return the maximum permitted revenue, in fen; the profit is rounded half up. Pure."""
    return costs_fen + half_up(costs_fen * profit_rate_bp, WHOLE_BP) + taxes_fen - carry_over_fen


def propose(  # noqa: PLR0913 - the facts of one period, each by its name
    work: Work,
    *,
    first_on: date,
    last_on: date,
    costs: Mapping[str, int],
    profit_rate_bp: int,
    taxes_fen: int,
    carry_over_fen: int = 0,
    trial: bool = False,
) -> FeePeriod:
    """Write down, for the acting operator, a period to be filed. Raises Invalid with a pointer."""
    operator_id = _operator(work)
    _check(work, costs, profit_rate_bp, (taxes_fen, carry_over_fen))
    if first_on > last_on:
        raise Invalid("期间的起日晚于止日", "it ends before it begins", pointer="/last_on")
    spent = sum(costs.values())
    top = maximum(spent, profit_rate_bp, taxes_fen=taxes_fen, carry_over_fen=carry_over_fen)
    if top < 0:
        zh, en = "结转扣减超过准许收入", "more is deducted than permitted"
        raise Invalid(zh, en, pointer="/carry_over_fen")
    made = FeePeriod(
        id=ids.new("fpd_", work.now),
        state=State.DRAFT,
        operator_id=operator_id,
        first_on=first_on,
        last_on=last_on,
        trial=trial,
        costs=dict(sorted(costs.items())),
        costs_fen=spent,
        profit_rate_bp=profit_rate_bp,
        profit_fen=half_up(spent * profit_rate_bp, WHOLE_BP),
        taxes_fen=taxes_fen,
        carry_over_fen=carry_over_fen,
        max_revenue_fen=top,
        proposed_at=work.now,
    )
    work.session.add(made)
    work.record("fee_period.proposed", made.id, max_revenue_fen=top)
    return made


def find(session: Session, period_id: str) -> FeePeriod:
    """Return the period. Raises NotFound. One SELECT by key."""
    found = session.get(FeePeriod, period_id)
    if found is None:
        raise _missing(period_id)
    return found


def seen(work: Work, period_id: str) -> FeePeriod:
    """Return the period to its operator and to authorities; to others it does not exist."""
    found = find(work.session, period_id)
    if work.actor.organisation == found.operator_id or _oversees(work.actor):
        return found
    raise _missing(period_id)


def take(work: Work, period_id: str, name: str, **data: Any) -> FeePeriod:
    """Take one step of a period's life. Raises what `Workflow.take` raises."""
    found = seen(work, period_id)
    LIFE.take(name, found, work, **data)
    return found


def listed(
    work: Work, *, open_only: bool = False, after: str | None, limit: int
) -> Page[FeePeriod]:
    """Return one page of the periods that the actor may see, newest first. One SELECT.

    open_only: those that are not closed.
    """
    statement = select(FeePeriod)
    if open_only:
        statement = statement.where(FeePeriod.state != State.CLOSED)
    if not _oversees(work.actor):
        statement = statement.where(FeePeriod.operator_id == work.actor.organisation)
    return keyset(work.session, statement, by=((FeePeriod.id, "desc"),), after=after, limit=limit)


def in_force(session: Session, operator_id: str, on: date) -> FeePeriod | None:
    """Return the operator's approved period of that day. One SELECT on an index."""
    statement = select(FeePeriod).where(
        FeePeriod.operator_id == operator_id,
        FeePeriod.state == State.APPROVED,
        FeePeriod.first_on <= on,
        FeePeriod.last_on >= on,
    )
    return session.scalars(statement.limit(1)).first()


def owed_from_before(session: Session, operator_id: str, before: date) -> int:
    """Return what the operator's latest closed period earned too much, in fen. One SELECT."""
    statement = (
        select(FeePeriod.excess_fen)
        .where(
            FeePeriod.operator_id == operator_id,
            FeePeriod.state == State.CLOSED,
            FeePeriod.last_on < before,
        )
        .order_by(FeePeriod.last_on.desc(), FeePeriod.id.desc())
        .limit(1)
    )
    return session.scalars(statement).first() or 0


def _operator(work: Work) -> str:
    found = organisations.require_active(work.session, work.actor.organisation)
    if Role.AUTHORISED_OPERATOR not in found.granted:
        raise StepNotAllowed("由运营机构填报", "an operator proposes its own period")
    if not work.actor.duties & {Duty.FINANCE, Duty.SIGNER}:
        raise StepNotAllowed("由运营机构财务或签署人填报", "this is for its finance or signer")
    return found.id


def _check(
    work: Work, costs: Mapping[str, int], profit_rate_bp: int, amounts: tuple[int, int]
) -> None:
    strange = sorted(set(costs) - set(COST_ITEMS))
    if strange or not costs:
        known = ", ".join(COST_ITEMS)
        raise Invalid("成本项目不正确", f"cost items are {known}", pointer="/costs")
    if not all(0 <= fen <= AMOUNT_MAX for fen in (*costs.values(), *amounts)):
        raise Invalid("金额不正确", "an amount is out of bounds", pointer="/costs")
    most = work.rules.number("pricing.profit_rate_bp_max")
    if not 0 <= profit_rate_bp <= most:
        raise Invalid(
            f"准许利润率不超过 {most} 个基点", f"at most {most} basis points",
            pointer="/profit_rate_bp",
        )  # fmt: skip


def _oversees(actor: Actor) -> bool:
    return bool(actor.roles & {Role.PRICE_AUTHORITY, Role.DATA_AUTHORITY,
                               Role.IMPLEMENTING_AGENCY, Role.SYSTEM})  # fmt: skip


def _missing(period_id: str) -> NotFound:
    return NotFound("没有这个核定期", f"no fee period {period_id}")
