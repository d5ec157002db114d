"""The door of objections (异议) to registrations in publicity."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from catalogue import objections
from catalogue.objections import Objection
from kernel.work import Work

blueprint = doors.noun("objections", "Objections to registrations · 登记异议")


class RegistrationObjectionIn(doors.Body):
    """An objection of the caller's organisation to a registration in publicity."""

    registration_id = doors.text(max=40)
    grounds = doors.text(max=1000)


class RegistrationObjectionRowOut(Schema):
    """An objection in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    registration_id = fields.String()
    department_id = fields.String()
    objector_id = fields.String()
    grounds = fields.String()
    raised_at = fields.String()
    answered_at = fields.String(allow_none=True)


class RegistrationObjectionOut(RegistrationObjectionRowOut):
    """One objection, with what the caller may do."""

    actions = fields.List(fields.Nested(doors.ActionOut))


class RegistrationObjectionQuery(doors.PageQuery):
    """Which objections to list."""

    registration_id = doors.text(max=40, required=False, load_default=None)


def row(found: Objection) -> Mapping[str, Any]:
    """Return what RegistrationObjectionRowOut shows."""
    names = ("id", "version", "registration_id", "department_id", "objector_id", "grounds")
    return {
        **{name: getattr(found, name) for name in names},
        "state": str(found.state),
        "raised_at": doors.moment(found.raised_at),
        "answered_at": doors.moment(found.answered_at),
    }


def show(found: Objection, work: Work) -> Mapping[str, Any]:
    """Return what RegistrationObjectionOut shows."""
    return {**row(found), **doors.living(found, work, objections.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(RegistrationObjectionQuery, location="query")
@blueprint.response(200, doors.page_of(RegistrationObjectionRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the objections that the caller raised, is told of or oversees, newest first."""
    return doors.page(objections.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, RegistrationObjectionOut)
def one(subject_id: str) -> Any:
    """Show one objection."""
    work = unit.current()
    return doors.tagged(show(objections.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(RegistrationObjectionIn)
@blueprint.response(201, RegistrationObjectionOut)
def object_to(body: dict[str, Any]) -> Any:
    """Object to a registration in publicity; the publicity stands still meanwhile."""
    work = unit.current()
    made = objections.object_to(work, **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, objections, RegistrationObjectionOut, show)
