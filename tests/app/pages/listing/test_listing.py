"""Pages of listing: one product from a data set, its documents and rights, and many by a file."""

from io import BytesIO
from typing import Any

from app.story.entry import paper
from app.unit import Exchange
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.marketplace.shelving import sheet

EDITOR = "per_developer_editor"
FORM = {
    "dataset_version": "dsv_dst_org_developer_1",
    "title_zh": "各站逐日降雨",
    "title_en": "Daily rain",
    "intro": "每日各站降雨汇总，用于农业气象保险的理赔参考与定价。",
    "product_type": "dataset",
    "industry": "M",
    "application_field": "meteorological_services",
    "region_coverage": "430000；430100",
    "update_frequency": "daily",
    "source_kind": "purchased",
    "delivery_mode": "in_domain",
    "price": "12,800.00",
    "accept_days": "7",
    "own_code": "MET9001",
    "meaning-station": "站点",
    "meaning-day": "日期",
    "meaning-rain": "降雨量",
}


def begun(merchant: Browser, application: Exchange) -> str:
    with application.house.engines.writing() as session:
        sheet.dataset(session)
        session.commit()
    made = merchant.post("/listing/new", **FORM)
    assert made.status_code == 303, made.text
    return str(made.location)


@ON_SQLITE
def test_a_product_is_listed_from_a_data_set(visit: Visit, application: Exchange) -> None:
    merchant = visit(EDITOR)
    where = begun(merchant, application)

    merchant.shows("/listing", "各站逐日降雨", "MET9001", "批量上架")
    merchant.shows("/listing/new?dataset_version=dsv_dst_org_developer_1", "station", "完整")
    merchant.shows(where, "L-20", "如何改正", "数据来源证明")


@ON_SQLITE
def test_what_is_missing_is_filed_on_the_page(visit: Visit, application: Exchange) -> None:
    merchant = visit(EDITOR)
    where = begun(merchant, application)

    def file(**told: Any) -> int:
        return int(merchant.post(f"{where}/materials", **told).status_code)

    proof = (BytesIO(paper("proof")), "证明.pdf")
    said = "数据购自演示观测站，采购合同在案可查，未作转授。"
    filed = file(kind="rights_basis", file=proof, issued_on="2026-01-01", valid_to="2030-01-01")
    stated = file(kind="source_statement", said=said, all="1")
    promised = file(kind="quality_report", said="补交质量评估报告", due_on="2199-01-01")
    nothing = file(kind="pipia")
    page = merchant.get(where).text
    basis = page.split('name="basis_id"')[1].split('value="')[1].split('"')[0]
    recorded = merchant.post(
        f"{where}/rights", source="观测", right="right_operate", grantor_name="演示·观测站",
        basis_id=basis, regions="430000", valid_from="2026-01-01", valid_to="2030-01-01",
    )  # fmt: skip

    assert (filed, stated, promised, nothing) == (303, 303, 422, 422)
    assert recorded.status_code == 303
    merchant.shows(where, "观测", "2030-01-01", "各项规则均已满足")


@ON_SQLITE
def test_many_products_are_listed_by_a_file(visit: Visit) -> None:
    merchant = visit(EDITOR)
    merchant.shows("/listing/files", "还没有文件", "下载模板")
    content = sheet.written([sheet.row(7001), sheet.row(7002, price="面议")])

    made = merchant.post("/listing/files", file=(BytesIO(content), "products.csv"))
    where = str(made.location)
    merchant.shows(where, "MET7001", "L-01", "改正", "提交 1 行")
    saved = [merchant.get(f"{where}/problems.{kind}") for kind in ("csv", "xlsx", "pdf")]
    pushed = merchant.post(f"{where}/push")

    assert [each.status_code for each in saved] == [200, 200, 404]
    assert "MET7002" in saved[0].text
    assert pushed.status_code == 303
    merchant.shows(where, "无变化", "需改正")
    assert merchant.post("/listing/files").status_code == 422
