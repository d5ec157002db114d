from typing import Any

import pytest

from tests.app.pages.conftest import ON_SQLITE, Visit

WHO: dict[str, Any] = {
    "revision": "1",
    "scenario_kind": "development",
    "operator_id": "org_operator",
    "implementing_agency_id": "org_agency",
    "contact_name": "林",
    "contact_phone": "0731-1",
    "team-0-name": "林",
    "team-0-role": "精算",
    "team-1-name": "",
}


@ON_SQLITE
def test_a_draft_is_opened_and_its_tasks_are_listed(visit: Visit) -> None:
    applicant = visit("per_developer_editor")
    applicant.shows("/scenarios/new", "开立草稿", "演示·运营机构")

    opened = applicant.post(
        "/scenarios",
        title="暴雨指数",
        operator_id="org_operator",
        implementing_agency_id="org_agency",
        scenario_kind="development",
    )

    assert opened.status_code == 303
    applicant.shows(opened.location, "暴雨指数", "谁来做", "未开始", "规则自检", "法定时限", "R-01")


@ON_SQLITE
def test_who_may_not_apply_is_told_who_may(visit: Visit) -> None:
    assert "申请由再开发主体" in visit("per_dept_editor").get("/scenarios/new").text


def test_a_section_is_kept_and_shown_again(visit: Visit, place: dict[str, str]) -> None:
    applicant = visit("per_developer_editor")
    home = f"/scenarios/{place['draft']}/application"

    saved = applicant.post(f"{home}/1", **WHO, onward="next")
    again = applicant.get(f"{home}/1").text

    assert saved.location == f"{home}/2"
    assert 'value="精算"' in again
    assert "已保存" in again


def test_what_is_wrong_is_kept_as_it_is_written(visit: Visit, place: dict[str, str]) -> None:
    applicant = visit("per_developer_editor")
    home = f"/scenarios/{place['draft']}/application"

    saved = applicant.post(
        f"{home}/4", revision="1", users_count="约二十", period_from="2026-08-01", onward="stay"
    )
    written = applicant.get(f"{home}/4").text
    benefit = applicant.post(f"{home}/6", revision="1", benefit_economic_fen="很多", onward="list")
    money = applicant.post(
        f"{home}/6", revision="2", benefit_economic_fen="12,800.50", onward="list"
    )

    assert (saved.location, money.location) == (f"{home}/4", home)
    assert 'value="约二十"' in written
    assert benefit.status_code == 303
    assert 'value="12,800.50"' in applicant.get(f"{home}/6").text


@ON_SQLITE
def test_a_browser_that_saves_by_itself_gets_the_side_alone(
    visit: Visit, place: dict[str, str]
) -> None:
    applicant = visit("per_developer_editor")
    address = f"/scenarios/{place['draft']}/application/1"
    data = {"csrf_token": applicant.csrf, **WHO}

    first = applicant.client.post(address, data=data, headers={"HX-Request": "true"})
    clash = applicant.client.post(
        address, data={**data, "contact_name": "王"}, headers={"HX-Request": "true"}
    )

    assert first.status_code == 200
    assert "<html" not in first.text
    assert 'id="revision" value="2"' in first.text
    assert "实时规则核对" in first.text
    assert "没有保存" in clash.text


@ON_SQLITE
def test_a_form_that_is_overtaken_is_refused_with_what_changed(
    visit: Visit, place: dict[str, str]
) -> None:
    applicant = visit("per_developer_editor")
    address = f"/scenarios/{place['draft']}/application/1"
    applicant.post(address, **WHO)

    overtaken = applicant.post(address, **{**WHO, "contact_name": "王"})

    assert overtaken.status_code == 409
    assert "FIELD_CHANGED" in overtaken.text
    assert "林" in overtaken.text


