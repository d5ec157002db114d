"""Instalments on the page of an order: the parts, what is paid of them, and the form that plans."""

from typing import Any, Final

from flask import Blueprint, redirect, request

from app import doors, languages, unit
from app.pages import forms, shown
from kernel.work import Work
from marketplace import orders
from marketplace.instalments import schedules
from marketplace.instalments.schedules import Due, Part
from marketplace.orders import Order
from marketplace.paying import instalments

blueprint = Blueprint("instalments", __name__)

ROWS: Final = 6
"""Parts that the form has room for; more are planned by program."""


@blueprint.post("/orders/<order_id>/instalments")
@doors.money
def plan(order_id: str) -> Any:
    """Plan the parts in which an order is paid; empty rows are none."""
    rows = [number for number in range(ROWS) if request.form.get(f"amount-{number}", "").strip()]
    instalments.plan(unit.current(), order_id, [_part(number) for number in rows])
    return redirect(f"/orders/{order_id}#instalments", 303)


def panel(work: Work, order: Order) -> dict[str, Any]:
    """Return what the page of an order tells of its parts. Two SELECTs a part."""
    found = schedules.of_order(work.session, order.id)
    buys = orders.buyer.matches(work.actor, order)
    return {
        "parts": [
            {
                "number": part.number,
                "state": str(part.state),
                "when": languages.said(Due(part.due).label),
                "due_on": part.due_on,
                "amount": part.amount,
                "paid_at": part.paid_at,
                "payment": schedules.payment_of(work.session, part.id),
                "clock": shown.clock(work, part.id),
            }
            for part in found
        ],
        "may_plan": buys and not found and not instalments.barred(work, order),
        "rows": range(ROWS),
        "dues": [(due.value, languages.said(due.label)) for due in Due],
    }


def _part(number: int) -> Part:
    due_on = forms.day(f"due_on-{number}") if request.form.get(f"due_on-{number}") else None
    return {
        "due": forms.choice(f"due-{number}", [due.value for due in Due]),
        "due_on": due_on,
        "amount": forms.money(f"amount-{number}"),
    }
