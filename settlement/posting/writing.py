"""Entries are written: claimed first, then guarded, then line by line, then sealed.

One or a hundred thousand, the way is the same. What is asked is taken up in portions, each
of which the database writes whole or not at all; of a portion every key is claimed, every
account opened and every guarded account locked in one order, so that two who post the same
never wait for each other in a circle.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final

from sqlalchemy import Connection, tuple_

from kernel.work import Work
from settlement.books import entries
from settlement.entries import Entry, load
from settlement.posting import on_postgresql, on_sqlite
from settlement.posting.asked import Key, Posted, ToPost
from settlement.posting.refusals import asked_differently, posted_differently
from settlement.posting.savepoints import savepoint
from settlement.posting.written import Writer

PORTION: Final = 500
"""Entries written together: beyond it little is gained, and more is held in memory."""

_WRITERS: Final[dict[str, type[Writer]]] = {
    "postgresql": on_postgresql.Postgresql,
    "sqlite": on_sqlite.Sqlite,
}


def write(work: Work, asked: Sequence[ToPost]) -> list[Posted]:
    """Post what was checked, in its order, all or nothing; tell of each where it stands."""
    connection = work.session.connection()
    writer = _WRITERS[connection.dialect.name](work, connection)
    done: list[Posted] = []
    with savepoint(connection) if len(asked) > PORTION else nullcontext():
        for begin in range(0, len(asked), PORTION):
            done += _portion(connection, writer, asked[begin : begin + PORTION])
    return done


def _portion(connection: Connection, writer: Writer, asked: Sequence[ToPost]) -> list[Posted]:
    firsts = _firsts(asked)
    there: dict[Key, int] = {}
    made: dict[Key, int] = {}
    while new := {key: one for key, one in firsts.items() if key not in there and key not in made}:
        numbered = dict(zip(new, writer.write(list(new.values())), strict=True))
        taken = [key for key, number in numbered.items() if number is None]
        there |= _there(connection, firsts, taken)
        if not taken:
            made = {key: number for key, number in numbered.items() if number is not None}
    ids = made | there
    return [
        Posted(ids[key], already=one is not firsts[key] or key in there)
        for one in asked
        for key in (one.key,)
    ]


def _firsts(asked: Sequence[ToPost]) -> dict[Key, ToPost]:
    """Return the first of each key. Raises AlreadyPostedDifferently when a later one differs."""
    firsts: dict[Key, ToPost] = {}
    for one in asked:
        first = firsts.setdefault(one.key, one)
        if first is not one and not one.says_as(first.rows, first.order_id):
            raise asked_differently(_named(one.key))
    return firsts


def _there(
    connection: Connection, firsts: dict[Key, ToPost], taken: Sequence[Key]
) -> dict[Key, int]:
    """Return the entries that have the keys already, if they say the same."""
    if not taken:
        return {}
    columns = (entries.c.event, entries.c.source_id, entries.c.seq)
    found = load(connection, tuple_(*columns).in_(taken), limit=len(taken))
    keyed = {(entry.event, entry.source_id, entry.seq): entry for entry in found}
    for key, entry in keyed.items():
        if not _says_as(firsts[key], entry):
            raise posted_differently(_named(key), entry.id)
    return {key: entry.id for key, entry in keyed.items()}


def _says_as(one: ToPost, entry: Entry) -> bool:
    return one.says_as([line.row for line in entry.lines], entry.order_id)


def _named(key: Key) -> str:
    return " ".join(map(str, key))
