"""The door of idle notices (闲置提醒): rights that nobody has used for months."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from licensing.upkeep import idleness
from licensing.upkeep.idleness import IdleNotice

blueprint = doors.noun("idle-notices", "Idle notices · 闲置提醒")


class IdleNoticeOut(doors.LivingOut):
    """One notice that an authorisation has not been used."""

    authorisation_id = fields.String()
    grantee_id = fields.String()
    idle_since = fields.String()
    given_at = fields.String()


def row(found: IdleNotice) -> Mapping[str, Any]:
    """Return what IdleNoticeOut shows in a list: all but actions."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "authorisation_id": found.authorisation_id,
        "grantee_id": found.grantee_id,
        "idle_since": doors.moment(found.idle_since),
        "given_at": doors.moment(found.given_at),
    }


def show(found: IdleNotice, work: Work) -> Mapping[str, Any]:
    """Return what IdleNoticeOut shows."""
    return {**row(found), **doors.living(found, work, idleness.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(IdleNoticeOut))
def listed(query: dict[str, Any]) -> Any:
    """List the notices that concern the caller, newest first."""
    return doors.page(idleness.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, IdleNoticeOut)
def one(subject_id: str) -> Any:
    """Show one notice."""
    work = unit.current()
    return doors.tagged(show(idleness.seen(work, subject_id), work))


doors.steps(blueprint, idleness, IdleNoticeOut, show)
