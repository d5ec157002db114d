"""Demands (供需对接): the wall for everybody, one's own, the form, one demand with its answers."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template, request

from app import doors, unit
from app.pages import forms, shown
from app.pages.choosing import chosen
from catalogue.grades import Mode
from kernel.clock import local_date
from kernel.errors import Invalid
from kernel.work import Work
from marketplace.bargaining import agreed_prices
from marketplace.bargaining.agreed_prices import Source
from marketplace.demands import answers, demands, matching, supply
from marketplace.demands.answers import DemandAnswer, Offer
from marketplace.demands.demands import Demand
from marketplace.demands.wishes import Visibility, Wish
from marketplace.versions import Field, Frequency

blueprint = Blueprint("wishes", __name__)

NEAR: Final = 5
EXTRA_DAYS: Final = 10
"""Working days that the form proposes beyond the least."""


@blueprint.get("/demands")
@doors.public
def wall() -> Any:
    """Show the demands that are open to the reader's answer, and which of them fit it."""
    work = unit.current()
    field = shown.asked("field", max=40)
    page = demands.listed(work, field=field, after=shown.after(), limit=shown.PAGE)
    keys = [each.id for each in page.items]
    return render_template(
        "demands/wall.html",
        demands=page.items,
        next=page.next,
        field=field,
        names=shown.names(work, [each.buyer_id for each in page.items]),
        counts=answers.counts(work.session, keys),
        fits=matching.of_merchant(work.session, work.actor.organisation, keys),
        wishes=demands.wisher.matches(work.actor, None),
        member=bool(work.actor.person),
    )


@blueprint.get("/demands/own")
@doors.members("read")
def own() -> Any:
    """Show the demands of the caller's organisation, and its answers to those of others."""
    work = unit.current()
    page = demands.own(work, after=shown.after(), limit=shown.PAGE)
    given = answers.own(work, after=shown.asked("answers", max=600), limit=shown.SHORT)
    return render_template(
        "demands/own.html",
        demands=page.items,
        next=page.next,
        counts=answers.counts(work.session, [each.id for each in page.items]),
        answers=given.items,
        titles=demands.titles(work.session, [each.demand_id for each in given.items]),
        wishes=demands.wisher.matches(work.actor, None),
    )


@blueprint.get("/demands/new")
@doors.members("read")
def form() -> Any:
    """Show the form of a new demand, with what a search brought along."""
    return _form(unit.current(), None)


@blueprint.post("/demands")
@doors.members("write")
def create() -> Any:
    """Write a demand, as a draft."""
    work = unit.current()
    return redirect(f"/demands/{demands.create(work, **_wish(work)).id}", 303)


@blueprint.get("/demands/<demand_id>")
@doors.public
def one(demand_id: str) -> Any:
    """Show a demand: to its buyer with the answers and what fits, to a merchant with its own."""
    work = unit.current()
    found = demands.seen(work, demand_id)
    inside = demands.is_insider(work, found)
    given = answers.listed(work, found.id, after=shown.after(), limit=shown.PAGE)
    fits = matching.of_demand(work.session, found.id) if inside else []
    may_answer = found.state in demands.OPEN and answers.merchant.matches(work.actor, None)
    others = found.buyer_id != work.actor.organisation
    standing = [each for each in given.items if each.state != answers.State.WITHDRAWN]
    return render_template(
        "demands/demand.html",
        demand=found,
        record=shown.record(found, work, demands.LIFE),
        clock=shown.clock(work, found.id) if inside else None,
        inside=inside,
        invited=demands.invited(work.session, found.id) if inside else [],
        answers=[_answer(work, each) for each in given.items],
        next=given.next,
        names=shown.names(
            work,
            [found.buyer_id, *(each.merchant_id for each in given.items),
             *(each.product.owner_id for each in fits)],
        ),
        fits=fits,
        supplies=_supplies(work, found) if inside else [],
        puts=demands.buyer.matches(work.actor, found) and found.state in demands.OPEN,
        directories=matching.directories(work.session, found, limit=NEAR) if inside else [],
        awards=demands.buyer.matches(work.actor, found)
        and found.state == demands.State.SELECTING,
        agreed=_agreed(work, found) if inside else None,
        offers=chosen.offered(work, "product")
        if may_answer and others and not standing else None,
        timeline=shown.timeline(work, found.id) if inside else [],
    )  # fmt: skip


