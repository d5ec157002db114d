"""What a board comes to: what is counted here, and beside it what its sponsor declares.

The two are never added. What is counted are rows and bytes of the data sets that were read
and profiled on this exchange; what is declared is a statement, with its day and its basis.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from delivery.tables.datasets import DatasetVersion
from kernel import ids
from kernel.actor import Duty, its
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, append_only
from kernel.errors import Invalid
from kernel.work import Work
from marketplace import access, boards, products
from marketplace.boards import BoardProduct
from marketplace.products import Product
from marketplace.versions import ProductVersion

SIZE_MAX: Final = 10**18
"""A million terabytes; and no more than every reader of JSON can count."""

BASIS_MIN: Final = 10
"""Characters of a basis: fewer say nothing."""


class BoardDeclaration(Base):
    """What a sponsor or a curator states of the volume behind a board. size_bytes: TB = 10¹² B."""

    __tablename__ = "board_declarations"
    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="size_positive"),
        Index(None, "board_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    board_id: Mapped[str] = mapped_column(ForeignKey("boards.id"))
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    size_bytes: Mapped[int] = mapped_column(Big)
    as_of: Mapped[date]
    basis_zh: Mapped[str]
    basis_en: Mapped[str]
    declared_by: Mapped[str]
    declared_at: Mapped[Instant]


append_only(BoardDeclaration.__table__)  # type: ignore[arg-type]  # declared as FromClause


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted. profiled: products with a data set; rows, size_bytes: of those sets."""

    products: int
    merchants: int
    profiled: int
    rows: int
    size_bytes: int


sponsor = its("sponsor", "sponsor_id", Duty.EDITOR, Duty.LISTING_OFFICER)


def declare(
    work: Work, board_id: str, *, size_bytes: int, as_of: date, basis_zh: str, basis_en: str
) -> BoardDeclaration:
    """State the volume behind a board, and on what that rests.

    Raises StepNotAllowed (neither sponsor nor curator) or Invalid.
    """
    board = boards.find(work.session, board_id)
    if not sponsor.matches(work.actor, board):
        access.require(work, boards.curator, board, "board.declare")
    if as_of > local_date(work.now):
        raise Invalid("截止日期不得晚于今天", "it is of a day to come", pointer="/as_of")
    for pointer, said in (("/basis_zh", basis_zh), ("/basis_en", basis_en)):
        if len(said.strip()) < BASIS_MIN:
            zh, en = f"依据不得少于 {BASIS_MIN} 字", f"a basis has {BASIS_MIN} characters or more"
            raise Invalid(zh, en, pointer=pointer)
    made = BoardDeclaration(
        id=ids.new("bdc_", work.now),
        board_id=board.id,
        organisation_id=work.actor.organisation,
        size_bytes=size_bytes,
        as_of=as_of,
        basis_zh=basis_zh.strip(),
        basis_en=basis_en.strip(),
        declared_by=work.actor.person,
        declared_at=work.now,
    )
    work.session.add(made)
    work.record("board.declared", board.id, size_bytes=str(size_bytes), as_of=as_of)
    return made


def declared(session: Session, board_id: str) -> BoardDeclaration | None:
    """Return what was declared last. One SELECT on an index."""
    statement = select(BoardDeclaration).where(BoardDeclaration.board_id == board_id)
    return session.scalars(statement.order_by(BoardDeclaration.id.desc()).limit(1)).first()


def counted(session: Session, board_id: str) -> Counted:
    """Count what stands listed on the board, now. Two SELECTs.

    A data set that several products offer counts once.
    """
    on = (
        select(Product.id, Product.owner_id, ProductVersion.dataset_version_id)
        .join(BoardProduct, BoardProduct.product_id == Product.id)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .where(BoardProduct.board_id == board_id, Product.state == products.State.LISTED)
        .subquery()
    )
    listed, merchants, profiled = session.execute(
        select(
            func.count(),
            func.count(on.c.owner_id.distinct()),
            func.count(on.c.dataset_version_id),
        ).select_from(on)
    ).one()
    behind = select(on.c.dataset_version_id).where(on.c.dataset_version_id.is_not(None))
    rows, size = session.execute(
        select(
            func.coalesce(func.sum(DatasetVersion.row_count), 0),
            func.coalesce(func.sum(DatasetVersion.size_bytes), 0),
        ).where(DatasetVersion.id.in_(behind))
    ).one()
    return Counted(listed, merchants, profiled, int(rows), int(size))
