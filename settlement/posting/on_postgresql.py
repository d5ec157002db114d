"""Entries are written to PostgreSQL: by one call, because every statement is a journey.

What the call does stands in `settlement.procedure`. It goes by what nearly always
holds: every month is open, no key is taken, the money is there. When it does not, the call
has written nothing and says so, and only then is it asked what to do about it.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from kernel.work import Work
from settlement.entries import AccountRef, around_id, month
from settlement.posting.asked import ToPost, refs
from settlement.posting.overdraft import Kept, forbid_overdraft, guarded
from settlement.posting.savepoints import savepoint
from settlement.posting.written import Months, booked_in, opened_as, unnumbered
from settlement.procedure import NOT_OPEN, OVERDRAWN

_POST: Final = "SELECT ids, broken FROM ledger_post(%s, %s, %s, %s, %s, %s, %s)"
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

    def _call(self, asked: Sequence[ToPost]) -> tuple[list[int | None], str | None]:
        named = refs(asked)
        places = {ref: place for place, ref in enumerate(named, start=1)}
        wanted = {month(one.effective_on) for one in asked}
        months = {name: self._chosen.get(name, name) for name in wanted}
        heads, lines = [], []
        for place, one in enumerate(asked, start=1):
            head, its = self._said(place, one, months, places)
            heads.append(head)
            lines += its
        opened = [{"place": places[ref], **opened_as(ref)} for ref in named]
        actor = self._work.actor
        values = (
            json.dumps(heads), json.dumps(opened), json.dumps(lines),
            list(set(months.values())), actor.person, actor.organisation, self._work.now,
        )  # fmt: skip
        ids, broken = self._connection.exec_driver_sql(_POST, values).one()
        return ids, broken

    def _said(
        self, place: int, one: ToPost, months: Months, places: dict[AccountRef, int]
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return the head and the lines as `ledger_post` takes them."""
        entry = unnumbered(self._work, one, months)
        before, after = around_id(entry)
        head = {
            "place": place,
            "event": one.event,
            "source_id": one.source_id,
            "seq": one.seq,
            "period_id": entry.period_id,
            "n": len(entry.lines),
            "reverses": one.reverses,
            "order_id": one.order_id,
            "effective_on": one.effective_on.isoformat(),
            "before": before,
            "after": after,
        }
        lines = [
            {
                "entry": place,
                "line_no": line.line_no,
                "debit": places[row.debit],
                "credit": places[row.credit],
                "amount": line.minor,
            }
            for line, row in zip(entry.lines, one.rows, strict=True)
        ]
        return head, lines

    def _kept(self, named: Sequence[AccountRef]) -> Kept:
        names = json.dumps([ref._asdict() for ref in named])
        kept: Kept = dict.fromkeys(guarded(named), 0)
        for *name, left in self._connection.exec_driver_sql(_KEPT, (names,)):
            kept[AccountRef(*name)] = left
        return kept
