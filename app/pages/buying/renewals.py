"""Pages of subscriptions: all of one's own, and what follows one on the page of its order."""

from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown
from kernel.work import Work
from marketplace import orders
from marketplace.orders import Order
from marketplace.renewing import renewals
from marketplace.seeking import orders as seeking
from marketplace.terms import rows
from marketplace.terms.rows import OVER, Renewal

blueprint = Blueprint("subscribing", __name__)


@blueprint.get("/subscriptions")
@doors.members("read")
def listed() -> Any:
    """List the terms that the reader's organisation bought or sold."""
    work = unit.current()
    page = renewals.listed(work, after=shown.after(), limit=shown.PAGE)
    titles = seeking.titles(work.session, [one.order_id for one in page.items])
    return render_template(
        "buying/subscriptions.html",
        terms=page.items,
        titles={key: languages.said(words) for key, words in titles.items()},
        renewal={each.value: languages.said(each.label) for each in Renewal},
        names=shown.names(work, [party for one in page.items
                                 for party in (one.buyer_id, one.seller_id)]),
        next=page.next,
    )  # fmt: skip


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
