"""The door of the search (检索): products, directories and organisations, with facets."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from marshmallow import Schema, fields, validate

from app import doors, unit
from app.api.marketplace import products as shelf
from marketplace.finding import comparing, results, saved
from marketplace.finding.results import Question
from marketplace.finding.saved import SavedSearch
from marketplace.indexing.index import Entry, Kind

blueprint = doors.noun("search", "Search · 检索")
saved_blueprint = doors.noun("saved-searches", "Saved searches · 已存检索")

CODES_MAX = 10

ChosenQuery = doors.Body.from_dict(
    {
        name: fields.List(
            fields.String(validate=validate.Length(min=1, max=60)),
            validate=validate.Length(max=CODES_MAX),
        )
        for name in results.NAMES
    },
    name="ChosenQuery",
)


class SearchQuery(ChosenQuery, doors.PageQuery):  # type: ignore[misc, valid-type]  # made above
    """What is looked for: words (q), of one kind or of all, and codes of its facets.

    sort: products may be asked for with the best rated first.
    """

    q = fields.String(validate=validate.Length(max=200), load_default="")
    kind = fields.String(validate=validate.OneOf([*Kind]), load_default=None)
    sort = fields.String(validate=validate.OneOf(["rating", "relevance"]), load_default="relevance")


class ComparisonQuery(doors.Body):
    """Which products are put side by side."""

    product = fields.List(
        fields.String(validate=validate.Length(min=1, max=40)),
        required=True,
        validate=validate.Length(min=comparing.LEAST, max=comparing.MOST),
    )


class FoundOut(Schema):
    """One thing that was found. relevance: larger is nearer; 0 without words."""

    kind = fields.String()
    id = fields.String()
    code = fields.String()
    title_zh = fields.String()
    title_en = fields.String()
    summary = fields.String()
    owner_id = fields.String()
    relevance = fields.Integer()


class FacetValueOut(Schema):
    """A code of a facet, and how many hits have it."""

    value = fields.String()
    count = fields.Integer()


class FacetOut(Schema):
    """One facet, its codes with most hits first."""

    name = fields.String()
    values = fields.List(fields.Nested(FacetValueOut))


class FindingsOut(Schema):
    """What a search found.

    counts: kind → hits, counted up to counted_max. facets: of the kind that was asked for.
    near: what holds most of the words, when nothing holds all of them.
    """

    items = fields.List(fields.Nested(FoundOut))
    next = fields.String(allow_none=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    counted_max = fields.Integer()
    facets = fields.List(fields.Nested(FacetOut))
    near = fields.List(fields.Nested(FoundOut))


class ComparedOut(Schema):
    """One row of a comparison."""

    name = fields.String()
    values = fields.List(fields.Raw(allow_none=True))
    differs = fields.Boolean()


class ComparisonOut(Schema):
    """Products side by side, and what is compared of them."""

    products = fields.List(fields.Nested(shelf.ProductOut))
    rows = fields.List(fields.Nested(ComparedOut))


class SavedSearchIn(ChosenQuery):  # type: ignore[misc, valid-type]  # made above
    """A search to keep, under a name."""

    name = doors.text(max=60)
    q = doors.text(max=200, min=0, required=False, load_default="")
    kind = doors.choice(*Kind, required=False, load_default=None, allow_none=True)


class SavedSearchOut(Schema):
    """A saved search. fresh: hits that came since it was looked at last."""

    id = fields.String()
    name = fields.String()
    q = fields.String()
    kind = fields.String(allow_none=True)
    chosen = fields.Dict()
    saved_at = fields.String()
    fresh = fields.Integer()


def question(given: Mapping[str, Any]) -> Question:
    """Return the question that a request asks."""
    chosen = {name: given[name] for name in results.NAMES if given.get(name)}
    kind = Kind(given["kind"]) if given.get("kind") else None
    best = given.get("sort") == "rating"
    return Question(text=given["q"], kind=kind, chosen=chosen, best_first=best)


def show(entry: Entry, relevance: int = 0) -> Mapping[str, Any]:
    """Return what FoundOut shows."""
    return {
        "kind": entry.kind,
        "id": entry.subject_id,
        "code": entry.code,
        "title_zh": entry.title_zh,
        "title_en": entry.title_en,
        "summary": entry.summary,
        "owner_id": entry.owner_id,
        "relevance": relevance,
    }


def kept(search: SavedSearch, fresh: Mapping[str, int] | None = None) -> Mapping[str, Any]:
    """Return what SavedSearchOut shows. fresh: search → its new hits, where they are known."""
    if fresh is None:
        fresh = saved.fresh(unit.current().session, [search])
    return {
        "id": search.id,
        "name": search.name,
        "q": search.text,
        "kind": search.kind,
        "chosen": search.chosen,
        "saved_at": doors.moment(search.saved_at),
        "fresh": fresh[search.id],
    }


@blueprint.get("")
@doors.public
@blueprint.arguments(SearchQuery, location="query")
@blueprint.response(200, FindingsOut)
def found(query: dict[str, Any]) -> Any:
    """Search what is public: most relevant first, then newest; or by rating."""
    session, asked = unit.current().session, question(query)
    page = results.found(session, asked, after=query["after"], limit=query["limit"])
    return {
        "items": [show(row.entry, row.relevance) for row in page.items],
        "next": page.next,
        "counts": results.counts(session, asked),
        "counted_max": results.counted_max(asked),
        "facets": [
            {"name": name, "values": values}
            for name, values in results.facets(session, asked).items()
        ],
        "near": [] if page.items else [show(entry) for entry in results.near(session, asked)],
    }


@blueprint.get("/comparison")
@doors.public
@blueprint.arguments(ComparisonQuery, location="query")
@blueprint.response(200, ComparisonOut)
def compared(query: dict[str, Any]) -> Any:
    """Put two to four products side by side."""
    work = unit.current()
    pairs = comparing.beside(work, query["product"])
    return {
        "products": [shelf.show(product, work) for product, _ in pairs],
        "rows": comparing.rows([version for _, version in pairs]),
    }


@saved_blueprint.get("")
@doors.members("read")
@saved_blueprint.arguments(doors.PageQuery, location="query")
@saved_blueprint.response(200, doors.page_of(SavedSearchOut))
def listed(query: dict[str, Any]) -> Any:
    """List one's own saved searches, newest first."""
    work = unit.current()
    page = saved.listed(work, **query)
    return doors.page(page, partial(kept, fresh=saved.fresh(work.session, page.items)))


@saved_blueprint.post("")
@doors.members("write")
@saved_blueprint.arguments(SavedSearchIn)
@saved_blueprint.response(201, SavedSearchOut)
def save(body: dict[str, Any]) -> Any:
    """Keep a search under a name."""
    return kept(saved.save(unit.current(), body["name"], question(body)))


@saved_blueprint.post("/<string:search_id>/look")
@doors.members("write")
@saved_blueprint.response(200, SavedSearchOut)
def look(search_id: str) -> Any:
    """Say that one has looked at what a saved search finds now."""
    return kept(saved.look(unit.current(), search_id))


@saved_blueprint.post("/<string:search_id>/remove")
@doors.members("write")
@saved_blueprint.response(204)
def remove(search_id: str) -> None:
    """Forget a saved search."""
    saved.remove(unit.current(), search_id)
