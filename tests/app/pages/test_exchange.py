from io import BytesIO
from typing import Any

from app.unit import Exchange
from settlement import payments, payouts
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.town import Town
from tests.settlement import money


def _statement(application: Exchange, order_id: str) -> dict[str, Any]:
    with application.house.engines.reading() as session:
        payment = payments.live_of(session, order_id)
        assert payment is not None
        line = ("T-1", payment.amount.minor, money.BUYER_NAME, f"货款 {payment.reference}")
    text = money.csv_of([line], on="2026-07-20")
    return {"account": money.CUSTODY, "file": (BytesIO(text.encode("gb18030")), "july.csv")}


def _paid_out(visit: Visit, town: Town) -> Browser:
    maker = visit("per_exchange_settler")
    visit("per_exchange_checker").post(f"/steps/settlement_batch/{town['batch']}/confirm")
    maker.post("/settlement/payouts", earned="merchant/org_developer")
    return maker


@ON_SQLITE
def test_the_desk_of_settlement_is_for_overseers(visit: Visit) -> None:
    visit("per_exchange_auditor").shows("/settlement", "借 = 贷", "湖南省财政厅", "待复核")

    assert visit("per_buyer_editor").get("/settlement").status_code == 403
    assert visit().get("/settlement").status_code == 303


def test_a_statement_is_imported_once_and_pays_the_order(
    visit: Visit, town: Town, application: Exchange
) -> None:
    officer = visit("per_exchange_settler")

    taken = officer.post("/settlement/statements", **_statement(application, town["signed"]))
    again = officer.post("/settlement/statements", **_statement(application, town["signed"]))

    assert taken.status_code == 303, taken.text
    assert again.status_code == 409
    officer.shows("/settlement", "2026-001", "10,000.00")
    officer.shows(f"/orders/{town['signed']}", "足额到账")


def test_a_statement_that_is_none_is_refused_with_every_problem(visit: Visit) -> None:
    officer = visit("per_exchange_settler")

    missing = officer.post("/settlement/statements", account=money.CUSTODY)
    bad = officer.post(
        "/settlement/statements",
        account=money.CUSTODY,
        file=(BytesIO("账号,1\r\n".encode()), "bad.csv"),
    )

    assert missing.status_code == 422
    assert bad.status_code == 422
    assert 'class="reasons"' in bad.text


def test_a_batch_is_checked_by_another_and_divides_to_the_fen(visit: Visit, town: Town) -> None:
    path = f"/settlement/batches/{town['batch']}"
    maker, checker = visit("per_exchange_settler"), visit("per_exchange_checker")

    own = maker.post(f"/steps/settlement_batch/{town['batch']}/confirm")
    checked = checker.post(f"/steps/settlement_batch/{town['batch']}/confirm", next=path)

    assert own.status_code == 409
    assert "FOUR_EYES" in own.text
    assert checked.location == path
    checker.shows(path, "已入账", "¥ 10,000.00", "演示·枫香科技", "应交增值税")
    assert maker.post("/settlement/batches").status_code == 409


def test_a_payout_takes_two_people_and_goes_out_in_a_file(
    visit: Visit, town: Town, application: Exchange
) -> None:
    maker = _paid_out(visit, town)
    with application.house.engines.reading() as session:
        payout_id = session.query(payouts.Payout.id).scalar()

    nothing = maker.post("/settlement/payout-files")
    visit("per_exchange_checker").post(f"/steps/payout/{payout_id}/approve")
    sent = maker.post("/settlement/payout-files")
    file = maker.get(sent.location)

    assert nothing.status_code == 409
    assert sent.status_code == 303
    assert file.mimetype == "text/csv"
    assert "演示·枫香科技" in file.text
    maker.shows("/settlement", "已发送银行", "PX")


def test_a_payout_of_nothing_known_is_refused(visit: Visit) -> None:
    officer = visit("per_exchange_settler")

    assert officer.post("/settlement/payouts", earned="nobody/x").status_code == 422


def test_an_account_is_registered_for_another_to_verify(visit: Visit) -> None:
    officer = visit("per_exchange_settler")

    answer = officer.post(
        "/settlement/accounts",
        party_id="org_other", account_name="演示·旁人公司", bank_name="演示银行",
        number="6217000012345678", next="/settlement",
    )  # fmt: skip

    assert answer.location == "/settlement"
    officer.shows("/settlement", "演示·旁人公司", "待核验")
    assert officer.post("/settlement/accounts", party_id="org_other", account_name="别人",
                        bank_name="b", number="62170000123").status_code == 422  # fmt: skip
