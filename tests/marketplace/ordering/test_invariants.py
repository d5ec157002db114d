"""The invariants of orders, I-51 to I-54 and I-57, each by its number, on both databases."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy.orm import Session

from app.reactions import WITNESSES
from delivery import tasks
from kernel import ids
from kernel.errors import DomainError, StepRefused
from kernel.money import Money
from kernel.parties import relations
from licensing import authorisations
from marketplace import contracts, fulfilment, lines, orders, prices, progress, versions, volume
from marketplace.lines import Wanted
from marketplace.orders import Order, State
from settlement import payments
from tests.conftest import WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.aftercare import cases
from tests.settlement import bookkeeping, money

DAY = make.AFTER_PUBLICITY
T = TypeVar("T")
PLANS: tuple[dict[str, Any], ...] = (
    {"kind": "one_off", "price": {"minor": 333, "currency": "CNY"}},
    {"kind": "subscription", "period": "month", "price": {"minor": 1_999, "currency": "CNY"}},
    make.FREE,
)


@pytest.mark.parametrize("seed", range(4))
def test_i_51_totals_and_lines_recompute_from_the_terms_that_were_copied(
    session: Session, seed: int
) -> None:
    goods = [make.listed(session, price_plan=_drawn(PLANS, seed, each)) for each in range(3)]
    wanted: list[Wanted] = [
        {"product_id": one.id, "quantity": _drawn(range(1, 400), seed, one.code)} for one in goods
    ]
    use = make.use(period_to=DAY.date() + timedelta(days=36_000))

    order = orders.place(
        work_of(session, "per_buyer_editor", at=DAY), wanted=wanted, use=use
    )  # fmt: skip
    session.flush()
    session.expire_all()

    found = lines.of(session, order.id)
    assert [one.amount for one in found] == [
        prices.amount(prices.parse(one.price_plan), one.quantity) for one in found
    ]
    assert {type(one.amount.minor) for one in found} == {int}
    assert order.total == sum((one.amount for one in found), Money(0))


def _drawn(of: Sequence[T], *seeds: object) -> T:
    """Return one of several, by lot, and the same one each time."""
    return of[int(ids.digest(repr(seeds))[:8], 16) % len(of)]


def _delivers(session: Session, order: Order) -> bool:
    """Tell whether anything of an order can be delivered, or was."""
    return bool(tasks.of_order(session, order.id))


def _may_deliver(session: Session, order: Order) -> bool:
    """Tell whether both have signed, and escrow holds the price."""
    signed = order.contract_id and contracts.find(session, order.contract_id).state == "signed"
    return bool(signed) and fulfilment.is_funded(order, work_of(session, "system", at=DAY)) is None


@pytest.mark.parametrize("seed", range(6))
def test_i_52_nothing_is_delivered_before_signature_and_money_whatever_comes_first(
    session: Session, seed: int
) -> None:
    """Press whatever can be pressed, in any order and more than once."""
    order, house = make.placed(session), work_of(session, "system", at=DAY)
    number = 0

    def pay() -> None:
        nonlocal number
        payment = payments.live_of(session, order.id)
        if payment is not None and payment.state != payments.State.FUNDED:
            number += 1
            line = f"bsl_{seed}_{number}"
            bookkeeping.received(house, line, 500_000)
            bookkeeping.matched(house, line, order.id, 500_000)
            payments.receive(house, payment, Money(500_000))

    presses: tuple[Callable[[], object], ...] = (
        lambda: make.take(session, order, "confirm", "per_developer_editor"),
        lambda: orders.sign(work_of(session, "per_buyer_signer", at=DAY), order.id),
        lambda: orders.sign(work_of(session, "per_developer_signer", at=DAY), order.id),
        pay,
        lambda: progress.go_into_delivery(house, order.id),
        lambda: orders.LIFE.take("signed_free", order, house),
        lambda: orders.LIFE.take("delivered", order, house),
    )
    told = []
    for turn in range(80):
        with suppress(DomainError), session.begin_nested():
            _drawn(presses, seed, turn)()
            session.flush()
        told.append((_delivers(session, order), _may_deliver(session, order)))

    assert all(may for delivers, may in told if delivers)
    assert told[-1] == (True, True)  # the right way is among those that were tried


def test_i_52_what_is_used_before_it_is_paid_needs_no_money_and_still_both_signatures(
    session: Session,
) -> None:
    plan = {"kind": "per_call", "unit": {"e6": 500_000, "currency": "CNY"}}
    product = make.listed(session, price_plan=plan, delivery_mode="record_api")

    confirmed = make.confirmed(session, product, pay_mode="postpaid")
    with suppress(DomainError):
        orders.sign(work_of(session, "per_buyer_signer", at=DAY), confirmed.id)
    half = _delivers(session, confirmed)
    orders.sign(work_of(session, "per_developer_signer", at=DAY), confirmed.id)

    assert (half, _delivers(session, confirmed)) == (False, True)
    assert confirmed.state == State.IN_DELIVERY


def test_i_53_who_is_known_to_be_related_carries_the_flag_whatever_it_declares(
    session: Session, work_as: WorkAs
) -> None:
    product, before = make.listed(session), make.placed(session)
    other = relations.Other(name="演示·枫香科技", uscc="91430104MAA00003XP")
    officer = work_as("per_exchange_compliance", at=DAY)
    relations.declare(officer, "org_buyer", kind=relations.Kind.DECLARED, other=other)
    session.flush()

    order = make.accepted(session, product, is_related_party=False)
    session.flush()

    told = volume.totals(session, since=DAY.date(), until=DAY.date())
    assert (before.is_related_party, order.is_related_party) == (False, True)
    assert (told.counted, told.excluded) == (Money(0), order.total)


def test_i_54_under_a_right_that_is_suspended_nothing_is_ordered_and_nothing_delivered(
    session: Session,
) -> None:
    product = make.listed(session, make.public_content(session))
    right = versions.find(session, product.current_version_id).authorisation_id or ""
    order = make.paid(session, product)
    supervisor = replace(work_of(session, "per_hub_supervisor", at=DAY), witnesses=WITNESSES)
    told = {"cause": "security_incident", "reason": "密钥外泄"}
    authorisations.take(supervisor, right, "suspend", **told)
    session.flush()

    with pytest.raises(StepRefused) as placed:
        make.placed(session, product)
    cases.hear(session, right)
    with pytest.raises(StepRefused) as delivered:
        make.deliver(session, order)

    assert [each.code for each in placed.value.refusals] == [
        "PRODUCT_NOT_LISTED", "AUTHORISATION_NOT_LIVE",
    ]  # fmt: skip
    assert [each.code for each in delivered.value.refusals] == ["DELIVERY_STOPPED"]
    assert order.state == State.DELIVERY_SUSPENDED


def test_i_57_silence_accepts_nothing_while_a_dispute_is_open(
    session: Session, work_as: WorkAs
) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    order = make.delivered(session)
    dispute = cases.raised(session, order)
    late = work_of(session, "system", at=DAY + timedelta(days=90))

    with pytest.raises(StepRefused):
        orders.take(late, order.id, "accept")
    cases.take(session, dispute, "withdraw", cases.BUYER, reason="已协商")

    assert order.state == State.PENDING_ACCEPTANCE
    orders.take(late, order.id, "accept")
    assert order.state == State.ACCEPTED
