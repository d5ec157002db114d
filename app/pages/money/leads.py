"""Where a reference of the books leads: from an id to the page of what it names."""

from collections.abc import Iterable
from typing import Final

from app import languages
from app.pages import shown
from app.pages.money.shapes import Cell, cell, said
from kernel.words import Words
from kernel.work import Work
from settlement.entries import AccountRef

PAGES: Final = {
    "adj_": ("/settlement/adjustments/", Words("人工调整", "adjustment")),
    "bil_": ("/bills/", Words("账单", "bill")),
    "bsl_": ("/settlement/bank/lines/", Words("银行流水", "bank line")),
    "dea_": ("/deals/", Words("场外备案", "registered deal")),
    "hld_": ("/settlement/holds/", Words("冻结", "hold")),
    "lot_": ("/auctions/", Words("竞价", "auction")),
    "ord_": ("/orders/", Words("订单", "order")),
    "opa_": ("/operations/", Words("授权运营协议", "operation agreement")),
    "pay_": ("/payments/", Words("付款单", "payment")),
    "pot_": ("/settlement/payouts/", Words("付款", "payout")),
    "prd_": ("/products/", Words("产品", "product")),
    "rfd_": ("/settlement/refunds/", Words("退款", "refund")),
    "stb_": ("/settlement/batches/", Words("结算批次", "batch")),
    "stm_": ("/statements/", Words("结算单", "statement")),
    "vch_": ("/vouchers/", Words("算力券", "voucher")),
    "vcb_": ("/voucher-batches/", Words("算力券批次", "batch of vouchers")),
}
"""Prefix of an id → where the page is, and what it is called."""

NAMELESS: Final = {
    "ent_": Words("竞价报名", "entry to an auction"),
    "mat_": Words("核销", "clearing"),
    "brd_": Words("专板", "board"),
    "orl_": Words("订单行", "line of an order"),
}
"""What else an id may name, which has no page of its own."""


def to(reference: str) -> Cell:
    """Return the link to what an id names; what is no id of a page is shown as it is."""
    known = PAGES.get(reference[:4])
    if known is not None:
        page, words = known
        return cell(f"{languages.said(words)} …{reference[-6:]}", href=f"{page}{reference}")
    if reference[:4] in NAMELESS:
        return cell(f"{languages.said(NAMELESS[reference[:4]])} …{reference[-6:]}")
    return cell(reference)


def of_key(key: str) -> Cell:
    """Return the link to what a break is about, by its key: "suspense:bsl_…@2026-11"."""
    return to(key.partition(":")[2].partition("@")[0] or key)


def owner(ref: AccountRef, names: dict[str, str]) -> Cell:
    """Return who or what an account is of."""
    if ref.owner.startswith("treasury:"):
        return cell(said("财政", "the treasury"))
    if not ref.owner:
        return cell(said("交易所", "the exchange"))
    return cell(names[ref.owner]) if ref.owner in names else to(ref.owner)


def names(work: Work, refs: Iterable[AccountRef]) -> dict[str, str]:
    """Return id → name of the organisations among the owners. One SELECT."""
    return shown.names(work, {ref.owner for ref in refs if ref.owner.startswith("org_")})
