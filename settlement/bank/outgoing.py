"""What the bank is asked to pay: payouts and refunds in one file, and what it answers.

A file is drawn from its own rows, so that it can be drawn again, to the byte: its id is the
message id by which a bank knows a file it has seen. A payment that the bank rejects fails
with the bank's reason; one about which the bank is silent stays sent until a statement or
an answer speaks of it.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import ids
from kernel.clock import Instant, local_date
from kernel.errors import Invalid, NotFound
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, step
from settlement import access, accounts, bank_files, payouts
from settlement.bank import pain
from settlement.bank.files import (
    Form,
    Kind,
    OutgoingAnswer,
    OutgoingFile,
    OutgoingItem,
    State,
    answers,
    items,
)
from settlement.bank.pain import Answer, Debtor
from settlement.bank_files import PayoutRow
from settlement.payouts import NothingToSend, Payout, PayoutFile
from settlement.refunding import refunds, ways
from settlement.refunding.rows import Refund

__all__ = [
    "Form", "Kind", "OutgoingAnswer", "OutgoingFile", "OutgoingItem", "State", "answers", "items",
]  # fmt: skip

FILE_MAX: Final = 500
"""The most payouts, and the most refunds, in one file; the next one takes the next."""


def _set_answered(file: OutgoingFile, work: Work, data: dict[str, Any]) -> None:
    file.answered_at, file.reason = work.now, data["reason"] or None


# fmt: off
LIFE: Workflow[State, OutgoingFile] = Workflow(
    "outgoing_file", State, State.SENT,
    step("accept", {State.SENT}, State.ACCEPTED, access.settler, then=(_set_answered,),
         own_door=True, says="outgoing_file.accepted", label=Words("银行受理", "Accepted")),
    step("accept_part", {State.SENT, State.ACCEPTED, State.PART_ACCEPTED}, State.PART_ACCEPTED,
         access.settler, then=(_set_answered,), own_door=True,
         says="outgoing_file.part_accepted", label=Words("银行部分受理", "Accepted in part")),
    step("reject", {State.SENT, State.ACCEPTED, State.PART_ACCEPTED}, State.REJECTED,
         access.settler, then=(_set_answered,), own_door=True,
         says="outgoing_file.rejected", label=Words("银行拒绝", "Rejected")),
)
# fmt: on


class _Asked(NamedTuple):
    kind: Kind
    subject: Payout | Refund
    row: PayoutRow


def send(work: Work, *, form: Form = Form.CSV) -> OutgoingFile:
    """Put every approved payout and bank refund that may go into one file for the bank.

    At most FILE_MAX of each, the oldest first; those that somebody else is just sending are
    left out. Raises NothingToSend. Two SELECTs, and one by key for each payment.
    """
    access.require(work, access.settler, "outgoing_file.send")
    asked = [*_payouts(work), *_refunds(work)]
    if not asked:
        raise NothingToSend("没有已复核且账户有效的付款", "no approved payment has a valid account")
    file_id = ids.new("pof_", work.now)
    on = _next_day(work)
    drawn = _drawn(work, form, file_id, (one.row for one in asked), at=work.now, on=on)
    total, digest = sum((one.row.amount for one in asked), Money(0)), work.crypto.digest(drawn)
    told: dict[str, Any] = {"total": total, "digest": digest}
    told |= {"made_by": work.actor.person, "made_at": work.now}
    work.session.add(PayoutFile(id=file_id, payout_count=len(asked), **told))
    work.session.flush()  # the files refer to each other, and the payouts to both, by id alone
    made = OutgoingFile(
        id=file_id, state=State.SENT, form=form, item_count=len(asked), execute_on=on, **told
    )
    work.session.add(made)
    work.session.flush()
    work.session.add_all(_item(work, made, place, one) for place, one in enumerate(asked, 1))
    for one in asked:
        if isinstance(one.subject, Payout):
            payouts.LIFE.take("send", one.subject, work, file_id=file_id)
        else:
            refunds.send(work, one.subject, file_id=file_id)
    work.record("outgoing_file.sent", file_id, form=form, items=len(asked), total=total)
    return made


def content(work: Work, file_id: str) -> bytes:
    """Return the bytes of a file, with whole account numbers, to a settlement officer.

    The same bytes each time. Raises NotFound. Two SELECTs.
    """
    access.require(work, access.settler, "outgoing_file.content")
    file = work.session.get(OutgoingFile, file_id)
    if file is None:  # of the days when a file kept no rows of its own
        return payouts.file_text(work, file_id).encode()
    rows = [_row(work, item) for item in items(work.session, file_id)]
    return _drawn(work, Form(file.form), file_id, rows, at=file.made_at, on=file.execute_on)


def form_of(session: Session, file_id: str) -> Form:
    """Return how a file is written; those that kept no rows of their own are CSV."""
    file = session.get(OutgoingFile, file_id)
    return Form.CSV if file is None else Form(file.form)


def read_answer(work: Work, answer_text: bytes) -> OutgoingFile:
    """Read a pain.002 of the bank: what it rejects fails with the bank's reason code.

    An answer that was read before changes nothing, nor does a rejection as duplicate: the
    bank has the file already. Raises AnswerUnreadable, Invalid when it names no file of ours.
    """
    access.require(work, access.settler, "outgoing_file.read_answer")
    said = pain.answer(answer_text)
    file = work.session.get(OutgoingFile, said.message_id, with_for_update=True)
    if file is None:
        raise Invalid("回执所指文件不存在", "it answers no file of ours", pointer="/text")
    digest = work.crypto.digest(answer_text)
    if _is_read(work.session, file.id, digest):
        return file
    listed_items = items(work.session, file.id)
    refused = _refused(said, listed_items)
    answered = OutgoingAnswer(
        id=ids.new("oan_", work.now),
        file_id=file.id,
        digest=digest,
        status=said.group,
        reason=said.reason,
        rejected=refused,
        read_by=work.actor.person,
        read_at=work.now,
    )
    work.session.add(answered)
    if said.reason == "DUPL":
        work.record("outgoing_file.seen_before", file.id)
        return file
    for item in listed_items:
        if item.reference in refused:
            _fail(work, item, refused[item.reference], answered.id)
    _follow(work, file, said, refused)
    return file


def read_returns(work: Work, returns_text: bytes) -> int:
    """Read a pacs.004: payments that come back, with the reason; returns how many are ours.

    It moves no money: the statement that books the credit does. Raises AnswerUnreadable.
    """
    access.require(work, access.settler, "outgoing_file.read_returns")
    found = pain.returns(returns_text)
    references = [one.reference for one in found]
    statement = select(OutgoingItem).where(OutgoingItem.reference.in_(references))
    ours = {item.reference: item for item in work.session.scalars(statement)}
    for one in found:
        if one.reference in ours:
            told = {"reference": one.reference, "reason": one.reason, "amount": one.amount}
            work.record("outgoing_file.return_announced", ours[one.reference].subject_id, **told)
    return len(ours)


def is_silent(work: Work, file: OutgoingFile) -> bool:
    """Tell whether the bank should have answered a file by now, and has not."""
    if file.state != State.SENT or file.form != Form.PAIN:
        return False
    made = local_date(file.made_at)
    waited = work.calendar.between(made, local_date(work.now), provisional=True)
    return waited > work.rules.number("settlement.bank_answer_wd")


def find(session: Session, file_id: str) -> OutgoingFile:
    """Return the file. Raises NotFound. One SELECT by key."""
    found = session.get(OutgoingFile, file_id)
    if found is None:
        raise NotFound("没有这个付款文件", f"no file {file_id}")
    return found


def seen(work: Work, file_id: str) -> OutgoingFile:
    """Return the file to overseers; to others it does not exist."""
    if not access.oversees(work.actor):
        raise NotFound("没有这个付款文件", f"no file {file_id}")
    return find(work.session, file_id)


def take(work: Work, file_id: str, name: str, **data: Any) -> OutgoingFile:
    """Take one step in a file's life. Raises what `Workflow.take` raises."""
    file = seen(work, file_id)
    LIFE.take(name, file, work, **data)
    return file


