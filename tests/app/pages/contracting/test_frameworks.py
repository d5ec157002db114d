from tests.app.pages.conftest import Visit
from tests.app.pages.town import Town

USE = {
    "field": "modern_agriculture",
    "purpose_code": "weather_insurance",
    "purpose_text": "农业保险",
    "region": "110000",
    "period_from": "2026-07-20",
    "period_to": "2026-12-31",
}


def test_a_framework_is_offered_signed_and_called_off_on_its_pages(
    visit: Visit, town: Town
) -> None:
    del town
    seller, signer = visit("per_developer_editor"), visit("per_developer_signer")
    buyer = visit("per_buyer_signer")
    seller.shows("/frameworks", "还没有框架合同", "拟定框架合同")
    form = seller.shows("/frameworks/new", "产品与单价", "公示价")
    product = form.split('name="price-')[1].split('"')[0]

    made = seller.post(
        "/frameworks", title="全年供应", buyer_uscc="9144030071526726XG",
        period_from="2026-07-01", period_to="2027-06-30", ceiling="20,000.00",
        **{f"price-{product}": "8000"},
    )  # fmt: skip
    assert made.status_code == 303, made.text
    path = made.location
    unsigned = buyer.get(path).text
    signed = [one.post(f"{path}/signature").status_code for one in (signer, buyer)]
    placed = buyer.post(f"{path}/orders", product_id=product, quantity="1", **USE)
    beyond = buyer.post(f"{path}/orders", product_id=product, quantity="2", **USE)

    assert "按框架下单" not in unsigned
    assert signed == [303, 303]
    assert placed.status_code == 303, placed.text
    assert (beyond.status_code, "BEYOND_FRAMEWORK_CEILING" in beyond.text) == (409, True)
    buyer.shows(path, "按框架下单", "¥ 12,000.00", "项下订单", "OD-2026-", "双方已签")
    buyer.shows(f"{path}?text=en", "Article 4 Ceiling")
    seller.shows("/frameworks?state=signed", "FW-2026-000001", "¥ 12,000.00", "XLSX")
    assert "FW-2026-000001" not in seller.get("/frameworks?state=to_sign").text
    file = buyer.get("/frameworks?state=signed&file=csv").data.decode("utf-8-sig").splitlines()
    assert "FW-2026-000001" in file[1]
    assert len(visit("per_other_editor").get("/frameworks?file=csv").data.splitlines()) == 1
    assert visit("per_other_editor").get(path).status_code == 404
