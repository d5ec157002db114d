"""The door of invoices (发票), of what can be invoiced, and of the treasury's receipts."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from marketplace.seeking import orders
from settlement.papers import invoices, mandates, non_tax, red_letters, red_lines
from settlement.papers.invoice_lines import LINES_MAX, QUANTITY_MAX, Asked
from settlement.papers.invoice_rooms import About
from settlement.papers.invoices import Buyer, Invoice, Kind, State, Wanted
from settlement.papers.non_tax import NonTaxReceipt

blueprint = doors.noun("invoices", "Invoices · 发票")
receipt_blueprint = doors.noun("non-tax-receipts", "Receipts of the treasury · 非税收入票据")


class InvoiceLineIn(doors.Body):
    """One line: what for, and how much with tax."""

    gross = doors.amount()
    spec = doors.text(max=100, min=0, required=False, load_default="")
    unit = doors.text(max=20, min=0, required=False, load_default="")
    quantity = doors.whole(min=1, max=QUANTITY_MAX, required=False, load_default=1)


class InvoiceIn(doors.Body):
    """What is to be invoiced; without an amount all that is left, without lines one line.

    order_id: of a fee note, when the invoice is about its fees.
    """

    order_id = doors.text(max=40)
    about = doors.choice(*About)
    kind = doors.choice(*Kind)
    amount = doors.amount(required=False, load_default=None)
    lines = doors.many(InvoiceLineIn, at_most=LINES_MAX, required=False, load_default=())
    buyer_name = doors.text(max=100, required=False)
    buyer_uscc = doors.text(max=40, required=False)
    buyer_address = doors.text(max=200, required=False)
    buyer_phone = doors.text(max=40, required=False)
    buyer_bank = doors.text(max=100, required=False)
    buyer_account = doors.text(max=60, required=False)
    email = doors.text(max=100, required=False)


class InvoiceQuery(doors.PageQuery):
    """Which invoices: in one state, of one order, or all that the caller may see."""

    state = doors.choice(*State, required=False, load_default=None)
    order_id = doors.text(max=40, required=False, load_default=None)


class InvoiceableQuery(doors.PageQuery):
    """What of the caller's orders: their price, or the exchange's fee."""

    about = doors.choice(*About, required=False, load_default=About.PRICE.value)


class InvoiceLineOut(doors.Schema):
    """One line. unit_price_e6: of one unit without tax, in millionths of a fen."""

    item_name = fields.String()
    tax_code = fields.String()
    spec = fields.String()
    unit = fields.String()
    quantity = fields.Integer()
    unit_price_e6 = fields.Integer()
    rate_bp = fields.Integer()
    net = fields.Nested(doors.MoneyBody)
    tax = fields.Nested(doors.MoneyBody)


class RedLineOut(doors.Schema):
    """What a red letter takes off one line of its invoice, by the line's number from 1."""

    position = fields.Integer()
    gross_fen = fields.Integer()
    net_fen = fields.Integer()
    tax_fen = fields.Integer()


class RedLetterOut(doors.Schema):
    """One red letter: what it wrote off, of which lines, and on which paper."""

    number = fields.String()
    confirm_no = fields.String()
    tax_document = fields.Boolean()
    amount = fields.Nested(doors.MoneyBody)
    reason = fields.String()
    paper_id = fields.String()
    issued_at = fields.String()
    lines = fields.List(fields.Nested(RedLineOut))


class InvoiceOut(doors.LivingOut):
    """An invoice. What it says in full, and its seal, is its paper's body."""

    order_id = fields.String()
    about = fields.String()
    kind = fields.String()
    seller_id = fields.String()
    seller_name = fields.String()
    seller_uscc = fields.String()
    buyer_id = fields.String()
    buyer_name = fields.String()
    buyer_uscc = fields.String()
    net = fields.Nested(doors.MoneyBody)
    tax = fields.Nested(doors.MoneyBody)
    total = fields.Nested(doors.MoneyBody)
    red = fields.Nested(doors.MoneyBody)
    red_asked = fields.Nested(doors.MoneyBody)
    rate_bp = fields.Integer()
    number = fields.String(allow_none=True)
    tax_document = fields.Boolean()
    paper_id = fields.String(allow_none=True)
    requested_at = fields.String()
    issued_at = fields.String(allow_none=True)
    lines = fields.List(fields.Nested(InvoiceLineOut))
    red_letters = fields.List(fields.Nested(RedLetterOut))


class InvoiceableOut(doors.Schema):
    """What of an order can still be invoiced. fiscal: what the treasury gets of its price."""

    order_id = fields.String()
    seller_id = fields.String()
    paid = fields.Nested(doors.MoneyBody)
    refunded = fields.Nested(doors.MoneyBody)
    invoiced = fields.Nested(doors.MoneyBody)
    left = fields.Nested(doors.MoneyBody)
    fiscal = fields.Nested(doors.MoneyBody)


class MandateIn(doors.Body):
    """Whether the exchange issues what is asked of the caller's organisation."""

    given = doors.flag()


class MandateOut(doors.Schema):
    """Whether the exchange issues the invoices of the caller's organisation."""

    given = fields.Boolean()


class NonTaxReceiptIn(doors.Body):
    """A receipt of the treasury, by its number."""

    order_id = doors.text(max=40)
    number = doors.text(max=40)
    amount = doors.amount()


class NonTaxReceiptOut(doors.Schema):
    """A receipt of the treasury for its share of an order."""

    id = fields.String()
    order_id = fields.String()
    number = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    noted_at = fields.String()


_MONIES = ("net", "tax", "total", "red", "red_asked")
_PLAIN = (
    "id", "state", "version", "order_id", "about", "kind", "seller_id", "seller_name",
    "seller_uscc", "buyer_id", "buyer_name", "buyer_uscc", "rate_bp", "number", "tax_document",
    "paper_id",
)  # fmt: skip


