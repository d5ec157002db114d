"""A refund (退款): money goes back to its payer, whatever has become of it meanwhile.

Taken out of escrow, out of what waits, or over the shares that are left, it stands in transit
from the request on, so that nobody can give it back twice (I-56). It is sent by the rail on
which it came; what does not arrive waits in suspense for a person, never with the seller.
"""

from datetime import date
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kernel.actor import Actor, Role, Who, system_only
from kernel.clock import local_date
from kernel.db import hold
from kernel.errors import Invalid, NotFound, Refusal
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from settlement import access, accounts, escrow, ledger
from settlement.ledger import AccountRef, Row
from settlement.metering import wallets
from settlement.posting.asked import ToPost
from settlement.rails import collecting
from settlement.refunding import costs, disputes, effects, parts, rows, takings, ways
from settlement.refunding.costs import Cost
from settlement.refunding.origins import Origin, Rail
from settlement.refunding.rows import PREFIX, SUSPENSE, Asked, Kind, Occasion, Refund, State
from settlement.refunding.takings import NotRefundable
from settlement.refunding.ways import Payee, for_bank, locked, payee, standing

__all__ = [
    "PREFIX",
    "Asked",
    "Kind",
    "NotRefundable",
    "Occasion",
    "Payee",
    "Rail",
    "Refund",
    "State",
    "ask",
    "begin",
    "check_amount",
    "failed",
    "find",
    "for_bank",
    "listed",
    "locked",
    "make_good",
    "of_suspense",
    "payee",
    "request",
    "seen",
    "send",
    "standing",
    "succeeded",
    "take",
    "together",
]

_FREE: Final = Cost()


def _asks(actor: Actor, subject: object) -> bool:
    return Role.SYSTEM in actor.roles or access.settler.matches(actor, subject)


maker: Final = Who("exchange settlement officer or the house", _asks)
"""Who asks for a refund."""


def _asked(actor: Actor, subject: Any) -> bool:
    return bool(subject.kind == Kind.WALLET and subject.payer_id == actor.organisation)


asker: Final = Who(
    "buyer whose wallet it is",
    lambda actor, subject: _asked(actor, subject) and wallets.holder.matches(actor, subject),
)
"""Who asked for its own money back."""


def _no_dispute(refund: Refund, work: Work) -> Refusal | None:
    if refund.order_id is None:
        return None
    return disputes.refusal(work.session, refund.order_id)


def _set_approved(refund: Refund, work: Work, _data: dict[str, Any]) -> None:
    refund.approved_at = work.now
    if Role.SYSTEM not in work.actor.roles:
        refund.checker = work.actor.person


def _pay_anew(refund: Refund, work: Work, data: dict[str, Any]) -> None:
    payee = accounts.require_verified(work.session, refund.payer_id or "")
    origin = Origin(Rail.BANK, "", refund.id, refund.amount)
    made = rows.made(work, Kind.SUSPENSE, origin, refund.amount, data["reason"])
    made.payer_id, made.payee_id = refund.payer_id, payee.id
    row = Row(refund.suspense, made.transit, refund.amount)
    begin(work, made, ToPost("suspense.returned", made.id, [row], local_date(work.now)))


def _waits_in_suspense(refund: Refund, _work: Work) -> Refusal | None:
    if refund.kind != Kind.WALLET:
        return None
    zh, en = "款项已回到预存款，可再次申请退回", "the money is in the wallet again: ask anew"
    return Refusal("BACK_IN_THE_WALLET", zh, en)


