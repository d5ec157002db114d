"""The door of payouts (付款): paying parties what they have earned, by file to the bank."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from marshmallow import fields

from app import doors, unit
from app.api.settlement import outgoing_files
from kernel.work import Work
from settlement import payouts
from settlement.bank import outgoing
from settlement.bank.outgoing import OutgoingFile
from settlement.escrow import Payable
from settlement.paying import attempts, earnings
from settlement.paying.attempts import PayoutAttempt
from settlement.payouts import Earned, Payout, State

blueprint = doors.noun("payouts", "Payouts · 付款")

EXPECTED_MAX = 60
"""The most days on which something is expected that are listed."""


class PayoutIn(doors.Body):
    """Who is to be paid, as what, and how much: all there is, if not said."""

    payable = doors.choice(*Payable)
    party_id = doors.text(max=40)
    amount = doors.amount(required=False, load_default=None, allow_none=True)


class PayoutQuery(doors.PageQuery):
    """Which payouts: those in one state, or all that the caller may see."""

    state = doors.choice(*State, required=False, load_default=None)


class NothingIn(doors.Body):
    """An empty object."""


class PayoutOut(doors.LivingOut):
    """A payout. maker and checker: persons, never the same."""

    payable = fields.String()
    party_id = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    reference = fields.String()
    account_name = fields.String()
    account_masked = fields.String()
    maker = fields.String()
    requested_at = fields.String()
    checker = fields.String(allow_none=True)
    approved_at = fields.String(allow_none=True)
    file_id = fields.String(allow_none=True)
    paid_on = fields.String(allow_none=True)


class FileOut(doors.Schema):
    """A file for the bank; its text is at /api/payouts/files/<id>."""

    id = fields.String()
    payout_count = fields.Integer()
    total = fields.Nested(doors.MoneyBody)
    digest = fields.String()
    made_at = fields.String()


class EarnedOut(doors.Schema):
    """What a party has to get."""

    payable = fields.String()
    party_id = fields.String()
    amount = fields.Nested(doors.MoneyBody)


class OwingOut(doors.Schema):
    """What a party owes after refunds; it is taken from what it earns next."""

    party_id = fields.String()
    amount = fields.Nested(doors.MoneyBody)


class OwingListOut(doors.Schema):
    """What parties owe."""

    items = fields.List(fields.Nested(OwingOut))


class ExpectedOut(doors.Schema):
    """What is settled on a day, before fees and shares."""

    due_on = fields.String()
    lines = fields.Integer()
    amount = fields.Nested(doors.MoneyBody)


class ExpectedListOut(doors.Schema):
    """What is settled on which day."""

    items = fields.List(fields.Nested(ExpectedOut))


class PayoutAttemptOut(doors.Schema):
    """One attempt at a payout. key: under which it is carried out at most once."""

    number = fields.Integer()
    key = fields.String()
    reference = fields.String()
    begun_at = fields.String()
    outcome = fields.String(allow_none=True)
    ended_on = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class PayoutWholeOut(PayoutOut):
    """A payout with its attempts, the first one first."""

    attempts = fields.List(fields.Nested(PayoutAttemptOut))


class EarnedListOut(doors.Schema):
    """What parties have to get."""

    items = fields.List(fields.Nested(EarnedOut))


def row(found: Payout) -> Mapping[str, Any]:
    """Return what PayoutOut shows in a list: all but the actions."""
    return {
        "id": found.id,
        "state": found.state,
        "version": found.version,
        "payable": found.payable,
        "party_id": found.party_id,
        "amount": doors.wire(found.amount),
        "reference": found.reference,
        "account_name": found.account_name,
        "account_masked": found.account_masked,
        "maker": found.maker,
        "requested_at": doors.moment(found.requested_at),
        "checker": found.checker,
        "approved_at": doors.moment(found.approved_at),
        "file_id": found.file_id,
        "paid_on": found.paid_on.isoformat() if found.paid_on else None,
    }


def show(found: Payout, work: Work) -> Mapping[str, Any]:
    """Return what PayoutOut shows."""
    return {**row(found), **doors.living(found, work, payouts.LIFE)}


def show_file(made: OutgoingFile) -> Mapping[str, Any]:
    """Return what FileOut shows."""
    return {
        "id": made.id,
        "payout_count": made.payout_count,
        "total": doors.wire(made.total),
        "digest": made.digest,
        "made_at": doors.moment(made.made_at),
    }


def show_attempt(attempt: PayoutAttempt) -> Mapping[str, Any]:
    """Return what PayoutAttemptOut shows."""
    return {
        "number": attempt.number,
        "key": attempt.key,
        "reference": attempt.reference,
        "begun_at": doors.moment(attempt.begun_at),
        "outcome": attempt.outcome,
        "ended_on": attempt.ended_on.isoformat() if attempt.ended_on else None,
        "reason": attempt.reason,
    }


def show_earned(earned: Earned) -> Mapping[str, Any]:
    """Return what EarnedOut shows."""
    return {**earned._asdict(), "amount": doors.wire(earned.amount)}


@blueprint.post("")
@doors.money
@blueprint.arguments(PayoutIn)
@blueprint.response(201, PayoutOut)
def request(body: dict[str, Any]) -> Any:
    """Ask for a payout, for another person to approve; the money goes into transit."""
    work, amount = unit.current(), body["amount"]
    made = payouts.request(
        work,
        payable=Payable(body["payable"]),
        party_id=body["party_id"],
        amount=doors.money_of(amount) if amount else None,
    )
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/send")
@doors.money
@blueprint.arguments(NothingIn)
@blueprint.response(201, FileOut)
def send(_body: dict[str, Any]) -> Any:
    """Put every approved payout into a file for the bank."""
    return show_file(outgoing.send(unit.current()))


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(PayoutQuery, location="query")
@blueprint.response(200, doors.page_of(PayoutOut))
def listed(query: dict[str, Any]) -> Any:
    """List the caller's payouts, newest first; all of them to who oversees the exchange."""
    return doors.page(payouts.listed(unit.current(), **query), row)


