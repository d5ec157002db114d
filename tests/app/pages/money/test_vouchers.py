"""Pages of vouchers: given, used, audited, paid for."""

from datetime import datetime

from app.unit import Exchange
from kernel.work import Work
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.money.saving import saved, sums
from tests.app.pages.town import TODAY, Town
from tests.conftest import work_of
from tests.settlement.vouchers import gifts

FORM = {
    "sponsor_id": "org_hub", "title_zh": "算力券", "title_en": "Vouchers", "doc_no": "湘数1号",
    "budget": "30000.00", "face": "1000.00", "deduct": "20", "order_max": "800.00",
    "year_max": "1500.00", "valid_from": "2026-07-01", "valid_to": "2026-12-31",
    "roles": "buyer", "regions": "430000",
}  # fmt: skip


def _given(application: Exchange) -> tuple[str, str]:
    """Open a batch and give the buyer one voucher of it, claimed."""
    with application.house.engines.writing() as session:

        def work_as(person: str, at: datetime = TODAY) -> Work:
            return work_of(session, person, at=at)

        batch = gifts.opened(work_as)
        voucher = gifts.claimed(work_as, batch)
        session.commit()
        return batch.id, voucher.id


def test_a_batch_is_prepared_by_one_and_opened_by_another(visit: Visit) -> None:
    maker = visit("per_exchange_settler")

    made = maker.post("/voucher-batches", **FORM)
    address = made.headers["Location"]
    batch = address.rpartition("/")[2]

    maker.shows(address, "待复核", "由您经办，须由另一人复核", "20")
    visit("per_exchange_checker").post(f"/steps/voucher_batch/{batch}/open", next=address)
    maker.shows(address, "发放中", "30,000.00")
    maker.post(f"{address}/vouchers", holder_id="org_buyer")
    maker.shows(address, "已发放")
    maker.shows("/voucher-batches", "算力券", "29,000.00")


@ON_SQLITE
def test_a_form_that_is_wrong_says_where(visit: Visit) -> None:
    answer = visit("per_exchange_settler").post("/voucher-batches", **{**FORM, "deduct": "100"})

    assert answer.status_code == 422
    assert "抵扣比例" in answer.text


def test_a_holder_sees_its_vouchers_and_strangers_none(visit: Visit, application: Exchange) -> None:
    batch, voucher = _given(application)

    visit("per_buyer_editor").shows(f"/vouchers/{voucher}", "VC-2026-000001", "已申领", "1,000.00")
    visit("per_buyer_editor").shows("/vouchers?state=claimed", "VC-2026-000001")
    visit("per_buyer_editor").shows(f"/voucher-batches/{batch}", "发放中")
    assert visit("per_other_editor").get(f"/vouchers/{voucher}").status_code == 404
    assert "VC-2026-000001" not in visit("per_other_editor").get("/vouchers?state=zz").text


@ON_SQLITE
def test_vouchers_and_their_batches_are_saved_with_the_sums_of_the_page(
    visit: Visit, application: Exchange
) -> None:
    _given(application)
    settler = visit("per_exchange_settler")

    vouchers, batches = (saved(settler, path) for path in ("/vouchers", "/voucher-batches"))
    others = saved(visit("per_other_editor"), "/vouchers")

    assert sums(vouchers) == {"面值（分）": 100_000}
    assert sums(batches) == {"预算（分）": 3_000_000, "可发（分）": 2_900_000,
                             "已核销（分）": 0, "待兑付（分）": 0}  # fmt: skip
    assert vouchers[1][:1] == ["VC-2026-000001"]
    assert len(others) == 1
    settler.shows("/vouchers", "1,000.00", "/vouchers?file=xlsx")
    settler.shows("/voucher-batches", "30,000.00", "29,000.00", "/voucher-batches?file=csv")
    for path in ("/vouchers", "/voucher-batches"):
        assert settler.get(f"{path}?file=xlsx").mimetype.endswith("sheet")


def test_a_voucher_is_put_on_an_order_and_taken_off(
    visit: Visit, application: Exchange, town: Town
) -> None:
    _, voucher = _given(application)
    buyer, order = visit("per_buyer_signer"), town["placed"]

    buyer.shows(f"/orders/{order}", "可用的券", "VC-2026-000001")
    buyer.post(f"/orders/{order}/voucher", voucher_id=voucher)
    buyer.shows(f"/orders/{order}", "已锁定", "抵扣")
    buyer.post(f"/orders/{order}/voucher", voucher_id="")
    buyer.shows(f"/orders/{order}", "可用的券")


@ON_SQLITE
def test_what_was_not_redeemed_cannot_be_declined_or_reimbursed(
    visit: Visit, application: Exchange
) -> None:
    batch, voucher = _given(application)
    settler = visit("per_exchange_settler")

    declined = settler.post(f"/vouchers/{voucher}/decline", reason="没有使用记录")
    counted = settler.post(
        f"/voucher-batches/{batch}/reimbursements", line_id="bsl_x", voucher_ids=voucher
    )

    assert declined.status_code == 409
    assert counted.status_code == 409
