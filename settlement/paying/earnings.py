"""What parties have to get, when they may expect more, and what they owe."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select

from kernel.money import Money
from kernel.work import Work
from settlement import access
from settlement.books import accounts, balances
from settlement.dividing.obligations import Obligation
from settlement.dividing.settling import OWED
from settlement.dividing.terms import Payable

LISTED_MAX = 1_000
"""The most balances that are listed."""


class Earned(NamedTuple):
    """What a party has to get."""

    payable: Payable
    party_id: str
    amount: Money


class Expected(NamedTuple):
    """What was accepted of a seller's lines and is settled on a day: before fees and shares."""

    due_on: date
    lines: int
    amount: Money


class Owing(NamedTuple):
    """What a party owes after refunds; it is taken from what it earns next."""

    party_id: str
    amount: Money


def earned(work: Work, *, party_id: str | None = None) -> list[Earned]:
    """Return what parties have to get, by account and party: all to overseers, else one's own.

    party_id: of this party alone. At most 1,000. One SELECT on the accounts' index.
    """
    if not access.oversees(work.actor):
        party_id = work.actor.organisation
    amount = balances.c.credits - balances.c.debits
    names = {payable.code: payable for payable in Payable}
    statement = (
        select(accounts.c.code, accounts.c.owner, accounts.c.currency, amount)
        .join(balances, balances.c.account_id == accounts.c.id)
        .where(accounts.c.code.in_(sorted(names)), amount > 0)
        .order_by(accounts.c.code, accounts.c.owner, accounts.c.currency)
        .limit(LISTED_MAX)
    )
    if party_id is not None:
        statement = statement.where(accounts.c.owner == party_id)
    return [
        Earned(names[code], owner, Money(minor, currency))
        for code, owner, currency, minor in work.session.execute(statement)
    ]


def owing(work: Work) -> list[Owing]:
    """Return what parties owe, by party: all to overseers, else one's own. One SELECT."""
    amount = balances.c.debits - balances.c.credits
    statement = (
        select(accounts.c.owner, accounts.c.currency, amount)
        .join(balances, balances.c.account_id == accounts.c.id)
        .where(accounts.c.code == OWED, amount > 0)
        .order_by(accounts.c.owner, accounts.c.currency)
        .limit(LISTED_MAX)
    )
    if not access.oversees(work.actor):
        statement = statement.where(accounts.c.owner == work.actor.organisation)
    return [
        Owing(owner, Money(minor, currency))
        for owner, currency, minor in work.session.execute(statement)
    ]


def expected(work: Work, *, limit: int) -> list[Expected]:
    """Return on which days what the caller sold is settled, the next one first. One SELECT.

    To overseers, what everybody sold.
    """
    left = func.sum(Obligation.__table__.c.amount_minor - Obligation.taken_minor)
    statement = (
        select(Obligation.due_on, func.count(), left)
        .where(Obligation.settled_on.is_(None))
        .group_by(Obligation.due_on)
        .having(left > 0)
        .order_by(Obligation.due_on)
        .limit(limit)
    )
    if not access.oversees(work.actor):
        statement = statement.where(Obligation.seller_id == work.actor.organisation)
    return [
        Expected(due_on, lines, Money(int(minor)))
        for due_on, lines, minor in work.session.execute(statement)
    ]
