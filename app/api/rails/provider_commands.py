"""The door of commands to providers (支付指令): what they are to do, and sending it again."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from settlement.rails import commands
from settlement.rails.commands import Command

blueprint = doors.noun("provider-commands", "Commands to providers · 支付指令")


class ProviderCommandQuery(doors.PageQuery):
    """Which commands: in one state, or "open" for those that are not carried out; or all."""

    state = doors.choice("open", *commands.State, required=False, load_default=None)


class ProviderCommandIn(doors.Body):
    """An empty object."""


class ProviderCommandOut(doors.Schema):
    """A command. amount: zero where none is needed. last_error: the last answer that was no.

    vouched_by, confirmed_by: who have looked at the provider, and say it was not done there.
    """

    id = fields.String()
    provider = fields.String()
    kind = fields.String()
    subject = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    state = fields.String()
    attempts = fields.Integer()
    last_error = fields.String()
    given_at = fields.String()
    first_sent_at = fields.String(allow_none=True)
    not_before = fields.String()
    object_id = fields.String(allow_none=True)
    vouched_by = fields.String(allow_none=True)
    confirmed_by = fields.String(allow_none=True)


def show(found: Command) -> Mapping[str, Any]:
    """Return what ProviderCommandOut shows."""
    names = ("id", "provider", "kind", "subject", "state", "attempts", "last_error", "object_id",
             "vouched_by", "confirmed_by")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in names},
        "amount": doors.wire(found.amount),
        "given_at": doors.moment(found.given_at),
        "first_sent_at": doors.moment(found.first_sent_at) if found.first_sent_at else None,
        "not_before": doors.moment(found.not_before),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(ProviderCommandQuery, location="query")
@blueprint.response(200, doors.page_of(ProviderCommandOut))
def listed(query: dict[str, Any]) -> Any:
    """List the commands to providers, newest first, for overseers."""
    asked = query.pop("state")
    state = commands.State(asked) if asked not in {None, "open"} else None
    found = commands.listed(unit.current(), open_only=asked == "open", state=state, **query)
    return doors.page(found, show)


@blueprint.get("/<string:command_id>")
@doors.members("read")
@blueprint.response(200, ProviderCommandOut)
def one(command_id: str) -> Any:
    """Show a command to overseers."""
    return show(commands.seen(unit.current(), command_id))


@blueprint.post("/<string:command_id>/retry")
@doors.money
@blueprint.arguments(ProviderCommandIn)
@blueprint.response(200, ProviderCommandOut)
def retry(_body: dict[str, Any], command_id: str) -> Any:
    """Send a command again whose outcome is not known; for settlement officers.

    One that is stuck and pays money out is only vouched for by the first officer, and sent
    by the second.
    """
    return show(commands.retry(unit.current(), command_id))