def listed(work: Work, *, after: str | None, limit: int) -> Page[OutgoingFile]:
    """Return the files, newest first, to overseers. One SELECT by key."""
    access.require(work, access.overseer, "outgoing_file.listed")
    statement, order = select(OutgoingFile), ((OutgoingFile.id, "desc"),)
    return keyset(work.session, statement, by=order, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def _payouts(work: Work) -> list[_Asked]:
    statement = (
        select(Payout)
        .where(Payout.state == payouts.State.APPROVED)
        .order_by(Payout.id)
        .limit(FILE_MAX)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    ready = [
        one
        for one in work.session.scalars(statement)
        if not payouts.LIFE.refusals("send", one, work)
    ]
    asked = []
    for one in ready:
        account = accounts.find(work.session, one.account_id)
        number = accounts.number(work, account)
        row = PayoutRow(one.reference, one.account_name, number, account.bank_name, one.amount)
        asked.append(_Asked(Kind.PAYOUT, one, row))
    return asked


def _refunds(work: Work) -> list[_Asked]:
    asked = []
    for one in ways.for_bank(work.session, FILE_MAX):
        if refunds.LIFE.refusals("send", one, work):
            continue
        payee = ways.payee(work, one)
        row = PayoutRow(one.reference, payee.name, payee.number, payee.bank_name, one.amount)
        asked.append(_Asked(Kind.REFUND, one, row))
    return asked


def _next_day(work: Work) -> date:
    """Return today when it is a working day, else the next one."""
    today = local_date(work.now)
    if work.calendar.is_workday(today, provisional=True):
        return today
    return work.calendar.add(today, 1, provisional=True)


def _drawn(
    work: Work, form: Form, file_id: str, rows: Iterable[PayoutRow], *, at: Instant, on: date
) -> bytes:
    if form is Form.CSV:
        return bank_files.payout_file(rows).encode()
    rules = work.rules
    debtor = Debtor(
        rules.text("settlement.custody_name"),
        bank_files.account_number(rules.text("settlement.custody_account")),
        rules.text("settlement.custody_bank"),
        rules.text("settlement.custody_bic"),
    )
    return pain.orders(file_id, rows, debtor, at=at, on=on)


def _item(work: Work, file: OutgoingFile, place: int, one: _Asked) -> OutgoingItem:
    row = one.row
    return OutgoingItem(
        file_id=file.id,
        position=place,
        kind=one.kind,
        subject_id=one.subject.id,
        reference=row.reference,
        account_name=row.account_name,
        bank_name=row.bank_name,
        number_sealed=work.crypto.seal(row.account_number.encode(), _bound(file.id, place)),
        amount=row.amount,
    )


def _row(work: Work, item: OutgoingItem) -> PayoutRow:
    number = work.crypto.open(item.number_sealed, _bound(item.file_id, item.position)).decode()
    return PayoutRow(item.reference, item.account_name, number, item.bank_name, item.amount)


def _bound(file_id: str, place: int) -> bytes:
    return f"outgoing:{file_id}:{place}".encode()


def _is_read(session: Session, file_id: str, digest: str) -> bool:
    statement = select(OutgoingAnswer.id).where(
        OutgoingAnswer.file_id == file_id, OutgoingAnswer.digest == digest
    )
    return session.scalars(statement).first() is not None


def _refused(said: Answer, listed_items: Iterable[OutgoingItem]) -> dict[str, Any]:
    if said.is_refused:
        return {item.reference: said.reason or said.group for item in listed_items}
    return {
        reference: reason or status
        for reference, (status, reason) in said.singles.items()
        if status == "RJCT"
    }


def _fail(work: Work, item: OutgoingItem, reason: str, answer_id: str) -> None:
    if item.kind == Kind.REFUND:
        today = local_date(work.now)
        refunds.failed(
            work, item.subject_id, source_id=answer_id, cash=None, on=today, reason=reason
        )
        return
    payout = payouts.locked(work.session, [item.reference])[item.reference]
    if payout.state == payouts.State.SENT:
        payouts.take(work, payout.id, "fail", reason=reason)


def _follow(work: Work, file: OutgoingFile, said: Answer, refused: dict[str, Any]) -> None:
    """Let the file's state follow what was answered."""
    if len(refused) == file.item_count:
        LIFE.take("reject", file, work, reason=said.reason)
    elif refused:
        LIFE.take("accept_part", file, work, reason=said.reason)
    elif file.state == State.SENT and said.group:
        LIFE.take("accept", file, work, reason=said.reason)
