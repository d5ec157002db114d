"""What a search finds (检索结果): a page of it, how many of each kind, and facets with counts.

Within one facet any of the chosen codes will do, and between facets all must hold; the
counts of a facet are told as if nothing were chosen in it, so that one can choose further.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any, Final, NamedTuple

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from kernel import pages
from kernel.engines import Direct
from kernel.errors import Invalid
from kernel.pages import Order, Page
from marketplace.indexing import index, lists
from marketplace.indexing.index import Entry, Kind, SearchEntry, SearchFacet, SearchTerm
from marketplace.indexing.lists import Key

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

DENSE: Final = 64
"""Hits in a block from which on it costs less to read the lists of codes than their own codes."""

LOOKED_UP: Final = 1_000
"""Rated products that are read at once, to find those of them that are hits."""

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

    entry: Entry
    relevance: int


class Place(NamedTuple):
    """Where a hit stands: by what the word that leads weighs in it, and then by its number."""

    weight: int
    entry: int


_BY: Final[Order] = tuple((SearchTerm.__table__.c[name], "desc") for name in Place._fields)


class Hits(NamedTuple):
    """The numbers of all hits, as bits, by what the word that leads weighs in them.

    led: the place of that word in the question.
    """

    weighed: tuple[tuple[int, int], ...]
    led: int = 0

    @property
    def all(self) -> int:
        """Their numbers, of whatever weight."""
        bits = 0
        for _, some in self.weighed:
            bits |= some
        return bits

    @property
    def size(self) -> int:
        """How many they are."""
        return sum(bits.bit_count() for _, bits in self.weighed)

    def among(self, numbers: int) -> "Hits":
        """Return those of some numbers, which are bits."""
        return self._replace(weighed=tuple((w, bits & numbers) for w, bits in self.weighed))

    def behind(self, place: Place) -> "Hits":
        """Return those that are shown after a place."""
        told = [
            (weight, bits if weight < place.weight else _below(bits, place.entry))
            for weight, bits in self.weighed
            if weight <= place.weight
        ]
        return self._replace(weighed=tuple(told))

    def first(self, most: int) -> list[Place]:
        """Return the places of the `most` that are shown first."""
        places: list[Place] = []
        for weight, bits in self.weighed:
            some = lists.highest(bits, most - len(places))
            places += [Place(weight, number) for number in some]
        return places

    def top(self, most: int) -> int:
        """Return the numbers of the `most` that are shown first, as bits."""
        found = 0
        for _, bits in self.weighed:
            found |= lists.top(bits, most - found.bit_count())
        return found


@dataclass(frozen=True, slots=True)
class Count:
    """How many hits have a code of a facet."""

    value: str
    count: int


def found(session: Session, question: Question, *, after: str | None, limit: int) -> Page[Hit]:
    """Return one page of hits: those whose title has the rarest word first, then the newest.

    Two SELECTs: what the words find, and what is shown of the hits.
    """
    if question.best_first:
        return _best(session, question, after=after, limit=limit)
    first, place = (None, None) if after is None else _resumed(after, question)
    hits = _hits(session, question, _kinds(question), first=first)
    page = _cut(hits, place, limit)
    beyond = page.next and f"{hits.led}{_MARK}{page.next}"
    return Page(_shown(session, page.items), beyond)


def _best(session: Session, question: Question, *, after: str | None, limit: int) -> Page[Hit]:
    """Return one page of products, the best rated first: those that are rated, then the others.

    A cursor says at which of the two it is. Raises Invalid.
    """
    if question.kind != Kind.PRODUCT:
        zh, en = "只有产品可以按评价排序", "only products are put in order by their ratings"
        raise Invalid(zh, en, pointer="/sort")
    after = after or _RATED
    first, place = (None, None) if len(after) < 2 else _resumed(after[1:], question)
    hits = _hits(session, question, _kinds(question), first=first)
    mark = f"{hits.led}{_MARK}"
    known = lists.read(session, [Kind.PRODUCT], [_HAS_RATING])[Kind.PRODUCT, _HAS_RATING].all
    places: list[Place] = []
    if after[0] == _RATED:
        page = _cut_rated(session, hits.among(known), place, limit)
        if page.next:
            return Page(_shown(session, page.items), f"{_RATED}{mark}{page.next}")
        places, place = page.items, None
    elif after[0] != _OTHERS:
        raise Invalid("分页游标无效", "the cursor is not valid", pointer="/after")
    others, room = hits.among(~known), limit - len(places)
    if not room:
        return Page(_shown(session, places), _OTHERS if others.size else None)
    page = _cut(others, place, room)
    beyond = page.next and f"{_OTHERS}{mark}{page.next}"
    return Page(_shown(session, [*places, *page.items]), beyond)


def _cut(hits: Hits, place: Place | None, limit: int) -> Page[Place]:
    """Return one page of places behind one, without asking the database."""
    rest = hits if place is None else hits.behind(place)
    return pages.cut(rest.first(limit + 1), _BY, limit)


def _cut_rated(session: Session, hits: Hits, place: Place | None, limit: int) -> Page[Place]:
    """Return one page of rated hits, the best first; of a place the weight is its rating.

    One SELECT where they are few, and else as many as it takes to find `limit` + 1 of them.
    """
    places: list[Place] = []
    few = [] if hits.size > LOOKED_UP else lists.highest(hits.all, LOOKED_UP)
    if not hits.size:
        return Page(places, None)
    while True:
        rows = session.execute(_rated(place, few)).all()
        weights = ((int(value), entry) for value, entry in rows if hits.all >> entry & 1)
        places += (Place(*one) for one in weights)
        if few or len(rows) < LOOKED_UP or len(places) > limit:
            return pages.cut(places, _BY, limit)
        place = Place(int(rows[-1][0]), rows[-1][1])


def _rated(place: Place | None, few: Sequence[int]) -> Any:
    """Return what finds the rated behind a place, the best first. few: of these alone."""
    by = (_CODES.value, _CODES.entry)
    statement = select(*by).where(_CODES.facet == index.RATED)
    if few:
        statement = statement.where(_CODES.entry.in_(few))
    if place is not None:
        statement = statement.where(tuple_(*by) < tuple_(f"{place.weight:04}", place.entry))
    return statement.order_by(*(column.desc() for column in by)).limit(LOOKED_UP)


def _shown(session: Session, places: Iterable[Place]) -> list[Hit]:
    """Return the hits at some places. One SELECT by key."""
    told = list(places)
    entries = index.entries(session, [place.entry for place in told])
    return [Hit(entries[place.entry], place.weight) for place in told]


def counts(session: Session, question: Question) -> dict[Kind, int]:
    """Return how many hits there are of each kind, up to `counted_max` each.

    One SELECT at most, of the kinds that were not looked at yet.
    """
    kinds, most = _kinds(replace(question, kind=None)), counted_max(question)
    told = {kind: min(_hits(session, question, [kind]).size, most) for kind in kinds}
    return dict.fromkeys(Kind, 0) | told


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
    keys = [key for question, _ in asked for words, chosen in [_keys(question)]
            for key in chain(words, *chosen)]  # fmt: skip
    lists.read(session, Kind, keys)
    told = []
    for question, than in asked:
        hits = _hits(session, question, _kinds(question))
        told.append(min((hits.all >> (than + 1)).bit_count(), NEWER_MAX))
    return told


def near(session: Session, question: Question) -> list[Entry]:
    """Return what holds most of the terms, when nothing holds all of them. Two SELECTs."""
    if len(question.terms) < 2:
        return []
    numbers = list(session.scalars(index.sharing(question.terms, Kind).limit(NEAR_MAX)))
    by_number = index.entries(session, numbers)
    return [by_number[number] for number in numbers]


def _knows(kind: Kind, question: Question) -> bool:
    return all(name in FACETS[kind] for name, codes in question.chosen.items() if codes)


def _kinds(question: Question) -> list[Kind]:
    return [kind for kind in Kind if question.kind in (None, kind) and _knows(kind, question)]


def _keys(question: Question) -> tuple[list[Key], list[list[Key]]]:
    """Return the lists that are met: one for each word, and several for a facet's codes."""
    words = [("", term) for term in question.terms] or [lists.EVERYTHING]
    return words, [
        [(name, code) for code in codes] for name, codes in question.chosen.items() if codes
    ]


