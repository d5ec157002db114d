"""Onto a themed board, and off it: the curator's own step, after the exchange's listing."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.errors import DomainError, Kind, NotFound
from kernel.words import Words
from kernel.work import Work
from marketplace import access, boards, products
from marketplace.boards import BoardProduct
from marketplace.products import Product


class NotAdmissible(DomainError):
    """Only a listed product stands on a board, and it stands there once."""

    kind = Kind.CONFLICT
    code = "not-admissible"
    title = Words("该产品不能进入此专板", "The product cannot be put on this board")


def admit(work: Work, board_id: str, product_id: str) -> BoardProduct:
    """Put a listed product on a board. Raises StepNotAllowed (curator) or NotAdmissible."""
    board = boards.find(work.session, board_id)
    access.require(work, boards.curator, board, "board.admit")
    product = products.seen(work, product_id)
    if product.state != products.State.LISTED:
        raise NotAdmissible(f"{product.code} 尚未挂牌", f"{product.code} is not listed")
    if work.session.get(BoardProduct, (board_id, product_id)) is not None:
        raise NotAdmissible(f"{product.code} 已在专板中", f"{product.code} is on the board")
    return let_in(work, board_id, product_id)


def let_in(work: Work, board_id: str, product_id: str) -> BoardProduct:
    """Write that a product stands on a board; who may say so has been asked."""
    made = BoardProduct(
        board_id=board_id,
        product_id=product_id,
        admitted_at=work.now,
        admitted_by=work.actor.person,
    )
    work.session.add(made)
    work.record("board.product_admitted", board_id, product=product_id)
    return made


def dismiss(work: Work, board_id: str, product_id: str, *, reason: str) -> None:
    """Take a product off a board. Raises StepNotAllowed (curator) or NotFound."""
    board = boards.find(work.session, board_id)
    access.require(work, boards.curator, board, "board.dismiss")
    found = work.session.get(BoardProduct, (board_id, product_id))
    if found is None:
        raise NotFound("专板中没有这个产品", f"no product {product_id} on board {board_id}")
    work.session.delete(found)
    work.record("board.product_dismissed", board_id, product=product_id, reason=reason)


def on(session: Session, board_id: str, product_ids: Iterable[str]) -> set[str]:
    """Return those of the products that stand on the board. One SELECT by key."""
    statement = select(BoardProduct.product_id).where(
        BoardProduct.board_id == board_id, BoardProduct.product_id.in_(sorted(product_ids))
    )
    return set(session.scalars(statement))


def coded(session: Session, board_id: str, codes: Iterable[str]) -> dict[str, str]:
    """Return code → product, of those that stand on the board. One SELECT on an index."""
    statement = (
        select(Product.code, Product.id)
        .join(BoardProduct, BoardProduct.product_id == Product.id)
        .where(BoardProduct.board_id == board_id, Product.code.in_(sorted(codes)))
    )
    return dict(session.execute(statement).all())


def sizes(session: Session, board_ids: Iterable[str]) -> dict[str, int]:
    """Return board id → listed products on it, for one page of boards. One SELECT."""
    statement = (
        select(BoardProduct.board_id, func.count())
        .join(Product, Product.id == BoardProduct.product_id)
        .where(BoardProduct.board_id.in_(set(board_ids)), Product.state == products.State.LISTED)
        .group_by(BoardProduct.board_id)
    )
    return dict(session.execute(statement).all())
