"""Pages of the bank desk: trying and importing, explaining what waits, files and answers."""

import base64
import re
from io import BytesIO
from typing import Any

import pytest

from app.pages.money import bank as pages
from app.unit import Exchange
from kernel.money import Money
from settlement import payments
from settlement.accounts import BankAccount
from settlement.bank import outgoing, pain, statements
from settlement.bank.statements import BankLine
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.town import TODAY, Town
from tests.conftest import work_of
from tests.settlement import money
from tests.settlement.bank import banking, pain_shape

DESK = "/settlement/bank"


def opening(application: Exchange) -> int:
    with application.house.engines.reading() as session:
        last = statements.last(session, money.CUSTODY)
        return last.closing.minor if last else 0


def reference(application: Exchange, order_id: str) -> tuple[str, str, Money]:
    with application.house.engines.reading() as session:
        payment = payments.live_of(session, order_id)
        assert payment is not None
        return payment.reference, payment.id, payment.amount


def upload(application: Exchange, *movements: money.Movement, number: str = "n") -> dict[str, Any]:
    text = money.csv_of(movements, number=number, opening=opening(application), on="2026-07-20")
    content = BytesIO(text.encode("gb18030"))
    return {"account": money.CUSTODY, "profile": "", "file": (content, "july.csv")}


def line_of(application: Exchange, bank_ref: str) -> str:
    with application.house.engines.reading() as session:
        return session.query(BankLine.id).filter_by(bank_ref=bank_ref).one()[0]


def take_in(application: Exchange, officer: Browser, *movements: money.Movement) -> None:
    taken = officer.post(
        f"{DESK}/import", **upload(application, *movements, number=movements[0][0])
    )
    assert taken.status_code == 303, taken.text


@ON_SQLITE
def test_the_desk_is_for_overseers(visit: Visit) -> None:
    visit("per_exchange_auditor").shows(DESK, "待核销清单", "付款文件")

    assert visit("per_buyer_editor").get(DESK).status_code == 403
    assert visit().get(DESK).status_code == 303


@ON_SQLITE
def test_a_file_is_previewed_and_imported_without_being_chosen_again(
    visit: Visit, town: Town, application: Exchange
) -> None:
    officer = visit("per_exchange_settler")
    code, _, amount = reference(application, town["signed"])
    movements = [
        ("B1", amount.minor, money.BUYER_NAME, code),
        ("B2", 500, "某人", "?"),
        ("B3", -300, "银行", "手续费"),
    ]

    told = officer.post(f"{DESK}/preview", **upload(application, *movements))
    kept = re.search(r'name="content" value="([^"]+)"', told.text)
    assert kept is not None
    imported = officer.post(f"{DESK}/import", account=money.CUSTODY, profile="", content=kept[1])

    assert told.status_code == 200
    assert code in told.text
    assert "银行手续费" in told.text
    assert "附言中没有有效编号" in told.text
    assert imported.status_code == 303, imported.text
    officer.shows(DESK, "某人", "CSV")
    officer.shows(f"/orders/{town['signed']}", "足额到账")


@ON_SQLITE
def test_a_large_file_is_chosen_again(
    visit: Visit, application: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "KEPT_MAX", 10)

    told = visit("per_exchange_settler").post(
        f"{DESK}/preview", **upload(application, ("B1", 500, "某人", "?"))
    )

    assert 'name="content"' not in told.text
    assert "请再次选择" in told.text


@ON_SQLITE
def test_what_is_no_file_is_refused(visit: Visit) -> None:
    officer = visit("per_exchange_settler")
    for content in ("", "?", base64.b64encode(b"").decode()):
        answer = officer.post(f"{DESK}/import", account=money.CUSTODY, content=content)
        assert answer.status_code == 422
    bad = base64.b64encode(b"<x/>").decode()
    refused = officer.post(f"{DESK}/preview", account=money.CUSTODY, content=bad)
    assert refused.status_code == 422


