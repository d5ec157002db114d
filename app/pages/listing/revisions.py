"""Pages of a revision: written beside what is offered now, looked at first, and followed."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, problems, unit
from app.pages import forms, shown
from app.pages.finding import labels
from catalogue.grades import Mode
from delivery.tables import datasets
from kernel.words import Words
from kernel.work import Work
from marketplace import products, versions
from marketplace.products import Product
from marketplace.seeking import orders as seeking
from marketplace.shelving import amendments, differences, prefill
from marketplace.shelving.differences import Differences, Kind
from marketplace.versions import Content, Frequency, ProductVersion

blueprint = Blueprint("revisions", __name__)

CHOSEN: Final = 50
"""Data sets among which the next version's is chosen."""

PRICED: Final = frozenset({"one_off", "listing_fixed"})
"""The price plans whose one amount this form can change; the others stay, or come by file."""

FIELDS: Final = {
    **labels.ROWS,
    "title_zh": Words("中文名称", "Title in Chinese"),
    "title_en": Words("英文名称", "Title in English"),
    "intro": Words("产品说明", "Description"),
    "dataset_version_id": Words("数据集版本", "Version of the data set"),
    "authorisation_id": Words("授权", "Authorisation"),
    "scenario_id": Words("场景", "Scenario"),
    "resource_id": Words("资源", "Resource"),
    "items": Words("数据项", "Items"),
    "output_form": Words("输出形式", "Form of output"),
}
KINDS: Final = {
    Kind.ADDED: (Words("新增", "added"), "good"),
    Kind.REMOVED: (Words("删除", "removed"), "bad"),
    Kind.RETYPED: (Words("类型变更", "retyped"), "warn"),
    Kind.REWORDED: (Words("含义变更", "reworded"), "busy"),
}


@blueprint.get("/listing/<product_id>/revise")
@doors.members("read")
def form(product_id: str) -> Any:
    """Show the form of the next version, filled with what is offered now."""
    work = unit.current()
    version = products.own_version(work, product_id)
    return _form(work, product_id, versions.content(version), None)


@blueprint.post("/listing/<product_id>/revise")
@doors.members("write")
def revise(product_id: str) -> Any:
    """Show what would change and what bars it, or submit it."""
    work = unit.current()
    said = _said(work, products.own_version(work, product_id))
    if forms.text("step", max=10) == "submit":
        made = amendments.propose(work, product_id, **said)
        return redirect(f"/amendments/{made.id}", 303)
    trial = amendments.tried(work, product_id, **said)
    return _form(work, product_id, trial.after, trial)


@blueprint.get("/amendments/<amendment_id>")
@doors.members("read")
def one(amendment_id: str) -> Any:
    """Show a revision: before and after, the orders that stay, its reviews."""
    work = unit.current()
    found = amendments.seen(work, amendment_id)
    before, after = (
        versions.find(work.session, each) for each in (found.before_id, found.after_id)
    )
    return render_template(
        "listing/amendment.html",
        amendment=found,
        product=products.find(work.session, found.product_id),
        title=_title(after),
        told=_told(work, differences.between(versions.content(before), versions.content(after))),
        numbers=(before.number, after.number),
        running=seeking.running_on(work.session, found.product_id, found.before_id),
        record=shown.record(found, work, amendments.LIFE),
        clock=shown.clock(work, found.id),
        events=shown.timeline(work, found.id),
    )


def _form(work: Work, product_id: str, said: Content, trial: amendments.Trial | None) -> Any:
    product: Product = products.find(work.session, product_id)
    present = versions.find(work.session, product.current_version_id)
    held = datasets.listed(work, after=None, limit=CHOSEN).items
    newest = datasets.newest(work.session, [each.id for each in held])
    plan = said["price_plan"]
    return render_template(
        "listing/revise.html",
        product=product,
        title=_title(present),
        going=amendments.under_way(work.session, product.id),
        said=said,
        price=_yuan(plan) if plan["kind"] in PRICED else None,
        datasets=[(newest[each.id].id, each.title, newest[each.id].number) for each in held],
        running=seeking.running_on(work.session, product.id, present.id),
        trial=trial and {
            "size": trial.size.value,
            "told": _told(work, differences.between(trial.before, trial.after)),
            "refusals": problems.refusals(trial.refusals),
        },
    )  # fmt: skip


def _said(work: Work, version: ProductVersion) -> Content:
    """Return what the form says; what another data set says itself comes with it."""
    before = versions.content(version)
    said: Content = {}
    chosen = forms.text("dataset_version", max=40)
    if chosen and chosen != version.dataset_version_id:
        said.update(prefill.of(work, chosen, version))
    said["dictionary"] = [
        {**column, "meaning": _meaning(column)}
        for column in said.get("dictionary", before["dictionary"])
    ]
    plan = before["price_plan"]
    if plan["kind"] in PRICED:
        price = forms.money("price")
        said["price_plan"] = {
            **plan, "price": {"minor": price.minor, "currency": price.currency}
        }  # fmt: skip
    said["title_zh"] = forms.text("title_zh", max=110)
    said["title_en"] = forms.text("title_en", max=200)
    said["intro"] = forms.text("intro")
    said["update_frequency"] = forms.choice("update_frequency", {each.value for each in Frequency})
    said["delivery_mode"] = forms.choice("delivery_mode", {each.value for each in Mode})
    said["accept_days"] = forms.number("accept_days")
    return said


def _meaning(column: dict[str, Any]) -> str:
    name = f"meaning-{column['name']}"
    return forms.text(name, max=300) if name in request.form else str(column.get("meaning", ""))


def _told(work: Work, found: Differences) -> dict[str, Any]:
    return {
        "fields": [
            {
                "label": languages.said(FIELDS.get(each.name, Words(each.name, each.name))),
                "before": _cell(work, each.name, each.before),
                "after": _cell(work, each.name, each.after),
            }
            for each in found.fields
        ],
        "columns": [
            {
                "name": each.name,
                "kind": languages.said(KINDS[each.kind][0]),
                "tone": KINDS[each.kind][1],
                "before": each.before,
                "after": each.after,
            }
            for each in found.columns
        ],
        "sample": found.sample,
    }


def _cell(work: Work, name: str, value: Any) -> str:
    if name == "dataset_version_id" and value:
        version = datasets.by_id(work.session, value)
        rows = languages.said(Words("行", "rows"))
        return f"v{version.number} · {version.row_count:,} {rows}"
    if name == "items":
        return "; ".join(f"{each['directory']}/{each['item']}" for each in value or ()) or "—"
    return labels.cell(name, value)


def _yuan(plan: dict[str, Any]) -> str:
    minor = int(plan["price"]["minor"])
    return f"{minor // 100}.{minor % 100:02}"


def _title(version: ProductVersion) -> str:
    return languages.said(Words(version.title_zh, version.title_en))
