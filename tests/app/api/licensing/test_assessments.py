import pytest

from app.unit import Exchange
from tests.conftest import As
from tests.licensing import hall


@pytest.fixture
def scenario_id(application: Exchange) -> str:
    with application.house.engines.writing() as session:
        hall.pool(session)
        made = hall.waiting(session).id
        session.commit()
    return made


def drawn(as_: As, scenario_id: str) -> str:
    secretary = as_("per_agency_secretary")
    key: str = secretary.post("/api/assessments", json={"scenario_id": scenario_id}).json["id"]
    secretary.post(f"/api/assessments/{key}/draw", json={})
    return key


def test_a_panel_is_drawn_scores_blind_and_concludes(as_: As, scenario_id: str) -> None:
    secretary = as_("per_agency_secretary")
    planned = secretary.post("/api/assessments", json={"scenario_id": scenario_id})
    here = f"/api/assessments/{planned.json['id']}"

    panel = secretary.post(f"{here}/draw", json={}).json["panel"]
    experts = [as_(member["person_id"]) for member in panel]
    for expert in experts:
        expert.post(f"{here}/declare", json={"conflicted": False})
    secretary.post(f"{here}/clear", json={})
    opened = secretary.post(f"{here}/open-documents", json={})
    for expert, score in zip(experts, hall.SCORES, strict=True):
        sheet = {"scores": dict.fromkeys(opened.json["weights"], score), "verdict": "agree"}
        signed = expert.post(f"{here}/submit-sheet", json=sheet)
        assert signed.status_code == 200, signed.json
    blind = secretary.get(f"{here}/sheets").json["items"]
    secretary.post(f"{here}/tally", json={})
    concluded = secretary.post(f"{here}/conclude", json={})

    assert planned.status_code == 201, planned.json
    assert planned.json["seed"] is None
    assert blind == []
    assert len(secretary.get(f"{here}/sheets").json["items"]) == 5
    assert (concluded.json["result"], concluded.json["mean"]) == ("pass", 7870)
    assert secretary.get(f"{here}/proof").json["holds"] is True


def test_a_member_in_conflict_is_replaced(as_: As, scenario_id: str) -> None:
    key = drawn(as_, scenario_id)
    secretary = as_("per_agency_secretary")
    first, second, *_ = secretary.get(f"/api/assessments/{key}").json["panel"]

    declared = as_(first["person_id"]).post(
        f"/api/assessments/{key}/declare", json={"conflicted": True, "reason": "adviser"}
    )
    replaced = secretary.post(
        f"/api/assessments/{key}/replace",
        json={"expert_id": second["expert_id"], "reason": "a relative works there"},
    )

    assert declared.status_code == replaced.status_code == 200
    standings = [member["standing"] for member in replaced.json["panel"]]
    assert (standings.count("serving"), standings.count("replaced")) == (5, 2)


def test_a_member_supersedes_the_own_sheet(as_: As, application: Exchange) -> None:
    with application.house.engines.writing() as session:
        made = hall.scoring(session)
        hall.score(session, made, *hall.SCORES)
        here, first = f"/api/assessments/{made.id}", made.serving[0]
        weights = list(made.standard["weights"])
        session.commit()
    sheet = {"scores": dict.fromkeys(weights, 9000), "verdict": "agree"}

    bare = as_(first).post(f"{here}/supersede-sheet", json=sheet)
    done = as_(first).post(f"{here}/supersede-sheet", json={**sheet, "reason": "misread"})
    own = as_(first).get(f"{here}/sheets").json["items"]
    early = as_("per_agency_approver").get(f"{here}/recommendation")
    nothing = as_("per_agency_approver").get(f"{here}/recomputation")

    assert (bare.status_code, done.status_code) == (422, 200)
    assert [(one["edition"], one["superseding"], one["total"]) for one in own] == [
        (2, "misread", 9000)
    ]
    assert early.json["step"] is None
    assert nothing.status_code == 404


def test_a_failed_case_tells_its_reasons(as_: As, application: Exchange) -> None:
    with application.house.engines.writing() as session:
        made = hall.concluded(session, vetoed=["legality"])
        key, session_scenario = made.id, made.scenario_id
        session.commit()

    answer = as_("per_hub_officer").get(f"/api/assessments?scenario_id={session_scenario}")

    (told,) = answer.json["items"]
    assert (told["id"], told["result"]) == (key, "fail")
    assert [reason["code"] for reason in told["reasons"]] == ["VETOED"]


def test_struck_items_go_over_the_wire(as_: As, application: Exchange) -> None:
    with application.house.engines.writing() as session:
        made = hall.scoring(session)
        key, person, weights = made.id, made.serving[0], made.standard["weights"]
        session.commit()
    struck = [{"directory": "CAT-430000-000001", "item": "RAIN"}]
    sheet = {"scores": dict.fromkeys(weights, 8000), "verdict": "agree", "struck": struck}

    expert = as_(person)
    expert.post(f"/api/assessments/{key}/submit-sheet", json=sheet)

    (own,) = expert.get(f"/api/assessments/{key}/sheets").json["items"]
    assert (own["struck"], own["total"]) == (struck, 8000)


def test_a_stranger_finds_nothing(as_: As, scenario_id: str) -> None:
    key = drawn(as_, scenario_id)
    stranger = as_("per_developer_editor")

    foreign = stranger.get(f"/api/assessments/{key}")
    missing = stranger.get("/api/assessments/asm_nowhere")

    assert foreign.status_code == missing.status_code == 404
    assert foreign.json["detail"] == missing.json["detail"]


def test_steps_out_of_turn_and_unknown_fields_are_refused(as_: As, scenario_id: str) -> None:
    key = drawn(as_, scenario_id)
    secretary = as_("per_agency_secretary")

    early = secretary.post(f"/api/assessments/{key}/tally", json={})
    unknown = secretary.post("/api/assessments", json={"scenario_id": scenario_id, "seed": "mine"})

    assert early.status_code == 409
    assert (unknown.status_code, unknown.json["errors"][0]["pointer"]) == (422, "/seed")
