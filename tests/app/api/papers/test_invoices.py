from typing import Any

from app.unit import Exchange
from kernel.money import Money
from tests.conftest import NOON, As, work_of
from tests.settlement import money
from tests.settlement.papers import test_invoices

WANTED = {"order_id": "ord_1", "about": "price", "kind": "vat_special_e"}


def fen(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "CNY"}


def sold(application: Exchange, *, public: bool = False) -> str:
    """Let an order be paid, accepted and settled; return its payment."""
    with application.house.engines.writing() as session:

        def work_as(person: str, at: Any = NOON) -> Any:
            return work_of(session, person, at=at)

        if public:
            payment = money.paid(work_as, amount=test_invoices.SOLD)
            money.accepted(work_as, "ord_1", money.line("orl_1", test_invoices.SOLD))
            money.settled(work_as)
        else:
            payment = money.paid(work_as, "ord_0", Money(100))
            test_invoices.sold(work_as)
        session.commit()
        return str(payment.id)


def test_an_invoice_is_asked_for_issued_and_written_off(application: Exchange, as_: As) -> None:
    sold(application)
    buyer, seller = as_("per_buyer_editor"), as_("per_developer_signer")

    (can,) = buyer.get("/api/invoices/open").json["items"]
    lines = [{"gross": fen(1_000_000), "spec": "月报", "quantity": 12}, {"gross": fen(60_000)}]
    made = buyer.post(
        "/api/invoices", json={**WANTED, "amount": fen(1_060_000), "lines": lines, "email": "a@b.c"}
    )
    door = f"/api/invoices/{made.json['id']}"
    issued = seller.post(f"{door}/issue", json={})
    red = seller.post(f"{door}/ask-red", json={"amount_fen": 106_000, "reason": "开票有误"})
    done = seller.post(f"{door}/issue-red", json={"confirm_no": "4301"})

    assert (can["order_id"], can["left"]["minor"]) == ("ord_1", 1_060_000)
    assert made.status_code == 201, made.json
    assert [line["quantity"] for line in made.json["lines"]] == [12, 1]
    assert (issued.status_code, red.status_code, done.status_code) == (200, 200, 200)
    assert issued.json["number"] == "FP-2026-000001"
    assert done.json["red"]["minor"] == 106_000
    assert [one["confirm_no"] for one in done.json["red_letters"]] == ["4301"]
    assert buyer.get(door).json["state"] == "red_issued"
    assert [one["id"] for one in buyer.get("/api/invoices?state=red_issued").json["items"]] == [
        made.json["id"]
    ]
    assert as_("per_other_editor").get(door).status_code == 404
    again = buyer.post("/api/invoices", json={**WANTED, "amount": fen(106_001)})
    assert again.status_code == 409
    assert again.json["type"].endswith("nothing-to-invoice")


def test_a_seller_gives_and_ends_its_mandate(as_: As) -> None:
    seller = as_("per_developer_signer")

    given = seller.post("/api/invoices/mandate", json={"given": True})
    told = seller.get("/api/invoices/mandate").json
    ended = seller.post("/api/invoices/mandate", json={"given": False})

    assert (given.json, told, ended.json) == ({"given": True}, {"given": True}, {"given": False})
    assert as_("per_buyer_editor").post(
        "/api/invoices/mandate", json={"given": True}
    ).status_code == 403  # fmt: skip


def test_the_treasurys_receipt_and_the_payments_own(application: Exchange, as_: As) -> None:
    payment_id = sold(application, public=True)
    settler, buyer = as_("per_exchange_settler"), as_("per_buyer_editor")
    body = {"order_id": "ord_1", "number": "4300-1", "amount": fen(308_460)}

    (can,) = buyer.get("/api/invoices/open?about=price").json["items"]
    noted = settler.post("/api/non-tax-receipts", json=body)
    before = buyer.get(f"/api/receipts/{payment_id}")
    drawn = buyer.post("/api/receipts", json={"payment_id": payment_id})

    assert (can["fiscal"]["minor"], can["left"]["minor"]) == (308_460, 751_540)
    assert noted.status_code == 201, noted.json
    assert (before.status_code, drawn.status_code) == (404, 201)
    assert buyer.get(f"/api/receipts/{payment_id}").json["number"] == drawn.json["number"]
    merchants = as_("per_developer_signer").get("/api/invoices/open?about=commission").json
    assert merchants["items"][0]["left"]["minor"] == 31_800
