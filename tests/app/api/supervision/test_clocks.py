"""The doors of supervision: clocks, units, the one extension, violations."""

from datetime import date

from sqlalchemy.orm import Session

from app import timetable
from app.unit import Exchange
from kernel import watch
from licensing.supervision import violations
from tests.conftest import As, work_of
from tests.licensing import desk


def _overdue(application: Exchange) -> str:
    with application.house.engines.writing() as session:
        clock = watch.start(
            work_of(session, "system"), "scn_x", "scenario", "clocks.forwarding", None,
            owner="org_agency",
        )  # fmt: skip
        clock.started_on, clock.due_on = date(2026, 6, 1), date(2026, 6, 2)
        timetable.raise_violations(work_of(session, "system"))
        timetable.reckon_provisional(work_of(session, "system"))
        session.flush()
        (made,) = violations.listed(work_of(session, "per_hub_supervisor"), limit=2).items
        session.commit()
        return made.id


def test_clocks_and_units_are_for_supervisors_and_each_unit(application: Exchange, as_: As) -> None:
    _overdue(application)
    supervisor = as_("per_hub_supervisor")

    (clock,) = supervisor.get("/api/clocks?which=overdue").json["items"]
    units = supervisor.get("/api/clocks/units?quarter=2026Q2").json

    assert (clock["owner"], clock["light"], clock["days_left"] < 0) == ("org_agency", "red", True)
    assert units["items"][0]["overdue"] == 1
    assert units["items"][0]["mark"] == "fail"
    assert supervisor.get("/api/clocks/units").json["items"] == []
    assert as_("per_buyer_signer").get("/api/clocks").json["items"] == []
    assert supervisor.get("/api/clocks/units?quarter=2026X2").status_code == 422
    assert supervisor.get("/api/clocks?which=all").status_code == 422


def test_a_violation_is_explained_and_ruled_on(application: Exchange, as_: As) -> None:
    where = f"/api/violations/{_overdue(application)}"

    explained = as_("per_agency_officer").post(f"{where}/explain", json={"explanation": "a flood"})
    by_unit = as_("per_agency_approver").post(f"{where}/clear", json={"reason": "a flood"})
    ruled = as_("per_hub_supervisor").post(f"{where}/uphold", json={"reason": "no flood there"})

    assert explained.json["state"] == "explained"
    assert by_unit.status_code == 403
    assert (ruled.json["state"], ruled.json["ruling"]) == ("upheld", "no flood there")
    assert as_("per_agency_officer").get("/api/violations?state=upheld").json["items"]
    assert as_("per_buyer_signer").get(where).status_code == 404


def test_the_total_of_a_case_runs_from_its_submission_and_is_extended_once(
    application: Exchange, as_: As
) -> None:
    with application.house.engines.writing() as session:
        scenario = _draft(session)
        session.commit()
    submitted = as_("per_developer_editor").post(f"/api/scenarios/{scenario}/submit", json={})
    where = f"/api/clocks/totals/{scenario}/extend"

    extended = as_("per_agency_approver").post(where, json={"reason": "experts are travelling"})
    again = as_("per_agency_approver").post(where, json={"reason": "still travelling"})

    assert submitted.status_code == 200, submitted.json
    assert (extended.json["limit_days"], extended.json["extension_days"]) == (20, 10)
    assert again.status_code == 409
    assert as_("per_agency_officer").post(where, json={"reason": "x"}).status_code == 403


def _draft(session: Session) -> str:
    code = desk.directory(session)
    desk.effective(session, code)
    return str(desk.applied(session, code).id)
