from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel.clock import local_date
from kernel.errors import Invalid, StepNotAllowed
from marketplace import admissions
from marketplace.boarding import figures
from marketplace.boarding.figures import Counted
from tests.conftest import NOON, WorkAs
from tests.marketplace import make

TODAY = local_date(NOON)
SAID: dict[str, Any] = {
    "size_bytes": 2_150_400_000_000_000,
    "as_of": TODAY,
    "basis_zh": "主办方统计口径的归集数据总量",
    "basis_en": "what the sponsor has gathered",
}


def test_what_is_counted_and_what_is_declared_stand_apart(
    session: Session, work_as: WorkAs
) -> None:
    board, product = make.board(session), make.listed(session)
    admissions.admit(work_as("per_exchange_listing"), board.id, product.id)
    session.flush()

    before = figures.declared(session, board.id)
    figures.declare(work_as("per_dept_editor"), board.id, **SAID)
    later = work_as("per_exchange_listing", at=NOON + timedelta(hours=1))
    figures.declare(later, board.id, **{**SAID, "size_bytes": 5})
    session.flush()
    said = figures.declared(session, board.id)

    assert before is None
    assert said is not None
    assert said.size_bytes == 5
    assert figures.counted(session, board.id) == Counted(1, 1, 0, 0, 0)


def test_only_sponsor_and_curator_declare(session: Session, work_as: WorkAs) -> None:
    board = make.board(session)

    with pytest.raises(StepNotAllowed):
        figures.declare(work_as("per_developer_editor"), board.id, **SAID)


@pytest.mark.parametrize(
    "wrong",
    [{"as_of": TODAY + timedelta(days=1)}, {"basis_zh": "大"}, {"basis_en": "big"}],
)
def test_a_statement_has_a_day_and_a_basis(
    session: Session, work_as: WorkAs, wrong: dict[str, object]
) -> None:
    board = make.board(session)

    with pytest.raises(Invalid):
        figures.declare(work_as("per_dept_editor"), board.id, **{**SAID, **wrong})


def test_what_was_declared_is_never_changed(session: Session, work_as: WorkAs) -> None:
    made = figures.declare(work_as("per_dept_editor"), make.board(session).id, **SAID)
    session.flush()
    made.size_bytes = 1

    with pytest.raises(DBAPIError):
        session.flush()
