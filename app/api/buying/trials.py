"""The door of trials (试用): offered by a seller, taken once by a buyer, turned into an order."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.marketplace import orders as order_door
from kernel.work import Work
from marketplace.prices import PayMode
from marketplace.trying import offers, trials
from marketplace.trying.offers import Quota, TrialOffer
from marketplace.trying.trials import Trial

blueprint = doors.noun("trials", "Trials · 试用")
offer_blueprint = doors.noun("trial-offers", "Trial offers · 试用方案")


class TrialOfferIn(doors.Body):
    """What of one's own product may be tried. rows: 0 for what answers without rows."""

    product_id = doors.text(max=40)
    calls = doors.whole(min=1, max=1_000_000)
    rows = doors.whole(min=0, max=100_000_000)
    days = doors.whole(min=1, max=366)


class TrialOfferOut(doors.LivingOut):
    """One offer. calls, rows: the most of one trial in all; days: natural days."""

    product_id = fields.String()
    seller_id = fields.String()
    calls = fields.Integer()
    rows = fields.Integer()
    days = fields.Integer()
    offered_at = fields.String()


class TrialIn(doors.Body):
    """Which product, and what the data would be used for."""

    product_id = doors.text(max=40)
    purpose_text = doors.text(max=500)


class TrialOrderIn(doors.Body):
    """How much of what was tried, and how it is paid; the usual way of its price if not said."""

    quantity = doors.whole(min=1, required=False, load_default=1)
    pay_mode = doors.choice(*PayMode, required=False, load_default=None)


class TrialOut(doors.LivingOut):
    """One trial. task_id: the delivery by which it is read; until: its last day."""

    product_id = fields.String()
    product_version_id = fields.String()
    offer_id = fields.String()
    buyer_id = fields.String()
    seller_id = fields.String()
    task_id = fields.String()
    purpose_text = fields.String()
    until = fields.String()
    order_id = fields.String(allow_none=True)
    begun_at = fields.String()
    ended_at = fields.String(allow_none=True)


_OFFER = ("id", "version", "product_id", "seller_id", "calls", "rows", "days")
_TRIAL = ("id", "version", "product_id", "product_version_id", "offer_id", "buyer_id",
          "seller_id", "task_id", "purpose_text", "order_id")  # fmt: skip


def offer_row(found: TrialOffer) -> Mapping[str, Any]:
    """Return what TrialOfferOut shows in a list."""
    told = {name: getattr(found, name) for name in _OFFER}
    return {**told, "state": str(found.state), "offered_at": doors.moment(found.offered_at)}


def offer_show(found: TrialOffer, work: Work) -> Mapping[str, Any]:
    """Return what TrialOfferOut shows."""
    return {**offer_row(found), **doors.living(found, work, offers.LIFE)}


def row(found: Trial) -> Mapping[str, Any]:
    """Return what TrialOut shows in a list."""
    return {
        **{name: getattr(found, name) for name in _TRIAL},
        "state": str(found.state),
        "until": found.until.isoformat(),
        "begun_at": doors.moment(found.begun_at),
        "ended_at": doors.moment(found.ended_at),
    }


def show(found: Trial, work: Work) -> Mapping[str, Any]:
    """Return what TrialOut shows."""
    return {**row(found), **doors.living(found, work, trials.LIFE)}


@offer_blueprint.get("")
@doors.members("read")
@offer_blueprint.arguments(doors.PageQuery, location="query")
@offer_blueprint.response(200, doors.page_of(TrialOfferOut))
def own_offers(query: dict[str, Any]) -> Any:
    """List what the caller's organisation offered to be tried, newest first."""
    return doors.page(offers.own(unit.current(), **query), offer_row)


@offer_blueprint.get("/<string:subject_id>")
@doors.public
@offer_blueprint.response(200, TrialOfferOut)
def one_offer(subject_id: str) -> Any:
    """Show one offer to whoever may see its product."""
    work = unit.current()
    return doors.tagged(offer_show(offers.seen(work, subject_id), work))


@offer_blueprint.post("")
@doors.members("write")
@offer_blueprint.arguments(TrialOfferIn)
@offer_blueprint.response(201, TrialOfferOut)
def offer(body: dict[str, Any]) -> Any:
    """Offer a trial of one's own product, in the place of what was offered before."""
    work = unit.current()
    made = offers.offer(work, body.pop("product_id"), Quota(**body))
    work.session.flush()  # the version is the database's first
    return offer_show(made, work)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(TrialOut))
def listed(query: dict[str, Any]) -> Any:
    """List the trials that the caller's organisation takes or gives, newest first."""
    return doors.page(trials.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, TrialOut)
def one(subject_id: str) -> Any:
    """Show one trial to both parties and to overseers."""
    work = unit.current()
    return doors.tagged(show(trials.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(TrialIn)
@blueprint.response(201, TrialOut)
def begin(body: dict[str, Any]) -> Any:
    """Take what is offered of a product, once; it can be read at once."""
    work = unit.current()
    made = trials.begin(work, body["product_id"], purpose_text=body["purpose_text"])
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/<string:subject_id>/order")
@doors.money
@blueprint.arguments(TrialOrderIn)
@blueprint.response(201, order_door.OrderOut)
def order(body: dict[str, Any], subject_id: str) -> Any:
    """Order what was tried, for what it was tried for."""
    work = unit.current()
    placed = trials.order(work, subject_id, **body)
    work.session.flush()  # the version is the database's first
    return order_door.show(placed, work)


doors.steps(offer_blueprint, offers, TrialOfferOut, offer_show)
doors.steps(blueprint, trials, TrialOut, show)
