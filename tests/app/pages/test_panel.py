import pytest

from app.unit import Exchange
from licensing import assessments
from licensing.assessing import members
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town

CRITERIA = ("legality", "necessity", "security", "feasibility", "benefit")


def _serving(application: Exchange, assessment_id: str) -> list[str]:
    with application.house.engines.reading() as session:
        return list(assessments.find(session, assessment_id).serving)


def _sheet(**changes: str) -> dict[str, str]:
    scores = {f"score_{name}": "78.5" for name in CRITERIA}
    return {**scores, "verdict": "agree", **changes}


@ON_SQLITE
def test_a_concluded_assessment_proves_its_draw_and_shows_its_sheets(
    visit: Visit, town: Town
) -> None:
    visit("per_agency_secretary").shows(
        f"/assessments/{town['assessment']}",
        "78.70", "69.00", "已更换", "重新抽取，得到同一专家组", "plum blossom",
    )  # fmt: skip


@ON_SQLITE
def test_a_sheet_is_blind_until_the_tally(visit: Visit, town: Town, application: Exchange) -> None:
    path = f"/assessments/{town['scoring']}"
    first, *_, last = _serving(application, town["scoring"])

    signed, waiting = visit(first).get(path).text, visit(last).get(path).text

    assert "81.00" in signed
    assert "77.00" not in signed
    assert "81.00" not in waiting
    assert "我的评分表（盲评）" in waiting
    assert "81.00" not in visit("per_agency_secretary").get(path).text


@ON_SQLITE
def test_an_assessment_is_not_for_who_is_not_on_it(
    visit: Visit, town: Town, application: Exchange
) -> None:
    serving = _serving(application, town["scoring"])
    outside = next(f"per_expert_{n}" for n in range(1, 13) if f"per_expert_{n}" not in serving)

    assert visit(outside).get(f"/assessments/{town['scoring']}").status_code == 404


def test_a_member_signs_a_sheet_once(visit: Visit, town: Town, application: Exchange) -> None:
    path = f"/assessments/{town['scoring']}"
    member = visit(_serving(application, town["scoring"])[-1])

    signed = member.post(f"{path}/sheet", **_sheet(struck="CAT-430000-000001/RAIN"))
    again = member.post(f"{path}/sheet", **_sheet())

    assert signed.status_code == 303
    assert "78.50" in member.get(path).text
    assert again.status_code == 409
    assert "SHEET_SIGNED" in again.text


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"score_legality": "101"}, "/scores/legality"),
        ({"score_legality": "good"}, "/score_legality"),
        ({"score_legality": "55"}, "/comments/legality"),
        ({"verdict": "agree_with_condition"}, "/conditions"),
    ],
)
def test_a_sheet_that_is_wrong_is_refused_where_it_is(
    visit: Visit, town: Town, application: Exchange, changes: dict[str, str], pointer: str
) -> None:
    member = visit(_serving(application, town["scoring"])[-1])

    answer = member.post(f"/assessments/{town['scoring']}/sheet", **_sheet(**changes))

    assert answer.status_code == 422
    assert pointer in answer.text


def test_a_panel_is_drawn_declared_and_a_member_replaced(
    visit: Visit, town: Town, application: Exchange
) -> None:
    secretary = visit("per_agency_secretary")
    path = secretary.post(f"/cases/{town['forming']}/assessment").location
    assessment_id = path.rsplit("/", 1)[1]
    secretary.post(f"/steps/assessment/{assessment_id}/draw")
    leaving, staying, *_ = _serving(application, assessment_id)

    declared = visit(staying).post(f"{path}/declaration")
    stepped_down = visit(leaving).post(f"{path}/declaration", conflicted="1", reason="曾任顾问")

    assert (declared.status_code, stepped_down.status_code) == (303, 303)
    assert leaving not in _serving(application, assessment_id)
    page = secretary.shows(path, "曾任顾问", "更换并按序递补")
    assert "无利益冲突" in page


def test_the_secretary_replaces_a_member_with_a_reason(
    visit: Visit, town: Town, application: Exchange
) -> None:
    secretary = visit("per_agency_secretary")
    path = secretary.post(f"/cases/{town['forming']}/assessment").location
    assessment_id = path.rsplit("/", 1)[1]
    secretary.post(f"/steps/assessment/{assessment_id}/draw")
    with application.house.engines.reading() as session:
        expert = members.serving(session, assessment_id)[0].expert_id

    replaced = secretary.post(f"{path}/replacement", expert_id=expert, reason="关联关系")
    unknown = secretary.post(f"{path}/replacement", expert_id="exp_none", reason="关联关系")

    assert replaced.status_code == 303
    assert unknown.status_code == 422


def test_a_draft_is_kept_for_its_member_alone_and_goes_when_it_is_signed(
    visit: Visit, town: Town, application: Exchange
) -> None:
    path = f"/assessments/{town['scoring']}"
    *_, other, last = _serving(application, town["scoring"])
    member = visit(last)

    saved = member.post(f"{path}/draft", **_sheet(verdict="", comment_legality="还在核对"))
    live = member.client.post(
        f"{path}/draft",
        data={"csrf_token": member.csrf, **_sheet(), "comment_legality": "还在核对"},
        headers={"Accept": "text/html", "HX-Request": "true"},
    )
    page = member.shows(path, "还在核对", "草稿已保存")
    elsewhere = visit("per_agency_secretary").get(path).text
    member.post(f"{path}/sheet", **_sheet())
    corrected = member.get(path).text

    assert (saved.status_code, live.status_code) == (303, 200)
    assert 'id="draft-line"' in live.text
    assert 'value="78.5"' in page
    assert "还在核对" not in elsewhere
    assert "还在核对" not in corrected
    assert visit(other).get(path).text.count("还在核对") == 0


@ON_SQLITE
def test_chosen_items_are_struck_and_left_in_the_draft(
    visit: Visit, town: Town, application: Exchange
) -> None:
    path = f"/assessments/{town['scoring']}"
    member = visit(_serving(application, town["scoring"])[-1])
    rain = "CAT-430000-000001/RAIN"
    box = f'name="struck" value="{rain}" checked'

    member.post(f"{path}/draft", **_sheet(), chosen=rain, fill="strike")
    struck = member.get(path).text
    member.post(f"{path}/draft", **_sheet(struck=rain), chosen=rain, fill="leave")
    left = member.get(path).text
    coarser = member.post(
        f"{path}/draft", **_sheet(), chosen=rain, fill="coarsen", bulk_transform="masked"
    )
    after = member.get(path).text

    assert box in struck
    assert box not in left
    assert coarser.status_code == 303
    assert f'name="coarsen_{rain}"' in after


def test_a_draft_is_not_for_who_has_no_seat(visit: Visit, town: Town) -> None:
    answer = visit("per_agency_secretary").post(f"/assessments/{town['scoring']}/draft", **_sheet())

    assert answer.status_code == 403
