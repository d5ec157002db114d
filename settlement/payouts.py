"""A payout (付款): what a party has earned is paid to its verified bank account.

Requested by one settlement officer, approved by another, sent as a line of a file to the
bank, and paid when the bank's statement says so. From the request on the money stands in
transit, so nobody can ask for it twice (I-62). What fails, or comes back days later, is
payable again, and may be tried anew under another key.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from sqlalchemy import select

from kernel import ids
from kernel.actor import system_only
from kernel.clock import local_date
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal
from kernel.journal import Event
from kernel.money import Money
from kernel.pages import Page
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access, accounts, bank_files, ledger
from settlement.accounts import BankAccount
from settlement.bank_files import PayoutRow
from settlement.dividing import hold_list
from settlement.dividing.terms import Payable
from settlement.ledger import AccountRef, Row
from settlement.paying import attempts, items
from settlement.paying.attempts import PayoutAttempt
from settlement.paying.earnings import Earned, earned
from settlement.paying.rows import Payout, PayoutFile, State, locked, of_order

__all__ = [
    "Earned", "NothingToSend", "Payable", "Payout", "PayoutFile", "State", "account_gone",
    "earned", "file_text", "find", "listed", "locked", "of_order", "pay", "reconciled", "request",
    "returned", "seen", "take",
]  # fmt: skip

PREFIX: Final = "PX"
"""What the reference code of a payout begins with."""

_CUSTODY: Final = "1012.custody"
_UNSENT: Final = frozenset({State.REQUESTED, State.HELD, State.APPROVED})


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


def _is_free(payout: Payout, work: Work) -> Refusal | None:
    return hold_list.refusal(work.session, payout.party_id)


def _set_approved(payout: Payout, work: Work, _data: dict[str, Any]) -> None:
    payout.checker, payout.approved_at = work.actor.person, work.now


def _set_unchecked(payout: Payout, _work: Work, _data: dict[str, Any]) -> None:
    payout.checker, payout.approved_at = None, None


def _put_in_file(payout: Payout, _work: Work, data: dict[str, Any]) -> None:
    payout.file_id = data["file_id"]


def _book_paid(payout: Payout, work: Work, data: dict[str, Any]) -> None:
    on = data["booked_on"]
    payout.paid_on = on
    row = Row(payout.transit, _custody(payout, data), payout.amount)
    ledger.post(work, "payout.paid", data["bank_line_id"], [row], effective_on=on)
    attempts.end(work.session, payout.id, payout.attempt, "paid", on, "")


def _give_back(payout: Payout, work: Work, data: dict[str, Any]) -> None:
    today, seq = local_date(work.now), payout.attempt - 1
    items.release(work.session, payout.id, payout.attempt)  # shares before balances, as everybody
    rows = [Row(payout.transit, payout.earned, payout.amount)]
    ledger.post(work, "payout.failed", payout.id, rows, seq=seq, effective_on=today)
    outcome = "cancelled" if payout.state == State.CANCELLED else "failed"
    attempts.end(work.session, payout.id, payout.attempt, outcome, today, data["reason"])


def _take_back(payout: Payout, work: Work, data: dict[str, Any]) -> None:
    on = data["booked_on"]
    payout.paid_on = None
    items.release(work.session, payout.id, payout.attempt)
    rows = [Row(_custody(payout, data), payout.earned, payout.amount)]
    ledger.post(work, "payout.returned", data["bank_line_id"], rows, effective_on=on)
    attempts.end(work.session, payout.id, payout.attempt, "returned", on, data["reason"])
    account = accounts.find(work.session, payout.account_id)
    if account.state == accounts.State.VERIFIED:
        accounts.LIFE.take("retire", account, work, reason=data["reason"])


def _custody(payout: Payout, data: dict[str, Any]) -> AccountRef:
    return AccountRef(_CUSTODY, data["account"], payout.amount.currency)


def _try_anew(payout: Payout, work: Work, _data: dict[str, Any]) -> None:
    account = accounts.require_verified(work.session, payout.party_id)
    payout.account_id, payout.account_name = account.id, account.account_name
    payout.account_masked = account.number_masked
    _set_unchecked(payout, work, {})
    payout.maker, payout.file_id = work.actor.person, None
    payout.attempt += 1
    payout.reference = bank_files.code(PREFIX, ids.new("poa_", work.now))
    _begin(work, payout)


# fmt: off
LIFE: Workflow[State, Payout] = Workflow(
    "payout", State, State.REQUESTED,
    step("approve", {State.REQUESTED}, State.APPROVED, access.settler,
         when=(access.four_eyes("maker"), _has_account, _is_free), then=(_set_approved,),
         says="payout.approved", label=Words("复核", "Approve")),
    step("hold",    {State.REQUESTED, State.APPROVED}, State.HELD, access.settler,
         asks=(REASON,), then=(_set_unchecked,), says="payout.held", label=Words("暂缓", "Hold")),
    step("release", {State.HELD}, State.REQUESTED, access.settler,
         when=(_is_free,), asks=(REASON,), says="payout.released",
         label=Words("解除暂缓", "Release")),
    step("send",    {State.APPROVED}, State.SENT, access.settler,
         when=(_has_account, _is_free), then=(_put_in_file,), own_door=True,
         says="payout.sent", label=Words("发送银行", "Send to the bank")),
    step("pay",     {State.SENT}, State.PAID, system_only,
         then=(_book_paid,), own_door=True,
         says="payout.paid", label=Words("银行已付", "Paid by the bank")),
    step("reconcile", {State.PAID}, State.RECONCILED, system_only, own_door=True,
         says="payout.reconciled", label=Words("已对账", "Reconciled")),
    step("fail",    {State.SENT}, State.FAILED, (access.settler, system_only),
         asks=(REASON,), then=(_give_back,), moves_money=True,
         says="payout.failed", label=Words("付款失败", "Let it fail")),
    step("cancel",  _UNSENT, State.CANCELLED, (access.settler, system_only),
         asks=(REASON,), then=(_give_back,), moves_money=True,
         says="payout.cancelled", label=Words("撤销", "Cancel")),
    step("return",  {State.PAID, State.RECONCILED}, State.RETURNED, system_only, own_door=True,
         then=(_take_back,),
         says="payout.returned", label=Words("银行退汇", "Returned by the bank")),
    step("retry",   {State.FAILED, State.RETURNED}, State.REQUESTED, access.settler,
         then=(_try_anew,), moves_money=True,
         says="payout.retried", label=Words("重新付款", "Try anew")),
)
# fmt: on


def request(work: Work, *, payable: Payable, party_id: str, amount: Money | None = None) -> Payout:
    """Ask for `amount`, or all that the party has to get, to be paid to its account.

    It is held at once while the party is on the hold list. Raises NoVerifiedAccount, Invalid
    below the rules' smallest payout, Overdrawn for more than there is. Some SELECTs and an
    entry.
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
    work.session.add(made)
    work.session.flush()  # attempts and items refer to it by id alone
    _begin(work, made)
    told = {"party_id": party_id, "amount": amount, "reference": made.reference}
    work.record("payout.requested", made.id, payable=payable, **told)
    if hold_list.holds(work.session, party_id):
        LIFE.take("hold", made, work, reason="暂缓名单 on the hold list")
    return made