def _hits(
    session: Session, question: Question, kinds: Sequence[Kind], *, first: int | None = None
) -> Hits:
    """Return the hits of some kinds. One SELECT at most.

    first: the place of the word that leads, if it is given; it is the rarest otherwise.
    """
    words, chosen = _keys(question)
    told = lists.read(session, kinds, chain(words, *chosen))
    if first is None:
        sizes = [sum(told[kind, word].size for kind in kinds) for word in words]
        first = sizes.index(min(sizes))
    titled = plain = 0
    for kind in kinds:
        leads = told[kind, words[first]]
        met = leads.all
        for word in words:
            met &= told[kind, word].all
        for codes in chosen:
            met &= reduce(or_, (told[kind, code].all for code in codes))
        titled, plain = titled | met & leads.titled, plain | met & leads.plain
    # Without a word, all that there is weighs nothing.
    weights = (1, 0) if words == [lists.EVERYTHING] else index.WEIGHTS
    return Hits(tuple(zip(weights, (titled, plain), strict=True)), first)


def _below(bits: int, number: int) -> int:
    """Return the bits below a number, which somebody may have made up."""
    return bits & ((1 << max(0, number)) - 1) if number < bits.bit_length() else bits


def _resumed(after: str, question: Question) -> tuple[int, Place]:
    """Return the place of the word that leads, and that behind which to go on. Raises Invalid."""
    led, _, cursor = after.partition(_MARK)
    if cursor and led in map(str, range(max(1, len(question.terms)))):
        return int(led), Place._make(pages.read(cursor, _BY))
    raise Invalid("分页游标无效", "the cursor is not valid", pointer="/after")


