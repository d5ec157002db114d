from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel import watch
from kernel.actor import SYSTEM
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.journal import Event
from kernel.money import Money
from settlement import fsck, payments
from settlement.dividing import charges
from settlement.dividing.charges import FeeCharge
from settlement.dividing.fee_rules import Kind
from settlement.fees import credit_notes, fee_notes
from settlement.fees.fee_notes import FeeNote, State, Wanted
from settlement.ledger import AccountRef, balance
from tests.settlement.fees import billing
from tests.settlement.fees.billing import MERCHANT
from tests.settlement.money import DUE, WorkAs, kinds_of

LATE = datetime(2026, 8, 3, 4, tzinfo=UTC)


def on(session: Session, code: str, owner: str = "") -> int:
    return balance(session, AccountRef(code, owner)).minor


def paid(work_as: WorkAs, note: FeeNote) -> None:
    told = Event(data={"purpose": "fee", "target": note.id})
    fee_notes.paid(work_as("system"), told)


def overdue(work_as: WorkAs, note: FeeNote) -> None:
    work = work_as("system", at=LATE)
    fee_notes.LIFE.take("mark_overdue", note, work)
    work.session.flush()


def test_a_note_gathers_the_charges_of_one_payer_and_asks_for_them(
    session: Session, work_as: WorkAs
) -> None:
    billing.charged(work_as, "prd_1")
    billing.charged(work_as, "prd_2", 5_300)
    billing.charged(work_as, "prd_1", 106, payer_id="org_buyer")

    notes = fee_notes.gather(work_as("per_exchange_settler"), limit=9)

    session.flush()
    assert [(note.payer_id, note.amount) for note in notes] == [
        ("org_buyer", Money(106)), (MERCHANT, Money(15_900)),
    ]  # fmt: skip
    own = notes[1]
    assert (own.state, own.due_on) == (State.ISSUED, date(2026, 7, 15))
    assert {one.subject for one in charges.of_note(session, own.id)} == {"prd_1", "prd_2"}
    asked = billing.payment(work_as, own)
    assert (asked.purpose, asked.target, asked.amount) == ("fee", own.id, Money(15_900))
    assert fee_notes.gather(work_as("system"), limit=9) == []
    assert watch.running(session, own.id) is not None
    assert fee_notes.owing(session, MERCHANT) == own.owed == Money(15_900)
    with pytest.raises(StepNotAllowed):
        fee_notes.gather(work_as("per_developer_signer"), limit=9)


def test_one_payers_note_can_be_drawn_up_alone(session: Session, work_as: WorkAs) -> None:
    billing.charged(work_as, "prd_1")
    billing.charged(work_as, "prd_1", 106, payer_id="org_buyer")

    (note,) = fee_notes.gather(work_as("system"), payer_id="org_buyer", limit=9)

    session.flush()
    assert note.payer_id == "org_buyer"
    assert [one.subject for one in fee_notes.unnoted(work_as("per_developer_signer"))] == ["prd_1"]
    assert fee_notes.unnoted(work_as("per_buyer_editor")) == []


def test_a_charge_has_its_tax_in_it_and_falls_due_in_the_books_once(
    session: Session, work_as: WorkAs
) -> None:
    made = billing.charged(work_as, "prd_1")
    again = charges.charge(
        work_as("system"),
        charges.Due(Kind.LISTING, "prd_1", MERCHANT, Money(9)),
    )
    nothing = charges.charge(
        work_as("system"), charges.Due(Kind.LISTING, "prd_2", MERCHANT, Money(0))
    )

    assert (again, nothing) == (None, None)
    assert (made.tax, made.left, made.credited) == (Money(600), Money(10_600), Money(0))
    assert on(session, "1122.fee", MERCHANT) == 10_600
    assert (on(session, "6001.service"), on(session, "2221.vat")) == (10_000, 600)
    assert kinds_of(session, made.id) == ["fee.charged"]
    for wrong in ({"tax_minor": 10_601}, {"credited_minor": 10_601}, {"credited_tax_minor": 601}):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(update(FeeCharge).values(**wrong))