def file_text(work: Work, file_id: str) -> str:
    """Return the CSV of a file that kept no rows of its own, to a settlement officer.

    Such files were made before refunds went into them; account numbers stand in them whole.
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


def returned(
    work: Work,
    payout: Payout,
    *,
    bank_line_id: str,
    account: str,
    booked_on: date,
    reason: str,
) -> None:
    """Make a payout payable again that came back after it was paid (退汇).

    Its bank account has to be verified anew. The row must be `locked`.
    """
    told = {"bank_line_id": bank_line_id, "account": account, "booked_on": booked_on}
    LIFE.take("return", payout, work.as_system(), reason=reason, **told)


def reconciled(work: Work, payout: Payout) -> None:
    """Count a payout as reconciled, because books and statement were compared to the end."""
    LIFE.take("reconcile", payout, work.as_system())


def account_gone(work: Work, event: Event) -> None:
    """Together with "bank_account.retired": cancel what was to be paid there and is not sent."""
    statement = (
        select(Payout)
        .where(Payout.account_id == event.subject, Payout.state.in_(_UNSENT))
        .order_by(Payout.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for payout in work.session.scalars(statement).all():
        LIFE.take("cancel", payout, work.as_system(), reason="收款账户停用 the account is retired")


_OWN: Final = access.overseen(Payout, LIFE, Words("没有这笔付款", "no payout"), "party_id")
find, seen, take = _OWN.find, _OWN.seen, _OWN.take


def listed(
    work: Work, *, state: State | None = None, after: str | None, limit: int
) -> Page[Payout]:
    """Return the payouts that the caller may see, newest first. One SELECT on an index."""
    where = [] if state is None else [Payout.state == state]
    return _OWN.listed(work, *where, after=after, limit=limit)


def _begin(work: Work, payout: Payout) -> None:
    """Begin an attempt: the money goes into transit, and what it pays is written down.

    Shares are locked before balances, as by who refunds: so that nobody waits in a circle.
    """
    row, number = Row(payout.earned, payout.transit, payout.amount), payout.attempt
    today = local_date(work.now)
    items.claim(work.session, payout.id, number, payout.earned, payout.amount)
    ledger.post(work, "payout.initiated", payout.id, [row], seq=number - 1, effective_on=today)
    work.session.add(
        PayoutAttempt(
            payout_id=payout.id,
            number=number,
            key=attempts.key(payout.id, number),
            reference=payout.reference,
            account_id=payout.account_id,
            begun_by=work.actor.person,
            begun_at=work.now,
            outcome=None,
            ended_on=None,
            reason=None,
        )
    )


def _made(work: Work, payable: Payable, account: BankAccount, amount: Money) -> Payout:
    payout_id = ids.new("pot_", work.now)
    return Payout(
        id=payout_id,
        state=State.REQUESTED,
        payable=payable,
        party_id=account.party_id,
        amount=amount,
        attempt=1,
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
