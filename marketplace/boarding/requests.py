"""Asking for a place on a themed board (入板申请), and the curator's answer within its clock.

A merchant asks for its listed products; the curator lets each in or says why not. Source:
a board has an admission of its own, after the exchange's listing, within two working days.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, ForeignKey, Index, exists, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, selectinload

from kernel import ids
from kernel.actor import Duty, Role, any_of, its
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import DomainError, Invalid, Refusal, StepRefused
from kernel.pages import Page
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from marketplace import access, admissions, boards, products
from marketplace.boards import Board, BoardProduct
from marketplace.products import Product
from marketplace.shelving import rounds

TOGETHER_MAX: Final = 100
"""Requests that are made, or answered, in one sitting."""


class State(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
    ADMITTED = "admitted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


_OPEN_ROW: Final = text("state = 'asked'")
_OPEN: Final = text("board_requests.state = 'asked'")


class BoardRequest(Living, Base):
    """One product that asks for a place on one board. note: why it belongs there."""

    __tablename__ = "board_requests"
    __table_args__ = (
        Index(
            "uq_board_requests_one_open_each", "board_id", "product_id", unique=True,
            sqlite_where=_OPEN_ROW, postgresql_where=_OPEN_ROW,
        ),
        Index(None, "curator_id", "state", "id"),
        Index(None, "board_id", "state", "id"),
        Index(None, "merchant_id", "id"),
        Index(None, "product_id", "id"),
    )  # fmt: skip

    board_id: Mapped[str] = mapped_column(ForeignKey("boards.id"))
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    curator_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    note: Mapped[str]
    asked_at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class Barred:
    """A product or a request that was refused, and why."""

    subject_id: str
    error: DomainError


merchant = any_of(Role.MERCHANT, Duty.EDITOR, Duty.SUBMITTER)
applicant = its("applicant", "merchant_id", Duty.EDITOR, Duty.SUBMITTER)
curator = its("curator", "curator_id", Duty.LISTING_OFFICER, Duty.EDITOR)


def _is_listed(found: BoardRequest, work: Work) -> Refusal | None:
    if products.find(work.session, found.product_id).state == products.State.LISTED:
        return None
    return Refusal("NOT_LISTED", "产品当前未挂牌", "the product is not listed now")


def _is_not_on_it(found: BoardRequest, work: Work) -> Refusal | None:
    if not admissions.on(work.session, found.board_id, [found.product_id]):
        return None
    return Refusal("ON_BOARD_ALREADY", "产品已在专板中", "the product is on the board already")


def _let_in(found: BoardRequest, work: Work, _data: dict[str, Any]) -> None:
    admissions.let_in(work, found.board_id, found.product_id)


# fmt: off
LIFE: Workflow[State, BoardRequest] = Workflow(
    "board_request", State, State.ASKED,
    step("file", {State.ASKED}, State.ASKED, applicant, own_door=True,
         when=(_is_listed, _is_not_on_it), within="clocks.board_admission",
         says="board_request.filed", label=Words("申请入板", "Ask for a place")),
    step("admit", {State.ASKED}, State.ADMITTED, curator, when=(_is_listed, _is_not_on_it),
         then=(_let_in,), not_by=("file",),
         asks=(ask("note", "text", Words("备注", "Note"), optional=True),),
         says="board_request.admitted", label=Words("准入", "Let in")),
    step("decline", {State.ASKED}, State.DECLINED, curator, asks=(REASON,),
         says="board_request.declined", label=Words("不予准入", "Decline")),
    step("withdraw", {State.ASKED}, State.WITHDRAWN, applicant,
         says="board_request.withdrawn", label=Words("撤回申请", "Withdraw")),
)
# fmt: on


def file(work: Work, board_id: str, product_id: str, *, note: str = "") -> BoardRequest:
    """Ask for a place for one's own product.

    Raises StepNotAllowed, NotFound (somebody else's), StepRefused (all reasons).
    """
    access.require(work, merchant, None, "board_request.file")
    board = boards.find(work.session, board_id)
    product = products.find(work.session, product_id)
    if product.owner_id != work.actor.organisation:
        raise products.missing(product_id)
    if open_for(work.session, board.id, product.id) is not None:
        zh, en = "该产品已有待答复的入板申请", "it has asked already, and waits for its answer"
        raise StepRefused(zh, en, (Refusal("ASKED_ALREADY", zh, en),))
    made = BoardRequest(
        id=ids.new("brq_", work.now),
        state=State.ASKED,
        board_id=board.id,
        product_id=product.id,
        merchant_id=product.owner_id,
        curator_id=board.curator_id,
        note=note,
        asked_at=work.now,
    )
    work.session.add(made)
    LIFE.take("file", made, work, board_id=board.id, product_id=product.id)
    return made


def file_all(
    work: Work, board_id: str, product_ids: Sequence[str], *, note: str = ""
) -> list[Barred]:
    """Ask for places for many; return those that were refused. Raises Invalid for too many."""
    _bounded(product_ids, "/product_ids")
    wanted = select(Product).where(Product.id.in_(sorted(set(product_ids))))
    at_hand = [work.session.get(Board, board_id), *work.session.scalars(wanted)]
    told = _each(work, product_ids, lambda one: file(work, board_id, one, note=note))
    del at_hand  # a session forgets what nobody holds
    return told


def answer_all(work: Work, request_ids: Sequence[str], name: str, **data: Any) -> list[Barred]:
    """Admit or decline many, each judged by itself; return those that were refused."""
    _bounded(request_ids, "/request_ids")
    wanted = (
        select(BoardRequest, Product)
        .join(Product, Product.id == BoardRequest.product_id)
        .where(BoardRequest.id.in_(sorted(set(request_ids))))
        .options(selectinload(Product.current))
    )
    at_hand = work.session.execute(wanted).all()
    told = _each(work, request_ids, lambda one: take(work, one, name, **data))
    del at_hand  # a session forgets what nobody holds
    return told


def open_for(session: Session, board_id: str, product_id: str) -> BoardRequest | None:
    """Return the request of a product that waits for its answer. One SELECT on an index."""
    statement = select(BoardRequest).where(
        BoardRequest.board_id == board_id, BoardRequest.product_id == product_id, _OPEN
    )
    return session.scalars(statement).one_or_none()


def waiting(session: Session, board_id: str, product_ids: Sequence[str]) -> set[str]:
    """Return those of the products that have asked and wait. One SELECT on an index."""
    statement = select(BoardRequest.product_id).where(
        BoardRequest.board_id == board_id, BoardRequest.product_id.in_(sorted(product_ids)), _OPEN
    )
    return set(session.scalars(statement))


_OURS: Final = access.overseen(
    BoardRequest, LIFE, Words("没有这个入板申请", "no board request"), "merchant_id", "curator_id"
)
find, seen, take = _OURS.find, _OURS.seen, _OURS.take


def listed(
    work: Work,
    *,
    board_id: str | None = None,
    state: str | None = None,
    after: str | None,
    limit: int,
) -> Page[BoardRequest]:
    """Return one page of the requests that the caller may see, oldest first. One SELECT."""
    where: list[ColumnElement[bool]] = []
    if board_id is not None:
        where.append(BoardRequest.board_id == board_id)
    if state is not None:
        where.append(BoardRequest.state == state)
    return _OURS.listed(work, *where, after=after, limit=limit, oldest_first=True)


def candidates(work: Work, board_id: str, *, limit: int) -> list[Product]:
    """Return the caller's own listed products that are not on a board and have not asked.

    Newest first, with their versions. Two SELECTs.
    """
    on = exists().where(BoardProduct.board_id == board_id, BoardProduct.product_id == Product.id)
    asked = exists().where(
        BoardRequest.board_id == board_id, BoardRequest.product_id == Product.id, _OPEN
    )
    statement = (
        select(Product)
        .where(
            Product.owner_id == work.actor.organisation,
            Product.state == products.State.LISTED,
            ~on,
            ~asked,
        )
        .order_by(Product.id.desc())
        .limit(limit)
        .options(selectinload(Product.current))
    )
    return list(work.session.scalars(statement))


def _each(work: Work, subjects: Sequence[str], command: Callable[[str], object]) -> list[Barred]:
    return [Barred(subject, error) for subject, error in rounds.each(work, subjects, command)]


def _bounded(subjects: Sequence[str], pointer: str) -> None:
    if len(subjects) > TOGETHER_MAX:
        zh, en = f"一次至多 {TOGETHER_MAX} 个", f"at most {TOGETHER_MAX} at once"
        raise Invalid(zh, en, pointer=pointer)
