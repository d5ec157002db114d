"""Pages of ratings (好差评): what others said, the form after acceptance, the loop of a bad one."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown, vocabulary
from app.pages.choosing import sieves
from kernel.errors import Invalid
from kernel.words import Words
from kernel.work import Work
from marketplace import lines, orders, products, versions
from marketplace.aftercare import bad_reviews, ratings
from marketplace.aftercare.ratings import ASPECTS, Level, Rating, Said

blueprint = Blueprint("rating_pages", __name__)

OPEN: Final = Words("只看未结", "only what is open")
HEADER: Final = (
    Words("收到", "Received"), Words("数商", "Merchant"), Words("状态", "State"),
    Words("数商答复", "The merchant says"), Words("整改", "Put right"),
    Words("追加评价", "Rated afterwards"),
)  # fmt: skip
ASPECT_WORDS = {
    "quality": Words("数据质量", "Quality of the data"),
    "accuracy": Words("与描述相符", "As described"),
    "efficiency": Words("交付效率", "Speed of the delivery"),
    "service": Words("服务态度", "Service"),
}


@blueprint.get("/ratings")
@doors.public
def listed() -> Any:
    """Show the ratings of a product, or of a merchant, with their figures."""
    work = unit.current()
    product_id, merchant_id = shown.asked("product"), shown.asked("merchant")
    if product_id is None and merchant_id is None:
        raise Invalid("请指明产品或数商", "name a product or a merchant", pointer="/product")
    if product_id is not None:
        product, version = products.show(work, product_id)
        title, merchant_id = languages.said(Words(version.title_zh, version.title_en)), None
        figures = ratings.of_product(work, product.id)
    else:
        title = shown.names(work, [merchant_id]).get(merchant_id or "", merchant_id or "")
        figures = ratings.of_merchant(work, merchant_id or "")
    page = ratings.listed(
        work.session, product_id=product_id, merchant_id=merchant_id, after=shown.after(),
        limit=shown.PAGE,
    )  # fmt: skip
    return render_template(
        "aftercare/ratings.html",
        title=title,
        product_id=product_id,
        merchant_id=merchant_id,
        figures=figures,
        ratings=rows(work, page.items),
        next=page.next,
        moderates=ratings.moderator.matches(work.actor, None),
    )


@blueprint.post("/ratings/<rating_id>/hide")
@doors.members("write")
def hide(rating_id: str) -> Any:
    """Hide the words of a rating."""
    work = unit.current()
    ratings.hide(work, rating_id, reason=forms.text("reason", max=500))
    return redirect(f"/ratings?product={ratings.find(work.session, rating_id).product_id}", 303)


@blueprint.get("/orders/<order_id>/ratings")
@doors.members("read")
def form(order_id: str) -> Any:
    """Show the lines of an order, each with its rating, or the form to give it."""
    work = unit.current()
    order = orders.seen(work, order_id)
    found = lines.of(work.session, order.id)
    given = ratings.of_lines(work.session, [line.id for line in found])
    buys = orders.buyer.matches(work.actor, order)
    return render_template(
        "aftercare/rate.html",
        order=order,
        seller=shown.names(work, [order.seller_id])[order.seller_id],
        lines=[
            {
                "id": line.id,
                "title": _title(work, line.product_version_id),
                "rating": next(iter(rows(work, [given[line.id]])), None)
                if line.id in given else None,
                "barred": ratings.barred(work, order, line.id) if buys else (),
            }
            for line in found
        ],
        buys=buys,
        levels=[(level.value, languages.said(level.label)) for level in reversed(Level)],
        aspects=[(name, languages.said(words)) for name, words in ASPECT_WORDS.items()],
    )  # fmt: skip


@blueprint.post("/orders/<order_id>/ratings")
@doors.members("write")
def rate(order_id: str) -> Any:
    """Rate a line."""
    said = Said(
        **{name: forms.number(name) for name in ("overall", *ASPECTS)},
        said=forms.text("said"),
        anonymous=forms.text("anonymous") == "1",
    )
    ratings.rate(unit.current(), forms.text("order_line_id", max=40), said)
    return redirect(f"/orders/{order_id}/ratings", 303)


@blueprint.get("/bad-reviews")
@doors.members("read")
def reviews() -> Any:
    """Show the bad reviews that concern the reader."""
    work = unit.current()
    sieve = sieves.asked("bad_review", bad_reviews.State, OPEN)
    page = bad_reviews.listed(
        work, state=sieve.state, open_only=sieve.open, after=shown.after(), limit=sieve.limit
    )
    found = page.items
    firms = shown.names(work, [one.merchant_id for one in found])
    if sieve.file:
        cells = [(one.opened_at, firms[one.merchant_id],
                  vocabulary.state(f"bad_review.{one.state}"), one.contact, one.remedy,
                  one.level_after) for one in found]  # fmt: skip
        return sieve.answer(work, "bad-reviews", HEADER, cells)
    listed_rows = [
        shown.row(f"/bad-reviews/{one.id}", "", "", f"bad_review.{one.state}") for one in found
    ]
    return render_template(
        "aftercare/bad_reviews.html",
        reviews=list(
            zip(found, shown.lit(work, listed_rows, [one.id for one in found]), strict=True)
        ),
        firms=firms,
        sieve=sieve,
        next=page.next,
    )


@blueprint.get("/bad-reviews/<review_id>")
@doors.members("read")
def review(review_id: str) -> Any:
    """Show a bad review: what was said, what was done, what is to do.

    Who did what is for overseers alone: the buyer may have asked not to be named.
    """
    work = unit.current()
    found = bad_reviews.seen(work, review_id)
    rating = ratings.find(work.session, found.rating_id)
    oversees = ratings.moderator.matches(work.actor, None)
    return render_template(
        "aftercare/bad_review.html",
        review=found,
        record=shown.record(found, work, bad_reviews.LIFE),
        clock=shown.clock(work, found.id),
        rating=rows(work, [rating])[0],
        merchant=shown.names(work, [found.merchant_id])[found.merchant_id],
        after=languages.said(Level(found.level_after).label) if found.level_after else None,
        events=shown.timeline(work, found.id) if oversees else [],
    )


def rows(work: Work, found: Sequence[Rating]) -> list[dict[str, Any]]:
    """Return ratings as they are shown: by whom, unless anonymous; words, unless hidden."""
    because = ratings.hidden(work.session, [each.id for each in found])
    firms = shown.names(work, [each.buyer_id for each in found if not each.anonymous])
    loops = bad_reviews.of_ratings(work.session, [each.id for each in found])
    return [
        {
            "id": each.id,
            "product_id": each.product_id,
            "level": each.overall,
            "label": languages.said(Level(each.overall).label),
            "aspects": [
                (languages.said(words), getattr(each, name)) for name, words in ASPECT_WORDS.items()
            ],
            "who": firms.get(each.buyer_id, languages.said(Words("匿名买方", "a buyer"))),
            "said": each.said,
            "hidden": because.get(each.id),
            "at": each.rated_at,
            "loop": loops.get(each.id),
        }
        for each in found
    ]


def summary(work: Work, product_id: str) -> dict[str, Any]:
    """Return what a product's page shows of its ratings."""
    page = ratings.listed(work.session, product_id=product_id, after=None, limit=3)
    return {"figures": ratings.of_product(work, product_id), "rows": rows(work, page.items)}


def _title(work: Work, version_id: str) -> str:
    version = versions.find(work.session, version_id)
    return languages.said(Words(version.title_zh, version.title_en))