@ON_SQLITE
def test_a_receipt_is_explained_by_a_person(
    visit: Visit, town: Town, application: Exchange
) -> None:
    code, payment_id, _ = reference(application, town["signed"])
    officer, checker = visit("per_exchange_settler"), visit("per_exchange_checker")
    take_in(application, officer, ("A1", 1_000, "演示·旁人公司", code))
    line = f"{DESK}/lines/{line_of(application, 'A1')}"
    checker.shows(line, "付款户名与买方不一致", "第三方付款", code)

    unsaid = checker.post(f"{line}/give", payment_id=payment_id)
    wrong = checker.post(f"{line}/give", others=f"{payment_id} 1.2.3", reason="x")
    given = checker.post(f"{line}/give", others=f"{payment_id} 4.00", reason="集团代付")
    back = checker.post(f"{line}/send-back", reason="多付")

    assert (unsaid.status_code, wrong.status_code) == (422, 422)
    assert (given.status_code, back.status_code) == (303, 303), back.text
    checker.shows(line, "集团代付", "退回付款人")


@ON_SQLITE
def test_what_the_importer_says_waits_for_another(
    visit: Visit, town: Town, application: Exchange
) -> None:
    code, payment_id, _ = reference(application, town["signed"])
    officer, checker = visit("per_exchange_settler"), visit("per_exchange_checker")
    take_in(application, officer, ("A1", 1_000, "演示·旁人公司", code))
    line = f"{DESK}/lines/{line_of(application, 'A1')}"

    given = officer.post(f"{line}/give", payment_id=payment_id, reason="代付")
    officer.shows(DESK, "待复核")
    shown = checker.shows(line, "待复核", "代付")
    found = re.search(r"/steps/clearing/(\w+)/approve", shown)
    assert found is not None
    approved = checker.post(f"/steps/clearing/{found[1]}/approve", version="1", next=line)

    assert (given.status_code, approved.status_code) == (303, 303)
    checker.shows(line, "已核销")


@ON_SQLITE
def test_a_debit_is_called_a_fee(visit: Visit, application: Exchange) -> None:
    officer, checker = visit("per_exchange_settler"), visit("per_exchange_checker")
    take_in(application, officer, ("D0", 900, "某人", "?"), ("D1", -300, "银行", "杂项"))
    line = f"{DESK}/lines/{line_of(application, 'D1')}"
    checker.shows(line, "认定为银行手续费")

    said = checker.post(f"{line}/call-fee", reason="账单所列")

    assert said.status_code == 303
    checker.shows(line, "账单所列")


@ON_SQLITE
def test_a_payment_file_is_made_downloaded_and_answered(
    visit: Visit, application: Exchange
) -> None:
    with application.house.engines.writing() as session:

        def work_as(person: str, **_more: object) -> Any:
            return work_of(session, person, at=TODAY)

        if (
            not session.query(BankAccount)
            .filter_by(party_id="org_developer", state="verified")
            .count()
        ):
            money.verified(work_as, "org_developer", "演示·枫香科技")
        code = banking.payout(work_as).reference
        session.commit()
    officer = visit("per_exchange_settler")

    made = officer.post(f"{DESK}/files", form="pain.001")
    assert made.status_code == 303, made.text
    file_id = made.location.rpartition("/")[2]
    content = officer.get(f"{made.location}/content")
    answer = pain.report(file_id, "A1", group="", rejected={code: "AC04"})
    told = officer.post(f"{DESK}/answers", file=(BytesIO(answer), "pain002.xml"))

    assert code.encode() in content.data
    assert pain_shape.faults(content.data) == []
    assert (told.status_code, told.location) == (303, made.location)
    officer.shows(made.location, "AC04", code, "PART" if "PART" in answer.decode() else "RJCT")
    officer.shows(DESK, "pain.001 XML")
    with application.house.engines.reading() as session:
        assert outgoing.find(session, file_id).answered_at is not None


@ON_SQLITE
def test_virtual_accounts_are_opened_and_seen_by_their_payer(visit: Visit) -> None:
    officer = visit("per_exchange_settler")

    made = officer.post(f"{DESK}/virtual-accounts", payer_id="org_buyer", order_id="")

    assert made.status_code == 303, made.text
    officer.shows(f"{DESK}/virtual-accounts", f"{money.CUSTODY}000001", "开立子账号")
    visit("per_buyer_editor").shows(f"{DESK}/virtual-accounts", f"{money.CUSTODY}000001")
