"""What of disputes, ratings, complaints and destructions waits on a desk, and of ended orders."""

from typing import Any, Final

from flask import Blueprint, render_template

from app import doors, languages, unit
from app.pages import chrome, shown
from app.pages.money.shapes import cell, said, table
from app.pages.shown import Row
from kernel.words import Words
from kernel.work import Work
from marketplace import access
from marketplace.aftercare import bad_reviews, complaints, destructions, disputes
from marketplace.aftercare.complaint_rows import Category
from marketplace.aftercare.dispute_rows import Ground
from marketplace.seeking import orders
from marketplace.standing import returning

_WITHDRAWN = Words(
    "终止部分的退款已撤回，款项仍在托管：请重新申请",
    "withdrawn, and still in escrow: ask for it again",
)

blueprint = Blueprint("returns", __name__)

QUEUE_MAX: Final = 200
"""Of either queue the oldest are shown; what comes after them follows as they are dealt with."""


@blueprint.get("/settlement/returns")
@doors.members("read")
def returns() -> Any:
    """Show what a person gives back of ended orders: those that wait, and what was withdrawn."""
    work = unit.current()
    access.require(work, access.overseer, None, "order.returns")
    waits = said("待人工退款的订单", "Orders to be refunded by a person")
    withdrawn = said("已撤回、待重新申请的退款", "Refunds withdrawn, to be asked for again")
    return render_template(
        "settlement/list.html",
        title=said("终止后待人工退款的订单", "Ended orders to be refunded by a person"),
        tables=[_queue(waits, _ended(work, QUEUE_MAX)),
                _queue(withdrawn, _withdrawn(work, QUEUE_MAX))],
        forms=[],
    )  # fmt: skip


def _queue(title: str, rows: list[Row]) -> dict[str, Any]:
    columns = [said("订单", "Order"), said("原因", "Why"), said("状态", "State")]
    cells = [
        [cell(one["title"], href=one["href"]), one["note"], cell("", tag=one["state"])]
        for one in rows
    ]
    return table(title, columns, cells, empty=said("没有待办", "Nothing waits"))


def disputed(work: Work) -> list[Row]:
    """Return the disputes that are open, with the light of each. Two SELECTs."""
    found = disputes.listed(work, open_only=True, limit=shown.SHORT).items
    rows = [
        shown.row(f"/disputes/{one.id}", languages.said(Ground(one.ground).label), one.code,
                  f"trade_dispute.{one.state}")
        for one in found
    ]  # fmt: skip
    return shown.lit(work, rows, [one.id for one in found])


def complained(work: Work) -> list[Row]:
    """Return the complaints that are open, with the light of each. Two SELECTs."""
    found = complaints.listed(work, open_only=True, limit=shown.SHORT).items
    rows = [
        shown.row(f"/complaints/{one.id}", languages.said(Category(one.category).label), one.code,
                  f"complaint.{one.state}")
        for one in found
    ]  # fmt: skip
    return shown.lit(work, rows, [one.id for one in found])


def reviewed(work: Work) -> list[Row]:
    """Return the bad reviews that are open, with the light of each. Three SELECTs."""
    found = bad_reviews.listed(work, open_only=True, limit=shown.SHORT).items
    firms = shown.names(work, [one.merchant_id for one in found])
    rows = [
        shown.row(f"/bad-reviews/{one.id}", firms[one.merchant_id], "", f"bad_review.{one.state}")
        for one in found
    ]
    return shown.lit(work, rows, [one.id for one in found])


def to_destroy(work: Work) -> list[Row]:
    """Return what is due to be destroyed, with the light of each. Three SELECTs."""
    found = destructions.listed(work, unproved=True, limit=shown.SHORT).items
    codes = orders.codes(work.session, [one.order_id for one in found])
    rows = [
        shown.row(f"/data-destructions/{one.id}", codes[one.order_id], "",
                  f"data_destruction.{one.state}")
        for one in found
    ]  # fmt: skip
    return shown.lit(work, rows, [one.id for one in found])


def to_return(work: Work) -> list[Row]:
    """Return the orders of which the house cannot give back what it should, and refunds withdrawn.

    Four SELECTs.
    """
    return [*_ended(work, shown.SHORT), *_withdrawn(work, shown.SHORT)]


def _ended(work: Work, limit: int) -> list[Row]:
    return [
        shown.row(f"/orders/{one.order.id}", one.order.code, languages.said(one.why),
                  f"order.{one.order.state}")
        for one in returning.waiting(work, limit=limit)
    ]  # fmt: skip


def _withdrawn(work: Work, limit: int) -> list[Row]:
    found = returning.withdrawn(work, limit=limit)
    codes = orders.codes(work.session, [one.order_id or "" for one in found])
    why = languages.said(_WITHDRAWN)
    return [
        shown.row(f"/settlement/refunds/{one.id}", codes[one.order_id or ""],
                  f"{why} · {chrome.money(one.amount)}", f"refund.{one.state}")
        for one in found
    ]  # fmt: skip
