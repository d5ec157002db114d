"""What moves the figures of a data asset: each movement is one line of the disclosure tables.

Movements are added, never changed; what a card stands at is their sum, kept on the card as
well, where the database holds it to never fall below zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, case, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, Big, append_only
from kernel.words import Words
from kernel.work import Work

SHOWN_MAX: Final = 700
"""The most movements of one card that are shown: a life of months, and what else happened."""


class Section(StrEnum):
    """Which of its figures a movement moves."""

    GROSS = "gross"
    AMORTISATION = "amortisation"
    PROVISION = "provision"


class Line(StrEnum):
    """Why it moves: the rows of the disclosure tables."""

    PURCHASED = "purchased"
    DEVELOPED = "developed"
    PROCESSED = "processed"
    OTHER_IN = "other_in"
    CHARGED = "charged"
    DISPOSED = "disposed"
    SOLD = "sold"
    LAPSED = "lapsed"
    OTHER_OUT = "other_out"
    REVERSED = "reversed"
    WRITTEN_OFF = "written_off"

    @property
    def label(self) -> Words:
        """The reason in words."""
        return _LINES[self]

    @property
    def adds(self) -> bool:
        """Whether the figure grows by it."""
        return self in _IN


_IN: Final = frozenset(
    {Line.PURCHASED, Line.DEVELOPED, Line.PROCESSED, Line.OTHER_IN, Line.CHARGED}
)
_LINES: Final = {
    Line.PURCHASED: Words("购入", "bought"),
    Line.DEVELOPED: Words("内部研发", "developed inside"),
    Line.PROCESSED: Words("采集加工", "collected and processed"),
    Line.OTHER_IN: Words("其他增加", "other additions"),
    Line.CHARGED: Words("计提", "charged"),
    Line.DISPOSED: Words("处置", "disposed of"),
    Line.SOLD: Words("出售", "sold"),
    Line.LAPSED: Words("失效且终止确认", "lapsed and derecognised"),
    Line.OTHER_OUT: Words("其他减少", "other reductions"),
    Line.REVERSED: Words("转回", "reversed"),
    Line.WRITTEN_OFF: Words("转销", "written off"),
}


class AssetMovement(Base):
    """One movement. kind, form: the card's. month: which one a charge of amortisation is for.

    version: of the card's terms by which it was reckoned. prepared_by: "system" for what is
    reckoned from terms that two people have agreed on.
    """

    __tablename__ = "asset_movements"
    __table_args__ = (
        CheckConstraint("fen > 0", name="movement_positive"),
        CheckConstraint(
            "section <> 'amortisation' OR kind = 'intangible'", name="only_intangibles_wear_off"
        ),
        CheckConstraint("prepared_by <> booked_by", name="movement_by_two"),
        CheckConstraint(
            "(month IS NOT NULL) = (section = 'amortisation' AND line = 'charged')",
            name="a_charge_has_its_month",
        ),
        UniqueConstraint("card_id", "month"),
        Index(None, "card_id", "id"),
        Index(None, "owner_id", "on_day"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    card_id: Mapped[str] = mapped_column(ForeignKey("asset_cards.id"))
    owner_id: Mapped[str]
    kind: Mapped[str]
    form: Mapped[str]
    section: Mapped[str]
    line: Mapped[str]
    fen: Mapped[int] = mapped_column(Big)
    on_day: Mapped[date]
    month: Mapped[str | None]
    change_id: Mapped[str | None]
    version: Mapped[int]
    prepared_by: Mapped[str]
    booked_by: Mapped[str]
    booked_at: Mapped[Instant]


append_only(AssetMovement.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Moved(Protocol):
    """What is moved: a card."""

    id: str
    owner_id: str
    kind: str
    form: str
    gross_fen: int
    amortised_fen: int
    provision_fen: int
    version_in_force: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """By whom, when, and because of what figures are moved."""

    on: date
    prepared_by: str
    change_id: str | None = None
    month: str | None = None


class Piece(NamedTuple):
    """One figure that moves, by how much."""

    section: Section
    line: Line
    fen: int


class Sum(NamedTuple):
    """What moved one figure of one column in a period, and what had moved it before."""

    form: str
    section: Section
    line: Line
    before: int
    within: int


def book(work: Work, card: Moved, pieces: Iterable[Piece], source: Source) -> None:
    """Move the card's figures, and write each movement; pieces of zero are left out.

    One INSERT a piece. The card must be locked.
    """
    for section, line, fen in pieces:
        if not fen:
            continue
        signed = fen if line.adds else -fen
        column = _COLUMNS[section]
        setattr(card, column, getattr(card, column) + signed)
        made = AssetMovement(
            id=ids.new("asm_", work.now),
            card_id=card.id,
            owner_id=card.owner_id,
            kind=card.kind,
            form=card.form,
            section=section,
            line=line,
            fen=fen,
            on_day=source.on,
            month=source.month,
            change_id=source.change_id,
            version=card.version_in_force,
            prepared_by=source.prepared_by,
            booked_by=work.actor.person,
            booked_at=work.now,
        )
        work.session.add(made)


_COLUMNS: Final = {
    Section.GROSS: "gross_fen",
    Section.AMORTISATION: "amortised_fen",
    Section.PROVISION: "provision_fen",
}


def of_card(session: Session, card_id: str, *, limit: int = SHOWN_MAX) -> list[AssetMovement]:
    """Return the movements of a card, the oldest day first. One SELECT on an index."""
    order = (AssetMovement.on_day, AssetMovement.booked_at, AssetMovement.section, AssetMovement.id)
    statement = (
        select(AssetMovement).where(AssetMovement.card_id == card_id).order_by(*order).limit(limit)
    )
    return list(session.scalars(statement))


def sums(session: Session, owner_id: str, kind: str, period: tuple[date, date]) -> Sequence[Sum]:
    """Return what moved each figure before and in the period, by column. One SELECT."""
    first, last = period
    before = case((AssetMovement.on_day < first, AssetMovement.fen), else_=0)
    within = case((AssetMovement.on_day >= first, AssetMovement.fen), else_=0)
    columns = (AssetMovement.form, AssetMovement.section, AssetMovement.line)
    statement = (
        select(*columns, func.sum(before), func.sum(within))
        .where(
            AssetMovement.owner_id == owner_id,
            AssetMovement.kind == kind,
            AssetMovement.on_day <= last,
        )
        .group_by(*columns)
        .order_by(*columns)
    )
    return [
        Sum(form, Section(section), Line(line), int(earlier), int(later))
        for form, section, line, earlier, later in session.execute(statement)
    ]


def standing(session: Session, owner_id: str, on: date) -> dict[tuple[str, str, str], int]:
    """Return (kind, form, section) → what it stands at after `on`. One SELECT.

    Reckoned over all that moved, and not from an opening, so that it proves one.
    """
    signed = case((AssetMovement.line.in_(sorted(_IN)), AssetMovement.fen),
                  else_=-AssetMovement.fen)  # fmt: skip
    columns = (AssetMovement.kind, AssetMovement.form, AssetMovement.section)
    statement = (
        select(*columns, func.sum(signed))
        .where(AssetMovement.owner_id == owner_id, AssetMovement.on_day <= on)
        .group_by(*columns)
    )
    return {
        (kind, form, section): int(total)
        for kind, form, section, total in session.execute(statement)
    }
