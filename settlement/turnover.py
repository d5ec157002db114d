"""Volume in the books (交易额备查簿): what counts stands on 9002, what was set aside on 9003.

Both are kept for each order line, or deal; money does not move with them. Together they are
all that was accepted, less what went back (I-63).
"""

from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.clock import local_date
from kernel.money import Money
from kernel.work import Work
from settlement import ledger
from settlement.books import accounts, balances, entries, postings
from settlement.ledger import AccountRef, Row

COUNTED: Final = "9002.turnover"
EXCLUDED: Final = "9003.excluded"


class Sides(NamedTuple):
    """What the memo book says of all lines and deals."""

    counted: Money
    excluded: Money


def sides(session: Session) -> Sides:
    """Return all volume that counts, and all that was set aside. One SELECT over the balances."""
    statement = (
        select(accounts.c.code, func.sum(balances.c.credits - balances.c.debits))
        .join(accounts, accounts.c.id == balances.c.account_id)
        .where(accounts.c.code.in_((COUNTED, EXCLUDED)))
        .group_by(accounts.c.code)
    )
    found = {code: int(minor) for code, minor in session.execute(statement)}
    return Sides(Money(found.get(COUNTED, 0)), Money(found.get(EXCLUDED, 0)))


def within(session: Session, since: date, until: date) -> Sides:
    """Return what the memo book says of the days from `since` to `until`, both included.

    Two SELECTs over the entries of these days.
    """
    found = {COUNTED: 0, EXCLUDED: 0}
    for account, sign in ((postings.c.credit_id, 1), (postings.c.debit_id, -1)):
        statement = (
            select(accounts.c.code, func.sum(postings.c.amount))
            .join(postings, account == accounts.c.id)
            .join(entries, entries.c.id == postings.c.entry_id)
            .where(
                accounts.c.code.in_((COUNTED, EXCLUDED)),
                entries.c.effective_on.between(since, until),
            )
            .group_by(accounts.c.code)
        )
        for code, minor in session.execute(statement):
            found[code] += sign * int(minor)
    return Sides(Money(found[COUNTED]), Money(found[EXCLUDED]))


def align(work: Work, owner: str, *, counts: bool, order_id: str | None = None) -> Money:
    """Bring the whole of a line's (or deal's) volume to the side on which it belongs.

    Posts `volume.excluded` or `volume.restored` (剔除、恢复) for what stands on the other side,
    and returns how much that was; nothing is posted when nothing does. One SELECT, and three
    more when something is posted.
    """
    source, target = (EXCLUDED, COUNTED) if counts else (COUNTED, EXCLUDED)
    amount = ledger.balance(work.session, AccountRef(source, owner))
    if amount.minor > 0:
        event = "volume.restored" if counts else "volume.excluded"
        ledger.post(
            work,
            event,
            owner,
            [Row(AccountRef(source, owner), AccountRef(target, owner), amount)],
            seq=_next(work.session, event, owner),
            effective_on=local_date(work.now),
            order_id=order_id,
        )
    return amount


def _next(session: Session, event: str, owner: str) -> int:
    own = (entries.c.event == event) & (entries.c.source_id == owner)
    last = session.scalars(select(func.max(entries.c.seq)).where(own)).one()
    return 0 if last is None else int(last) + 1
