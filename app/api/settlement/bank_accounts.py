"""The door of bank accounts (收款账户): where a party wants to be paid, and who verified it."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from settlement import accounts
from settlement.accounts import BankAccount

blueprint = doors.noun("bank-accounts", "Bank accounts · 收款账户")


class BankAccountIn(doors.Body):
    """A new account, to be verified by another person."""

    party_id = doors.text(max=40)
    account_name = doors.text(max=120)
    bank_name = doors.text(max=120)
    number = doors.text(max=60, load_only=True)


class BankAccountOut(doors.LivingOut):
    """A bank account; of its number the last four characters."""

    party_id = fields.String()
    account_name = fields.String()
    bank_name = fields.String()
    number_masked = fields.String()
    registered_at = fields.String()
    verified_at = fields.String(allow_none=True)


def row(found: BankAccount) -> Mapping[str, Any]:
    """Return what BankAccountOut shows in a list: all but the actions."""
    return {
        "id": found.id,
        "state": found.state,
        "version": found.version,
        "party_id": found.party_id,
        "account_name": found.account_name,
        "bank_name": found.bank_name,
        "number_masked": found.number_masked,
        "registered_at": doors.moment(found.registered_at),
        "verified_at": doors.moment(found.verified_at),
    }


def show(found: BankAccount, work: Work) -> Mapping[str, Any]:
    """Return what BankAccountOut shows."""
    return {**row(found), **doors.living(found, work, accounts.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(BankAccountOut))
def listed(query: dict[str, Any]) -> Any:
    """List the caller's bank accounts, newest first; all of them to who oversees."""
    return doors.page(accounts.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, BankAccountOut)
def one(subject_id: str) -> Any:
    """Show one bank account to its party, or to who oversees the exchange."""
    work = unit.current()
    return doors.tagged(show(accounts.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(BankAccountIn)
@blueprint.response(201, BankAccountOut)
def register(body: dict[str, Any]) -> Any:
    """Register a bank account of the caller's organisation, or by a settlement officer."""
    work = unit.current()
    made = accounts.register(work, **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, accounts, BankAccountOut, show)
