"""The door of cancellations (协议取消): ask, agree, decline, withdraw."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from marketplace.cancelling import cancellations
from marketplace.cancelling.cancellations import Cancellation

blueprint = doors.noun("cancellations", "Cancellations · 协议取消")


class OrderCancellationIn(doors.Body):
    """Which signed order, and why it is to be undone."""

    order_id = doors.text(max=40)
    reason = doors.text(max=300)


class OrderCancellationQuery(doors.PageQuery):
    """Of which order; of all that the caller may see when none is named."""

    order_id = doors.text(max=40, required=False, load_default=None)


class OrderCancellationOut(doors.LivingOut):
    """What one party asks of the other. refund_id: by which what was paid goes back.

    refund_amount, refund_cost: what would go back by now, and what the bank's cost takes off it
    by the contract; while it is asked.
    """

    order_id = fields.String()
    asks_id = fields.String()
    answers_id = fields.String()
    reason = fields.String()
    refund_id = fields.String(allow_none=True)
    refund_amount = fields.Nested(doors.MoneyBody, allow_none=True)
    refund_cost = fields.Nested(doors.MoneyBody, allow_none=True)
    asked_at = fields.String()
    decided_at = fields.String(allow_none=True)


def row(found: Cancellation) -> Mapping[str, Any]:
    """Return what OrderCancellationOut shows in a list."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "order_id": found.order_id,
        "asks_id": found.asks_id,
        "answers_id": found.answers_id,
        "reason": found.reason,
        "refund_id": found.refund_id,
        "asked_at": doors.moment(found.asked_at),
        "decided_at": doors.moment(found.decided_at),
    }


def show(found: Cancellation, work: Work) -> Mapping[str, Any]:
    """Return what OrderCancellationOut shows."""
    quoted = cancellations.quote_of(work, found)
    return {
        **row(found),
        "refund_amount": doors.wire(quoted.back) if quoted else None,
        "refund_cost": doors.wire(quoted.cost) if quoted else None,
        **doors.living(found, work, cancellations.LIFE),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(OrderCancellationQuery, location="query")
@blueprint.response(200, doors.page_of(OrderCancellationOut))
def listed(query: dict[str, Any]) -> Any:
    """List what was asked by or of the caller's organisation, newest first."""
    return doors.page(cancellations.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, OrderCancellationOut)
def one(subject_id: str) -> Any:
    """Show one request to both parties and to overseers."""
    work = unit.current()
    return doors.tagged(show(cancellations.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(OrderCancellationIn)
@blueprint.response(201, OrderCancellationOut)
def begin(body: dict[str, Any]) -> Any:
    """Ask the other party to cancel a signed order of which nothing is delivered."""
    work = unit.current()
    made = cancellations.begin(work, body["order_id"], reason=body["reason"])
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, cancellations, OrderCancellationOut, show)
