"""Paying by bank transfer: what arrives is told by statements, what leaves is asked by files.

The bank is the one in memory, or one that others wrote, in a process of its own.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar, Final

import pytest
from sqlalchemy import select

from kernel.money import Money
from kernel.work import Work
from settlement import accounts, bank_files, payments, payouts
from settlement.bank import clearings, intake, outgoing, statements, virtual_accounts
from settlement.bank.escrow_bank import EscrowBank, Payer, Simulator
from settlement.bank.intake import AlreadyImported
from settlement.bank.outgoing import Form
from settlement.bank.reading.neutral import StatementRefused
from settlement.bank.statements import BankLine, BankStatement
from settlement.ledger import AccountRef
from settlement.payments import Payment
from settlement.payouts import Payout
from settlement.reconciling import banks
from settlement.reconciling.sides import Days
from settlement.refunding import refunds
from tests.settlement import money
from tests.settlement.bank import banking, mock_bank
from tests.settlement.bank.mock_bank import ELSEWHERE, IBAN, OTHERS, MockBank
from tests.settlement.money import BUYER_NAME, CUSTODY, WorkAs
from tests.settlement.ways.promises import ORDER, Way

BEGINS: Final = date(2026, 7, 13)  # a Monday: banks rest at the end of a week
MERCHANT: Final = ("org_developer", "演示·枫香科技")
CLOSED: Final = "6217000000000000009"
"""An account that the bank in memory refuses to pay to."""


class ByBank(Way):
    """By transfer to the supervised account, with the reference code in its text."""

    refusals: ClassVar[tuple[type[Exception], ...]] = (AlreadyImported, StatementRefused)
    account: ClassVar[str] = CUSTODY
    payer: ClassVar[str] = "6222000000001234"
    refused: ClassVar[str] = CLOSED

    def __init__(self, work_as: WorkAs, bank: EscrowBank) -> None:
        super().__init__(work_as)
        self.bank, self.day, self.last = bank, BEGINS, b""

    def work(self, person: str = "per_exchange_settler") -> Work:
        """Return the work of an officer, at noon."""
        at = datetime.combine(self.day, time(4), UTC)
        made: Work = self.work_as(person, at=at)
        return made

    def number(self) -> str:
        """Return the account that is paid to."""
        return self.account

    def text(self, payment: Payment) -> str:
        """Return what the payer writes."""
        return f"货款 {payment.reference}"

    def pay(self, payment: Payment) -> None:
        self._pay(payment, payment.due)

    def tell_again(self) -> None:
        """The same statement, and its lines once more under another number."""
        self.same_body()
        lines = self._lines()
        last = statements.last(self.session, self.account)
        assert last is not None
        for number, opening in ((last.number, last.opening), ("again", last.closing)):
            with pytest.raises(self.refusals):
                self._import(self._csv(lines, number, opening))

    def same_body(self) -> None:
        with pytest.raises(AlreadyImported):
            self._import(self.last)

    def replay(self, amount: Money) -> None:
        """The bank's reference again, in a statement that follows the last one."""
        last = statements.last(self.session, self.account)
        assert last is not None
        changed = [(ref, amount.minor, name, text) for ref, _, name, text in self._lines()]
        with pytest.raises(AlreadyImported):
            self._import(self._csv(changed, last.number, last.opening))
        self._import(self._csv(changed, "again", last.closing))

    def overpay(self, payment: Payment, by: Money) -> None:
        self._pay(payment, payment.due + by)

    def underpay(self, payment: Payment, amount: Money) -> None:
        self._pay(payment, amount)

    def pay_late(self, payment: Payment) -> None:
        payments.void(self.work_as("system"), payment.id)
        self.session.flush()
        self._pay(payment, payment.amount)

    def give_back(self) -> None:
        """A person sends it back, out of suspense, to the account that it came from."""
        for line in self.session.scalars(select(BankLine).where(BankLine.note.is_not(None))):
            if statements.suspense(self.session, [line.id]):
                clearings.send_back(self.work("per_exchange_checker"), line.id, reason="无人等待")
        self._carry()

    def refund(self, amount: Money) -> None:
        refunds.request(self.work(), order_id=ORDER, amount=amount, reason="未交付")
        self._carry()

    def returned(self) -> Money:
        """Return what went out to the payer's account, as the bank says."""
        whole = bank_files.masked(self.payer)
        went = select(BankLine).where(BankLine.amount_minor < 0)
        lines = [one for one in self.session.scalars(went) if one.counterparty_account == whole]
        return Money(-sum(one.amount.minor for one in lines))

    def pay_out_in_vain(self) -> tuple[AccountRef, Money]:
        """One payout is rejected by the bank, another one comes back after it was paid."""
        earns = AccountRef("2202.merchant", MERCHANT[0])
        rejected = self._payout(self.refused, Money(20_000))
        self._carry()
        assert rejected.state == payouts.State.FAILED
        accounts.take(self.work(), rejected.account_id, "retire", reason="账户已销")
        self.session.flush()
        self._will_return()
        paid = self._payout(self.payer, Money(30_000))
        self._carry()
        assert paid.state == payouts.State.PAID
        self._come_back(paid)
        assert paid.state == payouts.State.RETURNED
        return earns, Money(50_000)

    def breaks(self) -> list[str]:
        self.session.flush()
        return [fact.key for fact in banks.compared(self.work(), Days(BEGINS, self.day))]

    # --- at the bank

    def _pay(self, payment: Payment, amount: Money) -> None:
        payer = Payer(BUYER_NAME, self.payer)
        self.bank.notify_in(self.number(), amount, payer=payer, text=self.text(payment))
        self._next_day()

    def _next_day(self) -> None:
        """Let the day end, and take in what the bank says of it."""
        ended, self.day = self.day, self.day + timedelta(days=1)
        self._pass()
        self.last = self.bank.statement(ended)
        self._import(self.last)

    def _pass(self) -> None:
        assert isinstance(self.bank, Simulator)
        self.bank.today = self.day

    def _will_return(self) -> None:
        """Let the next payment come back after it was made."""

    def _import(self, text: str | bytes) -> BankStatement:
        made = intake.import_statement(self.work(), account=self.account, text=text)
        self.session.flush()
        return made

    def _carry(self) -> None:
        """Send what is approved, hear the bank's answer, and its statement."""
        self.session.flush()
        file = outgoing.send(self.work(), form=Form.PAIN)
        self.session.flush()
        answer = self.bank.pay_out(outgoing.content(self.work(), file.id))
        outgoing.read_answer(self.work(), answer)
        self.session.flush()
        self._next_day()

    def _payout(self, number: str, amount: Money) -> Payout:
        party, name = MERCHANT
        made = accounts.register(
            self.work(), party_id=party, account_name=name, bank_name="演示银行", number=number
        )
        self.session.flush()
        accounts.take(self.work("per_exchange_checker"), made.id, "verify", evidence="x")
        return banking.payout(self.work_as, party, amount)

    def _come_back(self, paid: Payout) -> None:
        payee = Payer(MERCHANT[1], self.payer)
        text = f"退汇 {paid.reference}"
        self.bank.notify_in(self.account, paid.amount, payer=payee, text=text)
        self._next_day()

    def _lines(self) -> list[money.Movement]:
        return [
            (one.bank_ref, one.amount.minor, one.counterparty_name, one.text)
            for one in self.session.scalars(select(BankLine).order_by(BankLine.id))
        ]

    def _csv(self, lines: list[money.Movement], number: str, opening: Money) -> str:
        on = (self.day - timedelta(days=1)).isoformat()
        return money.csv_of(
            lines, number=number, opening=opening.minor, account=self.account, on=on
        )


class ByVirtualAccount(ByBank):
    """By transfer to a number of the payer's own; its text says nothing."""

    def number(self) -> str:
        made = virtual_accounts.open_for(
            self.work(), self.bank, payer_id="org_buyer", order_id=ORDER
        )
        self.session.flush()
        return made.number

    def text(self, payment: Payment) -> str:
        del payment
        return "货款"


class ByMockBank(ByBank):
    """By transfer, with the reference code, at a bank that others wrote."""

    account: ClassVar[str] = IBAN
    payer: ClassVar[str] = ELSEWHERE
    refused: ClassVar[str] = OTHERS["unknown"]

    def work(self, person: str = "per_exchange_settler") -> Work:
        rules = banking.rules(custody_account=IBAN, custody_bic=mock_bank.BIC)
        return replace(super().work(person), rules=rules)

    def _pass(self) -> None:
        self._other.advance(1)

    def _will_return(self) -> None:
        self._other.behave("return-later", days=1, reason="AC04")

    def _come_back(self, paid: Payout) -> None:
        self._next_day()

    @property
    def _other(self) -> MockBank:
        assert isinstance(self.bank, MockBank)
        return self.bank
