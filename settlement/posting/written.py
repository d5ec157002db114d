"""What a database has to be able to do so that entries can be written into it."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Protocol, TypeAlias

from sqlalchemy import Connection

from kernel.work import Work
from settlement import chart, periods
from settlement.entries import AccountRef, Unnumbered, month
from settlement.posting.asked import ToPost, lines

Months: TypeAlias = dict[str, str]
"""Month in which something took effect → the open period in which it is booked."""


_AS: Final = {
    code: {"book": row.kind.book.value, "kind": row.kind.value, "guard": row.guard.value}
    for code, row in chart.CHART.items()
}


class Writer(Protocol):
    """Writes entries in one transaction, in as few statements as the database can do with."""

    def __init__(self, work: Work, connection: Connection) -> None: ...

    def write(self, asked: Sequence[ToPost]) -> list[int | None]:
        """Write entries of different keys, all or nothing; return their ids.

        The ids are in their order. A key that is taken has None instead, and then nothing
        was written; a twin that is under way elsewhere is waited for. Raises Overdrawn,
        and nothing was written.
        """
        ...


def unnumbered(work: Work, one: ToPost, months: Months) -> Unnumbered:
    """Return what the entry will say."""
    return Unnumbered(
        event=one.event,
        source_id=one.source_id,
        seq=one.seq,
        period_id=months[month(one.effective_on)],
        reverses=one.reverses,
        order_id=one.order_id,
        person=work.actor.person,
        organisation=work.actor.organisation,
        effective_on=one.effective_on,
        recorded_at=work.now,
        lines=lines(one),
    )


def booked_in(connection: Connection, days: Iterable[date]) -> Months:
    """Choose the periods for what took effect on these days; the earliest first."""
    first_days = {month(day): day for day in days}
    return {name: periods.choose(connection, first_days[name]) for name in sorted(first_days)}


def opened_as(ref: AccountRef) -> dict[str, str]:
    """Return the row of an account that is opened as the chart says."""
    return {"code": ref.code, "owner": ref.owner, "currency": ref.currency, **_AS[ref.code]}