@blueprint.get("/earned")
@doors.members("read")
@blueprint.response(200, EarnedListOut)
def earned() -> Any:
    """List what the caller has to get; to overseers, what everybody has."""
    return {"items": [show_earned(item) for item in payouts.earned(unit.current())]}


@blueprint.get("/owing")
@doors.members("read")
@blueprint.response(200, OwingListOut)
def owing() -> Any:
    """List what the caller owes after refunds; to overseers, what everybody does."""
    found = earnings.owing(unit.current())
    return {"items": [{**one._asdict(), "amount": doors.wire(one.amount)} for one in found]}


@blueprint.get("/expected")
@doors.members("read")
@blueprint.response(200, ExpectedListOut)
def expected() -> Any:
    """List on which days what the caller sold is settled, the next one first."""
    found = earnings.expected(unit.current(), limit=EXPECTED_MAX)
    return {
        "items": [
            {
                "due_on": one.due_on.isoformat(),
                "lines": one.lines,
                "amount": doors.wire(one.amount),
            }
            for one in found
        ]
    }


@blueprint.get("/files/<string:file_id>")
@doors.members("read")
@blueprint.response(200, content_type="application/octet-stream")
def file(file_id: str) -> Response:
    """Download a file for the bank, with whole account numbers, as a settlement officer."""
    return outgoing_files.handed(file_id)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, PayoutWholeOut)
def one(subject_id: str) -> Any:
    """Show one payout with its attempts to its party, or to who oversees the exchange."""
    work = unit.current()
    found = payouts.seen(work, subject_id)
    tried = [show_attempt(one) for one in attempts.of(work.session, found.id)]
    return doors.tagged({**show(found, work), "attempts": tried})


doors.steps(blueprint, payouts, PayoutOut, show)
