"""Vouchers, given and used by the right people: builders for the tests."""

from collections.abc import Callable
from datetime import date
from typing import Any

from kernel.money import Money
from kernel.work import Work
from settlement.vouchers import batches, vouchers
from settlement.vouchers.batches import VoucherBatch
from settlement.vouchers.vouchers import Voucher

WorkAs = Callable[..., Work]


def terms(**changed: Any) -> Any:
    """Return the terms of a batch: 30 vouchers of 1,000 yuan, a fifth of an order at most."""
    return {
        "sponsor_id": "org_hub",
        "title_zh": "2026年算力券",
        "title_en": "Compute vouchers 2026",
        "doc_no": "湘数〔2026〕9号",
        "budget": Money(3_000_000),
        "face": Money(100_000),
        "deduct_bp": 2_000,
        "order_max": Money(80_000),
        "year_max": Money(150_000),
        "valid_from": date(2026, 7, 1),
        "valid_to": date(2026, 12, 31),
        **changed,
    }


def opened(work_as: WorkAs, **changed: Any) -> VoucherBatch:
    """Draft a batch, and let another officer open it."""
    maker = work_as("per_exchange_settler")
    made = batches.draft(maker, **terms(**changed))
    maker.session.flush()
    return batches.take(work_as("per_exchange_checker"), made.id, "open")


def claimed(work_as: WorkAs, batch: VoucherBatch, holder: str = "per_buyer_signer") -> Voucher:
    """Give the holder a voucher, and let it be claimed."""
    maker = work_as("per_exchange_settler")
    made = vouchers.issue(maker, batch.id, holder_id=work_as(holder).actor.organisation)
    maker.session.flush()
    return vouchers.take(work_as(holder), made.id, "claim")


def locked(
    work_as: WorkAs, voucher: Voucher, order_id: str = "ord_1", total: int = 300_000
) -> Voucher:
    """Use the voucher for an order of so many fen."""
    return vouchers.lock(
        work_as("per_buyer_signer"),
        voucher.id,
        order_id=order_id,
        seller_id="org_developer",
        total=Money(total),
        product_types=["dataset"],
    )
