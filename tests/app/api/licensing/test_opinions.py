import pytest

from app.unit import Exchange
from tests.conftest import As
from tests.licensing import desk


@pytest.fixture
def door(application: Exchange) -> str:
    """Ask the weather department for its opinion; return the address of it."""
    with application.house.engines.writing() as session:
        made = desk.submitted(session)
        desk.walk(session, made, *desk.TO_OPINIONS, "grade_risk")
        opinion = desk.opinion_of(session, made)
        session.commit()
        return f"/api/opinions/{opinion.id}"


def test_a_condition_moves_the_scenario_on(as_: As, door: str) -> None:
    shown = as_("per_dept_approver").get(door)
    answer = as_("per_dept_approver").post(
        f"{door}/agree-with-condition", json={"condition": "name the source"}
    )
    scenario = as_("per_developer_editor").get(f"/api/scenarios/{shown.json['scenario_id']}")

    assert [one["step"] for one in shown.json["actions"]] == [
        "agree",
        "agree_with_condition",
        "answer_by_item",
        "disagree",
    ]
    assert answer.status_code == 200, answer.json
    assert answer.json["condition"] == "name the source"
    assert scenario.json["state"] == "panel_forming"
    assert scenario.json["conditions"] == ["name the source"]


def test_a_disagreement_has_a_reason(as_: As, door: str) -> None:
    bare = as_("per_dept_approver").post(f"{door}/disagree", json={})
    why = {"cause": "quality", "reason": "too coarse"}
    answer = as_("per_dept_approver").post(f"{door}/disagree", json=why)
    again = as_("per_dept_approver").post(f"{door}/agree", json={})

    assert bare.status_code == 422
    assert (answer.status_code, answer.json["reason"]) == (200, "too coarse")
    assert again.status_code == 409


def test_an_opinion_is_given_item_by_item(as_: As, door: str) -> None:
    department = as_("per_dept_approver")
    first, second = department.get(door).json["items"]
    no = {"verdict": "disagree", "cause": "too_sensitive", "text": "of a barracks"}

    partial = department.post(f"{door}/answers", json={"items": [{**first, **no}]})
    unknown = department.post(f"{door}/answers", json={"items": [{**first, "grade": "G1"}]})
    answer = department.post(
        f"{door}/answers", json={"items": [{**first, **no}, {**second, "verdict": "agree"}]}
    )
    scenario = as_("per_developer_editor").get(f"/api/scenarios/{answer.json['scenario_id']}")

    assert (partial.status_code, unknown.status_code) == (422, 422)
    assert answer.json["state"] == "partly_agreed"
    assert {one["item_code"]: one["cause"] for one in answer.json["answers"]} == {
        first["item_code"]: "too_sensitive", second["item_code"]: None,
    }  # fmt: skip
    struck = {one["item_code"]: one["struck"] for one in scenario.json["items"]}
    assert struck == {first["item_code"]: True, second["item_code"]: False}


def test_opinions_are_listed_by_scenario(as_: As, door: str) -> None:
    department = as_("per_dept_approver")
    scenario_id = department.get(door).json["scenario_id"]

    ours = department.get(f"/api/opinions?scenario_id={scenario_id}&state=asked").json["items"]
    others = department.get("/api/opinions?scenario_id=scn_none").json["items"]

    assert [f"/api/opinions/{row['id']}" for row in ours] == [door]
    assert others == []


def test_a_foreign_opinion_looks_like_none(as_: As, door: str) -> None:
    stranger = as_("per_developer_editor")

    foreign, missing = stranger.get(door), stranger.get("/api/opinions/opn_none")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.json["title"] == missing.json["title"]
    assert stranger.post(f"{door}/agree", json={}).status_code == 404
