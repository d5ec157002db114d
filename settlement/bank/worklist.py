"""What of the bank's word is not explained yet (待核销清单): how old it is, what it may be for."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import func, select

from kernel.calendar import Calendar
from kernel.clock import local_date
from kernel.money import Money
from kernel.pages import Page
from kernel.work import Work
from settlement import access, books
from settlement.bank import clearings, statements
from settlement.bank.clearings import Clearing
from settlement.bank.matching import Ladder, Receipt, Suggestion
from settlement.bank.statements import SUSPENSE, BankLine

AGES: Final = 4
"""Into how many ages what waits is divided."""

_DAYS_MAX: Final = 1_000


class Waiting(NamedTuple):
    """One line. left: what of it is not explained. age_wd: since the bank booked it.

    proposed: what one person said and another has to approve.
    """

    line: BankLine
    left: Money
    age_wd: int
    suggestions: tuple[Suggestion, ...]
    proposed: Clearing | None


class Age(NamedTuple):
    """What waits since from_wd to to_wd working days; to_wd is None for the oldest."""

    from_wd: int
    to_wd: int | None
    receipts: int
    total: Money


def listed(work: Work, *, after: str | None, limit: int) -> Page[Waiting]:
    """Return lines that are not wholly explained, newest first, with what they may be for.

    To overseers. A dozen SELECTs, however many lines.
    """
    found = statements.unexplained(work, after=after, limit=limit)
    return Page(_with_all(work, found.items), found.next)


def one(work: Work, line_id: str) -> Waiting:
    """Return one line, explained or not, to overseers. Raises NotFound."""
    access.require(work, access.overseer, "bank.line")
    return _with_all(work, [statements.find_line(work.session, line_id)])[0]


def ages(work: Work) -> list[Age]:
    """Return how much money waits in suspense, by age in working days. One SELECT.

    By the days of at most a thousand different dates, the newest first.
    """
    access.require(work, access.overseer, "bank.ages")
    accounts, balances = books.accounts.c, books.balances.c
    left = balances.credits - balances.debits
    statement = (
        select(BankLine.booked_on, func.count(), func.sum(left))
        .join(books.accounts, accounts.owner == BankLine.id)
        .join(books.balances, balances.account_id == accounts.id)
        .where(accounts.code == SUSPENSE, left > 0)
        .group_by(BankLine.booked_on)
        .order_by(BankLine.booked_on.desc())
        .limit(_DAYS_MAX)
    )
    ends: list[int] = list(work.rules.table("settlement")["suspense_age_wd"])
    starts, counts, sums = [0, *(end + 1 for end in ends)], [0] * AGES, [0] * AGES
    today = local_date(work.now)
    for booked_on, count, total in work.session.execute(statement):
        age = _age(work.calendar, booked_on, today)
        place = sum(age > end for end in ends)
        counts[place] += int(count)
        sums[place] += int(total)
    return [
        Age(start, end, count, Money(total))
        for start, end, count, total in zip(starts, [*ends, None], counts, sums, strict=True)
    ]


def _with_all(work: Work, lines: Sequence[BankLine]) -> list[Waiting]:
    line_ids = [line.id for line in lines]
    left = statements.suspense(work.session, line_ids)
    proposed = clearings.proposed_for(work.session, line_ids)
    known = statements.matches(work.session, line_ids)
    receipts = {
        line.id: Receipt.of_line(work, line, left[line.id]) for line in lines if line.id in left
    }
    ladder = Ladder(work, list(receipts.values()), lock=False)
    today = local_date(work.now)
    return [
        Waiting(
            line,
            _left(line, left.get(line.id), is_known=line.id in known),
            _age(work.calendar, line.booked_on, today),
            tuple(ladder.suggest(receipts[line.id])) if line.id in receipts else (),
            proposed.get(line.id),
        )
        for line in lines
    ]


def _left(line: BankLine, in_suspense: Money | None, *, is_known: bool) -> Money:
    if line.amount.minor > 0:
        return in_suspense or Money(0)
    return Money(0 if is_known or line.note is None else -line.amount.minor)


def _age(calendar: Calendar, since: date, today: date) -> int:
    return calendar.between(since, today, provisional=True) if since < today else 0
