"""The door of mandates (委托授权): grant, sign, act in the principal's name, end."""

from collections.abc import Mapping
from typing import Any, Final, cast

from marshmallow import fields

from app import doors, unit
from app.api.marketplace import amendments as amendment_door
from app.api.marketplace import products as product_door
from app.api.marketplace.amendments import ProductAmendmentOut
from app.api.marketplace.products import PricePlanBody, ProductIn, ProductOut, RevisionIn
from kernel.work import Work
from licensing import signatures
from marketplace.agency import acting, mandates
from marketplace.agency.acting import ACTS
from marketplace.agency.mandates import Terms
from marketplace.mandated import mandate_rows
from marketplace.mandated.mandate_rows import Mandate, Power

blueprint = doors.noun("mandates", "Mandates of agents · 委托授权")

USES: Final = 100
"""How many of the newest acts are shown."""


class AgencyMandateIn(doors.Body):
    """What a principal grants, of products, of sections of GB/T 4754, or of both."""

    agent_id = doors.text(max=40)
    product_ids = doors.texts(max=200, each=40, required=False, load_default=[])
    industries = doors.texts(max=20, each=1, required=False, load_default=[])
    powers = fields.List(doors.choice(*Power), required=True)
    commission_bp = doors.whole(max=10_000)
    valid_from = doors.day()
    valid_to = doors.day()


class AgencyMandateActIn(doors.Body):
    """A step that is taken in the principal's name. answers: to the questions of that step."""

    life = doors.choice("order", "product", "quotation")
    subject_id = doors.text(max=40)
    step = doors.choice(*sorted({doing.partition(".")[2] for doing in ACTS}))
    answers = fields.Dict(keys=fields.String(), load_default={})


class AgencyPriceIn(doors.Body):
    """Another price of a listed product, of the kind that it has."""

    price_plan = doors.nested(PricePlanBody)


class AgencyPriceWithdrawIn(doors.Body):
    """Why a proposed price is taken back."""

    reason = doors.text(max=1000)


class AgencyMandateUseOut(doors.Schema):
    """An act under a mandate: life cycle and step, and of what."""

    act = fields.String()
    subject_id = fields.String()
    at = fields.String()


class MandatedOrderOut(doors.Schema):
    """An order that the agent has confirmed, and what it earns by it."""

    order_id = fields.String()
    commission_bp = fields.Integer()
    collects = fields.Boolean()


class AgencyMandateOut(doors.LivingOut):
    """A mandate. Lists leave out the text, the signatures, the uses and the orders."""

    code = fields.String()
    principal_id = fields.String()
    agent_id = fields.String()
    product_ids = fields.List(fields.String())
    industries = fields.List(fields.String())
    powers = fields.List(fields.String())
    commission_bp = fields.Integer()
    valid_from = fields.String()
    valid_to = fields.String()
    text = fields.String()
    text_digest = fields.String()
    signed_by = fields.List(fields.String())
    is_whole = fields.Boolean()
    uses = fields.List(fields.Nested(AgencyMandateUseOut))
    orders = fields.List(fields.Nested(MandatedOrderOut))


def row(found: Mandate) -> Mapping[str, Any]:
    """Return what AgencyMandateOut shows in a list."""
    plain = ("id", "version", "code", "principal_id", "agent_id", "product_ids", "industries",
             "powers", "commission_bp", "text_digest")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        "state": str(found.state),
        "valid_from": found.valid_from.isoformat(),
        "valid_to": found.valid_to.isoformat(),
    }


def show(found: Mandate, work: Work) -> Mapping[str, Any]:
    """Return what AgencyMandateOut shows."""
    return {
        **row(found),
        **doors.living(found, work, mandates.LIFE),
        "text": found.text,
        "signed_by": [one.organisation_id for one in signatures.of(work.session, found.id)],
        "is_whole": mandates.is_whole(work, found),
        "uses": [
            {"act": one.act, "subject_id": one.subject_id, "at": doors.moment(one.at)}
            for one in mandate_rows.uses(work.session, found.id, limit=USES)
        ],
        "orders": [
            {"order_id": one.order_id, "commission_bp": one.commission_bp,
             "collects": one.collects}
            for one in mandate_rows.orders_of(work.session, found.id)
        ],
    }  # fmt: skip


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(AgencyMandateOut))
def listed(query: dict[str, Any]) -> Any:
    """List the mandates that the caller gave, holds or oversees, newest first."""
    return doors.page(mandates.listed(unit.current(), **query), row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(AgencyMandateIn)
@blueprint.response(201, AgencyMandateOut)
def grant(body: dict[str, Any]) -> Any:
    """Draw up a mandate for another merchant, to be signed by both."""
    work = unit.current()
    made = mandates.grant(work, cast(Terms, body))
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, AgencyMandateOut)
def one(subject_id: str) -> Any:
    """Show a mandate to principal, agent and overseers."""
    work = unit.current()
    return doors.tagged(show(mandates.seen(work, subject_id), work))


@blueprint.post("/<string:subject_id>/acts")
@doors.money
@blueprint.arguments(AgencyMandateActIn)
@blueprint.response(200, AgencyMandateOut)
def act(body: dict[str, Any], subject_id: str) -> Any:
    """Take a step in the principal's name, as its agent under a live mandate."""
    work, life = unit.current(), body["life"]
    step = acting.NOUNS[life].LIFE.steps.get(body["step"])
    answers = doors.answered(step, body["answers"]) if step else {}
    found = acting.act(work, subject_id, life, body["subject_id"], body["step"], **answers)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


@blueprint.post("/<string:subject_id>/products")
@doors.members("write")
@blueprint.arguments(ProductIn)
@blueprint.response(201, ProductOut)
def create(body: dict[str, Any], subject_id: str) -> Any:
    """Write a new product of the principal's, as a draft."""
    work = unit.current()
    made = acting.create(work, subject_id, **body)
    work.session.flush()  # the version is the database's first
    return product_door.show(made, work)


@blueprint.post("/<string:subject_id>/products/<string:product_id>/revise")
@doors.members("write")
@blueprint.arguments(RevisionIn)
@blueprint.response(200, ProductOut)
def revise(body: dict[str, Any], subject_id: str, product_id: str) -> Any:
    """Write a further version of a draft of the principal's."""
    work = unit.current()
    made = acting.revise(work, subject_id, product_id, **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return product_door.show(made, work)


@blueprint.post("/<string:subject_id>/products/<string:product_id>/price")
@doors.money
@blueprint.arguments(AgencyPriceIn)
@blueprint.response(201, ProductAmendmentOut)
def reprice(body: dict[str, Any], subject_id: str, product_id: str) -> Any:
    """Propose another price for a listed product of the principal's, as a revision of it."""
    work = unit.current()
    made = acting.reprice(work, subject_id, product_id, body["price_plan"])
    work.session.flush()  # so that the version shown is the one that will be stored
    return amendment_door.show(made, work)


doors.steps(blueprint, mandates, AgencyMandateOut, show)


@blueprint.post("/<string:subject_id>/products/<string:product_id>/price/withdraw")
@doors.money
@blueprint.arguments(AgencyPriceWithdrawIn)
@blueprint.response(200, ProductAmendmentOut)
def withdraw_price(body: dict[str, Any], subject_id: str, product_id: str) -> Any:
    """Take back the price that was proposed under this mandate, while it is undecided."""
    work = unit.current()
    taken = acting.withdraw_price(work, subject_id, product_id, body["reason"])
    work.session.flush()  # so that the version shown is the one that will be stored
    return amendment_door.show(taken, work)
