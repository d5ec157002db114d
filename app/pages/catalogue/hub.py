"""The hub's desk (目录中心): what waits to be accepted, with its lights, and how far it is."""

from typing import Any

from flask import Blueprint, render_template

from app import doors, languages, unit
from app.pages import shown
from app.pages.catalogue import records
from catalogue import directories, registrations, regrades, resources, sources
from kernel import watch
from kernel.clock import local_date
from kernel.words import Words
from kernel.work import Work

blueprint = Blueprint("catalogue_hub", __name__)

WAITING = (
    registrations.State.UNDER_REVIEW,
    registrations.State.FORMAL_REVIEW,
    registrations.State.OBJECTION_REVIEW,
    registrations.State.CHANGE_REVIEW,
    registrations.State.CORRECTION_REVIEW,
    registrations.State.RENEWAL_REVIEW,
    registrations.State.DEREG_REVIEW,
)


@blueprint.get("/hub")
@doors.members("read")
def hub() -> Any:
    """Show what waits for the data authority, each kind with its first page."""
    work = unit.current()
    lists = (
        (Words("待受理目录", "Directories to accept"), "", _directories(work)),
        (Words("待办登记", "Registrations to look at"), "", _registrations(work)),
        (Words("待批准降级", "Gradings to approve"), "/catalogue/regrades", _regrades(work)),
        (Words("待确认数源", "Sources to confirm"), "/catalogue/source-claims", _claims(work)),
        (Words("数源争议", "Conflicts"), "/catalogue/source-conflicts", _conflicts(work)),
    )
    return render_template(
        "directories/hub.html",
        rate=resources.attach_rate(work.session),
        sections=[
            {"title": languages.said(words), "more": more, "rows": rows}
            for words, more, rows in lists
        ],
    )


def _directories(work: Work) -> list[dict[str, Any]]:
    state = directories.State.HUB_REVIEW
    found = directories.versions(work, state=state, after=None, limit=shown.PAGE).items
    named = {one.id: one.directory for one in found}
    return _lit(work, found, "/directories", named, "directory_version")


def _registrations(work: Work) -> list[dict[str, Any]]:
    found = registrations.waiting(work, WAITING, limit=shown.PAGE)
    titles = directories.titles(work.session, [one.directory_id for one in found])
    named = {one.id: titles[one.directory_id] for one in found}
    return _lit(work, found, "/registrations", named, "registration")


def _regrades(work: Work) -> list[dict[str, Any]]:
    state = regrades.State.PROPOSED
    page = regrades.listed(work, state=state, after=None, limit=shown.PAGE)
    return records.rows(work, "regrades", page.items)


def _claims(work: Work) -> list[dict[str, Any]]:
    page = sources.listed(work, state=sources.State.CLAIMED, after=None, limit=shown.PAGE)
    return records.rows(work, "source-claims", page.items)


def _conflicts(work: Work) -> list[dict[str, Any]]:
    page = records.KINDS["source-conflicts"].noun.listed(work, after=None, limit=shown.SHORT)
    return records.rows(work, "source-conflicts", page.items)


def _lit(
    work: Work, found: list[Any], path: str, named: dict[str, Any], life: str
) -> list[dict[str, Any]]:
    clocks = watch.all_running(work.session, [one.id for one in found])
    today = local_date(work.now)
    drawn = []
    for one in found:
        clock, directory = clocks.get(one.id), named[one.id]
        light = clock and shown.light(
            watch.light(clock, work.calendar, today), watch.remaining(clock, work.calendar, today)
        )
        drawn.append(
            {
                "href": f"{path}/{one.id}",
                "title": languages.said(Words(directory.title_zh, directory.title_en)),
                "note": directory.code,
                "state": f"{life}.{one.state}",
                "clock": light,
            }
        )
    return drawn
