"""A page of a league, against adding up the same lines by GROUP BY.

So many moves of three years are written and tallied, and both are asked for the same page of the
same year: places, trades, and the year before. Both must say the same. What a round costs for
each move is told against a settled order, and what it costs to recompute every tally.
`python -m benchmarks rankings:1000000:postgresql` takes a million on PostgreSQL, and
`rankings:100000000:parquet` lets DuckDB add up as many in a snapshot, against a bare scan.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count
from statistics import median
from time import perf_counter
from typing import Any, Final

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks import history, settlement
from benchmarks.house import database
from benchmarks.stopwatch import Way, compare, tell
from kernel.engines import Engines
from marketplace.counting import leagues, recomputing, spans, tallies
from tests import postgres
from tests.conftest import work_of

TURNS: Final = 25
MOVES: Final = 100_000
PLACES: Final = 20
SPAN: Final = spans.parse("Y2026")
BEFORE: Final = spans.parse("Y2025")
ROUND: Final = 10_000
KEPT_UP: Final = 2_000
"""Moves of a round in a house that keeps up: all of one day."""

# The same rows in every run: multiples of a prime lie as if they were thrown.
_NUMBERS: Final = {
    "postgresql": "SELECT generate_series(1::bigint, {moves}) AS n",
    "sqlite": "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {moves})"
    " SELECT n FROM c",
}
_DAY: Final = {
    "postgresql": "DATE '2024-01-01' + (d)::int",
    "sqlite": "date('2024-01-01', d || ' days')",
}
_MONTH: Final = {"postgresql": "to_char({day}, 'YYYY-MM')", "sqlite": "strftime('%Y-%m', {day})"}
_AT: Final = {
    "postgresql": "{day} + TIME '04:00' + n * INTERVAL '1 microsecond'",
    "sqlite": "{day} || ' 04:00:00.' || substr('000000' || (n % 1000000), -6)",
}


def run(moves: int = MOVES, where: str = "sqlite") -> None:
    """Write so many moves on SQLite or PostgreSQL, tally them, and ask for a page."""
    if where == "parquet":
        history.run(moves)
        return
    postgres.SETTINGS.update(settlement.DURABLE)
    with database(where) as url:
        engines = Engines(url)
        _fill(engines, moves, since=0)
        took = _tally(engines, max(ROUND, moves // 5))
        print(f"\n{where}: {moves:,} moves tallied, {took / moves * 1e6:.0f} µs each")
        _swept_or_not(engines, moves)
        _look_after(engines)
        _pages(engines, moves, "")
        began = perf_counter()
        with engines.reading() as session:
            assert next(recomputing.differences(session), None) is None
        tell("recompute", [perf_counter() - began], moves=moves, where=where)
        _overhead(engines, moves)
        engines.dispose()


def _pages(engines: Engines, moves: int, how: str) -> None:
    where = engines.write.dialect.name
    page, added = _in_a_session(engines, _page), _in_a_session(engines, _added_up)
    assert page() == added()
    ours, theirs = compare(
        f"The first {PLACES} merchants of a year among {moves:,} lines, {where}{how}",
        Way("marketplace.counting.leagues.league", page),
        Way("GROUP BY over the lines", added),
        turns=TURNS,
    )
    told = {"moves": moves, "where": where + how}
    tell("league", ours, times_as_fast=median(theirs) / median(ours), **told)
    tell("group by", theirs, **told)


def _swept_or_not(engines: Engines, moves: int) -> None:
    """Ask once before what waited is swept up: only the lines have been looked at by then."""
    if engines.write.dialect.name == "postgresql":
        with engines.write.connect().execution_options(isolation_level="AUTOCOMMIT") as connected:
            connected.execute(text("ANALYZE volume_tallies"))
        _pages(engines, moves, ", not swept")


def _overhead(engines: Engines, moves: int) -> None:
    """Tell what it costs to tally a move in a house that keeps up, beside an order settled."""
    where = engines.write.dialect.name
    names = (f"b{number}" for number in count())
    alone, hundred, tallied = [], [], []
    for turn in range(5):
        began = perf_counter()
        settlement.post(engines, names, settlement.BULK)
        hundred.append((perf_counter() - began) / settlement.BULK)
        began = perf_counter()
        for _ in range(settlement.BULK):
            settlement.post(engines, names, 1)
        alone.append((perf_counter() - began) / settlement.BULK)
        _fill(engines, KEPT_UP, since=moves + turn * KEPT_UP, on=1095)
        tallied.append(_tally(engines, KEPT_UP) / KEPT_UP)
    with engines.reading() as session:
        taken = session.scalar(text("SELECT count(*) FROM volume_round_moves"))
        assert taken == moves + 5 * KEPT_UP
    for name, orders in (("alone", alone), (f"of {settlement.BULK}", hundred)):
        share = median(each / order for each, order in zip(tallied, orders, strict=True))
        tell(f"tally a move, beside an order settled {name}", tallied, where=where,
             order_s=median(orders), share=share)  # fmt: skip


def _in_a_session(engines: Engines, ask: Callable[[Session], Any]) -> Callable[[], Any]:
    def act() -> Any:
        with engines.reading() as session:
            return ask(session)

    return act


def _page(session: Session) -> list[tuple[Any, ...]]:
    found = leagues.league(session, "merchants", SPAN, after=None, limit=PLACES)
    return [
        (place.rank, place.key, place.value_fen, place.count, place.change)
        for place in found.places
    ]


def _added_up(session: Session) -> list[tuple[Any, ...]]:
    rows = session.execute(
        text(
            "WITH sums AS (SELECT merchant_id,"
            " sum(CASE WHEN accepted_on >= :since THEN counted ELSE 0 END) AS now,"
            " sum(CASE WHEN accepted_on >= :since THEN trades ELSE 0 END) AS trades,"
            " max(CASE WHEN accepted_on >= :since THEN accepted_at END) AS at,"
            " sum(CASE WHEN accepted_on < :since THEN counted ELSE 0 END) AS before"
            " FROM volume_moves WHERE accepted_on BETWEEN :first AND :until GROUP BY merchant_id)"
            " SELECT rank() OVER (ORDER BY now DESC) AS place, merchant_id, now, trades,"
            " rank() OVER (ORDER BY before DESC) FROM sums"
            " ORDER BY now DESC, trades DESC, at, merchant_id LIMIT :places"
        ),
        {"since": SPAN.since, "until": SPAN.until, "first": BEFORE.since, "places": PLACES},
    )
    return [(place, key, int(now), int(trades), before - place)
            for place, key, now, trades, before in rows]  # fmt: skip


def _fill(engines: Engines, moves: int, *, since: int, on: int | None = None) -> None:
    """Write the moves; nobody placed these orders, so no key is asked for.

    since: how many there were. on: the day of them all; else they are spread over three years.
    """
    dialect = engines.write.dialect.name
    day, least = _DAY[dialect], "least" if dialect == "postgresql" else "min"
    false = "FALSE" if dialect == "postgresql" else "0"
    told = (
        f"SELECT n + {since} AS n, {on or f'n * 1095 / {moves + 1}'} AS d,"  # noqa: S608 - our own words
        f" {least}((n * 104729) % 1000003 % 433, (n * 1299709) % 1000003 % 433) AS m"
        f" FROM ({_NUMBERS[dialect].format(moves=moves)}) AS numbers"
    )
    statement = (
        f"INSERT INTO volume_moves ({_COLUMNS})"  # noqa: S608 - our own words
        " SELECT 'accepted', 's' || n, 'l' || n, 1, 'o' || n, 'org_' || m, 'org_buyer',"
        f" 'prd_' || m || '_' || (n % 9), 'I', 'f', '430100', '', {false},"
        f" 100 + (n * 7919) % 90000019, 0, 31, 1, 0, {_AT[dialect].format(day=day)}, {day},"
        f" {_MONTH[dialect].format(day=day)}, NULL FROM ({told}) AS told"
    )
    if dialect == "sqlite":
        with closing(sqlite3.connect(str(engines.url.database))) as connection:
            connection.execute(statement)
            connection.commit()
            connection.execute("ANALYZE")
        return
    dsn = engines.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connected:
        for each in (
            "SET session_replication_role = replica",
            statement,
            "INSERT INTO volume_waiting (number, written_by)"  # noqa: S608 - our own words
            " SELECT number, pg_current_xact_id()::text::bigint FROM volume_moves"
            f" WHERE number > {since}",
            "VACUUM ANALYZE volume_moves",
        ):
            connected.execute(each)


def _look_after(engines: Engines) -> None:
    """Do what PostgreSQL does by itself in time: what waited and was tallied is cleared away."""
    vacuum = "VACUUM ANALYZE" if engines.write.dialect.name == "postgresql" else "ANALYZE"
    with engines.write.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(vacuum))


def _tally(engines: Engines, most: int) -> float:
    """Tally all that waits, `most` moves a round; return how long it took."""
    tallies.ROUND_MAX = most  # type: ignore[misc]  # larger rounds than a house that keeps up has
    began = perf_counter()
    while True:
        with engines.writing() as session:
            if not tallies.tally(work_of(session, "system")):
                return perf_counter() - began
            session.commit()


_COLUMNS: Final = (
    "cause, source_id, subject_id, seq, order_id, merchant_id, buyer_id, product_id, industry,"
    " application_field, region, board_id, registered, counted, excluded, opens, trades, frees,"
    " accepted_at, accepted_on, accepted_month, reason"
)
