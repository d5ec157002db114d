"""How rare words and codes are (稀有度): told by a sample, to look up the rarest of them first.

A search by several words costs what its first word finds, until enough of that holds the
others too; so the first should be the one that finds least. How much each finds is counted
among the newest entries alone, which costs the same however many entries there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from marketplace.indexing import index
from marketplace.indexing.index import Kind, SearchEntry, SearchFacet, SearchTerm

SAMPLE: Final = 10_000
"""The newest entries among which is counted."""

SAMPLED_MAX: Final = 500
"""Rows of one word or facet that are counted there: with so many, it is not rare."""

LOOKED_UP: Final = 20
"""To look one hit up costs as much as to read so many in a row."""

FEW: Final = 1_000
"""Hits of a word that are read in a row without a thought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rarity:
    """How many of the newest entries each word and each facet's chosen codes find.

    newest: the number of the newest entry; 0 where there was nothing to compare.
    """

    newest: int = 0
    terms: tuple[int, ...] = ()
    codes: Mapping[str, int] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """The place of the rarest word; the first of those that are equally rare."""
        return self.terms.index(min(self.terms)) if self.terms else 0

    def order(self, first: int) -> list[int]:
        """Return the places of all words: `first`, then the others, the rarest of them first."""
        others = sorted(range(len(self.terms)), key=lambda place: (self.terms[place], place))
        return [first, *(place for place in others if place != first)] if self.terms else []

    def whole(self, places: Sequence[int], wanted: int) -> frozenset[int]:
        """Return where in `places` stand words of which all that they find is best read whole.

        Each of the others is looked up for each hit of the first, until `wanted` are found.
        """
        if len(places) < 2:
            return frozenset()
        sizes = [self.terms[place] * max(1, self.newest // SAMPLE) for place in places]
        most = max(FEW, LOOKED_UP * min(sizes[0], wanted))
        return frozenset(place for place, size in enumerate(sizes) if place and size <= most)

    def narrow(self, wanted: int) -> str | None:
        """Return the facet whose codes are so rare that what they find is looked up first.

        It is worth it when all that they find is less than what must be looked at, one after
        the other, until `wanted` of it have been found.
        """
        if not self.codes:
            return None
        name = min(self.codes, key=lambda one: self.codes[one])
        size, sample = self.codes[name], max(1, min(SAMPLE, self.newest))
        rarest = size <= min(self.terms, default=size)
        return name if rarest and size * size * self.newest < wanted * sample * sample else None


def sampled(session: Session, terms: Sequence[str], chosen: Mapping[str, Sequence[str]]) -> Rarity:
    """Return how rare words and chosen codes are. One SELECT on indexes, once a session.

    None at all for a single word, or for nothing: there is no choice.
    """
    codes = {name: tuple(told) for name, told in chosen.items() if told}
    if len(terms) + len(codes) < 2 and not codes:
        return Rarity(terms=(0,) * len(terms))
    known: dict[Any, Rarity] = session.info.setdefault(sampled, {})
    key = (*terms, *sorted(codes.items()))
    if key not in known:
        asked: dict[str, Any] = {f"t{place}": term for place, term in enumerate(terms)}
        for place, (name, told) in enumerate(codes.items()):
            asked |= {f"f{place}": name, f"c{place}": told}
        found = session.execute(_sampling(len(terms), len(codes)), asked).one()
        known[key] = Rarity(
            newest=found[0],
            terms=tuple(found[1 : 1 + len(terms)]),
            codes=dict(zip(codes, found[1 + len(terms) :], strict=True)),
        )
    return known[key]


@lru_cache(maxsize=100)
def _sampling(terms: int, codes: int) -> Select[Any]:
    """Return what counts words and codes; made once for each number of them."""
    ways = [*map(_term, range(terms)), *map(_code, range(codes))]
    counted = [
        select(func.count()).select_from(way.limit(SAMPLED_MAX).subquery()).scalar_subquery()
        for way in ways
    ]
    newest = select(func.coalesce(func.max(SearchEntry.number), 0)).scalar_subquery()
    return select(newest, *counted)


def _beyond() -> Any:
    return select(func.max(SearchEntry.number) - SAMPLE).scalar_subquery()


def _term(place: int) -> Select[Any]:
    one = SearchTerm.__table__.alias().c
    return select(one.entry).where(
        one.shown,
        one.term == bindparam(f"t{place}"),
        one.kind.in_([*Kind]),
        one.weight.in_(index.WEIGHTS),
        one.entry > _beyond(),
    )


def _code(place: int) -> Select[Any]:
    one = SearchFacet.__table__.alias().c
    return select(one.entry).where(
        one.facet == bindparam(f"f{place}"),
        one.value.in_(bindparam(f"c{place}", expanding=True)),
        one.entry > _beyond(),
    )
