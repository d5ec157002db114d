"""The bank's leg: what was booked on the supervised account beside the bank's lines."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from kernel.money import Money
from kernel.work import Work
from settlement.bank import statements
from settlement.bank.statements import CUSTODY, SUSPENSE, BankLine, BankStatement
from settlement.books import accounts, balances, entries, postings
from settlement.reconciling import breaks
from settlement.reconciling.facts import Fact, Leg, Type
from settlement.reconciling.sides import Days, Sides, by_day, sided, waiting

_LEFT: Final = balances.c.credits - balances.c.debits
_STATEMENTS: Final = 400
_OPEN_MAX: Final = 1_000


def compared(work: Work, days: Days) -> Iterator[Fact]:
    """Compare what was booked on the supervised account with the bank's lines.

    Keys are the ids of the bank's lines. Beside the lines: what the bank told late of days
    that are closed, statements that are missing, the closing balance, and receipts that
    nobody has matched.
    """
    session = work.session
    custody = work.rules.text("settlement.custody_account")
    booked, said = _on_account(session, CUSTODY, custody, days), _bank_lines(session, custody, days)
    yield from by_day(Leg.BANK, "line", booked, said)
    yield from _told_late(session, custody, days)
    yield from _gaps(session, custody)
    if statements.last(session, custody) is not None:
        standing = statements.standing(session, custody)
        if standing.difference.minor:
            told = standing.closing - standing.unexplained
            yield Fact(
                Leg.BANK, Type.BALANCE, f"balance:{custody}", standing.booked, told, days.last
            )
    yield from _suspense(work, days)


def _on_account(session: Session, code: str, owner: str, days: Days) -> Sides:
    """Return what was booked on one account, by day and bank line: debits less credits."""
    account_id = (
        select(accounts.c.id).where(accounts.c.code == code, accounts.c.owner == owner)
    ).scalar_subquery()
    debited = case((postings.c.debit_id == account_id, postings.c.amount), else_=0)
    credited = case((postings.c.credit_id == account_id, postings.c.amount), else_=0)
    statement = (
        select(
            entries.c.effective_on,
            entries.c.source_id,
            postings.c.currency,
            func.sum(debited - credited),
        )
        .join(postings, postings.c.entry_id == entries.c.id)
        .where(
            entries.c.effective_on.between(*days),
            or_(postings.c.debit_id == account_id, postings.c.credit_id == account_id),
        )
        .group_by(entries.c.effective_on, entries.c.source_id, postings.c.currency)
    )
    return sided(session, statement)


def _bank_lines(session: Session, account: str, days: Days) -> Sides:
    statement = select(
        BankLine.booked_on, BankLine.id, BankLine.amount_currency, BankLine.amount_minor
    ).where(BankLine.account == account, BankLine.booked_on.between(*days))
    return sided(session, statement)


def _told_late(session: Session, account: str, days: Days) -> Iterator[Fact]:
    """Tell of debits that nobody knows, of days that were closed before the bank told them.

    No day is closed before its debits are explained: one of an earlier day that nobody has
    spoken of came later. What came in is booked in any case, and is late.
    """
    statement = select(
        BankLine.booked_on, BankLine.id, BankLine.amount_currency, BankLine.amount_minor
    ).where(statements.unknown_debits(account), BankLine.booked_on < days.first)
    said = sided(session, statement.order_by(BankLine.id.desc()).limit(_OPEN_MAX))
    found = list(by_day(Leg.BANK, "line", {}, said))
    known = breaks.spoken_for(session, [fact.key for fact in found])
    yield from (fact for fact in found if fact.key not in known)


def _gaps(session: Session, account: str) -> Iterator[Fact]:
    """Tell of statements that do not begin where the one before ended."""
    found = session.scalars(
        select(BankStatement)
        .where(BankStatement.account == account)
        .order_by(BankStatement.position.desc())
        .limit(_STATEMENTS)
    ).all()
    for later, earlier in pairwise(found):
        if later.opening != earlier.closing:
            since = later.imported_at.date()
            yield Fact(
                Leg.BANK, Type.GAP, f"statement:{later.id}", earlier.closing, later.opening, since
            )


def _suspense(work: Work, days: Days) -> Iterator[Fact]:
    """Tell of receipts that nobody has matched: on their way, or waiting too long."""
    statement = (
        select(BankLine.id, BankLine.booked_on, accounts.c.currency, _LEFT)
        .join(accounts, accounts.c.owner == BankLine.id)
        .join(balances, balances.c.account_id == accounts.c.id)
        .where(accounts.c.code == SUSPENSE, _LEFT > 0)
        .order_by(BankLine.id)
        .limit(_OPEN_MAX)
    )
    for line_id, booked_on, currency, left in work.session.execute(statement):
        type_ = waiting(work, booked_on, days.last, Type.UNMATCHED_RECEIPT)
        yield Fact(Leg.BANK, type_, f"suspense:{line_id}", Money(left, currency), None, booked_on)
