import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from settlement import payments
from settlement.entries import AccountRef
from settlement.payments import AlreadyInstructed, Payment, State
from tests.conftest import WorkAs
from tests.settlement import money


def test_a_payment_says_how_much_is_to_be_paid_and_under_which_code(work_as: WorkAs) -> None:
    payment = money.asked(work_as)

    assert payment.state == State.AWAITING
    assert (payment.amount, payment.funded, payment.due) == (money.STORY, Money(0), money.STORY)
    assert payment.reference.startswith("DX")
    assert len(payment.reference) == 11


def test_asking_twice_is_asking_once(work_as: WorkAs) -> None:
    assert money.asked(work_as) is money.asked(work_as)


@pytest.mark.parametrize(
    ("payer_id", "amount"), [("org_other", money.STORY), ("org_buyer", Money(1))]
)
def test_an_order_has_one_payment(work_as: WorkAs, payer_id: str, amount: Money) -> None:
    money.asked(work_as)

    with pytest.raises(AlreadyInstructed):
        payments.instruct(
            work_as("per_buyer_signer"), order_id="ord_1", payer_id=payer_id, amount=amount
        )


def test_the_database_keeps_one_live_payment_an_order(session: Session, work_as: WorkAs) -> None:
    payments.void(work_as("per_buyer_editor"), money.asked(work_as).id)
    again = money.asked(work_as)
    other = money.asked(work_as, "ord_2")

    with pytest.raises(IntegrityError):
        session.execute(update(Payment).where(Payment.id == other.id).values(target=again.target))


@pytest.mark.parametrize("minor", [0, -1])
def test_nothing_cannot_be_asked_for(work_as: WorkAs, minor: int) -> None:
    with pytest.raises(Invalid) as told:
        money.asked(work_as, amount=Money(minor))

    assert told.value.pointer == "/amount"


def test_money_arrives_in_parts_and_the_order_hears_when_it_is_all(
    session: Session, work_as: WorkAs
) -> None:
    payment = money.asked(work_as)

    payments.receive(work_as("per_exchange_settler"), payment, Money(1))
    partly = payment.state
    payments.receive(work_as("per_exchange_settler"), payment, Money(money.STORY.minor - 1))
    session.flush()

    told = journal.history(session, payment.id, limit=9)
    assert (partly, payment.state) == (State.PART_FUNDED, State.FUNDED)
    assert [event.kind for event in told[1:]] == ["payment.part_received", "payment.received"]
    assert told[2].data["amount"] == {"minor": 12_800_001, "currency": "CNY"}
    assert told[2].person == "system"


def test_the_house_takes_no_step_that_the_money_does_not_bear_out(work_as: WorkAs) -> None:
    payment = money.asked(work_as)

    for step, reason in (("fund", "NOT_FUNDED"), ("fund_part", "NOTHING_ARRIVED")):
        with pytest.raises(StepRefused) as told:
            payments.take(work_as("system"), payment.id, step)
        assert [refusal.code for refusal in told.value.refusals] == [reason]


def test_nobody_but_the_house_moves_a_payment(work_as: WorkAs) -> None:
    payment = money.asked(work_as)

    with pytest.raises(StepNotAllowed):
        payments.take(work_as("per_exchange_settler"), payment.id, "void")


def test_a_payment_is_voided_while_nothing_has_arrived(work_as: WorkAs) -> None:
    payment, begun = money.asked(work_as), money.asked(work_as, "ord_2")
    payments.receive(work_as("per_exchange_settler"), begun, Money(1))
    work_as("system").session.flush()

    payments.take(work_as("system"), payment.id, "void")
    work_as("system").session.flush()

    assert payment.state == State.VOID
    assert payments.live_of(work_as("system").session, "ord_1") is None
    with pytest.raises(StepRefused):
        payments.void(work_as("per_buyer_editor"), begun.id)


