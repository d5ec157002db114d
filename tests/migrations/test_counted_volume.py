"""What was counted before, in three tables, is told by moves, to the fen."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from kernel.money import Money
from marketplace import volume
from marketplace.counting import aligning, recomputing, tallies
from marketplace.counting.moves import Bit, VolumeMove
from settlement import fsck, ledger, turnover
from settlement.ledger import AccountRef, Row
from tests.conftest import work_of
from tests.migrations.steps import brought_from
from tests.migrations.test_lasting_trade import _order, _organisation, _table

BEFORE = "0005_lasting_trade"
AT = datetime(2026, 7, 13, 4, tzinfo=UTC)
ON = {"accepted_at": AT, "accepted_on": AT.date(), "accepted_month": "2026-07"}
FACT: dict[str, Any] = {
    "order_line_id": "lin_1", "seq": 1, "order_id": "ord_two", "merchant_id": "org_2",
    "buyer_id": "org_1", "product_id": "prd_1", "industry": "I", "application_field": "f",
    "region": "430100", "board_id": None, "amount": 300, "related": False, "counted": True,
    "exclude_reason": None, **ON,
}  # fmt: skip
FACTS = (
    FACT,
    FACT | {"seq": 2, "amount": 200},
    FACT | {"order_line_id": "lin_2", "product_id": "prd_2", "amount": 70, "board_id": "brd_1"},
    FACT | {
        "order_line_id": "lin_3", "amount": 0, "counted": False, "exclude_reason": "zero_price",
    },
    FACT | {
        "order_line_id": "lin_4", "order_id": "ord_kin", "amount": 900, "related": True,
        "counted": False, "exclude_reason": "related_party",
    },
)  # fmt: skip
ADJUSTMENT = {
    "source_id": "ref_1", "order_line_id": "lin_1", "seq": 1, "order_id": "ord_two",
    "merchant_id": "org_2", "product_id": "prd_1", "industry": "I", "board_id": None,
    "amount": -100, "counted": True, **ON,
}  # fmt: skip
DEAL = {
    "deal_id": "dea_1", "merchant_id": "org_2", "buyer": "91430100MAA000019B", "region": "430100",
    "amount": 50, "counted": True, "exclude_reason": None, **ON,
}  # fmt: skip


def _fill(connection: Connection) -> None:
    for table, row in (
        ("organisations", _organisation(1)),
        ("organisations", _organisation(2)),
        ("orders", _order("two", "completed")),
        ("orders", _order("kin", "completed")),
    ):
        connection.execute(_table(table).insert().values(**row))
    if connection.dialect.name == "postgresql":  # nobody asks for their lines, and they are dropped
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    for name, row in (
        *(("volume_facts", fact) for fact in FACTS),
        ("volume_adjustments", ADJUSTMENT),
        ("registered_deals", DEAL),
    ):
        marks = ", ".join(f":{column}" for column in row)
        told = row | ({} if connection.dialect.name == "postgresql" else {
            "accepted_at": "2026-07-13 04:00:00.000000", "accepted_on": "2026-07-13",
        })  # fmt: skip
        connection.execute(text(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({marks})"), told)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def brought(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    """Give a database that stood at the step before, with its rows, and was brought here."""
    with brought_from(BEFORE, _fill, request, tmp_path) as session:
        yield session


def test_every_figure_is_what_it_was(brought: Session) -> None:
    days = {"since": date(2026, 7, 1), "until": date(2026, 7, 31)}

    before = volume.totals(brought, **days)
    taken = tallies.tally(work_of(brought, "system"))

    assert before == volume.totals(brought, **days)
    assert taken == len(FACTS) + 2
    assert (before.counted, before.excluded) == (Money(470), Money(900))
    assert (before.tx_count, before.free_count) == (1, 1)
    assert (before.registered, before.registered_count) == (Money(50), 1)
    assert list(recomputing.differences(brought)) == []


def test_an_order_is_the_first_of_what_it_was_the_first_of(brought: Session) -> None:
    moves = brought.scalars(select(VolumeMove).where(VolumeMove.cause == "accepted"))
    opens = {(move.subject_id, move.seq): (move.opens, move.trades, move.frees) for move in moves}

    assert opens == {
        ("lin_1", 1): (Bit.ALL, 1, 0),
        ("lin_1", 2): (0, 0, 0),
        ("lin_2", 1): (Bit.PRODUCT | Bit.BOARD, 1, 0),
        ("lin_3", 1): (0, 0, Bit.ALL),
        ("lin_4", 1): (Bit.ALL, 0, 0),
    }


def _booked(session: Session) -> None:
    """Let the books say what they said then: whatever was accepted, on 9002."""
    work = work_of(session, "system")
    counter = AccountRef("9001.counter", "org_1")
    for owner, fen in (("lin_1", 400), ("lin_2", 70), ("lin_4", 900), ("dea_1", 50)):
        row = Row(counter, AccountRef(turnover.COUNTED, owner), Money(fen))
        ledger.post(work, "deal.registered", owner, [row], effective_on=AT.date())


def test_what_did_not_count_then_is_set_aside_in_the_books_by_entries(brought: Session) -> None:
    _booked(brought)
    assert not volume.ties_out(brought)

    work = work_of(brought, "system")
    done, on = aligning.set_aside(work, limit=1)
    assert (done, on) == ([aligning.Moved("lin_4", Money(900))], "lin_4")
    again, over = aligning.set_aside(work, after="", limit=9)

    assert (again, over) == ([], None)
    assert volume.ties_out(brought)
    assert turnover.sides(brought) == (Money(520), Money(900))
    assert fsck.check(brought) == ()
