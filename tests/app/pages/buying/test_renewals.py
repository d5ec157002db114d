from typing import Any

import pytest

from app.unit import Exchange
from marketplace.terms import rows
from tests.app.pages.conftest import Visit
from tests.marketplace import make
from tests.marketplace.renewing import test_renewals
from tests.marketplace.trying.test_trials import tabled


@pytest.fixture
def order(application: Exchange, tmp_path: Any) -> str:
    """Have two months of data ordered and accepted, and their term kept."""
    with application.house.engines.writing() as session:
        product = tabled(session, tmp_path, price_plan=test_renewals.MONTHLY,
                         delivery_mode="record_api", title_zh="逐分钟订阅")  # fmt: skip
        made = make.accepted(session, product, quantity=2)
        test_renewals.kept(session, made)
        session.commit()
        return str(made.id)


def test_what_follows_a_subscription_is_arranged_and_ordered_on_its_orders_page(
    visit: Visit, application: Exchange, order: str
) -> None:
    buyer, seller = visit("per_buyer_editor"), visit("per_developer_editor")
    with application.house.engines.reading() as session:
        term = rows.of_order(session, order)
    assert term is not None
    path = f"/subscriptions/{term.id}"

    buyer.shows(f"/orders/{order}", "按现价续订", "到期前确认", "暂停")
    seller.shows(f"/orders/{order}", "服务中")
    arranged = buyer.post(f"{path}/arrange", renewal="auto")
    paused = buyer.post(f"/steps/subscription_term/{term.id}/pause", version="2",
                        next=f"/orders/{order}")  # fmt: skip
    buyer.shows(f"/orders/{order}", "自动续订", "已暂停", "暂停自")
    buyer.post(f"/steps/subscription_term/{term.id}/resume", version="3", next=f"/orders/{order}")
    placed = buyer.post(f"{path}/order")
    buyer.shows(f"/orders/{order}", "续订订单", "续订中")
    buyer.shows(placed.location, "续订自")
    buyer.shows("/subscriptions", "逐分钟订阅", "自动续订", "XLSX")
    buyer.shows("/subscriptions?state=lapsed", "还没有包期")
    file = buyer.get("/subscriptions?file=csv").data.decode("utf-8-sig").splitlines()

    assert "自动续订" in file[1]
    assert len(visit("per_dept_editor").get("/subscriptions?file=csv").data.splitlines()) == 1
    assert (arranged.status_code, paused.status_code, placed.status_code) == (303, 303, 303)
    assert "按现价续订" not in seller.get(f"/orders/{order}").text
    assert visit("per_dept_editor").get("/subscriptions").status_code == 200
