"""A provider's own account of our balance (支付机构流水): its word on what money moved.

Fees, conversions and what a dispute takes are booked from here, each under the line's own
id; the rest was booked from the objects and is compared with these lines when the books are
reconciled.
"""

from typing import Final

from sqlalchemy import CheckConstraint, Index, String, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel.clock import Instant, local_date
from kernel.db import Base, Big, append_only
from kernel.money import Money
from kernel.work import Work
from settlement import ledger
from settlement.ledger import AccountRef, Row
from settlement.rails.desks import DisputeDesk, DisputeMove
from settlement.rails.outcomes import cash
from settlement.rails.port import BalanceLine

FX: Final = "1012.fx"
FEE: Final = "6603.psp_fee"
DISPUTE: Final = "dispute"


class ProviderBalanceLine(Base):
    """One movement of our balance. type: as the provider names it. net = amount - fee.

    at: when it moved. told_at: when we came to know of it.
    """

    __tablename__ = "provider_balance_lines"
    __table_args__ = (
        CheckConstraint("net_minor = amount_minor - fee_minor", name="net_is_after_fee"),
        CheckConstraint(
            "amount_currency = fee_currency AND amount_currency = net_currency",
            name="one_currency",
        ),
        Index(None, "provider", "at", "id"),
        Index(None, "source_id"),
        Index(None, "at"),
        Index(None, "told_at"),
    )

    provider: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    source_id: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency", String(3))
    )
    fee: Mapped[Money] = composite(
        mapped_column("fee_minor", Big), mapped_column("fee_currency", String(3))
    )
    net: Mapped[Money] = composite(
        mapped_column("net_minor", Big), mapped_column("net_currency", String(3))
    )
    available_on: Mapped[Instant]
    at: Mapped[Instant]
    told_at: Mapped[Instant]


append_only(ProviderBalanceLine.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def book(work: Work, provider: str, line: BalanceLine, disputes: DisputeDesk) -> bool:
    """Keep one line and book what only it tells; tells whether it was new."""
    if not _kept(work, provider, line):
        return False
    house = work.as_system()
    account = cash(provider, line.amount.currency)
    if line.type == DISPUTE:
        move = DisputeMove(
            dispute_id=line.source_id,
            kind="withdrawn" if line.amount.minor < 0 else "reinstated",
            amount=Money(abs(line.amount.minor), line.amount.currency),
            fee=line.fee,
            source_id=line.id,
            account=account,
        )
        disputes.moved(house, move)
        return True
    on = local_date(line.at)
    if line.fee.minor:
        fee = AccountRef(FEE, "", line.fee.currency)
        ledger.post(house, "psp.fee", line.id, [_row(fee, account, line.fee)], effective_on=on)
    if line.converted is not None:
        there = AccountRef(FX, line.converted.currency, line.converted.currency)
        here = AccountRef(FX, line.amount.currency, line.amount.currency)
        rows = [
            _row(there, cash(provider, line.converted.currency), line.converted),
            _row(account, here, line.amount),
        ]
        ledger.post(house, "fx.converted", line.id, rows, effective_on=on)
    return True


def of(session: Session, provider: str, source_id: str) -> list[ProviderBalanceLine]:
    """Return the lines of one object, by age. One SELECT on an index."""
    statement = (
        select(ProviderBalanceLine)
        .where(ProviderBalanceLine.provider == provider, ProviderBalanceLine.source_id == source_id)
        .order_by(ProviderBalanceLine.at, ProviderBalanceLine.id)
        .limit(100)
    )
    return list(session.scalars(statement))


def latest(session: Session, provider: str) -> Instant | None:
    """Return when the latest line moved; None before the first. One SELECT on an index."""
    statement = select(func.max(ProviderBalanceLine.at)).where(
        ProviderBalanceLine.provider == provider
    )
    return session.scalar(statement)


def _row(debit: AccountRef, credit: AccountRef, amount: Money) -> Row:
    """Return a row; what is negative goes the other way."""
    if amount.minor < 0:
        return Row(credit, debit, Money(-amount.minor, amount.currency))
    return Row(debit, credit, amount)


def _kept(work: Work, provider: str, line: BalanceLine) -> bool:
    # What is append-only refuses even the try on SQLite, so it is asked first there.
    if work.session.get(ProviderBalanceLine, (provider, line.id)) is not None:
        return False
    on_sqlite = work.session.get_bind().dialect.name == "sqlite"
    insert = (sqlite if on_sqlite else postgresql).insert(ProviderBalanceLine)
    statement = (
        insert.values(
            provider=provider,
            id=line.id,
            type=line.type,
            source_id=line.source_id,
            amount_minor=line.amount.minor,
            amount_currency=line.amount.currency,
            fee_minor=line.fee.minor,
            fee_currency=line.fee.currency,
            net_minor=line.net.minor,
            net_currency=line.net.currency,
            available_on=line.available_on,
            at=line.at,
            told_at=work.now,
        )
        .on_conflict_do_nothing()
        .returning(ProviderBalanceLine.id)
    )
    return work.session.execute(statement).first() is not None
