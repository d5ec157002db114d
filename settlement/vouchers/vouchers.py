"""A voucher (算力券): the part of one order that a sponsor pays for its holder.

Issued, claimed, locked for one order, redeemed after its use was audited, reimbursed by the
sponsor. Its value stands on a guarded account of its own, so it is used once and never for
more than it says (I-62a). What is left of it after it was used is budget again.
"""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kernel import ids, numbers
from kernel.actor import Duty, its, system_only
from kernel.clock import local_date
from kernel.errors import NotFound, Refusal, refuse
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from settlement import access, escrow, ledger, payments
from settlement.ledger import AccountRef, Row
from settlement.metering import subscriptions
from settlement.vouchers import batches, eligibility
from settlement.vouchers.batches import VoucherBatch
from settlement.vouchers.rows import USED, State, Voucher

__all__ = ["LIFE", "USED", "State", "Voucher"]

EXPIRED_MAX: Final = 200


holder: Final = its("holder", "holder_id", Duty.FINANCE, Duty.SIGNER, Duty.SUBMITTER, Duty.EDITOR)


def _lower(voucher: Voucher, work: Work) -> None:
    """Let the voucher pay less by what of a subscription was not served."""
    gone = subscriptions.unsponsored(work.session, voucher.order_id or "")
    voucher.used = Money(voucher.used.minor - sum(one.minor for one in gone.values()))


def _free(voucher: Voucher, _work: Work, _data: dict[str, Any]) -> None:
    voucher.order_id, voucher.used_year = None, None
    voucher.used = Money(0, voucher.face.currency)


def _expire(voucher: Voucher, work: Work, _data: dict[str, Any]) -> None:
    batch = batches.find(work.session, voucher.batch_id)
    _back_to_budget(work, voucher, batch, voucher.face)


def _restore(voucher: Voucher, work: Work, data: dict[str, Any]) -> None:
    voucher.face = voucher.used  # the rest was budget again when it was redeemed
    voucher.redeemed_by, voucher.redeemed_at, voucher.evidence = None, None, None
    voucher.reversals += 1
    _free(voucher, work, data)


def _unreimburse(voucher: Voucher, work: Work, _data: dict[str, Any]) -> None:
    """Owe the sponsor its receipt again, and have it owe the voucher."""
    suspense = AccountRef("2241.suspense", voucher.bank_line_id or "", voucher.used.currency)
    voucher.bank_line_id = None  # first: what is read next writes the row
    batch = batches.find(work.session, voucher.batch_id)
    ledger.post(
        work,
        "voucher.unreimbursed",
        voucher.id,
        [Row(batch.owed, suspense, voucher.used)],
        seq=voucher.reversals,
        effective_on=local_date(work.now),
    )
    voucher.reversals += 1


def _redeem(voucher: Voucher, work: Work, data: dict[str, Any]) -> None:
    voucher.redeemed_by, voucher.redeemed_at = work.actor.person, work.now
    voucher.evidence = data["evidence"]
    _lower(voucher, work)
    batch = batches.find(work.session, voucher.batch_id)
    redeemed = AccountRef("9104.redeemed", batch.id, voucher.used.currency)
    held = AccountRef(escrow.ESCROW, voucher.order_id or "", voucher.used.currency)
    ledger.post(
        work,
        "voucher.redeemed",
        voucher.id,
        [
            Row(voucher.value, redeemed, voucher.used),
            Row(batch.owed, held, voucher.used),
        ],
        seq=voucher.reversals,
        effective_on=local_date(work.now),
        order_id=voucher.order_id,
    )
    if rest := voucher.face.minor - voucher.used.minor:
        _back_to_budget(work, voucher, batch, Money(rest, voucher.face.currency))
    if batch.advanced:
        _say_payable(work, voucher)


