from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from delivery import tasks
from kernel import journal, watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from kernel.parties import organisations
from licensing import authorisations
from marketplace import contracts, lines, orders, products, versions, volume
from marketplace.orders import Order, State
from settlement import escrow, payments
from tests.conftest import WorkAs
from tests.licensing import grants
from tests.marketplace import make

DAY = make.AFTER_PUBLICITY


def codes(error: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def refused(session: Session, order: Order, step: str, person: str, **data: Any) -> list[str]:
    with pytest.raises(StepRefused) as error:
        make.take(session, order, step, person, **data)
    return codes(error)


def test_an_order_goes_from_placing_to_acceptance(session: Session) -> None:
    order = make.accepted(session)
    session.flush()

    assert order.state == State.ACCEPTED
    assert order.code == "OD-2026-000001"
    assert order.total == Money(1_000_000)
    assert order.accepted_at == DAY
    assert [event.kind for event in journal.history(session, order.id, limit=20)] == [
        "order.placed",
        "order.confirmed",
        "order.contract_signed",
        "order.contract_signed",
        "order.signed",
        "order.paid",
        "order.delivered",
        "escrow.accepted",
        "order.accepted",
    ]


def test_an_order_of_public_data_names_who_shares_in_it(session: Session) -> None:
    product = make.listed(session, make.public_content(session))

    order = make.accepted(session, product)

    due = escrow.of_order(session, order.id)
    assert [(each.kind, each.operator_id, each.seller_id) for each in due] == [
        ("public", "org_operator", "org_developer")
    ]
    task = tasks.of_order(session, order.id)[0]
    assert task.purpose_code == "weather_insurance"
    assert task.items == [make.ITEM]
    assert escrow.left(session, order.id) == Money(0)


def test_terms_are_copied_when_the_order_is_placed(session: Session) -> None:
    product = make.listed(session)
    order = make.placed(session, product)

    line = lines.of(session, order.id)[0]

    assert line.price_plan == make.PRICE
    assert line.product_version_id == product.current_version_id
    assert (line.quantity, line.amount) == (1, Money(1_000_000))
    assert order.accept_days == 7


def test_i_51_the_total_is_the_sum_of_the_lines(session: Session, work_as: WorkAs) -> None:
    one, other = make.listed(session), make.listed(session, accept_days=14)

    order = orders.place(
        work_as("per_buyer_editor", at=DAY),
        wanted=[
            {"product_id": one.id, "quantity": 3},
            {"product_id": other.id, "quantity": 2},
        ],
        use=make.use(),
    )

    found = lines.of(session, order.id)
    assert [line.amount for line in found] == [Money(3_000_000), Money(2_000_000)]
    assert order.total == sum((line.amount for line in found), Money(0))
    assert order.accept_days == 14


def test_i_16_a_line_never_changes(session: Session) -> None:
    order = make.placed(session)
    session.commit()

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(
            text("UPDATE order_lines SET quantity = 1 WHERE order_id = :id"), {"id": order.id}
        )


def test_only_buyers_order(session: Session, work_as: WorkAs) -> None:
    product = make.listed(session)

    with pytest.raises(StepNotAllowed, match="buyer"):
        orders.place(
            work_as("per_developer_editor"),
            wanted=[{"product_id": product.id, "quantity": 1}],
            use=make.use(),
        )


def test_every_reason_against_an_order_is_told_at_once(session: Session, work_as: WorkAs) -> None:
    public = make.listed(session, make.public_content(session))
    products.take(work_as("per_developer_editor"), public.id, "suspend", reason="维护")
    grants_id = versions.find(session, public.current_version_id).authorisation_id
    grants.suspend(work_as("per_hub_supervisor"), authorisations.find(session, grants_id or ""))
    organisations.find(session, "org_developer").state = organisations.State.RESTRICTED

    with pytest.raises(StepRefused) as error:
        orders.place(
            work_as("per_buyer_editor", at=DAY),
            wanted=[{"product_id": public.id, "quantity": 1}],
            use=make.use(
                purpose_code="loan_monitoring",
                region="110000",
                period_to=date(2030, 1, 1),
            ),
        )

    assert codes(error) == [
        "ORG_RESTRICTED",
        "PRODUCT_NOT_LISTED",
        "AUTHORISATION_NOT_LIVE",
        "PURPOSE_MISMATCH",
        "REGION_OUT_OF_SCOPE",
        "PERIOD_OUT_OF_SCOPE",
    ]


def test_i_54_a_buyer_outside_the_authorised_users_is_refused(session: Session) -> None:
    said = make.public_content(session, scope={"users": ["org_other"]})
    product = make.listed(session, said)

    with pytest.raises(StepRefused) as error:
        make.placed(session, product)

    assert codes(error) == ["USER_OUT_OF_SCOPE"]


def test_a_buyer_without_protection_gets_no_delicate_data(session: Session) -> None:
    product = make.listed(session, grade="G3", delivery_mode="verification")

    with pytest.raises(StepRefused) as error:
        make.placed(session, product)

    assert codes(error) == ["BUYER_MLPS_TOO_LOW"]


def test_i_53_nobody_buys_from_itself_or_from_two_at_once(
    session: Session, work_as: WorkAs
) -> None:
    foreign = make.listed(session)
    other = work_as("per_other_editor")
    own = products.create(other, **make.content())
    make.reviewed(session, own, by="per_other_editor")
    products.take(work_as("system", at=DAY), own.id, "list")

    with pytest.raises(StepRefused) as error:
        orders.place(
            work_as("per_other_editor", at=DAY),
            wanted=[
                {"product_id": own.id, "quantity": 1},
                {"product_id": foreign.id, "quantity": 1},
            ],
            use=make.use(),
        )

    assert codes(error) == ["SELLERS_DIFFER", "SELF_TRADE"]


def test_an_order_of_nothing_is_no_order(work_as: WorkAs) -> None:
    with pytest.raises(Invalid) as error:
        orders.place(work_as("per_buyer_editor"), wanted=[], use=make.use())

    assert error.value.pointer == "/lines"


def test_a_quantity_of_nothing_is_refused(session: Session, work_as: WorkAs) -> None:
    product = make.listed(session)

    with pytest.raises(Invalid, match="1 or more"):
        orders.place(
            work_as("per_buyer_editor", at=DAY),
            wanted=[{"product_id": product.id, "quantity": 0}],
            use=make.use(),
        )


def test_a_seller_that_was_restricted_confirms_nothing(session: Session) -> None:
    order = make.placed(session)
    organisations.find(session, "org_buyer").state = organisations.State.RESTRICTED

    assert refused(session, order, "confirm", "per_developer_editor") == ["ORG_RESTRICTED"]


def test_a_seller_may_decline(session: Session) -> None:
    order = make.placed(session)

    make.take(session, order, "decline", "per_developer_editor", reason="产能不足")

    assert order.state == State.CLOSED


def test_each_party_signs_once(session: Session, work_as: WorkAs) -> None:
    order = make.confirmed(session)
    orders.sign(work_as("per_buyer_signer", at=DAY), order.id)

    with pytest.raises(StepRefused) as error:
        orders.sign(work_as("per_buyer_signer", at=DAY), order.id)

    assert codes(error) == ["ALREADY_SIGNED"]
    assert order.state == State.CONTRACT_SIGNING


def test_the_second_signature_asks_for_the_price(session: Session) -> None:
    order = make.signed(session)

    payment = payments.live_of(session, order.id)

    assert order.state == State.AWAITING_PAYMENT
    assert payment is not None
    assert (payment.amount, payment.payer_id) == (Money(1_000_000), "org_buyer")


def test_i_52_nothing_is_delivered_before_escrow_is_full(session: Session, work_as: WorkAs) -> None:
    order = make.signed(session)
    make.fund(session, order, 999_999)

    with pytest.raises(StepRefused) as error:
        orders.take(work_as("system", at=DAY), order.id, "mark_paid")

    assert codes(error) == ["NOT_FUNDED"]
    assert tasks.of_order(session, order.id) == []


def test_i_52_an_unsigned_order_is_not_paid_for(session: Session, work_as: WorkAs) -> None:
    order = make.confirmed(session)

    with pytest.raises(StepRefused) as error:
        orders.take(work_as("system", at=DAY), order.id, "signed")

    assert codes(error) == ["CONTRACT_NOT_SIGNED"]


def test_i_52_a_free_order_needs_no_payment(session: Session) -> None:
    order = make.signed(session, make.listed(session, price_plan=make.FREE))

    assert order.state == State.IN_DELIVERY
    assert payments.live_of(session, order.id) is None

    make.deliver(session, order)
    make.take(session, order, "accept", "per_buyer_editor")

    assert order.state == State.COMPLETED
    assert escrow.of_order(session, order.id) == []


@pytest.mark.parametrize(
    ("price_plan", "step", "code"),
    [(make.FREE, "signed", "NOTHING_TO_PAY"), (make.PRICE, "signed_free", "PAYMENT_NEEDED")],
)
def test_paid_and_free_orders_take_their_own_way(
    session: Session, work_as: WorkAs, price_plan: dict[str, Any], step: str, code: str
) -> None:
    order = make.confirmed(session, make.listed(session, price_plan=price_plan))
    for person in ("per_buyer_signer", "per_developer_signer"):
        contracts.sign(work_as(person, at=DAY), order.contract_id or "")

    with pytest.raises(StepRefused) as error:
        orders.take(work_as("system", at=DAY), order.id, step)

    assert codes(error) == [code]


def test_a_buyer_cancels_alone_until_both_have_signed(session: Session, work_as: WorkAs) -> None:
    placed, half, signed = make.placed(session), make.confirmed(session), make.signed(session)
    orders.sign(work_as("per_buyer_signer", at=DAY), half.id)

    for order in (placed, half):
        make.take(session, order, "cancel", "per_buyer_editor", reason="不再需要")

    assert (placed.state, half.state) == (State.CLOSED, State.CLOSED)
    assert contracts.find(session, half.contract_id or "").state == contracts.State.VOIDED
    assert refused(session, signed, "cancel", "per_buyer_editor", reason="不再需要") == [
        "SIGNED_BY_BOTH"
    ]


def test_a_seller_declines_until_both_have_signed(session: Session) -> None:
    order, signed = make.confirmed(session), make.signed(session)

    make.take(session, order, "decline", "per_developer_editor", reason="无法供应")

    assert order.state == State.CLOSED
    assert contracts.find(session, order.contract_id or "").state == contracts.State.VOIDED
    assert refused(session, signed, "decline", "per_developer_editor", reason="无法供应") == [
        "ILLEGAL_TRANSITION"
    ]


def test_an_order_that_nobody_confirms_lapses(session: Session, work_as: WorkAs) -> None:
    order = make.placed(session)
    clock = watch.running(session, order.id)
    assert clock is not None
    assert clock.overdue_step == "lapse"

    orders.take(work_as("system", at=make.days_later(30)), order.id, clock.overdue_step)

    assert order.state == State.CLOSED
    assert order.contract_id is None


def test_a_contract_half_signed_still_has_its_clock(session: Session, work_as: WorkAs) -> None:
    order = make.confirmed(session)

    orders.sign(work_as("per_buyer_signer", at=DAY), order.id)

    clock = watch.running(session, order.id)
    assert clock is not None
    assert (clock.key, clock.overdue_step) == ("clocks.order_signature", "lapse")


def test_i_57_silence_accepts_after_the_days_of_the_contract(
    session: Session, work_as: WorkAs
) -> None:
    order = make.delivered(session, make.listed(session, accept_days=14))
    clock = watch.running(session, order.id)
    assert clock is not None
    assert clock.overdue_step == "accept"
    assert clock.due_on == date(2026, 7, 13) + timedelta(days=14)

    with pytest.raises(StepRefused) as error:
        orders.take(work_as("system", at=DAY + timedelta(days=14)), order.id, "accept")
    orders.take(work_as("system", at=DAY + timedelta(days=15)), order.id, "accept")

    assert codes(error) == ["ACCEPTANCE_RUNNING"]
    assert order.state == State.ACCEPTED


def test_a_first_rejection_is_delivered_again(session: Session) -> None:
    order = make.delivered(session)

    make.take(session, order, "reject", "per_buyer_editor", reason="缺少一个站点")
    make.take(session, order, "redeliver", "per_developer_editor")

    clock = watch.running(session, order.id)
    assert order.state == State.PENDING_ACCEPTANCE
    assert order.rejections == 1
    assert clock is not None
    assert clock.overdue_step == "accept"


def test_a_second_rejection_is_for_a_dispute(session: Session) -> None:
    order = make.delivered(session)
    make.take(session, order, "reject", "per_buyer_editor", reason="缺少一个站点")
    make.take(session, order, "redeliver", "per_developer_editor")

    second = refused(session, order, "reject", "per_buyer_editor", reason="仍然缺少")

    assert second == ["REJECTED_BEFORE"]
    assert order.state == State.PENDING_ACCEPTANCE


@pytest.mark.parametrize(
    "step", ["dispute", "uphold_delivery", "stand_accepted", "inspect_again", "order_redelivery"]
)
def test_only_the_house_lets_an_order_be_disputed_or_go_on(session: Session, step: str) -> None:
    order = make.delivered(session)

    for person in ("per_buyer_editor", "per_developer_editor", "per_exchange_compliance"):
        with pytest.raises(StepNotAllowed):
            make.take(session, order, step, person)


def test_what_is_not_delivered_is_not_before_acceptance(session: Session, work_as: WorkAs) -> None:
    order = make.paid(session)

    with pytest.raises(StepRefused) as error:
        orders.take(work_as("system", at=DAY), order.id, "delivered")

    assert codes(error) == ["NOT_DELIVERED"]


def test_an_order_is_completed_only_when_all_is_settled(session: Session, work_as: WorkAs) -> None:
    order = make.accepted(session)

    with pytest.raises(StepRefused) as error:
        orders.take(work_as("system", at=DAY), order.id, "settled")

    assert codes(error) == ["NOT_SETTLED"]


def test_a_strangers_order_is_answered_like_none(session: Session, work_as: WorkAs) -> None:
    order = make.placed(session)

    with pytest.raises(NotFound) as hidden:
        orders.seen(work_as("per_other_editor"), order.id)
    with pytest.raises(NotFound) as missing:
        orders.seen(work_as("per_other_editor"), "ord_none")

    assert hidden.value.en.replace(order.id, "x") == missing.value.en.replace("ord_none", "x")
    for person in ("per_buyer_editor", "per_developer_editor", "per_hub_supervisor"):
        assert orders.seen(work_as(person), order.id) is order


def test_each_party_lists_its_side(session: Session, work_as: WorkAs) -> None:
    order = make.placed(session)
    session.flush()

    def ids(page: Any) -> list[str]:
        return [each.id for each in page.items]

    def listed(side: Any, person: str, **more: Any) -> list[str]:
        return ids(side(work_as(person), after=None, limit=10, **more))

    assert listed(orders.bought, "per_buyer_editor") == [order.id]
    assert listed(orders.bought, "per_developer_editor") == []
    assert listed(orders.sold, "per_developer_editor") == [order.id]
    assert listed(orders.sold, "per_buyer_editor") == []
    assert listed(orders.overseen, "per_exchange_settler") == [order.id]
    assert listed(orders.overseen, "per_exchange_settler", state="closed") == []
    assert listed(orders.overseen, "per_buyer_editor") == []


def test_i_53_the_database_itself_refuses_self_trade(session: Session) -> None:
    order = make.placed(session)
    session.commit()

    with pytest.raises(DBAPIError, match="buyer_is_not_seller"):
        session.execute(
            text("UPDATE orders SET seller_id = buyer_id WHERE id = :id"), {"id": order.id}
        )


def test_the_shortest_way_to_completion() -> None:
    assert orders.LIFE.path_to(State.COMPLETED) == [
        "submit",
        "confirm",
        "signed_free",
        "delivered",
        "accept",
        "settled",
    ]


def test_i_53_a_related_order_settles_and_does_not_count(session: Session) -> None:
    order = make.accepted(session, is_related_party=True)
    session.flush()

    told = volume.totals(session, since=date(2026, 7, 1), until=date(2026, 7, 31))

    assert len(escrow.of_order(session, order.id)) == 1
    assert (told.counted, told.excluded) == (Money(0), Money(1_000_000))


def test_i_53_a_related_order_says_so(session: Session) -> None:
    assert make.placed(session, is_related_party=True).is_related_party
