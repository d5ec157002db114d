"""What a receipt is for (来款匹配): the ladder, from the surest sign to a person's judgement.

First the virtual account it was paid to, then the reference code in its text, then the exact
amount from the payer's verified account, then the exact amount and the payer's name, which a
person must confirm. Money of a third party (第三方付款) is held whatever it names.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, select

from kernel.money import Money
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from settlement import accounts, bank_files, payments
from settlement.accounts import BankAccount
from settlement.bank import statements, virtual_accounts
from settlement.bank.reading.neutral import FileLine
from settlement.bank.statements import BankLine, Note
from settlement.bank.virtual_accounts import VirtualAccount
from settlement.payments import Payment

CANDIDATES_MAX: Final = 2_000
"""The most open payments that are looked at by amount or by payer, the newest first."""

SUGGESTED_MAX: Final = 5
"""The most payments that are suggested for one receipt."""

_OPEN: Final = (payments.State.AWAITING, payments.State.PART_FUNDED)


class Rung(StrEnum):
    """By which sign a receipt was matched, or is suggested to be."""

    VIRTUAL_ACCOUNT = "virtual_account"
    REFERENCE = "reference"
    ACCOUNT = "account"
    NAME = "name"
    AMOUNT = "amount"

    @property
    def label(self) -> Words:
        """The sign in words."""
        return _RUNGS[self]


_RUNGS: Final = {
    Rung.VIRTUAL_ACCOUNT: Words("汇入该付款方的子账号", "paid to the payer's virtual account"),
    Rung.REFERENCE: Words("附言中有其编号", "its reference stands in the text"),
    Rung.ACCOUNT: Words("金额相同，来自已核验账户", "the exact amount, from a verified account"),
    Rung.NAME: Words("金额相同，户名一致", "the exact amount, and the payer's name"),
    Rung.AMOUNT: Words("金额相同，户名不同", "the exact amount, from another name"),
}


class Receipt(NamedTuple):
    """What is known of money that came in. account: the payer's number, as whole as known."""

    amount: Money
    name: str
    account: str
    said: str
    sub_account: str

    @classmethod
    def of_file(cls, line: FileLine) -> "Receipt":
        """Return a line of a file as a receipt."""
        return cls(
            line.amount,
            line.counterparty_name,
            line.counterparty_account,
            line.said,
            line.sub_account,
        )

    @classmethod
    def of_line(cls, work: Work, line: BankLine, left: Money) -> "Receipt":
        """Return what is left of a line that was booked as a receipt."""
        said = f"{line.text} {line.end_to_end or ''}"
        payer = statements.payer(work, line)
        return cls(left, payer.name, payer.number, said, line.sub_account or "")


class Part(NamedTuple):
    """Some of a receipt, for one payment."""

    payment: Payment
    amount: Money


class Decision(NamedTuple):
    """What a receipt is for. note: why some of it waits. rung: by which sign it was matched."""

    parts: tuple[Part, ...] = ()
    note: Note | None = None
    rung: Rung | None = None


class Suggestion(NamedTuple):
    """A payment that a receipt may be for. alien: the payer's name is another one."""

    payment: Payment
    amount: Money
    rung: Rung
    alien: bool


