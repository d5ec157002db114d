"""The door of roles (角色): asked for, granted by another person, suspended, revoked."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.actor import Role
from kernel.parties import roles
from kernel.parties.roles import OrganisationRole
from kernel.work import Work

blueprint = doors.noun("roles", "Roles of organisations · 机构角色")


class RoleIn(doors.Body):
    """One more role of an organisation."""

    organisation_id = doors.text(max=40)
    role = doors.choice(*(role for role in Role if role != Role.SYSTEM))


class RoleOut(doors.LivingOut):
    """A role, and since when it counts."""

    organisation_id = fields.String()
    role = fields.String()
    granted_at = fields.String(allow_none=True)


def show(found: OrganisationRole, work: Work) -> Mapping[str, Any]:
    """Return what RoleOut shows."""
    return {
        **doors.living(found, work, roles.LIFE),
        "organisation_id": found.organisation_id,
        "role": found.role,
        "granted_at": doors.moment(found.granted_at),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(RoleOut))
def listed(query: dict[str, Any]) -> Any:
    """List the roles that wait for a decision, oldest first."""
    work = unit.current()
    found = roles.requested(work, after=query["after"], limit=query["limit"])
    return doors.page(found, lambda item: show(item, work))


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, RoleOut)
def one(subject_id: str) -> Any:
    """Show one role."""
    work = unit.current()
    return doors.tagged(show(roles.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(RoleIn)
@blueprint.response(201, RoleOut)
def request(body: dict[str, Any]) -> Any:
    """Ask for one more role; granting it is another person's."""
    work = unit.current()
    made = roles.request(work, body["organisation_id"], Role(body["role"]))
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, roles, RoleOut, show)
