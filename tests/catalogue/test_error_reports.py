"""Error reports: anybody finds an error, its department answers within its days."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from catalogue import error_reports
from catalogue.error_reports import ErrorReport, State
from kernel import watch
from kernel.errors import Invalid, NotFound, StepNotAllowed
from tests.catalogue import shelf
from tests.conftest import WorkAs, work_of


def _reported(session: Session, item_code: str = "RAIN") -> ErrorReport:
    made = error_reports.report(
        work_of(session, "per_buyer_editor"),
        directory_id=shelf.published(session).directory_id,
        item_code=item_code,
        finding="7月1日万柳站降水为负值",
    )
    session.flush()  # a living record gets its first version from the database
    return made


@pytest.mark.parametrize(
    ("name", "state"), [("correct", State.CORRECTED), ("find_unfounded", State.UNFOUNDED)]
)
def test_the_department_answers_within_ten_working_days(
    session: Session, work_as: WorkAs, name: str, state: State
) -> None:
    made = _reported(session)
    clock = watch.running(session, made.id)
    assert clock is not None

    error_reports.take(work_as("per_dept_editor"), made.id, name, answer="已核对原始记录")
    session.flush()

    assert clock.due_on == date(2026, 7, 15)
    assert (made.state, made.answer) == (state, "已核对原始记录")
    assert watch.running(session, made.id) is None


def test_only_the_department_answers(session: Session, work_as: WorkAs) -> None:
    made = _reported(session)

    for person in ("per_buyer_editor", "per_hub_officer"):
        with pytest.raises(StepNotAllowed):
            error_reports.take(work_as(person), made.id, "correct", answer="x")


def test_an_item_that_is_not_there_has_no_error(session: Session) -> None:
    with pytest.raises(Invalid) as wrong:
        _reported(session, "SNOW")

    assert wrong.value.pointer == "/item_code"


def test_a_report_is_between_its_parties_and_the_authority(
    session: Session, work_as: WorkAs
) -> None:
    made = _reported(session)

    def seen(person: str, **more: Any) -> list[ErrorReport]:
        return error_reports.listed(work_as(person), **more, after=None, limit=5).items

    parties = ("per_buyer_editor", "per_dept_editor", "per_hub_officer")
    assert [seen(person) for person in parties] == [[made]] * 3
    assert seen("per_hub_officer", directory_id="dir_none") == seen("per_other_editor") == []
    assert error_reports.find(session, made.id) is made
    for key in (made.id, "erp_none"):
        with pytest.raises(NotFound):
            error_reports.seen(work_as("per_other_editor"), key)
    with pytest.raises(NotFound):
        error_reports.find(session, "erp_none")