# fmt: off
LIFE: Workflow[State, Refund] = Workflow(
    "refund", State, State.REQUESTED,
    step("approve", {State.REQUESTED}, State.APPROVED, access.settler,
         when=(access.four_eyes("maker"), _no_dispute), then=(_set_approved,), moves_money=True,
         says="refund.approved", label=Words("复核", "Approve")),
    step("approve_small", {State.REQUESTED}, State.APPROVED, system_only, own_door=True,
         then=(_set_approved,),
         says="refund.approved_alone", label=Words("小额免复核", "Approve a small one")),
    step("send",    {State.APPROVED}, State.SENT, maker, own_door=True,
         when=(_no_dispute,), then=(effects.put_in_file,),
         says="refund.sent", label=Words("发出", "Send")),
    step("succeed", {State.SENT}, State.SUCCEEDED, system_only, own_door=True,
         then=(effects.arrive,),
         says="refund.succeeded", label=Words("退款到账", "Arrived")),
    step("fail",    {State.SENT}, State.FAILED, system_only, own_door=True,
         then=(effects.fail,),
         says="refund.failed", label=Words("退款失败", "Not arrived")),
    step("bounce",  {State.SUCCEEDED}, State.FAILED, system_only, own_door=True,
         then=(effects.bounce,),
         says="refund.bounced", label=Words("到账后被退回", "Came back")),
    step("by_hand", {State.FAILED}, State.MANUAL, access.settler, asks=(REASON,),
         when=(_waits_in_suspense,), then=(_pay_anew,), moves_money=True,
         says="refund.taken_in_hand",
         label=Words("改退至买方核验账户", "Pay to the buyer's verified account")),
    step("cancel",  {State.REQUESTED, State.APPROVED}, State.CANCELLED,
         (access.settler, asker), asks=(REASON,), then=(effects.take_back,), moves_money=True,
         says="refund.cancelled", label=Words("撤回", "Withdraw")),
)
# fmt: on


def request(
    work: Work,
    *,
    order_id: str,
    amount: Money,
    reason: str,
    order_line_id: str | None = None,
    fee_refund: bool = False,
) -> Refund:
    """Give `amount` of what was paid for an order back to its buyer; it stands in transit now.

    What one receipt cannot bear goes back in as many refunds as it takes, each by the rail of
    its receipt; the first of them is returned, the others name it (`together`).
    order_line_id: out of this line alone, once it was accepted. fee_refund: the exchange
    gives its fee back as well, else the seller bears it. Up to the limit of the rules it is
    approved at once. Raises NotRefundable with every reason. Some SELECTs and an entry each.
    """
    return ask(work, Asked(order_id, amount, reason, order_line_id, fee_refund))


def ask(work: Work, asked: Asked, cost: Cost = _FREE) -> Refund:
    """Give back what is asked for, as `request`, less what each of its transfers costs.

    cost: of an order that nobody has broken; it is taken out of the same escrow.
    """
    access.require(work, maker, "refund.request")
    order_id, amount = asked.order_id, asked.amount
    check_amount(amount)
    found = ways.choose(work, order_id, amount)
    alone_max = work.rules.number("settling.refund_alone_max_fen")
    payer_id, first = ways.payer(work.session, order_id), None
    for origin in found:
        taken = cost.of(origin)
        made = rows.made(work, Kind.ORDER, origin, origin.amount - taken, asked.reason)
        made.order_id, made.order_line_id = order_id, asked.order_line_id
        made.fee_refund, made.payer_id = asked.fee_refund, payer_id
        made.occasion = asked.occasion
        if amount.minor > alone_max:
            made.alone_max_minor = 0  # it is the whole that one person may not refund
        made.first_id = first.id if first else None
        _take_out(work, made, taken)
        first = first or made
    escrow.finished(work, [order_id])
    assert first is not None  # noqa: S101 -- a positive amount has a receipt
    return first


def _take_out(work: Work, made: Refund, cost: Money) -> None:
    """Take a refund's money, and its cost, out of its order; put the money into transit."""
    order_id = made.order_id or ""
    taking = takings.take(
        work,
        order_id,
        made.amount,
        order_line_id=made.order_line_id,
        fee_refund=made.fee_refund,
    )
    if made.rail == Rail.BANK:
        made.payee_id = ways.payee_id(work.session, made.object_id, made.payer_id)
    taken = [*taking.rows(made.transit), *costs.rows(order_id, cost)]
    begin(work, made, ToPost("refund.requested", made.id, taken, local_date(work.now)))
    parts.write(work.session, made.id, taking)
    effects.taken(work, order_id, made.id, taking, cost)
    work.session.flush()  # what is asked for together with it is reckoned after it


