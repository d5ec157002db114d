"""Pages of data assets: a card is written, signed off, worn off, disclosed, and proven."""

import io
import re
import zipfile
from typing import Any

import pytest

from app import demonstration
from app.unit import Exchange
from settlement.evidence.archive import FILE_MAX
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.settlement.assets.town import NEXT_YEAR

WRITER, CHECKER = "per_developer_editor", "per_developer_signer"
CARD: dict[str, Any] = {
    "name": "农业气象数据集",
    "kind": "intangible",
    "form": "purchased",
    "rights_basis": "数据使用权，合同 HT-1",
    "life_basis": "更新频率",
    "life_months": "12",
    "method": "straight_line",
    "residual": "",
    "conditions": ["controlled", "benefits_probable", "cost_measurable"],
    "cost_kind_1": "purchase_price",
    "cost_phase_1": "acquisition",
    "cost_amount_1": "1,200.00",
    "cost_on_1": "2026-07-01",
    "cost_document_1": "发票 0001",
}
SIGNED = {"accountant": "陈会计", "accountant_no": "4301"}


@pytest.fixture(autouse=True)
def _next_year(application: Exchange) -> None:
    """Let it be January after the year before anybody signs in."""
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, NEXT_YEAR)
        session.commit()


def begun(writer: Browser, **changes: Any) -> str:
    made = writer.post("/assets", **{**CARD, **changes})
    assert made.status_code == 303, made.text
    return str(made.location)


def taken(browser: Browser, life: str, place: str, step: str, version: int, **said: Any) -> None:
    subject = place.rpartition("/")[2]
    answer = browser.post(f"/steps/{life}/{subject}/{step}", version=version, next=place, **said)
    assert answer.status_code == 303, answer.text


def recognised(writer: Browser, checker: Browser, **changes: Any) -> str:
    place = begun(writer, **changes)
    taken(writer, "asset_card", place, "submit", 1)
    signed = {"recognised_on": "2026-07-01", **SIGNED}
    taken(checker, "asset_card", place, "recognise", 2, **signed)
    return place


@ON_SQLITE
def test_an_asset_is_written_signed_off_worn_off_disclosed_and_proven(visit: Visit) -> None:
    writer, checker, anybody = visit(WRITER), visit(CHECKER), visit()
    writer.shows("/assets", "没有资产卡片", "新建卡片")
    place = recognised(writer, checker)
    writer.shows("/assets?state=recognised", "农业气象数据集", "1,200.00")
    writer.shows("/assets?state=nonsense", "农业气象数据集")

    _impaired(writer, checker, place)
    _disclosed(writer, checker)
    _proven(writer, anybody, place)


def _impaired(writer: Browser, checker: Browser, place: str) -> None:
    charged = checker.post(f"{place}/amortise", through="2026-09")
    assert charged.status_code == 303, charged.text
    checker.shows(place, "900.00", "计提 2026-09", "2026-10", "陈会计")
    change = {"what": "impairment", "amount": "90", "on": "2026-09-30", "document": "评估报告"}
    assert writer.post(f"{place}/changes", **change).status_code == 303
    found = re.search(r"/steps/asset_change/(asc_\w+)/book", checker.shows(place, "待复核"))
    assert found is not None
    taken(checker, "asset_change", f"/x/{found[1]}", "book", 1)
    writer.shows(place, "810.00", "已入账")


def _disclosed(writer: Browser, checker: Browser) -> None:
    days = {"first_on": "2026-01-01", "last_on": "2026-12-31"}
    asked = f"/assets/disclosures?first_on={days['first_on']}&last_on={days['last_on']}"
    writer.shows(asked, "810.00", "开发支出")
    made = writer.post("/assets/disclosures", **days)
    assert made.status_code == 303, made.text
    taken(checker, "asset_disclosure", made.location, "sign_off", 1, **SIGNED)
    writer.shows(made.location, "已定稿", "DS-2027-000001", "内容未被改动")
    saved = writer.get(f"{made.location}?file=csv")
    assert "四、账面价值" in saved.text
    assert "81000" in saved.text
    assert writer.get(f"{asked}&file=xlsx").mimetype.endswith("spreadsheetml.sheet")


