"""Files for the bank, and its answers: accepted, rejected, seen before, silent, returned."""

from datetime import date, timedelta

import pytest
from defusedxml.ElementTree import fromstring
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed
from kernel.money import Money
from settlement import accounts, fsck, payouts
from settlement.bank import intake, outgoing, pain, statements
from settlement.bank.escrow_bank import AgreedNumbers, NotConnected, Payer, Simulator
from settlement.bank.outgoing import Form, State
from settlement.bank.pain import AnswerUnreadable
from settlement.bank.reading.neutral import StatementRefused
from settlement.payouts import NothingToSend
from settlement.refunding import refunds
from settlement.refunding.rows import State as RefundState
from tests.conftest import RULES, WorkAs
from tests.settlement import money
from tests.settlement.bank import banking, pain_shape
from tests.settlement.bank.banking import ALIEN, SMALL, settler
from tests.settlement.money import CUSTODY, DUE

TODAY = DUE.date()


@pytest.fixture
def developer(work_as: WorkAs) -> str:
    """Verify the merchant's account; return its number."""
    account = money.verified(work_as, "org_developer", "演示·枫香科技")
    return accounts.number(settler(work_as), account)


@pytest.mark.parametrize(
    ("was", "becomes", "fault"),
    [
        ("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>CASH</PmtMtd>", "PmtMtd: 'CASH'"),
        ("<ChrgBr>DEBT</ChrgBr>", "", None),
        ("<ReqdExctnDt>", "<PmtMtd>TRF</PmtMtd><ReqdExctnDt>", "PmtMtd: 2 times"),
        ("<NbOfTxs>1<", "<NbOfTxs>2<", "GrpHdr/NbOfTxs"),
        ("<CtrlSum>100.00<", "<CtrlSum>100.01<", "GrpHdr/CtrlSum"),
        ('Ccy="CNY"', "", "InstdAmt: no currency"),
    ],
)
def test_the_shape_of_a_file_is_told_where_it_is_not_that_of_the_schema(
    work_as: WorkAs, developer: str, was: str, becomes: str, fault: str | None
) -> None:
    banking.payout(work_as)
    content = outgoing.content(settler(work_as), banking.sent(work_as).id).decode()
    assert was in content, content

    found = pain_shape.faults(content.replace(was, becomes).encode())

    assert (found == []) if fault is None else any(fault in one for one in found), found


def simulator(session: Session, **refuses: str) -> Simulator:
    """Return a bank whose balance is where the last statement closed."""
    last = statements.last(session, CUSTODY)
    balance = last.closing.minor if last else 0
    return Simulator(CUSTODY, 6, TODAY, refuses, balance=balance)


def told(work_as: WorkAs, bank: Simulator) -> None:
    intake.import_statement(settler(work_as), account=CUSTODY, text=bank.statement(TODAY))


def test_payouts_and_refunds_go_in_one_file_that_says_whom_and_how_much(
    session: Session, work_as: WorkAs, developer: str
) -> None:
    banking.took(work_as, ("T1", 500, ALIEN, "x"))
    refunds.of_suspense(
        settler(work_as), amount=Money(500), reason="x", line_id=banking.line(session, "T1").id
    )
    payout = banking.payout(work_as)

    made = banking.sent(work_as)
    root = fromstring(outgoing.content(settler(work_as), made.id))
    read = pain.read_orders(outgoing.content(settler(work_as), made.id))

    assert pain_shape.faults(outgoing.content(settler(work_as), made.id)) == []
    assert root.tag == f"{{{pain.NAMESPACE}}}Document"
    assert (read.message_id, len(read.orders)) == (made.id, 2)
    by_reference = {one.reference: one for one in read.orders}
    assert by_reference[payout.reference].account_number == developer
    assert by_reference[payout.reference].account_name == "演示·枫香科技"
    (other,) = [one for one in read.orders if one.reference != payout.reference]
    assert (other.account_number, other.amount) == ("6222000000001234", Money(500))
    assert (made.total, made.item_count) == (Money(10_500), 2)
    assert payout.state == payouts.State.SENT


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.usefixtures("developer")
def test_a_file_drawn_again_has_the_same_digest(work_as: WorkAs, form: Form) -> None:
    banking.payout(work_as)
    made = banking.sent(work_as, form)
    work = settler(work_as, "per_exchange_checker")

    assert work.crypto.digest(outgoing.content(work, made.id)) == made.digest
    assert outgoing.listed(work, after=None, limit=9).items == [made]


@pytest.mark.usefixtures("developer")
def test_the_bank_pays_and_its_statement_says_so(session: Session, work_as: WorkAs) -> None:
    banking.took(work_as, ("T0", 90_000, ALIEN, "x"))
    payout = banking.payout(work_as)
    made = banking.sent(work_as)
    bank = simulator(session)

    outgoing.read_answer(
        settler(work_as), bank.pay_out(outgoing.content(settler(work_as), made.id))
    )
    told(work_as, bank)

    assert (made.state, payout.state) == (State.ACCEPTED, payouts.State.PAID)
    assert statements.standing(session, CUSTODY).closing == Money(bank.balance)
    assert bank.query(made.id) is not None
    assert bank.query("pof_none") is None


