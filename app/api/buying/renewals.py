"""The door of subscriptions (包期): until when, what follows, renewed, paused and resumed."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.marketplace import orders as order_door
from kernel.work import Work
from marketplace.renewing import renewals
from marketplace.terms.rows import Renewal, SubscriptionTerm

blueprint = doors.noun("subscriptions", "Subscriptions · 包期与续订")


class SubscriptionArrangeIn(doors.Body):
    """What is to follow the term."""

    renewal = doors.choice(*Renewal)


class SubscriptionOut(doors.LivingOut):
    """The term of one order. ends_on: its last day; next_order_id: by which it is renewed."""

    order_id = fields.String()
    next_order_id = fields.String(allow_none=True)
    buyer_id = fields.String()
    seller_id = fields.String()
    renewal = fields.String()
    begun_on = fields.String()
    ends_on = fields.String()
    paused_on = fields.String(allow_none=True)
    paused_days = fields.Integer()


_SHOWN = ("id", "version", "order_id", "next_order_id", "buyer_id", "seller_id", "renewal",
          "paused_days")  # fmt: skip


def row(found: SubscriptionTerm) -> Mapping[str, Any]:
    """Return what SubscriptionOut shows in a list."""
    return {
        **{name: getattr(found, name) for name in _SHOWN},
        "state": str(found.state),
        "begun_on": found.begun_on.isoformat(),
        "ends_on": found.ends_on.isoformat(),
        "paused_on": found.paused_on.isoformat() if found.paused_on else None,
    }


def show(found: SubscriptionTerm, work: Work) -> Mapping[str, Any]:
    """Return what SubscriptionOut shows."""
    return {**row(found), **doors.living(found, work, renewals.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(SubscriptionOut))
def listed(query: dict[str, Any]) -> Any:
    """List the terms that the caller's organisation bought or sold, newest first."""
    return doors.page(renewals.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, SubscriptionOut)
def one(subject_id: str) -> Any:
    """Show one term to both parties and to overseers."""
    work = unit.current()
    return doors.tagged(show(renewals.seen(work, subject_id), work))


@blueprint.post("/<string:subject_id>/arrange")
@doors.members("write")
@blueprint.arguments(SubscriptionArrangeIn)
@blueprint.response(200, SubscriptionOut)
def arrange(body: dict[str, Any], subject_id: str) -> Any:
    """Say, as the buyer, what is to follow: renewed by itself, asked for, or nothing."""
    work = unit.current()
    found = renewals.arrange(work, subject_id, Renewal(body["renewal"]))
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


@blueprint.post("/<string:subject_id>/order")
@doors.money
@blueprint.response(201, order_door.OrderOut)
def renew(subject_id: str) -> Any:
    """Order the next term at the price of today."""
    work = unit.current()
    placed = renewals.renew(work, subject_id)
    work.session.flush()  # the version is the database's first
    return order_door.show(placed, work)


doors.steps(blueprint, renewals, SubscriptionOut, show)