def _proven(writer: Browser, anybody: Browser, place: str) -> None:
    packed = writer.post("/evidence", about="asset", subject=place.rpartition("/")[2])
    assert packed.status_code == 303, packed.text
    writer.shows(packed.location, "EP-2027-000001", "asset/card.json")
    writer.shows("/evidence", "EP-2027-000001")
    content = writer.get(f"{packed.location}/file").data
    assert "asset/movements.json" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    anybody.shows("/evidence/verify", "核验证据包")
    good = anybody.post("/evidence/verify", file=(io.BytesIO(content), "p.zip"))
    edited = content.replace("评估报告".encode(), "评估报口".encode())
    bad = anybody.post("/evidence/verify", file=(io.BytesIO(edited), "p.zip"))
    assert "核验通过" in good.text
    assert "asset/changes.json" in bad.text
    assert "FILE_EDITED" in bad.text
    anybody.shows("/papers", "核验整个证据包")
    larger = anybody.post("/evidence/verify", file=(io.BytesIO(bytes(2_500_000)), "p.zip"))
    beyond = anybody.post("/evidence/verify", file=(io.BytesIO(bytes(FILE_MAX * 2)), "p.zip"))
    for answer in (larger, beyond):
        answer.request.environ["wsgi.input"].close()
    assert (larger.status_code, beyond.status_code) == (200, 413)
    assert "NOT_A_ZIP" in larger.text
    assert "此处至多 9.4 MB" in beyond.text


@ON_SQLITE
def test_a_valuation_report_is_filed_on_a_card_and_saved(visit: Visit) -> None:
    writer, checker = visit(WRITER), visit(CHECKER)
    place = recognised(writer, checker)
    said = {"appraiser": "演示·资产评估机构", "report_no": "评字1号", "approach": "income",
            "valued_on": "2026-12-31", "value_fen": "1500.00"}  # fmt: skip

    none = writer.post(f"{place}/valuations", **said)
    made = writer.post(f"{place}/valuations", file=(io.BytesIO(b"%PDF-1.7"), "r.pdf"), **said)

    assert (none.status_code, made.status_code) == (422, 303), made.text
    writer.shows(place, "评字1号", "收益法", "1,500.00", "备存评估报告")
    report = re.search(r"/assets/valuations/avl_\w+", writer.get(place).text)
    assert report is not None
    assert writer.get(report[0]).data == b"%PDF-1.7"
    assert visit("per_buyer_editor").get(report[0]).status_code == 404


@ON_SQLITE
def test_a_draft_is_mended_and_estimates_are_revised(visit: Visit) -> None:
    writer, checker = visit(WRITER), visit(CHECKER)
    draft = begun(writer, conditions=["controlled"], renewal_likely="1")
    writer.shows(draft, "未满足", "修改草稿")
    assert writer.post(f"{draft}/mend", **CARD).status_code == 303
    writer.shows(draft, "v2")

    place = recognised(writer, checker, right_until="2030-01-01", name="另一项")
    revised = {**CARD, "life_months": "24", "residual": "1.00"}
    assert writer.post(f"{place}/revise", **revised).status_code == 303
    checker.shows(place, "批准变更", "24")


@ON_SQLITE
def test_assets_and_packs_of_others_do_not_exist(visit: Visit) -> None:
    writer, stranger = visit(WRITER), visit("per_other_editor")
    place = begun(writer)
    subject = place.rpartition("/")[2]
    pack = writer.post("/evidence", about="asset", subject=subject)

    assert stranger.get(place).status_code == 404
    assert stranger.get(pack.location).status_code == 404
    assert stranger.get(f"{pack.location}/file").status_code == 404
    assert stranger.post("/evidence", about="asset", subject=subject).status_code == 404


@ON_SQLITE
def test_what_is_missing_or_wrong_on_a_form_is_asked_for(visit: Visit) -> None:
    writer, anybody = visit(WRITER), visit()
    begun(writer)

    unnamed = writer.post("/assets", **{**CARD, "name": ""})
    no_cost = writer.post("/assets", **{**CARD, "cost_amount_1": ""})
    by_benefit = writer.post("/assets", **{**CARD, "method": "by_benefit"})
    no_day = writer.get("/assets/disclosures?first_on=nonsense")
    reversed_days = {"first_on": "2026-07-31", "last_on": "2026-07-01"}
    wrong = writer.post("/evidence", about="period", **reversed_days)
    nothing = anybody.post("/evidence/verify")

    answers = (unnamed, no_cost, by_benefit, no_day, wrong, nothing)
    assert {answer.status_code for answer in answers} == {422}
    writer.shows("/evidence?about=order&subject=ord_1", "ord_1")
    writer.shows("/assets/disclosures", "按现有账面试算")
