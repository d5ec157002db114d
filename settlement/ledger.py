"""The ledger (总账): entries go in by `post`, go back by `reverse`, and nothing else happens.

    ledger.post(
        work, "bank.received", line.id,
        [Row(AccountRef("1012.custody", "acc_1"), AccountRef("2241.suspense", line.id), amount)],
        effective_on=line.booked_on,
    )

An event is posted at most once: its natural key (event, source_id, seq) is claimed before
any line is written, so a repeat is recognised before it could be taken for an overdraft.
What the rules do not allow is refused here; what could lose a fen is refused by the
database as well, whoever writes.

What is asked is checked by `posting.asked`, taken up in portions by `posting.writing`, and
written by `posting.on_sqlite` table by table or by `posting.on_postgresql` in one call. What is
called is `procedure`; the guards that look at whatever is written are `guards`.
"""

from collections.abc import Iterable
from datetime import date

from kernel.work import Work
from settlement import rules
from settlement.entries import AccountRef, Entry, Line, Row
from settlement.periods import PeriodNotClosable, close_period
from settlement.posting.asked import Posted, ToPost, checked
from settlement.posting.refusals import (
    AlreadyPostedDifferently,
    NothingToPost,
    NotReversible,
    Overdrawn,
)
from settlement.posting.writing import write
from settlement.statements import (
    StatementLine,
    TrialBalance,
    TrialRow,
    balance,
    entries_of,
    entry,
    statement,
    trial_balance,
)

__all__ = [
    "AccountRef",
    "AlreadyPostedDifferently",
    "Entry",
    "Line",
    "NotReversible",
    "NothingToPost",
    "Overdrawn",
    "PeriodNotClosable",
    "Posted",
    "Row",
    "StatementLine",
    "ToPost",
    "TrialBalance",
    "TrialRow",
    "balance",
    "close_period",
    "entries_of",
    "entry",
    "post",
    "post_many",
    "reverse",
    "statement",
    "trial_balance",
]


def post(  # noqa: PLR0913 - the natural key has three parts, and an entry has three more
    work: Work,
    event: str,
    source_id: str,
    rows: Iterable[Row],
    *,
    seq: int = 0,
    effective_on: date,
    order_id: str | None = None,
) -> Posted:
    """Post the rows as one entry, at most once for (event, source_id, seq).

    Rows of zero are left out. A repeat with the same rows and order returns the entry
    that is there, whatever its day; with others it raises AlreadyPostedDifferently.
    Raises NothingToPost when no row is left and Overdrawn when a guarded account would be
    overdrawn by any row, in order. After each of them nothing was written, and the
    transaction goes on. Raises ValueError for rows that the posting rules do not know:
    that is a mistake in a program, not of a user.
    One statement on PostgreSQL; a repeat, an overdraft and a closed month take a few more.
    Guarded accounts are locked in one order, so single posts never deadlock; two
    transactions of several posts each can, and then PostgreSQL ends one of them. What
    belongs together is therefore better posted by one `post_many`.
    """
    asked = ToPost(event, source_id, tuple(rows), effective_on, seq, order_id)
    return write(work, [checked(asked)])[0]


def post_many(work: Work, asked: Iterable[ToPost]) -> list[Posted]:
    """Post many entries as if one after the other, all or nothing; their ids in that order.

    An entry may use what an earlier one brought. Each is answered as `post` would answer
    it, repeats included. The first that is refused refuses all: NothingToPost, Overdrawn
    and AlreadyPostedDifferently mean that nothing was written, and the transaction goes on.
    The statement of one entry serves 500 of them as well, so that the time grows with the
    entries alone (`python -m benchmarks settlement` tells how long 100,000 take); memory
    holds what was asked.
    """
    return write(work, [checked(one) for one in asked])


def reverse(work: Work, entry_id: int, *, effective_on: date) -> Posted:
    """Take an entry back by its exact mirror (冲销); a repeat returns the mirror that is there.

    Raises NotFound, NotReversible for an entry that is a reversal, and Overdrawn when what
    it brought is no longer where it went.
    """
    original = entry(work.session, entry_id)
    if original.reverses is not None:
        raise NotReversible(
            f"分录 {entry_id} 本身是冲销分录", f"entry {entry_id} is itself a reversal"
        )
    # Backwards: what was passed on by a later line must come back before an earlier one.
    rows = [Row(line.credit, line.debit, line.amount) for line in reversed(original.lines)]
    asked = ToPost(
        rules.REVERSAL,
        str(entry_id),
        rows,
        effective_on,
        order_id=original.order_id,
        reverses=entry_id,
    )
    return write(work, [checked(asked)])[0]
