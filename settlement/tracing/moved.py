"""How much certain events have moved into or out of one account."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from settlement.books import accounts, entries, postings
from settlement.entries import AccountRef


def out_of(session: Session, ref: AccountRef, events: Collection[str]) -> int:
    """Return what the events debited to the account, in minor units. One SELECT on an index."""
    return _sum(session, ref, postings.c.debit_id == accounts.c.id, events)


def into(session: Session, ref: AccountRef, events: Collection[str]) -> int:
    """Return what the events credited to the account, in minor units. One SELECT on an index."""
    return _sum(session, ref, postings.c.credit_id == accounts.c.id, events)


def _sum(
    session: Session, ref: AccountRef, side: ColumnElement[bool], events: Collection[str]
) -> int:
    statement = (
        select(func.coalesce(func.sum(postings.c.amount), 0))
        .select_from(accounts)
        .join(postings, side)
        .join(entries, entries.c.id == postings.c.entry_id)
        .where(
            accounts.c.code == ref.code,
            accounts.c.owner == ref.owner,
            accounts.c.currency == ref.currency,
            entries.c.event.in_(sorted(events)),
        )
    )
    return int(session.scalars(statement).one())
