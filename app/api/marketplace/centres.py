"""The door of the centres (数商中心、买方中心): what waits for one's own organisation."""

from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from kernel.words import Words
from marketplace import products
from marketplace.centres import buying, selling
from marketplace.centres.turnover import Traded
from marketplace.orders import Order

blueprint = doors.noun("centres", "Centres · 数商中心与买方中心")


class WaitingOrderOut(Schema):
    """An order in which the caller's organisation moves next."""

    id = fields.String()
    code = fields.String()
    state = fields.String()
    buyer_id = fields.String()
    seller_id = fields.String()
    total = fields.Nested(doors.MoneyBody)


class EarnedMonthOut(Schema):
    """What was accepted in a month, less what was refunded in it."""

    month = fields.String()
    amount = fields.Nested(doors.MoneyBody)


class TradedOut(Schema):
    """A product, and what of it was accepted in twelve months."""

    product_id = fields.String()
    title_zh = fields.String()
    title_en = fields.String()
    amount = fields.Nested(doors.MoneyBody)


class ListingFixOut(Schema):
    """What would help one listing most, and how many points of a hundred it would bring."""

    product_id = fields.String()
    code = fields.String()
    says_zh = fields.String()
    says_en = fields.String()
    worth = fields.Integer()


class WishedOut(Schema):
    """An open demand that a product of the caller's fits, by points of a hundred."""

    demand_id = fields.String()
    title = fields.String()
    product_id = fields.String()
    score = fields.Integer()


class CentreOut(Schema):
    """What both centres tell. held: what escrow holds for orders that are not accepted yet."""

    orders = fields.List(fields.Nested(WaitingOrderOut))
    held = fields.Nested(doors.MoneyBody)
    months = fields.List(fields.Nested(EarnedMonthOut))


class SellingOut(CentreOut):
    """The merchant's centre. points: of its listings' descriptions, on average."""

    products = fields.Dict(keys=fields.String(), values=fields.Integer())
    points = fields.Integer(allow_none=True)
    fixes = fields.List(fields.Nested(ListingFixOut))
    wished = fields.List(fields.Nested(WishedOut))
    best = fields.List(fields.Nested(TradedOut))


class AwaitedDeliveryOut(Schema):
    """A delivery that can be used now."""

    id = fields.String()
    order_id = fields.String()
    state = fields.String()
    use_until = fields.Date(allow_none=True)
    rows_delivered = fields.Integer()


class OwnDemandOut(Schema):
    """A demand of one's own that is not done, with how many answers it has."""

    id = fields.String()
    code = fields.String()
    title = fields.String()
    state = fields.String()
    answers = fields.Integer()


class BuyingOut(CentreOut):
    """The buyer's centre."""

    deliveries = fields.List(fields.Nested(AwaitedDeliveryOut))
    demands = fields.List(fields.Nested(OwnDemandOut))
    most = fields.List(fields.Nested(TradedOut))


@blueprint.get("/selling")
@doors.members("read")
@blueprint.response(200, SellingOut)
def sold() -> Any:
    """Tell what waits for the caller's organisation as a merchant, and how it sells."""
    found = selling.today(unit.current())
    return {
        **_both(found),
        "products": found.products,
        "points": found.points,
        "fixes": [
            {"product_id": version.product_id, "code": fix.code, "says_zh": fix.says.zh,
             "says_en": fix.says.en, "worth": fix.worth}
            for version, fix in found.fixes
        ],
        "wished": [
            {"demand_id": one.demand.id, "title": one.demand.title,
             "product_id": one.product_id, "score": one.score}
            for one in found.wished
        ],
        "best": _traded(found.best),
    }  # fmt: skip


@blueprint.get("/buying")
@doors.members("read")
@blueprint.response(200, BuyingOut)
def bought() -> Any:
    """Tell what waits for the caller's organisation as a buyer, and what it spent."""
    found = buying.today(unit.current())
    return {
        **_both(found),
        "deliveries": found.deliveries,
        "demands": [
            {"id": one.id, "code": one.code, "title": one.title, "state": one.state,
             "answers": count}
            for one, count in found.demands
        ],
        "most": _traded(found.most),
    }  # fmt: skip


def _both(found: selling.Selling | buying.Buying) -> dict[str, Any]:
    return {
        "orders": [_order(one) for one in found.orders],
        "held": doors.wire(found.held),
        "months": [{"month": one.month, "amount": doors.wire(one.amount)} for one in found.months],
    }


def _order(order: Order) -> dict[str, Any]:
    names = ("id", "code", "state", "buyer_id", "seller_id")
    return {**{name: getattr(order, name) for name in names}, "total": doors.wire(order.total)}


def _traded(found: list[Traded]) -> list[dict[str, Any]]:
    keys = [one.product_id for one in found]
    titles = products.titles(unit.current().session, keys)
    return [
        {"product_id": one.product_id, "amount": doors.wire(one.amount),
         "title_zh": _title(titles, one).zh, "title_en": _title(titles, one).en}
        for one in found
    ]  # fmt: skip


def _title(titles: dict[str, Words], one: Traded) -> Words:
    return titles.get(one.product_id) or Words(one.product_id, one.product_id)
