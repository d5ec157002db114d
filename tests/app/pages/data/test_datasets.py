"""Pages of data: a file is sent, refused or kept, and what was found in it is shown."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from app.intake import loading
from app.unit import Exchange
from delivery.tables import datasets
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.delivery.intake.files import STATIONS
from tests.marketplace import make
from tests.marketplace.shelving import sheet

EDITOR = "per_developer_editor"
PEOPLE = "姓名,手机\n" + "".join(f"李{name},1380013{n:04}\n" for n, name in enumerate("明芳强" * 3))


@pytest.fixture(autouse=True)
def _domain(application: Exchange, tmp_path: Path) -> None:
    house = application.house
    settings = replace(house.settings, data_dir=str(tmp_path / "domain"))
    application.house = replace(house, settings=settings)


def sent(browser: Browser, text: str, **more: str) -> str:
    file = (BytesIO(text.encode()), "雨量.csv")
    answer = browser.post("/data", title="雨量", file=file, **more)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


@ON_SQLITE
def test_a_file_is_sent_and_its_profile_shown(visit: Visit, application: Exchange) -> None:
    merchant = visit(EDITOR)
    merchant.shows("/data", "上传文件", "还没有数据集")
    upload = sent(merchant, STATIONS)
    merchant.shows(upload, "待读取", "正在后台读取")
    merchant.shows("/data", "雨量.csv")

    loading.read_waiting(application.house)
    shown = merchant.get(upload)

    assert shown.status_code == 303
    merchant.shows(shown.location, "数据字典", "rain_mm", "没有重复行", "100.00%", "2026-01-03")
    merchant.shows("/data", "雨量", "不含个人信息")
    visit("per_exchange_listing").shows(shown.location, "rain_mm")
    assert visit("per_other_editor").get(shown.location).status_code == 404

    dataset = shown.location.rpartition("/")[2]
    sent(merchant, STATIONS.replace("rain_mm", "rain_cm"), dataset_id=dataset)
    loading.read_waiting(application.house)
    merchant.shows(shown.location, "相对上一版", "rain_cm", "已删除")
    merchant.shows(f"{shown.location}?version=1", "rain_mm")
    assert merchant.get(f"{shown.location}?version=9").status_code == 404


@ON_SQLITE
def test_a_product_shows_what_was_measured_in_its_table(
    visit: Visit, application: Exchange
) -> None:
    merchant = visit(EDITOR)
    upload = sent(merchant, STATIONS)
    loading.read_waiting(application.house)
    dataset = merchant.get(upload).location.rpartition("/")[2]
    with application.house.engines.writing() as session:
        measured = datasets.version(session, dataset)
        columns = [{**each, "meaning": f"{each['name']} 的含义"} for each in measured.columns]
        said: Any = {"dictionary": columns, "sample": measured.sample, "delivery_mode": "raw_file"}
        product = make.listed(session, dataset_version_id=measured.id, **said).id
        session.commit()

    page = visit().shows(f"/products/{product}", "数据字典与分布", "100.00%", "的单元格有值")

    assert "rain_mm 的含义" in page
    assert 'class="spread"' in page
    assert "没有质量报告" not in page


@ON_SQLITE
def test_a_bad_file_is_refused_with_its_lines(visit: Visit, application: Exchange) -> None:
    merchant = visit(EDITOR)
    upload = sent(merchant, "a,b\n1\n")

    loading.read_waiting(application.house)

    merchant.shows(upload, "已退回", "应有 2 格，实有 1 格", "ROW_MISSHAPEN")
    assert merchant.post("/data", title="无").status_code == 422


@ON_SQLITE
def test_people_are_marked_and_their_values_hidden(visit: Visit, application: Exchange) -> None:
    merchant = visit(EDITOR)
    upload = sent(merchant, PEOPLE)

    loading.read_waiting(application.house)

    page = merchant.shows(merchant.get(upload).location, "发现个人信息", "手机号码", "不显示")
    assert "1380013" not in page


@ON_SQLITE
def test_an_upload_may_be_abandoned(visit: Visit, application: Exchange) -> None:
    merchant = visit(EDITOR)
    upload = sent(merchant, STATIONS)
    name = upload.rpartition("/")[2]

    merchant.shows(upload, "放弃")
    taken = merchant.post(f"/steps/upload/{name}/abandon", version=2, next=upload)

    assert taken.status_code == 303
    merchant.shows(upload, "已放弃")
    assert loading.read_waiting(application.house) == 0


@ON_SQLITE
def test_rows_are_held_for_a_reason_and_released(visit: Visit, application: Exchange) -> None:
    with application.house.engines.writing() as session:
        where = f"/data/{sheet.dataset(session).dataset_id}"
        session.commit()
    officer, owner = visit("per_exchange_compliance"), visit(EDITOR)
    officer.shows(where, "数据保全", "事由")

    held = officer.post(f"{where}/hold", reason="仲裁取证")

    assert held.status_code == 303, held.text
    officer.shows(where, "已保全", "仲裁取证", "解除保全")
    assert "仲裁取证" not in owner.shows(where, "已保全")
    assert owner.post(f"{where}/release").status_code == 403
    assert officer.post(f"{where}/release").status_code == 303
    assert "已保全" not in owner.shows(where)
    assert "数据保全" not in owner.get(where).text
