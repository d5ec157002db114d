import re
from typing import Any

import pytest

from app.unit import Exchange
from licensing import agreements, operations, plans
from licensing.frame.elements import Permission
from tests.app.pages.conftest import Browser, Visit
from tests.app.pages.town import TODAY, Town
from tests.licensing import frames

CODE = "CAT-430000-000001"
TERM = {"term_from": "2026-01-01", "term_to": "2030-12-31"}
PLAN = {
    "title": "气象数据授权运营",
    "modes": ["overall", "by_field"],
    "resource_scope": f"{CODE}\n",
    **TERM,
    **{name: f"关于 {name}" for name in plans.TEXTS},
    "performance_indicators": "一年十个产品\n投诉少于三件",
}
BOUNDS = {
    "items": f"{CODE} RAIN aggregated\n{CODE} TEMP 汇总",
    "regions": "430000\n110000",
    "output_forms": ["aggregate_report", "score"],
    "environments": ["trusted_domain_sandbox"],
    "users": "*",
    "quotas-0-meter": "rows",
    "quotas-0-limit": "1000",
    "revenue__fiscal": "2000",
    "revenue__operator": "8000",
    "revenue__merchant": "0",
    **TERM,
}
OPERATION = {
    "implementing_agency_id": "org_agency",
    "operator_id": "org_operator",
    "mode": "by_field",
    "purposes": ["weather_insurance"],
    **BOUNDS,
    "elements__product_list-0-name": "逐日气象指数",
    "elements__product_list-0-standard": "QX/T 1",
    **{
        f"elements__{name}": f"关于 {name}"
        for name in ("fee_rules", "cost_accounting_rules", "data_security", "pi_protection",
                     "change_termination", "breach", "dispute")
    },
    **{f"elements__asset_ownership__{name}": "运营机构"
       for name in ("software", "hardware", "derived_data")},
    **{f"elements__exit_handover__{name}": "移交" for name in ("data_destruction", "keys",
                                                              "records")},
    "elements__exit_handover__transition_days": "0",
}  # fmt: skip
SUPPLY = {
    "department_id": "org_dept",
    "operator_id": "org_operator",
    "industry": "A01",
    **BOUNDS,
    "supply_mode": "interface",
    "directories-0-directory_code": CODE,
    "directories-0-max_grade": "G2",
    "directories-0-consent_refs": "一号；二号",
    "opinion_deadline_wd": "4",
    "standing_consent_rules-0-purpose": "weather_insurance",
    "standing_consent_rules-0-risk_max": "low",
    "standing_consent_rules-0-output_form": "score",
    "standing_consent_rules-1-purpose": "weather_insurance",
    "standing_consent_rules-1-risk_max": "low",
    "standing_consent_rules-1-output_form": "aggregate_report",
    **{f"permission__{each.value}": "no" for each in Permission},
    "permission__purchased": "yes",
    "reference__purchased": "采购合同 7 号",
}


def made_by(browser: Browser, path: str, fields: dict[str, Any]) -> str:
    """Send a form that is right; returns the id of what it made."""
    answer = browser.post(path, version="0", **fields)
    assert answer.status_code == 303, re.findall(r'answer-fail">.*?</p>|role="alert".*?</div>',
                                                 answer.text, re.DOTALL)  # fmt: skip
    return str(answer.headers["Location"].rpartition("/")[2])


