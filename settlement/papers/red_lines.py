"""What of each line of an invoice is written off in red, and what is asked to be.

One row a line keeps the count, so that nothing of a line is written off twice; the database
refuses more than the line has.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, Big, append_only
from kernel.errors import Invalid
from kernel.money import Money, half_up, take_from
from settlement import shares
from settlement.papers.invoice_lines import InvoiceLine


class RedRoom(Base):
    """The count of one line of an invoice. asked: to be written off; red: written off."""

    __tablename__ = "invoice_red_rooms"
    __table_args__ = (
        ForeignKeyConstraint(
            ["invoice_id", "position"], ["invoice_lines.invoice_id", "invoice_lines.position"]
        ),
        CheckConstraint(
            "red_minor >= 0 AND asked_minor >= 0 AND red_minor + asked_minor <= gross_minor",
            name="red_within_line",
        ),
        CheckConstraint(
            "red_tax_minor >= 0 AND red_tax_minor <= tax_minor"
            " AND red_minor - red_tax_minor <= gross_minor - tax_minor",
            name="red_tax_within_tax",
        ),
    )

    invoice_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    gross_minor: Mapped[int] = mapped_column(Big)
    tax_minor: Mapped[int] = mapped_column(Big)
    asked_minor: Mapped[int] = mapped_column(Big)
    red_minor: Mapped[int] = mapped_column(Big)
    red_tax_minor: Mapped[int] = mapped_column(Big)

    @property
    def left_minor(self) -> int:
        """What of the line is neither written off nor asked to be, in fen."""
        return self.gross_minor - self.red_minor - self.asked_minor


class RedLine(Base):
    """What one red letter takes off one line."""

    __tablename__ = "red_letter_lines"
    __table_args__ = (
        CheckConstraint("gross_minor > 0", name="gross_positive"),
        CheckConstraint("net_minor + tax_minor = gross_minor", name="net_and_tax_make_the_gross"),
        CheckConstraint("net_minor >= 0 AND tax_minor >= 0", name="parts_not_negative"),
    )

    letter_id: Mapped[str] = mapped_column(ForeignKey("red_letters.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    gross_minor: Mapped[int] = mapped_column(Big)
    net_minor: Mapped[int] = mapped_column(Big)
    tax_minor: Mapped[int] = mapped_column(Big)


append_only(RedLine.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Part(NamedTuple):
    """What is taken off one line, in fen."""

    position: int
    gross: int
    tax: int


def rooms(session: Session, lines: Sequence[InvoiceLine]) -> list[RedRoom]:
    """Return the counts of an invoice's lines in order, locked; made when there are none.

    The invoice's own count must be locked already. Two SELECTs by key.
    """
    statement = (
        select(RedRoom)
        .where(RedRoom.invoice_id == lines[0].invoice_id)
        .order_by(RedRoom.position)
        .with_for_update()
    )
    there = list(session.scalars(statement))
    if there:
        return there
    made = [
        RedRoom(
            invoice_id=line.invoice_id,
            position=line.position,
            gross_minor=line.gross_minor,
            tax_minor=line.tax_minor,
            asked_minor=0,
            red_minor=0,
            red_tax_minor=0,
        )
        for line in lines
    ]
    session.add_all(made)
    return made


def ask(found: Sequence[RedRoom], amount: Money, wanted: Mapping[int, int]) -> None:
    """Ask for so much of the lines to be written off; of all in proportion, if none is named.

    wanted: position → fen, together the amount. Raises Invalid for a line that is not there,
    or has not so much left, and for lines that do not add up.
    """
    parts = dict(wanted) or _in_proportion(found, amount)
    there = {room.position: room for room in found}
    for position, fen in parts.items():
        room = there.get(position)
        if room is None or not 0 <= fen <= room.left_minor:
            left = Money(room.left_minor if room else 0, amount.currency)
            raise Invalid(
                f"第 {position} 行至多可冲红 {left}",
                f"{left} is left of line {position}",
                pointer="/lines",
            )
    if sum(parts.values()) != amount.minor:
        raise Invalid(
            "各行冲红金额之和须等于冲红金额", "the lines must add up to it", pointer="/lines"
        )
    for position, fen in parts.items():
        there[position].asked_minor += fen


def take(found: Sequence[RedRoom]) -> list[Part]:
    """Take what is asked off the lines, and return the parts with their tax.

    The last part of a line takes what is left of its tax, so that it ends at exact zeros.
    """
    parts = []
    for room in found:
        if not room.asked_minor:
            continue
        tax = _tax(room)
        parts.append(Part(room.position, room.asked_minor, tax))
        room.red_minor += room.asked_minor
        room.red_tax_minor += tax
        room.asked_minor = 0
    return parts


def of_letters(session: Session, letter_ids: Sequence[str]) -> dict[str, list[RedLine]]:
    """Return letter → what it takes off which lines, in order. One SELECT by key."""
    statement = (
        select(RedLine)
        .where(RedLine.letter_id.in_(letter_ids))
        .order_by(RedLine.letter_id, RedLine.position)
    )
    found: dict[str, list[RedLine]] = {letter_id: [] for letter_id in letter_ids}
    for line in session.scalars(statement):
        found[line.letter_id].append(line)
    return found


def read(said: Sequence[str]) -> dict[int, int]:
    """Return position → fen of lines as they are said: "2:150000". Raises Invalid."""
    wanted: dict[int, int] = {}
    for one in said:
        position, _, fen = one.partition(":")
        if not (position.strip().isascii() and position.strip().isdecimal()):
            raise _unread(one)
        if not (fen.strip().isascii() and fen.strip().isdecimal()):
            raise _unread(one)
        if int(position) in wanted:
            raise Invalid("同一行不得重复", "a line is named twice", pointer="/lines")
        wanted[int(position)] = int(fen)
    return wanted


def _in_proportion(found: Sequence[RedRoom], amount: Money) -> dict[int, int]:
    left = [Money(room.left_minor, amount.currency) for room in found]
    taken = take_from(left, amount)
    return {room.position: part.minor for room, part in zip(found, taken, strict=True)}


def _tax(room: RedRoom) -> int:
    own = half_up(room.asked_minor * room.tax_minor, room.gross_minor)
    tax_left = room.tax_minor - room.red_tax_minor
    net_left = room.gross_minor - room.red_minor - tax_left
    return shares.tax_of_part(room.asked_minor, own, net_left=net_left, tax_left=tax_left)


def _unread(one: str) -> Invalid:
    return Invalid(f"“{one}”须写作 行号:分", f"{one!r} must read line:fen", pointer="/lines")
