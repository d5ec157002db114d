"""The door of virtual accounts (虚拟子账户): numbers by which a receipt names its payer."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from settlement.bank import virtual_accounts
from settlement.bank.escrow_bank import AgreedNumbers
from settlement.bank.virtual_accounts import VirtualAccount

blueprint = doors.noun("virtual-accounts", "Virtual accounts · 虚拟子账户")


class VirtualAccountIn(doors.Body):
    """For whom: a payer, or one order of it."""

    payer_id = doors.text(max=40)
    order_id = doors.text(max=40, required=False, load_default="")


class VirtualAccountOut(doors.LivingOut):
    """A virtual account. order_id: empty when it is for all that the payer owes."""

    number = fields.String()
    payer_id = fields.String()
    order_id = fields.String()
    opened_at = fields.String()


def row(found: VirtualAccount) -> Mapping[str, Any]:
    """Return what VirtualAccountOut shows in a list: all but the actions."""
    return {
        "id": found.id,
        "state": found.state,
        "version": found.version,
        "number": found.number,
        "payer_id": found.payer_id,
        "order_id": found.order_id,
        "opened_at": doors.moment(found.opened_at),
    }


def show(found: VirtualAccount, work: Work) -> Mapping[str, Any]:
    """Return what VirtualAccountOut shows."""
    return {**row(found), **doors.living(found, work, virtual_accounts.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(VirtualAccountOut))
def listed(query: dict[str, Any]) -> Any:
    """List the caller's virtual accounts, newest first; all of them to who oversees."""
    return doors.page(virtual_accounts.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, VirtualAccountOut)
def one(subject_id: str) -> Any:
    """Show one virtual account to its payer, or to who oversees the exchange."""
    work = unit.current()
    return doors.tagged(show(virtual_accounts.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(VirtualAccountIn)
@blueprint.response(201, VirtualAccountOut)
def open_one(body: dict[str, Any]) -> Any:
    """Open a virtual account for a payer or one of its orders; a repeat returns it."""
    work = unit.current()
    made = virtual_accounts.open_for(work, AgreedNumbers.of(work.rules), **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, virtual_accounts, VirtualAccountOut, show)
