"""The door of receipts (收款回单): the papers that say that a payment has arrived."""

from typing import Any

from app import doors, unit
from app.api.settlement.party_statements import PaperOut, show_paper
from settlement.papers import receipts

blueprint = doors.noun("receipts", "Receipts · 收款回单")


class ReceiptIn(doors.Body):
    """Of which payment."""

    payment_id = doors.text(max=40)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ReceiptIn)
@blueprint.response(201, PaperOut)
def draw(body: dict[str, Any]) -> Any:
    """Draw the receipt of a payment that has arrived; a repeat shows the one that is there."""
    work = unit.current()
    return show_paper(receipts.draw(work, body["payment_id"]), work)


@blueprint.get("/<string:payment_id>")
@doors.members("read")
@blueprint.response(200, PaperOut)
def one(payment_id: str) -> Any:
    """Show the receipt of a payment to its payer and to overseers."""
    work = unit.current()
    return show_paper(receipts.seen(work, payment_id), work)