def test_what_the_bank_rejects_fails_with_its_reason_code(
    session: Session, work_as: WorkAs, developer: str
) -> None:
    payout = banking.payout(work_as)
    made = banking.sent(work_as)
    bank = simulator(session, **{developer: "RC01"})
    answer = bank.pay_out(outgoing.content(settler(work_as), made.id))

    outgoing.read_answer(settler(work_as), answer)
    session.flush()
    again = outgoing.read_answer(settler(work_as), answer)

    assert (made.state, payout.state) == (State.REJECTED, payouts.State.FAILED)
    assert again is made
    (kept,) = outgoing.answers(session, made.id)
    assert kept.rejected == {payout.reference: "RC01"}
    failed = [e for e in money.kinds_of(session, payout.id) if e == "payout.failed"]
    assert failed == ["payout.failed"]
    assert fsck.check(session) == ()


@pytest.mark.usefixtures("developer")
def test_a_refund_that_the_bank_rejects_waits_for_a_person(
    session: Session, work_as: WorkAs
) -> None:
    banking.took(work_as, ("T1", 500, ALIEN, "x"))
    refund = refunds.of_suspense(
        settler(work_as), amount=Money(500), reason="x", line_id=banking.line(session, "T1").id
    )
    banking.payout(work_as)
    made = banking.sent(work_as)
    bank = simulator(session, **{"6222000000001234": "AC04"})

    outgoing.read_answer(
        settler(work_as), bank.pay_out(outgoing.content(settler(work_as), made.id))
    )

    assert (made.state, refund.state) == (State.PART_ACCEPTED, RefundState.FAILED)
    assert refund.failure == "AC04"


@pytest.mark.usefixtures("developer")
def test_a_file_that_the_bank_had_already_is_not_taken_for_rejected(
    session: Session, work_as: WorkAs
) -> None:
    payout = banking.payout(work_as)
    made = banking.sent(work_as)
    bank = simulator(session)
    content = outgoing.content(settler(work_as), made.id)
    outgoing.read_answer(settler(work_as), bank.pay_out(content))
    session.flush()

    outgoing.read_answer(settler(work_as), bank.pay_out(content))

    assert (made.state, payout.state) == (State.ACCEPTED, payouts.State.SENT)
    assert "outgoing_file.seen_before" in money.kinds_of(session, made.id)


@pytest.mark.usefixtures("developer")
def test_a_file_rejected_as_a_whole_fails_all_of_it(work_as: WorkAs) -> None:
    payout = banking.payout(work_as)
    made = banking.sent(work_as)

    outgoing.read_answer(settler(work_as), pain.report(made.id, "A1", group="FF01", rejected={}))

    assert (made.state, made.reason, payout.state) == (
        State.REJECTED, "FF01", payouts.State.FAILED,
    )  # fmt: skip


@pytest.mark.usefixtures("developer")
def test_a_later_answer_may_still_reject_one_and_never_what_was_paid(
    session: Session, work_as: WorkAs
) -> None:
    banking.took(work_as, ("T0", 90_000, ALIEN, "x"))
    one, other = banking.payout(work_as), banking.payout(work_as, amount=Money(20_000))
    made = banking.sent(work_as)
    outgoing.read_answer(settler(work_as), pain.report(made.id, "A1", group="", rejected={}))
    banking.took(work_as, ("P1", -10_000, "演示·枫香科技", one.reference))

    late = {one.reference: "AC04", other.reference: "AC04"}
    outgoing.read_answer(settler(work_as), pain.report(made.id, "A2", group="", rejected=late))

    assert (one.state, other.state) == (payouts.State.PAID, payouts.State.FAILED)


@pytest.mark.usefixtures("developer")
def test_a_bank_that_says_nothing_is_told_of_after_a_working_day(work_as: WorkAs) -> None:
    banking.payout(work_as)
    made = banking.sent(work_as)
    later = work_as("per_exchange_settler", at=DUE + timedelta(days=5))

    assert not outgoing.is_silent(settler(work_as), made)
    assert outgoing.is_silent(later, made)
    outgoing.read_answer(settler(work_as), pain.report(made.id, "A1", group="", rejected={}))
    assert not outgoing.is_silent(later, made)


@pytest.mark.usefixtures("developer")
def test_a_payout_that_comes_back_is_payable_again(session: Session, work_as: WorkAs) -> None:
    banking.took(work_as, ("T0", 90_000, ALIEN, "x"))
    payout = banking.payout(work_as)
    banking.sent(work_as)

    banking.took(
        work_as,
        ("P1", -10_000, "演示·枫香科技", payout.reference),
        ("R1", 10_000, "演示·枫香科技", f"退汇 {payout.reference} AC04"),
    )
    session.flush()

    assert payout.state == payouts.State.RETURNED
    assert fsck.check(session) == ()
    assert statements.standing(session, CUSTODY).unexplained == Money(0)


