"""The door of framework contracts (框架合同): offer, sign, call off, end."""

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import fields

from app import doors, unit
from app.api.marketplace import orders as order_door
from app.api.marketplace.orders import OrderOut, UseBody, WantedBody
from kernel.work import Work
from licensing import signatures
from marketplace.calling import call_offs
from marketplace.frameworks import called, frameworks
from marketplace.frameworks.frameworks import Framework, Terms

blueprint = doors.noun("frameworks", "Framework contracts · 框架合同")


class CoveredBody(doors.Body):
    """A product of the seller's, and the price of one piece of it."""

    product_id = doors.text(max=40)
    price = doors.amount()


class FrameworkIn(doors.Body):
    """What a seller offers one buyer, who is named by its credit code."""

    title = doors.text(max=200)
    buyer_uscc = doors.text(max=18)
    period_from = doors.day()
    period_to = doors.day()
    ceiling = doors.amount()
    items = doors.many(CoveredBody, at_most=100)


class CallOffIn(doors.Body):
    """What is ordered under it, and what for."""

    lines = doors.many(WantedBody, at_most=50)
    use_scenario = doors.nested(UseBody)
    is_related_party = doors.flag(required=False, load_default=False)


class FrameworkItemOut(doors.Schema):
    """A product that is covered."""

    position = fields.Integer()
    product_id = fields.String()
    price = fields.Nested(doors.MoneyBody)


class CallOffOut(doors.Schema):
    """An order under it. given_back_at: when its amount could be used again."""

    order_id = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    called_at = fields.String()
    given_back_at = fields.String(allow_none=True)


class FrameworkOut(doors.LivingOut):
    """A framework contract. Lists leave out text, covered, call_offs, signed_by and is_whole."""

    code = fields.String()
    title = fields.String()
    buyer_id = fields.String()
    seller_id = fields.String()
    period_from = fields.String()
    period_to = fields.String()
    ceiling = fields.Nested(doors.MoneyBody)
    used = fields.Nested(doors.MoneyBody)
    left = fields.Nested(doors.MoneyBody)
    text = fields.String()
    text_digest = fields.String()
    signed_by = fields.List(fields.String())
    is_whole = fields.Boolean()
    covered = fields.List(fields.Nested(FrameworkItemOut))
    call_offs = fields.List(fields.Nested(CallOffOut))


def row(found: Framework) -> Mapping[str, Any]:
    """Return what FrameworkOut shows in a list."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "code": found.code,
        "title": found.title,
        "buyer_id": found.buyer_id,
        "seller_id": found.seller_id,
        "period_from": found.period_from.isoformat(),
        "period_to": found.period_to.isoformat(),
        "ceiling": doors.wire(found.ceiling),
        "used": doors.wire(found.used),
        "left": doors.wire(found.left),
        "text_digest": found.text_digest,
    }


def show(found: Framework, work: Work) -> Mapping[str, Any]:
    """Return what FrameworkOut shows."""
    return {
        **row(found),
        **doors.living(found, work, frameworks.LIFE),
        "text": found.text,
        "signed_by": [one.organisation_id for one in signatures.of(work.session, found.id)],
        "is_whole": frameworks.is_whole(work.session, work.crypto, found),
        "covered": [
            {
                "position": item.position,
                "product_id": item.product_id,
                "price": doors.wire(item.price),
            }
            for item in frameworks.items(work.session, found.id)
        ],
        "call_offs": [
            {
                "order_id": one.order_id,
                "amount": doors.wire(one.amount),
                "called_at": doors.moment(one.called_at),
                "given_back_at": doors.moment(one.given_back_at),
            }
            for one in called.of_framework(work.session, found.id)
        ],
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(FrameworkOut))
def listed(query: dict[str, Any]) -> Any:
    """List the framework contracts that the caller may see, newest first."""
    return doors.page(frameworks.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, FrameworkOut)
def one(subject_id: str) -> Any:
    """Show one framework contract to its parties and to who oversees the exchange."""
    work = unit.current()
    return doors.tagged(show(frameworks.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(FrameworkIn)
@blueprint.response(201, FrameworkOut)
def offer(body: dict[str, Any]) -> Any:
    """Draw up a framework contract of the caller's products for one buyer."""
    work = unit.current()
    items = [{**item, "price": doors.money_of(item["price"])} for item in body.pop("items")]
    ceiling = doors.money_of(body.pop("ceiling"))
    made = frameworks.offer(work, cast("Terms", {**body, "ceiling": ceiling, "items": items}))
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/<string:subject_id>/sign")
@doors.versioned
@doors.members("write")
@blueprint.arguments(doors.Body)
@blueprint.response(200, FrameworkOut)
def sign(_body: dict[str, Any], subject_id: str) -> Any:
    """Sign it for the caller's organisation; for the parties' signers."""
    work = unit.current()
    doors.matched(frameworks.seen(work, subject_id))
    found = frameworks.sign(work, subject_id)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


@blueprint.post("/<string:subject_id>/orders")
@doors.money
@blueprint.arguments(CallOffIn)
@blueprint.response(201, OrderOut)
def call_off(body: dict[str, Any], subject_id: str) -> Any:
    """Order under it at its prices; every reason against it is told at once."""
    work = unit.current()
    made = call_offs.call_off(
        work,
        subject_id,
        wanted=body["lines"],
        use=body["use_scenario"],
        is_related_party=body["is_related_party"],
    )
    work.session.flush()  # the version is the database's first
    return order_door.show(made, work)


doors.steps(blueprint, frameworks, FrameworkOut, show)
