"""Pages of the market: products and what they cost, boards, rankings, placing an order."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.delivering import examples
from app.pages import forms, shown, tariffs
from app.pages.aftercare import ratings
from app.pages.buying import trials
from app.pages.data import drawing
from app.pages.delivering import client
from app.sharing import profiles
from delivery.tables import datasets
from kernel.clock import local_date
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from licensing import agreements, authorisations, scenarios
from licensing.authorisations import Authorisation
from marketplace import admissions, boards, orders, products, volume
from marketplace.auctions.lots import lister
from marketplace.boards import Board
from marketplace.mandated import mandate_rows
from marketplace.prices import PayMode
from marketplace.products import Product
from marketplace.uses import Use
from marketplace.versions import ProductVersion

blueprint = Blueprint("market", __name__)

PLACES: Final = 20


@blueprint.get("/products/<product_id>")
@doors.public
def product(product_id: str) -> Any:
    """Show a product: price, sample, dictionary, terms, and what stands behind it."""
    work = unit.current()
    found, version = products.show(work, product_id)
    granted = _granted(work, version)
    return render_template(
        "market/product.html",
        product=row(found, version),
        version=version,
        found=_found(work, version),
        tariff=tariffs.shown_of(version.price_plan),
        record=shown.record(found, work, products.LIFE),
        owner=shown.names(work, [found.owner_id])[found.owner_id],
        agents=_agents(work, found, version),
        boards=[named(each) for each in boards.of(work.session, found.id)],
        chain=_chain(work, granted),
        granted=granted,
        order=_order_form(work, found, granted),
        auctions=_auctions(work, found, version),
        trial=trials.panel(work, found, version),
        rated=ratings.summary(work, found.id),
        lines=examples.of_product(profiles.base(), found.id)
        if found.state == products.State.LISTED and version.sample
        else [],
        host=profiles.base(),
        wheel=client.address(),
        clock=shown.clock(work, found.id) if products.is_insider(work, found) else None,
    )


@blueprint.post("/products/<product_id>/orders")
@doors.money
def order(product_id: str) -> Any:
    """Place an order for a product."""
    use = Use(
        field=forms.text("field", max=60),
        purpose_code=forms.text("purpose_code", max=60),
        purpose_text=forms.text("purpose_text", max=500),
        region=forms.text("region", max=6),
        period_from=forms.day("period_from"),
        period_to=forms.day("period_to"),
    )
    placed = orders.place(
        unit.current(),
        wanted=[
            {
                "product_id": product_id,
                "quantity": forms.number("quantity"),
                "agreed_price_id": forms.text("agreed_price_id", max=40) or None,
            }
        ],
        use=use,
        is_related_party=forms.text("is_related_party") == "1",
        pay_mode=forms.text("pay_mode", max=20) or PayMode.PREPAID,
    )
    return redirect(f"/orders/{placed.id}", 303)


@blueprint.get("/boards")
@doors.public
def all_boards() -> Any:
    """Show the themed boards."""
    work = unit.current()
    page = boards.listed(work.session, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "market/boards.html",
        boards=[named(board) for board in page.items],
        sizes=admissions.sizes(work.session, [board.id for board in page.items]),
        traded=volume.by_board(work.session),
        next=page.next,
    )


def _agents(work: Work, found: Product, version: ProductVersion) -> list[str]:
    """Return the names of who sells a product in its owner's name today."""
    today, sold = local_date(work.now), (found.id, version.industry)
    agents = mandate_rows.agents_of(work.session, found.owner_id, sold, today, limit=PLACES)
    return list(shown.names(work, agents).values())


def row(product: Product, version: ProductVersion | None = None) -> dict[str, Any]:
    """Return what a list shows of a product; without a version, of the one it has loaded."""
    offered = version or product.current
    return {
        "id": product.id,
        "code": product.code,
        "state": str(product.state),
        "owner_id": product.owner_id,
        "listed_at": product.listed_at,
        "listing_cert_no": product.listing_cert_no,
        "title": languages.said(Words(offered.title_zh, offered.title_en)),
        "intro": offered.intro,
        "type": offered.product_type,
        "industry": offered.industry,
        "field": offered.application_field,
        "grade": offered.grade,
        "pi": offered.pi_class,
        "origin": offered.source_kind,
        "mode": offered.delivery_mode,
        "frequency": offered.update_frequency,
        "price_plan": offered.price_plan,
    }


def named(board: Board) -> dict[str, Any]:
    """Return a board in the reader's language."""
    return {
        "id": board.id,
        "code": board.code,
        "name": languages.said(Words(board.name_zh, board.name_en)),
        "rules": languages.said(Words(board.rules_zh, board.rules_en)),
    }


def _found(work: Work, version: ProductVersion) -> dict[str, Any] | None:
    """Return what was measured in the table that is delivered; None for any other product."""
    if version.dataset_version_id is None:
        return None
    measured = datasets.by_id(work.session, version.dataset_version_id)
    told = drawing.told(measured)
    return {
        **told,
        "rows": measured.row_count,
        "loaded_at": measured.loaded_at,
        "columns": {each["name"]: each for each in told["columns"]},
        "group_min": work.rules.number("scenario.group_size_min"),
    }


def _granted(work: Work, version: ProductVersion) -> Authorisation | None:
    if version.authorisation_id is None:
        return None
    return authorisations.find(work.session, version.authorisation_id)


def _chain(work: Work, granted: Authorisation | None) -> dict[str, Any] | None:
    if granted is None:
        return None
    supplied = agreements.effective_for(work.session, granted.operator_id, local_date(work.now))
    firms = shown.names(work, [*granted.departments, granted.operator_id, granted.grantee_id])
    return {
        "departments": [firms.get(each, each) for each in granted.departments],
        "operator": firms.get(granted.operator_id),
        "grantee": firms.get(granted.grantee_id),
        "agreements": [one.code for one in supplied if one.department_id in granted.departments],
        "scenario": scenarios.find(work.session, granted.scenario_id).code,
        "cert_no": granted.cert_no,
        "state": str(granted.state),
        "valid_to": granted.valid_to,
    }


def _auctions(work: Work, product: Product, version: ProductVersion) -> bool:
    """Tell whether the caller may announce a lot of this product."""
    own = product.owner_id == work.actor.organisation and product.state == products.State.LISTED
    return own and version.price_plan["kind"] == "auction" and lister.matches(work.actor, None)


def _order_form(
    work: Work, product: Product, granted: Authorisation | None
) -> dict[str, Any] | None:
    buys = orders.purchaser.matches(work.actor, None)
    if not buys or product.state != products.State.LISTED:
        return None
    today = local_date(work.now)
    home = organisations.find(work.session, work.actor.organisation)
    chosen = {"agreed": shown.asked("agreed", max=40), "quantity": shown.asked("quantity") or "1"}
    if granted is None:
        return {**chosen, "purpose_code": "", "region": home.region, "from": today, "to": ""}
    allowed = authorisations.scope_of(work.session, granted)
    return {
        **chosen,
        "purpose_code": granted.purpose_code,
        "region": min(allowed.regions, default=home.region),
        "from": max(today, granted.valid_from),
        "to": granted.valid_to,
    }
