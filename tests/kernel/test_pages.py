import base64
import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.db import Base
from kernel.errors import Invalid
from kernel.pages import Order, keyset
from tests.conftest import NOON


class Bead(Base):
    """A row of the tests."""

    __tablename__ = "test_beads"

    id: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    day: Mapped[date]
    at: Mapped[Instant]


BY_SIZE: Order = ((Bead.size, "desc"), (Bead.id, "asc"))
BY_DAY: Order = ((Bead.day, "asc"), (Bead.at, "desc"), (Bead.id, "desc"))


def _beads(sizes: list[int]) -> Session:
    engine = create_engine("sqlite://")
    Bead.__table__.create(engine)  # type: ignore[attr-defined]  # declared as FromClause
    session = Session(engine)
    for number, size in enumerate(sizes):
        day = NOON.date() + timedelta(days=size)
        session.add(Bead(id=f"b{number:02}", size=size, day=day, at=NOON + timedelta(hours=size)))
    session.flush()
    return session


@given(sizes=st.lists(st.integers(0, 3), max_size=12), limit=st.integers(1, 5))
@pytest.mark.parametrize("order", [BY_SIZE, BY_DAY])
def test_the_pages_together_are_the_list(order: Order, sizes: list[int], limit: int) -> None:
    with _beads(sizes) as session:
        statement = select(Bead)
        whole = keyset(session, statement, by=order, after=None, limit=100)

        found, after = [], None
        while True:
            page = keyset(session, statement, by=order, after=after, limit=limit)
            found += page.items
            after = page.next
            if after is None:
                break

        assert found == whole.items
        assert len(found) == len(sizes)
        assert whole.next is None


def _cursor(values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "not a cursor",
        "气象",
        _cursor({"size": 1}),
        _cursor([1]),
        _cursor(["1", "b01"]),
        _cursor([True, "b01"]),
        _cursor([2**63, "b01"]),
        _cursor([1, "b\0"]),
        _cursor([1, "b\ud800"]),
        "[" * 2000,
    ],
)
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with _beads([1, 2]) as session, pytest.raises(Invalid) as caught:
        keyset(session, select(Bead), by=BY_SIZE, after=cursor, limit=2)

    assert caught.value.pointer == "/after"


@pytest.mark.parametrize(
    "values",
    [
        ["x", NOON.isoformat(), "b"],
        ["2026-07-01", "2026-07-01T00:00:00", "b"],
        ["2026-07-01", "0001-01-01T00:00:00+14:00", "b"],
        ["2026-07-01", "9999-12-31T23:59:59-12:00", "b"],
    ],
)
def test_a_made_up_day_or_moment_is_refused(values: list[str]) -> None:
    with _beads([1]) as session, pytest.raises(Invalid):
        keyset(session, select(Bead), by=BY_DAY, after=_cursor(values), limit=2)