# fmt: off
LIFE: Workflow[State, Voucher] = Workflow(
    "voucher", State, State.ISSUED,
    step("claim",   {State.ISSUED}, State.CLAIMED, holder, when=(eligibility.is_in_term,),
         says="voucher.claimed", label=Words("领取", "Claim")),
    step("lock",    {State.CLAIMED}, State.LOCKED, holder, own_door=True,
         when=(eligibility.is_in_term,),
         says="voucher.locked", label=Words("用于订单", "Use for an order")),
    step("release", {State.LOCKED}, State.CLAIMED, system_only, own_door=True, then=(_free,),
         says="voucher.released", label=Words("退回券包", "Released")),
    step("redeem",  {State.LOCKED}, State.REDEEMED, access.settler, moves_money=True,
         when=(access.four_eyes("issued_by"), eligibility.is_accepted, eligibility.term_is_over),
         then=(_redeem,),
         asks=(ask("evidence", label=Words("使用凭据", "Evidence of the use"), max=2000),),
         says="voucher.redeemed", label=Words("审核并核销", "Audit and redeem")),
    step("decline", {State.LOCKED}, State.CLAIMED, access.settler, own_door=True,
         when=(eligibility.is_accepted, eligibility.term_is_over), then=(_free,), asks=(REASON,),
         says="voucher.declined", label=Words("不予核销", "Decline")),
    step("reimburse", {State.REDEEMED}, State.REIMBURSED, access.settler, own_door=True,
         says="voucher.reimbursed", label=Words("资助方已兑付", "Reimbursed")),
    step("unreimburse", {State.REIMBURSED}, State.REDEEMED, access.settler, moves_money=True,
         when=(access.four_eyes("redeemed_by"),), then=(_unreimburse,), asks=(REASON,),
         says="voucher.unreimbursed", label=Words("撤销兑付", "Take its payment back")),
    step("restore", {State.REDEEMED}, State.CLAIMED, system_only, own_door=True,
         then=(_restore,),
         says="voucher.restored", label=Words("退款恢复", "Restored by a refund")),
    step("expire",  {State.ISSUED, State.CLAIMED}, State.EXPIRED, system_only, own_door=True,
         when=(eligibility.is_over,), then=(_expire,),
         says="voucher.expired", label=Words("过期", "Expire")),
    step("revoke",  {State.ISSUED, State.CLAIMED}, State.REVOKED, access.settler,
         then=(_expire,), asks=(REASON,), moves_money=True,
         says="voucher.revoked", label=Words("作废", "Revoke")),
)
# fmt: on


def issue(work: Work, batch_id: str, *, holder_id: str) -> Voucher:
    """Give an organisation a voucher of an open batch.

    Raises NotFound, StepRefused with every reason, Overdrawn when the budget is used up.
    Some SELECTs by key and an entry.
    """
    access.require(work, access.settler, "voucher.issue")
    batch = batches.find(work.session, batch_id)
    refused = [*eligibility.closed(batch), *eligibility.not_eligible(work, batch, holder_id)]
    refuse(refused)
    series = f"VC-{local_date(work.now).year}"
    made = Voucher(
        id=ids.new("vch_", work.now),
        state=State.ISSUED,
        code=f"{series}-{numbers.following(work.session, series):06}",
        batch_id=batch.id,
        holder_id=holder_id,
        face=batch.face,
        used=Money(0, batch.face.currency),
        valid_to=batch.valid_to,
        issued_by=work.actor.person,
        issued_at=work.now,
        reversals=0,
    )
    ledger.post(
        work,
        "voucher.issued",
        made.id,
        [Row(batch.available, made.value, made.face)],
        effective_on=local_date(work.now),
    )
    work.session.add(made)
    work.record("voucher.issued", made.id, batch_id=batch.id, holder_id=holder_id, face=made.face)
    return made


