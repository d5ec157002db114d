"""The page of a case: who has it in hand, what its round changed, its panel in short."""

import pytest

from app.unit import Exchange
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.review.test_queue import counting
from tests.app.pages.town import Town
from tests.licensing import desk, hall
from tests.licensing.reviewing import bench

OFFICER, APPROVER = "per_agency_officer", "per_agency_approver"


def test_a_case_is_claimed_given_and_let_go_of(visit: Visit, town: Town) -> None:
    case, officer = f"/cases/{town['submitted']}", visit(OFFICER)

    queue = officer.shows("/cases", "承办人", "领办")
    claimed = officer.post(f"{case}/claim")
    mine = officer.shows("/cases?hands=mine", "设施农业降水指数")
    held = officer.shows(case, "（我）", "退回待领")
    approver = visit(APPROVER)
    offered = approver.shows(case, "指派给", OFFICER)
    given = approver.post(f"{case}/assignment", person_id=OFFICER)
    released = officer.post(f"{case}/release")
    after = officer.shows(case, "无人承办", "领办")

    assert f'action="{case}/claim"' in queue
    assert (claimed.status_code, claimed.location) == (303, case)
    assert "高速公路团雾提示" not in mine
    assert "领办</button>" not in held
    assert "退回待领" in offered
    assert (given.status_code, released.status_code) == (303, 303)
    assert "退回待领</button>" not in after


@ON_SQLITE
def test_who_has_a_case_is_not_for_its_applicant_or_departments(visit: Visit, town: Town) -> None:
    page = visit("per_dept_approver").get(f"/cases/{town['asked']}")

    assert page.status_code == 200
    assert "承办人" not in page.text
    assert visit("per_dept_approver").post(f"/cases/{town['asked']}/claim").status_code == 403


@ON_SQLITE
def test_a_queue_of_mine_and_of_nobodys(visit: Visit) -> None:
    officer = visit(OFFICER)

    assert "没有待办场景" in officer.get("/cases?hands=mine").text
    assert "设施农业降水指数" in officer.get("/cases?hands=nobody").text
    assert "设施农业降水指数" in officer.get("/cases?hands=somebody").text


@ON_SQLITE
def test_a_case_tells_its_panel_in_short(visit: Visit, town: Town) -> None:
    scored = visit(OFFICER).shows(
        f"/cases/{town['scored']}", "利益冲突筛查", "全部声明无利益冲突", "重新抽取一致",
        "法定人数", "<dd>2 / ",
    )  # fmt: skip
    decided = visit(OFFICER).shows(f"/cases/{town['scenario']}", "重新抽取一致", "已达到")

    assert "81.00" not in scored
    assert "曾任申请方顾问 former adviser" in decided


@ON_SQLITE
def test_a_panel_that_is_planned_shows_its_commitment(visit: Visit, town: Town) -> None:
    secretary = visit("per_agency_secretary")
    secretary.post(f"/cases/{town['forming']}/assessment")
    planned = secretary.shows(f"/cases/{town['forming']}", "种子已承诺", "尚未抽取")
    found = secretary.get(f"/cases/{town['forming']}").text
    where = found.partition("/assessments/")[2].partition('"')[0]
    secretary.post(f"/steps/assessment/{where}/draw")
    drawn = secretary.shows(f"/cases/{town['forming']}", "人未声明")

    assert "法定人数</dt>" not in planned
    assert "重新抽取一致" in drawn


@ON_SQLITE
def test_a_result_without_its_sheets_is_shown_and_recommends_nothing(
    visit: Visit, town: Town
) -> None:
    approver = visit(APPROVER)
    approver.shows(f"/cases/{town['deciding']}")

    page = approver.shows("/assessments/asm_1", "没有评分标准可供复算")

    assert "决定建议：" not in page


@pytest.fixture
def revised(application: Exchange, town: Town) -> tuple[str, str]:
    """Bring two cases into their second round: one rewritten, one as it was."""
    made = []
    with application.house.engines.writing() as session:
        for changes in ({"users_count": 12, "users": ["org_buyer", "class:insurer"]}, {}):
            scenario = desk.applied(session, bench.CODE)
            desk.walk(session, scenario, "submit", *desk.TO_PANEL)
            panel = hall.plan(session, scenario)
            hall.go(session, panel, *hall.TO_SCORING)
            hall.score(session, panel, *[7000] * 5)
            hall.go(session, panel, "tally", "conclude")
            bench.rewritten(session, scenario, **changes)
            made.append(scenario.id)
        session.commit()
    return made[0], made[1]


@ON_SQLITE
def test_a_second_round_is_shown_against_the_first(visit: Visit, revised: tuple[str, str]) -> None:
    officer = visit(OFFICER)

    changed = officer.shows(
        f"/cases/{revised[0]}", "与上一轮对照", "<del>20</del>", "<ins>12</ins>"
    )
    same = officer.shows(f"/cases/{revised[1]}", "申请内容没有变化")

    assert "class:insurer" in changed
    assert "<del>" not in same


@ON_SQLITE
def test_a_queue_costs_the_same_however_many_cases_are_in_hand(
    visit: Visit, application: Exchange, town: Town
) -> None:
    officer = visit(OFFICER)
    for name in ("submitted", "asked"):
        officer.post(f"/cases/{town[name]}/claim")

    with counting(application) as one:
        officer.get("/cases?hands=mine&step=formal_check")
    with counting(application) as both:
        officer.get("/cases?hands=mine")

    assert len(one) == len(both)
    assert len(both) <= 18
