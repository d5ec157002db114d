"""The door of registrations (登记): applying, publicity, and looking up a code."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from catalogue import forms, registrations
from catalogue.forms import RegistrationForm
from catalogue.register import Grant
from catalogue.registrations import Registration, State
from kernel.work import Work

blueprint = doors.noun("registrations", "Registrations · 公共数据资源登记")


class RegistrationFormFieldsIn(doors.Body):
    """What is written to register. documents: SHA-256 of each. agent: who is entrusted."""

    contact = doors.text(max=80)
    phone = doors.text(max=40)
    storage = doors.text(max=200)
    description = doors.text(max=2000)
    commitment = doors.flag()
    agent = doors.text(min=0, max=200, required=False)
    documents = doors.texts(max=forms.DOCUMENTS_MAX, each=64, required=False)


class RegistrationIn(doors.Body):
    """An application. years: of the term. submit: false keeps it back (待登记)."""

    directory_id = doors.text(max=40)
    years = doors.whole(min=1, max=registrations.YEARS_MAX)
    form = doors.nested(RegistrationFormFieldsIn)
    submit = doors.flag(required=False, load_default=True)


class RegistrationFormIn(doors.Body):
    """A form that is written anew."""

    form = doors.nested(RegistrationFormFieldsIn)


class RegistrationCorrectionIn(doors.Body):
    """What is wrong in what is registered, and what is right."""

    text = doors.text(max=1000)


class RegistrationGrantOut(Schema):
    """One term."""

    number = fields.Integer()
    valid_from = fields.String()
    valid_to = fields.String()


class RegistrationFormOut(Schema):
    """One form as it was given."""

    number = fields.Integer()
    kind = fields.String()
    body = fields.Dict()
    commitment = fields.String(allow_none=True)
    organisation_id = fields.String()
    given_at = fields.String()


class RegistrationFormsOut(Schema):
    """The forms of one registration, newest first."""

    items = fields.List(fields.Nested(RegistrationFormOut))


class RegistrationRowOut(Schema):
    """A registration in a list, or found by its code."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    directory_id = fields.String()
    department_id = fields.String()
    kind = fields.String()
    years = fields.Integer()
    revision = fields.Integer()
    code = fields.String(allow_none=True)
    valid_from = fields.String(allow_none=True)
    valid_to = fields.String(allow_none=True)
    applied_at = fields.String()


class RegistrationOut(RegistrationRowOut):
    """One registration, with what the caller may do."""

    actions = fields.List(fields.Nested(doors.ActionOut))
    grants = fields.List(fields.Nested(RegistrationGrantOut))


class RegistrationQuery(doors.PageQuery):
    """Which registrations to list."""

    state = doors.choice(*State, required=False, load_default=None)


def row(found: Registration) -> Mapping[str, Any]:
    """Return what RegistrationRowOut shows."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "directory_id": found.directory_id,
        "department_id": found.department_id,
        "kind": found.kind,
        "years": found.years,
        "revision": found.revision,
        "code": found.code,
        "valid_from": found.valid_from and found.valid_from.isoformat(),
        "valid_to": found.valid_to and found.valid_to.isoformat(),
        "applied_at": doors.moment(found.applied_at),
    }


def show(found: Registration, work: Work) -> Mapping[str, Any]:
    """Return what RegistrationOut shows."""
    return {
        **row(found),
        **doors.living(found, work, registrations.LIFE),
        "grants": [_grant(one) for one in registrations.grants(work.session, found.id)],
    }


@blueprint.get("")
@doors.public
@blueprint.arguments(RegistrationQuery, location="query")
@blueprint.response(200, doors.page_of(RegistrationRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the registrations that the caller may see, newest first."""
    return doors.page(registrations.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.public
@blueprint.response(200, RegistrationOut)
def one(subject_id: str) -> Any:
    """Show one registration."""
    work = unit.current()
    return doors.tagged(show(registrations.seen(work, subject_id), work))


@blueprint.get("/codes/<string:code>")
@doors.public
@blueprint.response(200, RegistrationRowOut)
def by_code(code: str) -> Any:
    """Look up a registration by its code (查询码)."""
    return row(registrations.by_code(unit.current().session, code))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(RegistrationIn)
@blueprint.response(201, RegistrationOut)
def apply(body: dict[str, Any]) -> Any:
    """Apply for the first registration of a directory of the caller's department."""
    work = unit.current()
    command = registrations.apply if body.pop("submit") else registrations.prepare
    made = command(work, **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/<string:subject_id>/forms")
@doors.members("write")
@blueprint.arguments(RegistrationFormIn)
@blueprint.response(200, RegistrationOut)
def fill(body: dict[str, Any], subject_id: str) -> Any:
    """Write the form of an application anew, before it is submitted (again)."""
    work = unit.current()
    return show(registrations.fill(work, subject_id, **body), work)


@blueprint.get("/<string:subject_id>/forms")
@doors.members("read")
@blueprint.response(200, RegistrationFormsOut)
def filled(subject_id: str) -> Any:
    """Show the forms of a registration to its department and the data authority."""
    return {"items": [_form(one) for one in registrations.filled(unit.current(), subject_id)]}


@blueprint.post("/<string:subject_id>/change")
@doors.members("write")
@blueprint.arguments(RegistrationFormIn)
@blueprint.response(200, RegistrationOut)
def change(body: dict[str, Any], subject_id: str) -> Any:
    """Ask for a change (变更登记) of what is registered."""
    work = unit.current()
    found = registrations.change(work, subject_id, **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


@blueprint.post("/<string:subject_id>/correct")
@doors.members("write")
@blueprint.arguments(RegistrationCorrectionIn)
@blueprint.response(200, RegistrationOut)
def correct(body: dict[str, Any], subject_id: str) -> Any:
    """Ask for a correction (更正登记), as its holder or as one whom the error concerns."""
    work = unit.current()
    found = registrations.correct(work, subject_id, **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


doors.steps(blueprint, registrations, RegistrationOut, show)


def _grant(found: Grant) -> dict[str, Any]:
    return {
        "number": found.number,
        "valid_from": found.valid_from.isoformat(),
        "valid_to": found.valid_to.isoformat(),
    }


def _form(found: RegistrationForm) -> dict[str, Any]:
    return {
        "number": found.number,
        "kind": found.kind,
        "body": found.body,
        "commitment": found.commitment,
        "organisation_id": found.organisation_id,
        "given_at": doors.moment(found.given_at),
    }
