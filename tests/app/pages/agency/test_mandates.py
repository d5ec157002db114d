"""Pages of mandates: drawn up, signed by both, acted under, revoked."""

from typing import Any

from app.unit import Exchange
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.town import TODAY, Town
from tests.marketplace import make


def step(browser: Browser, address: str, name: str, **answers: Any) -> None:
    """Take a step from its button on the page."""
    form = browser.get(address).text.partition(f'/{name}"')[2]
    version = form.partition('name="version" value="')[2].partition('"')[0]
    path = f"/steps/mandate/{address.rpartition('/')[2]}/{name}"
    answer = browser.post(path, version=version, next=address, **answers)
    assert answer.status_code == 303, answer.text


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
    officer.shows("/mandates", "MD-2026-000001", "12.50%")
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
