"""What a payment provider says of its disputes, and what it withdraws or reinstates for them.

Words change the state, in whatever order they come; money moves only by balance transactions.
What is lost and withdrawn the parties bear: first what is held, then as for a refund.
"""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import ids
from kernel.clock import local_date
from kernel.money import Money
from kernel.work import Work
from settlement import ledger
from settlement.dividing.frozen import Ground
from settlement.holding import holds
from settlement.ledger import AccountRef, Row
from settlement.rails.desks import DisputeMove, DisputeWord
from settlement.refunding import disputes, effects, parts, takings
from settlement.refunding.disputes import DISPUTED, LIFE, Chargeback, State

_STEPS: Final = {
    State.NEEDS_RESPONSE: "ask",
    State.UNDER_REVIEW: "review",
    State.WON: "win",
    State.LOST: "lose",
    State.CLOSED: "close",
}


def seen(work: Work, word: DisputeWord) -> Chargeback:
    """Take in what the provider says of a dispute; what it said before changes nothing.

    The first time the order's money is held. An end is an end: nothing leads back from it.
    """
    found, house = _locked(work.session, word.provider, word.dispute_id), work.as_system()
    if found is None:
        found = Chargeback(
            id=ids.new("cbk_", work.now),
            state=State.WARNING,
            provider=word.provider,
            dispute_id=word.dispute_id,
            charge_object=word.charge_object,
            order_id=word.order_id,
            amount=word.amount,
            lost_minor=0,
            evidence_due=word.evidence_due,
            evidence=None,
            hold_id=_hold(house, word.dispute_id, word.order_id, word.amount),
            seen_at=work.now,
        )
        work.session.add(found)
        work.session.flush()  # so that a twin under way waits for it
        told = {"order_id": word.order_id, "amount": word.amount, "provider": word.provider}
        house.record("chargeback.opened", found.id, **told)
    found.evidence_due = word.evidence_due or found.evidence_due
    _follow(house, found, State(word.state))
    return found


def _follow(work: Work, chargeback: Chargeback, state: State) -> None:
    name = _STEPS.get(state)
    if name and chargeback.state in LIFE.steps[name].source:
        LIFE.take(name, chargeback, work, order_id=chargeback.order_id)
    _bear(work, chargeback)


def moved(work: Work, move: DisputeMove) -> None:
    """Post what the provider withdrew for a dispute, or reinstated; a repeat changes nothing."""
    today, house, amount = local_date(work.now), work.as_system(), move.amount
    disputed = AccountRef(DISPUTED, move.dispute_id, amount.currency)
    found = _by_dispute(work.session, move.dispute_id)
    order_id = found.order_id if found else None
    if move.kind == "withdrawn":
        rows = [Row(disputed, move.account, amount)]
        fee = AccountRef("6603.dispute_fee", "", move.fee.currency)
        rows.append(Row(fee, move.account, move.fee))
        name = "dispute.withdrawn"
    else:
        rows, name = [Row(move.account, disputed, amount)], "dispute.won"
    ledger.post(house, name, move.source_id, rows, effective_on=today, order_id=order_id)
    if found is not None:
        _bear(house, found)


def _hold(work: Work, dispute_id: str, order_id: str | None, amount: Money) -> str | None:
    if order_id is None:
        return None
    made = holds.place(
        work, order_id=order_id, amount=amount, ground=Ground.CHARGEBACK, reference=dispute_id
    )
    return made.id


def _bear(work: Work, chargeback: Chargeback) -> None:
    """Once it is lost and withdrawn, let the parties bear it: what is held goes first."""
    if chargeback.state != State.LOST or chargeback.order_id is None:
        return
    withdrawn = ledger.balance(work.session, chargeback.withdrawn).minor
    amount = min(withdrawn, chargeback.amount.minor - chargeback.lost_minor)
    if amount <= 0:
        return
    lost = Money(amount, chargeback.amount.currency)
    borne = min(lost, takings.left(work.session, chargeback.order_id))
    seq = 0 if not chargeback.lost_minor else 1
    rows = []
    if borne.minor:
        taking = takings.take(work, chargeback.order_id, borne)
        rows = taking.rows(chargeback.withdrawn)
        source_id = f"{chargeback.id}/{seq}"
        parts.keep(work.session, source_id, taking)
        effects.taken(work, chargeback.order_id, source_id, taking)
    rest = lost - borne  # refunded before: the exchange makes it good
    rows.append(Row(AccountRef("6711.goodwill", "", lost.currency), chargeback.withdrawn, rest))
    today = local_date(work.now)
    ledger.post(
        work, "dispute.lost", chargeback.id, rows, seq=seq, effective_on=today,
        order_id=chargeback.order_id,
    )  # fmt: skip
    chargeback.lost_minor += amount
    disputes.let_go(chargeback, work, {})
    work.record("chargeback.borne", chargeback.id, order_id=chargeback.order_id, amount=lost)


def _locked(session: Session, provider: str, dispute_id: str) -> Chargeback | None:
    statement = (
        select(Chargeback)
        .where(Chargeback.provider == provider, Chargeback.dispute_id == dispute_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(statement).one_or_none()


def _by_dispute(session: Session, dispute_id: str) -> Chargeback | None:
    statement = (
        select(Chargeback)
        .where(Chargeback.dispute_id == dispute_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(statement).first()
