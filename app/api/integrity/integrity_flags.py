"""The door of integrity flags (诚信标记): suspicions about counted trades, and their review."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.licensing import clocks
from kernel import watch
from kernel.work import Work
from marketplace.integrity import flags, involved, saying
from marketplace.integrity.flags import IntegrityFlag, State, Wanted
from marketplace.integrity.rules import Rule

blueprint = doors.noun("integrity-flags", "Integrity flags · 诚信标记")


class IntegrityFlagQuery(doors.PageQuery):
    """Which flags: of a rule, a state, a merchant, an order; those alone whose review is late."""

    rule = doors.choice(*sorted(Rule), required=False, load_default=None)
    state = doors.choice(*sorted(State), required=False, load_default=None)
    merchant_id = doors.text(max=40, required=False, load_default=None)
    order_id = doors.text(max=40, required=False, load_default=None)
    overdue = fields.Boolean(load_default=False)
    sort = doors.choice("newest", "oldest", required=False, load_default="oldest")


class IntegrityFlagOut(doors.LivingOut):
    """A flag. score_bp: how sure its rule is, to 10000. decided_by: a person, or the house."""

    rule = fields.String()
    rule_zh = fields.String()
    rule_en = fields.String()
    order_id = fields.String()
    merchant_id = fields.String()
    buyer_id = fields.String()
    score_bp = fields.Integer()
    raised_at = fields.String()
    decided_by = fields.String(allow_none=True)
    decided_at = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class InvolvedTradeOut(doors.Schema):
    """One trade that a finding names, and how much of it counts now."""

    order_id = fields.String()
    code = fields.String()
    merchant_id = fields.String()
    buyer_id = fields.String()
    accepted_at = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    counted = fields.Nested(doors.MoneyBody)
    excluded = fields.Nested(doors.MoneyBody)


class IntegrityFlagWholeOut(IntegrityFlagOut):
    """A flag with what it rests on. evidence: the rule's figures and ids."""

    evidence = fields.Dict(keys=fields.String())
    trades = fields.List(fields.Nested(InvolvedTradeOut))
    clock = fields.Nested(clocks.RunningClockOut, allow_none=True)


def row(found: IntegrityFlag) -> Mapping[str, Any]:
    """Return what IntegrityFlagOut shows in a list: all but the actions."""
    plain = ("id", "state", "version", "rule", "order_id", "merchant_id", "buyer_id", "score_bp",
             "decided_by", "reason")  # fmt: skip
    words = saying.RULES[Rule(found.rule)]
    return {
        **{name: getattr(found, name) for name in plain},
        "rule_zh": words.zh,
        "rule_en": words.en,
        "raised_at": doors.moment(found.raised_at),
        "decided_at": doors.moment(found.decided_at),
    }


def show(found: IntegrityFlag, work: Work) -> Mapping[str, Any]:
    """Return what IntegrityFlagWholeOut shows."""
    trades = involved.trades(work.session, involved.named(found))
    return {
        **row(found),
        **doors.living(found, work, flags.LIFE),
        "evidence": found.evidence,
        "trades": [
            {
                **each._asdict(),
                "accepted_at": doors.moment(each.at),
                "amount": doors.wire(each.amount),
                "counted": doors.wire(each.counted),
                "excluded": doors.wire(each.aside),
            }
            for each in trades
        ],
        "clock": clocks.show(watch.running(work.session, found.id), work),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(IntegrityFlagQuery, location="query")
@blueprint.response(200, doors.page_of(IntegrityFlagOut))
def listed(query: dict[str, Any]) -> Any:
    """List the flags to who oversees the exchange, oldest first unless said otherwise."""
    where = {name: query.pop(name) for name in ("after", "limit")}
    newest = query.pop("sort") == "newest"
    return doors.page(flags.listed(unit.current(), Wanted(**query), newest=newest, **where), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, IntegrityFlagWholeOut)
def one(subject_id: str) -> Any:
    """Show a flag with its evidence and the trades that it names, to who oversees the exchange."""
    work = unit.current()
    return doors.tagged(show(flags.seen(work, subject_id), work))


doors.steps(blueprint, flags, IntegrityFlagWholeOut, show)
