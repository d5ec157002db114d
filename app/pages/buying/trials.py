"""Pages of trials: offered and taken on the product, looked at and ordered on their own."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown, vocabulary
from app.pages.choosing import sieves
from delivery import gate, tasks
from delivery.passing import allowances
from kernel.words import Words
from kernel.work import Work
from marketplace import orders, prices, products, versions
from marketplace.products import Product
from marketplace.trying import offers, trials
from marketplace.trying.offers import Quota
from marketplace.versions import ProductVersion

blueprint = Blueprint("trying", __name__)

HEADER: Final = (
    Words("产品", "Product"), Words("卖方", "Seller"), Words("买方", "Buyer"),
    Words("至", "Until"), Words("状态", "State"),
)  # fmt: skip


@blueprint.post("/products/<product_id>/trial-offer")
@doors.members("write")
def offer(product_id: str) -> Any:
    """Offer a trial of one's own product."""
    quota = Quota(forms.number("calls"), forms.number("rows"), forms.number("days"))
    offers.offer(unit.current(), product_id, quota)
    return redirect(f"/products/{product_id}#trial", 303)


@blueprint.post("/products/<product_id>/trial")
@doors.members("write")
def begin(product_id: str) -> Any:
    """Take what is offered, and show how it is read."""
    text = forms.text("purpose_text", max=500)
    made = trials.begin(unit.current(), product_id, purpose_text=text)
    return redirect(f"/trials/{made.id}", 303)


@blueprint.get("/trials")
@doors.members("read")
def listed() -> Any:
    """List the trials that the reader's organisation takes or gives."""
    work = unit.current()
    sieve = sieves.asked("trial", trials.State)
    page = trials.listed(work, state=sieve.state, after=shown.after(), limit=sieve.limit)
    words = versions.titles(work.session, [one.product_version_id for one in page.items])
    titles = {key: languages.said(each) for key, each in words.items()}
    names = shown.names(
        work, [each for one in page.items for each in (one.buyer_id, one.seller_id)]
    )
    if sieve.file:
        cells = [(titles[one.product_version_id], names[one.seller_id], names[one.buyer_id],
                  one.until, vocabulary.state(f"trial.{one.state}"))
                 for one in page.items]  # fmt: skip
        return sieve.answer(work, "trials", HEADER, cells)
    return render_template(
        "buying/trials.html",
        trials=page.items,
        titles=titles,
        names=names,
        sieve=sieve,
        next=page.next,
    )


@blueprint.get("/trials/<trial_id>")
@doors.members("read")
def one(trial_id: str) -> Any:
    """Show a trial: what is left of it, how it is read, and the step to an order."""
    work = unit.current()
    trial = trials.seen(work, trial_id)
    version = versions.find(work.session, trial.product_version_id)
    task = tasks.find(work.session, trial.task_id)
    ordered = orders.find(work.session, trial.order_id) if trial.order_id else None
    _, current = products.show(work, trial.product_id)
    return render_template(
        "buying/trial.html",
        trial=trial,
        title=languages.said(Words(version.title_zh, version.title_en)),
        names=shown.names(work, [trial.buyer_id, trial.seller_id]),
        record=shown.record(trial, work, trials.LIFE),
        limits=allowances.of(work.session, task.id),
        remaining=gate.remaining(work, task),
        ordered=ordered,
        may_order=_may_order(work, trial, ordered),
        price_plan=current.price_plan,
        modes=[
            (mode.value, languages.said(mode.label))
            for mode in prices.modes(prices.parse(current.price_plan))
        ],
        events=shown.timeline(work, trial.id, task.id),
    )


@blueprint.post("/trials/<trial_id>/order")
@doors.money
def order(trial_id: str) -> Any:
    """Order what was tried."""
    placed = trials.order(
        unit.current(),
        trial_id,
        quantity=forms.number("quantity"),
        pay_mode=forms.text("pay_mode", max=20) or None,
    )
    return redirect(f"/orders/{placed.id}", 303)


def panel(work: Work, product: Product, version: ProductVersion) -> dict[str, Any]:
    """Return what the page of a product tells of its trial, to who reads it."""
    offered = offers.of_product(work.session, product.id)
    own = product.owner_id == work.actor.organisation
    buys = not own and orders.purchaser.matches(work.actor, None)
    possible = not offers.barred(work, product, version)
    return {
        "offered": offered,
        "record": shown.record(offered, work, offers.LIFE) if offered and own else None,
        "taken": trials.own_of(work, product.id) if buys else None,
        "may_take": buys and offered is not None and possible,
        "may_offer": possible and offers.seller.matches(work.actor, _Owned(product.owner_id)),
    }


def _may_order(work: Work, trial: trials.Trial, ordered: orders.Order | None) -> bool:
    open_still = ordered is not None and ordered.state != orders.State.CLOSED
    mine = trials.buyer.matches(work.actor, trial)
    return mine and not open_still and orders.purchaser.matches(work.actor, None)


class _Owned:
    """Whose an offer would be."""

    def __init__(self, seller_id: str) -> None:
        self.seller_id = seller_id
