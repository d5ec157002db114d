"""Forms name things by name or number; what is not clear is refused, with what was alike."""

import pytest

from app.pages.choosing import chosen
from app.unit import Exchange
from kernel.errors import Invalid
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town
from tests.conftest import work_of

REFUNDS = "/settlement/refunds"
HOLDS = "/settlement/holds"


def _meant(
    application: Exchange, text: str, noun: str, person: str = "per_exchange_settler"
) -> str:
    with application.house.engines.reading() as session, application.test_request_context():
        return chosen.meant(work_of(session, person), text, noun, pointer="/it")


def _refused(application: Exchange, text: str, noun: str, person: str) -> str:
    with pytest.raises(Invalid) as error:
        _meant(application, text, noun, person)
    return error.value.zh


@ON_SQLITE
def test_a_name_a_number_or_a_line_of_the_list_means_one_thing(
    application: Exchange, visit: Visit
) -> None:
    listed = visit("per_exchange_settler").get("/choices?of=party&as=it&it=保险").text

    line = listed.partition('value="')[2].partition('"')[0]
    texts = (line, line.partition(" · ")[0], line.rpartition(" · ")[2], "org_buyer")

    assert "保险公司" in line
    assert {_meant(application, text, "party") for text in texts} == {"org_buyer"}
    assert _meant(application, "ord_any", "order") == "ord_any"


@ON_SQLITE
def test_what_may_mean_several_things_is_refused_with_what_is_alike(
    application: Exchange,
) -> None:
    several = _refused(application, "演示", "party", "per_exchange_settler")
    part = _refused(application, "保险", "party", "per_exchange_settler")
    nothing = _refused(application, "没有此名", "party", "per_exchange_settler")
    of_another_kind = _refused(application, "prd_none", "order", "per_exchange_settler")

    assert several.startswith("“演示”可能指：")
    assert "等。请从列表中选择" in several
    assert "保险公司 · " in part
    assert nothing.startswith("没有您可选的机构与“没有此名”相符")
    assert of_another_kind.startswith("没有您可选的订单")


@ON_SQLITE
def test_everybody_chooses_only_among_what_is_theirs(visit: Visit, town: Town) -> None:
    nouns = ("party", "payee", "order", "product", "authorisation", "deal", "asset", "matter",
             "holder", "share", "nonsense")  # fmt: skip
    stranger, officer = visit("per_other_editor"), visit("per_exchange_settler")

    seen = {noun: stranger.get(f"/choices?of={noun}").text for noun in nouns}
    every = {noun: officer.get(f"/choices?of={noun}").text for noun in nouns}

    private = set(nouns) - {"share"}
    assert {noun for noun in private if "<option" in seen[noun]} == set()
    assert {noun for noun in ("party", "payee", "order", "product", "matter", "share")
            if "<option" not in every[noun]} == set()  # fmt: skip
    assert "国库" in every["payee"]
    assert visit().get("/choices?of=party").status_code in (303, 401)


@ON_SQLITE
def test_an_officer_finds_an_order_by_what_stands_in_the_list(visit: Visit, town: Town) -> None:
    officer = visit("per_exchange_settler")
    page = officer.shows(f"{HOLDS}?order={town['accepted']}", "冻结订单款项", "请选择")

    refused = officer.post(HOLDS, order_id="保险", ground="court", reference="法〔1〕")
    nobody = officer.post(HOLDS, order_id="", ground="court", reference="法〔1〕")

    assert f'value="{town["accepted"]}" selected' in page
    assert (refused.status_code, nobody.status_code) == (422, 422)
    assert "可能指" in refused.text
    assert "请选择订单" in nobody.text


@ON_SQLITE
def test_an_order_leads_to_its_papers_and_what_was_given_back(visit: Visit, town: Town) -> None:
    order = town["accepted"]
    buyer, officer = visit("per_buyer_editor"), visit("per_exchange_settler")

    page = buyer.shows(f"/orders/{order}", "资金与凭据", "出具证据包", "发票")
    prefilled = buyer.shows(f"/evidence?about=order&subject={order}", "就一件事出具")

    assert f"/evidence?subject={order}" in page
    assert "/settlement/holds?order=" not in page
    assert f'value="{order}" selected' in prefilled
    officer.shows(f"/orders/{order}", "冻结款项", "托管账户明细")
    for place in (REFUNDS, "/invoices", "/bills"):
        officer.shows(f"{place}?order={order}", "只看订单", "OD-2026-0000")


@ON_SQLITE
def test_many_are_searched_and_few_are_selected(
    visit: Visit, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = visit("per_exchange_settler")
    monkeypatch.setattr(chosen, "FEW", 0)

    page = officer.shows(f"{REFUNDS}?order={town['accepted']}", "输入名称或编号")

    assert 'list="refund-order_id-list"' in page
    assert 'hx-get="/choices?of=order&amp;as=order_id"' in page
    assert page.count('<option value="北京十二站') > 1
