"""What a search finds (检索结果): a page of it, how many of each kind, and facets with counts.

Within one facet any of the chosen codes will do, and between facets all must hold; the
counts of a facet are told as if nothing were chosen in it, so that one can choose further.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row, Select, func, literal, select
from sqlalchemy.orm import Session, aliased

from kernel.pages import Order, Page, keyset_rows
from marketplace.finding import index
from marketplace.finding.index import Kind, SearchEntry, SearchFacet, SearchTerm

FACETS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.PRODUCT: (
        "type", "field", "industry", "region", "board", "plan", "mode", "grade", "frequency",
        "origin", "owner",
    ),
    Kind.DIRECTORY: ("industry", "region", "share", "open", "frequency", "owner"),
    Kind.DEMAND: ("field", "region", "frequency"),
    Kind.ORGANISATION: ("role", "region"),
}  # fmt: skip
"""The facets of each kind, in the order in which they are shown."""

NAMES: Final = tuple(dict.fromkeys(name for names in FACETS.values() for name in names))
COUNTED_MAX: Final = 20_000
"""Hits that are counted; of more it is said that there are more."""

VALUES_MAX: Final = 20
NEAR_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is looked for. text: words, all of which must occur. chosen: facet → codes."""

    text: str = ""
    kind: Kind | None = None
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def terms(self) -> list[str]:
        """The terms of the text that count."""
        return index.terms(self.text, singles=False)[: index.QUERY_TERMS_MAX]


@dataclass(frozen=True, slots=True)
class Count:
    """How many hits have a code of a facet."""

    value: str
    count: int


def found(session: Session, question: Question, *, after: str | None, limit: int) -> Page[Row[Any]]:
    """Return one page of hits (entry, relevance, number): most relevant first, then newest.

    One SELECT; it costs as much as there are hits of the rarest term, or `limit` without a
    text.
    """
    hits = _hits(question).subquery()
    statement = select(SearchEntry, hits.c.relevance, hits.c.number).join(
        hits, hits.c.number == SearchEntry.number
    )
    by: Order = ((hits.c.relevance, "desc"), (hits.c.number, "desc"))
    return keyset_rows(session, statement, by=by, after=after, limit=limit)


def counts(session: Session, question: Question) -> dict[Kind, int]:
    """Return how many hits there are of each kind, up to COUNTED_MAX each. One SELECT a kind."""
    return {kind: _count(session, question, kind) for kind in Kind}


def facets(session: Session, question: Question) -> dict[str, list[Count]]:
    """Return facet → its codes with counts, most first. One SELECT, and one for each chosen.

    Empty without a kind: kinds have different facets. Over the newest COUNTED_MAX hits.
    """
    if question.kind is None:
        return {}
    names = FACETS[question.kind]
    chosen = [name for name in names if question.chosen.get(name)]
    told = _tallied(session, _hits(question), [name for name in names if name not in chosen])
    for name in chosen:
        others = {key: codes for key, codes in question.chosen.items() if key != name}
        without = Question(text=question.text, kind=question.kind, chosen=others)
        told |= _tallied(session, _hits(without), [name])
    return {name: told[name] for name in names if told.get(name)}


def newer(session: Session, question: Question, *, than: int) -> int:
    """Return how many hits have a number above `than`, up to COUNTED_MAX. One SELECT."""
    hits = _hits(question).where(SearchEntry.number > than).limit(COUNTED_MAX).subquery()
    return session.execute(select(func.count()).select_from(hits)).scalar_one()


def near(session: Session, question: Question) -> list[SearchEntry]:
    """Return what holds most of the terms, when nothing holds all of them. One SELECT."""
    if len(question.terms) < 2:
        return []
    matched = (
        select(SearchTerm.entry, func.sum(SearchTerm.weight).label("weight"))
        .join(SearchEntry, SearchEntry.number == SearchTerm.entry)
        .where(SearchTerm.term.in_(question.terms), SearchEntry.shown)
        .group_by(SearchTerm.entry)
        .order_by(func.count().desc(), func.sum(SearchTerm.weight).desc(), SearchTerm.entry.desc())
        .limit(NEAR_MAX)
        .subquery()
    )
    numbers = list(session.scalars(select(matched.c.entry)))
    rows = session.scalars(select(SearchEntry).where(SearchEntry.number.in_(numbers)))
    by_number = {entry.number: entry for entry in rows}
    return [by_number[number] for number in numbers]


def _count(session: Session, question: Question, kind: Kind) -> int:
    known = FACETS[kind]
    if any(codes and name not in known for name, codes in question.chosen.items()):
        return 0
    of_kind = Question(text=question.text, kind=kind, chosen=question.chosen)
    hits = _hits(of_kind).limit(COUNTED_MAX).subquery()
    return session.execute(select(func.count()).select_from(hits)).scalar_one()


def _hits(question: Question) -> Select[Any]:
    """Return number and relevance of every hit."""
    relevance: Any = literal(0)
    statement = select(SearchEntry.number.label("number")).where(SearchEntry.shown)
    if question.kind is not None:
        statement = statement.where(SearchEntry.kind == question.kind)
    for term in question.terms:
        one = aliased(SearchTerm)
        statement = statement.join(one, (one.entry == SearchEntry.number) & (one.term == term))
        relevance = relevance + one.weight
    for name, codes in question.chosen.items():
        if codes:
            holds = select(SearchFacet.entry).where(
                SearchFacet.facet == name, SearchFacet.value.in_(codes)
            )
            statement = statement.where(SearchEntry.number.in_(holds))
    return statement.add_columns(relevance.label("relevance"))


def _tallied(session: Session, hits: Select[Any], names: Sequence[str]) -> dict[str, list[Count]]:
    newest = hits.order_by(SearchEntry.number.desc()).limit(COUNTED_MAX).subquery()
    statement = (
        select(SearchFacet.facet, SearchFacet.value, func.count().label("hits"))
        .join(newest, newest.c.number == SearchFacet.entry)
        .where(SearchFacet.facet.in_(names))
        .group_by(SearchFacet.facet, SearchFacet.value)
        .order_by(func.count().desc(), SearchFacet.value)
    )
    told: dict[str, list[Count]] = {}
    for facet, value, count in session.execute(statement):
        codes = told.setdefault(facet, [])
        if len(codes) < VALUES_MAX:
            codes.append(Count(value, count))
    return told
