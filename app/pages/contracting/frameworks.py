"""Pages of framework contracts: the list, one to read, sign and call off from, a new one."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import forms, shown, vocabulary
from app.pages.choosing import sieves
from app.pages.contracting import contracts as papers
from kernel.money import Money
from kernel.words import Words
from kernel.work import Work
from marketplace import prices, products
from marketplace.calling import call_offs
from marketplace.frameworks import called, frameworks
from marketplace.frameworks.frameworks import Covered, Framework, State
from marketplace.seeking import orders as seeking
from marketplace.templates import texts
from marketplace.uses import Use

blueprint = Blueprint("framework_contracts", __name__)

HEADER: Final = (
    Words("编号", "Number"), Words("名称", "Title"), Words("卖方", "Seller"),
    Words("买方", "Buyer"), Words("自", "From"), Words("至", "To"),
    Words("上限（分）", "Ceiling, fen"), Words("余额（分）", "Left, fen"), Words("状态", "State"),
)  # fmt: skip
OFFERED: Final = 60
"""Products of one's own that the form of a new contract lists."""


@blueprint.get("/frameworks")
@doors.members("read")
def listed() -> Any:
    """List the framework contracts that the reader's organisation has a part in, or oversees."""
    work = unit.current()
    sieve = sieves.asked("framework", State)
    page = frameworks.listed(work, state=sieve.state, after=shown.after(), limit=sieve.limit)
    parties = [party for one in page.items for party in (one.buyer_id, one.seller_id)]
    names = shown.names(work, parties)
    if sieve.file:
        cells = [(one.code, one.title, names[one.seller_id], names[one.buyer_id], one.period_from,
                  one.period_to, one.ceiling.minor, one.left.minor,
                  vocabulary.state(f"framework.{one.state}")) for one in page.items]  # fmt: skip
        return sieve.answer(work, "frameworks", HEADER, cells)
    return render_template(
        "orders/frameworks.html",
        frameworks=page.items,
        names=names,
        sieve=sieve,
        offers=frameworks.offerer.matches(work.actor, None),
        next=page.next,
    )


@blueprint.get("/frameworks/new")
@doors.members("read")
def new() -> Any:
    """Show the form in which a seller offers a framework contract."""
    work = unit.current()
    return render_template("orders/framework_new.html", goods=_goods(work))


@blueprint.post("/frameworks")
@doors.money
def offer() -> Any:
    """Draw a framework contract up; goods without a price are not covered."""
    work = unit.current()
    items = [
        Covered(product_id=name.removeprefix("price-"), price=forms.money(name))
        for name, value in request.form.items()
        if name.startswith("price-") and value.strip()
    ]
    made = frameworks.offer(
        work,
        {
            "title": forms.text("title", max=200),
            "buyer_uscc": forms.text("buyer_uscc", max=18),
            "period_from": forms.day("period_from"),
            "period_to": forms.day("period_to"),
            "ceiling": forms.money("ceiling"),
            "items": items,
        },
    )
    return redirect(f"/frameworks/{made.id}", 303)


@blueprint.get("/frameworks/<framework_id>")
@doors.members("read")
def framework(framework_id: str) -> Any:
    """Show a framework contract: its text, who signed, what is left, what was called off."""
    work = unit.current()
    found = frameworks.seen(work, framework_id)
    return render_template("orders/framework.html", **_told(work, found))


@blueprint.post("/frameworks/<framework_id>/signature")
@doors.money
def sign(framework_id: str) -> Any:
    """Sign it for the reader's organisation."""
    frameworks.sign(unit.current(), framework_id)
    return redirect(f"/frameworks/{framework_id}", 303)


@blueprint.post("/frameworks/<framework_id>/orders")
@doors.money
def call_off(framework_id: str) -> Any:
    """Order one covered product under it."""
    use = Use(
        field=forms.text("field", max=60),
        purpose_code=forms.text("purpose_code", max=60),
        purpose_text=forms.text("purpose_text", max=500),
        region=forms.text("region", max=6),
        period_from=forms.day("period_from"),
        period_to=forms.day("period_to"),
    )
    made = call_offs.call_off(
        unit.current(),
        framework_id,
        wanted=[
            {
                "product_id": forms.text("product_id", max=40),
                "quantity": forms.number("quantity"),
            }
        ],
        use=use,
        is_related_party=forms.text("is_related_party") == "1",
    )
    return redirect(f"/orders/{made.id}", 303)


def _told(work: Work, found: Framework) -> dict[str, Any]:
    governing, copy = texts.read_apart(found.text)
    english = (shown.asked("text", max=2) or languages.current()) == "en"
    items = frameworks.items(work.session, found.id)
    titles = products.titles(work.session, [item.product_id for item in items])
    used = called.of_framework(work.session, found.id)
    return {
        "framework": found,
        "record": shown.record(found, work, frameworks.LIFE),
        "names": shown.names(work, [found.seller_id, found.buyer_id]),
        "parties": [found.seller_id, found.buyer_id],
        "signatures": papers.signed(work, found.id),
        "whole": frameworks.is_whole(work.session, work.crypto, found),
        "lines": papers.laid_out(copy if english else governing),
        "reads": "en" if english else "zh",
        "items": [
            (item.product_id, languages.said(titles[item.product_id]), item.price) for item in items
        ],
        "calls": used,
        "codes": seeking.codes(work.session, [one.order_id for one in used]),
        "share": _share(found.used, found.ceiling),
        "may_call": found.state == State.SIGNED and found.buyer_id == work.actor.organisation,
        "events": shown.timeline(work, found.id),
    }


def _goods(work: Work) -> list[tuple[str, str, Money | None]]:
    page = products.own(work, after=None, limit=OFFERED)
    listed_ = [one for one in page.items if one.state == products.State.LISTED]
    found = products.offered(work.session, [one.id for one in listed_])
    plans = {key: prices.parse(version.price_plan) for key, version in found.items()}
    titles = products.titles(work.session, plans)
    return [
        (key, languages.said(titles[key]), plan.price)
        for key, plan in plans.items()
        if frameworks.by_piece(plan)
    ]


def _share(used: Money, ceiling: Money) -> int:
    return used.minor * 100 // ceiling.minor
