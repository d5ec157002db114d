"""The books on a page: from the trial balance to the entry, and whose eyes they are for."""

import pytest

from app.pages.money import leads
from settlement.entries import AccountRef
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town

pytestmark = ON_SQLITE


def test_the_books_are_read_from_the_total_to_the_entry(visit: Visit, town: Town) -> None:
    auditor = visit("per_exchange_auditor")

    auditor.shows(
        "/settlement/ledger", "总账与试算平衡", "1012 资金监管户", "借方减贷方差额 ¥ 0.00"
    )
    owners = auditor.shows("/settlement/ledger/2241.escrow", "订单托管款", "订单 OD-")
    auditor.shows("/settlement/ledger/6001.commission", "交易佣金收入", "余额")
    address = next(
        part.partition('"')[0].replace("&amp;", "&")
        for part in owners.split('href="')
        if part.startswith("/settlement/ledger/2241.escrow?owner=ord_")
    )
    auditor.shows(address, "明细", "/settlement/entries/", "银行")
    auditor.shows("/settlement/entries/1", "分录 1", "发生日", "经手人")


def test_the_books_are_saved_with_headings_in_the_readers_language(visit: Visit) -> None:
    auditor = visit("per_exchange_auditor")

    trial = auditor.get("/settlement/ledger?file=csv").data.decode("utf-8-sig")
    english = auditor.get("/settlement/ledger?file=csv", "en").data.decode("utf-8-sig")
    moved = auditor.get("/settlement/ledger/1012.custody?owner=4300000000000001&file=csv")
    book = auditor.get("/settlement/ledger?file=xlsx")

    assert trial.splitlines()[0] == "账簿,科目,名称,币种,借方（分）,贷方（分）"
    assert english.splitlines()[0] == 'Book,Account,Name,Currency,"Debit, fen","Credit, fen"'
    assert moved.data.decode("utf-8-sig").startswith("分录,日期,事项,来源,订单,对方科目")
    assert book.mimetype.endswith("sheet")


def test_the_books_are_for_overseers_and_an_unknown_account_is_not_there(visit: Visit) -> None:
    buyer, auditor = visit("per_buyer_editor"), visit("per_exchange_auditor")

    paths = ("/settlement/ledger", "/settlement/ledger/2241.escrow", "/settlement/entries/1")

    assert [buyer.get(path).status_code for path in paths] == [403, 403, 403]
    assert auditor.get("/settlement/ledger/9999.none").status_code == 404
    assert auditor.get("/settlement/entries/999999").status_code == 404


def test_lists_of_money_are_saved_as_files(visit: Visit) -> None:
    auditor = visit("per_exchange_auditor")

    for path, titles in (
        ("/settlement/payouts", "编号,收款方,金额"), ("/settlement/refunds", "编号,收款方,金额"),
        ("/bills", "账单号,类型,期间"), ("/deals", "标的,合同编号,数商"),
    ):  # fmt: skip
        saved = auditor.get(f"{path}?file=csv").data.decode("utf-8-sig")
        assert saved.startswith(titles)
        assert auditor.get(f"{path}?file=xlsx").mimetype.endswith("sheet")


@pytest.mark.parametrize(("reference", "href"), [
    ("bsl_1", "/settlement/bank/lines/bsl_1"), ("ord_1", "/orders/ord_1"), ("mat_1", ""),
    ("4300000000000001", ""),
])  # fmt: skip
def test_a_reference_leads_to_the_page_of_what_it_names(
    visit: Visit, reference: str, href: str
) -> None:
    with visit().client.application.test_request_context("/"):
        assert leads.to(reference)["href"] == href
        assert leads.of_key(f"suspense:{reference}@2026-07")["href"] == href


def test_an_account_is_told_by_whose_it_is(visit: Visit) -> None:
    known = {"org_developer": "演示·枫香科技"}

    with visit().client.application.test_request_context("/"):
        said = [
            leads.owner(AccountRef(code, owner), known)["text"]
            for code, owner in (
                ("2202.merchant", "org_developer"), ("2241.fiscal", "treasury:430000"),
                ("6001.commission", ""), ("2241.escrow", "ord_123456"),
            )
        ]  # fmt: skip

    assert said == ["演示·枫香科技", "财政", "交易所", "订单 …123456"]
