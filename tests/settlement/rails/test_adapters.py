"""One suite over all adapters: what each can do it does alike, what it cannot it says.

The fake is in this process; Stripe's adapter speaks, by the official library, to a provider
that misbehaves on demand, and to another one that somebody else wrote (a separate process).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from kernel.money import Money
from settlement.rails import commands
from settlement.rails.fake_rail import SIGNATURE, FakeRail
from settlement.rails.port import (
    ABILITIES,
    BadNotice,
    Declined,
    Kind,
    NoAnswer,
    Object,
    Order,
    Phase,
)
from settlement.rails.stripe_rail import StripeRail
from tests.conftest import NOON
from tests.settlement.rails import localstripe
from tests.settlement.rails.chaos_psp import served
from tests.settlement.rails.chaos_world import World


@dataclass
class Side:
    """An adapter with its provider. lacks: what that provider cannot do, whatever we can."""

    port: Any
    approve: Callable[[str], object]
    notice: Callable[[str], tuple[dict[str, str], bytes]]
    dispute: Callable[[str], str] = lambda _intent: "dp_none"
    now: Any = NOON
    lacks: frozenset[str] = frozenset()
    return_url: str = "https://x.invalid/"

    def can(self, ability: str) -> bool:
        assert ability in ABILITIES
        return ability in self.port.can and ability not in self.lacks

    def order(self, kind: str = commands.START, amount: int = 10_000, **body: Any) -> Order:
        method = body.pop("method", "card")
        filled = {
            "method": method, "manual": False, "return_url": self.return_url, "reference": "R",
            "token": "pm_card_visa" if method == "card" else "", **body,
        }  # fmt: skip
        number = next(_NUMBERS)
        return Order(
            id=f"cmd_{number}", key=f"key_{number}", kind=kind, subject="att_1",
            amount=Money(amount), body=filled, since=self.now,
        )  # fmt: skip

    def paid(self, amount: int = 10_000) -> Object:
        return self.run(self.order(amount=amount))

    def run(self, order: Order) -> Object:
        found: Object = self.port.run(order)
        return found


_NUMBERS = iter(range(10**9))


def _fake() -> Iterator[Side]:
    rail = FakeRail()

    def notice(_intent: str) -> tuple[dict[str, str], bytes]:
        body = rail.told[-1][1]
        return {SIGNATURE: rail.sign(body)}, body

    yield Side(rail, lambda found: rail.decide(found, Phase.SUCCEEDED), notice)


def _chaos() -> Iterator[Side]:
    world = World(seed=1)
    world.ahead_s = int(NOON.timestamp()) - world.now()
    with served(world) as url:
        rail = StripeRail("sk_test_1", world.secret, base_url=url, timeout_s=2)
        yield Side(
            rail, world.succeed, lambda _intent: world.signed(world.events[-1]), world.dispute
        )


@pytest.fixture(scope="module")
def local() -> Iterator[localstripe.Local]:
    with localstripe.served() as found:
        yield found


def _local(found: localstripe.Local) -> Iterator[Side]:
    localstripe.forgotten(found)
    rail = localstripe.Older("sk_test_12345", localstripe.SECRET, base_url=found.url, timeout_s=10)
    yield Side(
        rail,
        found.approve,
        found.notice,
        now=found.now(),
        lacks=localstripe.LACKS,
        return_url="",  # it knows none
    )


def _of_another_endpoint(side: Side) -> FakeRail | StripeRail:
    if side.port.name == "fake":
        return FakeRail()
    return StripeRail("sk_test_1", "whsec_of_another", base_url="http://127.0.0.1:9", timeout_s=1)


@pytest.fixture(params=["fake", "chaos", "localstripe"])
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    if request.param == "localstripe":
        yield from _local(request.getfixturevalue("local"))
    else:
        yield from _fake() if request.param == "fake" else _chaos()


def test_a_payment_is_made_and_found_again(side: Side) -> None:
    made = side.paid()

    assert (made.kind, made.phase, made.amount) == (Kind.PAYMENT, Phase.SUCCEEDED, Money(10_000))
    assert side.port.fetch(Kind.PAYMENT, made.id).phase is Phase.SUCCEEDED
    assert made.provider == side.port.name


def test_a_command_under_one_key_is_done_once(side: Side) -> None:
    order = side.order()
    first, second = side.run(order), side.run(order)

    same = first.id == second.id
    assert same == side.can("idempotency"), "what it lacks is told in its list"


def test_a_key_under_which_something_else_was_said_is_refused(side: Side) -> None:
    order = side.order()
    made = side.run(order)

    if side.can("idempotency"):
        with pytest.raises(NoAnswer) as told:
            side.run(replace(order, amount=Money(10_001)))
        assert (told.value.code, told.value.stored) == ("idempotency-error", True)
    assert side.port.fetch(Kind.PAYMENT, made.id).amount == Money(10_000)


def test_the_object_carries_the_command_that_made_it(side: Side) -> None:
    order = side.order()
    made = side.run(order)

    assert made.command_id == order.id
    if side.can("search"):
        found = side.port.find(order)
        assert found is not None
        assert found.id == made.id
        assert side.port.find(replace(order, id="cmd_never")) is None


def test_money_is_reserved_and_taken_in_part(side: Side) -> None:
    assert side.can("manual_capture")
    reserved = side.run(side.order(manual=True))
    assert reserved.phase is Phase.AUTHORISED

    taken = side.run(side.order(commands.CAPTURE, 4_000, object=reserved.id))

    assert taken.phase is Phase.SUCCEEDED
    assert (taken.amount == Money(4_000)) == side.can("partial_capture")


def test_what_is_reserved_can_be_let_go(side: Side) -> None:
    assert side.can("cancel")
    reserved = side.run(side.order(manual=True))

    let_go = side.run(side.order(commands.CANCEL, 0, object=reserved.id))

    assert let_go.phase is Phase.CANCELLED
    order = side.order(commands.CANCEL, 0, object=reserved.id)
    found = side.port.find(order) if side.can("search") else None
    assert found is None or found.phase is Phase.CANCELLED


def test_what_was_paid_cannot_be_let_go(side: Side) -> None:
    with pytest.raises(Declined):
        side.run(side.order(commands.CANCEL, 0, object=side.paid().id))


def test_money_goes_back_in_parts_and_no_more_than_there_is(side: Side) -> None:
    assert side.can("partial_refunds")
    paid = side.paid()

    part = side.run(side.order(commands.REFUND, 4_000, object=paid.id))

    assert (part.kind, part.phase, part.parent) == (Kind.REFUND, Phase.SUCCEEDED, paid.id)
    assert side.port.fetch(Kind.REFUND, part.id).amount == Money(4_000)
    more = side.order(commands.REFUND, 6_001, object=paid.id)
    if side.can("refund_limit"):
        with pytest.raises(Declined):
            side.run(more)
    else:
        assert side.run(more).amount == Money(6_001), "it gives back what it never had"


def test_a_refund_is_found_by_its_command(side: Side) -> None:
    paid = side.paid()
    order = side.order(commands.REFUND, 1, object=paid.id)
    made = side.run(order)

    found = side.port.find(order) if side.can("search") else made

    assert found is not None
    assert found.id == made.id


def test_a_wallet_sends_its_buyer_to_a_page_of_its_own(side: Side) -> None:
    if not side.can("redirects"):
        with pytest.raises(Declined):
            side.run(side.order(method="alipay"))
        return
    waiting = side.run(side.order(method="alipay"))

    side.approve(waiting.id)

    assert waiting.phase is Phase.REQUIRES_ACTION
    assert waiting.handover["redirect_url"]
    assert side.port.fetch(Kind.PAYMENT, waiting.id).phase is Phase.SUCCEEDED


def test_what_happened_is_told_in_order_and_reads_as_it_was_told(side: Side) -> None:
    paid = side.paid()
    if not side.can("events"):
        with pytest.raises(Declined):
            list(side.port.events(side.now))
        return

    told = [event for event, _ in side.port.events(side.now) if event.object]

    mine = [event for event in told if event.object.id == paid.id]
    assert mine[-1].object.phase is Phase.SUCCEEDED
    assert [event.at for event in told] == sorted(event.at for event in told)
    assert [side.port.read(body).id for _, body in side.port.events(side.now)]


def test_a_notice_is_taken_when_it_is_signed_and_not_when_it_is_changed(side: Side) -> None:
    paid = side.paid()
    headers, body = side.notice(paid.id)

    event = side.port.verify(headers, body, side.now)

    assert event.object is not None
    assert event.object.id == paid.id
    with pytest.raises(BadNotice):
        side.port.verify(headers, body + b" ", side.now)


def test_a_notice_of_another_endpoint_is_not_taken(side: Side) -> None:
    headers, body = side.notice(side.paid().id)
    other = _of_another_endpoint(side)

    with pytest.raises(BadNotice):
        other.verify(headers, body, side.now)


@pytest.mark.parametrize("away", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_a_notice_of_another_time_is_not_taken_where_its_time_is_signed(
    side: Side, away: timedelta
) -> None:
    headers, body = side.notice(side.paid().id)

    if side.port.name == "fake":  # its mark bears no time: it is in this process
        assert side.port.verify(headers, body, side.now + away).object
        return
    with pytest.raises(BadNotice):
        side.port.verify(headers, body, side.now + away)


def test_a_dispute_tells_which_payment_it_is_about(side: Side) -> None:
    paid = side.paid()
    dispute_id = side.dispute(paid.id)
    if not side.can("disputes"):
        with pytest.raises((Declined, NoAnswer)):  # one that knows no disputes answers oddly
            side.port.fetch(Kind.DISPUTE, dispute_id)
        return

    found = side.port.fetch(Kind.DISPUTE, dispute_id)

    assert (found.kind, found.parent, found.amount) == (Kind.DISPUTE, paid.id, paid.amount)
    assert (found.phase, found.due is None) == (Phase.REQUIRES_ACTION, False)


def test_our_balance_there_is_told_line_by_line(side: Side) -> None:
    side.paid()
    if side.port.name == "stripe" and not side.can("balance_lines"):
        with pytest.raises(Declined):
            side.port.balance_lines(side.now)
        return

    lines = list(side.port.balance_lines(side.now))

    assert bool(lines) == side.can("balance_lines")
    assert all(line.net == line.amount - line.fee for line in lines)
    assert any(line.fee.minor for line in lines) == side.can("fees")


def test_money_is_paid_out_to_our_bank(side: Side) -> None:
    side.paid()
    order = side.order(commands.PAYOUT, 1_000)
    if not side.can("payouts"):
        with pytest.raises(Declined):
            side.run(order)
        return

    sent = side.run(order)

    assert (sent.kind, sent.amount) == (Kind.PAYOUT, Money(1_000))
    found = side.port.find(order)
    assert found is not None
    assert found.id == sent.id
    assert side.port.fetch(Kind.PAYOUT, sent.id).kind is Kind.PAYOUT


@pytest.mark.parametrize("kind", [Kind.PAYMENT, Kind.REFUND])
def test_what_is_not_there_is_declined(side: Side, kind: Kind) -> None:
    with pytest.raises(Declined):
        side.port.fetch(kind, "pi_none")


def test_every_ability_is_one_that_the_port_names(side: Side) -> None:
    assert side.port.can <= set(ABILITIES)
    assert side.lacks <= side.port.can


@pytest.mark.parametrize(("key", "secret"), [("", "whsec_1"), ("sk_test_1", ""), ("", "")])
def test_stripe_does_not_start_without_its_key_and_its_endpoints_secret(
    key: str, secret: str
) -> None:
    with pytest.raises(ValueError, match="secret of its endpoint"):
        StripeRail(key, secret)
