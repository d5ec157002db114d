"""The bank's word (银行对账单): statements, their lines, what each was found to be.

All three tables are append-only; `settlement.bank.intake` writes them. What of a receipt is
still unmatched, the ledger knows: it stands in suspense.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    and_,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big, append_only
from kernel.errors import NotFound
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from settlement import access, books, ledger
from settlement.ledger import AccountRef

CUSTODY: Final = "1012.custody"
SUSPENSE: Final = "2241.suspense"


class Note(StrEnum):
    """Why a line, or some of it, could not be matched when it was imported."""

    NO_REFERENCE = "NO_REFERENCE"
    SEVERAL_REFERENCES = "SEVERAL_REFERENCES"
    SUGGESTED = "SUGGESTED"  # it fits one payment, and a person must say so
    NOT_AWAITED = "NOT_AWAITED"  # the payment is met or void, the payout was not sent
    PAYER_DIFFERS = "PAYER_DIFFERS"
    OVERPAID = "OVERPAID"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"
    UNKNOWN_SUB_ACCOUNT = "UNKNOWN_SUB_ACCOUNT"

    @property
    def label(self) -> Words:
        """The reason in words."""
        return _NOTES[self]


_NOTES: Final = {
    Note.NO_REFERENCE: Words("附言中没有有效编号", "no valid reference code in the text"),
    Note.SEVERAL_REFERENCES: Words("附言中有多个编号", "several reference codes in the text"),
    Note.SUGGESTED: Words(
        "金额与付款人相符，待人工确认", "it seems to fit one payment; a person confirms"
    ),
    Note.NOT_AWAITED: Words("编号对应的款项不在等待状态", "what it names is not awaited"),
    Note.PAYER_DIFFERS: Words("付款户名与买方不一致", "paid by somebody else than the buyer"),
    Note.OVERPAID: Words("超出应付金额", "more than was asked"),
    Note.AMOUNT_DIFFERS: Words("金额与付款不一致", "another amount than what it names"),
    Note.UNKNOWN_SUB_ACCOUNT: Words("没有这个子账号", "there is no such virtual account"),
}


class Kind(StrEnum):
    """What (some of) a line was found to be. The match's target names it."""

    PAYMENT = "payment"
    PAYOUT = "payout"
    PAYOUT_RETURN = "payout_return"
    REFUND = "refund"
    REFUND_RETURN = "refund_return"
    PROVIDER_PAYOUT = "provider_payout"
    FEE = "fee"
    SENT_BACK = "sent_back"
    VOUCHER = "voucher"

    @property
    def label(self) -> Words:
        """What it is, in words."""
        return _KINDS[self]


_KINDS: Final = {
    Kind.PAYMENT: Words("付款", "payment"),
    Kind.PAYOUT: Words("付款划出", "payout"),
    Kind.PAYOUT_RETURN: Words("付款退汇", "payout returned"),
    Kind.REFUND: Words("退款划出", "refund"),
    Kind.REFUND_RETURN: Words("退款退汇", "refund returned"),
    Kind.PROVIDER_PAYOUT: Words("支付机构划款", "provider's payout"),
    Kind.FEE: Words("银行手续费", "bank fee"),
    Kind.SENT_BACK: Words("退回付款人", "sent back to its payer"),
    Kind.VOUCHER: Words("算力券兑付", "voucher reimbursement"),
}


