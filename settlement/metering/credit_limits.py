"""Credit (后付费额度): how far a buyer may use before it pays, and how far it has gone."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, Big, append_only
from kernel.errors import Invalid, NotFound, Refusal
from kernel.money import Money
from kernel.parties import organisations
from kernel.work import Work
from settlement import access, ledger
from settlement.ledger import AccountRef
from settlement.metering import bills, meters, tariffs
from settlement.metering.buckets import UsageBucket
from settlement.metering.meters import Basis, Meter, Mode


class CreditLimit(Base):
    """What one buyer may owe in all; the latest row holds. Never changed."""

    __tablename__ = "credit_limits"
    __table_args__ = (
        CheckConstraint("limit_minor >= 0", name="limit_not_negative"),
        Index(None, "buyer_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    limit: Mapped[Money] = composite(
        mapped_column("limit_minor", Big), mapped_column("limit_currency")
    )
    reason: Mapped[str]
    granted_by: Mapped[str]
    granted_at: Mapped[Instant]


append_only(CreditLimit.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def grant(work: Work, buyer_id: str, *, limit: Money, reason: str) -> CreditLimit:
    """Set what a buyer may owe; by the exchange's settlement officer.

    Raises StepNotAllowed, NotFound, Invalid.
    """
    access.require(work, access.settler, "credit.grant")
    if limit.minor < 0:
        raise Invalid("额度不得为负", "a limit is not negative", pointer="/limit")
    organisations.find(work.session, buyer_id)
    made = CreditLimit(
        id=ids.new("crl_", work.now),
        buyer_id=buyer_id,
        limit=limit,
        reason=reason,
        granted_by=work.actor.person,
        granted_at=work.now,
    )
    work.session.add(made)
    work.record("credit.granted", buyer_id, limit=limit, reason=reason)
    return made


def limit_of(work: Work, buyer_id: str) -> Money:
    """Return what the buyer may owe: as granted, else as the rules say. One SELECT."""
    statement = (
        select(CreditLimit)
        .where(CreditLimit.buyer_id == buyer_id)
        .order_by(CreditLimit.id.desc())
        .limit(1)
    )
    found = work.session.scalars(statement).one_or_none()
    return found.limit if found else Money(work.rules.number("metering.credit_fen"))


def owed(session: Session, buyer_id: str) -> Money:
    """Return what the buyer owes: billed, drawn up, and used since its last bills.

    Five SELECTs on indexes.
    """
    claimed = ledger.balance(session, AccountRef("1122.buyer", buyer_id))
    return claimed + bills.not_issued(session, buyer_id) + _accrued(session, buyer_id)


def seen(work: Work, buyer_id: str) -> tuple[Money, Money]:
    """Return limit and debt to the buyer itself and to overseers. Raises NotFound for others."""
    access.hide_from_strangers(work, buyer_id, NotFound("没有这个额度", f"no credit of {buyer_id}"))
    return limit_of(work, buyer_id), owed(work.session, buyer_id)


def exhausted(work: Work, buyer_id: str) -> Refusal | None:
    """Return the reason to refuse further use when the buyer owes all that it may."""
    limit = limit_of(work, buyer_id)
    if owed(work.session, buyer_id) < limit:
        return None
    return Refusal(
        "CREDIT_EXHAUSTED",
        f"后付费额度 {limit} 已用完",
        f"the credit of {limit} is used up",
    )


def _accrued(session: Session, buyer_id: str) -> Money:
    used = meters.of_buyer(session, buyer_id, mode=Mode.POSTPAID)
    by_id = {meter.id: meter for meter in used if meter.basis in {Basis.USE, Basis.OVERAGE}}
    statement = (
        select(UsageBucket.meter_id, UsageBucket.period, func.sum(UsageBucket.units))
        .where(UsageBucket.meter_id.in_(sorted(by_id)))
        .group_by(UsageBucket.meter_id, UsageBucket.period)
    )
    told = bills.billed(session, by_id)
    fresh = [
        _come_to(by_id[meter_id], int(units))
        for meter_id, period, units in session.execute(statement)
        if (meter_id, period) not in told
    ]
    return sum(fresh, Money(0))


def _come_to(meter: Meter, units: int) -> Money:
    return tariffs.charge(meter.charges, units).amount
