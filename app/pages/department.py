"""Pages of departments, and of those who sign and file with them: directories, agreements."""

from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown
from catalogue import directories, registrations, resources
from catalogue.directories import Directory
from kernel.words import Words
from kernel.work import Work
from licensing import agreements, signatures

blueprint = Blueprint("department", __name__)


@blueprint.get("/directories/<version_id>")
@doors.members("read")
def directory(version_id: str) -> Any:
    """Show one version of a directory: content, items, resources, registration, steps."""
    work = unit.current()
    found = directories.seen(work, version_id)
    registered = registrations.live(work.session, found.directory_id)
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
        registers=_registers(work, found.directory) and registered is None,
        names=shown.names(work, [found.department_id]),
        events=shown.timeline(work, found.id, registered.id if registered else None),
    )


@blueprint.post("/directories/<version_id>/registration")
@doors.members("write")
def register(version_id: str) -> Any:
    """Apply for the first registration of a published directory."""
    work = unit.current()
    found = directories.seen(work, version_id)
    made = registrations.apply(work, directory_id=found.directory_id, years=forms.number("years"))
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
        events=shown.timeline(work, found.id),
    )


@blueprint.get("/agreements/<agreement_id>")
@doors.members("read")
def agreement(agreement_id: str) -> Any:
    """Show a supply agreement: terms, signatures, letter, steps."""
    work = unit.current()
    found = agreements.seen(work, agreement_id)
    digest = agreements.text_digest(found, work.crypto)
    signed = signatures.of(work.session, found.id)
    return render_template(
        "directories/agreement.html",
        agreement=found,
        record=shown.record(found, work, agreements.LIFE),
        clock=shown.clock(work, found.id),
        names=shown.names(work, [found.department_id, found.operator_id, *found.scope["users"]]),
        digest=digest,
        signatures=[
            {
                "organisation_id": one.organisation_id,
                "at": one.at,
                "holds": signatures.holds(work.crypto, one, text_digest=digest),
            }
            for one in signed
        ],
        revenue=found.revenue or work.rules.table("revenue.public"),
        events=shown.timeline(work, found.id),
    )


@blueprint.post("/agreements/<agreement_id>/letter")
@doors.members("write")
def letter(agreement_id: str) -> Any:
    """Give the operator's confidentiality letter, by its digest."""
    agreements.give_letter(unit.current(), agreement_id, digest=forms.text("digest", max=64))
    return redirect(f"/agreements/{agreement_id}", 303)


def _registers(work: Work, directory: Directory) -> bool:
    mine = registrations.editor.matches(work.actor, directory)
    return mine and directory.current_version_id is not None
