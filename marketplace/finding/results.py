"""What a search finds (检索结果): a page of it, how many of each kind, and facets with counts.

Within one facet any of the chosen codes will do, and between facets all must hold; the
counts of a facet are told as if nothing were chosen in it, so that one can choose further.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, String, bindparam, func, literal, select, true
from sqlalchemy.orm import Session

from kernel.errors import Invalid
from kernel.pages import Order, Page, cut, keyset_firsts, keyset_merged, keyset_rows
from marketplace.finding import rarity
from marketplace.finding.rarity import Rarity
from marketplace.indexing import index
from marketplace.indexing.index import Kind, SearchEntry, SearchFacet, SearchTerm

FACETS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.PRODUCT: (
        "type", "field", "industry", "region", "board", "plan", "mode", "grade", "rating",
        "frequency", "origin", "owner",
    ),
    Kind.DIRECTORY: ("industry", "region", "share", "open", "frequency", "owner"),
    Kind.DEMAND: ("field", "region", "frequency"),
    Kind.ORGANISATION: ("role", "region"),
}  # fmt: skip
"""The facets of each kind, in the order in which they are shown."""

NAMES: Final = tuple(dict.fromkeys(name for names in FACETS.values() for name in names))
COUNTED_MAX: Final = 10_000
"""Hits of one word that are counted of each kind; of more it is said that there are more."""

MET_MAX: Final = 2_000
"""Hits that are counted where words or codes meet: each of them has to be looked up."""

FACETED_MAX: Final = 2_000
"""Hits, the first of those shown, whose codes are counted; of more it is said that there are."""

NEWER_MAX: Final = 1_000
"""New hits that are counted."""

_LEADS: Final = SearchTerm.__table__.alias("t0").c
"""The postings of the word that leads, by which the hits are ordered."""

STATEMENTS: Final = 500
"""Statements that are kept made."""

VALUES_MAX: Final = 20
NEAR_MAX: Final = 5
_RATED: Final = "r"
_OTHERS: Final = "o"
"""With what a cursor begins where the best come first: among the rated, or behind them."""
_MARK: Final = "."
"""Parts the place of the word that leads from the rest of a cursor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is looked for. text: words, all of which must occur. chosen: facet → codes.

    best_first: of products, the best rated first, and then what nobody has rated.
    """

    text: str = ""
    kind: Kind | None = None
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    best_first: bool = False

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
    """What finds number and weight of every hit of a kind, the order of showing, what is asked."""

    statement: Select[Any]
    order: Order
    asked: dict[str, Any]

    @property
    def number(self) -> Any:
        """The column of the hit's number."""
        return self.order[-1][0]

    def among(self, numbers: ColumnElement[bool]) -> "Hits":
        """Return the hits of some numbers alone, which are looked up first."""
        weight = self.order[0][0]
        weighed = [weight.in_(index.WEIGHTS)] if len(self.order) > 1 else []
        return self._replace(statement=self.statement.where(numbers, *weighed))

    def coded(self, name: str, codes: Sequence[str], *, at_first: bool) -> "Hits":
        """Return the hits that have one of a facet's codes. at_first: look those up at first."""
        one = SearchFacet.__table__.alias().c
        there = select(one.entry).where(one.facet == name, one.value.in_(codes))
        if at_first:
            return self.among(self.number.in_(there))
        holds = there.where(one.entry.between(self.number, self.number)).exists()
        return self._replace(statement=self.statement.where(holds))


@dataclass(frozen=True, slots=True)
class Count:
    """How many hits have a code of a facet."""

    value: str
    count: int


