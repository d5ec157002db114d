"""Cancelling on the page of an order: what was asked, and the form that asks."""

from typing import Any

from flask import Blueprint, redirect

from app import doors, unit
from app.pages import forms, shown
from kernel.work import Work
from marketplace.cancelling import cancellations
from marketplace.orders import Order

blueprint = Blueprint("cancelling", __name__)

_SHOWN = 5


@blueprint.post("/orders/<order_id>/cancellation")
@doors.members("write")
def ask(order_id: str) -> Any:
    """Ask the other party to undo a signed order."""
    cancellations.begin(unit.current(), order_id, reason=forms.text("reason", max=300))
    return redirect(f"/orders/{order_id}#cancelling", 303)


def panel(work: Work, order: Order) -> dict[str, Any]:
    """Return what the page of an order tells of its cancellation."""
    page = cancellations.listed(work, order_id=order.id, after=None, limit=_SHOWN)
    may_ask = cancellations.can_be_asked(work, order)
    running = any(each.state == cancellations.State.ASKED for each in page.items)
    names = shown.names(work, [each.asks_id for each in page.items])
    return {
        "asked": [
            {
                "record": shown.record(each, work, cancellations.LIFE),
                "who": names.get(each.asks_id, ""),
                "reason": each.reason,
                "at": each.asked_at,
                "refund_id": each.refund_id,
                "clock": shown.clock(work, each.id),
            }
            for each in page.items
        ],
        "quote": cancellations.quote(work, order) if may_ask or running else None,
        "may_ask": may_ask,
    }
