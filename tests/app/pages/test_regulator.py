import pytest

from app.unit import Exchange
from licensing import authorisations, consents, scenarios
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town


def _state(application: Exchange, module: object, subject: str) -> str:
    with application.house.engines.reading() as session:
        return str(module.find(session, subject).state)  # type: ignore[attr-defined]  # a noun's


@ON_SQLITE
def test_the_queue_has_four_lights_in_shape_word_and_number(visit: Visit) -> None:
    page = visit("per_agency_officer").shows("/cases", "▲", "◆", "●", "‖", "已超期", "超 10 日")

    assert "果园霜冻预警" not in page


@ON_SQLITE
@pytest.mark.parametrize(
    ("name", "person", "words"),
    [
        ("scenario", "per_agency_approver", ("78.70", "已授权", "RAIN", "✓ 与记录一致")),
        ("submitted", "per_agency_officer", ("受理", "一次性告知补正", "各方可以办理")),
        ("asked", "per_agency_officer", ("定风险等级", "待答复", "沉默不视为同意")),
        ("forming", "per_agency_secretary", ("冻结专家库并承诺种子",)),
        ("deciding", "per_agency_approver", ("决定授权并公示", "不予授权")),
        ("asked", "per_dept_approver", ("本部门意见", "附条件同意")),
        ("paused", "per_hub_supervisor", ("补正中", "已暂停")),
    ],
)
def test_a_case_shows_where_it_stands_and_what_may_be_done(
    visit: Visit, town: Town, name: str, person: str, words: tuple[str, ...]
) -> None:
    visit(person).shows(f"/cases/{town[name]}", *words)


@ON_SQLITE
def test_a_case_does_not_exist_for_strangers_and_before_it_is_submitted(
    visit: Visit, town: Town
) -> None:
    assert visit("per_other_editor").get(f"/cases/{town['scenario']}").status_code == 404
    assert visit("per_agency_officer").get(f"/cases/{town['written']}").status_code == 404
    assert visit().get(f"/cases/{town['scenario']}").status_code == 303


def test_a_button_takes_its_step_and_comes_back(
    visit: Visit, town: Town, application: Exchange
) -> None:
    case = town["submitted"]

    answer = visit("per_agency_officer").post(
        f"/steps/scenario/{case}/accept", next=f"/cases/{case}"
    )

    assert (answer.status_code, answer.location) == (303, f"/cases/{case}")
    assert _state(application, scenarios, case) == "accepted"


def test_a_button_without_the_sessions_token_does_nothing(
    visit: Visit, town: Town, application: Exchange
) -> None:
    officer = visit("per_agency_officer")

    answer = officer.post(f"/steps/scenario/{town['submitted']}/accept", csrf_token="forged")

    assert answer.status_code == 403
    assert _state(application, scenarios, town["submitted"]) == "formal_check"


def test_a_step_that_is_barred_says_why(visit: Visit, town: Town) -> None:
    officer = visit("per_agency_officer")

    answer = officer.post(f"/steps/scenario/{town['deciding']}/accept")

    assert answer.status_code == 409
    assert "ILLEGAL_TRANSITION" in answer.text


def test_a_step_on_an_old_version_is_refused(visit: Visit, town: Town) -> None:
    answer = visit("per_agency_officer").post(
        f"/steps/scenario/{town['submitted']}/accept", version="99"
    )

    assert answer.status_code == 412


@pytest.mark.parametrize(
    "path", ["/steps/nothing/x/go", "/steps/scenario/x/nothing", "/steps/scenario/x/grade_risk"]
)
@ON_SQLITE
def test_there_is_no_door_for_steps_that_are_none(visit: Visit, path: str) -> None:
    assert visit("per_agency_officer").post(path).status_code == 404


def test_a_case_goes_on_when_risk_and_opinion_are_in(
    visit: Visit, town: Town, application: Exchange
) -> None:
    case = town["asked"]

    graded = visit("per_agency_officer").post(f"/cases/{case}/risk")
    opined = visit("per_dept_approver").post(
        f"/steps/opinion/{town['opinion']}/agree_with_condition",
        condition="按日汇总",
        next=f"/cases/{case}",
    )

    assert (graded.status_code, opined.status_code) == (303, 303)
    assert _state(application, scenarios, case) == "panel_forming"
    assert _state(application, consents, town["opinion"]) == "agreed_with_condition"


def test_an_opinion_with_a_condition_names_it(visit: Visit, town: Town) -> None:
    answer = visit("per_dept_approver").post(
        f"/steps/opinion/{town['opinion']}/agree_with_condition"
    )

    assert answer.status_code == 409
    assert "ANSWER_NEEDED" in answer.text


def test_the_secretary_plans_an_assessment(visit: Visit, town: Town) -> None:
    secretary = visit("per_agency_secretary")

    answer = secretary.post(f"/cases/{town['forming']}/assessment")

    assert answer.status_code == 303
    secretary.shows(answer.location, "抽取专家", "抽取时公开")


@ON_SQLITE
def test_an_authorisation_shows_scope_use_and_consequences(visit: Visit, town: Town) -> None:
    visit("per_hub_supervisor").shows(
        f"/authorisations/{town['authorisation']}", "暂停", "行数", "100,000", "演示·运营机构"
    )
    visit("per_hub_supervisor").shows("/authorisations", town["certificate"])
    answer = visit("per_other_editor").get(f"/authorisations/{town['authorisation']}")
    assert answer.status_code == 404


def test_the_supervisor_suspends_for_a_cause(
    visit: Visit, town: Town, application: Exchange
) -> None:
    path = f"/authorisations/{town['authorisation']}"
    supervisor = visit("per_hub_supervisor")

    answer = supervisor.post(
        f"/steps/authorisation/{town['authorisation']}/suspend",
        cause="purpose_deviation", reason="抽查", next=path,
    )  # fmt: skip

    assert answer.location == path
    assert _state(application, authorisations, town["authorisation"]) == "suspended"
    supervisor.shows(path, "已暂停", "偏离用途", "恢复")
