"""What a search finds (检索结果): a page of it, how many of each kind, and facets with counts.

Within one facet any of the chosen codes will do, and between facets all must hold; the
counts of a facet are told as if nothing were chosen in it, so that one can choose further.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, literal, select
from sqlalchemy.orm import Session

from kernel.pages import Order, Page, keyset_rows
from marketplace.indexing import index
from marketplace.indexing.index import Kind, SearchEntry, SearchFacet, SearchTerm

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

_ENTRIES: Final = select(SearchEntry).where(
    SearchEntry.number.in_(bindparam("numbers", expanding=True))
)

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
class Hit:
    """One thing that was found. relevance: what the first word weighs in it, 0 without words."""

    entry: SearchEntry
    relevance: int


class Hits(NamedTuple):
    """What finds number and weight of every hit, the order of showing, and what is asked."""

    statement: Select[Any]
    order: Order
    asked: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Count:
    """How many hits have a code of a facet."""

    value: str
    count: int


def found(session: Session, question: Question, *, after: str | None, limit: int) -> Page[Hit]:
    """Return one page of hits: those whose title has the first word first, then the newest.

    Two SELECTs. With one word, or words that go together, it costs as much as is shown;
    with words that seldom meet, as much as the first of them has hits.
    """
    hits = _hits(question)
    page = keyset_rows(
        session, hits.statement, by=hits.order, after=after, limit=limit, asked=hits.asked
    )
    entries = session.scalars(_ENTRIES, {"numbers": [row[0] for row in page.items]})
    by_number = {entry.number: entry for entry in entries}
    return Page([Hit(by_number[row[0]], row.weight) for row in page.items], page.next)


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
    told = _tallied(session, question, [name for name in names if name not in chosen])
    for name in chosen:
        others = {key: codes for key, codes in question.chosen.items() if key != name}
        without = Question(text=question.text, kind=question.kind, chosen=others)
        told |= _tallied(session, without, [name])
    return {name: told[name] for name in names if told.get(name)}


def newer(session: Session, question: Question, *, than: int) -> int:
    """Return how many hits have a number above `than`, up to COUNTED_MAX. One SELECT."""
    hits = _hits(question)
    return _counted(session, hits, hits.order[-1][0] > than)


def near(session: Session, question: Question) -> list[SearchEntry]:
    """Return what holds most of the terms, when nothing holds all of them. One SELECT."""
    if len(question.terms) < 2:
        return []
    numbers = list(session.scalars(index.sharing(question.terms).limit(NEAR_MAX)))
    rows = session.scalars(select(SearchEntry).where(SearchEntry.number.in_(numbers)))
    by_number = {entry.number: entry for entry in rows}
    return [by_number[number] for number in numbers]


def _count(session: Session, question: Question, kind: Kind) -> int:
    known = FACETS[kind]
    if any(codes and name not in known for name, codes in question.chosen.items()):
        return 0
    of_kind = Question(text=question.text, kind=kind, chosen=question.chosen)
    return _counted(session, _hits(of_kind))


def _counted(session: Session, hits: Hits, *further: ColumnElement[bool]) -> int:
    counted = hits.statement.where(*further).limit(COUNTED_MAX).subquery()
    count = select(func.count()).select_from(counted)
    return session.execute(count, hits.asked).scalar_one()


def _hits(question: Question) -> Hits:
    asked: dict[str, Any] = {f"t{place}": term for place, term in enumerate(question.terms)}
    if question.kind is not None:
        asked["kind"] = question.kind.value
    statement, order = _asking(len(question.terms), of_kind=question.kind is not None)
    for name, codes in question.chosen.items():
        if codes:
            holds = exists().where(
                SearchFacet.entry == order[-1][0],
                SearchFacet.facet == name,
                SearchFacet.value.in_(codes),
            )
            statement = statement.where(holds)
    return Hits(statement, order, asked)


@cache
def _asking(terms: int, *, of_kind: bool) -> tuple[Select[Any], Order]:
    """Return the statement that finds number and weight, and the order of showing.

    Made once for each number of words: to make it anew would cost more than the search.
    """
    if not terms:
        number: Any = SearchEntry.number
        everything: Any = select(number, literal(0).label("weight")).where(SearchEntry.shown)
        if of_kind:
            everything = everything.where(SearchEntry.kind == bindparam("kind"))
        return everything, ((number, "desc"),)
    one = SearchTerm.__table__.alias("t0").c
    statement = select(one.entry, one.weight).where(one.shown, one.term == bindparam("t0"))
    if of_kind:
        statement = statement.where(one.kind == bindparam("kind"))
    for place in range(1, terms):
        also = SearchTerm.__table__.alias(f"t{place}").c
        statement = statement.where(
            exists().where(
                also.shown,
                also.term == bindparam(f"t{place}"),
                also.weight.in_((index.TITLED, index.PLAIN)),
                also.entry == one.entry,
            )
        )
    return statement, ((one.weight, "desc"), (one.entry, "desc"))


def _tallied(session: Session, question: Question, names: Sequence[str]) -> dict[str, list[Count]]:
    hits = _hits(question)
    newest = hits.order[-1][0].desc()
    counted = hits.statement.order_by(newest).limit(COUNTED_MAX).subquery()
    statement = (
        select(SearchFacet.facet, SearchFacet.value, func.count().label("hits"))
        .join(counted, counted.c[0] == SearchFacet.entry)
        .where(SearchFacet.facet.in_(names))
        .group_by(SearchFacet.facet, SearchFacet.value)
        .order_by(func.count().desc(), SearchFacet.value)
    )
    told: dict[str, list[Count]] = {}
    for facet, value, count in session.execute(statement, hits.asked):
        codes = told.setdefault(facet, [])
        if len(codes) < VALUES_MAX:
            codes.append(Count(value, count))
    return told
