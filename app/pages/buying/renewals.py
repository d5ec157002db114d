"""Pages of subscriptions: all of one's own, and what follows one on the page of its order."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown, vocabulary
from app.pages.choosing import sieves
from kernel.words import Words
from kernel.work import Work
from marketplace import orders
from marketplace.orders import Order
from marketplace.renewing import renewals
from marketplace.seeking import orders as seeking
from marketplace.terms import rows
from marketplace.terms.rows import OVER, Renewal, State

blueprint = Blueprint("subscribing", __name__)

HEADER: Final = (
    Words("产品", "Product"), Words("卖方", "Seller"), Words("买方", "Buyer"),
    Words("自", "From"), Words("至", "Until"), Words("到期", "Then"), Words("状态", "State"),
)  # fmt: skip


@blueprint.get("/subscriptions")
@doors.members("read")
def listed() -> Any:
    """List the terms that the reader's organisation bought or sold."""
    work = unit.current()
    sieve = sieves.asked("subscription_term", State)
    page = renewals.listed(work, state=sieve.state, after=shown.after(), limit=sieve.limit)
    words = seeking.titles(work.session, [one.order_id for one in page.items])
    titles = {key: languages.said(each) for key, each in words.items()}
    names = shown.names(
        work, [each for one in page.items for each in (one.buyer_id, one.seller_id)]
    )
    if sieve.file:
        cells = [(titles.get(one.order_id, ""), names[one.seller_id], names[one.buyer_id],
                  one.begun_on, one.ends_on, languages.said(Renewal(one.renewal).label),
                  vocabulary.state(f"subscription_term.{one.state}"))
                 for one in page.items]  # fmt: skip
        return sieve.answer(work, "subscriptions", HEADER, cells)
    return render_template(
        "buying/subscriptions.html",
        terms=page.items,
        titles=titles,
        renewal={each.value: languages.said(each.label) for each in Renewal},
        names=names,
        sieve=sieve,
        next=page.next,
    )


@blueprint.post("/subscriptions/<term_id>/arrange")
@doors.members("write")
def arrange(term_id: str) -> Any:
    """Say what is to follow a term."""
    chosen = forms.choice("renewal", [each.value for each in Renewal])
    term = renewals.arrange(unit.current(), term_id, Renewal(chosen))
    return redirect(f"/orders/{term.order_id}#term", 303)


@blueprint.post("/subscriptions/<term_id>/order")
@doors.money
def renew(term_id: str) -> Any:
    """Order the next term."""
    placed = renewals.renew(unit.current(), term_id)
    return redirect(f"/orders/{placed.id}", 303)


def panel(work: Work, order: Order) -> dict[str, Any] | None:
    """Return what the page of an order tells of its term; None for what has none."""
    term = rows.of_order(work.session, order.id)
    earlier = rows.before(work.session, order.id)
    if term is None and earlier is None:
        return None
    buys = term is not None and renewals.buyer.matches(work.actor, term)
    follows = term.next_order_id if term else None
    return {
        "term": term,
        "earlier": orders.find(work.session, earlier.order_id) if earlier else None,
        "follows": orders.find(work.session, follows) if follows else None,
        "record": shown.record(term, work, renewals.LIFE) if term else None,
        "renewal": [(each.value, languages.said(each.label)) for each in Renewal],
        "may_arrange": buys and term is not None and term.state not in OVER,
        "may_renew": buys and term is not None and not renewals.barred(term),
        "events": shown.timeline(work, term.id) if term else [],
    }
