"""The door of fee notes (服务费通知): what is owed for services, by whom, since when."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from app import doors, unit
from kernel.work import Work
from settlement.dividing import charges
from settlement.dividing.charges import FeeCharge
from settlement.fees import credit_notes, fee_notes
from settlement.fees.credit_notes import FeeCredit
from settlement.fees.fee_notes import FeeNote, State, Wanted

blueprint = doors.noun("fee-notes", "Fee notes · 服务费通知")

NOTES_MAX = 200
"""Notes that are drawn up by one request; another one draws up the next."""


class FeeNoteQuery(doors.PageQuery):
    """Which notes: in one state, of one payer, or late by so many days and not paid."""

    state = doors.choice(*State, required=False, load_default=None)
    payer_id = doors.text(max=40, required=False, load_default=None)
    late_by = fields.Integer(load_default=None, validate=validate.Range(0, 3_660))


class FeeNoteIn(doors.Body):
    """Whose fees are asked for now; everybody's if nobody is named."""

    payer_id = doors.text(max=40, required=False, load_default=None, allow_none=True)


class FeeChargeOut(doors.Schema):
    """One fee. subject: for what; rule_id: the version of the rule, if there is one."""

    id = fields.String()
    kind = fields.String()
    subject = fields.String()
    order_id = fields.String(allow_none=True)
    rule_id = fields.String(allow_none=True)
    amount = fields.Nested(doors.MoneyBody)
    tax = fields.Nested(doors.MoneyBody)
    credited = fields.Nested(doors.MoneyBody)
    charged_on = fields.String()


class FeeCreditOut(doors.Schema):
    """One credit note. wallet: what of it was paid before and became prepaid money."""

    number = fields.String()
    charge_id = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    wallet = fields.Nested(doors.MoneyBody)
    reason = fields.String()
    given_at = fields.String()


class FeeNoteOut(doors.LivingOut):
    """A fee note. owed: what is, or was, to be paid; payment_id: by which it is asked for."""

    code = fields.String()
    payer_id = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    credited = fields.Nested(doors.MoneyBody)
    lost = fields.Nested(doors.MoneyBody)
    owed = fields.Nested(doors.MoneyBody)
    payment_id = fields.String(allow_none=True)
    drawn_at = fields.String()
    due_on = fields.String()
    days_late = fields.Integer()
    reminders = fields.Integer()
    charges = fields.List(fields.Nested(FeeChargeOut))
    credits = fields.List(fields.Nested(FeeCreditOut))


class FeeNotesOut(doors.Schema):
    """The notes that were drawn up."""

    items = fields.List(fields.Nested(FeeNoteOut))


_MONIES = ("amount", "credited", "lost", "owed")


def row(found: FeeNote, work: Work) -> Mapping[str, Any]:
    """Return what FeeNoteOut shows in a list: all but charges, credits and actions."""
    names = ("id", "state", "version", "code", "payer_id", "payment_id", "reminders")
    return {
        **{name: getattr(found, name) for name in names},
        **{name: doors.wire(getattr(found, name)) for name in _MONIES},
        "drawn_at": doors.moment(found.drawn_at),
        "due_on": found.due_on.isoformat(),
        "days_late": fee_notes.days_late(work, found),
    }


def show(found: FeeNote, work: Work) -> Mapping[str, Any]:
    """Return what FeeNoteOut shows."""
    return {
        **row(found, work),
        **doors.living(found, work, fee_notes.LIFE),
        "charges": [_charge(one) for one in charges.of_note(work.session, found.id)],
        "credits": [_credit(one) for one in credit_notes.of_note(work.session, found.id)],
    }


def _charge(found: FeeCharge) -> Mapping[str, Any]:
    names = ("id", "kind", "subject", "order_id", "rule_id")
    return {
        **{name: getattr(found, name) for name in names},
        **{name: doors.wire(getattr(found, name)) for name in ("amount", "tax", "credited")},
        "charged_on": found.charged_on.isoformat(),
    }


def _credit(found: FeeCredit) -> Mapping[str, Any]:
    return {
        **{name: getattr(found, name) for name in ("number", "charge_id", "reason")},
        "amount": doors.wire(found.amount),
        "wallet": doors.wire(found.wallet),
        "given_at": doors.moment(found.given_at),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(FeeNoteQuery, location="query")
@blueprint.response(200, doors.page_of(FeeNoteOut))
def listed(query: dict[str, Any]) -> Any:
    """List the notes that the caller may see, newest first."""
    work = unit.current()
    state = State(query["state"]) if query["state"] else None
    wanted = Wanted(state, query["payer_id"], query["late_by"])
    found = fee_notes.listed(work, wanted, after=query["after"], limit=query["limit"])
    return doors.page(found, lambda one: row(one, work))


@blueprint.post("")
@doors.money
@blueprint.arguments(FeeNoteIn)
@blueprint.response(201, FeeNotesOut)
def gather(body: dict[str, Any]) -> Any:
    """Draw up the notes of what is on none yet; for settlement officers."""
    work = unit.current()
    made = fee_notes.gather(work, payer_id=body["payer_id"], limit=NOTES_MAX)
    work.session.flush()  # so that the version shown is the one that will be stored
    return {"items": [row(one, work) for one in made]}


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, FeeNoteOut)
def one(subject_id: str) -> Any:
    """Show one note with its charges and credit notes, to its payer and to overseers."""
    work = unit.current()
    return doors.tagged(show(fee_notes.seen(work, subject_id), work))


doors.steps(blueprint, fee_notes, FeeNoteOut, show)
