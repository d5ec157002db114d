"""Whose accounts of one code there are, with what stands on each: from the total to the owner."""

from typing import Any, NamedTuple

from sqlalchemy import func, select

from kernel.money import Money
from kernel.pages import Page
from kernel.work import Work
from settlement import access, chart
from settlement.books import accounts, balances, postings
from settlement.chart import Guard
from settlement.entries import AccountRef


class Holder(NamedTuple):
    """One account of a code, and its balance on the side on which its kind grows."""

    ref: AccountRef
    balance: Money


def of_code(work: Work, code: str, *, after: str | None, limit: int) -> Page[Holder]:
    """Return the accounts of a code, by owner, to overseers. One SELECT on an index.

    Balances of accounts that no guard keeps are summed from their postings.
    """
    access.require(work, access.overseer, "ledger.holders")
    kind = chart.account(code)
    debited, credited = _sums(kind.guard is not Guard.NONE)
    left = debited - credited if kind.kind.grows_by_debit else credited - debited
    statement = (
        select(accounts.c.owner, accounts.c.currency, left)
        .where(accounts.c.code == code, accounts.c.owner > (after or ""))
        .order_by(accounts.c.owner, accounts.c.currency)
        .limit(limit + 1)
    )
    if kind.guard is not Guard.NONE:
        statement = statement.join(balances, balances.c.account_id == accounts.c.id)
    found = [
        Holder(AccountRef(code, owner, currency), Money(int(minor), currency))
        for owner, currency, minor in work.session.execute(statement)
    ]
    shown = found[:limit]
    return Page(shown, shown[-1].ref.owner if len(found) > limit else None)


def _sums(kept: bool) -> tuple[Any, Any]:
    if kept:
        return balances.c.debits, balances.c.credits
    moved = select(func.coalesce(func.sum(postings.c.amount), 0))
    return (
        moved.where(postings.c.debit_id == accounts.c.id).scalar_subquery(),
        moved.where(postings.c.credit_id == accounts.c.id).scalar_subquery(),
    )