def usable(
    work: Work, *, seller_id: str, total: Money, product_types: Collection[str]
) -> list[tuple[Voucher, Money]]:
    """Return the caller's vouchers that may be used for such an order, with what each pays.

    At most fifty, those that end first at the front. A few SELECTs a batch.
    """
    statement = (
        select(Voucher)
        .where(Voucher.holder_id == work.actor.organisation, Voucher.state == State.CLAIMED)
        .order_by(Voucher.valid_to, Voucher.id)
        .limit(50)
    )
    found = []
    for voucher in work.session.scalars(statement):
        pays = eligibility.pays(voucher, batches.find(work.session, voucher.batch_id), total)
        if not eligibility.not_for(work, voucher, seller_id, product_types, pays):
            found.append((voucher, pays))
    return found


def lock(
    work: Work,
    voucher_id: str,
    *,
    order_id: str,
    seller_id: str,
    total: Money,
    product_types: Collection[str],
) -> Voucher:
    """Use the caller's voucher for an order of `total`: it is locked until that is over.

    Raises NotFound, StepNotAllowed, StepRefused with every reason: another voucher is used
    for the order, the seller is related to the holder, the batch is not for such products,
    the year's limit is reached. The holder's vouchers of the batch are locked, so that two
    orders cannot pass the limit together.
    """
    voucher = seen(work, voucher_id)
    batch = batches.find(work.session, voucher.batch_id)
    _lock_all(work.session, batch.id, voucher.holder_id)
    pays = eligibility.pays(voucher, batch, total)
    refused = eligibility.not_for(work, voucher, seller_id, product_types, pays)
    if of_order(work.session, order_id) is not None:
        refused.append(
            Refusal("NOT_STACKABLE", "一笔订单只能用一张券", "an order takes one voucher")
        )
    refuse(refused)
    voucher.order_id, voucher.used_year = order_id, local_date(work.now).year
    voucher.used = pays
    LIFE.take("lock", voucher, work, order_id=order_id, used=pays)
    return voucher


def release(work: Work, order_id: str) -> None:
    """Give the voucher of an order that does not come about back to its holder."""
    voucher = of_order(work.session, order_id)
    if voucher is not None:
        LIFE.take("release", voucher, work.as_system(), order_id=order_id)


def decline(work: Work, voucher_id: str, reason: str) -> tuple[Voucher, str, Money]:
    """Refuse to redeem: the voucher is its holder's again, who owes the order that part.

    Returns the voucher, its order and the part. Raises what `Workflow.take` raises.
    """
    voucher = seen(work, voucher_id)
    _lower(voucher, work)
    order_id, owed = voucher.order_id or "", voucher.used
    LIFE.take("decline", voucher, work, reason=reason, order_id=order_id, owed=owed)
    return voucher, order_id, owed


