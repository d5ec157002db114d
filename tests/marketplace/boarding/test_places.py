import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, StepNotAllowed
from marketplace import admissions, products
from marketplace.boarding import places
from marketplace.boards import Board
from tests.conftest import WorkAs
from tests.marketplace import make

CURATOR = "per_exchange_listing"


def shelved(session: Session, work_as: WorkAs, count: int) -> tuple[Board, list[str]]:
    board = make.board(session)
    ids = [make.listed(session).id for _ in range(count)]
    for product_id in ids:
        admissions.admit(work_as(CURATOR), board.id, product_id)
    session.flush()
    return board, ids


def test_the_curator_says_what_stands_first_and_in_which_order(
    session: Session, work_as: WorkAs
) -> None:
    board, ids = shelved(session, work_as, 3)

    places.pin(work_as(CURATOR), board.id, [ids[2], ids[0]])
    session.flush()
    first = [each.id for each in places.pinned(session, board.id)]
    places.pin(work_as(CURATOR), board.id, [ids[1]])
    session.flush()

    assert first == [ids[2], ids[0]]
    assert [each.id for each in places.pinned(session, board.id)] == [ids[1]]


def test_what_leaves_the_board_or_the_market_stands_first_no_more(
    session: Session, work_as: WorkAs
) -> None:
    board, ids = shelved(session, work_as, 2)
    places.pin(work_as(CURATOR), board.id, ids)
    session.flush()

    products.take(work_as("per_exchange_compliance"), ids[0], "suspend", reason="核查")
    admissions.dismiss(work_as(CURATOR), board.id, ids[1], reason="不再属于本专板")
    session.flush()
    session.expire_all()
    admissions.admit(work_as(CURATOR), board.id, ids[1])
    session.flush()

    assert places.pinned(session, board.id) == []


def test_only_what_is_there_is_put_first_once_and_by_the_curator(
    session: Session, work_as: WorkAs
) -> None:
    board, ids = shelved(session, work_as, 1)

    for wrong in ([make.listed(session).id], [ids[0], ids[0]], ids * (places.PINNED_MAX + 1)):
        with pytest.raises(Invalid):
            places.pin(work_as(CURATOR), board.id, wrong)
    with pytest.raises(StepNotAllowed):
        places.pin(work_as("per_developer_editor"), board.id, ids)
