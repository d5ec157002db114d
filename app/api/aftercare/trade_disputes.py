"""The door of disputes between buyer and merchant (交易争议)."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.aftercare import pieces
from app.api.licensing import clocks
from kernel import watch
from kernel.work import Work
from marketplace.aftercare import disputes, filing, papers
from marketplace.aftercare.dispute_rows import CLAIMABLE, Ground, Remedy, State, TradeDispute
from marketplace.aftercare.filing import Claim

blueprint = doors.noun("trade-disputes", "Disputes of the parties · 交易争议")


class TradeDisputeIn(doors.Body):
    """What is disputed of which order. line_ids: none means all. amount: for a price reduction."""

    order_id = doors.text(max=40)
    ground = doors.choice(*Ground)
    claim = doors.text(max=papers.SAID_MAX)
    wanted = doors.choice(*sorted(CLAIMABLE))
    amount = doors.amount(required=False, load_default=None, allow_none=True)
    line_ids = doors.texts(max=100, each=40, required=False, load_default=[])


class TradeDisputeQuery(doors.PageQuery):
    """Which disputes: in one state, those that are not over, or all."""

    state = doors.choice(*State, required=False, load_default=None)
    open_only = fields.Boolean(load_default=False)


class TradeDisputeRowOut(doors.Schema):
    """A dispute in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    code = fields.String()
    order_id = fields.String()
    buyer_id = fields.String()
    seller_id = fields.String()
    line_ids = fields.List(fields.String())
    ground = fields.String()
    wanted = fields.String()
    claimed = fields.Nested(doors.MoneyBody)
    filed_at = fields.String()


class TradeDisputeOut(doors.LivingOut):
    """A dispute. awarded: what goes back by the remedy that was proposed, ruled or decided last."""

    code = fields.String()
    order_id = fields.String()
    buyer_id = fields.String()
    seller_id = fields.String()
    line_ids = fields.List(fields.String())
    ground = fields.String()
    claim = fields.String()
    wanted = fields.String()
    claimed = fields.Nested(doors.MoneyBody)
    order_was = fields.String()
    filed_at = fields.String()
    answer = fields.String(allow_none=True)
    remedy = fields.String(allow_none=True)
    awarded = fields.Nested(doors.MoneyBody)
    fee_refund = fields.Boolean()
    reason = fields.String(allow_none=True)
    buyer_agreed = fields.Boolean()
    seller_agreed = fields.Boolean()
    judgment = fields.String(allow_none=True)
    days = fields.Integer(allow_none=True)
    version_number = fields.Integer(allow_none=True)
    undertaking = fields.String(allow_none=True)
    complied = fields.String(allow_none=True)
    verified = fields.Boolean()
    hold_id = fields.String(allow_none=True)
    refund_id = fields.String(allow_none=True)
    evidence = fields.List(fields.Nested(pieces.EvidenceOut))
    clock = fields.Nested(clocks.RunningClockOut, allow_none=True)


def row(found: TradeDispute) -> Mapping[str, Any]:
    """Return what TradeDisputeRowOut shows."""
    plain = ("id", "state", "version", "code", "order_id", "buyer_id", "seller_id", "line_ids",
             "ground", "wanted")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        "claimed": doors.wire(found.claimed),
        "filed_at": doors.moment(found.filed_at),
    }


def show(found: TradeDispute, work: Work) -> Mapping[str, Any]:
    """Return what TradeDisputeOut shows."""
    plain = ("claim", "order_was", "answer", "remedy", "fee_refund", "buyer_agreed",
             "seller_agreed", "judgment", "hold_id", "refund_id", "days", "version_number",
             "undertaking", "complied", "verified")  # fmt: skip
    return {
        **row(found),
        **doors.living(found, work, disputes.LIFE),
        **{name: getattr(found, name) for name in plain},
        "awarded": doors.wire(found.awarded),
        "reason": found.grounds_of_ruling,
        "evidence": [pieces.show(each) for each in papers.of(work.session, found.id)],
        "clock": clocks.show(watch.running(work.session, found.id), work),
    }


def claim_of(body: Mapping[str, Any]) -> Claim:
    """Return the claim that a body holds."""
    amount = body["amount"]
    return Claim(
        ground=Ground(body["ground"]),
        said=body["claim"],
        wanted=Remedy(body["wanted"]),
        amount=doors.money_of(amount) if amount else None,
        line_ids=tuple(body["line_ids"]),
    )


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(TradeDisputeQuery, location="query")
@blueprint.response(200, doors.page_of(TradeDisputeRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the disputes that the caller is party to or oversees, newest first."""
    return doors.page(disputes.listed(unit.current(), **query), row)


@blueprint.post("")
@doors.money
@blueprint.arguments(TradeDisputeIn)
@blueprint.response(201, TradeDisputeOut)
def file(body: dict[str, Any]) -> Any:
    """Raise a dispute about an order of one's own; its money is held from now on."""
    work = unit.current()
    made = filing.file(work, body["order_id"], claim_of(body))
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, TradeDisputeOut)
def one(subject_id: str) -> Any:
    """Show a dispute with its evidence to its parties and to overseers."""
    work = unit.current()
    return doors.tagged(show(disputes.seen(work, subject_id), work))


pieces.mount(blueprint, filing.show_evidence, filing.opened)
doors.steps(blueprint, disputes, TradeDisputeOut, show)
