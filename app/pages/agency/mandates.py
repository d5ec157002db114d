"""Pages of mandates (委托授权): granted, signed, acted under, ended."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import account, forms, shown, vocabulary
from app.pages.choosing import chosen, sieves
from app.pages.contracting import contracts as papers
from app.pages.listing import revisions, rooms
from kernel.clock import local_date
from kernel.errors import NotFound
from kernel.words import Words
from kernel.work import Work
from marketplace import products
from marketplace.agency import acting, mandates
from marketplace.agency.acting import Matter
from marketplace.agency.mandates import Terms
from marketplace.mandated import mandate_rows
from marketplace.mandated.mandate_rows import Mandate, Power
from marketplace.products import Product
from marketplace.seeking import orders as seeking
from marketplace.shelving import amendments
from marketplace.templates import texts

blueprint = Blueprint("mandate_pages", __name__)

HEADER: Final = (
    Words("授权书", "Mandate"), Words("委托方", "Principal"), Words("受托方", "Agent"),
    Words("权限", "Powers"), Words("佣金（基点）", "Commission, basis points"),
    Words("自", "From"), Words("至", "To"), Words("状态", "State"),
)  # fmt: skip
OFFERED: Final = 60
"""Products of one's own that the form of a new mandate lists."""


@blueprint.get("/mandates")
@doors.members("read")
def listed() -> Any:
    """List the mandates that the reader's organisation gave, holds or oversees."""
    work = unit.current()
    sieve = sieves.asked("mandate", mandate_rows.State)
    page = mandates.listed(work, state=sieve.state, after=shown.after(), limit=sieve.limit)
    parties = [party for one in page.items for party in (one.principal_id, one.agent_id)]
    names, today = shown.names(work, parties), local_date(work.now)
    if sieve.file:
        cells = [(one.code, names[one.principal_id], names[one.agent_id],
                  vocabulary.terms(one.powers, "mandate_power"), one.commission_bp, one.valid_from,
                  one.valid_to, vocabulary.state(_state(one, mandates.is_live(one, today))))
                 for one in page.items]  # fmt: skip
        return sieve.answer(work, "mandates", HEADER, cells)
    return render_template(
        "agency/mandates.html",
        mandates=[(one, _state(one, mandates.is_live(one, today))) for one in page.items],
        names=names,
        sieve=sieve,
        grants=mandates.granter.matches(work.actor, None),
        ours=work.actor.organisation,
        next=page.next,
    )


@blueprint.get("/mandates/new")
@doors.members("read")
def new() -> Any:
    """Show the form in which a principal draws a mandate up."""
    work = unit.current()
    found = products.own(work, after=None, limit=OFFERED).items
    titles = products.titles(work.session, [one.id for one in found])
    return render_template(
        "agency/mandate_new.html",
        goods=[(one.id, languages.said(titles[one.id]), one.code) for one in found],
        agent=chosen.offered(work, "merchant"),
        most=work.rules.number("trade.mandate_commission_max_bp"),
        today=local_date(work.now),
    )


@blueprint.post("/mandates/new")
@doors.members("write")
def grant() -> Any:
    """Draw a mandate up."""
    work = unit.current()
    terms = Terms(
        agent_id=chosen.of(work, "agent_id", "merchant"),
        product_ids=forms.many("product_ids"),
        industries=forms.many("industries"),
        powers=[Power(each) for each in forms.many("powers") if each in set(Power)],
        commission_bp=forms.decimal("commission", places=2),
        valid_from=forms.day("valid_from"),
        valid_to=forms.day("valid_to"),
    )
    return redirect(f"/mandates/{mandates.grant(work, terms).id}", 303)


@blueprint.get("/mandates/<mandate_id>")
@doors.members("read")
def one(mandate_id: str) -> Any:
    """Show a mandate: its text, who signed, what was done, and what its agent may do now."""
    work = unit.current()
    found = mandates.seen(work, mandate_id)
    governing, copy = texts.read_apart(found.text)
    english = (shown.asked("text", max=2) or languages.current()) == "en"
    sold = mandate_rows.orders_of(work.session, found.id)
    return render_template(
        "agency/mandate.html",
        mandate=found,
        state=_state(found, mandates.is_live(found, local_date(work.now))),
        record=shown.record(found, work, mandates.LIFE),
        names=shown.names(work, [found.principal_id, found.agent_id]),
        parties=[found.principal_id, found.agent_id],
        signatures=papers.signed(work, found.id),
        whole=mandates.is_whole(work, found),
        lines=papers.laid_out(copy if english else governing),
        reads="en" if english else "zh",
        matters=[
            _matter(work, found, each) for each in acting.matters(work, found, limit=shown.SHORT)
        ],
        creates=acting.creates(work, found),
        orders=sold,
        codes=seeking.codes(work.session, [each.order_id for each in sold]),
        events=shown.timeline(work, found.id),
    )  # fmt: skip