def found(session: Session, question: Question, *, after: str | None, limit: int) -> Page[Hit]:
    """Return one page of hits: those whose title has the rarest word first, then the newest.

    One SELECT; one more where words meet or codes are chosen. It costs as much as the rarest
    of them finds, until enough of that holds the others too.
    """
    kinds = _kinds(question)
    if not kinds:
        return Page([], None)
    if question.best_first:
        return _best(session, question, after=after, limit=limit)
    rare = rarity.sampled(session, question.terms, question.chosen)
    first, after = (rare.first, None) if after is None else _resumed(after, question)
    each = [
        _hits(replace(question, kind=kind), rare, first=first, wanted=limit, mark=kind)
        for kind in kinds
    ]
    by, asked = each[0].order, {name: told for one in each for name, told in one.asked.items()}
    make = _paging if after is None else _paging.__wrapped__
    statement = make(tuple(one.statement for one in each), by, after, limit)
    page = cut(list(session.execute(statement, asked)), by, limit)
    hits = [Hit(row.SearchEntry, row.weight) for row in page.items]
    return Page(hits, page.next and f"{first}{_MARK}{page.next}")


def _best(session: Session, question: Question, *, after: str | None, limit: int) -> Page[Hit]:
    """Return one page of products, the best rated first: those that are rated, then the others.

    Four SELECTs at most. A cursor says at which of the two it is. Raises Invalid.
    """
    if question.kind != Kind.PRODUCT:
        zh, en = "只有产品可以按评价排序", "only products are put in order by their ratings"
        raise Invalid(zh, en, pointer="/sort")
    rare = rarity.sampled(session, question.terms, question.chosen)
    first, after, rest = rare.first, after or _RATED, None
    if len(after) > 1:
        first, rest = _resumed(after[1:], question)
    hits, items = _hits(question, rare, first=first, wanted=limit), []
    if after[0] == _RATED:
        rated, order = _rated(hits)
        page = keyset_rows(session, rated, by=order, after=rest, limit=limit, asked=hits.asked)
        if page.next:
            return Page(_shown(session, page.items), f"{_RATED}{first}{_MARK}{page.next}")
        items, rest = page.items, None
    elif after[0] != _OTHERS:
        raise Invalid("分页游标无效", "the cursor is not valid", pointer="/after")
    others, room = [(_unrated(hits), hits.asked)], limit - len(items)
    page = keyset_merged(session, others, by=hits.order, after=rest, limit=max(1, room))
    if room:
        beyond = page.next and f"{_OTHERS}{first}{_MARK}{page.next}"
        return Page(_shown(session, [*items, *page.items]), beyond)
    return Page(_shown(session, items), _OTHERS if page.items else None)


def _rated(hits: Hits) -> tuple[Select[Any], Order]:
    """Return what finds the rated of the hits, with what puts them in order, and that order."""
    code = SearchFacet.__table__.alias().c
    statement = hits.statement.add_columns(code.value).where(
        code.facet == index.RATED, code.entry == hits.number
    )
    return statement, ((code.value, "desc"), (hits.number, "desc"))


def _unrated(hits: Hits) -> Select[Any]:
    code = SearchFacet.__table__.alias().c
    there = select(code.entry).where(
        code.facet == index.RATED, code.entry.between(hits.number, hits.number)
    )
    return hits.statement.where(~there.exists())


def _shown(session: Session, rows: Sequence[Any]) -> list[Hit]:
    """Return the hits of rows of number and weight. One SELECT by key."""
    numbers = [row[0] for row in rows]
    entries = session.scalars(select(SearchEntry).where(SearchEntry.number.in_(numbers)))
    by_number = {entry.number: entry for entry in entries}
    return [Hit(by_number[row[0]], row.weight) for row in rows]


def counts(session: Session, question: Question) -> dict[Kind, int]:
    """Return how many hits there are of each kind, up to `counted_max` each.

    One SELECT; one more where words meet or codes are chosen.
    """
    kinds, most = _kinds(replace(question, kind=None)), counted_max(question)
    rare = rarity.sampled(session, question.terms, question.chosen)
    hits = [_hits(replace(question, kind=kind), rare, wanted=most, mark=kind) for kind in kinds]
    counted = zip(kinds, _totals(session, hits, most), strict=True)
    return dict.fromkeys(Kind, 0) | dict(counted)


