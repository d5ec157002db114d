"""The past: guards in place, months closed in order, figures kept, blocks chained."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import and_, func, or_, select, text

from kernel.words import Words
from settlement import guards, periods
from settlement.books import entries
from settlement.books import periods as months
from settlement.checking.check import Books, Check, Finding, query, rows_of
from settlement.sealing import blocks, snapshots

_earlier = months.alias("earlier")
_TRIGGERS: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE t.tgenabled <> 'D' AND pg_table_is_visible(c.oid)",
}


def _guards(books: Books) -> Iterator[Finding]:
    name = books.connection.dialect.name
    there = set(books.connection.scalars(text(_TRIGGERS[name])))
    expected = guards.triggers(name) | snapshots.TRIGGERS | blocks.TRIGGERS[name]
    for trigger in sorted(expected - there):
        yield Finding("GUARD_MISSING", trigger)


def _closed(books: Books) -> Iterator[Finding]:
    closed = select(months).where(months.c.status == "closed").order_by(months.c.id)
    for row in books.connection.execute(closed).all():
        if periods.root(books.connection, row.id) != (row.entries, row.root_hash):
            yield Finding("PERIOD_CHANGED", f"period {row.id}")


def _kept(books: Books) -> Iterator[Finding]:
    columns = [*snapshots.snapshots.c]
    last = snapshots.closings.c.period_id
    for period_id in books.connection.scalars(select(last).order_by(last)).all():
        kept = select(*columns).where(snapshots.snapshots.c.period_id == period_id)
        there = {tuple(row[:-2]): _whole(row[-2:]) for row in books.connection.execute(kept)}
        rows = books.connection.execute(snapshots.recomputed(period_id))
        true = {tuple(row[:-2]): _whole(row[-2:]) for row in rows}
        for key in sorted({*there, *true}):
            if there.get(key) != true.get(key):
                yield Finding("SNAPSHOT_DIFFERS", " ".join(filter(None, key[:4])))


def _whole(sums: tuple[object, ...]) -> tuple[int, ...]:
    return tuple(int(str(one)) for one in sums)  # PostgreSQL sums into a NUMERIC


def _blocks(books: Books) -> Iterator[Finding]:
    if books.crypto is None:
        return
    for code, number in blocks.broken(books.session, books.crypto):
        yield Finding(code, f"block {number}")


_newest = select(func.coalesce(func.max(blocks.members.c.entry_id), 0)).scalar_subquery()

GUARDS: Final = Check(
    {"GUARD_MISSING": Words("触发器缺失或被停用", "a trigger is missing or switched off")},
    _guards,
    rows_of(months),
)
CLOSED: Final = Check(
    {"PERIOD_CHANGED": Words("已关账期间的分录有变动", "the entries of a closed period changed")},
    _closed,
    rows_of(months),
)
CHECKS: Final = (
    query(
        "PERIOD_MISSING",
        Words("分录的会计期间不存在", "an entry has no period"),
        "entry {0}",
        select(entries.c.id)
        .outerjoin(months, months.c.id == entries.c.period_id)
        .where(months.c.id.is_(None))
        .order_by(entries.c.id),
        entries,
    ),
    query(
        "PERIOD_OUT_OF_ORDER",
        Words("期间未按顺序关账", "a period was closed before an earlier one"),
        "period {0}",
        select(months.c.id)
        .join(_earlier, and_(_earlier.c.id < months.c.id, _earlier.c.status == "open"))
        .where(months.c.status == "closed")
        .distinct()
        .order_by(months.c.id),
        months,
    ),
    Check(
        {"SNAPSHOT_DIFFERS": Words("关账时的余额与记账行不符", "a kept balance is not the sum")},
        _kept,
        rows_of(snapshots.snapshots),
        only_full=True,
    ),
    query(
        "ENTRY_IN_NO_BLOCK",
        Words("分录未入块", "an entry was left out of the blocks"),
        "entry {0}",
        select(entries.c.id)
        .outerjoin(blocks.members, blocks.members.c.entry_id == entries.c.id)
        .where(
            blocks.members.c.entry_id.is_(None),
            or_(
                entries.c.id <= _newest - blocks.LOOK_BACK,
                entries.c.period_id.in_(select(snapshots.closings.c.period_id)),
            ),
        )
        .order_by(entries.c.id),
        entries,
    ),
    query(
        "BLOCK_ENTRY_MISSING",
        Words("块中的分录已不存在", "an entry of a block is gone"),
        "entry {0}",
        select(blocks.members.c.entry_id)
        .outerjoin(entries, blocks.members.c.entry_id == entries.c.id)
        .where(entries.c.id.is_(None))
        .order_by(blocks.members.c.entry_id),
        blocks.members,
    ),
    Check(
        {
            "BLOCK_OUT_OF_CHAIN": Words("块未衔接前一块", "a block does not follow the one before"),
            "BLOCK_BROKEN": Words("块的内容或签名无效", "a block is not what was signed"),
        },
        _blocks,
        rows_of(blocks.blocks),
        only_full=True,
    ),
)
"""After months that changed: what is missing, out of order or not what was kept."""
