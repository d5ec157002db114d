"""The door of small-amount transfers (小额打款): is the account the organisation's own?"""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.parties import bank_checks
from kernel.parties.bank_checks import BankCheck
from kernel.work import Work

blueprint = doors.noun(
    "bank_checks", "Small-amount transfers · 小额打款", prefix="/api/bank-checks"
)


class BankCheckIn(doors.Body):
    """The account that is to be verified; its name must be the organisation's."""

    organisation_id = doors.text(max=40)
    account_name = doors.text(max=120)
    bank_name = doors.text(max=120)
    number = doors.text(max=60, load_only=True)


class EchoIn(doors.Body):
    """How much came, in fen."""

    amount_fen = doors.whole(min=1, max=bank_checks.FEN_MAX)


class OfQuery(doors.PageQuery):
    """Whose checks; without it, those that wait for a transfer."""

    organisation_id = doors.text(max=40, required=False, load_default=None)


class BankCheckOut(doors.LivingOut):
    """A check; the amount is never shown here."""

    organisation_id = fields.String()
    account_name = fields.String()
    bank_name = fields.String()
    number_masked = fields.String()
    tries = fields.Integer()
    requested_at = fields.String()
    verified_at = fields.String(allow_none=True)


class TransferOut(doors.Schema):
    """The transfer that a settlement officer makes; reading it is recorded."""

    number = fields.String()
    amount_fen = fields.Integer()


def show(found: BankCheck, work: Work) -> Mapping[str, Any]:
    """Return what BankCheckOut shows."""
    return {
        **doors.living(found, work, bank_checks.LIFE),
        "organisation_id": found.organisation_id,
        "account_name": found.account_name,
        "bank_name": found.bank_name,
        "number_masked": found.number_masked,
        "tries": found.tries,
        "requested_at": doors.moment(found.requested_at),
        "verified_at": doors.moment(found.verified_at),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(OfQuery, location="query")
@blueprint.response(200, doors.page_of(BankCheckOut))
def listed(query: dict[str, Any]) -> Any:
    """List an organisation's checks, newest first, or those that wait for a transfer."""
    work = unit.current()
    party, bounds = query["organisation_id"], {"after": query["after"], "limit": query["limit"]}
    found = bank_checks.of(work, party, **bounds) if party else bank_checks.waiting(work, **bounds)
    return doors.page(found, lambda item: show(item, work))


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, BankCheckOut)
def one(subject_id: str) -> Any:
    """Show one check."""
    work = unit.current()
    return doors.tagged(show(bank_checks.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(BankCheckIn)
@blueprint.response(201, BankCheckOut)
def request(body: dict[str, Any]) -> Any:
    """Ask for a transfer of 1 to 99 fen."""
    work = unit.current()
    made = bank_checks.request(work, body.pop("organisation_id"), **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/<string:subject_id>/order")
@doors.members("write")
@blueprint.response(200, TransferOut)
def order(subject_id: str) -> Any:
    """Read number and amount of the transfer to make; that it was read is recorded."""
    number, amount_fen = bank_checks.order(unit.current(), subject_id)
    return {"number": number, "amount_fen": amount_fen}


@blueprint.post("/<string:subject_id>/echo")
@doors.members("write")
@blueprint.arguments(EchoIn)
@blueprint.response(200, BankCheckOut)
def echo(body: dict[str, Any], subject_id: str) -> Any:
    """Say how much came; a wrong amount is counted."""
    work = unit.current()
    found = bank_checks.echo(work, subject_id, amount_fen=body["amount_fen"])
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


doors.steps(blueprint, bank_checks, BankCheckOut, show)