def of_suspense(
    work: Work,
    *,
    amount: Money,
    reason: str,
    line_id: str | None = None,
    object_id: str | None = None,
    payer_id: str | None = None,
) -> Refund:
    """Give money in suspense back to who sent it: a late payment, a third party's money.

    line_id: of a bank line; object_id: of a provider's object; one of them. Raises Overdrawn
    when suspense does not hold so much. An entry.
    """
    access.require(work, maker, "refund.of_suspense")
    check_amount(amount)
    if (line_id is None) == (object_id is None):
        raise ValueError("a line of the bank, or an object of a provider")
    rail = Rail.PROVIDER if line_id is None else Rail.BANK
    origin = Origin(rail, "", line_id or object_id or "", amount)
    made = rows.made(work, Kind.SUSPENSE, origin, amount, reason)
    made.payer_id = payer_id
    if line_id is not None:
        made.payee_id = ways.payee_id(work.session, line_id, payer_id)
    row = Row(AccountRef(SUSPENSE, origin.object_id, amount.currency), made.transit, amount)
    return begin(work, made, ToPost("suspense.returned", made.id, [row], local_date(work.now)))


def make_good(work: Work, *, payer_id: str, amount: Money, reason: str) -> Refund:
    """Pay a customer what the exchange makes good itself, to its verified account.

    Raises NoVerifiedAccount. One SELECT on an index and an entry.
    """
    access.require(work, access.settler, "refund.make_good")
    check_amount(amount)
    payee = accounts.require_verified(work.session, payer_id)
    made = rows.made(work, Kind.GOODWILL, Origin(Rail.BANK, "", payer_id, amount), amount, reason)
    made.payer_id, made.payee_id = payer_id, payee.id
    row = Row(AccountRef("6711.goodwill", "", amount.currency), made.transit, amount)
    return begin(work, made, ToPost("refund.requested", made.id, [row], local_date(work.now)))


def succeeded(work: Work, refund_id: str, *, source_id: str, cash: AccountRef, on: date) -> None:
    """Count a refund as arrived, because a provider or a statement says so; a repeat is nothing.

    source_id: the provider's object or the bank's line. When it had been told as failed,
    that is recorded for a person: the money is in suspense.
    """
    refund = _locked(work.session, refund_id)
    if refund.state in {State.FAILED, State.MANUAL}:
        work.record("refund.contradicted", refund.id, source_id=source_id, on=on)
    elif refund.state != State.SUCCEEDED:
        told = {"source_id": source_id, "cash": cash, "on": on}
        _take(work.as_system(), refund, "succeed", **told)


def failed(
    work: Work, refund_id: str, *, source_id: str, cash: AccountRef | None, on: date, reason: str
) -> None:
    """Count a refund as not arrived, even after it was thought to be; a repeat is nothing.

    cash: where the money came back to, when it had left. It waits in suspense for a person.
    """
    refund = _locked(work.session, refund_id)
    if refund.state in {State.FAILED, State.MANUAL}:
        return
    name = "bounce" if refund.state == State.SUCCEEDED else "fail"
    told = {"source_id": source_id, "cash": cash or refund.transit, "on": on, "reason": reason}
    _take(work.as_system(), refund, name, **told)


def send(work: Work, refund: Refund, *, file_id: str | None) -> None:
    """Count a refund as sent, in a file to the bank or by a command to its provider."""
    _take(work, refund, "send", file_id=file_id)


