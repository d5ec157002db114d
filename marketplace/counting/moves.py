"""The moves of volume (交易额流水): every acceptance, refund, exclusion and registered deal.

A move is written once, in the transaction of what it tells, and never changed; whatever is
told of volume is a sum of moves. Each waits until a round of tallying has taken it up, so that
what was tallied and what still waits are together always all (`tallies`).
"""

from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big, append_only, attach


class Cause(StrEnum):
    """Why volume moved."""

    ACCEPTED = "accepted"
    ADJUSTED = "adjusted"
    EXCLUDED = "excluded"
    RESTORED = "restored"
    REGISTERED = "registered"


_CAUSES: Final = ", ".join(f"'{cause}'" for cause in Cause)


class Bit:
    """Of what a line is the first of its order: who adds up trades by it counts this line."""

    ORDER: Final = 1
    PRODUCT: Final = 2
    INDUSTRY: Final = 4
    FIELD: Final = 8
    BOARD: Final = 16
    ALL: Final = 31


class VolumeMove(Base):
    """What one event does to the volume of a line, or of a slice of it, in its dimensions.

    source_id: what moved it: the line itself, a refund, its withdrawal, a flag, a deal.
    subject_id: the order line, or the deal made outside. seq: which slice, from 1; that of
    the line's first slice for what is about the whole line. counted, excluded: fen, tax
    included, more or less of each. trades: +1 when the order counts from now on in what
    `opens` names (see Bit), -1 when no more. frees: the same of an order without price.
    registered: a deal made outside (备案), always apart. Unknown is an empty text.
    """

    __tablename__ = "volume_moves"
    __table_args__ = (
        UniqueConstraint("subject_id", "cause", "source_id", "seq"),
        CheckConstraint(f"cause IN ({_CAUSES})", name="known_cause"),
        CheckConstraint("trades IN (-1, 0, 1)", name="one_trade_at_most"),
        CheckConstraint("registered = (order_id IS NULL)", name="registered_has_no_order"),
        CheckConstraint(
            "cause NOT IN ('excluded', 'restored') OR counted + excluded = 0",
            name="sides_balance",
        ),
        CheckConstraint(
            "cause IN ('accepted', 'registered', 'adjusted') OR reason IS NOT NULL",
            name="excluded_has_reason",
        ),
        Index(None, "order_id"),
        Index(None, "cause", "accepted_at", "number"),
        Index(None, "merchant_id", "accepted_month", "product_id", "counted", "excluded"),
        Index(None, "buyer_id", "accepted_month", "product_id", "counted", "excluded"),
        Index(
            "ix_volume_moves_excluded",
            "accepted_on",
            sqlite_where=text("excluded <> 0"),
            postgresql_where=text("excluded <> 0"),
        ),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    cause: Mapped[str]
    source_id: Mapped[str]
    subject_id: Mapped[str]
    seq: Mapped[int]
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"))
    merchant_id: Mapped[str]
    buyer_id: Mapped[str]
    product_id: Mapped[str]
    industry: Mapped[str]
    application_field: Mapped[str]
    region: Mapped[str]
    board_id: Mapped[str]
    registered: Mapped[bool]
    counted: Mapped[int] = mapped_column(Big)
    excluded: Mapped[int] = mapped_column(Big)
    opens: Mapped[int]
    trades: Mapped[int]
    frees: Mapped[int]
    accepted_at: Mapped[Instant]
    accepted_on: Mapped[date]
    accepted_month: Mapped[str]
    reason: Mapped[str | None]

    @property
    def amount(self) -> int:
        """All of it, in fen, whether it counts or not."""
        return self.counted + self.excluded


class VolumeWaiting(Base):
    """A move that no round of tallying has taken up yet. The database itself lets it wait.

    written_by: the transaction that wrote it, by which PostgreSQL finds it (`waiting`); else 0.
    """

    __tablename__ = "volume_waiting"
    __table_args__ = (Index(None, "written_by", "number"),)

    number: Mapped[int] = mapped_column(
        Big, ForeignKey("volume_moves.number"), primary_key=True, autoincrement=False
    )
    written_by: Mapped[int] = mapped_column(Big, server_default=text("0"))


class VolumeRound(Base):
    """One round of tallying: so many moves were added to the tallies in one transaction.

    beyond: no transaction older than that one has written a move that still waits.
    """

    __tablename__ = "volume_rounds"
    __table_args__ = (CheckConstraint("size > 0", name="size_is_some"),)

    number: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    size: Mapped[int]
    tallied_at: Mapped[Instant]
    beyond: Mapped[int | None] = mapped_column(Big)


class VolumeRoundMove(Base):
    """The one round that took a move up. Rounds up to one of them are always the same moves."""

    __tablename__ = "volume_round_moves"
    __table_args__ = (Index(None, "round_number"),)

    number: Mapped[int] = mapped_column(
        Big, ForeignKey("volume_moves.number"), primary_key=True, autoincrement=False
    )
    round_number: Mapped[int] = mapped_column(Big, ForeignKey("volume_rounds.number"))


for _written_once in (VolumeMove, VolumeRound, VolumeRoundMove):
    append_only(_written_once.__table__)  # type: ignore[arg-type]  # declared as FromClause

# Both tables are there when the second has been made.
attach(
    VolumeWaiting.__table__,  # type: ignore[arg-type]  # as above
    "sqlite",
    "CREATE TRIGGER volume_moves_wait AFTER INSERT ON volume_moves"
    " BEGIN INSERT INTO volume_waiting (number) VALUES (NEW.number); END",
)
attach(
    VolumeWaiting.__table__,  # type: ignore[arg-type]  # as above
    "postgresql",
    """
CREATE OR REPLACE FUNCTION volume_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO volume_waiting (number, written_by)
  VALUES (NEW.number, pg_current_xact_id()::text::bigint);
  RETURN NULL;
END $$
""",
    "CREATE TRIGGER volume_moves_wait AFTER INSERT ON volume_moves"
    " FOR EACH ROW EXECUTE FUNCTION volume_wait()",
)