def _supplies(work: Work, demand: Demand) -> list[dict[str, str]]:
    asked = supply.of_demand(work.session, demand.id)
    return [{"id": each.id, "state": str(each.state)} for each in asked]


@blueprint.get("/demands/<demand_id>/edit")
@doors.members("read")
def edit(demand_id: str) -> Any:
    """Show the form of a draft."""
    work = unit.current()
    return _form(work, demands.seen(work, demand_id))


@blueprint.post("/demands/<demand_id>/edit")
@doors.members("write")
def revise(demand_id: str) -> Any:
    """Say otherwise what a draft says."""
    work = unit.current()
    demands.revise(work, demand_id, **_wish(work))
    return redirect(f"/demands/{demand_id}", 303)


@blueprint.post("/demands/<demand_id>/answers")
@doors.members("write")
def answer(demand_id: str) -> Any:
    """Answer a demand with an offer."""
    work = unit.current()
    offer = Offer(
        quote=forms.money("quote"),
        plan=forms.text("plan"),
        quantity=forms.number("quantity"),
        product_id=chosen.maybe(work, "product_id", "product"),
    )
    answers.answer(work, demand_id, offer)
    return redirect(f"/demands/{demand_id}", 303)


@blueprint.post("/demands/<demand_id>/award")
@doors.members("write")
def award(demand_id: str) -> Any:
    """Choose an answer; its quote becomes a price at which the buyer may order."""
    answers.award(unit.current(), demand_id, forms.text("answer_id", max=40))
    return redirect(f"/demands/{demand_id}", 303)


def _form(work: Work, draft: Demand | None) -> Any:
    days = work.rules.number("demand.response_wd_min")
    today = local_date(work.now)
    return render_template(
        "demands/form.html",
        draft=draft,
        title=draft.title if draft else shown.asked("title", max=110) or "",
        items="\n".join(
            "：".join(filter(None, (one["name"], one["meaning"]))) for one in draft.items
        ) if draft else "",
        regions=" ".join(draft.regions) if draft else "",
        invited=" ".join(demands.invited(work.session, draft.id)) if draft else "",
        first=work.calendar.due(today, days).date,
        proposed=draft.deadline if draft else work.calendar.due(today, days + EXTRA_DAYS).date,
        party=chosen.offered(work, "party"),
        days=days,
    )  # fmt: skip


def _wish(work: Work) -> Wish:
    visibility = forms.choice("visibility", {term.value for term in Visibility})
    named = [line for line in forms.lines("invited") if visibility == Visibility.INVITED]
    return Wish(
        title=forms.text("title", max=110),
        wanted=forms.text("wanted"),
        purpose=forms.text("purpose", max=500),
        field=forms.choice("field", {term.value for term in Field}),
        items=[_item(line) for line in forms.lines("items")],
        regions=forms.text("regions", max=400).replace(",", " ").replace("，", " ").split(),
        update_frequency=forms.choice(
            "update_frequency", {"", *(term.value for term in Frequency)}
        ),
        delivery_mode=forms.choice("delivery_mode", {"", *(term.value for term in Mode)}) or None,
        budget_min=_budget("budget_min"),
        budget_max=_budget("budget_max"),
        deadline=forms.day("deadline"),
        visibility=visibility,
        invited=[chosen.meant(work, line, "party", pointer="/invited") for line in named],
        broadcast=forms.text("broadcast") == "1",
    )


def _item(line: str) -> dict[str, str]:
    name, _, meaning = line.replace(":", "：").partition("：")
    if not 1 <= len(name.strip()) <= 64:
        raise Invalid("每行一项：名称：说明", "one on a line, name: meaning", pointer="/items")
    return {"name": name.strip(), "meaning": meaning.strip()[:300]}


def _budget(name: str) -> int | None:
    return forms.money(name).minor if request.form.get(name, "").strip() else None


def _answer(work: Work, found: DemandAnswer) -> dict[str, Any]:
    return {"answer": found, "record": shown.record(found, work, answers.LIFE)}


def _agreed(work: Work, found: Demand) -> Any:
    if found.awarded_id is None:
        return None
    return agreed_prices.of_source(work.session, Source.DEMAND, found.awarded_id)
