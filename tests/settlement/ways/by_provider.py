"""Paying through a provider: the fake in this process, and Stripe's adapter at a chaotic one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from kernel import journal
from kernel.clock import local_date
from kernel.money import Money
from settlement import payments
from settlement.ledger import AccountRef
from settlement.payments import Payment
from settlement.rails import attempts, collecting, commands
from settlement.rails.attempts import Attempt
from settlement.rails.fake_rail import SIGNATURE, FakeRail
from settlement.rails.port import Kind, NoAnswer, Phase
from settlement.reconciling import providers
from settlement.refunding import refunds
from tests.settlement import money
from tests.settlement.money import BUYER_NAME
from tests.settlement.rails.chaos_world import World
from tests.settlement.rails.till import Till
from tests.settlement.ways.promises import ORDER, Promise, Way

Word = tuple[Mapping[str, str], bytes]


class ByProvider(Way):
    """What both have in common. attempt: the last that was begun."""

    refusals: ClassVar[tuple[type[Exception], ...]] = (NoAnswer,)
    attempt: Attempt

    def __init__(self, till: Till) -> None:
        super().__init__(till.work_as)
        self.till = till

    def approve(self, object_id: str) -> None:
        """Let the buyer's bank say yes."""
        raise NotImplementedError

    def words(self) -> list[Word]:
        """Return every notice that there is, as the provider sends it."""
        raise NotImplementedError

    def pay(self, payment: Payment) -> None:
        self._begin(payment)
        self.approve(self.attempt.object_id or "")
        self._hear()
        self.till.polled()  # the provider's fee is booked by its balance line

    def tell_again(self) -> None:
        self._hear()
        self.till.polled()
        self.till.gateway.look(self.till.port.name, Kind.PAYMENT, self.attempt.object_id or "")
        self.till.gateway.run_due()

    def same_body(self) -> None:
        assert [self.till.notified(*word) for word in self.words()].count(True) == 0
        self.till.gateway.handle_due()

    def replay(self, amount: Money) -> None:
        order = commands.order(self.till.command(self.attempt))
        self.till.port.run(replace(order, amount=amount))

    def overpay(self, payment: Payment, by: Money) -> None:
        """A part comes by the bank while the buyer pays the whole by the provider."""
        self._begin(payment)
        text = f"货款 {payment.reference}"
        money.took(self.work_as, money.csv_of([("T-part", by.minor, BUYER_NAME, text)]))
        self.approve(self.attempt.object_id or "")
        self._hear()

    def underpay(self, payment: Payment, amount: Money) -> None:
        """The money is reserved, and no more than a part is taken."""
        self.attempt = self.till.begun(payment, manual=True)
        self.till.gateway.run_due()
        settler = self.work_as("per_exchange_settler", at=self.till.now)
        attempts.take(settler, self.attempt.id, "take_reserved", amount=amount.minor)
        self.session.flush()
        self.till.gateway.run_due()

    def pay_late(self, payment: Payment) -> None:
        self._begin(payment)
        payments.void(self.till.work, payment.id)
        self.session.flush()
        voided = journal.history(self.session, payment.id, limit=9)[-1]
        collecting.close_for(self.till.work, voided)
        self.approve(self.attempt.object_id or "")
        self.till.gateway.run(None)

    def give_back(self) -> None:
        """What is too much is sent back by itself."""
        self.till.gateway.run_due()
        self._hear()

    def refund(self, amount: Money) -> None:
        settler = self.work_as("per_exchange_settler", at=self.till.now)
        refunds.request(settler, order_id=ORDER, amount=amount, reason="not delivered")
        self.session.flush()
        self.give_back()

    def _begin(self, payment: Payment) -> None:
        self.attempt = self.till.begun(payment, method="alipay")
        self.till.gateway.run(self.attempt.command_id)
        self.attempt = self.till.again(self.attempt)

    def _hear(self) -> None:
        for word in self.words():
            self.till.notified(*word)
        self.till.gateway.handle_due()


class ByFake(ByProvider):
    """Through the provider that moves no money."""

    cannot: ClassVar[Mapping[Promise, str]] = {
        Promise.COMES_BACK: "it moves no money: what it is told to pay out never comes back",
        Promise.RECONCILES: "it keeps no balance, so that it tells no lines to compare with",
    }

    def __init__(self, till: Till, rail: FakeRail) -> None:
        super().__init__(till)
        self.rail = rail

    def approve(self, object_id: str) -> None:
        self.rail.decide(object_id, Phase.SUCCEEDED)

    def words(self) -> list[Word]:
        return [({SIGNATURE: self.rail.sign(body)}, body) for _, body in self.rail.told]

    def returned(self) -> Money:
        made = (one for one in self.rail.objects.values() if one.kind is Kind.REFUND)
        return sum((one.amount for one in made), Money(0))


class ByStripe(ByProvider):
    """Through Stripe's adapter, by the official library, at a provider that keeps a balance."""

    def __init__(self, till: Till, world: World) -> None:
        super().__init__(till)
        self.world = world

    def approve(self, object_id: str) -> None:
        self.world.succeed(object_id)

    def words(self) -> list[Word]:
        return [self.world.signed(event) for event in self.world.events]

    def returned(self) -> Money:
        return Money(sum(one["amount"] for one in self.world.kind("refund")))

    def pay_out_in_vain(self) -> tuple[AccountRef, Money]:
        """The provider pays us out, and our bank sends it back."""
        self.pay(self.ask())
        self.till.polled()
        cash = AccountRef("1012.psp", "stripe")
        before = self.on(cash.code, cash.owner)
        payout = self.world.pay_out()
        self.till.polled()
        assert self.on(cash.code, cash.owner) == Money(0)
        self.world.land(payout, ok=False)
        self.till.polled()
        return cash, before

    def breaks(self) -> list[str]:
        self.till.polled()
        self.session.flush()
        day = local_date(self.till.now)
        work = self.work_as("per_exchange_settler", at=self.till.now + timedelta(days=1))
        found = providers.compared(work, day, day)
        held = sum(line["net"] for line in self.world.lines)
        assert self.on("1012.psp", "stripe") == Money(held)
        return [fact.key for fact in found]


Make = Callable[..., Any]
