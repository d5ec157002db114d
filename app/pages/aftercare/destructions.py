"""Pages of what buyers must destroy (数据销毁证明) once their right has ended."""

from typing import Any, Final

from flask import Blueprint, render_template

from app import doors, unit
from app.pages import shown, vocabulary
from app.pages.aftercare import pieces
from app.pages.choosing import sieves
from kernel.words import Words
from marketplace.aftercare import destructions
from marketplace.aftercare.destructions import State
from marketplace.seeking import orders as seeking

blueprint = Blueprint("data_destruction_pages", __name__)

UNPROVED: Final = Words("只看未证明", "only what is not proved")
HEADER: Final = (
    Words("订单", "Order"), Words("买方", "Buyer"), Words("原因", "Cause"),
    Words("要求时间", "Asked for"), Words("状态", "State"),
)  # fmt: skip


@blueprint.get("/data-destructions")
@doors.members("read")
def listed() -> Any:
    """Show what must be, or has been, destroyed."""
    work = unit.current()
    sieve = sieves.asked("data_destruction", State, UNPROVED)
    page = destructions.listed(
        work, state=sieve.state, unproved=sieve.open, after=shown.after(), limit=sieve.limit
    )
    found = page.items
    firms = shown.names(work, [one.buyer_id for one in found])
    codes = seeking.codes(work.session, [one.order_id for one in found])
    if sieve.file:
        cells = [
            (codes[one.order_id], firms[one.buyer_id], vocabulary.cause(one.cause), one.opened_at,
             vocabulary.state(f"data_destruction.{one.state}"))
            for one in found
        ]  # fmt: skip
        return sieve.answer(work, "destructions", HEADER, cells)
    rows = [
        shown.row(f"/data-destructions/{one.id}", "", "", f"data_destruction.{one.state}")
        for one in found
    ]
    return render_template(
        "aftercare/destructions.html",
        destructions=list(
            zip(found, shown.lit(work, rows, [one.id for one in found]), strict=True)
        ),
        firms=firms,
        codes=codes,
        sieve=sieve,
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
