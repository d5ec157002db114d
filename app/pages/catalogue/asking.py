"""Forms that begin something around a directory: a consent, a claim, a report, an objection."""

from typing import Any, cast

from flask import Blueprint, redirect

from app import doors, unit
from app.pages import forms
from catalogue import (
    conflicts,
    directories,
    error_reports,
    objections,
    registrations,
    sharing,
)
from catalogue.forms import Form

blueprint = Blueprint("catalogue_asking", __name__)


@blueprint.post("/directories/<version_id>/consents")
@doors.members("write")
def ask_consent(version_id: str) -> Any:
    """Ask a providing unit to let the directory be operated."""
    work = unit.current()
    made = sharing.ask_for(
        work,
        directory_id=directories.seen(work, version_id).directory_id,
        provider_id=forms.text("provider_id", max=40),
        request=forms.text("request", max=1000),
        valid_to=forms.day("valid_to"),
    )
    return redirect(f"/catalogue/sharing-consents/{made.id}", 303)


@blueprint.post("/directories/<version_id>/claims")
@doors.members("write")
def claim_source(version_id: str) -> Any:
    """Claim that an item is the authoritative source of a meaning."""
    work = unit.current()
    made, conflict = conflicts.claim(
        work,
        master_item_code=forms.text("master_item_code", max=64),
        directory_id=directories.seen(work, version_id).directory_id,
        item_code=forms.text("item_code", max=64),
        grounds=forms.text("grounds", max=1000),
    )
    if conflict is not None:
        return redirect(f"/catalogue/source-conflicts/{conflict.id}", 303)
    return redirect(f"/catalogue/source-claims/{made.id}", 303)


@blueprint.post("/directories/<version_id>/errors")
@doors.members("write")
def report_error(version_id: str) -> Any:
    """Report an error in an item."""
    work = unit.current()
    made = error_reports.report(
        work,
        directory_id=directories.seen(work, version_id).directory_id,
        item_code=forms.text("item_code", max=64),
        finding=forms.text("finding", max=1000),
    )
    return redirect(f"/catalogue/error-reports/{made.id}", 303)


@blueprint.post("/registrations/<registration_id>/objections")
@doors.members("write")
def object_to(registration_id: str) -> Any:
    """Object to a registration in publicity."""
    made = objections.object_to(
        unit.current(), registration_id=registration_id, grounds=forms.text("grounds", max=1000)
    )
    return redirect(f"/catalogue/objections/{made.id}", 303)


@blueprint.post("/registrations/<registration_id>/form")
@doors.members("write")
def fill(registration_id: str) -> Any:
    """Write the form anew, or, once registered, ask for a change."""
    work = unit.current()
    found = registrations.seen(work, registration_id)
    holds = found.state == registrations.State.REGISTERED
    (registrations.change if holds else registrations.fill)(work, registration_id, form=written())
    return redirect(f"/registrations/{registration_id}", 303)


@blueprint.post("/registrations/<registration_id>/correction")
@doors.members("write")
def correct(registration_id: str) -> Any:
    """Ask for a correction of what is registered."""
    registrations.correct(unit.current(), registration_id, text=forms.text("text", max=1000))
    return redirect(f"/registrations/{registration_id}", 303)


def written() -> Form:
    """Return the registration form that was sent. Raises Invalid where it cannot be read."""
    texts = {name: forms.text(name, max=2000) for name in ("contact", "phone", "storage")}
    return cast(
        Form,
        {
            **texts,
            "description": forms.text("description", max=2000),
            "agent": forms.text("agent", max=200),
            "documents": forms.lines("documents"),
            "commitment": forms.text("commitment") == "1",
        },
    )
