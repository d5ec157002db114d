"""Entries: each is what was sealed, has all its lines, and stands under its key alone."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Select, func, or_, select, text

from kernel.words import Words
from settlement import guards
from settlement.books import entries, postings, seals
from settlement.books import periods as months
from settlement.checking.check import BATCH, Books, Check, Finding, query, rows_of
from settlement.entries import digest, load, month

_original = entries.alias("original")
_lines = (
    select(
        postings.c.entry_id,
        func.count().label("n"),
        func.max(postings.c.line_no).label("last"),
    )
    .group_by(postings.c.entry_id)
    .subquery("lines")
)


def _contents(books: Books) -> Iterator[Finding]:
    after = 0
    while ids := list(books.connection.scalars(_following(books, after))):
        yield from _content(books, ids)
        after = ids[-1]


def _following(books: Books, after: int) -> Select[int]:
    following = select(entries.c.id).where(entries.c.id > after)
    if not books.full:  # a closed month has a hash of its own, and is left for the full look
        closed = select(months.c.id).where(months.c.status == "closed")
        following = following.where(entries.c.period_id.not_in(closed))
    return following.order_by(entries.c.id).limit(BATCH)


def _content(books: Books, ids: list[int]) -> Iterator[Finding]:
    try:
        found = load(books.connection, entries.c.id.in_(ids), limit=len(ids))
    except ValueError:  # a date that is none: halve the batch until it is alone
        half = len(ids) // 2
        if not half:
            yield Finding("ENTRY_UNREADABLE", f"entry {ids[0]}")
            return
        yield from _content(books, ids[:half])
        yield from _content(books, ids[half:])
        return
    hashes = select(seals.c.entry_id, seals.c.content_hash).where(seals.c.entry_id.in_(ids))
    sealed = {row.entry_id: row.content_hash for row in books.connection.execute(hashes)}
    for entry in found:
        if entry.id in sealed and sealed[entry.id] != digest(entry):
            yield Finding("ENTRY_EDITED", f"entry {entry.id}")
        if entry.period_id < month(entry.effective_on):
            yield Finding("ENTRY_BEFORE_ITS_DAY", f"entry {entry.id}")


CONTENTS: Final = Check(
    {
        "ENTRY_EDITED": Words("分录内容与封签不符", "an entry is not what was sealed"),
        "ENTRY_UNREADABLE": Words("分录无法读取", "an entry cannot be read"),
        "ENTRY_BEFORE_ITS_DAY": Words("分录记入了更早的期间", "an entry is booked before its day"),
    },
    _contents,
    rows_of(entries),
)

CHECKS: Final = (
    query(
        "ENTRY_UNSEALED",
        Words("分录没有封签", "an entry has no seal"),
        "entry {0}",
        select(entries.c.id)
        .outerjoin(seals, seals.c.entry_id == entries.c.id)
        .where(seals.c.entry_id.is_(None))
        .order_by(entries.c.id),
        entries,
    ),
    query(
        "ENTRY_TWICE",
        Words("同一事项记账两次", "an event was posted twice"),
        "{0} {1} {2}",
        select(entries.c.event, entries.c.source_id, entries.c.seq)
        .group_by(entries.c.event, entries.c.source_id, entries.c.seq)
        .having(func.count() > 1)
        .order_by(entries.c.event, entries.c.source_id, entries.c.seq),
        entries,
    ),
    query(
        "SEAL_WITHOUT_ENTRY",
        Words("封签没有对应分录", "a seal has no entry"),
        "entry {0}",
        select(seals.c.entry_id)
        .outerjoin(entries, entries.c.id == seals.c.entry_id)
        .where(entries.c.id.is_(None))
        .order_by(seals.c.entry_id),
        seals,
    ),
    query(
        "LINES_MISSING",
        Words("分录行数不符", "an entry has not the lines that it should have"),
        "entry {0}",
        select(entries.c.id)
        .outerjoin(_lines, _lines.c.entry_id == entries.c.id)
        .outerjoin(seals, seals.c.entry_id == entries.c.id)
        .where(
            or_(
                _lines.c.n.is_(None),
                _lines.c.n != entries.c.n,
                _lines.c.last != entries.c.n,
                seals.c.n != entries.c.n,
            )
        )
        .order_by(entries.c.id),
        entries,
    ),
    query(
        "REVERSAL_NOT_MIRROR",
        Words("冲销与原分录不相反", "a reversal is not the mirror"),
        "entry {0}",
        select(entries.c.id)
        .where(
            entries.c.reverses.is_not(None),
            text(guards.not_the_mirror("ledger_entries.id", "ledger_entries.reverses")),
        )
        .order_by(entries.c.id),
        entries,
    ),
    query(
        "REVERSAL_TWICE",
        Words("分录被冲销多次", "an entry was reversed more than once"),
        "entry {0}",
        select(entries.c.reverses)
        .where(entries.c.reverses.is_not(None))
        .group_by(entries.c.reverses)
        .having(func.count() > 1)
        .order_by(entries.c.reverses),
        entries,
    ),
    query(
        "REVERSAL_OF_REVERSAL",
        Words("冲销分录又被冲销", "a reversal was reversed"),
        "entry {0}",
        select(entries.c.id)
        .join(_original, _original.c.id == entries.c.reverses)
        .where(_original.c.reverses.is_not(None))
        .order_by(entries.c.id),
        entries,
    ),
)
"""After the contents: whether each entry is whole, alone and honestly taken back."""
