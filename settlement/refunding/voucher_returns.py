"""A voucher comes back (恢复算力券) when nothing is left of what the buyer paid of its order.

Locked, it is its holder's again, whole. Redeemed, it is worth what it had paid: the sponsor
owes that no more, and it is taken out of the order wherever it stands. What the sponsor has
paid already stays used, until that payment is taken back. The sponsor's part counts as
volume no more. A voucher whose term is over ends instead, and is budget again.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import local_date
from kernel.work import Work
from settlement import ledger
from settlement.ledger import AccountRef, Row
from settlement.refunding import counted, rows, takings
from settlement.refunding import parts as takens
from settlement.vouchers import batches, parts, vouchers
from settlement.vouchers.returned import VoucherReturn
from settlement.vouchers.rows import State, Voucher


def give_back(work: Work, order_id: str) -> None:
    """Give the voucher of an order that was refunded whole back, as the house; once.

    Nothing happens to one that is reimbursed, or when there is none. Some SELECTs and an
    entry.
    """
    voucher = _locked(work.session, order_id)
    if voucher is None or voucher.state not in {State.LOCKED, State.REDEEMED}:
        return
    house, amount = work.as_system(), voucher.used
    redeemed = voucher.state == State.REDEEMED
    was_due = redeemed and not parts.in_escrow(work.session, order_id).minor
    number = voucher.reversals
    _post(house, voucher, order_id, redeemed=redeemed)
    name = "restore" if redeemed else "release"
    vouchers.LIFE.take(name, voucher, house, order_id=order_id, amount=amount)
    if not redeemed:
        voucher.reversals += 1
    work.session.add(
        VoucherReturn(
            voucher_id=voucher.id,
            number=number,
            order_id=order_id,
            amount_minor=amount.minor,
            currency=amount.currency,
            was_due=was_due,
            returned_on=local_date(work.now),
        )
    )
    if local_date(work.now) > voucher.valid_to:
        vouchers.LIFE.take("expire", voucher, house)


def _post(work: Work, voucher: Voucher, order_id: str, *, redeemed: bool) -> None:
    source = f"{voucher.id}/{voucher.reversals}"
    money: list[Row] = []
    if redeemed:
        batch = batches.find(work.session, voucher.batch_id)
        spent = AccountRef("9104.redeemed", batch.id, voucher.used.currency)
        fee_refund = rows.fee_given_back(work.session, order_id)
        taking = takings.take(work, order_id, voucher.used, fee_refund=fee_refund, to_sponsor=True)
        takens.keep(work.session, source, taking)
        money = [*taking.money(batch.owed), Row(spent, voucher.value, voucher.used)]
        pieces = [(one.obligation_id, one.home.code, -one.minor) for one in taking.pieces]
        counted.earnings(work, order_id, source, pieces)
    volume = takings.uncounted(work.session, order_id)
    if not (money or volume):
        return
    ledger.post(
        work,
        "voucher.restored",
        voucher.id,
        [*money, *volume],
        seq=voucher.reversals,
        effective_on=local_date(work.now),
        order_id=order_id,
    )
    counted.volume(work, order_id, source, volume)


def _locked(session: Session, order_id: str) -> Voucher | None:
    statement = (
        select(Voucher)
        .where(Voucher.order_id == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(statement).one_or_none()
