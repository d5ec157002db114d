"""Pages of departments: directories and their registrations."""

from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown
from app.pages.catalogue import asking, records
from app.pages.catalogue.grading import basis
from catalogue import (
    directories,
    freshness,
    gradings,
    objections,
    registrations,
    regrades,
    resources,
    sharing,
    sources,
)
from catalogue import forms as registration_forms
from catalogue.directories import Directory, DirectoryVersion
from catalogue.forms import RegistrationForm
from catalogue.registrations import Registration
from kernel.words import Words
from kernel.work import Work

blueprint = Blueprint("department", __name__)


@blueprint.get("/directories/<version_id>")
@doors.members("read")
def directory(version_id: str) -> Any:
    """Show one version of a directory: content, items, resources, registration, steps."""
    work = unit.current()
    found = directories.seen(work, version_id)
    registered = registrations.live(work.session, found.directory_id)
    grading = gradings.of(work.session, found.id)
    return render_template(
        "directories/directory.html",
        version=found,
        content=found.content,
        title=languages.said(Words(found.content.title_zh, found.content.title_en)),
        record=shown.record(found, work, directories.LIFE),
        clock=shown.clock(work, found.id),
        items=directories.items(work.session, found.id),
        resources=resources.of_directory(work.session, found.directory_id),
        registration=registered,
        promise=languages.said(registration_forms.COMMITMENT),
        registers=_registers(work, found.directory) and registered is None,
        names=shown.names(work, [found.department_id]),
        events=shown.timeline(work, found.id, registered.id if registered else None),
        standing=freshness.of(work, [found.directory_id])[found.directory_id],
        freshness_words=freshness.LABELS,
        grading=grading,
        basis=basis(grading.raised_by, work.rules) if grading else [],
        claimed=sources.of_directory(work.session, found.directory_id),
        current=found.directory.current_version_id == found.id,
        holds=sharing.asker.matches(work.actor, found.directory),
        around=_around(work, found),
    )


@blueprint.post("/directories/<version_id>/registration")
@doors.members("write")
def register(version_id: str) -> Any:
    """Apply for the first registration of a published directory."""
    work = unit.current()
    found = directories.seen(work, version_id)
    made = registrations.apply(
        work,
        directory_id=found.directory_id,
        years=forms.number("years"),
        form=asking.written(),
    )
    return redirect(f"/registrations/{made.id}", 303)


@blueprint.get("/registrations/<registration_id>")
@doors.members("read")
def registration(registration_id: str) -> Any:
    """Show a registration and what may be done with it."""
    work = unit.current()
    found = registrations.seen(work, registration_id)
    directory = directories.find_directory(work.session, found.directory_id)
    return render_template(
        "directories/registration.html",
        registration=found,
        record=shown.record(found, work, registrations.LIFE),
        clock=shown.clock(work, found.id),
        title=languages.said(Words(directory.title_zh, directory.title_en)),
        directory=directory,
        names=shown.names(work, [found.department_id]),
        promise=languages.said(registration_forms.COMMITMENT),
        forms=_forms(work, found),
        grants=registrations.grants(work.session, found.id),
        objections=records.rows(work, "objections", _objections(work, found)),
        writes=registrations.editor.matches(work.actor, found),
        ours=work.actor.organisation == found.department_id,
        events=shown.timeline(work, found.id),
    )


def _forms(work: Work, found: Registration) -> list[RegistrationForm]:
    if not registrations.is_party(work.actor, found):
        return []
    return registrations.filled(work, found.id)


def _objections(work: Work, found: Registration) -> list[Any]:
    page = objections.listed(work, registration_id=found.id, after=None, limit=shown.SHORT)
    return page.items


def _around(work: Work, found: DirectoryVersion) -> list[dict[str, Any]]:
    """Return what was asked, claimed and proposed of a directory, the latest of each kind."""
    kinds = (("regrades", regrades), ("sharing-consents", sharing), ("source-claims", sources))
    drawn: list[dict[str, Any]] = []
    for kind, noun in kinds:
        page = noun.listed(work, directory_id=found.directory_id, after=None, limit=4)
        drawn += [
            {**row, "title": languages.said(records.KINDS[kind].title)}
            for row in records.rows(work, kind, page.items)
        ]
    return drawn


def _registers(work: Work, directory: Directory) -> bool:
    mine = registrations.editor.matches(work.actor, directory)
    return mine and directory.current_version_id is not None
