"""The door of holds (冻结): money of an order that is set aside."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from settlement.dividing.frozen import Ground, Hold, State
from settlement.holding import holds

blueprint = doors.noun("holds", "Holds · 冻结")


class HoldIn(doors.Body):
    """Of which order how much is set aside (all there is, if not said), and on what ground."""

    order_id = doors.text(max=40)
    amount = doors.amount(required=False, load_default=None, allow_none=True)
    ground = doors.choice(*Ground)
    reference = doors.text(max=120)


class HoldQuery(doors.PageQuery):
    """Which holds: in one state, or all."""

    state = doors.choice(*State, required=False, load_default=None)


class HoldOut(doors.LivingOut):
    """A hold. amount: what was found and set aside."""

    order_id = fields.String()
    ground = fields.String()
    reference = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    placed_by = fields.String()
    placed_at = fields.String()
    lifted_at = fields.String(allow_none=True)


def row(found: Hold) -> Mapping[str, Any]:
    """Return what HoldOut shows in a list: all but the actions."""
    plain = ("id", "state", "version", "order_id", "ground", "reference", "placed_by")
    return {
        **{name: getattr(found, name) for name in plain},
        "amount": doors.wire(found.amount),
        "placed_at": doors.moment(found.placed_at),
        "lifted_at": doors.moment(found.lifted_at),
    }


def show(found: Hold, work: Work) -> Mapping[str, Any]:
    """Return what HoldOut shows."""
    return {**row(found), **doors.living(found, work, holds.LIFE)}


@blueprint.post("")
@doors.money
@blueprint.arguments(HoldIn)
@blueprint.response(201, HoldOut)
def place(body: dict[str, Any]) -> Any:
    """Set money of an order aside: it is neither settled nor paid until the hold is lifted."""
    work, amount = unit.current(), body["amount"]
    made = holds.place(work, **{**body, "amount": doors.money_of(amount) if amount else None})
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(HoldQuery, location="query")
@blueprint.response(200, doors.page_of(HoldOut))
def listed(query: dict[str, Any]) -> Any:
    """List the holds, newest first, to who oversees the exchange."""
    return doors.page(holds.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, HoldOut)
def one(subject_id: str) -> Any:
    """Show one hold to who oversees the exchange."""
    work = unit.current()
    return doors.tagged(show(holds.seen(work, subject_id), work))


doors.steps(blueprint, holds, HoldOut, show)