class BankStatement(Base):
    """One statement of one account; position: 1, 2, 3 … so that none follows the same one.

    sequence: the bank's own count of its statements, where it keeps one. form: the format.
    """

    __tablename__ = "bank_statements"
    __table_args__ = (
        UniqueConstraint("digest"),
        UniqueConstraint("account", "number"),
        UniqueConstraint("account", "position"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    number: Mapped[str]
    position: Mapped[int]
    sequence: Mapped[int | None]
    form: Mapped[str | None]
    digest: Mapped[str]
    opening: Mapped[Money] = composite(
        mapped_column("opening_minor", Big), mapped_column("opening_currency")
    )
    closing: Mapped[Money] = composite(
        mapped_column("closing_minor", Big), mapped_column("closing_currency")
    )
    line_count: Mapped[int]
    imported_by: Mapped[str]
    imported_at: Mapped[Instant]


class BankLine(Base):
    """One movement, as the bank wrote it. amount: positive when money came in.

    note: why some of it was not matched when it was imported, else None. sub_account: the
    virtual account to which it was paid. counterparty_sealed: the whole number, for the bank.
    """

    __tablename__ = "bank_lines"
    __table_args__ = (
        UniqueConstraint("account", "bank_ref"),
        UniqueConstraint("statement_id", "position"),
        CheckConstraint("amount_minor <> 0", name="amount_moves_something"),
        Index(None, "account", "booked_on", "id"),
        Index(
            "ix_bank_lines_noted",
            "id",
            sqlite_where=text("note IS NOT NULL"),
            postgresql_where=text("note IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    statement_id: Mapped[str] = mapped_column(ForeignKey("bank_statements.id"))
    account: Mapped[str]
    position: Mapped[int]
    bank_ref: Mapped[str]
    booked_on: Mapped[date]
    amount_minor: Mapped[int] = mapped_column(Big)
    amount_currency: Mapped[str]
    amount: Mapped[Money] = composite("amount_minor", "amount_currency")
    counterparty_name: Mapped[str]
    counterparty_account: Mapped[str]
    counterparty_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    text: Mapped[str]
    end_to_end: Mapped[str | None]
    sub_account: Mapped[str | None]
    note: Mapped[str | None]


class BankMatch(Base):
    """What (some of) a line was found to be. by_hand: a person said so, for a reason.

    target: id of what it is, where that is neither a payment nor a payout.
    """

    __tablename__ = "bank_matches"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("(kind = 'payment') = (payment_id IS NOT NULL)", name="payment_is_named"),
        CheckConstraint("(kind = 'payout') = (payout_id IS NOT NULL)", name="payout_is_named"),
        CheckConstraint(
            "payment_id IS NOT NULL OR payout_id IS NOT NULL OR target IS NOT NULL",
            name="something_is_named",
        ),
        CheckConstraint("NOT by_hand OR reason <> ''", name="a_person_says_why"),
        Index(None, "line_id", "id"),
        Index(None, "payment_id", "id"),
        Index(None, "target", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    line_id: Mapped[str] = mapped_column(ForeignKey("bank_lines.id"))
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    kind: Mapped[Kind] = mapped_column(String)
    target: Mapped[str | None]
    payment_id: Mapped[str | None] = mapped_column(ForeignKey("payments.id"))
    payout_id: Mapped[str | None] = mapped_column(ForeignKey("payouts.id"))
    by_hand: Mapped[bool]
    reason: Mapped[str]
    matched_by: Mapped[str]
    matched_at: Mapped[Instant]


for _table in (BankStatement, BankLine, BankMatch):
    append_only(_table.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


_IS_MATCHED: Final = exists().where(BankMatch.line_id == BankLine.id)


class Payer(NamedTuple):
    """Who paid, as the bank said. number: whole, for the bank alone; empty if not said."""

    name: str
    number: str
    masked: str


class Standing(NamedTuple):
    """The bank's balance beside ours. unexplained: debits nobody knows, and the first opening."""

    account: str
    closing: Money
    booked: Money
    unexplained: Money

    @property
    def difference(self) -> Money:
        """What neither side explains; always zero."""
        return self.closing - self.booked - self.unexplained


def standing(session: Session, account: str) -> Standing:
    """Compare the bank's last closing balance with the books. Raises NotFound. Four SELECTs."""
    newest = last(session, account)
    if newest is None:
        raise NotFound("该账户没有对账单", f"no statement of {account}")
    unknown = select(func.coalesce(func.sum(BankLine.amount_minor), 0)).where(
        unknown_debits(account)
    )
    first = select(BankStatement).where(
        BankStatement.account == account, BankStatement.position == 1
    )
    opening = session.scalars(first).one().opening
    return Standing(
        account,
        newest.closing,
        ledger.balance(session, AccountRef(CUSTODY, account)),
        opening + Money(int(session.scalars(unknown).one())),
    )


def unknown_debits(account: str) -> ColumnElement[bool]:
    """Return which lines of an account went out for nobody knows what; nothing is booked of them.

    On the index of the lines with a note.
    """
    return and_(
        BankLine.account == account,
        BankLine.note.is_not(None),
        BankLine.amount_minor < 0,
        ~_IS_MATCHED,
    )


def last(session: Session, account: str) -> BankStatement | None:
    """Return the account's newest statement. One SELECT on an index."""
    statement = (
        select(BankStatement)
        .where(BankStatement.account == account)
        .order_by(BankStatement.position.desc())
        .limit(1)
    )
    return session.scalars(statement).one_or_none()


def suspense(session: Session, line_ids: Iterable[str]) -> dict[str, Money]:
    """Return line → what of it is still in suspense, where something is. One SELECT."""
    accounts, balances = books.accounts.c, books.balances.c
    statement = (
        select(accounts.owner, accounts.currency, balances.credits - balances.debits)
        .join(books.balances, balances.account_id == accounts.id)
        .where(
            accounts.code == SUSPENSE,
            accounts.owner.in_(list(line_ids)),
            balances.credits > balances.debits,
        )
    )
    return {owner: Money(left, currency) for owner, currency, left in session.execute(statement)}


def unexplained(work: Work, *, after: str | None, limit: int) -> Page[BankLine]:
    """Return receipts with something left in suspense, and debits nobody knows, newest first.

    To overseers. One SELECT on the lines with a note.
    """
    access.require(work, access.overseer, "bank.unexplained")
    accounts, balances = books.accounts.c, books.balances.c
    waiting = (
        select(accounts.owner)
        .join(books.balances, balances.account_id == accounts.id)
        .where(accounts.code == SUSPENSE, balances.credits > balances.debits)
    )
    statement = select(BankLine).where(
        BankLine.note.is_not(None),
        or_((BankLine.amount_minor < 0) & ~_IS_MATCHED, BankLine.id.in_(waiting)),
    )
    return keyset(work.session, statement, by=((BankLine.id, "desc"),), after=after, limit=limit)


def find_line(session: Session, line_id: str) -> BankLine:
    """Return the line. Raises NotFound. One SELECT by key."""
    found = session.get(BankLine, line_id)
    if found is None:
        raise NotFound("没有这笔银行流水", f"no bank line {line_id}")
    return found


def payer(work: Work, line: BankLine) -> Payer:
    """Return who paid a receipt, so that it can be paid back to the account it came from."""
    sealed = line.counterparty_sealed
    number = work.crypto.open(sealed, line.id.encode()).decode() if sealed else ""
    return Payer(line.counterparty_name, number, line.counterparty_account)


def matches(session: Session, line_ids: Iterable[str]) -> dict[str, list[BankMatch]]:
    """Return line → what it was found to be, in order. One SELECT on an index."""
    statement = (
        select(BankMatch)
        .where(BankMatch.line_id.in_(list(line_ids)))
        .order_by(BankMatch.line_id, BankMatch.id)
    )
    found: dict[str, list[BankMatch]] = {}
    for made in session.scalars(statement):
        found.setdefault(made.line_id, []).append(made)
    return found


def seen(work: Work, statement_id: str) -> BankStatement:
    """Return the statement to overseers; to others it does not exist."""
    found = work.session.get(BankStatement, statement_id)
    if found is None or not access.oversees(work.actor):
        raise NotFound("没有这份对账单", f"no bank statement {statement_id}")
    return found


def listed(work: Work, *, after: str | None, limit: int) -> Page[BankStatement]:
    """Return the statements, newest first, to overseers. One SELECT by key."""
    access.require(work, access.overseer, "bank.listed")
    statement, order = select(BankStatement), ((BankStatement.id, "desc"),)
    return keyset(work.session, statement, by=order, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def lines(
    session: Session, statement: BankStatement, *, after: str | None, limit: int
) -> Page[BankLine]:
    """Return the lines of a statement, in the bank's order. One SELECT on an index."""
    mine = select(BankLine).where(BankLine.statement_id == statement.id)
    return keyset(session, mine, by=((BankLine.position, "asc"),), after=after, limit=limit)
