"""Accounting months (会计期间): opened when first needed, closed once, in order, for good.

Closing keeps a root hash of the month's entries, so that one slipped in or taken out
afterwards is found. What comes in late is booked in the oldest month still open.
"""

from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.dialects import postgresql

from kernel.clock import local_date
from kernel.errors import DomainError, Kind, NotFound, Refusal
from kernel.ids import digest
from kernel.words import Words
from kernel.work import Work
from settlement.books import entries, periods, seals
from settlement.entries import month
from settlement.sealing import blocks, snapshots

_BATCH: Final = 1_000
"""Rows held in memory at a time while a month is hashed."""

# Plain SQL: it is asked with every entry.
_STATUS: Final = {
    "sqlite": "SELECT status FROM ledger_periods WHERE id = ?",
    "postgresql": "SELECT status FROM ledger_periods WHERE id = %s FOR SHARE",
}


class PeriodNotClosable(DomainError):
    """The month cannot be closed now; the refusals say why."""

    kind = Kind.CONFLICT
    code = "period-not-closable"
    title = Words("会计期间不能关账", "The accounting period cannot be closed")


def choose(connection: Connection, day: date) -> str:
    """Return the open period for what took effect on `day`, and keep it open to the commit.

    It is the day's own month, or when that is closed the oldest open one. One SELECT
    when the month is open. On PostgreSQL the row is locked against being closed.
    """
    wanted = month(day)
    while not _is_open(connection, wanted):
        wanted = _next_best(connection)
    return wanted


def close_period(work: Work, period_id: str) -> str:
    """Close the month for good and return the root hash of its entries.

    Raises NotFound when nothing was ever booked in it, PeriodNotClosable when it is closed
    already, when it is not over, or when an earlier one is open. Seals what of the month is
    in no block yet, and keeps what the accounts say. Reads the month.
    """
    connection = work.session.connection()
    if connection.dialect.name == "postgresql":
        # No month may be opened behind our back; entries into open ones go on.
        connection.execute(text("LOCK TABLE ledger_periods IN SHARE ROW EXCLUSIVE MODE"))
    mine = periods.c.id == period_id
    status = connection.scalar(select(periods.c.status).where(mine).with_for_update())
    if status is None:
        raise NotFound(f"没有会计期间 {period_id}", f"there is no period {period_id}")
    refusals = _refusals(work, connection, period_id, status)
    if refusals:
        raise PeriodNotClosable.of(refusals)
    blocks.seal_period(work, period_id)
    count, root_hash = root(connection, period_id)
    connection.execute(
        update(periods)
        .where(mine)
        .values(
            status="closed",
            closed_at=work.now,
            closed_by=work.actor.person,
            entries=count,
            root_hash=root_hash,
        )
    )
    snapshots.keep(connection, period_id)
    return root_hash


def root(connection: Connection, period_id: str) -> tuple[int, str]:
    """Return how many entries the period has, and one hash over all their hashes, by id."""
    statement = (
        select(seals.c.content_hash)
        .join(entries, entries.c.id == seals.c.entry_id)
        .where(entries.c.period_id == period_id)
        .order_by(entries.c.id)
        .execution_options(yield_per=_BATCH)
    )
    count, running = 0, digest(period_id)
    for content_hash in connection.scalars(statement):
        count, running = count + 1, digest(running + content_hash)
    return count, running


def _is_open(connection: Connection, period_id: str) -> bool:
    """Lock the period, opening it when it may still be opened, and tell whether it is open."""
    status = _status(connection, period_id)
    if status is None and period_id > _last_closed(connection):
        _open(connection, period_id)
        status = _status(connection, period_id)
    return status == "open"


def _status(connection: Connection, period_id: str) -> str | None:
    """Return "open" or "closed", and keep it so to the commit; None when there is no period."""
    found = connection.exec_driver_sql(_STATUS[connection.dialect.name], (period_id,))
    status: str | None = found.scalar_one_or_none()
    return status


def _open(connection: Connection, period_id: str) -> None:
    opening = insert(periods)
    if connection.dialect.name == "postgresql":
        opening = postgresql.insert(periods).on_conflict_do_nothing()
    connection.execute(opening, {"id": period_id, "status": "open"})


def _next_best(connection: Connection) -> str:
    oldest_open = select(func.min(periods.c.id)).where(periods.c.status == "open")
    found: str | None = connection.scalar(oldest_open)
    if found is not None:
        return found
    first = date.fromisoformat(f"{_last_closed(connection)}-01")
    return month(first + timedelta(days=31))


def _last_closed(connection: Connection) -> str:
    statement = select(func.max(periods.c.id)).where(periods.c.status == "closed")
    return connection.scalar(statement) or ""


def _refusals(
    work: Work, connection: Connection, period_id: str, status: str
) -> tuple[Refusal, ...]:
    earlier = select(func.min(periods.c.id)).where(
        periods.c.status == "open", periods.c.id < period_id
    )
    found = []
    if status != "open":
        found.append(Refusal("PERIOD_CLOSED", "该期间已关账", "the period is closed already"))
    if period_id >= month(local_date(work.now)):
        found.append(Refusal("PERIOD_NOT_OVER", "该期间尚未结束", "the period is not over"))
    if (first := connection.scalar(earlier)) is not None:
        found.append(
            Refusal("EARLIER_PERIOD_OPEN", f"{first} 期间尚未关账", f"{first} is still open")
        )
    return tuple(found)
