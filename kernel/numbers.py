"""Codes that count up without gaps: one row for each series, raised by the database itself."""

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, Big


class Series(Base):
    """The last number that was given out in `series` ("CAT-430000")."""

    __tablename__ = "numbers"
    __table_args__ = (CheckConstraint("value > 0", name="value_positive"),)

    series: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(Big)


_RAISE = text(
    "INSERT INTO numbers (series, value) VALUES (:series, 1) "
    "ON CONFLICT (series) DO UPDATE SET value = numbers.value + 1 RETURNING value"
)


def following(session: Session, series: str) -> int:
    """Return the next number of `series`, from 1. One statement.

    The row stays locked until the transaction ends: two writers never get the same
    number, and a number that is rolled back is given out again.
    """
    number: int = session.execute(_RAISE, {"series": series}).scalar_one()
    return number
