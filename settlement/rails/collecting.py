"""Collecting a payment by a provider: who may begin, when a try is closed, when it is over."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from kernel import ids
from kernel.errors import Invalid, Refusal, StepNotAllowed, StepRefused
from kernel.journal import Event
from kernel.money import Money
from kernel.work import Work
from settlement import payments
from settlement.payments import Payment
from settlement.rails import attempts, commands
from settlement.rails.attempts import IS_LIVE, LIFE, LIVE, METHODS, Attempt, State
from settlement.rails.commands import Command

TERM: Final = timedelta(hours=1)
"""How long a buyer may take to finish what was begun; then the try is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a payment is to be collected.

    manual: reserve only (cards). return_url: where the buyer comes back to. token: the
    provider's name of a card that the buyer has entered there; without one the buyer goes on
    with the client secret.
    """

    provider: str
    method: str
    manual: bool = False
    return_url: str = ""
    token: str = ""


def begin(work: Work, payment_id: str, way: Way) -> Attempt:
    """Begin to collect what is due of a payment, for its payer; the provider is told after.

    Raises NotFound, StepNotAllowed for another than the payer, StepRefused with every
    reason, Invalid. Three SELECTs on indexes.
    """
    payments.seen(work, payment_id)
    payment = payments.locked_by_id(work.session, payment_id)
    if payment.payer_id != work.actor.organisation:
        raise StepNotAllowed("只有付款方可以支付", "only the payer pays it")
    _check(way)
    _refuse(work, payment)
    return _begun(work, payment, way)


def give_up(work: Work, attempt_id: str) -> Attempt:
    """Close a live attempt because its payer wants to pay in another way.

    Raises NotFound, StepNotAllowed, StepRefused. What succeeds all the same goes back.
    """
    attempt = attempts.seen(work, attempt_id)
    payment = payments.find(work.session, attempt.payment_id)
    if payment.payer_id != work.actor.organisation:
        raise StepNotAllowed("只有付款方可以关闭", "only the payer closes it")
    LIFE.take("close", attempt, work.as_system(), reason="given up by the payer")
    return attempt


def send_back(
    work: Work, *, refund_id: str, object_id: str, amount: Money, provider: str = ""
) -> Command:
    """Tell the provider to give money of a payment back; once for a refund, however often asked.

    object_id: the payment at the provider; provider: its name, looked up if empty. The
    refund desk hears what came of it. Raises NotFound. Two SELECTs on indexes.
    """
    there = commands.given_for(work.session, commands.REFUND, refund_id)
    if there is not None:
        return there
    return commands.give(
        work,
        provider=provider or attempts.of_object(work.session, object_id).provider,
        kind=commands.REFUND,
        subject=refund_id,
        amount=amount,
        body={"object": object_id},
    )


def close_for(work: Work, event: Event) -> None:
    """After "payment.received" and "payment.voided": nobody goes on collecting it."""
    live = attempts.live_of(work.session, event.subject)
    if live is not None:
        LIFE.take("close", live, work.as_system(), reason=event.kind)


def expire_due(work: Work, *, limit: int) -> int:
    """Close the attempts whose term is over; returns how many. One SELECT on an index."""
    statement = (
        select(Attempt)
        .where(Attempt.state.in_(LIVE), IS_LIVE, Attempt.expires_at <= work.now)
        .order_by(Attempt.expires_at, Attempt.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    due = list(work.session.scalars(statement))
    for attempt in due:
        LIFE.take("expire", attempt, work.as_system())
    return len(due)


def _begun(work: Work, payment: Payment, way: Way) -> Attempt:
    attempt_id = ids.new("att_", work.now)
    command = commands.give(
        work,
        provider=way.provider,
        kind=commands.START,
        subject=attempt_id,
        amount=payment.due,
        body={
            "method": way.method, "manual": way.manual, "return_url": way.return_url,
            "token": way.token, "reference": payment.reference,
        },
    )  # fmt: skip
    work.session.flush()  # the command's row first: the attempt names it by id alone
    nothing = Money(0, payment.amount.currency)
    made = Attempt(
        id=attempt_id,
        state=State.CREATED,
        payment_id=payment.id,
        provider=way.provider,
        method=way.method,
        manual=way.manual,
        command_id=command.id,
        amount=payment.due,
        captured=nothing,
        refunded=nothing,
        begun_by=work.actor.person,
        begun_at=work.now,
        expires_at=work.now + TERM,
        reason="",
    )
    work.session.add(made)
    told = {"payment_id": payment.id, "provider": way.provider, "method": way.method}
    work.record("attempt.begun", made.id, **told, amount=made.amount)
    return made


def _check(way: Way) -> None:
    if way.method not in METHODS:
        raise Invalid("支付方式无效", "no such method", pointer="/method")
    if way.manual and way.method != "card":
        raise Invalid("仅银行卡可先授权后扣款", "only a card can be reserved", pointer="/manual")


def _refuse(work: Work, payment: Payment) -> None:
    refusals = []
    if payment.state not in {payments.State.AWAITING, payments.State.PART_FUNDED}:
        refusals.append(Refusal("NOT_AWAITED", "该付款无需再支付", "the payment awaits nothing"))
    if attempts.live_of(work.session, payment.id) is not None:
        refusals.append(
            Refusal(
                "ATTEMPT_UNDER_WAY",
                "已有一次支付正在进行，请先完成或关闭",
                "another attempt is under way; finish or close it first",
            )
        )
    if refusals:
        raise StepRefused.of(refusals)