def test_a_payment_is_seen_by_its_payer_and_by_who_oversees(work_as: WorkAs) -> None:
    payment = money.asked(work_as)

    for person in ("per_buyer_editor", "per_exchange_auditor", "per_hub_supervisor", "system"):
        assert payments.seen(work_as(person), payment.id) is payment
    for person in ("per_other_editor", "per_exchange_admin", "per_developer_editor"):
        with pytest.raises(NotFound) as hidden:
            payments.seen(work_as(person), payment.id)
        with pytest.raises(NotFound) as missing:
            payments.seen(work_as(person), "pay_none")
        assert str(hidden.value).replace(payment.id, "pay_none") == str(missing.value)


def test_a_payment_that_is_not_there_cannot_be_locked(session: Session) -> None:
    with pytest.raises(NotFound):
        payments.locked_by_id(session, "pay_none")


def test_payments_are_listed_to_their_payer_newest_first(work_as: WorkAs) -> None:
    made = [money.asked(work_as, f"ord_{n}") for n in range(3)]
    newest_first = sorted((payment.id for payment in made), reverse=True)

    first = payments.listed(work_as("per_buyer_editor"), after=None, limit=2)
    rest = payments.listed(work_as("per_buyer_editor"), after=first.next, limit=2)
    one = payments.listed(work_as("per_exchange_auditor"), order_id="ord_1", after=None, limit=2)
    none = payments.listed(work_as("per_other_editor"), after=None, limit=2)

    assert [payment.id for payment in (*first.items, *rest.items)] == newest_first
    assert [payment.order_id for payment in one.items] == ["ord_1"]
    assert none.items == []


def test_each_payment_says_where_its_money_belongs(work_as: WorkAs) -> None:
    work, source = work_as("system"), AccountRef("1012.psp", "stripe")

    def rows(purpose: str, target: str, order: str | None = None) -> list[tuple[str, str, str]]:
        made = payments.ask(
            work, purpose=purpose, target=target, payer_id="org_buyer", amount=Money(7),
            escrow_order=order,
        )  # fmt: skip
        found = payments.rows(made, source, Money(5))
        assert all(row.amount == Money(5) for row in found)
        return [(row.debit.code, row.credit.code, row.credit.owner) for row in found]

    assert rows("order", "ord_1") == [("1012.psp", "2241.escrow", "ord_1")]
    assert rows("bill", "bil_1", "ord_2") == [
        ("1012.psp", "1122.buyer", "org_buyer"), ("2204.billed", "2241.escrow", "ord_2"),
    ]  # fmt: skip
    assert rows("wallet", "org_buyer") == [("1012.psp", "2241.wallet", "org_buyer")]
    assert rows("fee", "fee_1") == [("1012.psp", "1122.fee", "org_buyer")]


def test_the_payment_of_a_bill_is_not_the_payment_of_its_order(
    session: Session, work_as: WorkAs
) -> None:
    order = money.asked(work_as)
    bill = payments.ask(
        work_as("system"), purpose="bill", target="bil_1", payer_id="org_buyer",
        amount=Money(7), escrow_order="ord_1",
    )  # fmt: skip
    session.flush()

    assert payments.live_of(session, "ord_1") is order
    assert payments.live_for(session, "bill", "bil_1") is bill


def test_a_wallet_that_was_paid_can_be_paid_again_and_an_order_cannot(
    session: Session, work_as: WorkAs
) -> None:
    def asked(purpose: str, target: str) -> Payment:
        made = payments.ask(
            work_as("system"), purpose=purpose, target=target, payer_id="org_buyer",
            amount=Money(7),
        )  # fmt: skip
        session.flush()
        return made

    for purpose, target in (("wallet", "org_buyer"), ("order", "ord_1")):
        payments.receive(work_as("system"), asked(purpose, target), Money(7))

    assert asked("wallet", "org_buyer").state == State.AWAITING
    assert asked("order", "ord_1").state == State.FUNDED
