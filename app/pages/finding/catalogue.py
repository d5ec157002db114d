"""The catalogue (检索): everything public by words and facets, side by side, saved to ask again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import forms, shown, spreadsheets
from app.pages.finding import labels
from kernel.errors import Invalid
from kernel.words import Words
from kernel.work import Work
from marketplace import products
from marketplace.aftercare import ratings
from marketplace.finding import comparing, results, saved
from marketplace.finding.results import Count, Question
from marketplace.indexing.index import Entry, Kind
from marketplace.versions import ProductVersion

blueprint = Blueprint("finding", __name__)

CODES_MAX: Final = 10
ADDRESSES: Final = {
    Kind.PRODUCT: "/products/",
    Kind.DIRECTORY: "/directories/",
    Kind.DEMAND: "/demands/",
    Kind.ORGANISATION: "/rankings?of=",
}


@blueprint.get("/catalogue")
@doors.public
def catalogue() -> Any:
    """Show what is found by words and facets, of one kind or of all."""
    kind = request.args.get("kind", "")
    return _found(_question(kind if kind in {*Kind} else None), "/catalogue")


@blueprint.get("/products")
@doors.public
def shelf() -> Any:
    """Show the products that are listed."""
    return _found(_question(Kind.PRODUCT), "/products")


@blueprint.get("/catalogue/compare")
@doors.public
def compare() -> Any:
    """Put two to four products side by side; as a table to take away, if so asked."""
    work = unit.current()
    pairs = comparing.beside(work, request.args.getlist("product")[: comparing.MOST + 1])
    titles = [languages.said(Words(v.title_zh, v.title_en)) for _, v in pairs]
    rows = [
        (languages.said(labels.ROWS[row.name]), row.differs,
         [labels.cell(row.name, value) for value in row.values])
        for row in comparing.rows([version for _, version in pairs])
    ]  # fmt: skip
    if (kind := request.args.get("format")) in ("csv", "xlsx"):
        table = [[label, *values] for label, _, values in rows]
        return spreadsheets.answer(kind, "comparison", ["", *titles], table)
    return render_template(
        "finding/compare.html",
        products=[
            {"id": product.id, "code": product.code, "title": title, "state": str(product.state)}
            for (product, _), title in zip(pairs, titles, strict=True)
        ],
        owners=shown.names(work, [product.owner_id for product, _ in pairs]),
        owner_ids=[product.owner_id for product, _ in pairs],
        rows=rows,
        address="/catalogue/compare?" + urlencode([("product", p.id) for p, _ in pairs]),
    )


@blueprint.get("/saved-searches")
@doors.members("read")
def searches() -> Any:
    """Show one's own saved searches, and how much is new in each."""
    work = unit.current()
    page = saved.listed(work, after=shown.after(), limit=shown.PAGE)
    fresh = saved.fresh(work.session, page.items)
    return render_template(
        "finding/saved.html",
        searches=[
            {"id": each.id, "name": each.name, "saved_at": each.saved_at,
             "words": _said(work, each.question), "fresh": fresh[each.id]}
            for each in page.items
        ],
        next=page.next,
        most=saved.SAVED_MAX,
        newer_max=results.NEWER_MAX,
    )  # fmt: skip


@blueprint.post("/saved-searches")
@doors.members("write")
def save() -> Any:
    """Keep a search under a name."""
    kind = forms.text("kind", max=20)
    if kind and kind not in {*Kind}:
        raise Invalid("没有这种检索对象", "there is no such kind", pointer="/kind")
    chosen = {name: forms.many(name)[:CODES_MAX] for name in results.NAMES if forms.many(name)}
    asked = Question(
        text=forms.text("q", max=200), kind=Kind(kind) if kind else None, chosen=chosen
    )
    name = forms.text("name", max=60) or asked.text[:60]
    if not name:
        raise Invalid("请填写名称", "give it a name", pointer="/name")
    saved.save(unit.current(), name, asked)
    return redirect("/saved-searches", 303)


@blueprint.post("/saved-searches/<search_id>/look")
@doors.members("write")
def look(search_id: str) -> Any:
    """Go to what a saved search finds now; nothing of it is new any more."""
    question = saved.look(unit.current(), search_id).question
    return redirect(_address("/catalogue", question), 303)


@blueprint.post("/saved-searches/<search_id>/remove")
@doors.members("write")
def remove(search_id: str) -> Any:
    """Forget a saved search."""
    saved.remove(unit.current(), search_id)
    return redirect("/saved-searches", 303)


def _question(kind: str | None) -> Question:
    chosen = {
        name: [code[:60] for code in request.args.getlist(name) if code][:CODES_MAX]
        for name in results.NAMES
    }
    return Question(
        text=(shown.asked("q") or ""),
        kind=Kind(kind) if kind else None,
        chosen={name: codes for name, codes in chosen.items() if codes},
        best_first=kind == Kind.PRODUCT and request.args.get("sort") == "rating",
    )


