"""What every way of paying promises, and what is asked of a way so that it can be held to it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.money import Money
from settlement import fsck, ledger
from settlement.books import accounts, balances, entries
from settlement.ledger import AccountRef
from settlement.payments import Payment
from settlement.statements import trial_balance
from tests.settlement import money
from tests.settlement.money import WorkAs

AMOUNT: Final = Money(10_000)
"""What is paid: little enough for one person to give back."""

ORDER: Final = "ord_1"


class Promise(StrEnum):
    """One promise; its value says it."""

    ONCE = "money in is booked once, however often and by whatever channel it is told"
    SAME_BODY = "the same body twice is one entry"
    OTHER_AMOUNT = "a replay with another amount is refused"
    OVER = "what is paid too much does not go to the seller"
    UNDER = "what is paid too little leaves the rest to be paid"
    LATE = "what is paid after the payment was closed goes to suspense and back to its payer"
    REFUND = "a refund leaves by the way the money came, once"
    COMES_BACK = "money that went out and comes back is where it was"
    RECONCILES = "books and the other side agree to the line"


class Way:
    """A way of paying. cannot: promises that it cannot be held to, each with its reason.

    A promise's verbs raise nothing when all went as it should; what must be refused is
    raised, and is one of `refusals`.
    """

    cannot: ClassVar[Mapping[Promise, str]] = {}
    refusals: ClassVar[tuple[type[Exception], ...]] = ()

    def __init__(self, work_as: WorkAs) -> None:
        self.work_as = work_as

    @property
    def session(self) -> Session:
        """The session in which all is done."""
        return money.made_session(self.work_as)

    def ask(self) -> Payment:
        """Ask the buyer for AMOUNT."""
        return money.asked(self.work_as, ORDER, AMOUNT)

    def pay(self, payment: Any) -> None:
        """Let what is asked arrive, and be told."""
        raise NotImplementedError

    def arrived(self, payment: Any) -> Money:
        """Return what the books say has arrived where it belongs."""
        del payment
        return self.on("2241.escrow", ORDER)

    def tell_again(self) -> None:
        """Tell what was told, by every channel there is."""
        raise NotImplementedError

    def same_body(self) -> None:
        """Hand the very same bytes over once more; what is refused is swallowed."""
        raise NotImplementedError

    def replay(self, amount: Money) -> None:
        """Tell of the same thing, but for the amount. Raises one of `refusals`."""
        raise NotImplementedError

    def overpay(self, payment: Payment, by: Money) -> None:
        """Let so much more arrive than is asked."""
        raise NotImplementedError

    def underpay(self, payment: Payment, amount: Money) -> None:
        """Let no more than so much arrive."""
        raise NotImplementedError

    def pay_late(self, payment: Payment) -> None:
        """Void the payment; then the money arrives all the same."""
        raise NotImplementedError

    def give_back(self) -> None:
        """Do what is to be done until what nobody awaits is with its payer again."""
        raise NotImplementedError

    def refund(self, amount: Money) -> None:
        """Refund so much of the order, until the buyer has it."""
        raise NotImplementedError

    def returned(self) -> Money:
        """Return what the other side says the payer has got back."""
        raise NotImplementedError

    def pay_out_in_vain(self) -> tuple[AccountRef, Money]:
        """Let money go out and come back; return where it was before, and how much of it."""
        raise NotImplementedError

    def breaks(self) -> list[str]:
        """Reconcile with the other side, and return what does not agree."""
        raise NotImplementedError

    # --- the books

    def on(self, code: str, owner: str = "") -> Money:
        """Return what is on an account."""
        return ledger.balance(self.session, AccountRef(code, owner))

    def waiting(self) -> Money:
        """Return what stands in suspense or is on its way back."""
        self.session.flush()
        left = func.coalesce(func.sum(balances.c.credits - balances.c.debits), 0)
        statement = (
            select(left)
            .join(accounts, accounts.c.id == balances.c.account_id)
            .where(accounts.c.code.in_(("2241.suspense", "2241.refund_transit")))
        )
        return Money(int(self.session.scalars(statement).one()))

    def books(self) -> tuple[Any, ...]:
        """Return how many entries there are, and every total, once they are found in order."""
        self.session.flush()
        assert fsck.check(self.session) == ()
        count = self.session.scalar(select(func.count()).select_from(entries))
        return (count, *trial_balance(self.session).rows)
