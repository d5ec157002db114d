"""A themed board (专板): products of one theme, under rules and a curator of their own.

Source: new themes become boards, never new exchanges. A product may stand on several
boards and counts once in the exchange's totals (I-63, I-23).
"""

from collections.abc import Iterable
from typing import TypedDict, Unpack

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Duty, Role, any_of, its
from kernel.clock import Instant
from kernel.db import Base
from kernel.errors import DomainError, Kind, NotFound
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from marketplace import access


class Board(Base):
    """One board: who sponsors it, who decides what stands on it, and by which rules.

    industry: section of GB/T 4754, one letter.
    """

    __tablename__ = "boards"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("length(code) > 0", name="code_not_empty"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    sponsor_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    curator_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    industry: Mapped[str]
    rules_zh: Mapped[str]
    rules_en: Mapped[str]
    opened_at: Mapped[Instant]


class BoardProduct(Base):
    """A product that the curator has let onto the board; the row goes when it leaves."""

    __tablename__ = "board_products"
    __table_args__ = (Index(None, "product_id", "admitted_at"),)

    board_id: Mapped[str] = mapped_column(ForeignKey("boards.id"), primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"), primary_key=True)
    admitted_at: Mapped[Instant]
    admitted_by: Mapped[str]


class BoardExists(DomainError):
    """No two boards share a code."""

    kind = Kind.CONFLICT
    code = "board-exists"
    title = Words("该专板代码已被使用", "A board with this code exists")


class Terms(TypedDict):
    """What a board is opened with."""

    code: str
    name_zh: str
    name_en: str
    sponsor_id: str
    curator_id: str
    industry: str
    rules_zh: str
    rules_en: str


opener = any_of(Role.EXCHANGE_OPERATOR, Duty.LISTING_OFFICER)
curator = its("curator", "curator_id", Duty.LISTING_OFFICER, Duty.EDITOR)


def create(work: Work, **terms: Unpack[Terms]) -> Board:
    """Open a board. Raises StepNotAllowed, NotActive (sponsor, curator) or BoardExists."""
    access.require(work, opener, None, "board.create")
    for organisation_id in (terms["sponsor_id"], terms["curator_id"]):
        organisations.require_active(work.session, organisation_id)
    if work.session.scalars(select(Board).where(Board.code == terms["code"])).first():
        raise BoardExists(f"{terms['code']} 已被使用", f"{terms['code']} is taken")
    made = Board(id=ids.new("brd_", work.now), opened_at=work.now, **terms)
    work.session.add(made)
    work.record("board.opened", made.id, code=made.code, curator=made.curator_id)
    return made


def find(session: Session, board_id: str) -> Board:
    """Return the board. Raises NotFound. One SELECT by primary key."""
    found = session.get(Board, board_id)
    if found is None:
        raise NotFound("没有这个专板", f"no board {board_id}")
    return found


def by_code(session: Session, code: str) -> Board:
    """Return the board. Raises NotFound. One SELECT on the code's index."""
    found = session.scalars(select(Board).where(Board.code == code)).one_or_none()
    if found is None:
        raise NotFound("没有这个专板", f"no board {code}")
    return found


def names(session: Session, board_ids: Iterable[str]) -> dict[str, tuple[str, Words]]:
    """Return id → code and name, for one page of a list. One SELECT."""
    statement = select(Board).where(Board.id.in_(set(board_ids)))
    return {
        one.id: (one.code, Words(one.name_zh, one.name_en)) for one in session.scalars(statement)
    }


def listed(session: Session, *, after: str | None, limit: int) -> Page[Board]:
    """Return one page of the boards, by code. One SELECT."""
    return keyset(session, select(Board), by=((Board.code, "asc"),), after=after, limit=limit)


def of(session: Session, product_id: str) -> list[Board]:
    """Return the boards on which the product stands, first admission first. One SELECT."""
    statement = (
        select(Board)
        .join(BoardProduct, BoardProduct.board_id == Board.id)
        .where(BoardProduct.product_id == product_id)
        .order_by(BoardProduct.admitted_at, Board.code)
        .limit(100)
    )
    return list(session.scalars(statement))
