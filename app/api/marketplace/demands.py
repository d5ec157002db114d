"""The door of demands (数据需求): publish, answer, see who fits, award."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.licensing import clocks
from app.api.marketplace import search
from catalogue.grades import Mode
from kernel import watch
from kernel.work import Work
from marketplace.bargaining import agreed_prices
from marketplace.bargaining.agreed_prices import Source
from marketplace.demands import answers, demands, matching, wishes
from marketplace.demands.answers import DemandAnswer, Offer
from marketplace.demands.demands import Demand
from marketplace.demands.matching import Fit
from marketplace.demands.wishes import Visibility
from marketplace.versions import Field, Frequency

blueprint = doors.noun("demands", "Demands · 数据需求")
answer_blueprint = doors.noun("demand-answers", "Answers to demands · 需求响应")

NEAR = 5


class WantedItemBody(doors.Body):
    """One thing that is wanted."""

    name = doors.text(max=64)
    meaning = doors.text(max=300, min=0, required=False, load_default="")


class DemandRevisionIn(doors.Body):
    """What is said otherwise of a draft; what is left out stays. Budgets in fen."""

    title = doors.text(max=110, required=False)
    wanted = doors.text(max=4000, required=False)
    purpose = doors.text(max=500, required=False)
    field = doors.choice(*Field, required=False)
    items = doors.many(WantedItemBody, at_most=wishes.ITEMS_MAX, required=False)
    regions = doors.texts(max=wishes.REGIONS_MAX, each=6, required=False)
    update_frequency = doors.choice("", *Frequency, required=False)
    delivery_mode = doors.choice(*Mode, required=False, allow_none=True)
    budget_min = doors.whole(required=False, allow_none=True)
    budget_max = doors.whole(required=False, allow_none=True)
    deadline = doors.day(required=False)
    visibility = doors.choice(*Visibility, required=False)
    invited = doors.texts(max=wishes.INVITED_MAX, each=40, required=False)
    broadcast = doors.flag(required=False)


class DemandIn(DemandRevisionIn):
    """A new demand, as a draft."""

    title = doors.text(max=110)
    wanted = doors.text(max=4000)
    purpose = doors.text(max=500)
    field = doors.choice(*Field)
    deadline = doors.day()


class DemandQuery(doors.PageQuery):
    """Which demands: of a field, or all."""

    field = fields.String(load_default=None)


class DemandRowOut(doors.Schema):
    """A demand in a list. answers: how many stand, to who may know."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    code = fields.String()
    buyer_id = fields.String()
    title = fields.String()
    field = fields.String()
    budget_min = fields.Integer(allow_none=True)
    budget_max = fields.Integer(allow_none=True)
    deadline = fields.String()
    visibility = fields.String()


class DemandOut(doors.LivingOut):
    """A demand. invited, awarded_id: to insiders."""

    code = fields.String()
    buyer_id = fields.String()
    title = fields.String()
    wanted = fields.String()
    purpose = fields.String()
    field = fields.String()
    items = fields.List(fields.Nested(WantedItemBody))
    regions = fields.List(fields.String())
    update_frequency = fields.String()
    delivery_mode = fields.String(allow_none=True)
    budget_min = fields.Integer(allow_none=True)
    budget_max = fields.Integer(allow_none=True)
    deadline = fields.String()
    visibility = fields.String()
    invited = fields.List(fields.String())
    broadcast = fields.Boolean()
    published_at = fields.String(allow_none=True)
    awarded_id = fields.String(allow_none=True)
    clock = fields.Nested(clocks.RunningClockOut, allow_none=True)


class AwardIn(doors.Body):
    """Which answer is chosen."""

    answer_id = doors.text(max=40)


class DemandAnswerIn(doors.Body):
    """What a merchant offers for all of it."""

    quote = doors.amount()
    plan = doors.text(max=4000)
    quantity = doors.whole(min=1, max=10**9, required=False, load_default=1)
    product_id = doors.text(max=40, required=False, load_default=None, allow_none=True)


class DemandAnswerOut(doors.LivingOut):
    """An answer. agreed_price_id: by which the buyer orders, once it is chosen."""

    code = fields.String()
    demand_id = fields.String()
    merchant_id = fields.String()
    product_id = fields.String(allow_none=True)
    quantity = fields.Integer()
    quote = fields.Nested(doors.MoneyBody)
    plan = fields.String()
    answered_at = fields.String()
    agreed_price_id = fields.String(allow_none=True)


class DemandMatchOut(doors.Schema):
    """A listed product that fits. score: of 100; parts: part → points."""

    product_id = fields.String()
    code = fields.String()
    title_zh = fields.String()
    title_en = fields.String()
    owner_id = fields.String()
    score = fields.Integer()
    parts = fields.Dict()


class DemandMatchesOut(doors.Schema):
    """What fits a demand, and the directories from which departments might supply it."""

    products = fields.List(fields.Nested(DemandMatchOut))
    directories = fields.List(fields.Nested(search.FoundOut))


