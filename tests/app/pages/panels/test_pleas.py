"""The pages of pleas, and of what a department says item by item, with a browser without script."""

import re

from app.unit import Exchange
from licensing import assessments, consents, scenarios
from licensing.pleading import appeals, challenges
from licensing.pleading import publicity_objections as objections
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import TODAY, Town
from tests.conftest import work_of


def test_a_department_answers_item_by_item(visit: Visit, town: Town, application: Exchange) -> None:
    department = visit("per_dept_approver")
    case = f"/cases/{town['asked']}"
    shown = department.get(case).text

    answered = department.post(
        f"{case}/opinions/{town['opinion']}",
        verdict_0="disagree", cause_0="too_sensitive", text_0="涉及营区",
        verdict_1="agree", cause_1="", text_1="",
    )  # fmt: skip

    assert "逐项答复" in shown
    assert answered.status_code == 303
    with application.house.engines.reading() as session:
        assert consents.find(session, town["opinion"]).state == consents.State.PARTLY_AGREED


def test_the_officer_raises_the_risk_and_a_leader_lowers_it(
    visit: Visit, town: Town, application: Exchange
) -> None:
    case = f"/cases/{town['asked']}"

    raised = visit("per_agency_officer").post(
        f"{case}/risk", grade="medium", reason="新用途", lane=""
    )
    form = visit("per_agency_approver").get(case).text
    lowered = visit("per_agency_approver").post(
        f"{case}/lower-risk", grade="low", reason="已有先例"
    )

    assert (raised.status_code, lowered.status_code) == (303, 303)
    assert "调低风险等级" in form
    with application.house.engines.reading() as session:
        assert (scenarios.find(session, town["asked"]).risk or {})["grade"] == "low"


def test_the_applicant_is_told_of_the_panel_and_challenges(
    visit: Visit, town: Town, application: Exchange
) -> None:
    here = f"/pleas/{town['scored']}"
    with application.house.engines.writing() as session:
        secretary = work_of(session, "per_agency_secretary")
        scoring = assessments.find(session, town["scoring"])
        (seat, *_) = challenges.told(work_of(session, "per_developer_editor"), town["scored"]).seats
        assessments.replace(secretary, scoring.id, expert_id=seat.expert_id, reason="on leave")
        session.commit()
    applicant = visit("per_developer_editor")
    late = applicant.post(
        f"{here}/challenge",
        assessment_id=town["scoring"], expert_id=seat.expert_id, reason="竞争对手",
    )  # fmt: skip

    page = applicant.shows(here, "告知：评估专家组", "申请回避")

    assert late.status_code == 422  # who has left is challenged no more
    assert not re.search(rf"{seat.name}\b", page)  # per_expert_1 begins per_expert_12


def test_anybody_objects_while_a_decision_is_announced(
    visit: Visit, town: Town, application: Exchange
) -> None:
    with application.house.engines.writing() as session:
        scenarios.take(work_of(session, "per_agency_approver"), town["deciding"], "authorise")
        session.commit()
    here, other = f"/pleas/{town['deciding']}", visit("per_other_editor")
    other.shows(here, "提出异议")

    filed = other.post(f"{here}/objection", reason="该数据属于我方")
    agency = visit("per_agency_approver").shows(here, "该数据属于我方", "异议不成立")

    assert filed.status_code == 303
    assert "publicity_objection" in agency
    with application.house.engines.reading() as session:
        work = work_of(session, "per_hub_officer")
        page = objections.listed(work, scenario_id=town["deciding"], after=None, limit=5)
        assert [one.reason for one in page.items] == ["该数据属于我方"]


def test_the_applicant_appeals_against_a_no(
    visit: Visit, town: Town, application: Exchange
) -> None:
    with application.house.engines.writing() as session:
        scenarios.take(
            work_of(session, "per_agency_approver", at=TODAY), town["deciding"], "reject",
            cause="public_interest", reason="暂缓",
        )  # fmt: skip
        session.commit()
    here, applicant = f"/pleas/{town['deciding']}", visit("per_developer_editor")
    applicant.shows(here, "提出申诉")

    filed = applicant.post(f"{here}/appeal", reason="理由不成立")
    with application.house.engines.writing() as session:
        hub = work_of(session, "per_hub_officer")
        (plea,) = appeals.listed(hub, scenario_id=town["deciding"], after=None, limit=5).items
        appeals.take(hub, plea.id, "accept")
        session.flush()
        appeals.take(hub, plea.id, "dismiss", reason="理由充分")
        session.commit()

    assert filed.status_code == 303
    applicant.shows(here, "理由充分", "行政复议")


@ON_SQLITE
def test_a_case_that_is_not_announced_is_not_for_strangers(visit: Visit, town: Town) -> None:
    stranger = visit("per_other_editor")

    assert stranger.get(f"/pleas/{town['deciding']}").status_code == 404
    assert visit("per_developer_editor").get(f"/pleas/{town['forming']}").status_code == 200


def test_a_conflict_found_afterwards_voids_a_sheet(
    visit: Visit, town: Town, application: Exchange
) -> None:
    page = f"/assessments/{town['assessment']}"
    with application.house.engines.reading() as session:
        work = work_of(session, "per_agency_secretary")
        gone = assessments.sheets(work, town["assessment"])[0].expert_id

    visit("per_agency_secretary").shows(page, "决定建议", "事后发现利益冲突")
    voided = visit("per_agency_secretary").post(
        f"{page}/void-sheet", expert_id=gone, reason="持有股份"
    )

    assert voided.status_code == 303
    assert visit("per_agency_secretary").get(page).status_code == 200


def test_a_member_corrects_the_own_sheet(visit: Visit, town: Town, application: Exchange) -> None:
    page = f"/assessments/{town['scoring']}"
    with application.house.engines.reading() as session:
        first = assessments.find(session, town["scoring"]).serving[0]
    scores = {
        f"score_{name}": "88"
        for name in ("legality", "necessity", "security", "feasibility", "benefit")
    }

    corrected = visit(first).post(
        f"{page}/correction", verdict="agree", reason="误读材料", **scores
    )

    assert corrected.status_code == 303
    assert "误读材料" in visit(first).get(page).text