def row(found: Invoice) -> Mapping[str, Any]:
    """Return what InvoiceOut shows in a list: all but lines, red letters and actions."""
    return {
        **{name: getattr(found, name) for name in _PLAIN},
        **{name: doors.wire(getattr(found, name)) for name in _MONIES},
        "requested_at": doors.moment(found.requested_at),
        "issued_at": doors.moment(found.issued_at),
    }


def show(found: Invoice, work: Work) -> Mapping[str, Any]:
    """Return what InvoiceOut shows."""
    lines = invoices.lines_of(work.session, found)
    letters = red_letters.of(work.session, found.id)
    red = red_lines.of_letters(work.session, [one.id for one in letters])
    plain = ("item_name", "tax_code", "spec", "unit", "quantity", "unit_price_e6", "rate_bp")
    return {
        **row(found),
        **doors.living(found, work, invoices.LIFE),
        "lines": [
            {
                **{name: getattr(line, name) for name in plain},
                "net": doors.wire(line.net),
                "tax": doors.wire(line.tax),
            }
            for line in lines
        ],
        "red_letters": [_letter(one, red[one.id]) for one in letters],
    }


def _letter(found: red_letters.RedLetter, lines: Sequence[red_lines.RedLine]) -> Mapping[str, Any]:
    names = ("number", "confirm_no", "tax_document", "reason", "paper_id")
    return {
        **{name: getattr(found, name) for name in names},
        "amount": doors.wire(found.amount),
        "issued_at": doors.moment(found.issued_at),
        "lines": [
            {
                "position": one.position,
                "gross_fen": one.gross_minor,
                "net_fen": one.net_minor,
                "tax_fen": one.tax_minor,
            }
            for one in lines
        ],
    }


def wanted(body: Mapping[str, Any], work: Work) -> Wanted:
    """Return what InvoiceIn let in, with the number of its order. One SELECT."""
    own: Buyer = {name: body[name] for name in Buyer.__annotations__ if name in body}  # type: ignore[assignment]  # its own names
    return Wanted(
        body["order_id"],
        About(body["about"]),
        Kind(body["kind"]),
        doors.money_of(body["amount"]) if body["amount"] else None,
        [Asked(**{**line, "gross": doors.money_of(line["gross"])}) for line in body["lines"]],
        own,
        orders.codes(work.session, [body["order_id"]]).get(body["order_id"], ""),
    )


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(InvoiceQuery, location="query")
@blueprint.response(200, doors.page_of(InvoiceOut))
def listed(query: dict[str, Any]) -> Any:
    """List the invoices that the caller may see, newest first."""
    state = State(query.pop("state")) if query["state"] else query.pop("state")
    return doors.page(invoices.listed(unit.current(), state=state, **query), row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(InvoiceIn)
@blueprint.response(201, InvoiceOut)
def request(body: dict[str, Any]) -> Any:
    """Ask for an invoice; for the finance of who paid."""
    work = unit.current()
    made = invoices.request(work, wanted(body, work))
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(made, work)


@blueprint.get("/open")
@doors.members("read")
@blueprint.arguments(InvoiceableQuery, location="query")
@blueprint.response(200, doors.page_of(InvoiceableOut))
def invoiceable(query: dict[str, Any]) -> Any:
    """List what the caller's organisation paid, and what of it can still be invoiced."""
    work = unit.current()
    about = About(query.pop("about"))
    found = invoices.open_for(work, about, **query)
    return {"items": [_open(one) for one in found.items], "next": found.next}


def _open(one: invoices.Invoiceable) -> Mapping[str, Any]:
    sums = ("paid", "refunded", "invoiced", "left", "fiscal")
    return {
        "order_id": one.order_id,
        "seller_id": one.seller_id,
        **{name: doors.wire(getattr(one, name)) for name in sums},
    }


@blueprint.get("/mandate")
@doors.members("read")
@blueprint.response(200, MandateOut)
def mandate() -> Any:
    """Show whether the exchange issues the invoices of the caller's organisation."""
    work = unit.current()
    return {"given": mandates.holds(work.session, work.actor.organisation)}


@blueprint.post("/mandate")
@doors.members("write")
@blueprint.arguments(MandateIn)
@blueprint.response(200, MandateOut)
def set_mandate(body: dict[str, Any]) -> Any:
    """Let the exchange issue the invoices of the caller's organisation, or no longer."""
    work = unit.current()
    if body["given"]:
        mandates.give(work)
    else:
        mandates.end(work)
    return body


@blueprint.get("/<string:invoice_id>")
@doors.members("read")
@blueprint.response(200, InvoiceOut)
def one(invoice_id: str) -> Any:
    """Show an invoice, and what may be done with it."""
    work = unit.current()
    return doors.tagged(show(invoices.seen(work, invoice_id), work))


@receipt_blueprint.post("")
@doors.members("write")
@receipt_blueprint.arguments(NonTaxReceiptIn)
@receipt_blueprint.response(201, NonTaxReceiptOut)
def note(body: dict[str, Any]) -> Any:
    """Note a receipt of the treasury; for settlement officers."""
    amount = doors.money_of(body.pop("amount"))
    return _noted(non_tax.note(unit.current(), **body, amount=amount))


def _noted(found: NonTaxReceipt) -> Mapping[str, Any]:
    return {
        "id": found.id,
        "order_id": found.order_id,
        "number": found.number,
        "amount": doors.wire(found.amount),
        "noted_at": doors.moment(found.noted_at),
    }


doors.steps(blueprint, invoices, InvoiceOut, show)
