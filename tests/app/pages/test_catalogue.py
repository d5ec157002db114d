"""The pages around a directory: graded anew, consented, claimed, objected to."""

import pytest

from app.unit import Exchange
from catalogue import directories, registrations
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import TODAY, Town
from tests.catalogue import shelf
from tests.conftest import work_of


@pytest.fixture
def fresh(application: Exchange) -> str:
    """Publish a directory on which nothing rests."""
    with application.house.engines.writing() as session:
        made = shelf.published(session, title_zh="道面温度").id
        session.commit()
    return made


@ON_SQLITE
def test_a_directory_shows_its_grade_its_links_and_what_can_be_begun(
    visit: Visit, town: Town
) -> None:
    path = f"/directories/{town['directory']}"

    said = visit("per_dept_editor").shows(
        path, "已挂接", "更新滞后", "数据集分级", "重新定级", "征求提供方同意", "CSV"
    )
    buyer = visit("per_buyer_editor").shows(path, "提交校核")

    assert "申报权威数源" in said
    assert "申报权威数源" not in buyer


def test_grades_are_tried_out_and_then_raised(visit: Visit, fresh: str) -> None:
    editor = visit("per_dept_editor")
    path = f"/directories/{fresh}/regrade"
    editor.shows(path, "新级别", "RAIN")

    tried = editor.post(f"{path}/preview", **{"grade-RAIN": "G3", "reason": "加密"})
    made = editor.post(path, **{"grade-RAIN": "G3", "pi-TEMP": "ordinary", "reason": "加密"})
    late = editor.get(path)

    assert tried.status_code == 200
    assert "RAIN → G3" in tried.text
    assert "加密" in tried.text
    assert made.status_code == 303
    visit("per_hub_reviewer").shows(made.location, "已生效", "升级", "加密", "道面温度")
    assert late.status_code == 404
    assert visit("per_buyer_editor").get(made.location).status_code == 404


def test_what_falls_waits_in_the_hub_and_is_approved_there(
    visit: Visit, application: Exchange
) -> None:
    items = [{**shelf.ITEMS[0], "grade": "G3"}]
    with application.house.engines.writing() as session:
        version = shelf.published(
            session, items=items, title_zh="闪电定位", persons_count=2_000_000
        )
        session.commit()
        key, directory_id = version.id, version.directory_id
    editor, hub = visit("per_dept_editor"), visit("per_hub_reviewer")
    editor.shows(f"/directories/{key}", "涉及自然人超过一百万")

    made = editor.post(f"/directories/{key}/regrade", **{"grade-TEMP": "G1", "reason": "降精度"})
    hub.shows("/hub", "闪电定位", "待批准降级", "挂接率")
    regrade = made.location.rpartition("/")[2]
    hub.post(f"/steps/regrade/{regrade}/approve", next=made.location)

    with application.house.engines.reading() as session:
        current = directories.find_directory(session, directory_id).current_version_id
        assert [one.grade for one in directories.items(session, str(current))] == ["G1"]


def test_a_providing_unit_finds_what_it_is_asked_and_answers(visit: Visit, fresh: str) -> None:
    asked = visit("per_dept_editor").post(
        f"/directories/{fresh}/consents",
        provider_id="org_roads",
        request="道面数据系共享取得",
        valid_to="2027-06-30",
    )
    provider = visit("per_roads_approver")

    provider.shows("/desk", "提供方同意", "道面温度")
    provider.shows("/catalogue/sharing-consents", "道面温度", "待答复")
    provider.shows(asked.location, "道面数据系共享取得", "同意授权运营")
    provider.post(f"/steps/sharing_consent/{asked.location.rpartition('/')[2]}/give")

    visit("per_dept_editor").shows(asked.location, "已同意")
    visit("per_dept_editor").shows(f"/directories/{fresh}", "提供方同意")


def test_a_second_claim_leads_to_the_conflict(visit: Visit, fresh: str) -> None:
    hub = visit("per_hub_reviewer")
    editor = visit("per_dept_editor")
    master = {"code": "road_temp", "name_zh": "道温", "name_en": "x", "definition": "摄氏度"}
    hub.client.post("/api/master-items", json=master, headers={"X-CSRF-Token": hub.csrf})
    claim = {"master_item_code": "road_temp", "grounds": "法定职责"}

    first = editor.post(f"/directories/{fresh}/claims", item_code="TEMP", **claim)
    editor.shows(first.location, "道温", "待确认", "省级")
    hub.post(f"/steps/source_claim/{first.location.rpartition('/')[2]}/confirm")
    second = editor.post(f"/directories/{fresh}/claims", item_code="RAIN", **claim)

    assert "/source-conflicts/" in second.location
    hub.shows(second.location, "道温", "启动协调")
    hub.shows("/catalogue/source-conflicts", "道面温度", "待协调")
    editor.shows(f"/directories/{fresh}", "权威数源")


def test_an_error_is_reported_from_the_page(visit: Visit, fresh: str) -> None:
    buyer = visit("per_buyer_editor")

    made = buyer.post(f"/directories/{fresh}/errors", item_code="TEMP", finding="恒为零")

    visit("per_dept_editor").shows(made.location, "恒为零", "已更正")
    buyer.shows("/catalogue/error-reports", "道面温度")


def test_a_registration_is_objected_to_corrected_and_changed_from_its_page(
    visit: Visit, application: Exchange, fresh: str
) -> None:
    with application.house.engines.writing() as session:
        directory_id = directories.find(session, fresh).directory_id
        shown = shelf.in_publicity(session, directory_id)
        held = shelf.registered(session, shelf.published(session).directory_id)
        session.commit()
        publicised, registered = f"/registrations/{shown.id}", f"/registrations/{held.id}"
    buyer, editor = visit("per_buyer_editor"), visit("per_dept_editor")

    buyer.shows(publicised, "提出异议")
    made = buyer.post(f"{publicised}/objections", grounds="来源存疑")
    buyer.shows(made.location, "来源存疑", "复核中")
    visit("per_hub_reviewer").shows(publicised, "异议复核", "复核中")
    corrected = buyer.post(f"{registered}/correction", text="应为十二站")
    visit("per_hub_reviewer").shows(registered, "应为十二站", "准予更正")

    assert corrected.status_code == 303
    changed = editor.post(f"{registered}/form", **_form())
    assert changed.status_code == 409
    _decline(application, held.id)
    assert editor.post(f"{registered}/form", **_form()).status_code == 303
    editor.shows(registered, "变更审核", "三区")


@ON_SQLITE
@pytest.mark.parametrize("path", ["/catalogue/nothing", "/catalogue/nothing/rgr_1"])
def test_a_kind_that_is_none_is_not_found(visit: Visit, path: str) -> None:
    assert visit("per_hub_officer").get(path).status_code == 404


@ON_SQLITE
@pytest.mark.parametrize("kind", ["regrades", "source-claims", "objections"])
def test_an_empty_list_says_so(visit: Visit, kind: str) -> None:
    visit("per_other_editor").shows(f"/catalogue/{kind}", "没有记录")
    visit("per_other_editor").shows("/hub", "没有待办")


def _form() -> dict[str, str]:
    texts = {"contact": "甲", "phone": "1", "storage": "三区", "description": "观测"}
    return {**texts, "commitment": "1"}


def _decline(application: Exchange, registration_id: str) -> None:
    with application.house.engines.writing() as session:
        work = work_of(session, "per_hub_reviewer", at=TODAY)
        registrations.take(work, registration_id, "decline_correction", reason="no")
        session.commit()
