"""The door of quotations (报价协商): ask, offer, counter, agree."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from marketplace.bargaining import agreed_prices, quotations
from marketplace.bargaining.agreed_prices import Source
from marketplace.bargaining.quotations import Quotation

blueprint = doors.noun("quotations", "Quotations · 报价协商")


class QuotationIn(doors.Body):
    """A first figure, for all of it."""

    product_id = doors.text(max=40)
    quantity = doors.whole(min=1, max=10**9)
    amount = doors.amount()
    note = doors.text(max=500, min=0, required=False, load_default="")


class OfferOut(doors.Schema):
    """One offer of the thread."""

    number = fields.Integer()
    organisation_id = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    note = fields.String()
    offered_at = fields.String()


class QuotationOut(doors.LivingOut):
    """A thread. agreed_price_id: by which the buyer orders, once it is agreed."""

    code = fields.String()
    product_id = fields.String()
    buyer_id = fields.String()
    seller_id = fields.String()
    quantity = fields.Integer()
    amount = fields.Nested(doors.MoneyBody)
    offers = fields.List(fields.Nested(OfferOut))
    agreed_price_id = fields.String(allow_none=True)


def row(found: Quotation) -> Mapping[str, Any]:
    """Return what QuotationOut shows in a list."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "code": found.code,
        "product_id": found.product_id,
        "buyer_id": found.buyer_id,
        "seller_id": found.seller_id,
        "quantity": found.quantity,
        "amount": doors.wire(found.amount),
    }


def show(found: Quotation, work: Work) -> Mapping[str, Any]:
    """Return what QuotationOut shows."""
    agreed = agreed_prices.of_source(work.session, Source.QUOTATION, found.id)
    told = [
        {
            "number": offer.number,
            "organisation_id": offer.organisation_id,
            "amount": doors.wire(offer.amount),
            "note": offer.note,
            "offered_at": doors.moment(offer.offered_at),
        }
        for offer in quotations.offers(work.session, found.id)
    ]
    return {
        **row(found),
        **doors.living(found, work, quotations.LIFE),
        "offers": told,
        "agreed_price_id": agreed.id if agreed else None,
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(QuotationOut))
def listed(query: dict[str, Any]) -> Any:
    """List the threads that the caller may see, newest first."""
    return doors.page(quotations.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, QuotationOut)
def one(subject_id: str) -> Any:
    """Show a thread to its two parties and to overseers."""
    work = unit.current()
    return doors.tagged(show(quotations.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(QuotationIn)
@blueprint.response(201, QuotationOut)
def begin(body: dict[str, Any]) -> Any:
    """Ask for a price, with a first figure."""
    work = unit.current()
    amount = doors.money_of(body["amount"])
    made = quotations.begin(
        work, body["product_id"], quantity=body["quantity"], amount=amount, note=body["note"]
    )
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, quotations, QuotationOut, show)
