"""Pages and doors of what a member owes the exchange, and of what finance collects."""

from typing import Any

from app.unit import Exchange
from kernel.money import Money
from settlement.dividing import charges
from settlement.dividing.fee_rules import Kind
from settlement.fees import fee_notes
from tests.app.api import till
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.conftest import NOON, As, work_of
from tests.settlement.fees import billing


def noted(application: Exchange) -> str:
    """Charge the merchant two listings, and let one wait; return the note of the first."""
    with application.house.engines.writing() as session:

        def work_as(person: str, at: Any = NOON) -> Any:
            return work_of(session, person, at=at)

        note_id = billing.noted(work_as).id
        billing.charged(work_as, "prd_9", 5_300)
        session.commit()
    return note_id


@ON_SQLITE
def test_a_merchant_sees_what_it_owes_and_how_to_pay_it(
    visit: Visit, application: Exchange
) -> None:
    note_id = noted(application)
    merchant = visit("per_developer_signer")

    merchant.shows(
        "/fee-notes", "本单位尚欠", "¥ 159.00", "FN-2026-000001", "尚未通知", "挂牌服务费"
    )
    merchant.shows(
        f"/fee-notes/{note_id}", "如何付款", "DX", "4300000000000001", "¥ 106.00", "待付款"
    )

    assert visit("per_buyer_editor").get(f"/fee-notes/{note_id}").status_code == 404
    assert merchant.post("/fee-notes", payer_id="").status_code == 403
    assert merchant.get("/fee-notes?late=soon").status_code == 422


@ON_SQLITE
def test_finance_draws_up_filters_and_saves_notes(visit: Visit, application: Exchange) -> None:
    noted(application)
    settler = visit("per_exchange_settler")

    drawn = settler.post("/fee-notes", payer_id="")

    assert drawn.status_code == 303, drawn.text
    settler.shows("/fee-notes?state=issued", "FN-2026-000002", "演示·枫香科技", "逾期 30 日以上")
    settler.shows("/fee-notes?late=1", "FN-2026-000001", "5")
    settler.shows("/fee-notes?late=30", "没有通知")
    settler.shows("/fee-notes?payer=org_buyer&state=none", "没有通知")
    csv = settler.get("/fee-notes?format=csv&state=issued").data.decode("utf-8-sig")
    assert csv.splitlines()[0].startswith("通知编号,付款方,状态")
    assert len(csv.splitlines()) == 3
    assert settler.get("/fee-notes?format=xlsx").data.startswith(b"PK")


@ON_SQLITE
def test_two_officers_cancel_a_note_and_its_page_shows_the_credit(
    visit: Visit, application: Exchange
) -> None:
    note_id = noted(application)
    settler, checker = visit("per_exchange_settler"), visit("per_exchange_checker")
    address, steps = f"/fee-notes/{note_id}", f"/steps/fee_note/{note_id}"

    settler.post(f"{steps}/ask_cancel", version=3, reason="重复计费", next=address)
    went = checker.post(f"{steps}/cancel", version=4, reason="重复计费", next=address)

    assert went.status_code == 303, went.text
    checker.shows(address, "已作废", "贷项通知单", "CN-2026-000001", "重复计费")


@ON_SQLITE
def test_charges_of_every_kind_lead_to_what_they_are_for(
    visit: Visit, application: Exchange, as_: As
) -> None:
    with application.house.engines.writing() as session:
        work = work_of(session, "system", at=NOON)
        for kind, subject, order_id in (
            (Kind.MEMBERSHIP, "org_developer:2026", None),
            (Kind.TRANSACTION, "dea_00000001", None),
            (Kind.DELIVERY, "obl_1", "ord_00000001"),
        ):
            due = charges.Due(kind, subject, "org_developer", Money(106), order_id)
            charges.charge(work, due)
        session.flush()
        fee_notes.gather(work, limit=9)
        session.commit()

    page = visit("per_developer_signer")
    page.shows("/fee-notes", "¥ 3.18")
    (note,) = as_("per_developer_signer").get("/api/fee-notes").json["items"]
    page.shows(
        f"/fee-notes/{note['id']}", "会员年费", "/deals/dea_00000001", "/orders/ord_00000001"
    )


def test_the_door_says_what_the_page_says(application: Exchange, as_: As) -> None:
    note_id = noted(application)
    settler = as_("per_exchange_settler")

    one = settler.get(f"/api/fee-notes/{note_id}").json
    drawn = settler.post("/api/fee-notes", json={}, headers=till.keyed())

    assert (one["owed"]["minor"], one["due_on"], one["days_late"]) == (10_600, "2026-07-15", 5)
    assert [(each["kind"], each["tax"]["minor"]) for each in one["charges"]] == [("listing", 600)]
    assert (drawn.status_code, one["credits"]) == (201, [])
    assert [note["amount"]["minor"] for note in drawn.json["items"]] == [5_300]
    found = settler.get("/api/fee-notes?state=issued&payer_id=org_developer").json["items"]
    assert len(found) == 2
    assert settler.get("/api/fee-notes?late_by=6").json["items"] == []
    stranger = as_("per_developer_signer").post("/api/fee-notes", json={}, headers=till.keyed())
    assert stranger.status_code == 403
