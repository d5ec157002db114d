from typing import Any

import pytest

from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town

FORM: dict[str, Any] = {
    "directory_code": "CAT-430000-000001",
    "operator_id": "org_operator",
    "implementing_agency_id": "org_agency",
    "title": "露地蔬菜暴雨指数",
    "application_field": "modern_agriculture",
    "purpose_code": "weather_insurance",
    "purpose_text": "按降雨赔付",
    "purpose_class": "industry_development",
    "use_mode": "product_supply",
    "items": ["RAIN", "TEMP"],
    "transform": "aggregated",
    "necessity_reason": "赔付以实测降雨为准，缺少逐小时降水与气温就不能定价",
    "users": ["org_buyer"],
    "users_count": "20",
    "regions": "110000\n",
    "period_from": "2026-08-01",
    "period_to": "2027-07-31",
    "output_forms": ["aggregate_report"],
    "environments": ["trusted_domain_sandbox"],
    "rows": "1000",
}


@ON_SQLITE
def test_an_applicant_sees_where_it_is_and_whose_move(visit: Visit, town: Town) -> None:
    applicant = visit("per_developer_editor")

    applicant.shows("/scenarios", "果园霜冻预警", "新的申请")
    applicant.shows(f"/scenarios/{town['written']}", "现在轮到", "申请方：补全并提交", "提交")
    applicant.shows(f"/scenarios/{town['paused']}", "申请方：按通知补正", "已暂停")
    applicant.shows(f"/scenarios/{town['scenario']}", "查看授权")


@ON_SQLITE
def test_an_application_is_not_for_strangers(visit: Visit, town: Town) -> None:
    stranger = visit("per_other_editor")

    assert stranger.get(f"/scenarios/{town['scenario']}").status_code == 404
    assert "果园霜冻预警" not in stranger.get("/scenarios").text
    assert visit().get("/scenarios").status_code == 303


@ON_SQLITE
def test_the_form_begins_with_a_directory(visit: Visit) -> None:
    applicant = visit("per_developer_editor")

    applicant.shows("/scenarios/new", "第一步：选择目录", "北京12站逐小时气象观测", "已登记")
    applicant.shows("/scenarios/new?q=zzz", "没有已发布的目录")
    applicant.shows("/scenarios/new?directory=CAT-430000-000001", "RAIN · G1", "演示·运营机构")
    assert "申请由再开发主体" in visit("per_dept_editor").get("/scenarios/new").text


def test_an_application_is_written_and_submitted(visit: Visit) -> None:
    applicant = visit("per_developer_editor")

    written = applicant.post("/scenarios", **FORM)
    scenario_id = written.location.rsplit("/", 1)[1]
    submitted = applicant.post(f"/steps/scenario/{scenario_id}/submit", next=written.location)

    assert written.status_code == 303
    assert submitted.location == written.location
    applicant.shows(written.location, "露地蔬菜暴雨指数", "形式审查")


def test_a_scope_beyond_the_agreements_is_told_before_and_refused(visit: Visit) -> None:
    applicant = visit("per_developer_editor")

    written = applicant.post("/scenarios", **{**FORM, "output_forms": ["record_api"], "rows": ""})
    scenario_id = written.location.rsplit("/", 1)[1]
    refused = applicant.post(f"/steps/scenario/{scenario_id}/submit")

    assert "提交前还差" in applicant.get(written.location).text
    assert refused.status_code == 409
    assert "SCOPE_NOT_COVERED" in refused.text


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("necessity_reason", "short", "/items/0/necessity_reason"),
        ("users_count", "some", "/users_count"),
        ("period_to", "2026-07-01", "/period_to"),
        ("regions", "", "/regions"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(
    visit: Visit, field: str, value: str, pointer: str
) -> None:
    answer = visit("per_developer_editor").post("/scenarios", **{**FORM, field: value})

    assert answer.status_code == 422
    assert pointer in answer.text
