"""Pages of the yearly disclosures of agencies and operators."""

from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, unit
from app.pages import forms, shown
from kernel.clock import local_date
from kernel.work import Work
from licensing import disclosure
from marketplace import offered

blueprint = Blueprint("disclosure", __name__)


@blueprint.get("/register/disclosures")
@doors.public
def disclosures() -> Any:
    """Show what was disclosed, and to its parties and overseers what is owed."""
    work = unit.current()
    page = disclosure.listed(work.session, after=shown.after(), limit=shown.PAGE)
    owed = disclosure.owed(work)
    firms = [each.organisation_id for each in page.items]
    firms += [each.organisation_id for each in owed]
    return render_template(
        "frame/disclosures.html",
        kind="disclosures",
        rows=page.items,
        next=page.next,
        owed=[_due(work, each) for each in owed],
        year=local_date(work.now).year - 1,
        publishes=_publishes(work, owed),
        names=shown.names(work, firms),
    )


@blueprint.get("/register/disclosures/<disclosure_id>")
@doors.public
def one(disclosure_id: str) -> Any:
    """Show one disclosure, and whether it is still what was published."""
    work = unit.current()
    found = disclosure.find(work.session, disclosure_id)
    return render_template(
        "frame/disclosure.html",
        found=found,
        body=found.body,
        holds=disclosure.holds(unit.house().crypto, found),
    )


@blueprint.post("/register/disclosures")
@doors.members("write")
def publish() -> Any:
    """Publish the disclosure of one's own organisation."""
    work = unit.current()
    products = offered.by_operator(work.session, work.actor.organisation)
    made = disclosure.publish(work, year=forms.number("year"), products=products)
    return redirect(f"/register/disclosures/{made.id}", 303)


def _publishes(work: Work, owed: list[disclosure.Due]) -> bool:
    mine = any(each.organisation_id == work.actor.organisation for each in owed)
    return mine and bool(work.actor.duties & disclosure.PUBLISHERS)


def _due(work: Work, each: disclosure.Due) -> dict[str, Any]:
    left = (each.due_on - local_date(work.now)).days
    return {
        "organisation_id": each.organisation_id,
        "kind": each.kind.value,
        "year": each.year,
        "due_on": each.due_on,
        "clock": shown.light(each.light, left),
        "disclosure_id": None if each.published is None else each.published.id,
        "agreements": each.agreements,
    }
