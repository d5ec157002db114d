"""Pages of mandates: drawn up, signed by both, acted under, revoked."""

from typing import Any, Final

import pytest

from app.unit import Exchange
from marketplace.mandated.mandate_rows import Power
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.town import TODAY, Town
from tests.marketplace import make
from tests.marketplace.agency import test_mandates
from tests.marketplace.shelving import sheet

AGENT: Final = "per_other_editor"
PRINCIPAL: Final = "per_developer_editor"


def step(browser: Browser, address: str, name: str, **answers: Any) -> None:
    """Take a step from its button on the page."""
    form = browser.get(address).text.partition(f'/{name}"')[2]
    version = form.partition('name="version" value="')[2].partition('"')[0]
    path = f"/steps/mandate/{address.rpartition('/')[2]}/{name}"
    answer = browser.post(path, version=version, next=address, **answers)
    assert answer.status_code == 303, answer.text


def sifted(officer: Browser, stranger: Browser) -> None:
    """Look at the list of mandates by state, and save it."""
    officer.shows("/mandates?state=signed", "MD-2026-000001", "12.50%", "XLSX")
    officer.shows("/mandates?state=revoked", "没有委托")
    file = officer.get("/mandates?file=csv").data.decode("utf-8-sig").splitlines()
    assert "MD-2026-000001" in file[1]
    assert len(stranger.get("/mandates?file=csv").data.splitlines()) == 1


@ON_SQLITE
def test_a_mandate_is_granted_signed_used_and_revoked(
    application: Exchange, visit: Visit, town: Town
) -> None:
    principal, signer = visit("per_developer_editor"), visit("per_developer_signer")
    agent, officer = visit("per_other_editor"), visit("per_exchange_compliance")
    principal.shows("/mandates", "没有委托", "新建委托")
    principal.shows("/mandates/new", "代为挂牌", "受托方")
    address = principal.post(
        "/mandates/new", agent_id="演示·旁人公司", powers=["list", "contract"],
        product_ids=[town["product"]], industries=["M"], commission="12.50",
        valid_from=TODAY.date().isoformat(), valid_to="2026-12-31",
    ).location  # fmt: skip
    agent.shows(address, "数据产品代理授权书", "12.50%", "待签署")
    agent.shows(f"{address}?text=en", "Mandate to sell data products")
    step(signer, address, "sign_first")
    step(agent, address, "sign_second")
    with application.house.engines.writing() as session:
        order_id = make.placed(session, make.listed(session)).id
        session.commit()
    page = agent.shows(address, "以委托方名义办理", "有效")
    version = page.partition(f'/acts/order/{order_id}/confirm"')[2]
    version = version.partition('name="version" value="')[2].partition('"')[0]

    done = agent.post(f"{address}/acts/order/{order_id}/confirm", version=version)

    assert done.status_code == 303, done.text
    agent.shows(address, "经代理成交的订单", "双方自行结算")
    assert agent.post(f"{address}/acts/order/{order_id}/dance").status_code == 404
    assert principal.post(f"{address}/acts/order/{order_id}/decline").status_code == 403
    sifted(officer, visit("per_buyer_editor"))
    step(principal, address, "revoke", reason="改为自营")
    assert "/acts/" not in agent.shows(address, "已终止")
    visit("per_buyer_editor").shows("/mandates", "没有委托")


@ON_SQLITE
def test_a_mandate_before_its_first_day_is_shown_as_such(
    application: Exchange, visit: Visit
) -> None:
    principal = visit("per_developer_editor")
    address = principal.post(
        "/mandates/new", agent_id="演示·旁人公司", powers=["list"], industries=["M"],
        commission="1", valid_from="2026-12-01", valid_to="2026-12-31",
    ).location  # fmt: skip
    step(visit("per_developer_signer"), address, "sign_first")
    step(visit("per_other_editor"), address, "sign_second")

    principal.shows(address, "不在期限内")


@pytest.fixture
def sold(application: Exchange) -> dict[str, str]:
    """Have the bystander mandated to list and price, and to sign alone; say what stands where."""
    with application.house.engines.writing() as session:
        listed = make.listed(session, title_zh="县域降雨")
        kept = sheet.dataset(session)
        made = test_mandates.signed(session, powers=[Power.LIST, Power.PRICE])
        bare = test_mandates.signed(session, powers=[Power.COLLECT])
        session.commit()
        return {"product": listed.id, "dataset": kept.id, "mandate": f"/mandates/{made.id}",
                "bare": f"/mandates/{bare.id}"}  # fmt: skip


@ON_SQLITE
def test_an_agent_writes_a_product_of_its_principals(visit: Visit, sold: dict[str, str]) -> None:
    agent, principal, form = visit(AGENT), visit(PRINCIPAL), f"{sold['mandate']}/products/new"
    agent.shows(sold["mandate"], "代为编写产品")
    agent.shows(form, "演示·枫香科技", "各站降雨")
    agent.shows(f"{form}?dataset_version={sold['dataset']}", "价格与交付")
    said = {
        "dataset_version": sold["dataset"], "title_zh": "代理编写的降雨",
        "title_en": "Rain by an agent", "intro": "各站降雨", "product_type": "dataset",
        "industry": "M", "application_field": "meteorological_services",
        "region_coverage": "430000", "update_frequency": "daily",
        "source_kind": "self_produced", "delivery_mode": "in_domain", "price": "500",
        "accept_days": "7",
    }  # fmt: skip

    written = agent.post(form, **said)
    outside = agent.post(form, **{**said, "industry": "A"})

    assert written.status_code == 303, written.text
    assert "BEYOND_SCOPE" in outside.text
    agent.shows(sold["mandate"], "代理编写的降雨")
    principal.shows("/listing", "代理编写的降雨")
    assert principal.get(form).status_code == 403
    assert "products/new" not in agent.get(sold["bare"]).text
    assert agent.get(f"{sold['bare']}/products/new").status_code == 409


@ON_SQLITE
def test_an_agent_proposes_a_price_and_is_named_with_the_product(
    visit: Visit, sold: dict[str, str]
) -> None:
    agent, principal, product = visit(AGENT), visit(PRINCIPAL), f"/products/{sold['product']}"
    agent.shows(sold["mandate"], "提交改价", "10,000.00")

    mine = principal.post(f"{sold['mandate']}{product}/price", price="1")
    priced = agent.post(f"{sold['mandate']}{product}/price", price="12,000")

    assert (mine.status_code, priced.status_code) == (403, 303), priced.text
    page = agent.shows(sold["mandate"], "修订", "形式审查")
    assert f'{sold["product"]}/price"' not in page
    back = f"{sold['mandate']}{product}/price/withdraw"
    assert principal.post(back, reason="x").status_code == 403
    assert agent.post(back, reason="填错了").status_code == 303
    assert agent.post(back, reason="再撤").status_code == 409
    again = agent.shows(sold["mandate"], "提交改价")
    assert "price/withdraw" not in again
    visit().shows(product, "代理商", "演示·旁人公司")
    step(principal, sold["mandate"], "revoke", reason="改为自营")
    assert "代理商" not in visit().get(product).text
    assert agent.get(f"{sold['mandate']}/products/new").status_code == 409