def _found(question: Question, address: str) -> Any:
    work = unit.current()
    page = results.found(work.session, question, after=shown.after(), limit=shown.PAGE)
    entries = [row.entry for row in page.items]
    near = results.near(work.session, question) if not entries else []
    named = shown.names(work, [each.owner_id for each in (*entries, *near)])
    offered = products.offered(work.session, [each.subject_id for each in entries])
    told = results.facets(work.session, question)
    rated = ratings.standings(work.session, list(offered))
    return render_template(
        "finding/catalogue.html",
        address=address,
        question=question,
        hits=[
            {**_hit(entry, named), **_offer(offered.get(entry.subject_id)),
             **_rating(rated.get(entry.subject_id))}
            for entry in entries
        ],
        sorts=_sorts(address, question),
        near=[_hit(entry, named) for entry in near],
        next=page.next,
        here_to=_address(address, question),
        kinds=_kinds(work, question),
        facets=[_facet(work, name, values, question) for name, values in told.items()],
        chosen=[_choice(work, address, question, n, c) for n, cs in question.chosen.items()
                for c in cs],
        counted_max=results.counted_max(Question(text=question.text)),
        compares=question.kind == Kind.PRODUCT,
        wish="/demands/new?" + urlencode({"title": question.text}),
        member=bool(work.actor.person),
    )  # fmt: skip


def _sorts(address: str, question: Question) -> list[dict[str, Any]]:
    """Return the orders in which products can be shown, each with its address."""
    first = Words("最相关", "Relevance") if question.text else Words("最新", "Newest")
    return [
        {"label": languages.said(label), "here": question.best_first == best,
         "href": _address(address, replace(question, best_first=best))}
        for best, label in ((False, first), (True, Words("好评", "Rating")))
    ]  # fmt: skip


def _kinds(work: Work, question: Question) -> list[dict[str, Any]]:
    counted = results.counts(work.session, Question(text=question.text))
    query = {"q": question.text} if question.text else {}
    tabs = [{"label": languages.said(Words("全部", "All")), "count": sum(counted.values()),
             "href": "/catalogue?" + urlencode(query), "here": question.kind is None}]  # fmt: skip
    for kind, label in labels.KINDS.items():
        tabs.append(
            {
                "label": languages.said(label),
                "count": counted[kind],
                "href": "/catalogue?" + urlencode({**query, "kind": kind.value}),
                "here": question.kind == kind,
            }
        )
    return tabs


def _hit(entry: Entry, named: Mapping[str, str]) -> dict[str, Any]:
    kind = Kind(entry.kind)
    title = languages.said(Words(entry.title_zh, entry.title_en or entry.title_zh))
    href = None if kind == Kind.ORGANISATION else ADDRESSES[kind] + entry.subject_id
    return {
        "id": entry.subject_id,
        "kind": kind.value,
        "label": languages.said(labels.KINDS[kind]),
        "href": href,
        "title": title,
        "summary": entry.summary,
        "code": entry.code,
        "owner": named.get(entry.owner_id, ""),
    }


def _offer(version: ProductVersion | None) -> dict[str, Any]:
    if version is None:
        return {}
    return {
        "price_plan": version.price_plan,
        "type": version.product_type,
        "grade": version.grade,
        "pi": version.pi_class,
    }


def _rating(standing: tuple[int, int] | None) -> dict[str, Any]:
    if standing is None:
        return {}
    return {"mean_e2": ratings.mean_e2(*standing), "ratings": standing[1]}


def _facet(work: Work, name: str, values: Sequence[Count], question: Question) -> dict[str, Any]:
    said = labels.labels(work, name, [each.value for each in values])
    ticked = set(question.chosen.get(name, ()))
    return {
        "name": name,
        "label": languages.said(labels.FACETS[name]),
        "open": bool(ticked),
        "values": [
            {"value": each.value, "label": said[each.value], "count": each.count,
             "ticked": each.value in ticked}
            for each in values
        ],
    }  # fmt: skip


def _choice(work: Work, address: str, question: Question, name: str, code: str) -> dict[str, str]:
    rest = {
        key: [each for each in codes if (key, each) != (name, code)]
        for key, codes in question.chosen.items()
    }
    without = replace(question, chosen=rest)
    return {
        "facet": languages.said(labels.FACETS[name]),
        "label": labels.labels(work, name, [code])[code],
        "href": _address(address, without),
    }


def _address(address: str, question: Question) -> str:
    query: list[tuple[str, str]] = [("q", question.text)] if question.text else []
    if question.kind is not None and address == "/catalogue":
        query.append(("kind", question.kind.value))
    query += [(name, code) for name, codes in question.chosen.items() for code in codes]
    if question.best_first:
        query.append(("sort", "rating"))
    return f"{address}?{urlencode(query)}" if query else address


def _said(work: Work, question: Question) -> str:
    parts = [question.text] if question.text else []
    if question.kind:
        parts.append(languages.said(labels.KINDS[question.kind]))
    for name, codes in question.chosen.items():
        parts += labels.labels(work, name, codes).values()
    return " · ".join(parts)