def filled_in(page: str) -> dict[str, Any]:
    """Return what a browser would send of the form of a page, unchanged."""
    form = page[page.index('<form class="stack"') : page.index('class="form-foot"')]
    found: dict[str, Any] = {}
    for name, value in re.findall(r'<input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', form):
        tag = next(each for each in re.findall(r"<input[^>]*>", form) if f'name="{name}"' in each
                   and f'value="{value}"' in each)  # fmt: skip
        if 'type="checkbox"' not in tag or " checked" in tag:
            found.setdefault(name, []).append(value)
    texts = r'<textarea[^>]*? name="([^"]+)"[^>]*>(.*?)</textarea>'
    found.update(re.findall(texts, form, re.DOTALL))
    for name, options in re.findall(r'<select[^>]*? name="([^"]+)"[^>]*>(.*?)</select>', form,
                                    re.DOTALL):  # fmt: skip
        chosen = re.findall(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[0] if chosen else ""
    return {name: value for name, value in found.items()
            if name not in ("csrf_token", "idempotency_key")}  # fmt: skip


@pytest.fixture
def plan(application: Exchange, town: Town) -> str:
    """Put a plan for the directory in force."""
    with application.house.engines.writing() as session:
        made = frames.planned(session, CODE).id
        session.commit()
    return made


def test_a_plan_is_drafted_rewritten_and_revised_by_its_agency(
    visit: Visit, application: Exchange, town: Town
) -> None:
    officer = visit("per_agency_officer")
    officer.shows("/frame/plans", 'href="/frame/plans/new"')
    officer.shows("/frame/plans/new", "绩效指标", "必要性")

    key = made_by(officer, "/frame/plans/new", PLAN)
    shown = officer.shows(f"/frame/plans/{key}/edit", "一年十个产品")
    again = officer.post(f"/frame/plans/{key}/edit", **{**filled_in(shown), "title": "改名"})
    stale = officer.post(f"/frame/plans/{key}/edit", **filled_in(shown))

    assert again.status_code == 303, again.text
    assert stale.status_code == 412
    officer.shows(f"/plans/{key}", "改名", "改写方案", "关于 necessity", "投诉少于三件")
    with application.house.engines.writing() as session:
        frames.plan_goes(session, plans.find(session, key), "decide", "approve", "put_in_force",
                         at=TODAY)  # fmt: skip
        session.commit()
    revised = officer.post(
        f"/frame/plans/{key}/edit",
        **filled_in(officer.shows(f"/frame/plans/{key}/edit", "编制新版")),
    )
    assert revised.status_code == 303, revised.text
    with application.house.engines.reading() as session:
        code = plans.find(session, key).code
        assert [each.edition for each in plans.editions(session, code)] == [2, 1]


def test_an_operation_agreement_is_drafted_whole_and_amended(
    visit: Visit, application: Exchange, plan: str
) -> None:
    operator = visit("per_operator_editor")
    operator.shows("/frame/operations", 'href="/frame/operations/new"')

    key = made_by(operator, "/frame/operations/new", {**OPERATION, "plan_id": plan})
    shown = operator.shows(f"/frame/operations/{key}/edit", "QX/T 1")
    again = operator.post(
        f"/frame/operations/{key}/edit", **{**filled_in(shown), "mode": "overall"}
    )

    assert again.status_code == 303, again.text
    with application.house.engines.writing() as session:
        found = operations.find(session, key)
        assert (found.mode, found.edition) == ("overall", 1)
        assert found.elements["exit_handover"]["transition_days"] == 0
        assert found.elements["product_list"] == [{"name": "逐日气象指数", "standard": "QX/T 1"}]
        assert found.revenue == {"fiscal": 2000, "operator": 8000, "merchant": 0}
        assert found.scope["quotas"] == {"rows": 1000}
        frames.go(session, found, *frames.TO_EFFECT, at=TODAY)
        session.commit()
    amended = operator.shows(f"/frame/operations/{key}/edit", "变更理由")
    bare = operator.post(f"/frame/operations/{key}/edit", **filled_in(amended))
    told = operator.post(
        f"/frame/operations/{key}/edit", **{**filled_in(amended), "reason": "扩大"}
    )
    assert (bare.status_code, told.status_code) == (422, 303)
    operator.shows(f"/operations/{key}", "待签署的变更", "扩大")
    assert operator.post(f"/frame/operations/{key}/edit", **filled_in(amended)).status_code == 403


def test_a_supply_agreement_is_drafted_with_all_that_it_needs(
    visit: Visit, application: Exchange, town: Town
) -> None:
    editor = visit("per_dept_editor")
    editor.shows("/frame/agreements", 'href="/frame/agreements/new"')
    with application.house.engines.reading() as session:
        above = agreements.find(session, town["agreement"]).operation_agreement_id

    key = made_by(editor, "/frame/agreements/new", {**SUPPLY, "operation_agreement_id": above})
    shown = editor.shows(f"/frame/agreements/{key}/edit", "采购合同 7 号", "一号; 二号")
    again = editor.post(f"/frame/agreements/{key}/edit", **filled_in(shown))

    assert again.status_code == 303, again.text
    with application.house.engines.reading() as session:
        found = agreements.find(session, key)
        rules = found.elements["standing_consent_rules"]
        answers = {each["permission"]: each
                   for each in found.elements["external_permission_checklist"]}  # fmt: skip
        assert found.directory_codes == [CODE]
        assert [each["transform"] for each in found.scope["items"]] == ["aggregated"] * 2
        assert [(each["output_forms"], each["purpose_codes"]) for each in rules] == [
            (["aggregate_report", "score"], ["weather_insurance"])
        ]
        assert answers["purchased"] == {
            "permission": "purchased", "applies": True, "reference": "采购合同 7 号",
        }  # fmt: skip
        assert len(answers) == len(Permission)
        assert found.elements["directories"][CODE]["consent_refs"] == ["一号", "二号"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": ""}, 'answer-fail"'),
        ({"term_to": "soon"}, "请填写日期"),
        ({"term_to": "2039-01-01"}, "期限至多"),
        ({"resource_scope": "CAT-none"}, "CAT-none"),
    ],
)
def test_what_is_wrong_is_said_beside_the_question_and_nothing_is_lost(
    visit: Visit, town: Town, change: dict[str, str], said: str
) -> None:
    officer = visit("per_agency_officer")

    answer = officer.post("/frame/plans/new", version="0", **{**PLAN, **change})

    assert answer.status_code == 422
    assert said in answer.text
    assert "没有保存" in answer.text
    assert "关于 necessity" in answer.text
    (name,) = change
    asked = answer.text[answer.text.index(f'id="{name}"') :]
    assert "answer-fail" in asked[: asked.index("mb-4")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"items": "RAIN"}, "第 1 行"),
        ({"items": "CAT-9 * raw"}, "CAT-9"),
        ({"items": f"{CODE} RAIN raw\n{CODE} TEMP odd"}, "第 2 项"),
        ({"opinion_deadline_wd": "many"}, "请填写整数"),
        ({"revenue__fiscal": "1"}, "10000"),
        ({"standing_consent_rules-0-risk_max": "high",
          "standing_consent_rules-0-purpose": "logistics"}, "风险等级"),
        ({"operator_id": "org_nobody"}, "org_nobody"),
    ],
)  # fmt: skip
def test_what_the_law_of_agreements_refuses_is_said_and_uses_up_no_number(
    visit: Visit, application: Exchange, town: Town, change: dict[str, str], said: str
) -> None:
    editor = visit("per_dept_editor")

    refused = editor.post("/frame/agreements/new", version="0", **{**SUPPLY, **change})
    key = made_by(editor, "/frame/agreements/new", SUPPLY)

    assert refused.status_code == 422
    assert said in refused.text
    with application.house.engines.reading() as session:
        assert agreements.find(session, key).code.endswith("0002")