def _tallied(session: Session, question: Question, names: Sequence[str]) -> dict[str, list[Count]]:
    """Return facet → its codes with counts, of some facets. Two SELECTs at most."""
    kinds = _kinds(question)
    first = _hits(session, question, kinds).top(FACETED_MAX)
    told: dict[str, dict[str, int]] = {}
    for facet, value, count in _coded(session, kinds, names, first):
        if facet in names:
            values = told.setdefault(facet, {})
            values[value] = values.get(value, 0) + count
    return {
        name: [
            Count(value, count)
            for value, count in sorted(values.items(), key=lambda one: (-one[1], one[0]))
        ][:VALUES_MAX]
        for name, values in told.items()
    }


def _coded(
    session: Session, kinds: Sequence[Kind], names: Sequence[str], numbers: int
) -> Iterable[tuple[str, str, int]]:
    """Return facet, code and how often it occurs, in parts. One SELECT; none for no numbers.

    Where hits lie close together the lists of the codes are read, and else the hits' own codes.
    """
    blocks = lists.parted(numbers)
    if not (blocks and names and kinds):
        return []
    count = numbers.bit_count()
    if count > DENSE * len(blocks):
        return lists.counted(session, kinds[0], names, blocks)
    asked = {"numbers": lists.highest(numbers, count)}
    return index.tallied("".join(codes for (codes,) in _PACKED.rows(session, asked)))


_CODES: Final = SearchFacet.__table__.c
_ENTRIES: Final = SearchEntry.__table__.c
_HAS_RATING: Final[Key] = (index.RATED, "")
_PACKED: Final = Direct(
    lambda among: select(_ENTRIES.codes).where(among(_ENTRIES.number, "numbers"))
)