def counted_max(question: Question) -> int:
    """Return up to how many hits are counted of each kind."""
    alone = len(question.terms) + sum(map(bool, question.chosen.values())) < 2
    return COUNTED_MAX if alone else MET_MAX


def facets(session: Session, question: Question) -> dict[str, list[Count]]:
    """Return facet → its codes with counts, most first. One SELECT, and one for each chosen.

    Empty without a kind: kinds have different facets. Over the first FACETED_MAX hits.
    """
    if question.kind is None:
        return {}
    names = FACETS[question.kind]
    chosen = [name for name in names if question.chosen.get(name)]
    told = _tallied(session, question, [name for name in names if name not in chosen])
    for name in chosen:
        others = {key: codes for key, codes in question.chosen.items() if key != name}
        told |= _tallied(session, replace(question, chosen=others), [name])
    return {name: told[name] for name in names if told.get(name)}


def newer(session: Session, asked: Sequence[tuple[Question, int]]) -> list[int]:
    """Return for each question how many hits have a number above its own, up to NEWER_MAX.

    One SELECT for all of them; none for no questions.
    """
    hits = [
        (place, found.among(found.number > than))
        for place, (question, than) in enumerate(asked)
        for kind in _kinds(question)
        for found in (_hits(replace(question, kind=kind), mark=f"{kind}{place}"),)
    ]
    told = [0] * len(asked)
    counted = _totals(session, [each for _, each in hits], NEWER_MAX)
    for (place, _), count in zip(hits, counted, strict=True):
        told[place] += count
    return told


def near(session: Session, question: Question) -> list[SearchEntry]:
    """Return what holds most of the terms, when nothing holds all of them. One SELECT."""
    if len(question.terms) < 2:
        return []
    numbers = list(session.scalars(index.sharing(question.terms, Kind).limit(NEAR_MAX)))
    rows = session.scalars(select(SearchEntry).where(SearchEntry.number.in_(numbers)))
    by_number = {entry.number: entry for entry in rows}
    return [by_number[number] for number in numbers]


def _knows(kind: Kind, question: Question) -> bool:
    return all(name in FACETS[kind] for name, codes in question.chosen.items() if codes)


def _kinds(question: Question) -> list[Kind]:
    return [kind for kind in Kind if question.kind in (None, kind) and _knows(kind, question)]


@lru_cache(maxsize=STATEMENTS)
def _paging(
    statements: tuple[Select[Any], ...], by: Order, after: str | None, limit: int
) -> Select[Any]:
    """Return what finds a page's entries with their weights; first pages' are kept made."""
    firsts = keyset_firsts(statements, by=by, after=after, limit=limit).c
    return (
        select(SearchEntry, *firsts)
        .join(SearchEntry, SearchEntry.number == firsts[str(by[-1][0].key)])
        .order_by(*(firsts[str(column.key)].desc() for column, _ in by))
        .limit(limit + 1)
    )


def _totals(session: Session, hits: Sequence[Hits], most: int) -> list[int]:
    """Return how many each finds, up to `most`. One SELECT; none for nothing."""
    if not hits:
        return []
    asked = {name: value for each in hits for name, value in each.asked.items()}
    statement = _counting(tuple(each.statement for each in hits), most)
    return list(session.execute(statement, asked).one())


@lru_cache(maxsize=STATEMENTS)
def _counting(statements: tuple[Select[Any], ...], most: int) -> Select[Any]:
    """Return what counts the rows of each statement; made once for those that are kept made."""
    return select(
        *(
            select(func.count()).select_from(each.limit(most).subquery()).scalar_subquery()
            for each in statements
        )
    )