def test_every_item_of_a_directory_is_named_by_a_star(
    visit: Visit, application: Exchange, town: Town
) -> None:
    editor = visit("per_dept_editor")

    key = made_by(
        editor, "/frame/agreements/new",
        {**SUPPLY, "items": f"{CODE} * aggregated", "quotas-0-remove": "1"},
    )  # fmt: skip

    with application.house.engines.reading() as session:
        found = agreements.find(session, key)
        assert [each["item"] for each in found.scope["items"]] == [
            each["item_code"] for each in sorted(frames.whole(session, CODE),
                                                 key=lambda each: each["item_code"])
        ]  # fmt: skip
        assert found.scope["quotas"] == {}


def test_nobody_but_a_party_finds_the_form(visit: Visit, application: Exchange, town: Town) -> None:
    hub, secretary = visit("per_hub_supervisor"), visit("per_agency_secretary")
    signer = visit("per_operator_signer")
    with application.house.engines.reading() as session:
        above = str(agreements.find(session, town["agreement"]).operation_agreement_id)

    assert hub.get("/frame/plans/new").status_code == 403
    assert secretary.post("/frame/plans/new", **PLAN).status_code == 403
    assert "/new" not in hub.get("/frame/operations").text
    assert hub.get(f"/frame/agreements/{town['agreement']}/edit").status_code == 403
    assert visit("per_buyer_editor").get(f"/frame/operations/{above}/edit").status_code == 404
    assert "提出变更" in signer.get(f"/agreements/{town['agreement']}").text
    assert "/edit" not in hub.get(f"/agreements/{town['agreement']}").text


def test_a_step_that_is_refused_is_said_above_the_form(
    visit: Visit, application: Exchange, plan: str
) -> None:
    officer = visit("per_agency_officer")
    page = officer.get(f"/frame/plans/{plan}/edit").text
    first = officer.post(f"/frame/plans/{plan}/edit", **filled_in(page))

    second = officer.post(f"/frame/plans/{plan}/edit", **filled_in(page))

    assert first.status_code == 303
    assert second.status_code == 422
    assert "下一版正在办理" in second.text
