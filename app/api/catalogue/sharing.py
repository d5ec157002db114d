"""The door of sharing consents (提供方同意): asking the unit that data came from."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from catalogue import sharing
from catalogue.sharing import SharingConsent, State
from kernel.work import Work

blueprint = doors.noun("sharing_consents", "Sharing consents · 提供方同意",
                       prefix="/api/sharing-consents")  # fmt: skip


class SharingConsentIn(doors.Body):
    """A question to a providing unit. valid_to: the last day that is asked for."""

    directory_id = doors.text(max=40)
    provider_id = doors.text(max=40)
    request = doors.text(max=1000)
    valid_to = doors.day()


class SharingConsentRowOut(Schema):
    """A consent in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    directory_id = fields.String()
    department_id = fields.String()
    provider_id = fields.String()
    request = fields.String()
    asked_at = fields.String()
    answered_at = fields.String(allow_none=True)
    valid_from = fields.String(allow_none=True)
    valid_to = fields.String()


class SharingConsentOut(SharingConsentRowOut):
    """One consent, with what the caller may do."""

    actions = fields.List(fields.Nested(doors.ActionOut))


class SharingConsentQuery(doors.PageQuery):
    """Which consents to list."""

    directory_id = doors.text(max=40, required=False, load_default=None)
    state = doors.choice(*State, required=False, load_default=None)


def row(found: SharingConsent) -> Mapping[str, Any]:
    """Return what SharingConsentRowOut shows."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "directory_id": found.directory_id,
        "department_id": found.department_id,
        "provider_id": found.provider_id,
        "request": found.request,
        "asked_at": doors.moment(found.asked_at),
        "answered_at": doors.moment(found.answered_at),
        "valid_from": found.valid_from and found.valid_from.isoformat(),
        "valid_to": found.valid_to.isoformat(),
    }


def show(found: SharingConsent, work: Work) -> Mapping[str, Any]:
    """Return what SharingConsentOut shows."""
    return {**row(found), **doors.living(found, work, sharing.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(SharingConsentQuery, location="query")
@blueprint.response(200, doors.page_of(SharingConsentRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the consents that the caller asked for, answers or oversees, newest first."""
    return doors.page(sharing.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, SharingConsentOut)
def one(subject_id: str) -> Any:
    """Show one consent."""
    work = unit.current()
    return doors.tagged(show(sharing.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(SharingConsentIn)
@blueprint.response(201, SharingConsentOut)
def ask_for(body: dict[str, Any]) -> Any:
    """Ask the unit that data came from to let a directory be operated."""
    work = unit.current()
    made = sharing.ask_for(work, **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, sharing, SharingConsentOut, show)
