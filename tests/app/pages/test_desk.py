import pytest

from tests.app.pages.conftest import ON_SQLITE, Visit

pytestmark = ON_SQLITE

WORK = {
    "per_agency_officer": ("场景办理", "设施农业降水指数", "▲"),
    "per_agency_secretary": ("专家评估", "冷链运输温控风险"),
    "per_hub_supervisor": ("场景办理", "供数协议", "授权"),
    "per_dept_approver": ("待答复的征求意见", "水稻灌溉调度", "目录"),
    "per_operator_signer": ("供数协议", "授权"),
    "per_developer_editor": ("场景申请", "果园霜冻预警", "我的产品", "收到的订单"),
    "per_buyer_editor": ("我的订单", "OD-2026-000001"),
    "per_exchange_listing": ("产品审核", "风速短时订正"),
    "per_exchange_settler": ("今日结算待办", "复核结算批次", "须另一人复核"),
    "per_exchange_admin": ("工作台",),
    "per_expert_1": ("专家评估",),
}


@pytest.mark.parametrize("person", WORK)
def test_a_desk_shows_what_is_mine_to_do(visit: Visit, person: str) -> None:
    visit(person).shows("/desk", *WORK[person])


def test_a_desk_is_for_who_is_signed_in(visit: Visit) -> None:
    answer = visit().get("/desk")

    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/desk"


def test_an_expert_sees_no_cases_of_the_agency(visit: Visit) -> None:
    assert "场景办理" not in visit("per_expert_1").get("/desk").text


def test_who_signs_out_is_gone(visit: Visit) -> None:
    buyer = visit("per_buyer_editor")

    answer = buyer.post("/sign-out")

    assert answer.status_code == 303
    assert buyer.get("/desk").status_code == 303


def test_a_wrong_password_is_told_on_the_form(visit: Visit) -> None:
    answer = visit().client.post("/sign-in", data={"login": "nobody@test", "password": "x"})

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_language_and_look_are_remembered_and_lead_nowhere_else(visit: Visit) -> None:
    visitor = visit()

    there = visitor.client.get("/language/en?next=/products")
    away = visitor.client.get("/look/size/large?next=//evil.example/")

    assert (there.location, away.location) == ("/products", "/")
    assert 'data-size="large"' in visitor.client.get("/").text
    assert visitor.client.get("/language/fr").status_code == 404
    assert visitor.client.get("/look/size/huge").status_code == 404


def test_a_sign_in_that_another_site_sends_is_refused(visit: Visit) -> None:
    answer = visit().client.post(
        "/sign-in",
        data={"login": "per_buyer_editor@test", "password": "x"},
        headers={"Origin": "https://evil.example", "Accept": "text/html"},
    )

    assert answer.status_code == 403
