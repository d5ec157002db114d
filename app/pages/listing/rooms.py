"""Pages of listing one product: begun from a data set, its documents, rights and revisions."""

from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.api.marketplace import amendments as amendment_door
from app.api.marketplace import materials as door
from app.pages import forms, shown
from catalogue.grades import Mode, Origin
from delivery.tables import datasets
from kernel.errors import Invalid
from kernel.work import Work
from marketplace import products, versions
from marketplace.listings import materials, rights
from marketplace.listings.materials import STATED, Material, Paper
from marketplace.listings.rights import Granted, Right
from marketplace.shelving import amendments, prefill
from marketplace.versions import Content, Field, Frequency, ProductType

blueprint = Blueprint("listing_rooms", __name__)

CHOSEN = 50
"""Data sets among which one is chosen."""


@blueprint.get("/listing")
@doors.members("read")
def own() -> Any:
    """Show one's own products, in whatever state, and how to list the next."""
    work = unit.current()
    page = products.own(work, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "listing/own.html",
        products=page.items,
        next=page.next,
        lists=products.merchant.matches(work.actor, None),
    )


@blueprint.get("/listing/new")
@doors.members("read")
def new() -> Any:
    """Show the form of a new product, with all that the chosen data set says of it."""
    return form(unit.current())


@blueprint.post("/listing/new")
@doors.members("write")
def create() -> Any:
    """Write the draft, from the form and the data set."""
    work = unit.current()
    made = products.create(work, forms.text("own_code", max=64) or None, **written(work))
    for kind in sorted(STATED):
        if said_of_it := forms.text(f"said-{kind}", max=1000):
            materials.state(work, kind, said_of_it, product_id=made.id)
    return redirect(f"/listing/{made.id}", 303)


def form(work: Work, **agency: Any) -> Any:
    """Return the form of a new product of the caller's, or of an agent's principal.

    agency: the mandate, its principal's name and the sections that it covers.
    """
    chosen = shown.asked("dataset_version", max=40)
    said: Content = prefill.of(work, chosen) if chosen else {}
    held = datasets.listed(work, after=None, limit=CHOSEN).items
    newest = datasets.newest(work.session, [each.id for each in held])
    return render_template(
        "listing/new.html",
        said=said,
        chosen=chosen,
        datasets=[(newest[each.id].id, each.title, newest[each.id].number) for each in held],
        **agency,
    )


def written(work: Work) -> Content:
    """Return what that form says, with what the data set says of itself."""
    said = prefill.of(work, forms.text("dataset_version", max=40))
    meanings = {name.removeprefix("meaning-"): request.form[name].strip()[:300]
                for name in request.form if name.startswith("meaning-")}  # fmt: skip
    dictionary = [
        {**column, "meaning": meanings.get(column["name"], "")} for column in said["dictionary"]
    ]
    return {
        **versions.empty(),
        **said,
        "dictionary": dictionary,
        "title_zh": forms.text("title_zh", max=110),
        "title_en": forms.text("title_en", max=200),
        "intro": forms.text("intro"),
        "product_type": forms.choice("product_type", {term.value for term in ProductType}),
        "industry": forms.text("industry", max=4),
        "application_field": forms.choice("application_field", {term.value for term in Field}),
        "region_coverage": forms.text("region_coverage").replace("；", ";").split(";"),
        "update_frequency": forms.choice("update_frequency", {term.value for term in Frequency}),
        "source_kind": forms.choice("source_kind", {term.value for term in Origin}),
        "delivery_mode": forms.choice("delivery_mode", {term.value for term in Mode}),
        "price_plan": _price(),
        "accept_days": forms.number("accept_days"),
    }


@blueprint.get("/listing/<product_id>")
@doors.members("read")
def room(product_id: str) -> Any:
    """Show what still bars a product's listing, its documents, rights, revisions and steps."""
    work = unit.current()
    standing = door.standing(work, product_id)
    product, version = products.show(work, product_id)
    revisions = amendments.listed(work, product_id=product.id, after=None, limit=shown.SHORT).items
    own = product.owner_id == work.actor.organisation
    return render_template(
        "listing/room.html",
        product=product,
        title=version.title_zh if languages.current() == "zh" else version.title_en,
        standing=standing,
        records=rights.of(work.session, product.id),
        revisions=[
            {**amendment_door.row(each), "record": shown.record(each, work, amendments.LIFE)}
            for each in revisions
        ],
        record=shown.record(product, work, products.LIFE),
        clock=shown.clock(work, product.id),
        own=own,
        papers=_papers(work, product) if own else [],
        stated={kind.value for kind in STATED},
        events=shown.timeline(work, product.id),
    )


@blueprint.post("/listing/<product_id>/materials")
@doors.members("write")
def file(product_id: str) -> Any:
    """File, state or promise a document of the product."""
    work = unit.current()
    kind = Material(forms.choice("kind", {each.value for each in Material}))
    cover = None if forms.text("all") else product_id
    paper = request.files.get("file")
    content = paper.read() if paper else b""
    if kind in STATED:
        materials.state(work, kind, forms.text("said"), product_id=cover)
    elif paper and content:
        valid_to = forms.day("valid_to") if forms.text("valid_to") else None
        handed = Paper((paper.filename or "file")[-200:], content, forms.day("issued_on"), valid_to)
        materials.file(work, kind, handed, product_id=cover)
    elif forms.text("due_on"):
        due_on = forms.day("due_on")
        materials.promise(work, kind, due_on, forms.text("said"), product_id=product_id)
    else:
        raise Invalid(
            "请选择文件，或承诺补交日期", "choose a file or promise a day", pointer="/file"
        )
    return redirect(f"/listing/{product_id}", 303)


@blueprint.post("/listing/<product_id>/rights")
@doors.members("write")
def record(product_id: str) -> Any:
    """Record a right over an input of the product."""
    last: date | None = forms.day("valid_to") if forms.text("valid_to") else None
    granted = Granted(
        source=forms.text("source", max=110),
        right=Right(forms.choice("right", {each.value for each in Right})),
        grantor_name=forms.text("grantor_name", max=120),
        basis_id=forms.text("basis_id", max=60),
        regions=tuple(forms.text("regions").replace("；", ";").split(";")),
        valid_from=forms.day("valid_from"),
        valid_to=last,
    )
    rights.record(unit.current(), product_id, granted)
    return redirect(f"/listing/{product_id}", 303)


def _price() -> dict[str, Any]:
    price = forms.money("price")
    return {"kind": "one_off", "price": {"minor": price.minor, "currency": price.currency}}


def _papers(work: Work, product: products.Product) -> list[tuple[str, str]]:
    rows = materials.of(work.session, product.owner_id, product.id)
    return [
        (each.id, f"{languages.said(Material(each.kind).label)} {each.name}")
        for each in materials.in_force(rows).values()
        if each.form != materials.Form.PROMISE
    ]