def _hits(
    question: Question,
    rare: Rarity | None = None,
    *,
    first: int | None = None,
    wanted: int = 0,
    mark: str = "",
) -> Hits:
    """Return what finds the hits of a question about one kind.

    rare: by which the order of the words is chosen; without it they keep their own. first:
    the word that leads, if it is given. wanted: how many hits are. mark: sets the parameters
    apart from those of others in the same statement.
    """
    terms, whole = question.terms, frozenset[int]()
    if rare is not None:
        leads = rare.first if first is None else first
        places = rare.order(leads)
        terms, whole = [terms[place] for place in places], rare.whole(places, wanted)
    asked = {f"{mark}t{place}": term for place, term in enumerate(terms)}
    statement, order = _asking(len(asked), whole, mark)
    hits = Hits(statement, order, {**asked, f"{mark}kind": question.kind})
    narrow = rare and rare.narrow(wanted)
    for name, codes in question.chosen.items():
        if codes:
            hits = hits.coded(name, codes, at_first=name == narrow)
    return hits


def _resumed(after: str, question: Question) -> tuple[int, str]:
    """Return the place of the word that leads, and the cursor behind it. Raises Invalid."""
    place, _, cursor = after.partition(_MARK)
    if cursor and place in map(str, range(max(1, len(question.terms)))):
        return int(place), cursor
    raise Invalid("分页游标无效", "the cursor is not valid", pointer="/after")


@lru_cache(maxsize=STATEMENTS)
def _asking(terms: int, whole: frozenset[int], mark: str) -> tuple[Select[Any], Order]:
    """Return the statement that finds number and weight of one kind, and the order of showing.

    whole: the words of which all that they find is read, and not looked up hit by hit. Made
    once for each number of words: to make it anew would cost more than the search.
    """
    kind = bindparam(f"{mark}kind", type_=String)
    if not terms:
        number: Any = SearchEntry.number
        everything: Any = select(number, literal(0).label("weight"))
        everything = everything.where(SearchEntry.shown, SearchEntry.kind == kind)
        return everything, ((number, "desc"),)
    one = _LEADS
    statement = select(one.entry, one.weight).where(
        one.shown, one.term == bindparam(f"{mark}t0"), one.kind == kind
    )
    for place in range(1, terms):
        also = SearchTerm.__table__.alias(f"t{place}").c
        holding = select(also.entry).where(
            also.shown,
            also.term == bindparam(f"{mark}t{place}"),
            also.kind == kind,
            also.weight.in_(index.WEIGHTS),
        )
        # Not by "=", for which SQLite takes the index of the entries, whose rows are spread
        # over the disk.
        here = holding.where(also.entry.between(one.entry, one.entry)).exists()
        holds = one.entry.in_(holding) if place in whole else here
        # Said to be true, neither is a join to PostgreSQL, which takes a rare word for one
        # that finds a row or two, and would read all of it again for each hit.
        statement = statement.where(holds.is_(true()))
    return statement, ((one.weight, "desc"), (one.entry, "desc"))


def _tallied(session: Session, question: Question, names: Sequence[str]) -> dict[str, list[Count]]:
    rare = rarity.sampled(session, question.terms, question.chosen)
    hits = _hits(question, rare, wanted=FACETED_MAX)
    packed = session.execute(_packing(hits.statement, hits.order), hits.asked).scalar_one()
    told: dict[str, list[Count]] = {}
    for facet, value, count in index.tallied(packed or ""):
        if facet in names:
            told.setdefault(facet, []).append(Count(value, count))
    return {name: values[:VALUES_MAX] for name, values in told.items()}


@lru_cache(maxsize=STATEMENTS)
def _packing(statement: Select[Any], order: Order) -> Select[Any]:
    """Return what puts the codes of the first FACETED_MAX hits behind each other."""
    first = statement.order_by(*(column.desc() for column, _ in order)).limit(FACETED_MAX)
    hits = first.subquery()
    # One by one, for to join them PostgreSQL would read all entries that there are.
    codes = select(SearchEntry.codes).where(SearchEntry.number == hits.c[0]).scalar_subquery()
    return select(func.aggregate_strings(codes, "")).select_from(hits)
