"""What moved on a party's account in a period, line by line, with what each line is about."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from kernel.errors import Invalid
from kernel.money import Money
from settlement import rules
from settlement.books import accounts, entries, postings
from settlement.dividing.obligations import Obligation
from settlement.dividing.settled import SettlementLine
from settlement.ledger import AccountRef

LINES_MAX: Final = 5_000
"""The most lines of one statement; a longer list needs a shorter period."""


class Movements(NamedTuple):
    """An account over a period: opening + Σ lines = closing."""

    opening: Money
    lines: list[dict[str, Any]]
    closing: Money


def of(session: Session, ref: AccountRef, first: date, last: date) -> Movements:
    """Return what moved on a payable account from `first` to `last`, both included.

    Amounts in fen, what came in positive. Of a sale: its order, what its buyer paid for the
    line, and the exchange's fee. Raises Invalid beyond `LINES_MAX` lines. Three SELECTs.
    """
    account_id = session.scalars(
        select(accounts.c.id).where(
            accounts.c.code == ref.code,
            accounts.c.owner == ref.owner,
            accounts.c.currency == ref.currency,
        )
    ).one_or_none()
    if account_id is None:
        return Movements(Money(0, ref.currency), [], Money(0, ref.currency))
    opening = _until(session, account_id, first - timedelta(days=1))
    found = _rows(session, account_id, first, last)
    if len(found) > LINES_MAX:
        raise Invalid(
            f"该期间超过 {LINES_MAX} 笔，请缩短期间",
            f"more than {LINES_MAX} lines; choose a shorter period",
            pointer="/last_on",
        )
    running, lines = opening, []
    for row in found:
        running += row.amount
        lines.append(_line(row, running))
    return Movements(Money(opening, ref.currency), lines, Money(running, ref.currency))


def _until(session: Session, account_id: int, day: date) -> int:
    statement = (
        select(func.coalesce(func.sum(_signed(account_id)), 0))
        .join(entries, entries.c.id == postings.c.entry_id)
        .where(_mine(account_id), entries.c.effective_on <= day)
    )
    return int(session.scalars(statement).one())


def _rows(session: Session, account_id: int, first: date, last: date) -> Sequence[Any]:
    line, owed = SettlementLine.__table__, Obligation.__table__
    statement = (
        select(
            entries.c.id,
            entries.c.event,
            entries.c.source_id,
            entries.c.order_id,
            entries.c.effective_on,
            _signed(account_id).label("amount"),
            owed.c.amount_minor.label("gross"),
            line.c.fee_minor.label("fee"),
            owed.c.order_line_id,
            owed.c.seq,
            owed.c.accepted_on,
        )
        .join(postings, postings.c.entry_id == entries.c.id)
        .outerjoin(line, line.c.entry_id == entries.c.id)
        .outerjoin(owed, owed.c.id == line.c.obligation_id)
        .where(_mine(account_id), entries.c.effective_on.between(first, last))
        .order_by(entries.c.effective_on, entries.c.id, postings.c.line_no)
        .limit(LINES_MAX + 1)
    )
    return session.execute(statement).all()


def _line(row: Any, running: int) -> dict[str, Any]:
    says = rules.RULES[row.event].says
    told = {
        "entry": row.id,
        "on": row.effective_on.isoformat(),
        "event": row.event,
        "says_zh": says.zh,
        "says_en": says.en,
        "about": row.source_id,
        "order": row.order_id,
        "amount": row.amount,
        "balance": running,
    }
    if row.gross is not None:
        told |= {
            "order_line": row.order_line_id,
            "slice": row.seq,
            "accepted_on": row.accepted_on.isoformat(),
            "gross": row.gross,
            "fee": row.fee,
        }
    return told


def _signed(account_id: int) -> Any:
    return case((postings.c.credit_id == account_id, postings.c.amount), else_=-postings.c.amount)


def _mine(account_id: int) -> Any:
    return or_(postings.c.credit_id == account_id, postings.c.debit_id == account_id)