def test_what_arrives_by_bank_settles_it(session: Session, work_as: WorkAs) -> None:
    note = billing.noted(work_as)

    billing.arrived(work_as, note, 600)
    paid_before = billing.payment(work_as, note).funded
    with pytest.raises(StepRefused):
        fee_notes.LIFE.take("settle", note, work_as("system"))
    billing.arrived(work_as, note, 10_000)
    paid(work_as, note)
    paid(work_as, note)
    fee_notes.paid(work_as("system"), Event(data={"purpose": "order", "target": "ord_1"}))
    fee_notes.paid(work_as("system"), Event(data={"purpose": "fee", "target": "dea_1"}))

    assert (paid_before, note.state) == (Money(600), State.PAID)
    assert note.closed_at is not None
    assert on(session, "1122.fee", MERCHANT) == 0
    assert fsck.check(session) == ()
    assert fee_notes.days_late(work_as("system", at=LATE), note) == 0


def test_who_is_late_is_reminded(session: Session, work_as: WorkAs) -> None:
    note = billing.noted(work_as)
    fresh = fee_notes.days_late(work_as("system"), note)

    overdue(work_as, note)
    billing.go(work_as, note, "remind")
    fee_notes.LIFE.take("remind", note, work_as("system", at=LATE))

    assert (note.state, note.reminders, fresh) == (State.OVERDUE, 3, 0)
    assert fee_notes.days_late(work_as("system", at=LATE), note) == 19
    assert kinds_of(session, note.id) == [
        "fee_note.issued", "fee_note.overdue", "fee_note.reminded", "fee_note.reminded",
    ]  # fmt: skip


def test_two_persons_cancel_a_note_and_nothing_is_owed(session: Session, work_as: WorkAs) -> None:
    note = billing.noted(work_as, 10_600, 99)

    billing.go(work_as, note, "ask_cancel", reason="重复计费")
    with pytest.raises(StepRefused) as told:
        billing.go(work_as, note, "cancel", reason="同意")
    billing.go(work_as, note, "cancel", "checker", reason="重复计费")

    assert [one.code for one in told.value.refusals] == ["FOUR_EYES"]
    assert (note.state, note.owed, note.credited) == (
        State.CANCELLED, Money(0), Money(10_699),
    )  # fmt: skip
    assert billing.payment(work_as, note).state == payments.State.VOID
    given = credit_notes.of_note(session, note.id)
    assert {(one.amount, one.wallet) for one in given} == {
        (Money(10_600), Money(0)), (Money(99), Money(0)),
    }  # fmt: skip
    assert {one.number for one in given} == {"CN-2026-000001", "CN-2026-000002"}
    for account in ("6001.service", "2221.vat"):
        assert on(session, account) == 0
    assert on(session, "1122.fee", MERCHANT) == 0
    assert fsck.check(session) == ()


def test_what_has_money_on_it_is_not_cancelled(session: Session, work_as: WorkAs) -> None:
    note, session_ = billing.noted(work_as), session
    billing.go(work_as, note, "ask_cancel", reason="重复计费")
    billing.arrived(work_as, note, 1)

    with pytest.raises(StepRefused) as told:
        billing.go(work_as, note, "cancel", "checker", reason="同意")
    session_.refresh(note)
    billing.go(work_as, note, "keep", "checker", reason="已收到部分款项")

    assert [one.code for one in told.value.refusals] == ["MONEY_ARRIVED"]
    assert (note.state, note.proposed_by) == (State.ISSUED, None)


@pytest.mark.parametrize("arrived", [0, 600])
def test_two_persons_write_off_what_cannot_be_collected(
    session: Session, work_as: WorkAs, arrived: int
) -> None:
    note = billing.noted(work_as)
    if arrived:
        billing.arrived(work_as, note, arrived)
    overdue(work_as, note)

    billing.go(work_as, note, "ask_write_off", reason="企业注销")
    with pytest.raises(StepRefused):
        billing.go(work_as, note, "write_off")
    billing.go(work_as, note, "write_off", "checker")
    paid(work_as, note)

    lost = 10_600 - arrived
    assert (note.state, note.lost) == (State.WRITTEN_OFF, Money(lost))
    assert on(session, "6702.impairment") == lost
    assert on(session, "1122.fee", MERCHANT) == 0
    asked = billing.payment(work_as, note)
    assert (asked.state, asked.funded) == (
        payments.State.FUNDED if arrived else payments.State.VOID, Money(arrived),
    )  # fmt: skip
    assert fsck.check(session) == ()


