"""What stands on an invoice: its parties, its rate, and the words of its paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from kernel import ids
from kernel.errors import Invalid
from kernel.money import Money
from kernel.parties import admission, organisations
from kernel.parties import uscc as codes
from kernel.work import Work
from settlement.dividing import charges, fee_rules
from settlement.fees.note_rows import FeeNote
from settlement.papers import invoice_lines, mandates
from settlement.papers.invoice_lines import Asked
from settlement.papers.invoice_rooms import About, Figures
from settlement.papers.invoice_rows import Invoice, Kind, State


class Buyer(TypedDict, total=False):
    """What the buyer wants written on the invoice, each part if it likes.

    buyer_name, buyer_uscc: of the part of the organisation that files it; its own by default.
    """

    buyer_name: str
    buyer_uscc: str
    buyer_address: str
    buyer_phone: str
    buyer_bank: str
    buyer_account: str
    email: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for. amount: with tax; None for all that is left. lines: of it.

    order_id: or the fee note's. called: the order's number, as people know it.
    """

    order_id: str
    about: About
    kind: Kind
    amount: Money | None = None
    lines: Sequence[Asked] = ()
    buyer: Buyer = field(default_factory=Buyer)
    called: str = ""


def made(work: Work, told: Figures, wanted: Wanted, total: Money) -> Invoice:
    """Return the row of a request; net and tax are for its lines to say. Some SELECTs by key."""
    seller = organisations.find(work.session, told.seller_id)
    own = organisations.find(work.session, told.buyer_id)
    about = wanted.about
    return Invoice(
        id=ids.new("inv_", work.now),
        state=State.REQUESTED,
        order_id=told.order_id,
        about=about,
        kind=wanted.kind,
        seller_id=seller.id,
        seller_name=seller.name_zh,
        seller_uscc=seller.uscc,
        buyer_id=own.id,
        total=total,
        rate_bp=_rate(work, seller.id, about),
        remark=_remark(work, wanted),
        mandated=about == About.PRICE and mandates.holds(work.session, seller.id),
        requested_by=work.actor.person,
        requested_at=work.now,
        red_minor=0,
        red_asked_minor=0,
        tax_document=False,
        **_filled(wanted.buyer, own),
    )


def by_default(work: Work, wanted: Wanted, total: Money) -> Sequence[Asked]:
    """Return the lines that were asked for; of a whole fee note, one for each kind of fee.

    One SELECT for a fee note without lines.
    """
    if wanted.lines or wanted.about != About.FEE:
        return wanted.lines
    sums: dict[str, Money] = {}
    for charge in charges.of_note(work.session, wanted.order_id):
        if charge.left.minor:
            label = fee_rules.Kind(charge.kind).label.zh
            sums[label] = sums.get(label, Money(0, total.currency)) + charge.left
    whole = sum(sums.values(), Money(0, total.currency)) == total
    return [Asked(gross, label) for label, gross in sums.items()] if whole else ()


def _remark(work: Work, wanted: Wanted) -> str:
    if wanted.about != About.FEE:
        return wanted.called or wanted.order_id
    return work.session.get_one(FeeNote, wanted.order_id).code


def _filled(buyer: Buyer, own: organisations.Organisation) -> Mapping[str, str]:
    written: dict[str, str] = {name: str(buyer.get(name, "")) for name in Buyer.__annotations__}
    written["buyer_name"] = written["buyer_name"] or own.name_zh
    try:
        written["buyer_uscc"] = codes.check(written["buyer_uscc"] or own.uscc)
    except Invalid as error:
        raise Invalid(error.zh, error.en, error.refusals, pointer="/buyer_uscc") from error
    return written


def _rate(work: Work, seller_id: str, about: About) -> int:
    """Return at how many basis points the seller is taxed."""
    if about != About.PRICE:
        return work.rules.number("fees.vat_bp")
    filed = work.session.get(admission.Admission, seller_id)
    kind = admission.TaxKind.GENERAL_VAT if filed is None else filed.tax_kind
    return work.rules.number(f"invoices.vat_bp.{kind}")


def document(
    invoice: Invoice, lines: Sequence[invoice_lines.InvoiceLine], *, issuer: str
) -> dict[str, Any]:
    """Return what the paper of an invoice says, but for its number."""
    names = (
        "order_id", "about", "seller_name", "seller_uscc", "buyer_name", "buyer_uscc",
        "buyer_address", "buyer_phone", "buyer_bank", "buyer_account", "remark",
    )  # fmt: skip
    columns = (
        "item_name", "tax_code", "spec", "unit", "quantity", "unit_price_e6", "net_minor",
        "rate_bp", "tax_minor",
    )  # fmt: skip
    return {
        **{name: getattr(invoice, name) for name in names},
        "invoice_kind": invoice.kind,
        "lines": [{name: getattr(line, name) for name in columns} for line in lines],
        "net": invoice.net_minor,
        "tax": invoice.tax_minor,
        "total": invoice.total.minor,
        "total_cn": invoice_lines.in_capitals(invoice.total),
        "currency": invoice.total.currency,
        "issuer": issuer,
        "red_of": "",
    }
