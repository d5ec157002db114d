"""An upper-limit fee (上限收费标准): the most that one unit of authorised data may cost.

Within the operator's permitted revenue the implementing agency fixes one for each kind of
product and unit of charge, and for one authorisation where that is named. A cap is never
changed: a later one takes over where an earlier one ends. Prices refer to the cap by its
id and its figure together, so that the database itself holds price ≤ cap (I-48).
"""

import re
from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Duty, Role, any_of
from kernel.clock import Instant
from kernel.db import Base, Big, append_only
from kernel.errors import DomainError, Invalid, Kind, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from licensing import authorisations
from licensing.pricing import periods

_KIND: Final = re.compile("[a-z][a-z_]{0,39}")
CAP_E6_MAX: Final = 10**18


class Meter(StrEnum):
    """The unit of charge that a cap limits."""

    PRODUCT = "product"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    CALL = "call"
    ROW = "row"
    MEGABYTE = "megabyte"


class FeeCap(Base):
    """The most that one `meter` of a kind of product may cost, tax included.

    cap_e6: in 10⁻⁶ fen, as unit prices are. authorisation_id: None for all of the operator.
    """

    __tablename__ = "fee_caps"
    __table_args__ = (
        UniqueConstraint("id", "cap_e6"),
        CheckConstraint("cap_e6 > 0", name="cap_positive"),
        CheckConstraint("valid_from <= valid_to", name="validity_not_reversed"),
        Index(None, "operator_id", "product_type", "meter", "valid_from"),
        Index(None, "period_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    period_id: Mapped[str] = mapped_column(ForeignKey("fee_periods.id"))
    operator_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    authorisation_id: Mapped[str | None] = mapped_column(ForeignKey("authorisations.id"))
    product_type: Mapped[str]
    meter: Mapped[str]
    cap_e6: Mapped[int] = mapped_column(Big)
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    doc_no: Mapped[str]
    fixed_by: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    fixed_at: Mapped[Instant]


append_only(FeeCap.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class CapOverlaps(DomainError):
    """For one kind of product and one unit only one cap holds on a day."""

    kind = Kind.CONFLICT
    code = "cap-overlaps"
    title = Words("与现行上限收费标准重叠", "Another cap holds in that time")


agency = any_of(Role.IMPLEMENTING_AGENCY, Duty.APPROVER)


def fix(  # noqa: PLR0913 - the facts of one cap, each by its name
    work: Work,
    period_id: str,
    *,
    product_type: str,
    meter: str,
    cap_e6: int,
    valid_from: date,
    valid_to: date,
    doc_no: str,
    authorisation_id: str | None = None,
) -> FeeCap:
    """Fix an upper-limit fee within an approved period, for the implementing agency's approver.

    Raises Invalid with a pointer, StepRefused unless the period is approved, CapOverlaps.
    """
    if not agency.matches(work.actor, None):
        raise StepNotAllowed("由实施机构终审人制定", f"this is for {agency.name}")
    period = _locked(work, period_id)
    _check(period, product_type, meter, cap_e6, (valid_from, valid_to))
    _check_right(work, period, authorisation_id)
    made = FeeCap(
        id=ids.new("cap_", work.now),
        period_id=period.id,
        operator_id=period.operator_id,
        authorisation_id=authorisation_id,
        product_type=product_type,
        meter=meter,
        cap_e6=cap_e6,
        valid_from=valid_from,
        valid_to=valid_to,
        doc_no=doc_no.strip(),
        fixed_by=work.actor.organisation,
        fixed_at=work.now,
    )
    _refuse_overlap(work.session, made)
    work.session.add(made)
    work.record("fee_cap.fixed", made.id, period=period.id, meter=meter, cap_e6=cap_e6)
    return made


def in_force(
    session: Session,
    *,
    operator_id: str,
    authorisation_id: str,
    product_type: str,
    meter: str,
    on: date,
) -> FeeCap | None:
    """Return the cap that holds for one unit on that day, that of the authorisation first.

    None when no cap has been fixed. One SELECT on an index.
    """
    statement = (
        select(FeeCap)
        .where(
            FeeCap.operator_id == operator_id,
            FeeCap.product_type == product_type,
            FeeCap.meter == meter,
            FeeCap.valid_from <= on,
            FeeCap.valid_to >= on,
            or_(FeeCap.authorisation_id.is_(None), FeeCap.authorisation_id == authorisation_id),
        )
        .order_by(FeeCap.authorisation_id.is_(None), FeeCap.id)
        .limit(1)
    )
    return session.scalars(statement).first()


def listed(session: Session, *, after: str | None, limit: int) -> Page[FeeCap]:
    """Return one page of all caps, newest first: they are public. One SELECT by key."""
    return keyset(session, select(FeeCap), by=((FeeCap.id, "desc"),), after=after, limit=limit)


def of_period(session: Session, period_id: str) -> list[FeeCap]:
    """Return at most 200 caps of a period, by kind and unit. One SELECT on an index."""
    statement = (
        select(FeeCap)
        .where(FeeCap.period_id == period_id)
        .order_by(FeeCap.product_type, FeeCap.meter, FeeCap.valid_from, FeeCap.id)
        .limit(200)
    )
    return list(session.scalars(statement))


def _locked(work: Work, period_id: str) -> periods.FeePeriod:
    # Caps of one period are fixed one after the other, so that no two overlap.
    period = periods.seen(work, period_id)
    lock = select(periods.FeePeriod.id).where(periods.FeePeriod.id == period.id)
    work.session.execute(lock.with_for_update())
    return period


def _check_right(work: Work, period: periods.FeePeriod, authorisation_id: str | None) -> None:
    if authorisation_id is None:
        return
    if authorisations.seen(work, authorisation_id).operator_id != period.operator_id:
        zh, en = "授权不属于该运营机构", "not an authorisation of this operator"
        raise Invalid(zh, en, pointer="/authorisation_id")


def _check(
    period: periods.FeePeriod, product_type: str, meter: str, cap_e6: int, days: tuple[date, date]
) -> None:
    if period.state != periods.State.APPROVED:
        zh, en = "须先核定最高准许收入", "the period has not been approved"
        raise StepRefused(zh, en, (Refusal("FEE_PERIOD_NOT_APPROVED", zh, en),))
    if not _KIND.fullmatch(product_type):
        raise Invalid("产品类型代码不正确", "not a kind of product", pointer="/product_type")
    if meter not in set(Meter):
        known = ", ".join(Meter)
        raise Invalid("计费单位不正确", f"a unit is one of {known}", pointer="/meter")
    if not 0 < cap_e6 <= CAP_E6_MAX:
        raise Invalid("上限须大于零", "a cap is more than zero", pointer="/cap_e6")
    first, last = days
    if not period.first_on <= first <= last <= period.last_on:
        raise Invalid("有效期须在核定期内", "it holds within its period", pointer="/valid_from")


def _refuse_overlap(session: Session, made: FeeCap) -> None:
    same_right = (
        FeeCap.authorisation_id.is_(None)
        if made.authorisation_id is None
        else FeeCap.authorisation_id == made.authorisation_id
    )
    statement = select(FeeCap.id).where(
        FeeCap.operator_id == made.operator_id,
        FeeCap.product_type == made.product_type,
        FeeCap.meter == made.meter,
        same_right,
        FeeCap.valid_from <= made.valid_to,
        FeeCap.valid_to >= made.valid_from,
    )
    other = session.scalars(statement.limit(1)).first()
    if other is not None:
        raise CapOverlaps(f"与 {other} 的有效期重叠", f"{other} holds in that time")
