"""One suite over all ways of paying: each promise is held to by every way that it can apply to.

A promise that cannot apply to a way is in that way's list, with the reason; nothing is left
out in silence.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

import pytest

from kernel.money import Money
from settlement import payments
from settlement.bank.escrow_bank import Simulator
from tests.conftest import RULES, WorkAs
from tests.settlement.bank import mock_bank
from tests.settlement.bank.mock_bank import MockBank
from tests.settlement.money import CUSTODY
from tests.settlement.ways.aside import ByDeal, ByVoucher
from tests.settlement.ways.by_bank import BEGINS, CLOSED, ByBank, ByMockBank, ByVirtualAccount
from tests.settlement.ways.by_provider import ByFake, ByStripe
from tests.settlement.ways.promises import AMOUNT, Promise, Way

WAYS: Final[dict[str, type[Way]]] = {
    "stripe": ByStripe,
    "fake": ByFake,
    "bank, by reference": ByBank,
    "bank, by virtual account": ByVirtualAccount,
    "bank of others": ByMockBank,
    "registered deal": ByDeal,
    "voucher": ByVoucher,
}
PART: Final = Money(700)
HELD: Final[dict[Promise, str]] = {}
"""Promise → the test that holds the ways to it."""


def held(promise: Promise) -> Callable[[Any], Any]:
    """Hold every way to a promise, but those that say why it cannot apply to them."""
    slow = {"bank of others": pytest.mark.slow}
    applies = [
        pytest.param(name, marks=slow.get(name, ()))
        for name, way in WAYS.items()
        if promise not in way.cannot
    ]

    def mark(test: Any) -> Any:
        HELD[promise] = test.__name__
        return pytest.mark.parametrize("way", applies, indirect=True)(test)

    return mark


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[MockBank]:
    with mock_bank.running(f"{BEGINS}T03:00") as made:
        yield made


@pytest.fixture
def way(request: pytest.FixtureRequest, work_as: WorkAs) -> Way:
    """Give the way of that name, with whoever is at its other end."""
    given = request.getfixturevalue
    made = WAYS[request.param]
    if made is ByStripe:
        return ByStripe(given("till"), given("world"))
    if made is ByFake:
        return ByFake(given("fake_till"), given("fake"))
    if made is ByMockBank:
        return ByMockBank(work_as, began(given("elsewhere")))
    if issubclass(made, ByBank):
        return made(work_as, in_memory(BEGINS))
    return made(work_as)


def in_memory(today: date) -> Simulator:
    """Return a bank that refuses one account."""
    digits = RULES.number("settlement.virtual_digits")
    return Simulator(CUSTODY, digits, today, {CLOSED: "RC01"})


def began(bank: MockBank) -> MockBank:
    """Return the bank as it began, its account in our currency."""
    bank.said("POST", "/_mock/reset")
    bank.said("PATCH", "/_mock/accounts/ACME", {"currency": "CNY"})
    bank.messages("")
    return bank


@held(Promise.ONCE)
def test_money_in_is_booked_once_however_often_it_is_told(way: Way) -> None:
    asked = way.ask()

    way.pay(asked)
    before = way.books()
    way.tell_again()

    assert way.arrived(asked) == AMOUNT
    assert way.books() == before


@held(Promise.SAME_BODY)
def test_the_same_body_twice_is_one_entry(way: Way) -> None:
    way.pay(way.ask())
    before = way.books()

    way.same_body()

    assert way.books() == before


@held(Promise.OTHER_AMOUNT)
def test_a_replay_with_another_amount_is_refused(way: Way) -> None:
    way.pay(way.ask())
    before = way.books()

    with pytest.raises(way.refusals):
        way.replay(AMOUNT + PART)

    assert way.books() == before


@held(Promise.OVER)
def test_what_is_paid_too_much_waits_and_goes_back_to_its_payer(way: Way) -> None:
    asked = way.ask()

    way.overpay(asked, PART)
    arrived, waits = way.arrived(asked), way.waiting()
    way.give_back()

    assert (arrived, waits, asked.state) == (AMOUNT, PART, payments.State.FUNDED)
    assert (way.waiting(), way.returned()) == (Money(0), PART)
    way.books()


@held(Promise.UNDER)
def test_what_is_paid_too_little_leaves_the_rest_to_be_paid(way: Way) -> None:
    asked = way.ask()

    way.underpay(asked, PART)
    part = (asked.state, way.arrived(asked), asked.due)
    way.pay(asked)

    assert part == (payments.State.PART_FUNDED, PART, AMOUNT - PART)
    assert (asked.state, way.arrived(asked)) == (payments.State.FUNDED, AMOUNT)
    way.books()


@held(Promise.LATE)
def test_what_is_paid_after_the_close_goes_to_suspense_and_back(way: Way) -> None:
    asked = way.ask()

    way.pay_late(asked)
    arrived, waits = way.arrived(asked), way.waiting()
    way.give_back()

    assert (arrived, waits, asked.state) == (Money(0), AMOUNT, payments.State.VOID)
    assert (way.waiting(), way.returned()) == (Money(0), AMOUNT)
    way.books()


@held(Promise.REFUND)
def test_a_refund_leaves_by_the_way_the_money_came_once(way: Way) -> None:
    asked = way.ask()
    way.pay(asked)

    way.refund(PART)
    before = way.books()
    way.tell_again()

    assert (way.returned(), way.waiting()) == (PART, Money(0))
    assert way.arrived(asked) == AMOUNT - PART
    assert way.books() == before


@held(Promise.COMES_BACK)
def test_money_that_went_out_and_comes_back_is_where_it_was(way: Way) -> None:
    account, amount = way.pay_out_in_vain()

    assert way.on(account.code, account.owner) == amount
    assert (way.on("2241.payout_transit"), way.waiting()) == (Money(0), Money(0))
    way.books()


@held(Promise.RECONCILES)
def test_books_and_the_other_side_agree_to_the_line(way: Way) -> None:
    way.pay(way.ask())

    assert way.breaks() == []


def test_every_promise_is_held_to_and_every_way_that_cannot_says_why() -> None:
    assert set(HELD) == set(Promise)
    assert all(len(reason) > 30 for way in WAYS.values() for reason in way.cannot.values())
    assert {Promise.ONCE, Promise.SAME_BODY, Promise.OTHER_AMOUNT}.isdisjoint(
        promise for way in WAYS.values() for promise in way.cannot
    )
