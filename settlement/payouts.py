"""A payout (付款): what a party has earned is paid to its verified bank account.

Requested by one settlement officer, approved by another, sent as a line of a file to the
bank, and paid when the bank's statement says so. From the request on the money stands in
transit, so nobody can ask for it twice (I-62).
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.actor import system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living, append_only
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access, accounts, bank_files, books, ledger
from settlement.accounts import BankAccount
from settlement.bank_files import PayoutRow
from settlement.escrow import Payable
from settlement.ledger import AccountRef, Row

PREFIX: Final = "PX"
"""What the reference code of a payout begins with."""

FILE_MAX: Final = 500
"""The most payouts in one file; the next file takes the next ones."""

_TRANSIT: Final = "2241.payout_transit"
_CUSTODY: Final = "1012.custody"


class State(StrEnum):
    """Where a payout stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SENT = "sent"
    PAID = "paid"
    FAILED = "failed"


class PayoutFile(Base):
    """One file that was handed to the bank; its text can be drawn again, with this digest."""

    __tablename__ = "payout_files"

    id: Mapped[str] = mapped_column(primary_key=True)
    payout_count: Mapped[int]
    total: Mapped[Money] = composite(
        mapped_column("total_minor", Big), mapped_column("total_currency")
    )
    digest: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[Instant]


