"""What the examination asks of invoices: each sum recomputed from the papers' own rows."""

from typing import Any, Final

from sqlalchemy import Select, case, func, or_, select

from kernel.words import Words
from settlement.checking.check import Check, query
from settlement.papers.invoice_lines import InvoiceLine
from settlement.papers.invoice_rooms import InvoiceRoom
from settlement.papers.invoice_rows import Invoice, State
from settlement.papers.non_tax import NonTaxReceipt
from settlement.papers.red_letters import RedLetter

_INVOICE: Final = Invoice.__table__.c
_ROOM: Final = InvoiceRoom.__table__.c


def _rooms() -> Select[Any]:
    """Compare what orders' rows count with the invoices and receipts there are."""
    live = _INVOICE.state != State.REJECTED
    off = _INVOICE.red_minor + _INVOICE.red_asked_minor
    sums = (
        select(
            _INVOICE.order_id,
            _INVOICE.about,
            func.sum(case((live, _INVOICE.total_minor), else_=0)).label("asked"),
            func.sum(off).label("red"),
        )
        .group_by(_INVOICE.order_id, _INVOICE.about)
        .subquery()
    )
    amount = NonTaxReceipt.__table__.c.amount_minor
    noted = (
        select(NonTaxReceipt.order_id, func.sum(amount).label("minor"))
        .group_by(NonTaxReceipt.order_id)
        .subquery()
    )
    of_price = case((InvoiceRoom.about == "price", func.coalesce(noted.c.minor, 0)), else_=0)
    same = (sums.c.order_id == InvoiceRoom.order_id) & (sums.c.about == InvoiceRoom.about)
    return (
        select(_ROOM.order_id, _ROOM.about)
        .select_from(InvoiceRoom)
        .outerjoin(sums, same)
        .outerjoin(noted, noted.c.order_id == InvoiceRoom.order_id)
        .where(
            or_(
                InvoiceRoom.asked_minor != func.coalesce(sums.c.asked, 0),
                InvoiceRoom.red_minor != func.coalesce(sums.c.red, 0),
                InvoiceRoom.noted_minor != of_price,
                InvoiceRoom.asked_minor - InvoiceRoom.red_minor
                > InvoiceRoom.paid_minor - InvoiceRoom.refunded_minor,
            )
        )
        .order_by(InvoiceRoom.order_id, InvoiceRoom.about)
    )


def _homeless() -> Select[Any]:
    there = (InvoiceRoom.order_id == _INVOICE.order_id) & (InvoiceRoom.about == _INVOICE.about)
    return (
        select(_INVOICE.id)
        .outerjoin(InvoiceRoom, there)
        .where(InvoiceRoom.order_id.is_(None))
        .order_by(_INVOICE.id)
    )


def _lines() -> Select[Any]:
    sums = (
        select(
            InvoiceLine.invoice_id,
            func.sum(InvoiceLine.net_minor).label("net"),
            func.sum(InvoiceLine.tax_minor).label("tax"),
        )
        .group_by(InvoiceLine.invoice_id)
        .subquery()
    )
    return (
        select(_INVOICE.id)
        .outerjoin(sums, sums.c.invoice_id == _INVOICE.id)
        .where(
            or_(
                func.coalesce(sums.c.net, 0) != _INVOICE.net_minor,
                func.coalesce(sums.c.tax, 0) != _INVOICE.tax_minor,
            )
        )
        .order_by(_INVOICE.id)
    )


def _reds() -> Select[Any]:
    sums = (
        select(RedLetter.invoice_id, func.sum(RedLetter.amount_minor).label("minor"))
        .group_by(RedLetter.invoice_id)
        .subquery()
    )
    return (
        select(_INVOICE.id)
        .outerjoin(sums, sums.c.invoice_id == _INVOICE.id)
        .where(func.coalesce(sums.c.minor, 0) != _INVOICE.red_minor)
        .order_by(_INVOICE.id)
    )


CHECKS: Final[tuple[Check, ...]] = (
    query(
        "INVOICED_DIFFERS",
        Words(
            "订单的开票合计与发票不符，或超出已付减已退",
            "what an order counts as invoiced is not the sum of its invoices, or is too much",
        ),
        "order {0} {1}",
        _rooms(),
        InvoiceRoom.__table__,
    ),
    query(
        "INVOICE_UNCOUNTED",
        Words("发票未计入其订单", "an invoice is counted by no order"),
        "invoice {0}",
        _homeless(),
        Invoice.__table__,
    ),
    query(
        "INVOICE_LINES_DIFFER",
        Words("发票金额与明细之和不符", "an invoice is not the sum of its lines"),
        "invoice {0}",
        _lines(),
        Invoice.__table__,
    ),
    query(
        "RED_LETTERS_DIFFER",
        Words("冲红金额与红字发票不符", "what was written off is not the sum of the red letters"),
        "invoice {0}",
        _reds(),
        Invoice.__table__,
    ),
)
"""What is asked of invoices, red letters and the treasury's receipts."""
