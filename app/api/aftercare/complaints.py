"""The door of complaints (投诉)."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.aftercare import pieces, trade_disputes
from app.api.licensing import clocks
from kernel import watch
from kernel.work import Work
from marketplace.aftercare import complaining, complaint_figures, complaints, papers
from marketplace.aftercare.complaining import Grievance
from marketplace.aftercare.complaint_figures import Tally
from marketplace.aftercare.complaint_rows import About, Category, Complaint, State
from marketplace.aftercare.dispute_rows import CLAIMABLE, Ground

blueprint = doors.noun("complaints", "Complaints · 投诉")


class ComplaintIn(doors.Body):
    """What is complained of.

    subject_id: the product, the order or the organisation; null for the exchange. hidden: the
    respondent is not to learn who complains.
    """

    about = doors.choice(*About)
    category = doors.choice(*Category)
    said = doors.text(max=papers.SAID_MAX)
    subject_id = doors.text(max=40, required=False, load_default=None, allow_none=True)
    hidden = doors.flag(required=False, load_default=False)


class ComplaintDisputeIn(doors.Body):
    """The dispute that a complaint about an order becomes: as one that is raised by itself."""

    ground = doors.choice(*Ground)
    claim = doors.text(max=papers.SAID_MAX)
    wanted = doors.choice(*sorted(CLAIMABLE))
    amount = doors.amount(required=False, load_default=None, allow_none=True)
    line_ids = doors.texts(max=100, each=40, required=False, load_default=[])


class ComplaintQuery(doors.PageQuery):
    """Which complaints: in one state, of one category, those that are not over, or all."""

    state = doors.choice(*State, required=False, load_default=None)
    category = doors.choice(*Category, required=False, load_default=None)
    open_only = fields.Boolean(load_default=False)


class ComplaintOut(doors.LivingOut):
    """A complaint. complainant_id: null where the caller is not to learn it."""

    code = fields.String()
    about = fields.String()
    category = fields.String()
    subject_id = fields.String()
    complainant_id = fields.String(allow_none=True)
    respondent_id = fields.String()
    hidden = fields.Boolean()
    urgent = fields.Boolean()
    office = fields.String()
    filed_at = fields.String()
    finding = fields.String(allow_none=True)
    level = fields.Integer(allow_none=True)


class ComplaintWholeOut(ComplaintOut):
    """A complaint with what was said of it."""

    said = fields.String()
    answer = fields.String(allow_none=True)
    demanded = fields.String(allow_none=True)
    put_right = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    resolved_at = fields.String(allow_none=True)
    level_said = fields.String(allow_none=True)
    dispute_id = fields.String(allow_none=True)
    extended = fields.Boolean()
    evidence = fields.List(fields.Nested(pieces.EvidenceOut))
    clock = fields.Nested(clocks.RunningClockOut, allow_none=True)


class ComplaintFiguresQuery(doors.Body):
    """Of which days; the last year if nothing is said."""

    since = doors.day(required=False, load_default=None)
    until = doors.day(required=False, load_default=None)


class ComplaintTallyOut(doors.Schema):
    """What the complaints of one kind come to; the shares are in basis points."""

    code = fields.String()
    filed = fields.Integer()
    open = fields.Integer()
    refused = fields.Integer()
    decided = fields.Integer()
    upheld = fields.Integer()
    rated = fields.Integer()
    satisfied = fields.Integer()
    upheld_bp = fields.Integer(allow_none=True)
    satisfied_bp = fields.Integer(allow_none=True)


class ComplaintClockOut(doors.Schema):
    """How often a clock of the complaints was kept."""

    key = fields.String()
    ran = fields.Integer()
    late = fields.Integer()


class ComplaintFiguresOut(doors.Schema):
    """What the complaints of a period add up to. respondents: those most complained of."""

    since = fields.String()
    until = fields.String()
    total = fields.Nested(ComplaintTallyOut)
    categories = fields.List(fields.Nested(ComplaintTallyOut))
    subjects = fields.List(fields.Nested(ComplaintTallyOut))
    respondents = fields.List(fields.Nested(ComplaintTallyOut))
    clocks = fields.List(fields.Nested(ComplaintClockOut))


def row(found: Complaint) -> Mapping[str, Any]:
    """Return what ComplaintOut shows in a list: all but the actions."""
    plain = ("id", "state", "version", "code", "about", "category", "subject_id",
             "respondent_id", "hidden", "urgent", "office", "finding", "level")  # fmt: skip
    withheld = complaints.is_withheld(unit.current(), found)
    return {
        **{name: getattr(found, name) for name in plain},
        "complainant_id": None if withheld else found.complainant_id,
        "filed_at": doors.moment(found.filed_at),
    }


def show(found: Complaint, work: Work) -> Mapping[str, Any]:
    """Return what ComplaintWholeOut shows."""
    plain = ("said", "answer", "demanded", "put_right", "outcome", "level_said", "dispute_id",
             "extended")  # fmt: skip
    return {
        **row(found),
        **doors.living(found, work, complaints.LIFE),
        **{name: getattr(found, name) for name in plain},
        "resolved_at": doors.moment(found.resolved_at),
        "evidence": [pieces.show(each) for each in complaining.evidence(work, found)],
        "clock": clocks.show(watch.running(work.session, found.id), work),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(ComplaintQuery, location="query")
@blueprint.response(200, doors.page_of(ComplaintOut))
def listed(query: dict[str, Any]) -> Any:
    """List the complaints that the caller made, answers for or oversees, newest first."""
    return doors.page(complaints.listed(unit.current(), **query), row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ComplaintIn)
@blueprint.response(201, ComplaintWholeOut)
def file(body: dict[str, Any]) -> Any:
    """Complain of a product, a merchant, an order of one's own, or the exchange."""
    work = unit.current()
    told = {**body, "about": About(body["about"]), "category": Category(body["category"])}
    made = complaining.file(work, Grievance(**told))
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.get("/figures")
@doors.members("read")
@blueprint.arguments(ComplaintFiguresQuery, location="query")
@blueprint.response(200, ComplaintFiguresOut)
def figures(query: dict[str, Any]) -> Any:
    """Show what the complaints of a period add up to, to overseers."""
    found = complaint_figures.figures(unit.current(), **query)
    return {
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "total": _tally(found.total),
        "categories": [_tally(each) for each in found.categories],
        "subjects": [_tally(each) for each in found.subjects],
        "respondents": [_tally(each) for each in found.respondents],
        "clocks": [asdict(each) for each in found.clocks],
    }


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, ComplaintWholeOut)
def one(subject_id: str) -> Any:
    """Show a complaint with its evidence to both sides and to overseers."""
    work = unit.current()
    return doors.tagged(show(complaints.seen(work, subject_id), work))


@blueprint.post("/<string:subject_id>/take-over")
@doors.members("write")
@blueprint.response(200, ComplaintWholeOut)
def take_over(subject_id: str) -> Any:
    """Make it one's own case, as an officer in charge."""
    work = unit.current()
    found = complaining.take_over(work, subject_id)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


@blueprint.post("/<string:subject_id>/dispute")
@doors.money
@blueprint.arguments(ComplaintDisputeIn)
@blueprint.response(201, trade_disputes.TradeDisputeOut)
def dispute(body: dict[str, Any], subject_id: str) -> Any:
    """Make a dispute of a complaint about an order; the complaint is closed by it."""
    work = unit.current()
    made = complaining.dispute(work, subject_id, trade_disputes.claim_of(body))
    work.session.flush()  # the version is the database's first
    return trade_disputes.show(made, work)


def _tally(found: Tally) -> Mapping[str, Any]:
    return {
        **asdict(found),
        "upheld_bp": found.upheld_bp,
        "satisfied_bp": found.satisfied_bp,
    }


pieces.mount(blueprint, complaining.show_evidence, complaining.opened)
doors.steps(blueprint, complaints, ComplaintWholeOut, show)