def row(found: Demand) -> Mapping[str, Any]:
    """Return what DemandRowOut shows."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "code": found.code,
        "buyer_id": found.buyer_id,
        "title": found.title,
        "field": found.field,
        "budget_min": found.budget_min,
        "budget_max": found.budget_max,
        "deadline": found.deadline.isoformat(),
        "visibility": found.visibility,
    }


def show(found: Demand, work: Work) -> Mapping[str, Any]:
    """Return what DemandOut shows."""
    inside = demands.is_insider(work, found)
    clock = watch.running(work.session, found.id) if inside else None
    return {
        **row(found),
        **doors.living(found, work, demands.LIFE),
        "wanted": found.wanted,
        "purpose": found.purpose,
        # Absent, marshmallow would take the mapping's own method of that name for it.
        "items": found.items,
        "regions": found.regions,
        "update_frequency": found.update_frequency,
        "delivery_mode": found.delivery_mode,
        "invited": demands.invited(work.session, found.id) if inside else [],
        "broadcast": found.broadcast,
        "published_at": doors.moment(found.published_at),
        "awarded_id": found.awarded_id if inside else None,
        "clock": clocks.show(clock, work),
    }


def shown(found: DemandAnswer, work: Work) -> Mapping[str, Any]:
    """Return what DemandAnswerOut shows."""
    agreed = agreed_prices.of_source(work.session, Source.DEMAND, found.id)
    return {
        **doors.living(found, work, answers.LIFE),
        "code": found.code,
        "demand_id": found.demand_id,
        "merchant_id": found.merchant_id,
        "product_id": found.product_id,
        "quantity": found.quantity,
        "quote": doors.wire(found.quote),
        "plan": found.plan,
        "answered_at": doors.moment(found.answered_at),
        "agreed_price_id": agreed.id if agreed else None,
    }


def fits(found: Fit) -> Mapping[str, Any]:
    """Return what DemandMatchOut shows."""
    return {
        "product_id": found.product.id,
        "code": found.product.code,
        "title_zh": found.version.title_zh,
        "title_en": found.version.title_en,
        "owner_id": found.product.owner_id,
        "score": found.match.score,
        "parts": found.match.parts,
    }


@blueprint.get("")
@doors.public
@blueprint.arguments(DemandQuery, location="query")
@blueprint.response(200, doors.page_of(DemandRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the demands that are open to the caller's answer, newest first."""
    return doors.page(demands.listed(unit.current(), **query), row)


@blueprint.get("/own")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(DemandRowOut))
def own(query: dict[str, Any]) -> Any:
    """List the caller's own demands, newest first."""
    return doors.page(demands.own(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.public
@blueprint.response(200, DemandOut)
def one(subject_id: str) -> Any:
    """Show a demand to who may answer it, to its buyer and to overseers."""
    work = unit.current()
    return doors.tagged(show(demands.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(DemandIn)
@blueprint.response(201, DemandOut)
def create(body: dict[str, Any]) -> Any:
    """Write a demand, as a draft."""
    work = unit.current()
    made = demands.create(work, **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/<string:subject_id>/revise")
@doors.members("write")
@blueprint.arguments(DemandRevisionIn)
@blueprint.response(200, DemandOut)
def revise(body: dict[str, Any], subject_id: str) -> Any:
    """Say otherwise what a draft says."""
    work = unit.current()
    return show(demands.revise(work, subject_id, **body), work)


@blueprint.get("/<string:subject_id>/matches")
@doors.members("read")
@blueprint.response(200, DemandMatchesOut)
def matches(subject_id: str) -> Any:
    """Show which listed products fit, and which directories come near."""
    session = unit.current().session
    found = demands.seen(unit.current(), subject_id)
    return {
        "products": [fits(each) for each in matching.of_demand(session, found.id)],
        "directories": [
            search.show(each) for each in matching.directories(session, found, limit=NEAR)
        ],
    }


@blueprint.get("/<string:subject_id>/answers")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(DemandAnswerOut))
def answered(query: dict[str, Any], subject_id: str) -> Any:
    """List the answers: all to the buyer, to a merchant its own."""
    work = unit.current()
    return doors.page(answers.listed(work, subject_id, **query), lambda each: shown(each, work))


@blueprint.post("/<string:subject_id>/answers")
@doors.members("write")
@blueprint.arguments(DemandAnswerIn)
@blueprint.response(201, DemandAnswerOut)
def answer(body: dict[str, Any], subject_id: str) -> Any:
    """Answer a demand with an offer."""
    work = unit.current()
    offer = Offer(**{**body, "quote": doors.money_of(body["quote"])})
    made = answers.answer(work, subject_id, offer)
    work.session.flush()  # the version is the database's first
    return shown(made, work)


@blueprint.post("/<string:subject_id>/award")
@doors.members("write")
@blueprint.arguments(AwardIn)
@blueprint.response(200, DemandOut)
def award(body: dict[str, Any], subject_id: str) -> Any:
    """Choose an answer; its quote becomes a price at which the caller may order."""
    work = unit.current()
    return show(answers.award(work, subject_id, body["answer_id"]), work)


@answer_blueprint.get("")
@doors.members("read")
@answer_blueprint.arguments(doors.PageQuery, location="query")
@answer_blueprint.response(200, doors.page_of(DemandAnswerOut))
def own_answers(query: dict[str, Any]) -> Any:
    """List the caller's own answers, newest first."""
    work = unit.current()
    return doors.page(answers.own(work, **query), lambda each: shown(each, work))


@answer_blueprint.get("/<string:subject_id>")
@doors.members("read")
@answer_blueprint.response(200, DemandAnswerOut)
def one_answer(subject_id: str) -> Any:
    """Show an answer to its merchant, its buyer and overseers."""
    work = unit.current()
    return doors.tagged(shown(answers.seen(work, subject_id), work))


doors.steps(blueprint, demands, DemandOut, show)
doors.steps(answer_blueprint, answers, DemandAnswerOut, shown)