def test_a_credit_takes_off_what_is_asked_first_and_gives_back_what_was_paid(
    session: Session, work_as: WorkAs
) -> None:
    note = billing.noted(work_as)
    (charge,) = charges.of_note(session, note.id)
    system = work_as("system")
    billing.arrived(work_as, note, 8_000)

    asked = fee_notes.credit(system, charge, Money(600), reason="部分退还")
    both = fee_notes.credit(system, charge, Money(5_000), reason="部分退还")
    paid(work_as, note)
    rest = fee_notes.credit(system, charge, Money(5_000), reason="全部退还")

    assert asked is not None
    assert both is not None
    assert rest is not None
    assert [one.wallet for one in (asked, both, rest)] == [Money(0), Money(3_000), Money(5_000)]
    assert (note.state, charge.left) == (State.PAID, Money(0))
    assert sum(one.tax_minor for one in (asked, both, rest)) == charge.tax_minor
    assert on(session, "2241.wallet", MERCHANT) == 8_000
    assert (on(session, "6001.service"), on(session, "2221.vat")) == (0, 0)
    assert fee_notes.credit(system, charge, Money(1), reason="再退") is None
    assert fsck.check(session) == ()
    with pytest.raises(StepNotAllowed):
        fee_notes.credit(work_as("per_exchange_settler"), charge, Money(1), reason="自行退还")


def test_no_less_is_asked_than_has_arrived(session: Session, work_as: WorkAs) -> None:
    note = billing.noted(work_as)
    billing.arrived(work_as, note, 600)
    asked = billing.payment(work_as, note)

    for wrong in (Money(10_001), Money(-1)):
        with pytest.raises(Invalid):
            payments.lower(work_as("system"), asked, wrong)
    payments.lower(work_as("system"), asked, Money(0))
    payments.lower(work_as("system"), asked, Money(9_999))

    assert (asked.amount, asked.due, asked.state) == (
        Money(601), Money(1), payments.State.PART_FUNDED,
    )  # fmt: skip
    assert kinds_of(session, asked.id)[-1] == "payment.lowered"


def test_a_note_of_which_nothing_is_owed_any_more_is_closed(
    session: Session, work_as: WorkAs
) -> None:
    note = billing.noted(work_as)
    (charge,) = charges.of_note(session, note.id)
    loose = billing.charged(work_as, "prd_9")

    fee_notes.credit(work_as("system"), charge, charge.left, reason="随订单退款退还")
    fee_notes.credit(work_as("system"), loose, loose.left, reason="随订单退款退还")

    session.flush()
    assert (note.state, note.decided_by) == (State.CANCELLED, SYSTEM.person)
    assert fee_notes.gather(work_as("system"), limit=9) == []
    assert fee_notes.owing(session, MERCHANT) == Money(0)


def test_what_was_written_off_is_not_given_back(session: Session, work_as: WorkAs) -> None:
    note = billing.noted(work_as)
    (charge,) = charges.of_note(session, note.id)
    overdue(work_as, note)
    billing.go(work_as, note, "ask_write_off", reason="企业注销")
    billing.go(work_as, note, "write_off", "checker")

    assert fee_notes.credit(work_as("system"), charge, Money(1), reason="退还") is None


def test_the_payer_and_overseers_see_it_and_nobody_else(work_as: WorkAs) -> None:
    note = billing.noted(work_as)

    for person in ("per_developer_signer", "per_exchange_settler", "system"):
        assert fee_notes.seen(work_as(person), note.id) is note
    with pytest.raises(NotFound):
        fee_notes.seen(work_as("per_buyer_editor"), note.id)
    with pytest.raises(NotFound):
        fee_notes.find(work_as("system").session, "fno_none")
    with pytest.raises(StepNotAllowed):
        billing.go(work_as, note, "remind", "per_developer_signer")


def test_finance_filters_by_state_payer_and_age(session: Session, work_as: WorkAs) -> None:
    note = billing.noted(work_as)
    overdue(work_as, note)

    def found(person: str = "per_exchange_settler", **which: object) -> list[FeeNote]:
        page = fee_notes.listed(
            work_as(person, at=LATE), Wanted(**which), after=None, limit=5  # type: ignore[arg-type]  # by name
        )  # fmt: skip
        return page.items

    assert found() == found(state=State.OVERDUE) == found(payer_id=MERCHANT) == [note]
    assert found(late_by=19) == found("per_developer_signer") == [note]
    assert found(late_by=20) == found(state=State.PAID) == found("per_buyer_editor") == []
    assert list(fee_notes.payments_of(session, [note])) == [note.id]


def test_the_database_wants_two_persons(session: Session, work_as: WorkAs) -> None:
    billing.noted(work_as)

    for wrong in (
        {"state": "written_off"},
        {"proposed_by": "per_x", "decided_by": "per_x"},
        {"credited_minor": 10_601},
        {"reminders": -1},
    ):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(update(FeeNote).values(**wrong))
    assert DUE < LATE
