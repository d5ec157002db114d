"""For whom and for what a voucher is good: rules of its batch, of the year, of relations."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.money import Money
from kernel.parties import organisations, relations
from kernel.work import Work
from settlement import escrow
from settlement.metering import subscriptions
from settlement.vouchers import batches
from settlement.vouchers.batches import WHOLE_BP, VoucherBatch
from settlement.vouchers.rows import USED, Voucher


def is_in_term(voucher: Voucher, work: Work) -> Refusal | None:
    """Guard: its first day has come and its last has not passed."""
    batch, today = batches.find(work.session, voucher.batch_id), local_date(work.now)
    if batch.valid_from <= today <= voucher.valid_to:
        return None
    return Refusal(
        "VOUCHER_NOT_IN_TERM",
        f"券的有效期为 {batch.valid_from} 至 {voucher.valid_to}",
        f"the voucher is valid from {batch.valid_from} to {voucher.valid_to}",
    )


def part(batch: VoucherBatch, total: Money) -> Money:
    """Return what a voucher of the batch pays of `total`: face, limit or rate, the least."""
    rated = Money(total.minor * batch.deduct_bp // WHOLE_BP, total.currency)
    return min(batch.face, batch.order_max, rated)


def pays(voucher: Voucher, batch: VoucherBatch, total: Money) -> Money:
    """Return what this voucher pays of `total`: no more than it is worth itself."""
    return min(voucher.face, part(batch, total))


def closed(batch: VoucherBatch) -> list[Refusal]:
    """Return the reason why a batch gives nothing now, if it does not."""
    if batch.state == batches.State.OPEN:
        return []
    return [Refusal("BATCH_NOT_OPEN", "该批次未在发放", "the batch is not being issued")]


def not_eligible(work: Work, batch: VoucherBatch, holder_id: str) -> list[Refusal]:
    """Return every reason why an organisation gets nothing of a batch.

    Raises NotFound or NotActive. One SELECT by key.
    """
    found = organisations.require_active(work.session, holder_id)
    roles = {role.value for role in found.granted}
    told = []
    if batch.roles and roles.isdisjoint(batch.roles):
        told.append(
            Refusal("HOLDER_ROLE", "持券方角色不符", "the batch is not for its kind of party")
        )
    if batch.regions and not any(_lies_in(found.region, region) for region in batch.regions):
        told.append(Refusal("HOLDER_REGION", "持券方区域不符", "the batch is not for its region"))
    if holder_id == batch.sponsor_id:
        told.append(Refusal("SPONSOR_ITSELF", "资助方不得持券", "a sponsor gives itself nothing"))
    return told


def is_over(voucher: Voucher, work: Work) -> Refusal | None:
    """Guard: its last day has passed."""
    if local_date(work.now) > voucher.valid_to:
        return None
    return Refusal("VOUCHER_IN_TERM", "券仍在有效期内", "the voucher is still valid")


def is_accepted(voucher: Voucher, work: Work) -> Refusal | None:
    """Guard: something of its order was accepted."""
    if escrow.of_order(work.session, voucher.order_id or ""):
        return None
    return Refusal(
        "ORDER_NOT_ACCEPTED", "订单尚未验收", "the order has not been accepted by its buyer"
    )


def term_is_over(voucher: Voucher, work: Work) -> Refusal | None:
    """Guard: of its order no subscription is still to be served."""
    if not subscriptions.unserved(work.session, voucher.order_id or ""):
        return None
    return Refusal(
        "TERM_NOT_OVER",
        "包期服务尚未期满，期满后按实际履行部分核销",
        "its subscription is not over; what was served is redeemed then",
    )


def _lies_in(region: str, outer: str) -> bool:
    """Tell whether a region code lies in another: 430104 in 430100 in 430000."""
    return region.startswith(outer.rstrip("0") or outer)


def not_for(
    work: Work, voucher: Voucher, seller_id: str, product_types: Collection[str], pays: Money
) -> list[Refusal]:
    """Return every reason why a voucher cannot pay `pays` of an order for these products.

    Some SELECTs by key, one for the relations, one for the year on an index.
    """
    batch, today = batches.find(work.session, voucher.batch_id), local_date(work.now)
    told = not_eligible(work, batch, voucher.holder_id)
    if (over := is_in_term(voucher, work)) is not None:
        told.append(over)
    if relations.are_related(work.session, voucher.holder_id, seller_id, on=today):
        told.append(
            Refusal(
                "RELATED_PARTY",
                "与卖方存在关联关系，不得用券",
                "no voucher between related parties",
            )
        )
    if batch.product_types and not set(product_types) <= set(batch.product_types):
        told.append(
            Refusal("PRODUCT_NOT_COVERED", "订单含不适用的产品", "it is not for these products")
        )
    if pays.minor == 0:
        told.append(Refusal("NOTHING_TO_PAY", "可抵扣金额为零", "there is nothing it could pay"))
    left = batch.year_max - _used(work.session, batch, voucher.holder_id, today.year)
    if pays > left:
        told.append(
            Refusal(
                "YEAR_LIMIT",
                f"本年度还可抵扣 {left}",
                f"{left} is left of what the holder may use this year",
            )
        )
    return told


def _used(session: Session, batch: VoucherBatch, holder_id: str, year: int) -> Money:
    statement = select(func.coalesce(func.sum(Voucher.__table__.c.used_minor), 0)).where(
        Voucher.batch_id == batch.id,
        Voucher.holder_id == holder_id,
        Voucher.state.in_(USED),
        Voucher.used_year == year,
    )
    return Money(int(session.scalars(statement).one()), batch.face.currency)
