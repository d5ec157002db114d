"""Pages of requests to departments: asked from a demand, answered by the department."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown
from app.pages.choosing import sieves
from app.pages.vocabulary import state as said_state
from catalogue import contents, directories
from kernel.words import Words
from kernel.work import Work
from marketplace.demands import demands, supply

blueprint = Blueprint("supplying", __name__)

HEADER: Final = (
    Words("需求", "Demand"), Words("需方", "Who asks"), Words("部门", "Department"),
    Words("状态", "State"),
)  # fmt: skip


@blueprint.get("/supply-requests")
@doors.members("read")
def listed() -> Any:
    """Show the requests that one's organisation made, or is asked, and how many stand where."""
    work = unit.current()
    sieve = sieves.asked("supply_request", supply.State)
    page = supply.listed(work, state=sieve.state, after=shown.after(), limit=sieve.limit)
    titles = demands.titles(work.session, [each.demand_id for each in page.items])
    firms = shown.names(
        work, [one for each in page.items for one in (each.department_id, each.buyer_id)]
    )
    if sieve.file:
        cells = [(titles[each.demand_id], firms[each.buyer_id], firms[each.department_id],
                  said_state(f"supply_request.{each.state}")) for each in page.items]  # fmt: skip
        return sieve.answer(work, "supply-requests", HEADER, cells)
    rows = [
        shown.row(
            f"/supply-requests/{each.id}",
            titles[each.demand_id],
            f"{firms[each.buyer_id]} → {firms[each.department_id]}",
            f"supply_request.{each.state}",
        )
        for each in page.items
    ]
    return render_template(
        "demands/supplies.html",
        rows=shown.lit(work, rows, [each.id for each in page.items]),
        figures=[(said_state(f"supply_request.{state}"), count)
                 for state, count in supply.figures(work).items()],
        sieve=sieve,
        next=page.next,
    )  # fmt: skip


@blueprint.get("/supply-requests/<request_id>")
@doors.members("read")
def one(request_id: str) -> Any:
    """Show a request: what is wanted, of which directory, its clock and its steps."""
    work = unit.current()
    found = supply.seen(work, request_id)
    return render_template(
        "demands/supply.html",
        asked=found,
        demand=demands.find(work.session, found.demand_id),
        directory=_directory(work, found.directory_id),
        names=shown.names(work, [found.department_id, found.buyer_id]),
        record=shown.record(found, work, supply.LIFE),
        clock=shown.clock(work, found.id),
        events=shown.timeline(work, found.id),
    )


@blueprint.post("/demands/<demand_id>/supply-requests")
@doors.members("write")
def file(demand_id: str) -> Any:
    """Put a demand to the departments that were ticked."""
    made = supply.file(
        unit.current(), demand_id, forms.many("directory"), said=forms.text("said", max=1000)
    )
    where = f"/supply-requests/{made[0].id}" if len(made) == 1 else "/supply-requests"
    return redirect(where, 303)


def _directory(work: Work, directory_id: str) -> dict[str, Any]:
    found = directories.find_directory(work.session, directory_id)
    content = contents.of(work.session, found.current_version_id or "")
    title = languages.said(Words(content.title_zh, content.title_en))
    return {"title": title, "code": found.code, "version_id": found.current_version_id}
