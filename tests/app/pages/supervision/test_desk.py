"""The supervisor's pages, and the files that hold exactly what is on the screen."""

import zipfile
from datetime import date
from io import BytesIO

from app import timetable
from app.pages import spreadsheets
from app.unit import Exchange
from kernel import watch
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town
from tests.conftest import work_of


def _overdue(application: Exchange, owner: str | None = "org_agency") -> None:
    with application.house.engines.writing() as session:
        clock = watch.start(
            work_of(session, "system"), "scn_x/total", "scenario", "clocks.scenario_total", None,
            owner=owner,
        )  # fmt: skip
        clock.started_on, clock.due_on = date(2026, 6, 1), date(2026, 6, 2)
        timetable.raise_violations(work_of(session, "system"))
        session.commit()


def test_clocks_are_shown_with_lights_and_saved_as_they_are_shown(
    visit: Visit, application: Exchange
) -> None:
    _overdue(application)
    supervisor = visit("per_hub_supervisor")

    supervisor.shows("/supervision?which=overdue", "▲", "已超期", "总时限", "演示·实施机构")
    text = supervisor.get("/supervision?which=overdue&owner=org_agency&file=csv").data.decode()
    book = supervisor.get("/supervision?which=overdue&file=xlsx")

    assert text.startswith("\ufeff事项,环节,责任单位")
    assert "scn_x/total,总时限,演示·实施机构,2026-06-01,20,0,2026-06-02" in text
    assert book.mimetype == spreadsheets.XLSX
    assert zipfile.ZipFile(BytesIO(book.data)).testzip() is None
    supervisor.shows("/supervision?which=nonsense", "在计")


@ON_SQLITE
def test_units_are_shown_by_quarter(visit: Visit, application: Exchange) -> None:
    _overdue(application)
    supervisor = visit("per_hub_supervisor")

    supervisor.shows("/supervision/units?quarter=2026Q2", "演示·实施机构", "不合格", "0.00")
    supervisor.shows("/supervision/units?quarter=2020Q1", "本季度没有时限")
    saved = supervisor.get("/supervision/units?quarter=2026Q2&file=csv").data.decode()

    assert "演示·实施机构,1,0,0,1,1,0.00,不合格" in saved
    assert supervisor.get("/supervision/units?quarter=zzzzzz").status_code == 422


@ON_SQLITE
def test_violations_are_shown_with_their_steps(visit: Visit, application: Exchange) -> None:
    _overdue(application)

    visit("per_hub_supervisor").shows(
        "/supervision/violations?state=raised", "总时限超期", "认定违规"
    )
    assert "总时限超期" not in visit("per_buyer_editor").get("/supervision/violations").text


def test_a_case_is_extended_once_by_its_approver(visit: Visit, town: Town) -> None:
    case = town["written"]
    visit("per_developer_editor").post(f"/steps/scenario/{case}/submit", next="/desk")
    approver = visit("per_agency_approver")

    answer = approver.post(f"/cases/{case}/extension", reason="experts are travelling")
    again = approver.post(f"/cases/{case}/extension", reason="still travelling")

    assert (answer.status_code, again.status_code) == (303, 409)
    assert "EXTENDED_BEFORE" in again.text


@ON_SQLITE
def test_a_role_stands_for_whoever_holds_it(visit: Visit, application: Exchange) -> None:
    _overdue(application, "role:exchange_operator")

    visit("per_exchange_listing").shows("/supervision?which=overdue", "数据交易场所运营机构")


def test_a_cell_that_could_run_is_written_as_text(application: Exchange) -> None:
    with application.test_request_context():
        answer = spreadsheets.answer("csv", "x", ["a"], [["=1+1"], ["-2"], [None], [3]])

    assert answer.data.decode("utf-8-sig").split() == ["a", "'=1+1", "'-2", '""', "3"]
