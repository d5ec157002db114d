from sqlalchemy.orm import Session

from marketplace import admissions
from marketplace.boarding import trends
from tests.conftest import WorkAs
from tests.marketplace import make

MONTHS = ["2026-05", "2026-06", "2026-07"]


def test_a_board_has_its_line_and_one_without_trade_has_none(
    session: Session, work_as: WorkAs
) -> None:
    product, board = make.listed(session), make.board(session)
    make.board(session, code="quiet")
    admissions.admit(work_as("per_exchange_listing", at=make.AFTER_PUBLICITY), board.id, product.id)
    make.accepted(session, product)
    make.accepted(session, product, is_related_party=True)
    session.flush()

    assert trends.of_boards(session, MONTHS) == {board.id: [0, 0, 1_000_000]}
    assert trends.of_boards(session, ["2026-08"]) == {}
