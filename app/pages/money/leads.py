"""Where a reference of the books leads: from an id to the page of what it names."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from app import languages
from app.pages import shown
from app.pages.money.shapes import Cell, cell, said
from kernel.words import Words
from kernel.work import Work
from marketplace import products
from marketplace.seeking import orders
from settlement.desks import called
from settlement.entries import AccountRef

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

PAGES: Final = {
    "adj_": ("/settlement/adjustments/", Words("人工调整", "adjustment")),
    "bil_": ("/bills/", Words("账单", "bill")),
    "bsl_": ("/settlement/bank/lines/", Words("银行流水", "bank line")),
    "aut_": ("/authorisations/", Words("授权", "authorisation")),
    "cbk_": ("/settlement/disputes/", Words("支付争议", "dispute")),
    "dea_": ("/deals/", Words("场外备案", "registered deal")),
    "fno_": ("/fee-notes/", Words("服务费通知", "fee note")),
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
    "ins_": Words("订单分期款", "instalment of an order"),
    "ent_": Words("竞价报名", "entry to an auction"),
    "mat_": Words("核销", "clearing"),
    "brd_": Words("专板", "board"),
    "orl_": Words("订单行", "line of an order"),
}
"""What else an id may name, which has no page of its own."""


def to(reference: str, known: Mapping[str, str] = NOTHING) -> Cell:
    """Return the link to what an id names; what is no id of a page is shown as it is.

    known: what ids are called, as `names` gives it; otherwise the end of the id is shown.
    """
    found = PAGES.get(reference[:4])
    if found is not None:
        page, words = found
        return cell(f"{languages.said(words)} {_end(reference, known)}", href=f"{page}{reference}")
    if reference[:4] in NAMELESS:
        return cell(f"{languages.said(NAMELESS[reference[:4]])} …{reference[-6:]}")
    if reference.startswith("uscc:"):
        return cell(f"{said('统一社会信用代码', 'credit code')} {reference[5:]}")
    return cell(known.get(reference, reference))


def of_key(key: str, known: Mapping[str, str] = NOTHING) -> Cell:
    """Return the link to what a break is about, by its key: "suspense:bsl_…@2026-11"."""
    return to(named_by(key), known)


def named_by(key: str) -> str:
    """Return the id in the key of a break, or the key when there is none."""
    return key.partition(":")[2].partition("@")[0] or key


def owner(ref: AccountRef, known: Mapping[str, str]) -> Cell:
    """Return who or what an account is of."""
    if ref.owner.startswith("treasury:"):
        return cell(said("财政", "the treasury"))
    if not ref.owner:
        return cell(said("交易所", "the exchange"))
    if ref.owner.startswith("org_") and ref.owner in known:
        return cell(known[ref.owner])
    return to(ref.owner, known)


def names(work: Work, refs: Iterable[AccountRef], *references: str | None) -> dict[str, str]:
    """Return id → what it is called, of the owners and of other ids. A SELECT for each kind."""
    wanted = {ref.owner for ref in refs} | {each for each in references if each}
    found = called.called(work.session, wanted)
    kinds = {each[:4] for each in wanted}
    if "ord_" in kinds:
        found.update(orders.codes(work.session, _of("ord_", wanted)))
    if "prd_" in kinds:
        titles = products.titles(work.session, _of("prd_", wanted))
        found.update({key: languages.said(words) for key, words in titles.items()})
    if "org_" in kinds:
        found.update(shown.names(work, _of("org_", wanted)))
    return found


def _of(prefix: str, references: Iterable[str]) -> list[str]:
    return [each for each in references if each.startswith(prefix)]


def _end(reference: str, known: Mapping[str, str]) -> str:
    return known.get(reference, f"…{reference[-6:]}")
