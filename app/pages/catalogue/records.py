"""What stands around a directory, each kind with its list and its page.

Regradings, consents of providing units, claims and conflicts of sources, error reports and
objections look alike: what it is about, where it stands, what may be done, what was done.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from flask import Blueprint, abort, render_template

from app import doors, languages, unit
from app.pages import shown
from app.pages.catalogue import summaries
from catalogue import (
    conflicts,
    directories,
    error_reports,
    objections,
    registrations,
    regrades,
    sharing,
    sources,
)
from kernel import watch
from kernel.clock import local_date
from kernel.words import Words
from kernel.work import Work

blueprint = Blueprint("catalogue_records", __name__)

Summary = Callable[[Any, Work], list[tuple[Words, str]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record: its noun's module, what it is called, and what its page says."""

    noun: ModuleType
    title: Words
    says: Summary
    about: Callable[[Work, Iterable[Any]], dict[str, str]]


def _by_directory(_work: Work, rows: Iterable[Any]) -> dict[str, str]:
    return {row.id: row.directory_id for row in rows}


def _by_registration(work: Work, rows: Iterable[Any]) -> dict[str, str]:
    listed = list(rows)
    found = registrations.several(work.session, [row.registration_id for row in listed])
    return {row.id: found[row.registration_id].directory_id for row in listed}


def _by_claim(work: Work, rows: Iterable[Any]) -> dict[str, str]:
    listed = list(rows)
    found = sources.several(work.session, [row.rival_claim_id for row in listed])
    return {row.id: found[row.rival_claim_id].directory_id for row in listed}


# fmt: off
KINDS: Final[dict[str, Kind]] = {
    "regrades": Kind(
        regrades, Words("重新定级", "Regradings"), summaries.regrade, _by_directory),
    "sharing-consents": Kind(
        sharing, Words("提供方同意", "Sharing consents"), summaries.consent, _by_directory),
    "source-claims": Kind(
        sources, Words("数源申报", "Source claims"), summaries.claim, _by_directory),
    "source-conflicts": Kind(
        conflicts, Words("数源争议", "Source conflicts"), summaries.conflict, _by_claim),
    "error-reports": Kind(
        error_reports, Words("数据校核", "Error reports"), summaries.report, _by_directory),
    "objections": Kind(
        objections, Words("登记异议", "Objections"), summaries.objection, _by_registration),
}
# fmt: on


@blueprint.get("/catalogue/<kind>")
@doors.members("read")
def listed(kind: str) -> Any:
    """List the records of one kind that concern the reader, newest first."""
    work, found = unit.current(), _kind(kind)
    page = found.noun.listed(work, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "directories/records.html",
        kind=kind,
        title=languages.said(found.title),
        kinds=[(name, languages.said(each.title)) for name, each in KINDS.items()],
        rows=rows(work, kind, page.items),
        next=page.next,
    )


@blueprint.get("/catalogue/<kind>/<record_id>")
@doors.members("read")
def one(kind: str, record_id: str) -> Any:
    """Show one record: what it is about, what may be done with it, what has been done."""
    work, found = unit.current(), _kind(kind)
    subject = found.noun.seen(work, record_id)
    directory_id = found.about(work, [subject])[subject.id]
    directory = directories.find_directory(work.session, directory_id)
    return render_template(
        "directories/record.html",
        kind=kind,
        kind_title=languages.said(found.title),
        title=languages.said(Words(directory.title_zh, directory.title_en)),
        directory=directory,
        facts=[(languages.said(label), value) for label, value in found.says(subject, work)],
        life=found.noun.LIFE.name,
        record=shown.record(subject, work, found.noun.LIFE),
        state=f"{found.noun.LIFE.name}.{subject.state}",
        clock=shown.clock(work, subject.id),
        events=shown.timeline(work, subject.id),
    )


def rows(work: Work, kind: str, found: list[Any]) -> list[dict[str, Any]]:
    """Return one page of records as a list draws them. Three SELECTs at most."""
    about = KINDS[kind].about(work, found)
    named = directories.titles(work.session, about.values())
    clocks = watch.all_running(work.session, [row.id for row in found])
    today, life = local_date(work.now), KINDS[kind].noun.LIFE.name
    drawn = []
    for row in found:
        directory, clock = named[about[row.id]], clocks.get(row.id)
        light = clock and shown.light(
            watch.light(clock, work.calendar, today), watch.remaining(clock, work.calendar, today)
        )
        drawn.append(
            {
                "href": f"/catalogue/{kind}/{row.id}",
                "title": languages.said(Words(directory.title_zh, directory.title_en)),
                "note": directory.code,
                "state": f"{life}.{row.state}",
                "clock": light,
            }
        )
    return drawn


def _kind(name: str) -> Kind:
    found = KINDS.get(name)
    if found is None:
        abort(404)
    return found
