"""Ways by which no money of the buyer's comes in: a deal made elsewhere, and a voucher."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Final

import pytest

from kernel.errors import DomainError
from kernel.money import Money
from settlement.deals.deals import DirectDeal
from settlement.reconciling import legs
from settlement.reconciling.sides import Days
from settlement.vouchers import vouchers
from settlement.vouchers.vouchers import Voucher
from tests.settlement import money
from tests.settlement.deals import test_deals as dealing
from tests.settlement.money import DUE
from tests.settlement.vouchers import gifts
from tests.settlement.ways.promises import AMOUNT, ORDER, Promise, Way

DIRECT: Final = "the buyer pays the seller directly: no money of the deal passes through here"
PAID: Final = Money(40_000)
WEEKS: Final = Days(DUE.date() - timedelta(days=14), DUE.date())


class ByDeal(Way):
    """Paid outside, proved by papers, and registered by two people."""

    cannot: ClassVar[Mapping[Promise, str]] = {
        Promise.OVER: DIRECT,
        Promise.UNDER: DIRECT,
        Promise.LATE: DIRECT,
        Promise.REFUND: DIRECT,
        Promise.COMES_BACK: DIRECT,
    }
    refusals: ClassVar[tuple[type[Exception], ...]] = (DomainError,)
    deal: DirectDeal

    def ask(self) -> Any:
        self.deal = self._submitted("HT-1", AMOUNT)
        return self.deal

    def pay(self, payment: DirectDeal) -> None:
        dealing.step(self.work_as, payment, "verify", dealing.FIRST)
        dealing.step(self.work_as, payment, "register", dealing.SECOND)

    def arrived(self, payment: DirectDeal) -> Money:
        """Return what counts as turnover: the proof is what arrives."""
        return self.on("9002.turnover", payment.id)

    def tell_again(self) -> None:
        with pytest.raises(DomainError):
            dealing.step(self.work_as, self.deal, "verify", dealing.FIRST)
        with pytest.raises(DomainError):
            dealing.step(self.work_as, self.deal, "register", dealing.SECOND)

    def same_body(self) -> None:
        """The same papers, filed under another number."""
        with pytest.raises(DomainError):
            self.replay(AMOUNT)

    def replay(self, amount: Money) -> None:
        again = self._submitted(f"HT-{amount.minor}", amount)
        dealing.step(self.work_as, again, "verify", dealing.FIRST)

    def breaks(self) -> list[str]:
        work = self.work_as("per_exchange_settler", at=DUE)
        return [fact.key for leg in legs.LEGS for fact in leg(work, WEEKS)]

    def _submitted(self, number: str, amount: Money) -> DirectDeal:
        made = dealing.drafted(self.work_as, contract_no=number, amount=amount)
        dealing.with_papers(self.work_as, made)
        dealing.step(self.work_as, made, "submit", dealing.MERCHANT)
        return made


class ByVoucher(Way):
    """A part is the sponsor's: redeemed after an audit, when the order is accepted."""

    cannot: ClassVar[Mapping[Promise, str]] = {
        Promise.OVER: "it pays the least of its face, its limit and its rate, never more",
        Promise.UNDER: "its part is redeemed whole, or declined and asked of the buyer",
        Promise.LATE: "an order that ends gives its voucher back before anything is redeemed",
        Promise.REFUND: "its part goes back to its budget with the order that is refunded whole",
        Promise.COMES_BACK: "nothing is paid out of it: its part becomes the order's escrow",
    }
    refusals: ClassVar[tuple[type[Exception], ...]] = (DomainError,)
    voucher: Voucher

    def ask(self) -> Any:
        """The whole is 50,000 fen: a fifth is the voucher's, the buyer has paid the rest."""
        self.voucher = gifts.claimed(self.work_as, gifts.opened(self.work_as))
        gifts.locked(self.work_as, self.voucher, ORDER, (PAID + AMOUNT).minor)
        money.paid(self.work_as, ORDER, PAID)
        money.accepted(self.work_as, ORDER, money.line(amount=PAID, volume=PAID + AMOUNT))
        return self.voucher

    def pay(self, payment: Voucher) -> None:
        checker = self.work_as("per_exchange_checker")
        vouchers.take(checker, payment.id, "redeem", evidence="7月调用 12,000 次")

    def arrived(self, payment: Voucher) -> Money:
        del payment
        return self.on("2241.escrow", ORDER)

    def tell_again(self) -> None:
        self.same_body()
        with pytest.raises(DomainError):
            vouchers.decline(self.work_as("per_exchange_checker"), self.voucher.id, "没有使用")

    def same_body(self) -> None:
        with pytest.raises(DomainError):
            self.pay(self.voucher)

    def replay(self, amount: Money) -> None:
        gifts.locked(self.work_as, self.voucher, ORDER, amount.minor)

    def breaks(self) -> list[str]:
        self.session.flush()
        work = self.work_as("per_exchange_settler", at=DUE)
        return [fact.key for leg in legs.LEGS for fact in leg(work, WEEKS)]
