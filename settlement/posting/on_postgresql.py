"""Entries are written to PostgreSQL: by one call, because every statement is a journey.

What the call does stands in `settlement.procedure`. It goes by what nearly always
holds: every month is open, no key is taken, the money is there. When it does not, the call
has written nothing and says so, and only then is it asked what to do about it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from json import JSONEncoder
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection

from kernel.work import Work
from settlement.entries import AccountRef, Unnumbered, around_id, month
from settlement.guards import NOT_OPEN
from settlement.posting.asked import ToPost, refs
from settlement.posting.overdraft import Kept, forbid_overdraft, guarded
from settlement.posting.savepoints import savepoint
from settlement.posting.written import Months, booked_in, opened_as, unnumbered
from settlement.procedure import OVERDRAWN

_JSON: Final = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
POST: Final = (
    "SELECT ids, broken FROM ledger_post(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
# Everybody locks guarded accounts in the order of their ids.
_KEPT: Final = """
SELECT a.code, a.owner, a.currency, abs(b.credits - b.debits)
FROM json_to_recordset(%s) AS r (code text, owner text, currency text)
JOIN ledger_accounts a USING (code, owner, currency) JOIN ledger_balances b ON b.account_id = a.id
ORDER BY b.account_id FOR UPDATE OF b
"""


class Postgresql:
    """One statement for as many entries as are written together."""

    def __init__(self, work: Work, connection: Connection) -> None:
        self._work = work
        self._connection = connection
        self._chosen: Months = {}

    def write(self, asked: Sequence[ToPost]) -> list[int | None]:
        """Write them; what stands in the way is seen to, and then they are written again."""
        ids, broken = self._call(asked)
        if broken == NOT_OPEN:
            with savepoint(self._connection):  # no month is opened for what is then refused
                days = (one.effective_on for one in asked)
                self._chosen |= booked_in(self._connection, days)
                return self.write(asked)
        if broken == OVERDRAWN:
            # What came in since is locked now, so that the next call finds it.
            forbid_overdraft(asked, self._kept(refs(asked)))
            return self.write(asked)
        return ids

    def arguments(self, asked: Sequence[ToPost]) -> tuple[Any, ...]:
        """Return what `ledger_post` is called with to write these entries."""
        named = refs(asked)
        wanted = {month(one.effective_on) for one in asked}
        months = {name: self._chosen.get(name, name) for name in wanted}
        entries = [unnumbered(self._work, one, months) for one in asked]
        # Everybody claims keys in one order; ids are given in the order of what was asked.
        heads = sorted(map(_head, count(1), entries), key=itemgetter("event", "source_id", "seq"))
        halves = [around_id(entry) for entry in entries]
        actor = self._work.actor
        return (
            _array(set(months.values())), _JSON(heads), _JSON(list(map(opened_as, named))),
            _array(len(entry.lines) for entry in entries), *_lines(asked, named),
            "\n".join(before for before, _ in halves), "\n".join(after for _, after in halves),
            actor.person, actor.organisation, self._work.now,
        )  # fmt: skip

    def _call(self, asked: Sequence[ToPost]) -> tuple[list[int | None], str | None]:
        ids, broken = self._connection.exec_driver_sql(POST, self.arguments(asked)).one()
        return ids, broken

    def _kept(self, named: Sequence[AccountRef]) -> Kept:
        names = _JSON([ref._asdict() for ref in named])
        kept: Kept = dict.fromkeys(guarded(named), 0)
        for *name, left in self._connection.exec_driver_sql(_KEPT, (names,)):
            kept[AccountRef(*name)] = left
        return kept


def _head(place: int, entry: Unnumbered) -> dict[str, Any]:
    """Return the head of the entry as `ledger_post` takes it."""
    return {
        "place": place,
        "event": entry.event,
        "source_id": entry.source_id,
        "seq": entry.seq,
        "period_id": entry.period_id,
        "reverses": entry.reverses,
        "order_id": entry.order_id,
        "effective_on": entry.effective_on.isoformat(),
    }


def _lines(asked: Sequence[ToPost], named: Sequence[AccountRef]) -> Iterator[str]:
    """Yield the lines as `ledger_post` takes them: column by column, accounts by their place."""
    places = {ref: place for place, ref in enumerate(named, start=1)}
    lines = [
        (entry, line_no, places[debit], places[credit], amount.minor)
        for entry, one in enumerate(asked, start=1)
        for line_no, (debit, credit, amount) in enumerate(one.rows, start=1)
    ]
    return map(_array, zip(*lines, strict=True))


def _array(values: Iterable[object]) -> str:
    """Write what needs no quotes as PostgreSQL writes arrays: the driver takes far longer."""
    return f"{{{','.join(map(str, values))}}}"
