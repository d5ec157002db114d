"""The door of registrations (登记): applying, publicity, and looking up a code."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from catalogue import registrations
from catalogue.registrations import Registration, State
from kernel.work import Work

YEARS_MAX = 100
"""No rules allow a longer term; the rules' own limit is asked by the domain."""

blueprint = doors.noun("registrations", "Registrations · 公共数据资源登记")


class RegistrationIn(doors.Body):
    """An application. years: of the term."""

    directory_id = doors.text(max=40)
    years = doors.whole(min=1, max=YEARS_MAX)


class RegistrationRowOut(Schema):
    """A registration in a list, or found by its code."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    directory_id = fields.String()
    department_id = fields.String()
    kind = fields.String()
    years = fields.Integer()
    code = fields.String(allow_none=True)
    valid_from = fields.String(allow_none=True)
    valid_to = fields.String(allow_none=True)
    applied_at = fields.String()


class RegistrationOut(RegistrationRowOut):
    """One registration, with what the caller may do."""

    actions = fields.List(fields.Nested(doors.ActionOut))


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
        "code": found.code,
        "valid_from": found.valid_from and found.valid_from.isoformat(),
        "valid_to": found.valid_to and found.valid_to.isoformat(),
        "applied_at": doors.moment(found.applied_at),
    }


def show(found: Registration, work: Work) -> Mapping[str, Any]:
    """Return what RegistrationOut shows."""
    return {**row(found), **doors.living(found, work, registrations.LIFE)}


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
    made = registrations.apply(work, **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, registrations, RegistrationOut, show)
