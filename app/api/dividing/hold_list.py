"""The door of the hold list (暂缓名单): parties that are neither settled nor paid for now."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from settlement.dividing import hold_list
from settlement.dividing.hold_list import ListedParty

blueprint = doors.noun("hold-list", "Hold list · 暂缓名单")


class ListedPartyIn(doors.Body):
    """Who is put on the list, and why."""

    party_id = doors.text(max=60)
    reason = doors.text(max=500)


class ListedPartyOut(doors.LivingOut):
    """One time that a party was on the list."""

    party_id = fields.String()
    reason = fields.String()
    put_by = fields.String()
    put_at = fields.String()
    off_at = fields.String(allow_none=True)


def row(found: ListedParty) -> Mapping[str, Any]:
    """Return what ListedPartyOut shows in a list: all but the actions."""
    plain = ("id", "state", "version", "party_id", "reason", "put_by")
    return {
        **{name: getattr(found, name) for name in plain},
        "put_at": doors.moment(found.put_at),
        "off_at": doors.moment(found.off_at),
    }


def show(found: ListedParty, work: Work) -> Mapping[str, Any]:
    """Return what ListedPartyOut shows."""
    return {**row(found), **doors.living(found, work, hold_list.LIFE)}


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ListedPartyIn)
@blueprint.response(201, ListedPartyOut)
def put(body: dict[str, Any]) -> Any:
    """Put a party on the list: nothing of it is settled or paid until it is taken off."""
    work = unit.current()
    made = hold_list.put(work, body["party_id"], reason=body["reason"])
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(ListedPartyOut))
def listed(query: dict[str, Any]) -> Any:
    """List who is or was on the list, newest first, to who oversees the exchange."""
    return doors.page(hold_list.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, ListedPartyOut)
def one(subject_id: str) -> Any:
    """Show one entry of the list to who oversees the exchange."""
    work = unit.current()
    return doors.tagged(show(hold_list.seen(work, subject_id), work))


doors.steps(blueprint, hold_list, ListedPartyOut, show)
