"""A fee note (服务费通知): what somebody owes the exchange for its services, asked for together.

It gathers the charges of one payer that stand on no note yet, is asked for like any other
payment (by bank under its reference, or by a provider), and reminds whoever is late. It is
cancelled, or written off, only by two persons.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from kernel import ids, numbers
from kernel.actor import Actor, Role, Who, system_only
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.journal import Event
from kernel.money import Money
from kernel.pages import Page
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access, ledger, payments
from settlement.dividing import charges
from settlement.dividing.charges import FeeCharge
from settlement.fees import credit_notes
from settlement.fees.credit_notes import FeeCredit
from settlement.fees.note_rows import FeeNote, State
from settlement.ledger import AccountRef, Row
from settlement.payments import Payment, Purpose

__all__ = ["FeeNote", "State"]

CHARGES_MAX: Final = 500
"""The most charges of one note; the rest waits for the next one."""

AWAITED: Final = frozenset({State.ISSUED, State.OVERDUE})
"""When it waits for its payer."""

_OPEN: Final = AWAITED | {State.CANCELLING, State.WRITING_OFF}


def _draws(actor: Actor, subject: object) -> bool:
    return Role.SYSTEM in actor.roles or access.settler.matches(actor, subject)


_drawer: Final = Who("exchange settlement officer or the house", _draws)


def _nothing_arrived(note: FeeNote, work: Work) -> Refusal | None:
    if not _payment(work.session, note).funded.minor:
        return None
    return Refusal("MONEY_ARRIVED", "已有款项到账，不能作废", "money has arrived for it")


def _is_met(note: FeeNote, work: Work) -> Refusal | None:
    payment = _payment(work.session, note)
    if payment.state == payments.State.FUNDED:
        return None
    return Refusal("NOT_FUNDED", f"尚缺 {payment.due}", f"{payment.due} is still to come")


def _nothing_left(note: FeeNote, _work: Work) -> Refusal | None:
    if not note.owed.minor:
        return None
    return Refusal("SOMETHING_OWED", f"尚有 {note.owed}", f"{note.owed} is still owed")


def _ask(note: FeeNote, work: Work, _data: dict[str, Any]) -> None:
    asked = payments.ask(
        work.as_system(),
        purpose=Purpose.FEE,
        target=note.id,
        payer_id=note.payer_id,
        amount=note.amount,
    )
    work.session.flush()  # the note refers to the payment by id alone
    note.payment_id = asked.id


def _count(note: FeeNote, _work: Work, _data: dict[str, Any]) -> None:
    note.reminders += 1


def _propose(note: FeeNote, work: Work, _data: dict[str, Any]) -> None:
    note.proposed_by = work.actor.person


def _keep(note: FeeNote, _work: Work, _data: dict[str, Any]) -> None:
    note.proposed_by = None


def _close(note: FeeNote, work: Work, _data: dict[str, Any]) -> None:
    note.closed_at = work.now


def _decide(note: FeeNote, work: Work, _data: dict[str, Any]) -> None:
    note.decided_by, note.closed_at = work.actor.person, work.now


def _credit_all(note: FeeNote, work: Work, data: dict[str, Any]) -> None:
    for charge in charges.of_note(work.session, note.id):
        if charge.left.minor:
            credit_notes.give(work, charge, charge.left, note=note, reason=data["reason"])


def _lose(note: FeeNote, work: Work, _data: dict[str, Any]) -> None:
    payment = payments.locked_by_id(work.session, str(note.payment_id))
    owing = payment.due
    claim = AccountRef(charges.DUE, note.payer_id, owing.currency)
    row = Row(AccountRef("6702.impairment", "", owing.currency), claim, owing)
    ledger.post(work, "writeoff", note.id, [row], effective_on=local_date(work.now))
    note.lost_minor += owing.minor
    payments.lower(work, payment, owing)


# fmt: off
LIFE: Workflow[State, FeeNote] = Workflow(
    "fee_note", State, State.DRAWN,
    step("issue", {State.DRAWN}, State.ISSUED, system_only, own_door=True, then=(_ask,),
         within="clocks.fee_note", overdue="mark_overdue", owner="payer_id",
         says="fee_note.issued", label=Words("发出", "Issue")),
    step("mark_overdue", {State.ISSUED}, State.OVERDUE, system_only, own_door=True,
         then=(_count,), within="clocks.fee_note_reminder", overdue="remind", owner="payer_id",
         says="fee_note.overdue", label=Words("逾期", "Overdue")),
    step("remind", {State.OVERDUE}, State.OVERDUE, (access.settler, system_only),
         then=(_count,), within="clocks.fee_note_reminder", overdue="remind", owner="payer_id",
         says="fee_note.reminded", label=Words("催缴", "Remind")),
    step("settle", _OPEN, State.PAID, system_only, own_door=True,
         when=(_is_met,), then=(_close,),
         says="fee_note.paid", label=Words("结清", "Settle")),
    step("ask_cancel", AWAITED, State.CANCELLING, access.settler,
         when=(_nothing_arrived,), asks=(REASON,), then=(_propose,),
         says="fee_note.cancel_asked", label=Words("申请作废", "Ask to cancel it")),
    step("cancel", {State.CANCELLING}, State.CANCELLED, access.settler,
         when=(access.four_eyes("proposed_by"), _nothing_arrived), asks=(REASON,),
         then=(_decide, _credit_all), moves_money=True,
         says="fee_note.cancelled", label=Words("复核作废", "Cancel it")),
    step("drop", _OPEN, State.CANCELLED, system_only, own_door=True,
         when=(_nothing_left,), then=(_decide,),
         says="fee_note.dropped", label=Words("已全额贷项，关闭", "All credited: close it")),
    step("ask_write_off", {State.OVERDUE}, State.WRITING_OFF, access.settler,
         asks=(REASON,), then=(_propose,),
         says="fee_note.write_off_asked", label=Words("申请核销", "Ask to write it off")),
    step("write_off", {State.WRITING_OFF}, State.WRITTEN_OFF, access.settler,
         when=(access.four_eyes("proposed_by"),), then=(_decide, _lose), moves_money=True,
         says="fee_note.written_off", label=Words("复核核销", "Write it off")),
    step("keep", {State.CANCELLING, State.WRITING_OFF}, State.ISSUED, access.settler,
         asks=(REASON,), then=(_keep,),
         within="clocks.fee_note", overdue="mark_overdue", owner="payer_id",
         says="fee_note.kept", label=Words("不予同意，继续收取", "Go on asking for it")),
)
# fmt: on


def gather(work: Work, *, payer_id: str | None = None, limit: int) -> list[FeeNote]:
    """Draw up a note for each payer who was charged what is on none; of one payer if named.

    For settlement officers and the house. One SELECT, and a few statements a note.
    """
    access.require(work, _drawer, "fee_note.gather")
    currency = FeeCharge.__table__.c.amount_currency
    statement = (
        select(FeeCharge.payer_id, currency)
        .where(*_unnoted(payer_id))
        .distinct()
        .order_by(FeeCharge.payer_id, currency)
        .limit(limit)
    )
    drawn = [_gathered(work, *found) for found in work.session.execute(statement).all()]
    return [note for note in drawn if note is not None]


def draw(work: Work, found: list[FeeCharge]) -> FeeNote:
    """Draw up the note of some charges of one payer, in one currency, and ask for it."""
    today = local_date(work.now)
    total = sum((one.left for one in found[1:]), found[0].left)
    series = f"FN-{today.year}"
    made = FeeNote(
        id=ids.new("fno_", work.now),
        code=f"{series}-{numbers.following(work.session, series):06}",
        state=State.DRAWN,
        payer_id=found[0].payer_id,
        amount=total,
        credited_minor=0,
        lost_minor=0,
        payment_id=None,
        drawn_at=work.now,
        due_on=work.calendar.due(today, work.rules.number("clocks.fee_note.limit_wd")).date,
        reminders=0,
        proposed_by=None,
        decided_by=None,
        closed_at=None,
    )
    work.session.add(made)
    work.session.flush()  # the charges refer to it by id alone
    for one in found:
        one.note_id = made.id
    LIFE.take("issue", made, work.as_system(), payer_id=made.payer_id, amount=total)
    return made


def credit(work: Work, charge: FeeCharge, amount: Money, *, reason: str) -> FeeCredit | None:
    """Take `amount` off a charge, which is locked, and off its note; by the house alone.

    None when nothing of it is asked or was paid, because it was written off. A note of which
    nothing is owed any more, and nothing was paid, is closed.
    """
    access.require(work, system_only, "fee_note.credit")
    if charge.note_id is None:
        return credit_notes.give(work, charge, amount, note=None, reason=reason)
    note = _locked(work.session, charge.note_id)
    most = min(amount, credit_notes.room(work.session, note))
    if not most.minor:
        return None
    made = credit_notes.give(work, charge, most, note=note, reason=reason)
    if note.state in _OPEN and not note.owed.minor:
        LIFE.take("drop", note, work, payer_id=note.payer_id)
    return made


def paid(work: Work, event: Event) -> None:
    """After "payment.received" for a fee note: it is settled."""
    if event.data.get("purpose") != Purpose.FEE:
        return
    note = work.session.get(FeeNote, event.data["target"])
    if note is not None and note.state in _OPEN:
        LIFE.take("settle", note, work.as_system(), payer_id=note.payer_id)


class Wanted(NamedTuple):
    """Which notes are looked for. late_by: whose day was at least so many days ago, unpaid."""

    state: State | None = None
    payer_id: str | None = None
    late_by: int | None = None


_OWN: Final = access.overseen(FeeNote, LIFE, Words("没有这张服务费通知", "no fee note"), "payer_id")
find, seen, take = _OWN.find, _OWN.seen, _OWN.take


def listed(work: Work, wanted: Wanted, *, after: str | None, limit: int) -> Page[FeeNote]:
    """Return the notes that the caller may see, newest first. One SELECT on an index."""
    where: list[ColumnElement[bool]] = []
    if wanted.payer_id is not None:
        where.append(FeeNote.payer_id == wanted.payer_id)
    if wanted.state is not None:
        where.append(FeeNote.state == wanted.state)
    if wanted.late_by is not None:
        last = date.fromordinal(local_date(work.now).toordinal() - wanted.late_by)
        where += [FeeNote.state.in_(_OPEN), FeeNote.due_on <= last]
    return _OWN.listed(work, *where, after=after, limit=limit)


def days_late(work: Work, note: FeeNote) -> int:
    """Return for how many days an open note has been late; 0 for one that is not."""
    if note.state not in _OPEN:
        return 0
    return max(0, (local_date(work.now) - note.due_on).days)


def payments_of(session: Session, notes: Iterable[FeeNote]) -> dict[str, Payment]:
    """Return note → the payment by which it is asked for. One SELECT by key."""
    there = {note.payment_id: note.id for note in notes if note.payment_id}
    statement = select(Payment).where(Payment.id.in_(sorted(there)))
    return {there[payment.id]: payment for payment in session.scalars(statement)}


def owing(session: Session, payer_id: str) -> Money:
    """Return what a payer owes for fees, on notes or not, from the books. One SELECT."""
    return ledger.balance(session, AccountRef(charges.DUE, payer_id))


def unnoted(work: Work) -> list[FeeCharge]:
    """Return charges of the caller's organisation that are on no note yet, at most 100."""
    own = work.actor.organisation
    statement = select(FeeCharge).where(*_unnoted(own)).order_by(FeeCharge.id).limit(100)
    return list(work.session.scalars(statement))


def _gathered(work: Work, payer_id: str, currency: str) -> FeeNote | None:
    statement = (
        select(FeeCharge)
        .where(*_unnoted(payer_id), FeeCharge.__table__.c.amount_currency == currency)
        .order_by(FeeCharge.id)
        .limit(CHARGES_MAX)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    found = list(work.session.scalars(statement))
    return draw(work, found) if found else None


def _unnoted(payer_id: str | None) -> tuple[ColumnElement[bool], ...]:
    amount = FeeCharge.__table__.c.amount_minor
    conditions = (FeeCharge.note_id.is_(None), FeeCharge.credited_minor < amount)
    return conditions if payer_id is None else (*conditions, FeeCharge.payer_id == payer_id)


def _payment(session: Session, note: FeeNote) -> Payment:
    return payments.find(session, str(note.payment_id))


def _locked(session: Session, note_id: str) -> FeeNote:
    found = session.get(FeeNote, note_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise _OWN.not_there(note_id)
    return found
