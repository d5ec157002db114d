"""The door of fee rules (收费规则): what the exchange charges, by version."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from app import doors, unit
from kernel.work import Work
from settlement.dividing import fee_rules
from settlement.dividing.fee_rules import Every, FeeRule, Kind, Payer, Scale, Waiver
from settlement.shares import Step

blueprint = doors.noun("fee-rules", "Fee rules · 收费规则")

_FEW = validate.Length(max=len(Waiver))


class FeeStepIn(doors.Body):
    """A step of a rate: rate_bp of what lies above above_fen."""

    above_fen = doors.whole(min=1)
    rate_bp = doors.whole(max=10_000)


class FeeRuleIn(doors.Body):
    """A rule. rate_bp: basis points; min_fen, cap_fen: of one order; board_id: of one board.

    steps: other rates for what lies above, counted over scale: of the order, or of the seller's
    year. every: how often a listing and its certificate are charged.
    """

    kind = doors.choice(*Kind)
    payer = doors.choice(*Payer)
    rate_bp = doors.whole(max=10_000)
    min_fen = doors.whole(required=False, load_default=0)
    cap_fen = doors.whole(required=False, load_default=None, allow_none=True)
    first_on = doors.day()
    last_on = doors.day(required=False, load_default=None, allow_none=True)
    board_id = doors.text(max=40, required=False, load_default=None, allow_none=True)
    waived_for = fields.List(doors.choice(*Waiver), load_default=list, validate=_FEW)
    steps = doors.many(FeeStepIn, at_most=fee_rules.STEPS_MAX, required=False, load_default=list)
    scale = doors.choice(*Scale, required=False, load_default=None, allow_none=True)
    every = doors.choice(*Every, required=False, load_default=Every.PRODUCT.value)


class FeeStepOut(doors.Schema):
    """A step of a rate."""

    above_fen = fields.Integer()
    rate_bp = fields.Integer()


class FeeRuleOut(doors.LivingOut):
    """A fee rule. drafted_by and approved_by: persons, never the same."""

    kind = fields.String()
    payer = fields.String()
    rate_bp = fields.Integer()
    min_fen = fields.Integer()
    cap_fen = fields.Integer(allow_none=True)
    first_on = fields.String()
    last_on = fields.String(allow_none=True)
    board_id = fields.String(allow_none=True)
    waived_for = fields.List(fields.String())
    steps = fields.List(fields.Nested(FeeStepOut))
    scale = fields.String(allow_none=True)
    every = fields.String()
    drafted_by = fields.String()
    approved_by = fields.String(allow_none=True)
    approved_at = fields.String(allow_none=True)


def row(found: FeeRule) -> Mapping[str, Any]:
    """Return what FeeRuleOut shows in a list: all but the actions."""
    plain = ("id", "state", "version", "kind", "payer", "rate_bp", "min_fen", "cap_fen",
             "board_id", "waived_for", "scale", "every", "drafted_by", "approved_by")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        "steps": [step._asdict() for step in found.rates],
        "first_on": found.first_on.isoformat(),
        "last_on": found.last_on.isoformat() if found.last_on else None,
        "approved_at": doors.moment(found.approved_at),
    }


def show(found: FeeRule, work: Work) -> Mapping[str, Any]:
    """Return what FeeRuleOut shows."""
    return {**row(found), **doors.living(found, work, fee_rules.LIFE)}


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(FeeRuleIn)
@blueprint.response(201, FeeRuleOut)
def draft(body: dict[str, Any]) -> Any:
    """Draft a fee rule, for another person to approve before its first day."""
    work = unit.current()
    steps = tuple(Step(step["above_fen"], step["rate_bp"]) for step in body["steps"])
    given = {**body, "waived_for": tuple(body["waived_for"]), "steps": steps}
    made = fee_rules.draft(work, **given)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(FeeRuleOut))
def listed(query: dict[str, Any]) -> Any:
    """List the fee rules, newest first; drafts to who oversees the exchange alone."""
    return doors.page(fee_rules.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, FeeRuleOut)
def one(subject_id: str) -> Any:
    """Show one fee rule."""
    work = unit.current()
    return doors.tagged(show(fee_rules.seen(work, subject_id), work))


doors.steps(blueprint, fee_rules, FeeRuleOut, show)
