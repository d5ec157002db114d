"""A dispute holds the money, is heard and ruled by two, and ends in the books."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from kernel import watch
from kernel.engines import Engines
from kernel.errors import DomainError, Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from kernel.parties import relations
from marketplace import lines, orders, progress
from marketplace.aftercare import disputes, filing, papers
from marketplace.aftercare.dispute_rows import Ground, Remedy, State
from marketplace.aftercare.filing import Claim
from settlement import batches, escrow, fsck
from settlement.dividing import frozen
from settlement.ledger import AccountRef, balance
from settlement.refunding import refunds
from tests.conftest import WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.aftercare import cases
from tests.marketplace.aftercare.cases import APPROVER, BUYER, OFFICER, SELLER, SUPERVISOR
from tests.settlement import money
from tests.settlement.bookkeeping import on_postgresql

PRICE = Money(1_000_000)


@pytest.fixture(autouse=True)
def buyer_account(request: pytest.FixtureRequest, work_as: WorkAs) -> None:
    """Give the buyer an account to which a refund can go."""
    if "accountless" not in request.node.name:
        money.verified(work_as, "org_buyer", money.BUYER_NAME)


def codes(error: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    """Return the codes of the reasons."""
    return [reason.code for reason in error.value.refusals]


def held(session: Session, dispute_hold: str | None) -> Money:
    """Return what a hold has in the books."""
    return balance(session, AccountRef(frozen.ACCOUNT, dispute_hold or ""))


def sound(session: Session) -> bool:
    """Tell whether the examination of the books finds nothing."""
    session.flush()
    return fsck.check(session) == ()


def test_i_57_a_dispute_holds_the_money_and_stops_the_clock_of_silence(
    session: Session, work_as: WorkAs
) -> None:
    order = make.delivered(session)

    dispute = cases.raised(session, order)

    clock = watch.running(session, order.id)
    assert (order.state, dispute.state) == (orders.State.DISPUTED, State.FILED)
    assert held(session, dispute.hold_id) == PRICE
    assert escrow.left(session, order.id) == Money(0)
    assert clock is not None
    assert watch.paused(clock)
    assert watch.overdue(session, (cases.NOW + timedelta(days=99)).date(), limit=9) != [clock]
    with pytest.raises(DomainError):
        orders.take(work_as("system", at=cases.NOW + timedelta(days=99)), order.id, "accept")
    assert sound(session)


def test_what_is_disputed_after_acceptance_is_not_settled(
    session: Session, work_as: WorkAs
) -> None:
    order = make.accepted(session)
    cases.raised(session, order)
    later = cases.NOW + timedelta(days=40)

    with pytest.raises(DomainError):
        batches.compute(work_as("per_exchange_settler", at=later))

    (due,) = escrow.of_order(session, order.id)
    assert due.holds == 1
    assert sound(session)


def test_a_ruling_refunds_all_and_the_books_balance(session: Session) -> None:
    order = make.delivered(session)
    dispute = cases.in_force(session, cases.raised(session, order), remedy="refund")
    executing = (dispute.state, order.state)

    cases.arrive(session, dispute)

    assert executing == (State.EXECUTING, orders.State.DISPUTED)
    assert (dispute.state, order.state) == (State.CLOSED, orders.State.REFUNDED)
    assert held(session, dispute.hold_id) == Money(0)
    assert refunds.standing(session, order.id).refunded == PRICE
    assert sound(session)


def test_a_price_reduction_accepts_what_is_left(session: Session) -> None:
    order = make.delivered(session)
    dispute = cases.raised(session, order, wanted=Remedy.PRICE_REDUCTION, amount=Money(300_000))
    first = held(session, dispute.hold_id)
    amount = Money(200_000)
    cases.in_force(session, dispute, remedy="price_reduction", amount=amount, fee_refund=True)

    cases.arrive(session, dispute)

    (due,) = escrow.of_order(session, order.id)
    assert first == Money(300_000)
    assert (dispute.state, order.state) == (State.CLOSED, orders.State.ACCEPTED)
    assert due.amount == PRICE - amount
    assert refunds.standing(session, order.id).refunded == amount
    assert sound(session)


def test_a_settled_order_is_refunded_out_of_the_shares(session: Session, work_as: WorkAs) -> None:
    order = make.accepted(session)
    settler = work_as("per_exchange_settler", at=cases.NOW + timedelta(days=40))
    batch = batches.compute(settler)
    session.flush()
    batches.take(work_as("per_exchange_checker", at=settler.now), batch.id, "confirm")
    session.flush()
    orders.finish(order, work_as("system", at=cases.NOW))
    was = order.state

    dispute = cases.raised(session, order)
    first = held(session, dispute.hold_id)
    cases.in_force(session, dispute, remedy="refund", fee_refund=True)
    cases.arrive(session, dispute)

    assert was == orders.State.COMPLETED
    assert Money(0) < first < PRICE  # the exchange's own is not held
    assert (dispute.state, order.state) == (State.CLOSED, orders.State.REFUNDED)
    assert sound(session)


@pytest.mark.parametrize(
    ("build", "after"),
    [
        (make.paid, orders.State.IN_DELIVERY),
        (make.delivered, orders.State.ACCEPTED),
        (make.accepted, orders.State.ACCEPTED),
    ],
)
def test_a_dismissal_lets_the_order_go_on(
    session: Session, build: object, after: orders.State
) -> None:
    order = build(session)  # type: ignore[operator]  # a builder of an order
    dispute = cases.raised(session, order)

    cases.in_force(session, dispute, remedy="dismiss")

    assert (dispute.state, order.state) == (State.CLOSED, after)
    assert held(session, dispute.hold_id) == Money(0)
    with pytest.raises(StepRefused) as error:
        cases.raised(session, order)
    assert codes(error) == ["DISMISSED_BEFORE"]
    assert sound(session)


def test_a_redelivery_is_carried_out_when_it_is_delivered(session: Session) -> None:
    order = make.delivered(session)
    dispute = cases.raised(session, order, wanted=Remedy.REDELIVER)
    cases.in_force(session, dispute, remedy="redeliver")
    ordered = (dispute.state, order.state)

    make.take(session, order, "redeliver", "per_developer_editor")
    session.flush()
    cases.hear(session, order.id)

    assert ordered == (State.EXECUTING, orders.State.REDELIVERY)
    assert (dispute.state, order.state) == (State.CLOSED, orders.State.PENDING_ACCEPTANCE)
    make.take(session, order, "accept", BUYER)
    assert escrow.left(session, order.id) == Money(0)
    assert sound(session)


@pytest.mark.parametrize("build", [make.paid, make.delivered, make.accepted])
def test_a_dispute_that_is_withdrawn_or_refused_leaves_the_order_where_it_was(
    session: Session, build: object
) -> None:
    order = build(session)  # type: ignore[operator]  # a builder of an order
    was, clock = order.state, watch.running(session, order.id)
    due_on = clock.due_on if clock else None

    cases.take(session, cases.raised(session, order), "withdraw", BUYER, reason="已经解决")
    first = order.state
    second = cases.raised(session, order)
    cases.take(session, second, "refuse", OFFICER, reason="不属于争议")

    clock = watch.running(session, order.id)
    assert (first, order.state) == (was, was)
    assert held(session, second.hold_id) == Money(0)
    assert (clock.due_on if clock else None) == due_on
    assert clock is None or not watch.paused(clock)
    assert sound(session)


def test_what_was_delivered_meanwhile_is_before_its_buyer_afterwards(session: Session) -> None:
    order = make.paid(session)
    dispute = cases.raised(session, order, ground=Ground.NON_DELIVERY)
    make.deliver(session, order)
    still = order.state

    cases.take(session, dispute, "withdraw", BUYER, reason="已交付")

    assert still == orders.State.DISPUTED
    assert order.state == orders.State.PENDING_ACCEPTANCE


def test_a_proposal_to_which_both_agree_is_carried_out(session: Session) -> None:
    order = make.delivered(session)
    dispute = cases.raised(session, order)
    cases.take(session, dispute, "accept", OFFICER)
    cases.take(session, dispute, "answer", SELLER, answer="可以补偿")
    cases.take(session, dispute, "close_evidence", OFFICER)
    with pytest.raises(StepRefused) as early:
        cases.take(session, dispute, "agree", BUYER)
    proposal = {"remedy": "price_reduction", "amount": Money(100_000), "reason": "折中"}
    cases.take(session, dispute, "propose", OFFICER, **proposal)
    cases.take(session, dispute, "agree", BUYER)
    with pytest.raises(StepRefused) as twice:
        cases.take(session, dispute, "agree", BUYER)
    cases.take(session, dispute, "propose", OFFICER, **proposal)  # starts the consent anew

    cases.take(session, dispute, "agree", SELLER)
    half = dispute.state
    cases.take(session, dispute, "agree", BUYER)

    assert (codes(early), codes(twice)) == (["NOTHING_PROPOSED"], ["AGREED_ALREADY"])
    assert (half, dispute.state) == (State.MEDIATION, State.EXECUTING)
    assert refunds.find(session, dispute.refund_id or "").amount == Money(100_000)


@on_postgresql
def test_nobody_agrees_to_a_proposal_that_was_made_while_the_answer_was_on_its_way(
    engines: Engines, session: Session
) -> None:
    dispute = cases.raised(session, make.delivered(session))
    cases.take(session, dispute, "accept", OFFICER)
    cases.take(session, dispute, "answer", SELLER, answer="可以补偿")
    cases.take(session, dispute, "close_evidence", OFFICER)
    proposal = {"remedy": "price_reduction", "amount": Money(900_000), "reason": "折中"}
    cases.take(session, dispute, "propose", OFFICER, **proposal)
    session.commit()

    with engines.writing() as slow:
        read = disputes.find(slow, dispute.id)  # as a form's version, or If-Match, is compared
        with engines.writing() as fast:
            officer = work_of(fast, OFFICER, at=cases.NOW)
            disputes.take(officer, read.id, "propose", **{**proposal, "amount": Money(1)})
            fast.commit()
        with pytest.raises(StaleDataError):
            disputes.take(work_of(slow, BUYER, at=cases.NOW), read.id, "agree")

    session.expire_all()
    assert (dispute.awarded, dispute.buyer_agreed) == (Money(1), False)


def test_a_seller_may_concede_what_is_asked(session: Session) -> None:
    order = make.delivered(session)
    amount = Money(50_000)
    dispute = cases.raised(session, order, wanted=Remedy.PRICE_REDUCTION, amount=amount)
    cases.take(session, dispute, "accept", OFFICER)

    cases.take(session, dispute, "concede", SELLER)

    assert (dispute.state, dispute.awarded) == (State.EXECUTING, amount)
    assert order.state == orders.State.ACCEPTED


def test_a_ruling_needs_a_second_officer_near_to_nobody(session: Session, work_as: WorkAs) -> None:
    dispute = cases.heard(session, cases.raised(session, make.delivered(session)))
    cases.take(session, dispute, "rule", OFFICER, remedy="dismiss", reason="不成立")

    with pytest.raises(StepRefused) as same:
        cases.take(session, dispute, "confirm", OFFICER)
    with pytest.raises(StepNotAllowed):
        cases.take(session, dispute, "confirm", "per_exchange_settler")
    cases.take(session, dispute, "return", APPROVER, reason="理由不足")
    cases.take(session, dispute, "rule", OFFICER, remedy="dismiss", reason="不成立，详述")
    relations.declare(
        work_as("per_exchange_compliance"),
        "org_exchange",
        kind=relations.Kind.DECLARED,
        other=relations.Other(name="演示·枫香科技", uscc="91430104MAA00003XP"),
    )
    session.flush()
    with pytest.raises(StepRefused) as near:
        cases.take(session, dispute, "confirm", APPROVER)

    assert (codes(same), codes(near)) == (["FOUR_EYES"], ["NOT_IMPARTIAL"])


def test_an_appeal_goes_to_the_supervisor_once(session: Session) -> None:
    order = make.delivered(session)
    dispute = cases.ruled(session, cases.raised(session, order), remedy="dismiss")
    cases.take(session, dispute, "accept_ruling", SELLER)
    with pytest.raises(StepRefused) as agreed:
        cases.take(session, dispute, "appeal", SELLER, reason="反悔")

    cases.take(session, dispute, "appeal", BUYER, reason="证据未采信")
    told = {"remedy": "refund", "reason": "申诉成立"}
    with pytest.raises(StepNotAllowed):
        cases.take(session, dispute, "decide_appeal", OFFICER, **told)
    cases.take(session, dispute, "decide_appeal", SUPERVISOR, **told)

    assert codes(agreed) == ["AGREED_ALREADY"]
    assert (dispute.state, dispute.remedy) == (State.EXECUTING, "refund")
    assert dispute.awarded == PRICE


def test_a_ruling_against_which_nobody_appeals_comes_into_force(
    session: Session, work_as: WorkAs
) -> None:
    order = make.delivered(session)
    dispute = cases.ruled(session, cases.raised(session, order), remedy="refund")
    clock = watch.running(session, dispute.id)
    assert clock is not None
    assert clock.overdue_step == "execute"

    disputes.take(work_as("system", at=cases.NOW + timedelta(days=20)), dispute.id, "execute")

    assert dispute.state == State.EXECUTING


def test_a_court_stays_a_dispute_and_its_judgment_is_followed(session: Session) -> None:
    order = make.delivered(session)
    dispute = cases.ruled(session, cases.raised(session, order), remedy="dismiss")
    cases.take(session, dispute, "stay", OFFICER, reason="已诉至法院")
    told = {"judgment": "（2026）湘01民初1号", "remedy": "refund", "reason": "按判决"}

    cases.take(session, dispute, "adopt_judgment", OFFICER, **told)
    with pytest.raises(StepRefused) as same:
        cases.take(session, dispute, "confirm", OFFICER)
    cases.take(session, dispute, "confirm", APPROVER)
    with pytest.raises(StepRefused) as appeal:
        cases.take(session, dispute, "appeal", SELLER, reason="不服")

    assert (set(codes(same)), codes(appeal)) == ({"FOUR_EYES"}, ["COURT_HAS_RULED"])
    assert dispute.state == State.RULED


def test_a_refund_that_was_withdrawn_is_asked_for_again(session: Session, work_as: WorkAs) -> None:
    order = make.delivered(session)
    dispute = cases.in_force(session, cases.raised(session, order), remedy="refund")
    with pytest.raises(StepRefused) as standing:
        cases.take(session, dispute, "refund_again", "per_exchange_settler")
    first = dispute.refund_id or ""
    settler = work_as("per_exchange_settler", at=cases.NOW)
    refunds.take(settler, first, "cancel", reason="账户有误")
    session.flush()

    cases.take(session, dispute, "refund_again", "per_exchange_settler")
    cases.arrive(session, dispute)

    assert codes(standing) == ["REFUND_STANDS"]
    assert dispute.refund_id != first
    assert (dispute.state, order.state) == (State.CLOSED, orders.State.REFUNDED)


def test_a_ruling_for_an_accountless_buyer_stays_held_until_it_can_be_paid(
    session: Session, work_as: WorkAs
) -> None:
    order = make.delivered(session)
    dispute = cases.in_force(session, cases.raised(session, order), remedy="refund")
    at_first = (dispute.state, order.state, held(session, dispute.hold_id))
    with pytest.raises(DomainError):
        cases.take(session, dispute, "close", "system")

    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    cases.take(session, dispute, "refund_again", "per_exchange_settler")
    cases.arrive(session, dispute)

    assert at_first == (State.EXECUTING, orders.State.DISPUTED, PRICE)
    assert (dispute.state, order.state) == (State.CLOSED, orders.State.REFUNDED)
    assert sound(session)


def test_silence_of_the_parties_leads_on_to_the_ruling(session: Session, work_as: WorkAs) -> None:
    dispute = cases.raised(session, make.delivered(session))
    cases.take(session, dispute, "accept", OFFICER)
    house = work_as("system", at=cases.NOW + timedelta(days=60))

    steps = []
    for _ in range(3):
        clock = watch.running(session, dispute.id)
        assert clock is not None
        steps.append(clock.overdue_step)
        disputes.take(house, dispute.id, clock.overdue_step or "")
        session.flush()

    assert steps == ["pass_over", "close_evidence", "fail_mediation"]
    assert dispute.state == State.RULING


def test_evidence_is_kept_sealed_and_shown_to_the_parties_alone(
    session: Session, work_as: WorkAs
) -> None:
    dispute = cases.raised(session, make.delivered(session))
    file = b"%PDF-1.7 proof"

    filing.show_evidence(
        work_as(BUYER, at=cases.NOW), dispute.id, said="样本", name="a.pdf", content=file
    )
    filing.show_evidence(work_as(SELLER, at=cases.NOW), dispute.id, said="交付记录")
    with pytest.raises(NotFound):
        filing.show_evidence(work_as("per_other_editor"), dispute.id, said="旁人")
    with pytest.raises(StepNotAllowed):
        filing.show_evidence(work_as(OFFICER), dispute.id, said="自己的")
    for bad in ({"said": " "}, {"said": "x", "content": b"MZ not a paper"}):
        with pytest.raises(Invalid):
            filing.show_evidence(work_as(BUYER, at=cases.NOW), dispute.id, **bad)
    cases.heard(session, dispute)
    with pytest.raises(StepRefused) as late:
        filing.show_evidence(work_as(BUYER, at=cases.NOW), dispute.id, said="太晚")

    pieces = papers.of(session, dispute.id)
    first, second = sorted(pieces, key=lambda each: each.media_type is None)
    assert papers.opened(work_as(OFFICER), dispute.id, first.id).content == file
    assert (first.sealed or b"").find(b"proof") == -1
    for subject, piece in ((dispute.id, second.id), ("tds_other", first.id)):
        with pytest.raises(NotFound):
            papers.opened(work_as(OFFICER), subject, piece)
    assert codes(late) == ["EVIDENCE_CLOSED"]


def test_a_dispute_is_its_parties_alone(session: Session, work_as: WorkAs) -> None:
    order = make.delivered(session)
    with pytest.raises(NotFound):
        cases.raised(session, order, person="per_other_editor")
    with pytest.raises(StepNotAllowed):
        cases.raised(session, order, person=SELLER)
    dispute = cases.raised(session, order)

    with pytest.raises(NotFound):
        disputes.seen(work_as("per_other_editor"), dispute.id)
    with pytest.raises(NotFound):
        disputes.find(session, "tds_none")
    with pytest.raises(StepNotAllowed):
        cases.take(session, dispute, "accept", SELLER)

    for person, number in ((BUYER, 1), (SELLER, 1), (OFFICER, 1), ("per_other_editor", 0)):
        found = disputes.listed(work_as(person), open_only=True, limit=9).items
        assert len(found) == number
    assert disputes.listed(work_as(OFFICER), state="closed", limit=9).items == []


def test_what_cannot_be_claimed_is_refused(session: Session) -> None:
    order = make.delivered(session)

    for change in (
        {"said": "  "},
        {"wanted": Remedy.DISMISS},
        {"wanted": Remedy.PRICE_REDUCTION},
        {"wanted": Remedy.PRICE_REDUCTION, "amount": PRICE + Money(1)},
        {"line_ids": ("orl_of_another",)},
    ):
        with pytest.raises(Invalid):
            cases.raised(session, order, **change)
    dispute = cases.raised(session, order)
    with pytest.raises(StepRefused) as again:
        cases.raised(session, order)
    for decision in (
        {"remedy": "price_reduction"},
        {"remedy": "price_reduction", "amount": PRICE + Money(1)},
        {"remedy": "dismiss", "amount": Money(1)},
        {"remedy": "hang"},
    ):
        with pytest.raises(Invalid), session.begin_nested():
            cases.ruled(session, dispute, **decision)

    assert codes(again) == ["NOT_DISPUTABLE", "DISPUTED_ALREADY"]


def test_accepted_goods_are_not_delivered_again_nor_disputed_late(
    session: Session,
) -> None:
    order = make.accepted(session)
    with pytest.raises(Invalid):
        cases.raised(session, order, wanted=Remedy.REDELIVER)
    dispute = cases.raised(session, order)
    with pytest.raises(Invalid), session.begin_nested():
        cases.ruled(session, dispute, remedy="redeliver")
    cases.take(session, dispute, "withdraw", BUYER, reason="x")

    with pytest.raises(StepRefused) as late:
        cases.raised(session, order, at=cases.NOW + timedelta(days=31))

    assert codes(late) == ["TOO_LATE_TO_DISPUTE"]


def test_nothing_is_awarded_of_an_order_without_money(session: Session) -> None:
    order = make.delivered(session, make.listed(session, price_plan=make.FREE))
    dispute = cases.raised(session, order)

    with pytest.raises(Invalid):
        cases.ruled(session, dispute, remedy="refund")

    cases.take(session, dispute, "rule", OFFICER, remedy="dismiss", reason="无款可退")
    cases.take(session, dispute, "confirm", APPROVER)
    cases.take(session, dispute, "accept_ruling", BUYER)
    cases.take(session, dispute, "accept_ruling", SELLER)
    assert order.state == orders.State.COMPLETED


def test_two_at_once_cannot_dispute_one_order(session: Session) -> None:
    order = make.delivered(session)
    dispute = cases.raised(session, order)
    table = type(dispute).__table__
    row = {column.name: value for column in table.columns
           for value in [getattr(dispute, column.name, 0)]}  # fmt: skip

    with pytest.raises(IntegrityError):
        session.execute(table.insert().values(**{**row, "id": "tds_2", "code": "DS-2"}))  # type: ignore[attr-defined]  # a Table


def test_one_line_of_an_accepted_order_is_refunded_alone(session: Session) -> None:
    first, second = make.listed(session), make.listed(session, title_en="Second index")
    order = orders.place(
        work_of(session, BUYER, at=cases.NOW),
        wanted=[{"product_id": each.id, "quantity": 1} for each in (first, second)],
        use=make.use(),
    )
    make.take(session, order, "confirm", SELLER)
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(work_of(session, person, at=cases.NOW), order.id)
    event = make.fund(session, order)
    progress.mark_paid(work_of(session, "system", at=cases.NOW), event)
    make.deliver(session, order)
    make.take(session, order, "accept", BUYER)
    line = lines.of(session, order.id)[1]

    dispute = cases.raised(session, order, line_ids=(line.id,))
    first_held = held(session, dispute.hold_id)
    cases.in_force(session, dispute, remedy="refund")
    cases.arrive(session, dispute)

    refund = refunds.find(session, dispute.refund_id or "")
    left = {each.order_line_id: each.left for each in escrow.of_order(session, order.id)}
    assert (first_held, refund.amount) == (PRICE, PRICE)
    assert refund.order_line_id == line.id
    assert left[line.id] == Money(0)
    assert (dispute.state, order.state) == (State.CLOSED, orders.State.ACCEPTED)
    assert sound(session)


def test_a_claim_of_the_wrong_kind_is_no_claim() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Ground("nonsense")
    assert Claim(ground=Ground.PRICE, said="x", wanted=Remedy.REFUND).line_ids == ()
