"""The door of settlement statements (结算单) and of the papers that they are."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from settlement.dividing.terms import Payable
from settlement.papers import papers, party_statements
from settlement.papers.papers import Paper
from settlement.papers.party_statements import PartyStatement

blueprint = doors.noun("party-statements", "Settlement statements · 结算单")
paper_blueprint = doors.noun("money-papers", "Papers · 凭据", prefix="/api/papers")


class PartyStatementIn(doors.Body):
    """Whose statement, as what it earned, and for which days."""

    party_id = doors.text(max=40)
    payable = doors.choice(*Payable)
    first_on = doors.day()
    last_on = doors.day()


class PartyStatementQuery(doors.PageQuery):
    """Which statements: of one party, or all that the caller may see."""

    party_id = doors.text(max=40, required=False, load_default=None)


class PartyStatementOut(doors.LivingOut):
    """A settlement statement; what it says is its paper's body."""

    party_id = fields.String()
    payable = fields.String()
    first_on = fields.String()
    last_on = fields.String()
    issue = fields.Integer()
    opening = fields.Nested(doors.MoneyBody)
    closing = fields.Nested(doors.MoneyBody)
    line_count = fields.Integer()
    claimed = fields.Nested(doors.MoneyBody, allow_none=True)
    paper_id = fields.String()
    issued_at = fields.String()


class PaperOut(doors.Schema):
    """A paper: what it says, its digest and its seal. holds: it is what was signed."""

    id = fields.String()
    number = fields.String()
    kind = fields.String()
    subject = fields.String()
    party_id = fields.String()
    body = fields.Dict(keys=fields.String())
    digest = fields.String()
    alg = fields.String()
    key_id = fields.String()
    value = fields.String()
    issued_at = fields.String()
    holds = fields.Boolean()


class PaperQuery(doors.Body):
    """The number and the digest that stand on a paper."""

    number = doors.text(max=40)
    digest = doors.text(max=128)


class PaperKnownOut(doors.Schema):
    """Whether a paper is ours and unchanged; and then what it is, and no more."""

    known = fields.Boolean()
    number = fields.String()
    kind = fields.String(allow_none=True)
    issued_at = fields.String(allow_none=True)


def row(found: PartyStatement) -> Mapping[str, Any]:
    """Return what PartyStatementOut shows in a list: all but the actions."""
    names = ("id", "state", "version", "party_id", "payable", "issue", "line_count", "paper_id")
    return {
        **{name: getattr(found, name) for name in names},
        "first_on": found.first_on.isoformat(),
        "last_on": found.last_on.isoformat(),
        "opening": doors.wire(found.opening),
        "closing": doors.wire(found.closing),
        "claimed": doors.wire(found.claimed) if found.claimed else None,
        "issued_at": doors.moment(found.issued_at),
    }


def show(found: PartyStatement, work: Work) -> Mapping[str, Any]:
    """Return what PartyStatementOut shows."""
    return {**row(found), **doors.living(found, work, party_statements.LIFE)}


def show_paper(found: Paper, work: Work) -> Mapping[str, Any]:
    """Return what PaperOut shows."""
    names = ("id", "number", "kind", "subject", "party_id", "body", "digest", "alg", "key_id",
             "value")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in names},
        "issued_at": doors.moment(found.issued_at),
        "holds": papers.holds(work, found),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(PartyStatementQuery, location="query")
@blueprint.response(200, doors.page_of(PartyStatementOut))
def listed(query: dict[str, Any]) -> Any:
    """List the statements that the caller may see, newest period first."""
    return doors.page(party_statements.listed(unit.current(), **query), row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(PartyStatementIn)
@blueprint.response(201, PartyStatementOut)
def issue(body: dict[str, Any]) -> Any:
    """Issue a statement of days that are over; for settlement officers."""
    work = unit.current()
    made = party_statements.issue(work, **{**body, "payable": Payable(body["payable"])})
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(made, work)


@blueprint.get("/<string:statement_id>")
@doors.members("read")
@blueprint.response(200, PartyStatementOut)
def one(statement_id: str) -> Any:
    """Show a statement, and what may be done with it."""
    work = unit.current()
    return doors.tagged(show(party_statements.seen(work, statement_id), work))


@paper_blueprint.get("/known")
@doors.public
@paper_blueprint.arguments(PaperQuery, location="query")
@paper_blueprint.response(200, PaperKnownOut)
def known(query: dict[str, Any]) -> Any:
    """Tell anybody who holds a paper whether it is ours and unchanged."""
    found = papers.known(unit.current(), query["number"], query["digest"])
    return {
        "known": found is not None,
        "number": query["number"],
        "kind": found.kind if found else None,
        "issued_at": doors.moment(found.issued_at) if found else None,
    }


@paper_blueprint.get("/<string:paper_id>")
@doors.members("read")
@paper_blueprint.response(200, PaperOut)
def paper(paper_id: str) -> Any:
    """Show a paper to its party and to overseers."""
    work = unit.current()
    return show_paper(papers.seen(work, paper_id), work)


doors.steps(blueprint, party_statements, PartyStatementOut, show)
