"""For who writes programs (开发者): the API, the client, webhooks, and a place to try them."""

from collections import Counter
from typing import Any, Final

from flask import Blueprint, current_app, render_template

from app import doors, languages, unit
from app.delivering import examples
from app.pages import public
from app.pages.delivering import client
from app.sharing import profiles
from kernel.words import Words
from marketplace import products
from marketplace.telling import kinds

blueprint = Blueprint("developers", __name__)

METHODS: Final = frozenset({"get", "post"})
_APART: Final = " · "


@blueprint.get("/developers")
@doors.public
def developers() -> Any:
    """Show how a program speaks with the exchange; the lines name a product that is listed.

    What is said of the API is read off its own document. Two SELECTs.
    """
    work, settings = unit.current(), unit.house().settings
    listed = products.listed(work.session, after=None, limit=1).items
    return render_template(
        "face/developers.html",
        host=profiles.base(),
        wheel=client.address(),
        lines=examples.of_product(profiles.base(), listed[0].id) if listed else [],
        groups=_groups(),
        kinds=[(code, languages.said(told.words)) for code, told in kinds.KINDS.items()],
        problems=_problems(),
        page_max=settings.page_size_max,
        body_max=settings.body_bytes_max,
    )


def _groups() -> list[dict[str, Any]]:
    """Return the nouns of the API, each with how many operations it has."""
    told = current_app.extensions["openapi_document"]
    counted = Counter(
        operation["tags"][0]
        for path in told["paths"].values()
        for method, operation in path.items()
        if method in METHODS and operation.get("tags")
    )
    return [
        {"name": tag["name"], "label": _label(tag["description"]), "count": counted[tag["name"]]}
        for tag in told["tags"]
        if counted[tag["name"]]
    ]


def _label(described: str) -> str:
    """Say the half of "Products · 数据产品" that is in the reader's language."""
    english, _, chinese = described.partition(_APART)
    return languages.said(Words(chinese or english, english))


def _problems() -> list[dict[str, Any]]:
    """Return every no that an answer can report, by its code."""
    named = {error.code: error for error in public.errors() if hasattr(error, "code")}
    return [
        {"code": code, "title": languages.said(error.title), "kind": str(error.kind)}
        for code, error in sorted(named.items())
    ]