append_only(PayoutFile.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Payout(Living, Base):
    """One payment to one party.

    party_id: an organisation or the treasury. account_id: fixed when it is requested.
    maker, checker: persons. reference: stands in the transfer's text, and comes back in
    the statement's. paid_on: the day on which the bank booked it.
    """

    __tablename__ = "payouts"
    __table_args__ = (
        UniqueConstraint("reference"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("maker <> checker", name="checked_by_another"),
        CheckConstraint(
            "state NOT IN ('approved', 'sent', 'paid') OR checker IS NOT NULL",
            name="sent_when_checked",
        ),
        CheckConstraint("state <> 'paid' OR paid_on IS NOT NULL", name="paid_on_a_day"),
        Index(None, "party_id", "id"),
        Index(None, "state", "id"),
        Index(None, "file_id", "id"),
    )

    payable: Mapped[str]
    party_id: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    reference: Mapped[str]
    account_id: Mapped[str] = mapped_column(ForeignKey("bank_accounts.id"))
    account_name: Mapped[str]
    account_masked: Mapped[str]
    maker: Mapped[str]
    requested_at: Mapped[Instant]
    checker: Mapped[str | None]
    approved_at: Mapped[Instant | None]
    file_id: Mapped[str | None] = mapped_column(ForeignKey("payout_files.id"))
    paid_on: Mapped[date | None]

    @property
    def earned(self) -> AccountRef:
        """The account from which it is paid, and to which it goes back when it fails."""
        return AccountRef(Payable(self.payable).code, self.party_id, self.amount.currency)

    @property
    def transit(self) -> AccountRef:
        """The account on which it stands until the bank has paid it."""
        return AccountRef(_TRANSIT, self.id, self.amount.currency)


class Earned(NamedTuple):
    """What a party has to get."""

    payable: Payable
    party_id: str
    amount: Money


class NothingToSend(DomainError):
    """No payout is approved and free to go."""

    kind = Kind.CONFLICT
    code = "nothing-to-send"
    title = Words("没有可发送的付款", "No payout is ready to be sent")


def _has_account(payout: Payout, work: Work) -> Refusal | None:
    if accounts.find(work.session, payout.account_id).state == accounts.State.VERIFIED:
        return None
    return Refusal(
        "ACCOUNT_NOT_VERIFIED",
        "收款账户已停用，请撤销后重新申请",
        "the bank account was retired; let it fail and request it anew",
    )


def _set_approved(payout: Payout, work: Work, _data: dict[str, Any]) -> None:
    payout.checker, payout.approved_at = work.actor.person, work.now


def _put_in_file(payout: Payout, _work: Work, data: dict[str, Any]) -> None:
    payout.file_id = data["file_id"]


def _book_paid(payout: Payout, work: Work, data: dict[str, Any]) -> None:
    payout.paid_on = data["booked_on"]
    custody = AccountRef(_CUSTODY, data["account"], payout.amount.currency)
    ledger.post(
        work,
        "payout.paid",
        data["bank_line_id"],
        [Row(payout.transit, custody, payout.amount)],
        effective_on=data["booked_on"],
    )


def _give_back(payout: Payout, work: Work, _data: dict[str, Any]) -> None:
    ledger.post(
        work,
        "payout.failed",
        payout.id,
        [Row(payout.transit, payout.earned, payout.amount)],
        effective_on=local_date(work.now),
    )


# fmt: off
LIFE: Workflow[State, Payout] = Workflow(
    "payout", State, State.REQUESTED,
    step("approve", {State.REQUESTED}, State.APPROVED, access.settler,
         when=(access.four_eyes("maker"), _has_account), then=(_set_approved,),
         says="payout.approved", label=Words("复核", "Approve")),
    step("send",    {State.APPROVED}, State.SENT, access.settler,
         when=(_has_account,), then=(_put_in_file,), own_door=True,
         says="payout.sent", label=Words("发送银行", "Send to the bank")),
    step("pay",     {State.SENT}, State.PAID, system_only,
         then=(_book_paid,), own_door=True,
         says="payout.paid", label=Words("银行已付", "Paid by the bank")),
    step("fail",    {State.REQUESTED, State.APPROVED, State.SENT}, State.FAILED, access.settler,
         asks=(REASON,), then=(_give_back,),
         moves_money=True,
         says="payout.failed", label=Words("撤销或付款失败", "Let it fail")),
)
# fmt: on


def request(work: Work, *, payable: Payable, party_id: str, amount: Money | None = None) -> Payout:
    """Ask for `amount`, or all that the party has to get, to be paid to its account.

    Raises NoVerifiedAccount, Invalid below the rules' smallest payout, Overdrawn for more
    than there is. Three SELECTs and an entry.
    """
    access.require(work, access.settler, "payout.request")
    account = accounts.require_verified(work.session, party_id)
    amount = amount or ledger.balance(work.session, AccountRef(payable.code, party_id))
    least = Money(work.rules.number("settlement.payout_min_fen"), amount.currency)
    if amount < least:
        raise Invalid(
            f"可付金额为 {amount}，每笔至少 {least}",
            f"{amount} is less than the smallest payout, {least}",
            pointer="/amount",
        )
    made = _made(work, payable, account, amount)
    into_transit = [Row(made.earned, made.transit, amount)]
    today = local_date(work.now)
    ledger.post(work, "payout.initiated", made.id, into_transit, effective_on=today)
    work.session.add(made)
    told = {"party_id": party_id, "amount": amount, "reference": made.reference}
    work.record("payout.requested", made.id, payable=payable, **told)
    return made


def send(work: Work) -> PayoutFile:
    """Put every approved payout whose account is still verified into a file for the bank.

    At most FILE_MAX, the oldest first; those that somebody else is just sending are left
    out. Raises NothingToSend. One SELECT, and one by key a payout.
    """
    access.require(work, access.settler, "payout.send")
    statement = (
        select(Payout)
        .where(Payout.state == State.APPROVED)
        .order_by(Payout.id)
        .limit(FILE_MAX)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    approved = work.session.scalars(statement)
    ready = [payout for payout in approved if not LIFE.refusals("send", payout, work)]
    if not ready:
        raise NothingToSend("没有已复核且账户有效的付款", "no approved payout has a valid account")
    made = PayoutFile(
        id=ids.new("pof_", work.now),
        payout_count=len(ready),
        total=sum((payout.amount for payout in ready), Money(0)),
        digest=work.crypto.digest(_text(work, ready).encode()),
        made_by=work.actor.person,
        made_at=work.now,
    )
    work.session.add(made)
    work.session.flush()  # the payouts refer to the file by id alone
    for payout in ready:
        LIFE.take("send", payout, work, file_id=made.id)
    return made


def file_text(work: Work, file_id: str) -> str:
    """Return the CSV of a file, with whole account numbers, to a settlement officer.

    Raises NotFound. Two SELECTs, and one by key a payout.
    """
    access.require(work, access.settler, "payout.file_text")
    if work.session.get(PayoutFile, file_id) is None:
        raise NotFound("没有这个付款文件", f"no payout file {file_id}")
    statement = select(Payout).where(Payout.file_id == file_id).order_by(Payout.id)
    return _text(work, work.session.scalars(statement))


def pay(work: Work, payout: Payout, *, bank_line_id: str, account: str, booked_on: date) -> None:
    """Count a payout as paid because a line of the bank's statement says so.

    account: the supervised account that paid. The row must be `locked`.
    """
    LIFE.take(
        "pay",
        payout,
        work.as_system(),
        bank_line_id=bank_line_id,
        account=account,
        booked_on=booked_on,
    )


def locked(session: Session, references: Iterable[str]) -> dict[str, Payout]:
    """Return reference → payout, locked in one order so that nobody deadlocks. One SELECT."""
    statement = (
        select(Payout)
        .where(Payout.reference.in_(sorted(set(references))))
        .order_by(Payout.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {payout.reference: payout for payout in session.scalars(statement)}


def earned(work: Work, *, party_id: str | None = None) -> list[Earned]:
    """Return what parties have to get, by account and party: all to overseers, else one's own.

    party_id: of this party alone. At most 1,000. One SELECT on the accounts' index.
    """
    if not access.oversees(work.actor):
        party_id = work.actor.organisation
    amount = books.balances.c.credits - books.balances.c.debits
    names = {payable.code: payable for payable in Payable}
    statement = (
        select(books.accounts.c.code, books.accounts.c.owner, books.accounts.c.currency, amount)
        .join(books.balances, books.balances.c.account_id == books.accounts.c.id)
        .where(books.accounts.c.code.in_(sorted(names)), amount > 0)
        .order_by(books.accounts.c.code, books.accounts.c.owner, books.accounts.c.currency)
        .limit(1_000)
    )
    if party_id is not None:
        statement = statement.where(books.accounts.c.owner == party_id)
    return [
        Earned(names[code], owner, Money(minor, currency))
        for code, owner, currency, minor in work.session.execute(statement)
    ]


def find(session: Session, payout_id: str) -> Payout:
    """Return the payout. Raises NotFound. One SELECT by key."""
    found = session.get(Payout, payout_id)
    if found is None:
        raise _missing(payout_id)
    return found


def seen(work: Work, payout_id: str) -> Payout:
    """Return the payout to its party and to overseers; to others it does not exist."""
    found = find(work.session, payout_id)
    access.hide_from_strangers(work, found.party_id, _missing(payout_id))
    return found


def listed(
    work: Work, *, state: State | None = None, after: str | None, limit: int
) -> Page[Payout]:
    """Return the payouts that the caller may see, newest first. One SELECT on an index."""
    statement = select(Payout)
    if not access.oversees(work.actor):
        statement = statement.where(Payout.party_id == work.actor.organisation)
    if state is not None:
        statement = statement.where(Payout.state == state)
    return keyset(work.session, statement, by=((Payout.id, "desc"),), after=after, limit=limit)


def take(work: Work, payout_id: str, name: str, **data: Any) -> Payout:
    """Take one step in a payout's life. Raises what `Workflow.take` raises."""
    payout = seen(work, payout_id)
    work.session.refresh(payout, with_for_update=True)
    LIFE.take(name, payout, work, **data)
    return payout


def _made(work: Work, payable: Payable, account: BankAccount, amount: Money) -> Payout:
    payout_id = ids.new("pot_", work.now)
    return Payout(
        id=payout_id,
        state=State.REQUESTED,
        payable=payable,
        party_id=account.party_id,
        amount=amount,
        reference=bank_files.code(PREFIX, payout_id),
        account_id=account.id,
        account_name=account.account_name,
        account_masked=account.number_masked,
        maker=work.actor.person,
        requested_at=work.now,
        checker=None,
        approved_at=None,
        file_id=None,
        paid_on=None,
    )


def _text(work: Work, found: Iterable[Payout]) -> str:
    return bank_files.payout_file(_row(work, payout) for payout in found)


def _row(work: Work, payout: Payout) -> PayoutRow:
    account = accounts.find(work.session, payout.account_id)
    return PayoutRow(
        payout.reference,
        payout.account_name,
        accounts.number(work, account),
        account.bank_name,
        payout.amount,
    )


def _missing(payout_id: str) -> NotFound:
    return NotFound("没有这笔付款", f"no payout {payout_id}")
