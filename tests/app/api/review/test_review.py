"""The doors of the review: assignments, what a round changes, drafts of sheets, treatments."""

from dataclasses import dataclass

import pytest

from app.unit import Exchange
from licensing.assessing import members
from tests.conftest import As, work_of
from tests.licensing import desk, hall
from tests.licensing.reviewing import bench


@dataclass
class Cases:
    """What stands where: the one asked about, the one in its second round, a panel."""

    asked: str
    opinion: str
    revised: str
    panel: str
    serving: list[str]


@pytest.fixture
def cases(application: Exchange) -> Cases:
    with application.house.engines.writing() as session:
        revised = bench.revised(session, users_count=12, items=bench.asked())
        asked = desk.applied(session, bench.CODE, items=bench.asked())
        desk.walk(session, asked, "submit", *desk.TO_OPINIONS, "grade_risk")
        scored = desk.applied(session, bench.CODE, items=bench.asked())
        desk.walk(session, scored, "submit", *desk.TO_PANEL)
        panel = hall.plan(session, scored)
        hall.go(session, panel, *hall.TO_SCORING)
        found = Cases(
            asked.id, desk.opinion_of(session, asked).id, revised.id, panel.id,
            [one.person_id for one in members.serving(session, panel.id)],
        )  # fmt: skip
        assert work_of(session, panel.serving[0]).actor.person == found.serving[0]
        session.commit()
        return found


def test_a_case_is_claimed_given_and_released(as_: As, cases: Cases) -> None:
    officer, approver = as_("per_agency_officer"), as_("per_agency_approver")

    claimed = officer.post("/api/assignments", json={"scenario_id": cases.asked})
    listed = officer.get("/api/assignments?person_id=per_agency_officer").json["items"]
    given = approver.post(
        "/api/assignments",
        json={"scenario_id": cases.asked, "person_id": "per_agency_officer"},
    )
    wrong = approver.post(
        "/api/assignments", json={"scenario_id": cases.asked, "person_id": "per_dept_approver"}
    )
    foreign = as_("per_dept_approver").post("/api/assignments", json={"scenario_id": cases.asked})
    released = officer.post(f"/api/assignments/{cases.asked}/release", json={})
    again = officer.post(f"/api/assignments/{cases.asked}/release", json={})

    assert claimed.json["person_id"] == "per_agency_officer"
    assert [one["scenario_id"] for one in listed] == [cases.asked]
    assert given.json["assigned_by"] == "per_agency_approver"
    assert wrong.status_code == 422
    assert foreign.status_code == 403
    assert released.json["person_id"] is None
    assert again.status_code == 404


def test_what_a_round_changes_is_told_to_who_sees_the_case(as_: As, cases: Cases) -> None:
    officer = as_("per_agency_officer")

    second = officer.get(f"/api/application-changes/{cases.revised}").json
    first = officer.get(f"/api/application-changes/{cases.asked}").json

    (change,) = second["changes"]
    assert (second["round"], second["known"]) == (2, True)
    assert (change["field"], change["before"], change["after"]) == ("users_count", 20, 12)
    assert (change["kind"], change["column"]) == ("changed", None)
    assert (first["known"], first["changes"]) == (False, [])
    assert as_("per_other_editor").get(
        f"/api/application-changes/{cases.revised}"
    ).status_code == 404  # fmt: skip


def test_a_draft_is_its_members_alone(as_: As, cases: Cases) -> None:
    where = f"/api/sheet-drafts/{cases.panel}"
    member, other = as_(cases.serving[0]), as_(cases.serving[1])
    written = {
        "scores": {"legality": "78.5", "benefit": ""},
        "verdict": "",
        "struck": [{"directory": bench.CODE, "item": "TEMP"}],
        "coarsened": [
            {"directory": bench.CODE, "item": "RAIN", "transform": "aggregated"},
        ],
    }

    empty = member.get(where).json
    saved = member.post(where, json=written)
    found = member.get(where).json

    assert (empty["written"], empty["saved_at"]) == ({}, None)
    assert saved.status_code == 200, saved.json
    assert found["written"]["scores"] == {"legality": "78.5", "benefit": ""}
    assert found["written"]["struck"] == [[bench.CODE, "TEMP"]]
    assert found["written"]["coarsened"] == [[bench.CODE, "RAIN", "aggregated"]]
    assert other.get(where).json["written"] == {}
    assert as_("per_agency_secretary").get(where).status_code == 404
    assert as_("per_agency_secretary").post(where, json=written).status_code == 403


def test_a_sheet_and_an_opinion_name_coarser_treatments(as_: As, cases: Cases) -> None:
    member, department = as_(cases.serving[0]), as_("per_dept_approver")
    weights = member.get(f"/api/assessments/{cases.panel}").json["weights"]
    coarser = {"directory": bench.CODE, "item": "RAIN", "transform": "aggregated"}
    sheet = {"scores": dict.fromkeys(weights, 8000), "verdict": "agree", "coarsened": [coarser]}
    first, second = department.get(f"/api/opinions/{cases.opinion}").json["items"]
    said = {"verdict": "agree_with_condition", "text": "enough", "transform": "generalised"}

    signed = member.post(f"/api/assessments/{cases.panel}/submit-sheet", json=sheet)
    (shown,) = member.get(f"/api/assessments/{cases.panel}/sheets").json["items"]
    answered = department.post(
        f"/api/opinions/{cases.opinion}/answers",
        json={"items": [{**first, **said}, {**second, "verdict": "agree"}]},
    )
    scope = department.get(f"/api/scenarios/{cases.asked}").json["scope"]

    assert signed.status_code == 200, signed.json
    assert shown["coarsened"] == [coarser]
    assert answered.status_code == 200, answered.json
    assert [one["transform"] for one in answered.json["answers"]].count("generalised") == 1
    assert sorted(one["transform"] for one in scope["items"]) == ["generalised", "masked"]
