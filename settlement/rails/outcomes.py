"""What came of what a provider was told: the only writer of entries that its objects drive.

An answer, a notice and a look all come through `Outcomes.apply`. The object's row is locked
first; an older word changes nothing, and a fact is booked under the object's own id, never
under that of the notice that told it.
"""

from dataclasses import dataclass
from typing import Final

from kernel.clock import local_date
from kernel.money import Money
from kernel.work import Work
from settlement import ledger, payments
from settlement.ledger import AccountRef, Row
from settlement.payments import Payment
from settlement.rails import attempts, commands, fold, objects
from settlement.rails.attempts import LIFE, Attempt, State
from settlement.rails.commands import Command
from settlement.rails.desks import DisputeDesk, DisputeWord, RefundDesk
from settlement.rails.fold import Arrived, CameBack, CloseThere, Known, Step, WentBack
from settlement.rails.gateway import Contradiction, Unclaimed
from settlement.rails.objects import News
from settlement.rails.port import Kind, Object, Phase

PSP: Final = "1012.psp"
TRANSIT: Final = "1012.psp_transit"
SUSPENSE: Final = "2241.suspense"

_OPEN: Final = frozenset({payments.State.AWAITING, payments.State.PART_FUNDED})


DISPUTE_STATES: Final = {
    Phase.CREATED: "warning",
    Phase.REQUIRES_ACTION: "needs_response",
    Phase.UNDER_REVIEW: "under_review",
    Phase.WON: "won",
    Phase.LOST: "lost",
    Phase.CLOSED: "closed",
}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Carries out what a word of a provider means, in the unit of work of its teller."""

    refunds: RefundDesk
    disputes: DisputeDesk

    def apply(self, work: Work, told: Object, *, fetched: bool = False) -> None:
        """Carry out what follows from a word, once. fetched: looked up now, so it holds.

        Raises Unclaimed when none of our commands made the object, Contradiction when only a
        look can tell. Then nothing is written.
        """
        there = objects.locked(work, told)
        before = str(there.phase)
        news = objects.weigh(there, told)
        if news is News.CONFLICT and not fetched:
            raise Contradiction(told.id)
        if news is News.NEW or news is News.CONFLICT:
            objects.keep(work, there, told)
            house = work.as_system()
            if told.kind is Kind.PAYMENT:
                _payment(house, told, self.refunds)
            elif told.kind is Kind.REFUND:
                _refund(house, told, before, self.refunds)
            elif told.kind is Kind.DISPUTE:
                _dispute(house, told, self.disputes)
            else:
                _payout(house, told, before)

    def refused(self, work: Work, command: Command, reason: str) -> None:
        """Carry out what follows from a command that will never be done."""
        house = work.as_system()
        if command.kind == commands.START:
            attempt = attempts.locked(work.session, command.subject)
            if attempt.state in attempts.LIVE:
                LIFE.take("fail", attempt, house, reason=reason)
        elif command.kind == commands.REFUND:
            self.refunds.failed(
                house,
                command.subject,
                source_id=command.id,
                cash=None,
                on=local_date(work.now),
                reason=reason,
            )

    def lost(self, work: Work, command: Command) -> None:
        """Say of an attempt that nobody knows how it stands."""
        if command.kind != commands.START:
            return
        attempt = attempts.locked(work.session, command.subject)
        if attempt.state == State.CREATED:
            LIFE.take("lose_sight", attempt, work.as_system())


def cash(provider: str, currency: str) -> AccountRef:
    """Return the account of what a provider holds for us."""
    return AccountRef(PSP, provider, currency)


# --- payments -----------------------------------------------------------------------------


def _payment(work: Work, told: Object, desk: RefundDesk) -> None:
    attempt, payment = _claimed(work, told)
    if attempt.object_id is None:
        attempt.object_id = told.id
    due = payment.due if payment.state in _OPEN else Money(0, payment.amount.currency)
    known = Known(
        state=State(attempt.state),
        captured=attempt.captured,
        due=due,
        closing=commands.pending(work.session, commands.CANCEL, attempt.id),
    )
    for call in fold.payment(told, known):
        if isinstance(call, Arrived):
            _book(work, told, attempt, payment, call)
            _send_back(work, told, payment.payer_id, call.over, desk)
        elif isinstance(call, Step):
            LIFE.take(call.name, attempt, work, reason=call.reason)
        elif isinstance(call, CloseThere):
            commands.give(
                work,
                provider=told.provider,
                kind=commands.CANCEL,
                subject=attempt.id,
                amount=Money(0, told.amount.currency),
                body={"object": told.id},
            )


def _claimed(work: Work, told: Object) -> tuple[Attempt, Payment]:
    """Return the attempt and its payment, both locked: the payment first, as everywhere."""
    command = _command(work, told)
    attempt = attempts.find(work.session, command.subject)
    payment = payments.locked_by_id(work.session, attempt.payment_id)
    return attempts.locked(work.session, attempt.id), payment


def _command(work: Work, told: Object) -> Command:
    """Return the command that made the object, locked, and done from now on."""
    found = commands.known(work.session, told.command_id) if told.command_id else None
    if found is None:
        raise Unclaimed(f"{told.id}: no command {told.command_id or 'of ours'} made it")
    commands.done(work, found, told.id)
    return found


def _book(work: Work, told: Object, attempt: Attempt, payment: Payment, arrived: Arrived) -> None:
    source = cash(told.provider, told.amount.currency)
    rows = payments.rows(payment, source, arrived.asked) if arrived.asked.minor else []
    rows.append(Row(source, AccountRef(SUSPENSE, told.id, told.amount.currency), arrived.over))
    ledger.post(
        work,
        "payment.captured" if arrived.asked.minor else "payment.over",
        told.id,
        rows,
        effective_on=local_date(told.at),
        order_id=payment.order_id,
    )
    attempt.captured = arrived.asked + arrived.over
    if arrived.asked.minor:
        payments.receive(work, payment, arrived.asked)


def _send_back(work: Work, told: Object, payer_id: str, over: Money, desk: RefundDesk) -> None:
    if not over.minor:
        return
    work.record("payment.came_over", told.id, provider=told.provider, amount=over)
    desk.of_suspense(
        work,
        object_id=told.id,
        amount=over,
        reason="paid late, twice or too much",
        payer_id=payer_id,
    )


# --- refunds ------------------------------------------------------------------------------


def _refund(work: Work, told: Object, before: str, desk: RefundDesk) -> None:
    command = _command(work, told)
    collected = attempts.by_object(work.session, told.provider, told.parent)
    if collected is None:
        raise Unclaimed(f"{told.id}: the payment {told.parent} is none of ours")
    attempt = attempts.locked(work.session, collected.id)
    on, held = local_date(work.now), cash(told.provider, told.amount.currency)
    for call in fold.refund(told, before):
        if isinstance(call, WentBack):
            attempt.refunded += call.amount
            desk.succeeded(work, command.subject, source_id=told.id, cash=held, on=on)
        elif isinstance(call, CameBack):
            if call.regained:
                attempt.refunded -= call.amount
            desk.failed(
                work,
                command.subject,
                source_id=told.id,
                cash=held if call.regained else None,
                on=on,
                reason=call.reason,
            )
        stand(work, attempt, disputed=attempt.state == State.DISPUTED)


def stand(work: Work, attempt: Attempt, *, disputed: bool) -> None:
    """Bring an attempt to the state in which its money stands, if it is not there."""
    name = fold.standing(attempt.captured, attempt.refunded, disputed=disputed)
    if LIFE.steps[name].target != attempt.state or name == "refund_part":
        LIFE.take(name, attempt, work)


# --- disputes, and what the provider pays us out ------------------------------------------


def _dispute(work: Work, told: Object, desk: DisputeDesk) -> None:
    attempt = attempts.by_object(work.session, told.provider, told.parent)
    if attempt is None:
        raise Unclaimed(f"{told.id}: the payment {told.parent} is none of ours")
    payment = payments.find(work.session, attempt.payment_id)
    word = DisputeWord(
        provider=told.provider,
        dispute_id=told.id,
        charge_object=told.parent,
        order_id=payment.order_id,
        amount=told.amount,
        state=DISPUTE_STATES[told.phase],
        evidence_due=told.due,
    )
    desk.seen(work, word)
    attempt = attempts.locked(work.session, attempt.id)
    if told.phase is Phase.LOST and attempt.state == State.DISPUTED:
        LIFE.take("lose", attempt, work)
    elif attempt.state in attempts.HELD:
        over = told.phase in {Phase.WON, Phase.CLOSED, Phase.CREATED}
        stand(work, attempt, disputed=not over and told.phase is not Phase.LOST)


def _payout(work: Work, told: Object, before: str) -> None:
    gone = {Phase.FAILED, Phase.CANCELLED}
    rows = [
        Row(
            AccountRef(TRANSIT, told.id, told.amount.currency),
            cash(told.provider, told.amount.currency),
            told.amount,
        )
    ]
    if told.phase not in gone and told.phase is not Phase.CREATED:
        ledger.post(work, "psp.payout_sent", told.id, rows, effective_on=local_date(told.at))
    elif told.phase in gone and before in {Phase.PROCESSING, Phase.SUCCEEDED}:
        sent = ledger.post(work, "psp.payout_sent", told.id, rows, effective_on=local_date(told.at))
        ledger.reverse(work, sent.entry_id, effective_on=local_date(work.now))
    if told.command_id:
        command = commands.known(work.session, told.command_id)
        if command is not None:
            commands.done(work, command, told.id)
