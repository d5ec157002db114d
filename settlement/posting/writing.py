"""Entries are written: claimed first, then guarded, then line by line, then sealed.

One or a hundred thousand, the way is the same. What is asked is taken up in portions; of
a portion every key is claimed, every account opened and every guarded account locked in
one order, so that two who post the same never wait for each other in a circle.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, tuple_

from kernel.money import Money
from kernel.work import Work
from settlement import chart, periods
from settlement.books import entries
from settlement.entries import AccountRef, Entry, Line, digest, load, month
from settlement.posting import on_postgresql, on_sqlite
from settlement.posting.asked import Key, Posted, ToPost, lines, refs
from settlement.posting.refusals import overdrawn, posted_differently
from settlement.posting.written import Ids, Kept, Writer, Written

PORTION: Final = 500
"""Entries written together: beyond it little is gained, and more is held in memory."""

_WRITERS: Final[dict[str, type[Writer]]] = {
    "postgresql": on_postgresql.Postgresql,
    "sqlite": on_sqlite.Sqlite,
}


def write(work: Work, asked: Sequence[ToPost]) -> list[Posted]:
    """Post what was checked, in its order, all or nothing; tell of each where it stands."""
    connection = work.session.connection()
    writer = _WRITERS[connection.dialect.name](connection)
    done: list[Posted] = []
    with _savepoint(connection):
        chosen = _periods(connection, (one.effective_on for one in asked))
        for begin in range(0, len(asked), PORTION):
            done += _portion(work, writer, chosen, asked[begin : begin + PORTION])
    return done


@contextmanager
def _savepoint(connection: Connection) -> Iterator[None]:
    # Plain SQL: SQLAlchemy compiles its own anew each time, which takes as long as posting.
    connection.exec_driver_sql("SAVEPOINT posting")
    try:
        yield
    except BaseException:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT posting")
        connection.exec_driver_sql("RELEASE SAVEPOINT posting")
        raise
    connection.exec_driver_sql("RELEASE SAVEPOINT posting")


def _portion(
    work: Work, writer: Writer, chosen: dict[str, str], asked: Sequence[ToPost]
) -> list[Posted]:
    firsts: dict[Key, ToPost] = {}
    for one in asked:
        firsts.setdefault(one.key, one)
    heads = [_head(work, one, chosen) for one in firsts.values()]
    claimed = writer.claim(heads)
    new = [one for key, one in firsts.items() if key in claimed]
    if new:
        accounts, kept = writer.accounts(refs(new))
        _forbid_overdraft(new, accounts, kept)
        by_key = {(head["event"], head["source_id"], head["seq"]): head for head in heads}
        writer.write([_written(claimed[one.key], by_key[one.key], one) for one in new], accounts)
    there = _there(writer.connection, [key for key in firsts if key not in claimed])
    return [_told(one, firsts, claimed, there) for one in asked]


def _periods(connection: Connection, days: Iterable[date]) -> dict[str, str]:
    """Return month → the open period for what took effect in it; the earliest first."""
    first_days = {month(day): day for day in days}
    return {name: periods.choose(connection, first_days[name]) for name in sorted(first_days)}


def _head(work: Work, one: ToPost, chosen: dict[str, str]) -> dict[str, Any]:
    return {
        "event": one.event,
        "source_id": one.source_id,
        "seq": one.seq,
        "period_id": chosen[month(one.effective_on)],
        "n": len(one.rows),
        "reverses": one.reverses,
        "order_id": one.order_id,
        "person": work.actor.person,
        "organisation": work.actor.organisation,
        "effective_on": one.effective_on,
        "recorded_at": work.now,
    }


def _written(entry_id: int, head: dict[str, Any], one: ToPost) -> Written:
    said = {name: value for name, value in head.items() if name != "n"}
    its: tuple[Line, ...] = lines(one)
    return Written(entry_id, head, its, digest(Entry(id=entry_id, **said, lines=its)))


def _forbid_overdraft(asked: Sequence[ToPost], ids: Ids, kept: Kept) -> None:
    """Play every row in its order, and refuse the first that takes what is not there."""
    for one in asked:
        for debit, credit, amount in one.rows:
            _move(kept, ids, debit, amount, takes=chart.Guard.CREDIT)
            _move(kept, ids, credit, amount, takes=chart.Guard.DEBIT)


def _move(kept: Kept, ids: Ids, ref: AccountRef, amount: Money, *, takes: str) -> None:
    account_id = ids[ref]
    if account_id not in kept:
        return
    guard = chart.account(ref.code).guard
    left = kept[account_id]
    now_left = left - amount.minor if guard == takes else left + amount.minor
    if now_left < 0:
        raise overdrawn(ref, Money(left, ref.currency), amount)
    kept[account_id] = now_left


def _there(connection: Connection, keys: list[Key]) -> dict[Key, Entry]:
    """Return the entries that have the keys already."""
    if not keys:
        return {}
    columns = (entries.c.event, entries.c.source_id, entries.c.seq)
    found = load(connection, tuple_(*columns).in_(keys), limit=len(keys))
    return {(entry.event, entry.source_id, entry.seq): entry for entry in found}


def _told(
    one: ToPost, firsts: dict[Key, ToPost], claimed: dict[Key, int], there: dict[Key, Entry]
) -> Posted:
    """Tell where the entry stands; refuse a key that stands for something else."""
    first = firsts[one.key]
    if one.key in claimed:
        entry_id, same = claimed[one.key], one.says_as(first.rows, first.order_id)
    else:
        entry = there[one.key]
        entry_id = entry.id
        same = one.says_as([line.row for line in entry.lines], entry.order_id)
    if not same:
        raise posted_differently(" ".join(map(str, one.key)), entry_id)
    return Posted(entry_id, already=one is not first or one.key in there)
