"""The door of orders (订单): placing one, signing its contract, and every step after it."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from app.api.licensing import clocks
from kernel import watch
from kernel.pages import Page
from kernel.work import Work
from licensing import signatures
from marketplace import contracts, lines, orders
from marketplace.contracts import Contract
from marketplace.instalments import schedules
from marketplace.instalments.schedules import Due, Instalment, Part
from marketplace.lines import OrderLine
from marketplace.ordering import rejections
from marketplace.ordering.rejections import OrderRejection
from marketplace.orders import Order, State
from marketplace.paying import instalments
from marketplace.prices import PayMode
from marketplace.versions import Field

blueprint = doors.noun("orders", "Orders · 订单")


class WantedBody(doors.Body):
    """One product, and how much of it. agreed_price_id: of a price that was agreed."""

    product_id = doors.text(max=40)
    quantity = doors.whole(min=1, max=10**9)
    agreed_price_id = doors.text(max=40, required=False, allow_none=True)


class UseBody(doors.Body):
    """What the data is for; no scenario, no trade. Both days are included."""

    field = doors.choice(*Field)
    purpose_code = doors.text(max=60)
    purpose_text = doors.text(max=500)
    region = doors.text(min=6, max=6)
    period_from = doors.day()
    period_to = doors.day()


class InstalmentBody(doors.Body):
    """One part of the price. due_on: of a part that is due on a day."""

    due = doors.choice(*Due)
    due_on = doors.day(required=False, load_default=None, allow_none=True)
    amount = doors.amount()


class OrderIn(doors.Body):
    """A new order, of one seller's products. is_related_party: the two belong together.

    pay_mode: in advance, or by use: from the wallet, or by bill. instalments: the parts in
    which the price is paid; they add up to it.
    """

    lines = doors.many(WantedBody, at_most=50)
    use_scenario = doors.nested(UseBody)
    is_related_party = doors.flag(required=False, load_default=False)
    pay_mode = doors.choice(*PayMode, required=False, load_default=PayMode.PREPAID.value)
    instalments = doors.many(InstalmentBody, at_most=100, required=False, load_default=list)


class LineOut(Schema):
    """One line, as it was when the order was placed."""

    id = fields.String()
    position = fields.Integer()
    product_id = fields.String()
    product_version_id = fields.String()
    price_plan = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True))
    quantity = fields.Integer()
    amount = fields.Nested(doors.MoneyBody)
    authorisation_id = fields.String(allow_none=True)
    resource_id = fields.String(allow_none=True)
    delivery_mode = fields.String()


class InstalmentOut(Schema):
    """One part of the price. payment_id: once it is asked for."""

    id = fields.String()
    number = fields.Integer()
    state = fields.String()
    due = fields.String()
    due_on = fields.String(allow_none=True)
    amount = fields.Nested(doors.MoneyBody)
    paid_at = fields.String(allow_none=True)
    payment_id = fields.String(allow_none=True)


class RejectionOut(Schema):
    """Why the buyer did not accept what was delivered."""

    number = fields.Integer()
    ground = fields.String()
    reason = fields.String()
    evidence = fields.String()
    rejected_at = fields.String()


class OrderOut(doors.LivingOut):
    """An order. clock: the one that runs on it now.

    Lists leave out clock, lines, instalments and rejections.
    """

    code = fields.String()
    buyer_id = fields.String()
    seller_id = fields.String()
    use_scenario = fields.Nested(UseBody)
    accept_days = fields.Integer()
    total = fields.Nested(doors.MoneyBody)
    pay_mode = fields.String()
    is_related_party = fields.Boolean()
    contract_id = fields.String(allow_none=True)
    placed_at = fields.String()
    delivered_at = fields.String(allow_none=True)
    accepted_at = fields.String(allow_none=True)
    lines = fields.List(fields.Nested(LineOut))
    instalments = fields.List(fields.Nested(InstalmentOut))
    rejections = fields.List(fields.Nested(RejectionOut))
    clock = fields.Nested(clocks.RunningClockOut, allow_none=True)


class ContractSignatureOut(Schema):
    """One organisation's signature under the contract."""

    organisation_id = fields.String()
    person_id = fields.String()
    at = fields.String()
    alg = fields.String()
    key_id = fields.String()
    value = fields.String()


class ContractOut(Schema):
    """The contract. is_whole: the text is the one that was signed, and the signatures hold."""

    id = fields.String()
    state = fields.String()
    order_id = fields.String()
    template = fields.String()
    template_version = fields.Integer()
    text = fields.String()
    text_digest = fields.String()
    signatures = fields.List(fields.Nested(ContractSignatureOut))
    is_whole = fields.Boolean()


class OrderQuery(doors.PageQuery):
    """Which orders: those that the caller placed, was given, or oversees (then by state)."""

    side = doors.choice("bought", "sold", "overseen", required=False, load_default="bought")
    state = doors.choice(*State, required=False, load_default=None)


