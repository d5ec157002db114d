"""Pages of data asset cards: written, signed off, worn off month by month, changed."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.api.assets.asset_valuations import handed
from app.pages import forms, shown
from app.pages.choosing import chosen
from kernel.clock import local_date
from kernel.errors import Invalid
from kernel.work import Work
from marketplace.proving import registered, revenues, wearing
from settlement.assets import (
    amortising,
    cards,
    changes,
    disclosures,
    kinds,
    movements,
    terms,
    valuations,
)
from settlement.assets.cards import AssetCard, State
from settlement.assets.changes import Proposed, What
from settlement.assets.kinds import Condition, CostKind, Form, Kind, Method, Phase
from settlement.assets.movements import Line
from settlement.assets.terms import AssetVersion, Cost, Terms
from settlement.assets.valuations import Approach, Report

blueprint = Blueprint("assets", __name__)

ROWS: Final = 8
"""Lines for costs on a form; a longer list goes over the API."""


@blueprint.get("/assets")
@doors.members("read")
def listed() -> Any:
    """List the cards that the caller may see; who keeps the books may begin one."""
    work, state = unit.current(), shown.asked("state")
    found = cards.listed(
        work,
        state=State(state) if state in set(State) else None,
        after=shown.after(),
        limit=shown.PAGE,
    )
    return render_template(
        "assets/cards.html",
        cards=[_line(card) for card in found.items],
        next=found.next,
        state=state,
        states=list(State),
        names=shown.names(work, [one.owner_id for one in found.items]),
        keeps=cards.keeps(work),
        more=f"/assets?state={state}" if state else "/assets",
        **_choices(work),
    )


@blueprint.post("/assets")
@doors.members("write")
def draft() -> Any:
    """Begin a card."""
    made = cards.draft(
        unit.current(),
        name=_wanted("name", 200),
        kind=Kind(forms.choice("kind", list(Kind))),
        form=Form(forms.choice("form", list(Form))),
        said=_said(costs=_costs()),
    )
    return redirect(f"/assets/{made.id}", 303)


@blueprint.get("/assets/<card_id>")
@doors.members("read")
def one(card_id: str) -> Any:
    """Show a card: its figures, what it says, what moved it, what is still to come."""
    work = unit.current()
    card = cards.seen(work, card_id)
    found = terms.all_of(work.session, card.id)
    said = next(one for one in found if one.number == card.version_written)
    proposed = changes.of_card(work.session, card.id)
    return render_template(
        "assets/card.html",
        card=card,
        line=_line(card),
        versions=found,
        said=said,
        costs=_worded(said.terms),
        conditions=[languages.said(each.label) for each in said.terms.conditions],
        lacking=[languages.said(each.label)
                 for each in kinds.needed(Kind(card.kind), Form(card.form))
                 if each not in said.terms.conditions],
        method=languages.said(Method(said.method).label),
        movements=[(one, languages.said(Line(one.line).label))
                   for one in movements.of_card(work.session, card.id)],
        planned=amortising.plan(work.session, card)[:shown.PAGE],
        changes=[(one, languages.said(What(one.what).label),
                  shown.record(one, work, changes.LIFE)) for one in proposed],
        valuations=[(one, languages.said(Approach(one.approach).label))
                    for one in valuations.of_card(work.session, card.id)],
        approaches=[(one.value, languages.said(one.label)) for one in Approach],
        registrations=registered.of(work.session, card),
        revenue=revenues.total(work.session, card, local_date(work.now)),
        record=shown.record(card, work, cards.LIFE),
        names=shown.names(work, [card.owner_id]),
        writes=disclosures.preparer.matches(work.actor, card),
        checks=disclosures.checker.matches(work.actor, card),
        kinds_of_change=[(one.value, languages.said(one.label))
                         for one in changes.OF[Kind(card.kind)]],
        events=shown.timeline(work, card.id),
        **_choices(work, said),
    )  # fmt: skip


@blueprint.post("/assets/<card_id>/valuations")
@doors.members("write")
def value(card_id: str) -> Any:
    """File a valuation report."""
    chosen = request.files.get("file")
    if chosen is None or not chosen.filename:
        raise Invalid("请选择文件", "choose a file", pointer="/file")
    said = Report(
        appraiser=_wanted("appraiser", 120),
        report_no=_wanted("report_no", 80),
        approach=Approach(forms.choice("approach", list(Approach))),
        valued_on=forms.day("valued_on"),
        value_fen=forms.money("value_fen").minor,
        name=chosen.filename[:200],
        content=chosen.read(),
    )
    valuations.file(unit.current(), card_id, said)
    return redirect(f"/assets/{card_id}", 303)


@blueprint.get("/assets/valuations/<valuation_id>")
@doors.members("read")
def report(valuation_id: str) -> Any:
    """Hand a valuation report over for saving."""
    return handed(*valuations.content(unit.current(), valuation_id))


@blueprint.post("/assets/<card_id>/mend")
@doors.members("write")
def mend(card_id: str) -> Any:
    """Write a draft anew."""
    cards.mend(unit.current(), card_id, _said(costs=_costs()))
    return redirect(f"/assets/{card_id}", 303)


@blueprint.post("/assets/<card_id>/revise")
@doors.members("write")
def revise(card_id: str) -> Any:
    """Propose other estimates for what is recognised."""
    work = unit.current()
    there = cards.version(work.session, cards.seen(work, card_id)).terms
    cards.revise(work, card_id, _said(costs=there.costs))
    return redirect(f"/assets/{card_id}", 303)


@blueprint.post("/assets/<card_id>/amortise")
@doors.members("write")
def amortise(card_id: str) -> Any:
    """Charge the months that have not borne their share."""
    wearing.charge(unit.current(), card_id, forms.text("through", max=7))
    return redirect(f"/assets/{card_id}", 303)


@blueprint.post("/assets/<card_id>/changes")
@doors.members("write")
def propose(card_id: str) -> Any:
    """Propose a change."""
    cost_kind = forms.text("cost_kind", max=40)
    asked = Proposed(
        what=What(forms.choice("what", list(What))),
        fen=forms.money("amount").minor,
        on=forms.day("on"),
        document=_wanted("document", 200),
        cost_kind=CostKind(cost_kind) if cost_kind in set(CostKind) else None,
    )
    changes.propose(unit.current(), card_id, asked)
    return redirect(f"/assets/{card_id}", 303)


def _said(*, costs: tuple[Cost, ...]) -> Terms:
    work = unit.current()
    months, expected = forms.text("life_months", max=4), forms.text("expected", max=20)
    until = forms.text("right_until", max=10)
    return Terms(
        rights_basis=_wanted("rights_basis", 500),
        life_basis=_wanted("life_basis", 500),
        costs=costs,
        conditions=tuple(each for each in Condition if each in forms.many("conditions")),
        right_until=forms.day("right_until") if until else None,
        renewal_likely=bool(forms.text("renewal_likely")),
        authorisation_id=chosen.maybe(work, "authorisation_id", "authorisation"),
        product_id=chosen.maybe(work, "product_id", "product"),
        life_months=forms.number("life_months") if months else None,
        method=Method(forms.choice("method", list(Method))),
        residual_fen=forms.money("residual").minor if forms.text("residual", max=20) else 0,
        expected_fen=forms.money("expected").minor if expected else None,
    )


def _costs() -> tuple[Cost, ...]:
    """Return the costs of the lines that have an amount."""
    found = []
    for number in range(1, ROWS + 1):
        if not request.form.get(f"cost_amount_{number}", "").strip():
            continue
        found.append(
            Cost(
                CostKind(forms.choice(f"cost_kind_{number}", list(CostKind))),
                Phase(forms.choice(f"cost_phase_{number}", list(Phase))),
                forms.money(f"cost_amount_{number}").minor,
                forms.day(f"cost_on_{number}"),
                _wanted(f"cost_document_{number}", 200),
            )
        )
    return tuple(found)


def _worded(said: Terms) -> list[tuple[Cost, str, str]]:
    return [
        (cost, languages.said(cost.kind.label), languages.said(cost.phase.label))
        for cost in said.costs
    ]


def _line(card: AssetCard) -> dict[str, Any]:
    kind, form = languages.said(Kind(card.kind).label), languages.said(Form(card.form).label)
    return {"card": card, "kind": kind, "form": form}


def _choices(work: Work, said: AssetVersion | None = None) -> dict[str, Any]:
    listed = {"kind": Kind, "form": Form, "cost": CostKind, "phase": Phase, "way": Method,
              "condition": Condition}  # fmt: skip
    return {
        "choices": {
            name: [(each.value, languages.said(each.label)) for each in of]  # type: ignore[attr-defined]  # each has a label
            for name, of in listed.items()
        },
        "rows": range(1, ROWS + 1),
        "rights": chosen.offered(work, "authorisation", said.authorisation_id if said else None),
        "goods": chosen.offered(work, "product", said.product_id if said else None),
    }


def _wanted(name: str, most: int) -> str:
    found = forms.text(name, max=most)
    if not found:
        raise Invalid("请填写", "this is needed", pointer=f"/{name}")
    return found
