"""Every tally recomputed from nothing but the moves, by another engine than keeps them."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from delivery import columns
from delivery.columns import Columns
from marketplace.counting import adding
from marketplace.counting.adding import FIGURES, READ
from marketplace.counting.tallies import Key, parts_of

MOVED: Final = {
    "merchant_id": "VARCHAR", "buyer_id": "VARCHAR", "product_id": "VARCHAR",
    "industry": "VARCHAR", "application_field": "VARCHAR", "region": "VARCHAR",
    "board_id": "VARCHAR", "registered": "BOOLEAN", "counted": "BIGINT", "excluded": "BIGINT",
    "opens": "INTEGER", "trades": "INTEGER", "frees": "INTEGER", "accepted_at": "TIMESTAMP",
    "accepted_on": "DATE", "accepted_month": "VARCHAR",
}  # fmt: skip
"""What of a move tells in the figures, and its types in DuckDB."""

_KEPT: Final = {
    "kind": "VARCHAR", "period": "VARCHAR", "key": "VARCHAR",
    **dict.fromkeys(FIGURES, "BIGINT"), "reached_at": "TIMESTAMP",
}  # fmt: skip


def differences(session: Session) -> Iterator[Key]:
    """Yield kind, period and key of every tally that is not what the moves in rounds come to.

    Reads every move and every tally, in bounded memory: for who examines the figures.
    """
    differ = " OR ".join(f"kept.{name} IS DISTINCT FROM found.{name}" for name in READ)
    with columns.opened() as engine:
        in_rounds = "number IN (SELECT number FROM volume_round_moves)"
        engine.load(session, "moved", MOVED, f"volume_moves WHERE {in_rounds}")
        engine.load(session, "kept", _KEPT, "volume_tallies")
        recompute(engine, (day for (day,) in engine.rows("SELECT DISTINCT accepted_on FROM moved")))
        yield from (
            (kind, period, key)
            for kind, period, key in engine.rows(
                "SELECT kind, period, key FROM found FULL JOIN kept USING (kind, period, key)"  # noqa: S608 - our own words
                f" WHERE {differ} ORDER BY ALL"
            )
        )


def recompute(engine: Columns, days: Iterable[date]) -> None:
    """Make `found`, the tallies of what is called `moved`. days: on which anything moved."""
    parts = parts_of(days)
    engine.execute(
        "CREATE TABLE periods AS SELECT unnest(CAST(? AS VARCHAR[])) AS part,"
        " unnest(CAST(? AS VARCHAR[])) AS code",
        [[part for part, _ in parts], [code for _, code in parts]],
    )
    engine.execute(f"CREATE TABLE days AS {adding.days()}")
    engine.execute(f"CREATE TABLE found AS {adding.spread()}")
