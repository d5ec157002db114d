"""Pages of what buyers must destroy (数据销毁证明) once their right has ended."""

from typing import Any

from flask import Blueprint, render_template

from app import doors, unit
from app.pages import shown
from app.pages.aftercare import pieces
from marketplace.aftercare import destructions
from marketplace.aftercare.destructions import State
from marketplace.seeking import orders as seeking

blueprint = Blueprint("data_destruction_pages", __name__)


@blueprint.get("/data-destructions")
@doors.members("read")
def listed() -> Any:
    """Show what must be, or has been, destroyed."""
    work = unit.current()
    state = shown.asked("state", max=20)
    page = destructions.listed(
        work,
        state=state if state in set(State) else None,
        unproved=shown.asked("open", max=1) == "1",
        after=shown.after(),
        limit=shown.PAGE,
    )
    found = page.items
    rows = [
        shown.row(f"/data-destructions/{one.id}", "", "", f"data_destruction.{one.state}")
        for one in found
    ]
    return render_template(
        "aftercare/destructions.html",
        destructions=list(
            zip(found, shown.lit(work, rows, [one.id for one in found]), strict=True)
        ),
        firms=shown.names(work, [one.buyer_id for one in found]),
        codes=seeking.codes(work.session, [one.order_id for one in found]),
        next=page.next,
    )


@blueprint.get("/data-destructions/<destruction_id>")
@doors.members("read")
def one(destruction_id: str) -> Any:
    """Show a destruction: why it is due, its certificate, what may be done."""
    work = unit.current()
    found = destructions.seen(work, destruction_id)
    open_still = found.state in {State.DUE, State.OVERDUE}
    return render_template(
        "aftercare/destruction.html",
        destruction=found,
        record=shown.record(found, work, destructions.LIFE),
        clock=shown.clock(work, found.id),
        names=shown.names(work, [found.buyer_id, found.seller_id]),
        code=seeking.codes(work.session, [found.order_id])[found.order_id],
        evidence=pieces.listed(work, found.id),
        shows=open_still and destructions.shower.matches(work.actor, found),
        events=shown.timeline(work, found.id),
    )


pieces.mount(blueprint, "data-destructions", destructions.show_certificate, destructions.opened)
