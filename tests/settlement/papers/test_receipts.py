import pytest
from sqlalchemy.orm import Session

from kernel.errors import NotFound
from kernel.money import Money
from settlement.papers import papers, receipts
from tests.settlement import money
from tests.settlement.money import DUE, WorkAs


def test_a_receipt_is_drawn_once_for_a_payment_that_has_arrived(
    session: Session, work_as: WorkAs
) -> None:
    payment = money.paid(work_as, amount=Money(10_005))
    buyer = work_as("per_buyer_editor", at=DUE)

    before = receipts.drawn(buyer, payment.id)
    made = receipts.draw(buyer, payment.id)
    again = receipts.draw(work_as("per_exchange_auditor", at=DUE), payment.id)

    assert before is None
    assert made is again is receipts.seen(buyer, payment.id)
    assert (made.number, made.party_id) == ("RC-2026-000001", "org_buyer")
    assert made.body["amount_cn"] == "壹佰元零伍分"
    assert made.body["payer_uscc"] == "9144030071526726XG"
    assert made.body["arrived_at"].startswith("2026-07-10")
    assert papers.known(buyer, made.number, made.digest) is made


def test_there_is_none_before_all_has_arrived_and_none_for_strangers(work_as: WorkAs) -> None:
    payment = money.asked(work_as)
    buyer, other = work_as("per_buyer_editor"), work_as("per_other_editor")

    with pytest.raises(receipts.NotArrived):
        receipts.draw(buyer, payment.id)
    with pytest.raises(NotFound):
        receipts.draw(other, payment.id)
    with pytest.raises(NotFound):
        receipts.seen(buyer, payment.id)
