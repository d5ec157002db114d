"""What stands first on a board (置顶): a short list of its products, in the curator's order."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column, selectinload

from kernel.db import Base
from kernel.errors import Invalid
from kernel.work import Work
from marketplace import access, admissions, boards, products
from marketplace.products import Product

PINNED_MAX: Final = 12


class BoardPlace(Base):
    """The place of one product, from 1; the row goes when the product leaves the board."""

    __tablename__ = "board_places"
    __table_args__ = (
        ForeignKeyConstraint(
            ["board_id", "product_id"],
            ["board_products.board_id", "board_products.product_id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("place > 0", name="place_positive"),
    )

    board_id: Mapped[str] = mapped_column(primary_key=True)
    product_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]


def pin(work: Work, board_id: str, product_ids: Sequence[str]) -> None:
    """Let these stand first, in this order, and no others.

    Raises StepNotAllowed (curator), Invalid (too many, one twice, one that is not there).
    """
    board = boards.find(work.session, board_id)
    access.require(work, boards.curator, board, "board.pin")
    if len(product_ids) > PINNED_MAX:
        zh, en = f"至多置顶 {PINNED_MAX} 个", f"at most {PINNED_MAX} stand first"
        raise Invalid(zh, en, pointer="/product_ids")
    there = admissions.on(work.session, board_id, product_ids)
    if len(there) != len(product_ids):
        raise Invalid(
            "置顶的产品须各不相同且在本专板中",
            "each stands on the board, and is named once",
            pointer="/product_ids",
        )
    work.session.execute(delete(BoardPlace).where(BoardPlace.board_id == board_id))
    for place, product_id in enumerate(product_ids, 1):
        work.session.add(BoardPlace(board_id=board_id, product_id=product_id, place=place))
    work.record("board.pinned", board_id, products=list(product_ids))


def pinned(session: Session, board_id: str) -> list[Product]:
    """Return what stands first and is listed, in its order, with versions. Two SELECTs."""
    statement = (
        select(Product)
        .join(BoardPlace, BoardPlace.product_id == Product.id)
        .where(BoardPlace.board_id == board_id, Product.state == products.State.LISTED)
        .order_by(BoardPlace.place, Product.id)
        .limit(PINNED_MAX)
        .options(selectinload(Product.current))
    )
    return list(session.scalars(statement))