def test_a_refund_is_paid_and_may_come_back_by_the_statement(
    session: Session, work_as: WorkAs
) -> None:
    banking.took(work_as, ("T1", 500, ALIEN, "x"))
    refund = refunds.of_suspense(
        settler(work_as), amount=Money(500), reason="x", line_id=banking.line(session, "T1").id
    )
    banking.sent(work_as)

    banking.took(work_as, ("P1", -500, ALIEN, refund.reference))
    paid = str(refund.state)
    banking.took(work_as, ("R1", 500, ALIEN, f"退汇 {refund.reference}"))

    assert (paid, refund.state) == ("succeeded", RefundState.FAILED)


@pytest.mark.usefixtures("developer")
def test_what_only_looks_like_ours_waits(session: Session, work_as: WorkAs) -> None:
    payout = banking.payout(work_as)

    banking.took(
        work_as,
        ("T0", 90_000, ALIEN, "x"),
        ("R1", 10_000, ALIEN, payout.reference),
        ("P1", -10_000, ALIEN, payout.reference),
        ("P2", -10_000, ALIEN, "PX000000000"),
    )
    banking.sent(work_as)
    banking.took(
        work_as,
        ("P3", -10_000, "演示·枫香科技", payout.reference),
        ("R2", 9_999, ALIEN, payout.reference),
    )

    assert {ref: banking.line(session, ref).note for ref in ("R1", "P1", "P2", "P3", "R2")} == {
        "R1": "NOT_AWAITED",
        "P1": "NOT_AWAITED",
        "P2": "NO_REFERENCE",
        "P3": None,
        "R2": "AMOUNT_DIFFERS",
    }


@pytest.mark.usefixtures("developer")
def test_a_return_that_was_announced_is_kept_on_record(session: Session, work_as: WorkAs) -> None:
    payout = banking.payout(work_as)
    banking.sent(work_as)
    announced = _pacs(payout.reference, "100.00", "AC04")

    assert outgoing.read_returns(settler(work_as), announced) == 1
    assert outgoing.read_returns(settler(work_as), _pacs("PXNONE", "1.00", "AC04")) == 0
    assert "outgoing_file.return_announced" in money.kinds_of(session, payout.id)


def _pacs(reference: str, amount: str, reason: str) -> bytes:
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09"><PmtRtr><TxInf>'
        f"<OrgnlEndToEndId>{reference}</OrgnlEndToEndId>"
        f'<RtrdIntrBkSttlmAmt Ccy="CNY">{amount}</RtrdIntrBkSttlmAmt>'
        f"<RtrRsnInf><Rsn><Cd>{reason}</Cd></Rsn></RtrRsnInf></TxInf></PmtRtr></Document>"
    ).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"<Document/>",
        b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><x/></Document>',
    ],
)
def test_an_answer_that_is_none_is_refused(work_as: WorkAs, content: bytes) -> None:
    with pytest.raises(AnswerUnreadable):
        outgoing.read_answer(settler(work_as), content)


def test_an_answer_to_nothing_of_ours_is_refused(work_as: WorkAs) -> None:
    with pytest.raises(Invalid):
        outgoing.read_answer(settler(work_as), pain.report("x", "A", group="", rejected={}))
    with pytest.raises(StatementRefused):
        outgoing.read_answer(settler(work_as), b"<!DOCTYPE x><x/>")
    with pytest.raises(AnswerUnreadable):
        outgoing.read_returns(settler(work_as), _pacs("x", "0.00", "AC04"))


def test_files_are_for_settlement_officers_and_overseers(work_as: WorkAs) -> None:
    with pytest.raises(NothingToSend):
        banking.sent(work_as)
    with pytest.raises(StepNotAllowed):
        outgoing.send(work_as("per_exchange_auditor"))
    with pytest.raises(StepNotAllowed):
        outgoing.content(work_as("per_exchange_auditor"), "pof_none")
    with pytest.raises(NotFound):
        outgoing.content(settler(work_as), "pof_none")
    with pytest.raises(NotFound):
        outgoing.seen(work_as("per_buyer_editor"), "pof_none")


@pytest.mark.usefixtures("developer")
def test_a_file_of_a_saturday_is_to_be_paid_on_the_next_working_day(work_as: WorkAs) -> None:
    banking.payout(work_as)
    saturday = date(2026, 7, 18)
    at = DUE.replace(day=saturday.day)

    made = outgoing.send(work_as("per_exchange_settler", at=at), form=Form.PAIN)

    assert made.execute_on == date(2026, 7, 20)


def test_the_bank_that_is_spoken_to_by_files_says_so() -> None:
    bank = AgreedNumbers.of(RULES)

    assert bank.create_virtual_account(7, "x") == f"{CUSTODY}000007"
    for ask in (
        lambda: bank.pay_out(b""),
        lambda: bank.query("x"),
        lambda: bank.statement(TODAY),
        lambda: bank.notify_in("1", SMALL, payer=Payer("x", "1"), text=""),
    ):
        with pytest.raises(NotConnected):
            ask()
