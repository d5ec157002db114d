"""A page of the ranking, against working the whole ranking out anew, at 40,000 trades.

The page lets the database add up; working it out anew reads every fact and adds up here, as
a nightly job would. Both must say the same.
"""

import sqlite3
from contextlib import closing
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.unit import Exchange
from benchmarks.house import furnished
from benchmarks.stopwatch import Way, compare
from marketplace import rankings, volume
from marketplace.rankings import Ranked, Row
from marketplace.volume import VolumeFact
from tests.conftest import NOON

TURNS = 15
FACTS, MERCHANTS, DAYS = 40_000, 500, 365
UNTIL = date(2026, 6, 30)
SINCE = UNTIL - timedelta(days=DAYS - 1)
PLACES = 10
SEED = 20_260_701


def run() -> None:
    """Rank the merchants of a year by both ways."""
    with furnished() as application:
        _trade(application)
        engines = application.house.engines

        def page() -> list[Ranked]:
            with engines.reading() as session:
                return volume.ranking(session, "merchants", since=SINCE, until=UNTIL, limit=PLACES)

        def anew() -> list[Ranked]:
            with engines.reading() as session:
                return _worked_out(session)[:PLACES]

        assert page() == anew()
        compare(
            f"The first {PLACES} of {MERCHANTS} merchants, of {FACTS:,} trades in a year",
            Way("marketplace.volume.ranking", page),
            Way("every fact read and added up anew", anew),
            turns=TURNS,
        )


def _worked_out(session: Session) -> list[Ranked]:
    table = VolumeFact.__table__.c
    statement = select(table.merchant_id, table.amount, table.order_id, table.accepted_at)
    counted = statement.where(table.counted.is_(True), table.accepted_on.between(SINCE, UNTIL))
    of: dict[str, list[Any]] = {}
    for fact in session.execute(counted):
        of.setdefault(fact.merchant_id, []).append(fact)
    return rankings.rank(
        Row(
            key=merchant,
            value_fen=sum(fact.amount for fact in facts),
            count=len({fact.order_id for fact in facts}),
            reached_at=max(fact.accepted_at for fact in facts),
            code=merchant,
        )
        for merchant, facts in of.items()
    )


def _trade(application: Exchange) -> None:
    """Write the facts of a year; nobody placed these orders, so no key is asked for."""
    chance = Random(SEED)  # noqa: S311 - made-up trades, the same in every run
    names = [column.name for column in VolumeFact.__table__.c]
    rows = [_fact(chance, number) for number in range(FACTS)]
    places = ", ".join(f":{name}" for name in names)
    with closing(sqlite3.connect(str(application.house.engines.url.database))) as connection:
        connection.executemany(f"INSERT INTO volume_facts VALUES ({places})", rows)  # noqa: S608 - our own columns
        connection.commit()
        connection.execute("ANALYZE")


def _fact(chance: Random, number: int) -> dict[str, Any]:
    at: datetime = NOON - timedelta(days=chance.randrange(1, DAYS), seconds=chance.randrange(3600))
    merchant = min(chance.randrange(MERCHANTS), chance.randrange(MERCHANTS))
    related = chance.random() < 0.02
    return {
        "order_line_id": f"orl_{number}",
        "seq": 1,
        "order_id": f"ord_{number // 2}",
        "merchant_id": f"org_{merchant}",
        "buyer_id": "org_buyer",
        "product_id": f"prd_{merchant}_{number % 3}",
        "industry": "ABCDEFGHIJKLMNOPQRS"[merchant % 19],
        "application_field": "modern_agriculture",
        "region": "430000",
        "board_id": None,
        "amount": chance.randrange(1, 100_000_000),
        "accepted_at": at.replace(tzinfo=None).isoformat(" ", "microseconds"),
        "accepted_on": at.date().isoformat(),
        "accepted_month": f"{at:%Y-%m}",
        "related": related,
        "counted": not related,
        "exclude_reason": "related_party" if related else None,
    }