def together(session: Session, refund: Refund) -> list[Refund]:
    """Return all refunds that were asked for with this one, and itself. One SELECT on an index."""
    first = refund.first_id or refund.id
    statement = (
        select(Refund)
        .where(or_(Refund.id == first, Refund.first_id == first))
        .order_by(Refund.first_id.is_not(None), Refund.id)
        .limit(500)
    )
    return list(session.scalars(statement))


def find(session: Session, refund_id: str) -> Refund:
    """Return the refund. Raises NotFound. One SELECT by key."""
    found = session.get(Refund, refund_id)
    if found is None:
        raise _missing(refund_id)
    return found


def seen(work: Work, refund_id: str) -> Refund:
    """Return the refund to who gets it and to overseers; to others it does not exist."""
    found = find(work.session, refund_id)
    access.hide_from_strangers(work, found.payer_id or "", _missing(refund_id))
    return found


def listed(
    work: Work,
    *,
    state: State | None = None,
    order_id: str | None = None,
    after: str | None,
    limit: int,
) -> Page[Refund]:
    """Return the refunds that the caller may see, newest first. One SELECT on an index."""
    statement = select(Refund)
    if not access.oversees(work.actor):
        statement = statement.where(Refund.payer_id == work.actor.organisation)
    if state is not None:
        statement = statement.where(Refund.state == state)
    if order_id is not None:
        statement = statement.where(Refund.order_id == order_id)
    return keyset(work.session, statement, by=((Refund.id, "desc"),), after=after, limit=limit)


def take(work: Work, refund_id: str, name: str, **data: Any) -> Refund:
    """Take one step in a refund's life. Raises what `Workflow.take` raises."""
    refund = seen(work, refund_id)
    hold(work.session, refund)
    _take(work, refund, name, **data)
    if name == "approve":
        _dispatch(work, refund)
    return refund


def _take(work: Work, refund: Refund, name: str, **data: Any) -> None:
    LIFE.take(name, refund, work, order_id=refund.order_id, amount=refund.amount, **data)


def begin(work: Work, made: Refund, entry: ToPost) -> Refund:
    """Post the entry that puts the money into transit, and let a small refund go at once."""
    posted = ledger.post_many(work, [entry._replace(order_id=made.order_id)])
    made.entry_id = posted[0].entry_id
    work.session.add(made)
    work.session.flush()  # its parts refer to it by id alone
    told = {"order_id": made.order_id, "amount": made.amount, "reason": made.reason}
    work.record("refund.requested", made.id, rail=made.rail, reference=made.reference, **told)
    if made.amount.minor <= made.alone_max_minor:
        _take(work.as_system(), made, "approve_small")
        _dispatch(work, made)
    return made


def _dispatch(work: Work, refund: Refund) -> None:
    """Send what needs no file: to its provider, or into the buyer's wallet, which is at once."""
    house, today = work.as_system(), local_date(work.now)
    if refund.rail == Rail.BANK:
        return
    _take(house, refund, "send", file_id=None)
    if refund.rail == Rail.PROVIDER:
        collecting.send_back(
            house,
            refund_id=refund.id,
            object_id=refund.object_id,
            amount=refund.amount,
            provider=refund.account,
        )
    if refund.rail == Rail.WALLET:
        wallet = AccountRef("2241.wallet", refund.object_id, refund.amount.currency)
        _take(house, refund, "succeed", source_id=refund.id, cash=wallet, on=today)


def check_amount(amount: Money) -> None:
    """Raise Invalid unless there is something to give back."""
    if amount.minor <= 0:
        raise Invalid("退款金额须为正数", "a refund must be positive", pointer="/amount")


def _locked(session: Session, refund_id: str) -> Refund:
    refund = find(session, refund_id)
    session.flush()  # what was changed and not written would be read over
    session.refresh(refund, with_for_update=True)
    return refund


def _missing(refund_id: str) -> NotFound:
    return NotFound("没有这笔退款", f"no refund {refund_id}")