def row(found: Order) -> Mapping[str, Any]:
    """Return what OrderOut shows in a list: all but actions, lines and clock."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "code": found.code,
        "buyer_id": found.buyer_id,
        "seller_id": found.seller_id,
        "use_scenario": orders.use_of(found),
        "accept_days": found.accept_days,
        "total": doors.wire(found.total),
        "pay_mode": found.pay_mode,
        "is_related_party": found.is_related_party,
        "contract_id": found.contract_id,
        "placed_at": doors.moment(found.placed_at),
        "delivered_at": doors.moment(found.delivered_at),
        "accepted_at": doors.moment(found.accepted_at),
    }


def show(found: Order, work: Work) -> Mapping[str, Any]:
    """Return what OrderOut shows."""
    return {
        **row(found),
        **doors.living(found, work, orders.LIFE),
        "lines": [_line(line) for line in lines.of(work.session, found.id)],
        "instalments": [_part(work, each) for each in schedules.of_order(work.session, found.id)],
        "rejections": [_rejection(each) for each in rejections.of_order(work.session, found.id)],
        "clock": clocks.show(watch.running(work.session, found.id), work),
    }


def _line(found: OrderLine) -> dict[str, Any]:
    return {
        "id": found.id,
        "position": found.position,
        "product_id": found.product_id,
        "product_version_id": found.product_version_id,
        "price_plan": found.price_plan,
        "quantity": found.quantity,
        "amount": doors.wire(found.amount),
        "authorisation_id": found.authorisation_id,
        "resource_id": found.resource_id,
        "delivery_mode": found.delivery_mode,
    }


def _part(work: Work, found: Instalment) -> dict[str, Any]:
    payment = schedules.payment_of(work.session, found.id)
    return {
        "id": found.id,
        "number": found.number,
        "state": str(found.state),
        "due": found.due,
        "due_on": found.due_on.isoformat() if found.due_on else None,
        "amount": doors.wire(found.amount),
        "paid_at": doors.moment(found.paid_at),
        "payment_id": payment.id if payment else None,
    }


def _rejection(found: OrderRejection) -> dict[str, Any]:
    return {
        "number": found.number,
        "ground": found.ground,
        "reason": found.reason,
        "evidence": found.evidence,
        "rejected_at": doors.moment(found.rejected_at),
    }


def _contract(found: Contract, work: Work) -> dict[str, Any]:
    body = contracts.text(work.session, found.id)
    return {
        "id": found.id,
        "state": str(found.state),
        "order_id": found.order_id,
        "template": body.template,
        "template_version": body.template_version,
        "text": body.text,
        "text_digest": body.text_digest,
        "signatures": [
            {
                "organisation_id": signed.organisation_id,
                "person_id": signed.person_id,
                "at": doors.moment(signed.at),
                "alg": signed.alg,
                "key_id": signed.key_id,
                "value": signed.value,
            }
            for signed in signatures.of(work.session, found.id)
        ],
        "is_whole": contracts.is_whole(work.session, work.crypto, found.id),
    }


def _found(work: Work, query: dict[str, Any]) -> Page[Order]:
    side, state = query.pop("side"), query.pop("state")
    if side == "overseen":
        return orders.overseen(work, state=state, **query)
    return orders.bought(work, **query) if side == "bought" else orders.sold(work, **query)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(OrderQuery, location="query")
@blueprint.response(200, doors.page_of(OrderOut))
def listed(query: dict[str, Any]) -> Any:
    """List the caller's orders, newest first."""
    return doors.page(_found(unit.current(), query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, OrderOut)
def one(subject_id: str) -> Any:
    """Show one order to its parties and to who oversees the exchange."""
    work = unit.current()
    return doors.tagged(show(orders.seen(work, subject_id), work))


@blueprint.get("/<string:subject_id>/contract")
@doors.members("read")
@blueprint.response(200, ContractOut)
def contract(subject_id: str) -> Any:
    """Show the contract of an order, with its text and its signatures."""
    work = unit.current()
    order = orders.seen(work, subject_id)
    return _contract(contracts.seen(work, order.contract_id or ""), work)


@blueprint.post("")
@doors.money
@blueprint.arguments(OrderIn)
@blueprint.response(201, OrderOut)
def place(body: dict[str, Any]) -> Any:
    """Place an order; every reason against it is told at once. Needs an Idempotency-Key."""
    work = unit.current()
    made = orders.place(
        work,
        wanted=body["lines"],
        use=body["use_scenario"],
        is_related_party=body["is_related_party"],
        pay_mode=body["pay_mode"],
    )
    work.session.flush()  # the version is the database's first
    if body["instalments"]:
        parts: list[Part] = [
            {
                "due": part["due"],
                "due_on": part["due_on"],
                "amount": doors.money_of(part["amount"]),
            }
            for part in body["instalments"]
        ]
        instalments.plan(work, made.id, parts)
        work.session.flush()  # they are shown with the order
    return show(made, work)


@blueprint.post("/<string:subject_id>/sign")
@doors.versioned
@doors.members("write")
@blueprint.arguments(doors.Body)
@blueprint.response(200, OrderOut)
def sign(_body: dict[str, Any], subject_id: str) -> Any:
    """Sign the contract for the caller's organisation; for the parties' signers."""
    work = unit.current()
    doors.matched(orders.seen(work, subject_id))
    order = orders.sign(work, subject_id)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(order, work)


doors.steps(blueprint, orders, OrderOut, show)
