"""The door of ratings (好差评): given once, published with figures, words hidden on record."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from marketplace.aftercare import bad_reviews, ratings
from marketplace.aftercare.bad_reviews import BadReview
from marketplace.aftercare.ratings import Figures, Rating, Said

blueprint = doors.noun("ratings", "Ratings · 好差评")
review_blueprint = doors.noun("bad-reviews", "Bad reviews · 差评整改")


class RatingIn(doors.Body):
    """What a buyer says of a line that it accepted; levels from 1 to 5."""

    order_line_id = doors.text(max=40)
    overall = doors.whole(min=1, max=5)
    quality = doors.whole(min=1, max=5)
    accuracy = doors.whole(min=1, max=5)
    efficiency = doors.whole(min=1, max=5)
    service = doors.whole(min=1, max=5)
    said = doors.text(max=ratings.SAID_MAX, min=0, required=False, load_default="")
    anonymous = doors.flag(required=False, load_default=False)


class RatingQuery(doors.PageQuery):
    """Of which product, or which merchant."""

    product_id = doors.text(max=40, required=False, load_default=None)
    merchant_id = doors.text(max=40, required=False, load_default=None)


class RatingOut(doors.Schema):
    """A rating. buyer_id: null when it is anonymous. said: null when its words are hidden."""

    id = fields.String()
    product_id = fields.String()
    merchant_id = fields.String()
    buyer_id = fields.String(allow_none=True)
    overall = fields.Integer()
    quality = fields.Integer()
    accuracy = fields.Integer()
    efficiency = fields.Integer()
    service = fields.Integer()
    said = fields.String(allow_none=True)
    hidden_because = fields.String(allow_none=True)
    rated_at = fields.String()


class RatingFiguresOut(doors.Schema):
    """Figures of all ratings. levels: how many of 1 to 5. _e2: hundredths of a level."""

    count = fields.Integer()
    levels = fields.List(fields.Integer())
    mean_e2 = fields.Integer(allow_none=True)
    score_e2 = fields.Integer(allow_none=True)
    satisfied_bp = fields.Integer(allow_none=True)


class RatingsOut(doors.Schema):
    """A page of ratings, with the figures of all of them if a product or merchant is named."""

    figures = fields.Nested(RatingFiguresOut, allow_none=True)
    items = fields.List(fields.Nested(RatingOut))
    next = fields.String(allow_none=True)


class RatingHideIn(doors.Body):
    """Why the words are hidden."""

    reason = doors.text(max=500)


class BadReviewOut(doors.LivingOut):
    """The loop of a bad review. level_after: what the buyer says at its end."""

    rating_id = fields.String()
    product_id = fields.String()
    merchant_id = fields.String()
    opened_at = fields.String()
    contact = fields.String(allow_none=True)
    valid = fields.Boolean(allow_none=True)
    remedy = fields.String(allow_none=True)
    level_after = fields.Integer(allow_none=True)
    said_after = fields.String(allow_none=True)
    revisited_at = fields.String(allow_none=True)


class BadReviewQuery(doors.PageQuery):
    """Which loops: those that are open, or all."""

    open_only = fields.Boolean(load_default=False)


def show(found: Rating, because: str | None) -> Mapping[str, Any]:
    """Return what RatingOut shows."""
    plain = ("id", "product_id", "merchant_id", "overall", *ratings.ASPECTS)
    return {
        **{name: getattr(found, name) for name in plain},
        "buyer_id": None if found.anonymous else found.buyer_id,
        "said": found.said if because is None else None,
        "hidden_because": because,
        "rated_at": doors.moment(found.rated_at),
    }


def figures(found: Figures | None) -> Mapping[str, Any]:
    """Return what RatingFiguresOut shows."""
    if found is None:
        return {"count": 0, "levels": [0] * 5, "mean_e2": None, "score_e2": None,
                "satisfied_bp": None}  # fmt: skip
    return {**found._asdict(), "count": found.number}


def review_row(found: BadReview) -> Mapping[str, Any]:
    """Return what BadReviewOut shows in a list: all but the actions."""
    plain = ("id", "state", "version", "rating_id", "product_id", "merchant_id", "contact",
             "valid", "remedy", "level_after", "said_after")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        "opened_at": doors.moment(found.opened_at),
        "revisited_at": doors.moment(found.revisited_at),
    }


def review(found: BadReview, work: Work) -> Mapping[str, Any]:
    """Return what BadReviewOut shows."""
    return {**review_row(found), **doors.living(found, work, bad_reviews.LIFE)}


@blueprint.get("")
@doors.public
@blueprint.arguments(RatingQuery, location="query")
@blueprint.response(200, RatingsOut)
def listed(query: dict[str, Any]) -> Any:
    """List ratings, newest first, of a product, of a merchant, or of everything."""
    work = unit.current()
    page = ratings.listed(work.session, **query)
    because = ratings.hidden(work.session, [each.id for each in page.items])
    found = None
    if query["product_id"]:
        found = figures(ratings.of_product(work, query["product_id"]))
    elif query["merchant_id"]:
        found = figures(ratings.of_merchant(work, query["merchant_id"]))
    return {
        "figures": found,
        "items": [show(each, because.get(each.id)) for each in page.items],
        "next": page.next,
    }


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(RatingIn)
@blueprint.response(201, RatingOut)
def rate(body: dict[str, Any]) -> Any:
    """Rate a line that one's organisation bought and accepted, once."""
    line_id = body.pop("order_line_id")
    return show(ratings.rate(unit.current(), line_id, Said(**body)), None)


@blueprint.post("/<string:rating_id>/hide")
@doors.members("write")
@blueprint.arguments(RatingHideIn)
@blueprint.response(200, RatingOut)
def hide(body: dict[str, Any], rating_id: str) -> Any:
    """Hide the words of a rating, with a reason; its levels still count."""
    work = unit.current()
    ratings.hide(work, rating_id, reason=body["reason"])
    return show(ratings.find(work.session, rating_id), body["reason"])


@review_blueprint.get("")
@doors.members("read")
@review_blueprint.arguments(BadReviewQuery, location="query")
@review_blueprint.response(200, doors.page_of(BadReviewOut))
def reviews(query: dict[str, Any]) -> Any:
    """List the bad reviews that concern the caller, newest first."""
    return doors.page(bad_reviews.listed(unit.current(), **query), review_row)


@review_blueprint.get("/<string:subject_id>")
@doors.members("read")
@review_blueprint.response(200, BadReviewOut)
def one_review(subject_id: str) -> Any:
    """Show the loop of a bad review to its merchant, its buyer and overseers."""
    work = unit.current()
    return doors.tagged(review(bad_reviews.seen(work, subject_id), work))


doors.steps(review_blueprint, bad_reviews, BadReviewOut, review)