def reimburse(work: Work, batch_id: str, *, line_id: str, voucher_ids: Collection[str]) -> Money:
    """Count a receipt of the sponsor for vouchers that were redeemed; returns their sum.

    line_id: the bank line, whose money is in suspense. Raises NotFound, StepRefused when a
    voucher is not redeemed or of another batch, Overdrawn when the receipt is smaller.
    """
    access.require(work, access.settler, "voucher.reimburse")
    batch = batches.find(work.session, batch_id)
    statement = (
        select(Voucher)
        .where(Voucher.id.in_(sorted(set(voucher_ids))), Voucher.batch_id == batch.id)
        .order_by(Voucher.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = list(work.session.scalars(statement))
    if len(found) != len(set(voucher_ids)) or not found:
        raise NotFound("批次中没有这些券", f"batch {batch_id} has not all of these vouchers")
    for voucher in found:
        voucher.bank_line_id = line_id
        LIFE.take("reimburse", voucher, work, bank_line_id=line_id)
    total = sum((voucher.used for voucher in found), Money(0, batch.face.currency))
    suspense = AccountRef("2241.suspense", line_id, total.currency)
    ledger.post(
        work,
        "voucher.reimbursed",
        f"{line_id}:{found[0].id}",
        [Row(suspense, batch.owed, total)],
        seq=found[0].reversals,
        effective_on=local_date(work.now),
    )
    if not batch.advanced:
        for voucher in found:
            _say_payable(work, voucher)
    return total


def expire_due(work: Work, *, limit: int = EXPIRED_MAX) -> int:
    """End the vouchers whose last day has passed. One SELECT on an index, an entry each."""
    statement = (
        select(Voucher)
        .where(
            Voucher.state.in_([State.ISSUED, State.CLAIMED]),
            Voucher.valid_to < local_date(work.now),
        )
        .order_by(Voucher.id)
        .limit(limit)
    )
    found = list(work.session.scalars(statement))
    for voucher in found:
        LIFE.take("expire", voucher, work.as_system())
    return len(found)


def of_order(session: Session, order_id: str) -> Voucher | None:
    """Return the voucher used for an order. One SELECT on an index."""
    return session.scalars(select(Voucher).where(Voucher.order_id == order_id)).one_or_none()


def pending(session: Session, order_id: str) -> bool:
    """Tell whether a part of the order is still to come: from its sponsor, or its buyer instead.

    Three SELECTs on indexes at most.
    """
    voucher = of_order(session, order_id)
    if voucher is not None:
        advanced = batches.find(session, voucher.batch_id).advanced
        redeemed = voucher.state == State.REDEEMED and not advanced
        return voucher.state == State.LOCKED or redeemed
    return payments.awaited(session, order_id)


def find(session: Session, voucher_id: str) -> Voucher:
    """Return the voucher. Raises NotFound. One SELECT by key."""
    found = session.get(Voucher, voucher_id)
    if found is None:
        raise _missing(voucher_id)
    return found


def seen(work: Work, voucher_id: str) -> Voucher:
    """Return the voucher to its holder, its sponsor and overseers; to others it is not there."""
    found = find(work.session, voucher_id)
    batch = batches.find(work.session, found.batch_id)
    if work.actor.organisation != batch.sponsor_id:
        access.hide_from_strangers(work, found.holder_id, _missing(voucher_id))
    return found


def listed(
    work: Work,
    *,
    batch_id: str | None = None,
    state: State | None = None,
    after: str | None,
    limit: int,
) -> Page[Voucher]:
    """Return the vouchers that the caller may see, newest first. One SELECT on an index."""
    statement = select(Voucher)
    if batch_id is not None:
        statement = statement.where(Voucher.batch_id == batch_id)
    if state is not None:
        statement = statement.where(Voucher.state == state)
    if not access.oversees(work.actor):
        mine = work.actor.organisation
        sponsored = select(VoucherBatch.id).where(VoucherBatch.sponsor_id == mine)
        statement = statement.where(or_(Voucher.holder_id == mine, Voucher.batch_id.in_(sponsored)))
    by = ((Voucher.id, "desc"),)
    return keyset(work.session, statement, by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def take(work: Work, voucher_id: str, name: str, **data: Any) -> Voucher:
    """Take one step in a voucher's life. Raises what `Workflow.take` raises."""
    voucher = seen(work, voucher_id)
    LIFE.take(name, voucher, work, order_id=voucher.order_id, **data)
    return voucher


def _lock_all(session: Session, batch_id: str, holder_id: str) -> None:
    statement = (
        select(Voucher)
        .where(Voucher.batch_id == batch_id, Voucher.holder_id == holder_id)
        .order_by(Voucher.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    session.scalars(statement).all()


def _back_to_budget(work: Work, voucher: Voucher, batch: VoucherBatch, amount: Money) -> None:
    ledger.post(
        work,
        "voucher.expired",
        voucher.id,
        [Row(voucher.value, batch.available, amount)],
        seq=voucher.reversals,
        effective_on=local_date(work.now),
    )


def _say_payable(work: Work, voucher: Voucher) -> None:
    work.record("voucher.payable", voucher.id, order_id=voucher.order_id, amount=voucher.used)


def _missing(voucher_id: str) -> NotFound:
    return NotFound("没有这张券", f"no voucher {voucher_id}")
