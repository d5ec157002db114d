"""The door of fee periods (准许收入核定期), and of the upper-limit fees within them."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from app import doors, unit
from kernel.work import Work
from licensing.pricing import caps, periods, revenues
from licensing.pricing.caps import FeeCap, Meter
from licensing.pricing.periods import FeePeriod
from marketplace.versions import ProductType

blueprint = doors.noun("fee-periods", "Fee periods · 准许收入核定期")


class FeePeriodIn(doors.Body):
    """What an operator proposes; amounts in fen. costs: cost item → fen."""

    first_on = doors.day()
    last_on = doors.day()
    costs = fields.Dict(
        keys=doors.choice(*periods.COST_ITEMS),
        values=doors.whole(),
        required=True,
        validate=validate.Length(min=1),
    )
    profit_rate_bp = doors.whole(max=10_000)
    taxes_fen = doors.whole()
    carry_over_fen = doors.whole(required=False, load_default=0)
    trial = fields.Boolean(load_default=False)


class FeeStandingOut(doors.Schema):
    """How far a period is filled. full: new paid orders stop."""

    earned_fen = fields.Integer()
    share_bp = fields.Integer()
    light = fields.String()
    full = fields.Boolean()
    excess_fen = fields.Integer()


class FeePeriodOut(doors.LivingOut):
    """A fee period; amounts in fen."""

    operator_id = fields.String()
    first_on = fields.String()
    last_on = fields.String()
    trial = fields.Boolean()
    costs = fields.Dict(keys=fields.String(), values=fields.Integer())
    costs_fen = fields.Integer()
    profit_rate_bp = fields.Integer()
    profit_fen = fields.Integer()
    taxes_fen = fields.Integer()
    carry_over_fen = fields.Integer()
    max_revenue_fen = fields.Integer()
    excess_fen = fields.Integer(allow_none=True)
    doc_no = fields.String(allow_none=True)
    standing = fields.Nested(FeeStandingOut)


class FeeCapIn(doors.Body):
    """The most that one unit may cost. cap_e6: 10⁻⁶ fen, tax included."""

    product_type = doors.choice(*ProductType)
    meter = doors.choice(*Meter)
    cap_e6 = doors.whole(min=1, max=caps.CAP_E6_MAX)
    valid_from = doors.day()
    valid_to = doors.day()
    doc_no = doors.text(max=120)
    authorisation_id = doors.text(max=40, required=False, load_default=None, allow_none=True)


class FeeCapOut(doors.Schema):
    """An upper-limit fee."""

    id = fields.String()
    period_id = fields.String()
    operator_id = fields.String()
    authorisation_id = fields.String(allow_none=True)
    product_type = fields.String()
    meter = fields.String()
    cap_e6 = fields.Integer()
    valid_from = fields.String()
    valid_to = fields.String()
    doc_no = fields.String()


def row(found: FeePeriod, work: Work) -> Mapping[str, Any]:
    """Return what FeePeriodOut shows in a list: all but the actions."""
    names = ("id", "state", "version", "operator_id", "trial", "costs", "costs_fen",
             "profit_rate_bp", "profit_fen", "taxes_fen", "carry_over_fen", "max_revenue_fen",
             "excess_fen", "doc_no")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in names},
        "first_on": found.first_on.isoformat(),
        "last_on": found.last_on.isoformat(),
        "standing": revenues.standing(work.session, found, work.rules),
    }


def show(found: FeePeriod, work: Work) -> Mapping[str, Any]:
    """Return what FeePeriodOut shows."""
    return {**row(found, work), **doors.living(found, work, periods.LIFE)}


def show_cap(found: FeeCap) -> Mapping[str, Any]:
    """Return what FeeCapOut shows."""
    names = ("id", "period_id", "operator_id", "authorisation_id", "product_type", "meter",
             "cap_e6", "doc_no")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in names},
        "valid_from": found.valid_from.isoformat(),
        "valid_to": found.valid_to.isoformat(),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(FeePeriodOut))
def listed(query: dict[str, Any]) -> Any:
    """List the periods of the caller's organisation; authorities see all."""
    work = unit.current()
    return doors.page(periods.listed(work, **query), lambda found: row(found, work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(FeePeriodIn)
@blueprint.response(201, FeePeriodOut)
def propose(body: dict[str, Any]) -> Any:
    """Propose a period; for the operator's finance or signer."""
    work = unit.current()
    made = periods.propose(work, **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(made, work)


@blueprint.get("/<string:period_id>")
@doors.members("read")
@blueprint.response(200, FeePeriodOut)
def one(period_id: str) -> Any:
    """Show a period, how far it is filled, and what may be done with it."""
    work = unit.current()
    return doors.tagged(show(periods.seen(work, period_id), work))


@blueprint.post("/<string:period_id>/caps")
@doors.members("write")
@blueprint.arguments(FeeCapIn)
@blueprint.response(201, FeeCapOut)
def fix(body: dict[str, Any], period_id: str) -> Any:
    """Fix an upper-limit fee within the period; for the implementing agency's approver."""
    return show_cap(caps.fix(unit.current(), period_id, **body))


@blueprint.get("/caps")
@doors.public
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(FeeCapOut))
def all_caps(query: dict[str, Any]) -> Any:
    """List all upper-limit fees, newest first: they are public."""
    return doors.page(caps.listed(unit.current().session, **query), show_cap)


doors.steps(blueprint, periods, FeePeriodOut, show)