class Ladder:
    """Decides about the receipts of one statement, one after the other.

    All payments that may be meant are loaded together, and locked in one order if asked, so
    that two who import at the same moment cannot lock each other out. What has been decided
    counts for the next receipt. Eight SELECTs, however many receipts.
    """

    def __init__(self, work: Work, receipts: Sequence[Receipt], *, lock: bool) -> None:
        self._work = work
        self._own = bank_files.account_number(work.rules.text("settlement.custody_account"))
        session = work.session
        self._virtual = virtual_accounts.by_number(
            session, (one.sub_account for one in receipts if one.sub_account != self._own)
        )
        found = self._load(receipts, lock=lock)
        self.by_reference = {one.reference: one for one in found}
        self.by_id = {one.id: one for one in found}
        self._left = {one.id: one.due for one in found if one.state in _OPEN}
        self._open = [one for one in found if one.state in _OPEN]
        payers = {one.payer_id for one in found}
        self._names = organisations.names(session, payers)
        self._numbers = self._verified(payers)

    def decide(self, receipt: Receipt) -> Decision:
        """Say what a receipt is for, and count it."""
        made = self._decide(receipt)
        for part in made.parts:
            self._left[part.payment.id] -= part.amount
        return made

    def suggest(self, receipt: Receipt) -> list[Suggestion]:
        """Return what a receipt may be for, the surest first; for a person to choose."""
        found: dict[str, Suggestion] = {}
        for rung, each in self._likely(receipt):
            left = self._left[each.id]
            if left.minor and each.id not in found:
                alien = not self._is_payer(receipt, each)
                found[each.id] = Suggestion(each, min(left, receipt.amount), rung, alien)
        return list(found.values())[:SUGGESTED_MAX]

    def _likely(self, receipt: Receipt) -> Iterable[tuple[Rung, Payment]]:
        owner = self._virtual.get(receipt.sub_account)
        if owner is not None:
            yield from ((Rung.VIRTUAL_ACCOUNT, one) for one in self._of(owner))
        yield from ((Rung.REFERENCE, one) for one in self._named(receipt) if one.id in self._left)
        same = [one for one in self._open if self._left[one.id] == receipt.amount]
        yield from ((Rung.ACCOUNT, one) for one in same if self._is_account(receipt, one))
        yield from ((Rung.NAME, one) for one in same if self._is_payer(receipt, one))
        yield from ((Rung.AMOUNT, one) for one in same)

    def _decide(self, receipt: Receipt) -> Decision:
        if receipt.sub_account and receipt.sub_account != self._own:
            owner = self._virtual.get(receipt.sub_account)
            if owner is None:
                return Decision(note=Note.UNKNOWN_SUB_ACCOUNT)
            return self._by_owner(receipt, owner)
        named = self._named(receipt)
        if named:
            return self._by_reference(receipt, named)
        return self._by_amount(receipt)

    def _by_owner(self, receipt: Receipt, owner: VirtualAccount) -> Decision:
        mine = self._of(owner)
        if not mine:
            return Decision(note=Note.NOT_AWAITED)
        if not self._is_payer(receipt, mine[0]):
            return Decision(note=Note.PAYER_DIFFERS)
        named = [one for one in mine if one in self._named(receipt)]
        exact = [one for one in mine if self._left[one.id] == receipt.amount]
        for chosen in (mine, named, exact):
            if len(chosen) == 1:
                return self._give(receipt, chosen[0], Rung.VIRTUAL_ACCOUNT)
        return self._over_all(receipt, mine, Rung.VIRTUAL_ACCOUNT)

    def _by_reference(self, receipt: Receipt, named: list[Payment]) -> Decision:
        if not all(one.id in self._left and self._left[one.id].minor for one in named):
            note = Note.NOT_AWAITED if len(named) == 1 else Note.SEVERAL_REFERENCES
            return Decision(note=note)
        if not all(self._is_payer(receipt, one) for one in named):
            return Decision(note=Note.PAYER_DIFFERS)
        if len(named) == 1:
            return self._give(receipt, named[0], Rung.REFERENCE)
        return self._over_all(receipt, named, Rung.REFERENCE)

    def _by_amount(self, receipt: Receipt) -> Decision:
        same = [one for one in self._open if self._left[one.id] == receipt.amount]
        known = [one for one in same if self._is_account(receipt, one)]
        if len(known) == 1:
            if self._work.rules.number("settlement.match_account_auto"):
                return self._give(receipt, known[0], Rung.ACCOUNT)
            return Decision(note=Note.SUGGESTED)
        if sum(self._is_payer(receipt, one) for one in same) == 1:
            return Decision(note=Note.SUGGESTED)
        return Decision(note=Note.NO_REFERENCE)

    def _give(self, receipt: Receipt, payment: Payment, rung: Rung) -> Decision:
        amount = min(self._left[payment.id], receipt.amount)
        note = None if amount == receipt.amount else Note.OVERPAID
        return Decision((Part(payment, amount),), note, rung)

    def _over_all(self, receipt: Receipt, wanted: list[Payment], rung: Rung) -> Decision:
        """Divide a receipt over several payments when it meets all of them exactly."""
        parts = tuple(Part(one, self._left[one.id]) for one in wanted)
        if sum((part.amount for part in parts), Money(0)) != receipt.amount:
            return Decision(note=Note.SEVERAL_REFERENCES)
        return Decision(parts, None, rung)

    def _of(self, owner: VirtualAccount) -> list[Payment]:
        return [
            one
            for one in self._open
            if one.payer_id == owner.payer_id
            and owner.order_id in {"", one.order_id}
            and self._left[one.id].minor
        ]

    def _named(self, receipt: Receipt) -> list[Payment]:
        found = bank_files.codes(payments.PREFIX, receipt.said)
        return [self.by_reference[code] for code in found if code in self.by_reference]

    def _is_payer(self, receipt: Receipt, payment: Payment) -> bool:
        names = self._names[payment.payer_id]
        return any(bank_files.same_name(receipt.name, name) for name in names)

    def _is_account(self, receipt: Receipt, payment: Payment) -> bool:
        return bool(receipt.account) and self._numbers.get(payment.payer_id) == receipt.account

    def _verified(self, payers: set[str]) -> dict[str, str]:
        """Return payer → the number of its verified account."""
        statement = select(BankAccount).where(
            BankAccount.party_id.in_(sorted(payers)), BankAccount.state == accounts.State.VERIFIED
        )
        found = self._work.session.scalars(statement) if payers else ()
        return {one.party_id: accounts.number(self._work, one) for one in found}

    def _load(self, receipts: Sequence[Receipt], *, lock: bool) -> list[Payment]:
        session, wanted = self._work.session, set[str]()
        codes = sorted(
            {code for one in receipts for code in bank_files.codes(payments.PREFIX, one.said)}
        )
        asked: list[ColumnElement[bool]] = [Payment.reference.in_(codes)] if codes else []
        amounts = sorted({one.amount.minor for one in receipts if one.amount.minor > 0})
        if amounts:
            columns = Payment.__table__.c
            due = columns.amount_minor - columns.funded_minor
            asked.append(and_(payments.IS_OPEN, due.in_(amounts)))
        owners = sorted({owner.payer_id for owner in self._virtual.values()})
        if owners:
            asked.append(and_(payments.IS_OPEN, Payment.payer_id.in_(owners)))
        for which in asked:
            statement = select(Payment.id).where(which).order_by(Payment.id.desc())
            wanted.update(session.scalars(statement.limit(CANDIDATES_MAX)))
        if not wanted:
            return []
        found = select(Payment).where(Payment.id.in_(sorted(wanted))).order_by(Payment.id)
        if lock:
            found = found.with_for_update().execution_options(populate_existing=True)
        return list(session.scalars(found))
