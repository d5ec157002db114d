"""A department's opinion, filled in for many items at once, without JavaScript."""

import re

import pytest

from app.unit import Exchange
from licensing import consents, scenarios
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town
from tests.licensing import desk, hall
from tests.licensing.reviewing import bench

DEPARTMENT = "per_dept_approver"


@pytest.fixture
def asked(application: Exchange, town: Town) -> tuple[str, str]:
    """Ask the department about a case whose items can be made coarser: case, opinion."""
    with application.house.engines.writing() as session:
        code = desk.directory(session, title_zh="县级雨量站小时观测")
        items = [{"directory_code": code, "item_code": item, "transform": "masked"}
                 for item in ("TEMP", "RAIN")]  # fmt: skip
        desk.effective(session, code, items=items, industry="A01")
        made = desk.applied(session, code, items=bench.asked(code))
        desk.walk(session, made, "submit", *desk.TO_OPINIONS, "grade_risk")
        case, opinion = made.id, desk.opinion_of(session, made).id
        session.commit()
    return case, f"/cases/{case}/opinions/{opinion}"


def rows(page: str) -> list[tuple[str, str, str, str]]:
    """Return what stands in the form: verdict, treatment, cause and text of every item."""
    found = []
    for place in range(page.count('name="verdict_')):
        chosen = [
            re.search(rf'name="{name}_{place}".*?</select>', page, re.DOTALL)
            for name in ("verdict", "transform", "cause")
        ]
        picked = [re.search(r'value="([^"]*)" selected', one[0]) for one in chosen if one]
        text = re.search(rf'name="text_{place}" maxlength="500" value="([^"]*)"', page)
        assert text is not None
        values = [one[1] if one else "" for one in picked]
        found.append((values[0], values[1], values[2], text[1]))
    return found


def test_chosen_items_are_filled_in_and_nothing_is_answered_yet(
    visit: Visit, asked: tuple[str, str], application: Exchange
) -> None:
    _, form = asked
    officer = visit(DEPARTMENT)

    no = officer.post(
        form, fill="disagree", chosen="0", bulk_cause="quality", bulk_text="too coarse"
    )
    coarser = officer.post(
        form, fill="coarsen", chosen="1", bulk_transform="aggregated", bulk_text="enough",
        verdict_0="disagree", cause_0="quality", text_0="too coarse",
    )  # fmt: skip
    reset = officer.post(form, fill="agree", verdict_0="disagree", cause_0="quality")
    nothing = officer.post(form, fill="disagree", bulk_text="too coarse")
    weaker = officer.post(form, fill="coarsen", chosen="1", bulk_transform="masked")

    assert rows(no.text) == [("disagree", "", "quality", "too coarse"), ("agree", "", "", "")]
    assert rows(coarser.text) == [
        ("disagree", "", "quality", "too coarse"),
        ("agree_with_condition", "aggregated", "", "enough"),
    ]
    assert rows(reset.text) == [("agree", "", "", "")] * 2
    assert "请先勾选数据项" in nothing.text
    assert rows(weaker.text) == [("agree", "", "", "")] * 2
    with application.house.engines.reading() as session:
        assert consents.find(session, form.rpartition("/")[2]).state == "asked"


def test_a_coarser_treatment_is_answered_and_stands_in_the_case(
    visit: Visit, asked: tuple[str, str], application: Exchange
) -> None:
    case, form = asked

    answer = visit(DEPARTMENT).post(
        form, verdict_0="agree", verdict_1="agree_with_condition",
        transform_1="aggregated", text_1="汇总即可",
    )  # fmt: skip
    page = visit("per_agency_officer").shows(f"/cases/{case}", "加严保留", "汇总即可")

    assert (answer.status_code, answer.location) == (303, f"/cases/{case}")
    assert "<b>汇总</b>" in page
    with application.house.engines.reading() as session:
        treated = scenarios.find(session, case).asked.items.values()
        assert sorted(str(each) for each in treated) == ["aggregated", "masked"]


@ON_SQLITE
def test_the_case_offers_boxes_to_the_department_alone(
    visit: Visit, asked: tuple[str, str]
) -> None:
    case, form = asked

    department = visit(DEPARTMENT).shows(f"/cases/{case}", "不同意所选", "所选加严", "全部同意")
    officer = visit("per_agency_officer").shows(f"/cases/{case}")

    assert department.count('name="chosen"') == 2
    assert f'action="{form}"' in department
    assert 'name="chosen"' not in officer


@ON_SQLITE
def test_the_form_is_for_who_may_answer(visit: Visit, asked: tuple[str, str]) -> None:
    _, form = asked
    opinion = form.rpartition("/")[2]

    visit(DEPARTMENT).shows(form, "提交意见", "逐项意见")
    officer = visit("per_agency_officer").shows(form, "这里没有需要您答复的事项")
    stranger = visit("per_other_editor").get(form)
    elsewhere = visit(DEPARTMENT).get(f"/cases/scn_none/opinions/{opinion}")

    assert "提交意见</button>" not in officer
    assert (stranger.status_code, elsewhere.status_code) == (404, 404)


@ON_SQLITE
def test_experts_wishes_stand_beside_the_items(
    visit: Visit, asked: tuple[str, str], application: Exchange
) -> None:
    case, _ = asked
    with application.house.engines.writing() as session:
        made = scenarios.find(session, case)
        desk.walk(session, made, "agree")
        panel = hall.plan(session, made)
        hall.go(session, panel, *hall.TO_SCORING)
        for person in panel.serving:
            temp, rain = sorted(made.asked.items, reverse=True)
            wish = {"coarsened": {rain: "aggregated"}, "struck": [temp]}
            hall.sign(session, panel, person, 8000, **wish)
        hall.go(session, panel, "tally", "conclude")
        session.commit()

        where, size = f"/assessments/{panel.id}", len(panel.serving)
        session.commit()

    page = visit("per_agency_officer").shows(f"/cases/{case}", f"专家建议 汇总 × {size}", "剔除")
    sheet = visit("per_agency_secretary").shows(where, "加严")

    assert "加严保留" in page
    assert "/RAIN" in sheet