@blueprint.get("/mandates/<mandate_id>/products/new")
@doors.members("read")
def write(mandate_id: str) -> Any:
    """Show its agent the form of a new product of the principal's."""
    work = unit.current()
    found = mandates.seen(work, mandate_id)
    return rooms.form(
        acting.looking(work, found, "product.create"),
        mandate=found,
        principal=shown.names(work, [found.principal_id])[found.principal_id],
        sections=found.industries,
    )


@blueprint.post("/mandates/<mandate_id>/products/new")
@doors.members("write")
def create(mandate_id: str) -> Any:
    """Write the draft, as the principal's."""
    work = unit.current()
    inside = acting.looking(work, mandates.seen(work, mandate_id), "product.create")
    content = rooms.written(inside)
    acting.create(work, mandate_id, forms.text("own_code", max=64) or None, **content)
    return redirect(f"/mandates/{mandate_id}", 303)


@blueprint.post("/mandates/<mandate_id>/products/<product_id>/price")
@doors.money
def reprice(mandate_id: str, product_id: str) -> Any:
    """Propose another price for a product of the principal's."""
    work = unit.current()
    found = mandates.seen(work, mandate_id)
    inside = acting.looking(work, found, "product.reprice")
    present = products.own_version(inside, product_id).price_plan
    price = forms.money("price")
    said = {**present, "price": {"minor": price.minor, "currency": price.currency}}
    acting.reprice(work, mandate_id, product_id, said)
    return redirect(f"/mandates/{mandate_id}", 303)


@blueprint.post("/mandates/<mandate_id>/products/<product_id>/price/withdraw")
@doors.money
def withdraw_price(mandate_id: str, product_id: str) -> Any:
    """Take back a price that was proposed under the mandate, while it is undecided."""
    why = forms.text("reason", max=1000)
    acting.withdraw_price(unit.current(), mandate_id, product_id, why)
    return redirect(f"/mandates/{mandate_id}", 303)


@blueprint.post("/mandates/<mandate_id>/acts/<life>/<subject_id>/<step>")
@doors.money
def act(mandate_id: str, life: str, subject_id: str, step: str) -> Any:
    """Take a step in the principal's name."""
    work, module = unit.current(), acting.NOUNS.get(life)
    row = module.LIFE.steps.get(step) if module else None
    if module is None or row is None:
        raise NotFound("没有这一步骤", f"no step {life}.{step}")
    mandates.seen(work, mandate_id)
    doors.unchanged(module.find(work.session, subject_id), request.form.get("version"))
    acting.act(work, mandate_id, life, subject_id, step, **account.answers(row))
    return redirect(f"/mandates/{mandate_id}", 303)


def _matter(work: Work, mandate: Mandate, one: Matter) -> dict[str, Any]:
    """Return what an agent may act on, as people call it, with its buttons."""
    subject = one.subject
    product_id = {"product": subject.id, "quotation": getattr(subject, "product_id", "")}
    title = (
        seeking.titles(work.session, [subject.id])[subject.id] if one.life == "order"
        else products.titles(work.session, [product_id[one.life]])[product_id[one.life]]
    )  # fmt: skip
    return {
        "life": one.life,
        "kind": languages.said(_KINDS[one.life]),
        "title": languages.said(title),
        "code": subject.code,
        "state": f"{one.life}.{subject.state}",
        "record": {
            "id": subject.id, "version": subject.version, "own": {},
            "actions": doors.actions(one.offers),
        },
        "id": subject.id,
        "price": _price(work, mandate, subject) if one.life == "product" else None,
    }  # fmt: skip


def _price(work: Work, mandate: Mandate, product: Product) -> dict[str, Any] | None:
    """Return what a product costs, and whether its agent may propose another price now."""
    plan = products.offered(work.session, [product.id])[product.id].price_plan
    going = amendments.under_way(work.session, product.id)
    return {
        "plan": plan,
        "going": f"amendment.{going.state}" if going else None,
        "withdraws": acting.unprices(work, mandate, product),
        "changes": plan["kind"] in revisions.PRICED
        and going is None
        and acting.reprices(work, mandate, product),
    }


_KINDS: Final = {
    "product": Words("产品", "Product"),
    "quotation": Words("询价", "Quotation"),
    "order": Words("订单", "Order"),
}


def _state(found: Mandate, live: bool) -> str:
    """Return the state to show: one that is signed may not have begun, or be over."""
    if found.state == mandate_rows.State.SIGNED and not live:
        return "mandate.out_of_term"
    return f"mandate.{found.state}"
