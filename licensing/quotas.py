"""A quota (配额): how much of a meter an authorisation may use up, counted atomically.

Source: invariant I-32, used ≤ limit under any concurrency. The counting statement and
the condition are one; nothing is read first and written later.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import CheckConstraint, CursorResult, ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, Big
from kernel.errors import DomainError, Kind, Refusal
from kernel.words import Words
from kernel.work import Work


class Quota(Base):
    """What one authorisation may use of one meter ("rows", "calls") over its whole term."""

    __tablename__ = "quotas"
    __table_args__ = (
        CheckConstraint("used >= 0", name="used_not_negative"),
        CheckConstraint("used <= limit_count", name="used_within_limit"),
    )

    authorisation_id: Mapped[str] = mapped_column(ForeignKey("authorisations.id"), primary_key=True)
    meter: Mapped[str] = mapped_column(primary_key=True)
    limit: Mapped[int] = mapped_column("limit_count", Big)
    used: Mapped[int] = mapped_column(Big, default=0)


class AlreadyUsed(DomainError):
    """A quota cannot be narrowed below what has been used of it."""

    kind = Kind.CONFLICT
    code = "quota-already-used"
    title = Words("已用量超过新限额", "More has been used than the new limit")


def fix(work: Work, authorisation_id: str, limits: Mapping[str, int]) -> None:
    """Set the limits of an authorisation, meter by meter; what was used stays used.

    A meter that was not limited before counts from now. Raises AlreadyUsed, naming
    every meter. One SELECT, which on PostgreSQL locks the rows.
    """
    rows = _locked(work.session, authorisation_id)
    refusals = tuple(
        Refusal(
            "QUOTA_ALREADY_USED",
            f"计量“{meter}”已用 {rows[meter].used}，新限额为 {limit}",
            f"{rows[meter].used} of {meter!r} are used, the new limit is {limit}",
        )
        for meter, limit in sorted(limits.items())
        if meter in rows and rows[meter].used > limit
    )
    if refusals:
        raise AlreadyUsed(
            "；".join(refusal.zh for refusal in refusals),
            "; ".join(refusal.en for refusal in refusals),
            refusals,
        )
    for meter, limit in sorted(limits.items()):
        if meter in rows:
            rows[meter].limit = limit
        else:
            work.session.add(Quota(authorisation_id=authorisation_id, meter=meter, limit=limit))


def spend(session: Session, authorisation_id: str, quantity: Mapping[str, int]) -> tuple[str, ...]:
    """Use up `quantity` (meter → amount) of all meters or of none; return those that refuse.

    A meter without a quota is not limited. One UPDATE for each meter that has one, in
    the order of their names, so that two spenders wait and never lock each other out.
    """
    limited = _meters(session, authorisation_id, quantity)
    spent: list[str] = []
    for meter in limited:
        if not _add(session, authorisation_id, meter, quantity[meter]):
            for earlier in spent:
                _add(session, authorisation_id, earlier, -quantity[earlier])
            return exceeded(session, authorisation_id, quantity)
        spent.append(meter)
    return ()


def exceeded(
    session: Session, authorisation_id: str, quantity: Mapping[str, int]
) -> tuple[str, ...]:
    """Return the meters of which `quantity` is more than what is left. One SELECT."""
    left = remaining(session, authorisation_id)
    return tuple(
        meter
        for meter, amount in sorted(quantity.items())
        if meter in left and amount > left[meter]
    )


def remaining(session: Session, authorisation_id: str) -> dict[str, int]:
    """Return meter → what is left of it. One SELECT by key."""
    statement = (
        select(Quota.meter, Quota.limit - Quota.used)
        .where(Quota.authorisation_id == authorisation_id)
        .order_by(Quota.meter)
    )
    return dict(session.execute(statement).all())


def of(session: Session, authorisation_id: str) -> list[Quota]:
    """Return the quotas as they stand now, by meter. One SELECT by key."""
    statement = (
        select(Quota).where(Quota.authorisation_id == authorisation_id).order_by(Quota.meter)
    ).execution_options(populate_existing=True)  # the counting statements pass the session by
    return list(session.scalars(statement))


def _locked(session: Session, authorisation_id: str) -> dict[str, Quota]:
    statement = (
        select(Quota)
        .where(Quota.authorisation_id == authorisation_id)
        .order_by(Quota.meter)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {quota.meter: quota for quota in session.scalars(statement)}


def _meters(session: Session, authorisation_id: str, wanted: Iterable[str]) -> list[str]:
    statement = (
        select(Quota.meter)
        .where(Quota.authorisation_id == authorisation_id, Quota.meter.in_(sorted(wanted)))
        .order_by(Quota.meter)
    )
    return list(session.scalars(statement))


def _add(session: Session, authorisation_id: str, meter: str, amount: int) -> bool:
    statement = (
        update(Quota)
        .where(
            Quota.authorisation_id == authorisation_id,
            Quota.meter == meter,
            Quota.used + amount <= Quota.limit,
        )
        .values(used=Quota.used + amount)
        .execution_options(synchronize_session=False)
    )
    result: CursorResult[Any] = session.execute(statement)  # type: ignore[assignment]  # an UPDATE gives a cursor
    return result.rowcount == 1
