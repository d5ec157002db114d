"""The door of revenue rules (收益分配规则): who shares in a sale, by version."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from settlement.dividing import revenue_rules
from settlement.dividing.revenue_rules import RevenueRule, Scope, Shared
from settlement.shares import Base

blueprint = doors.noun("revenue-rules", "Revenue rules · 收益分配规则")


class RevenuePartyIn(doors.Body):
    """One party: as what, how much in basis points; owner: of a broker."""

    kind = doors.choice("merchant", "operator", "fiscal", "broker")
    share_bp = doors.whole(max=10_000)
    owner = doors.text(max=60, min=0, required=False, load_default="")


class RevenueRuleIn(doors.Body):
    """A rule: for what, of what, who shares. document: the decision that it rests on."""

    scope = doors.choice(*Scope)
    scope_id = doors.text(max=40)
    base = doors.choice(*Base, required=False, load_default=Base.NET_OF_FEE)
    parties = doors.many(RevenuePartyIn, at_most=revenue_rules.PARTIES_MAX)
    first_on = doors.day()
    last_on = doors.day(required=False, load_default=None, allow_none=True)
    document = doors.text(max=200, min=0, required=False, load_default="")


class RevenuePartyOut(doors.Schema):
    """One party of a rule."""

    kind = fields.String()
    owner = fields.String()
    share_bp = fields.Integer()


class RevenueRuleOut(doors.LivingOut):
    """A revenue rule. drafted_by and approved_by: persons, never the same."""

    scope = fields.String()
    scope_id = fields.String()
    base = fields.String()
    first_on = fields.String()
    last_on = fields.String(allow_none=True)
    document = fields.String()
    drafted_by = fields.String()
    approved_by = fields.String(allow_none=True)
    approved_at = fields.String(allow_none=True)


class RevenueRuleWholeOut(RevenueRuleOut):
    """A revenue rule with its parties."""

    parties = fields.List(fields.Nested(RevenuePartyOut))


def row(found: RevenueRule) -> Mapping[str, Any]:
    """Return what RevenueRuleOut shows in a list: all but the actions."""
    plain = ("id", "state", "version", "scope", "scope_id", "base", "document", "drafted_by",
             "approved_by")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        "first_on": found.first_on.isoformat(),
        "last_on": found.last_on.isoformat() if found.last_on else None,
        "approved_at": doors.moment(found.approved_at),
    }


def show(found: RevenueRule, work: Work) -> Mapping[str, Any]:
    """Return what RevenueRuleOut shows."""
    return {**row(found), **doors.living(found, work, revenue_rules.LIFE)}


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(RevenueRuleIn)
@blueprint.response(201, RevenueRuleOut)
def draft(body: dict[str, Any]) -> Any:
    """Draft a revenue rule, for another person to approve before its first day."""
    work = unit.current()
    shared = [Shared(**party) for party in body.pop("parties")]
    made = revenue_rules.draft(work, shared=shared, **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(RevenueRuleOut))
def listed(query: dict[str, Any]) -> Any:
    """List the revenue rules, newest first, to who oversees the exchange."""
    return doors.page(revenue_rules.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, RevenueRuleWholeOut)
def one(subject_id: str) -> Any:
    """Show one revenue rule with its parties."""
    work = unit.current()
    found = revenue_rules.seen(work, subject_id)
    parties = revenue_rules.parties(work.session, {found.id})[found.id]
    return doors.tagged({**show(found, work), "parties": parties})


doors.steps(blueprint, revenue_rules, RevenueRuleOut, show)