@ON_SQLITE
def test_items_are_picked_from_the_catalogue(visit: Visit, place: dict[str, str]) -> None:
    applicant = visit("per_developer_editor")
    home = f"/scenarios/{place['draft']}/application"
    applicant.shows(f"{home}/items", place["code"], "已登记")
    applicant.shows(f"{home}/items?q=zzz", "没有已发布的目录")
    applicant.shows(f"{home}/items?directory={place['code']}", "RAIN", "加入申请")

    body = {
        "directory_code": place["code"],
        "items": ["RAIN", "TEMP"],
        "transform": "aggregated",
    }
    applicant.post(f"{home}/items", **body)
    picked = applicant.post(f"{home}/items", **body)

    assert picked.location == f"{home}/3"
    page = applicant.shows(picked.location, "必要性理由", f"{place['code']} / RAIN")
    assert page.count(f"{place['code']} / RAIN") == 1
    removed = applicant.post(
        f"{home}/3",
        revision="2",
        **{
            "items-0-directory_code": place["code"],
            "items-0-item_code": "RAIN",
            "items-0-remove": "1",
            "items-1-directory_code": place["code"],
            "items-1-item_code": "TEMP",
        },
    )
    assert removed.status_code == 303
    assert f"{place['code']} / RAIN" not in applicant.get(f"{home}/3").text


@ON_SQLITE
def test_the_application_is_read_as_a_document(visit: Visit, place: dict[str, str]) -> None:
    applicant = visit("per_developer_editor")

    applicant.shows(
        f"/scenarios/{place['whole']}/application/preview",
        "公共数据使用场景申请书", "果园霜冻预警", "演示·运营机构", "TEMP", "政府指导价", "是",
    )  # fmt: skip
    applicant.shows(f"/scenarios/{place['whole']}", "填写申请书")


@ON_SQLITE
def test_an_earlier_revision_comes_back(visit: Visit, place: dict[str, str]) -> None:
    applicant = visit("per_developer_editor")
    home = f"/scenarios/{place['draft']}/application"
    applicant.post(f"{home}/2", revision="1", title="甲", purpose_text="一")
    applicant.post(f"{home}/2", revision="2", title="乙", purpose_text="二")

    applicant.shows(f"{home}/history", "第 2 版", "恢复", "现行")
    restored = applicant.post(f"{home}/2/restore", revision="2")

    assert restored.location == f"{home}/2"
    assert 'value="甲"' in applicant.get(f"{home}/2").text


@ON_SQLITE
def test_a_section_may_be_held_alone(visit: Visit, place: dict[str, str]) -> None:
    applicant = visit("per_developer_editor")
    home = f"/scenarios/{place['draft']}/application"

    applicant.post(f"{home}/1/hold")
    mine = applicant.get(f"{home}/1").text
    applicant.post(f"{home}/1/hold", release="1")
    open_again = applicant.get(f"{home}/1").text
    refused = applicant.post(f"{home}/5", revision="1", security_plan="甲")

    assert "释放本节" in mine
    assert "由我单独编辑" in open_again
    applicant.shows(f"{home}/5", "正在编辑本节")
    assert refused.status_code == 409
    assert "SECTION_LOCKED" in refused.text


@ON_SQLITE
def test_what_must_be_supplemented_is_told_on_the_list(visit: Visit, place: dict[str, str]) -> None:
    applicant = visit("per_developer_editor")

    applicant.shows(f"/scenarios/{place['told']}/application", "一次性告知", "the region")
    applicant.shows(f"/scenarios/{place['told']}", "一次性告知", "the region")


@ON_SQLITE
def test_an_application_is_submitted_from_its_list(visit: Visit, place: dict[str, str]) -> None:
    applicant, officer = visit("per_developer_editor"), visit("per_agency_officer")
    home = f"/scenarios/{place['whole']}/application"

    submitted = applicant.post(f"/steps/scenario/{place['whole']}/submit", next=home)
    read_only = applicant.get(f"{home}/1")

    assert submitted.location == home
    assert read_only.location == f"{home}/preview"
    officer.shows(home, "形式审查", "相似场景")


@ON_SQLITE
@pytest.mark.parametrize("path", ["", "/1", "/preview", "/history", "/items"])
def test_a_draft_is_not_for_strangers(visit: Visit, place: dict[str, str], path: str) -> None:
    answer = visit("per_other_editor").get(f"/scenarios/{place['draft']}/application{path}")

    assert answer.status_code == 404


@ON_SQLITE
def test_there_are_seven_sections(visit: Visit, place: dict[str, str]) -> None:
    applicant = visit("per_developer_editor")
    home = f"/scenarios/{place['draft']}/application"

    assert applicant.get(f"{home}/8").status_code == 404
    assert applicant.post(f"{home}/8", revision="1").status_code == 404
