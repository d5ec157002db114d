import pytest
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import NotFound, StepNotAllowed
from kernel.parties import organisations
from kernel.parties.organisations import NotActive
from marketplace import admissions, boards, products
from marketplace.admissions import NotAdmissible
from marketplace.boards import BoardExists
from tests.conftest import WorkAs
from tests.marketplace import make


def test_a_board_is_opened_and_found(session: Session) -> None:
    board = make.board(session)
    session.flush()

    page = boards.listed(session, after=None, limit=10)

    assert [each.code for each in page.items] == ["METEO"]
    assert boards.by_code(session, "METEO") is boards.find(session, board.id)
    assert [event.kind for event in journal.history(session, board.id, limit=5)] == ["board.opened"]


def test_only_the_exchange_opens_boards(session: Session, work_as: WorkAs) -> None:
    terms = {
        "code": "X",
        "name_zh": "板",
        "name_en": "Board",
        "sponsor_id": "org_dept",
        "curator_id": "org_exchange",
        "industry": "M",
        "rules_zh": "规则",
        "rules_en": "Rules",
    }

    with pytest.raises(StepNotAllowed):
        boards.create(work_as("per_developer_editor"), **terms)
    organisations.find(session, "org_dept").state = organisations.State.FROZEN
    with pytest.raises(NotActive):
        boards.create(work_as("per_exchange_listing"), **terms)


def test_codes_of_boards_are_unique(session: Session) -> None:
    make.board(session)

    with pytest.raises(BoardExists):
        make.board(session)


def test_a_board_that_is_not_there_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        boards.find(session, "brd_none")
    with pytest.raises(NotFound):
        boards.by_code(session, "NONE")


def test_a_curator_admits_and_dismisses(session: Session, work_as: WorkAs) -> None:
    board, product = make.board(session), make.listed(session)
    curator = work_as("per_exchange_listing")

    admissions.admit(curator, board.id, product.id)
    session.flush()
    on = boards.of(session, product.id)
    sizes = admissions.sizes(session, [board.id])
    admissions.dismiss(curator, board.id, product.id, reason="不再属于本专板")
    session.flush()

    assert on == [board]
    assert sizes == {board.id: 1}
    assert boards.of(session, product.id) == []
    assert admissions.sizes(session, [board.id]) == {}


def test_only_the_curator_decides_what_stands_on_a_board(session: Session, work_as: WorkAs) -> None:
    board, product = make.board(session), make.listed(session)

    with pytest.raises(StepNotAllowed, match="its curator"):
        admissions.admit(work_as("per_developer_editor"), board.id, product.id)
    with pytest.raises(StepNotAllowed, match="its curator"):
        admissions.dismiss(work_as("per_dept_editor"), board.id, product.id, reason="x")


def test_only_listed_products_stand_on_a_board_once(session: Session, work_as: WorkAs) -> None:
    board, listed, draft = make.board(session), make.listed(session), make.draft(session)
    curator = work_as("per_exchange_listing")
    admissions.admit(curator, board.id, listed.id)

    with pytest.raises(NotAdmissible, match="not listed"):
        admissions.admit(curator, board.id, draft.id)
    with pytest.raises(NotAdmissible, match="is on the board"):
        admissions.admit(curator, board.id, listed.id)
    with pytest.raises(NotFound):
        admissions.dismiss(curator, board.id, draft.id, reason="从未进入")


def test_a_board_counts_what_is_still_listed(session: Session, work_as: WorkAs) -> None:
    board, product = make.board(session), make.listed(session)
    admissions.admit(work_as("per_exchange_listing"), board.id, product.id)
    products.take(work_as("per_developer_editor"), product.id, "suspend", reason="维护")
    session.flush()

    assert admissions.sizes(session, [board.id]) == {}
