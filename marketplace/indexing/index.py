"""The index (检索索引): Chinese and Latin script, the same on both databases, no extensions.

A text becomes terms: each Latin word or number, and each pair of neighbouring Chinese
characters (二元切分), because words of two characters are most of what is looked for, and
a segmenter misses every third of them. A query finds what holds all of its terms.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    Table,
    UniqueConstraint,
    delete,
    false,
    func,
    insert,
    select,
    tuple_,
    union_all,
)
from sqlalchemy import exists as there_is
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from kernel.db import Base, Big
from kernel.engines import Direct
from marketplace.indexing import lists

QUERY_TERMS_MAX: Final = 12
"""How many terms of a query count; the rest of a longer one is not looked for."""

TERMS_MAX: Final = 2000
"""How many terms of one thing are kept, those of its titles first."""

SHARED_MAX: Final = 2000
"""Things that hold a term and are looked at for what else they share."""

SUMMARY_MAX: Final = 300
TITLED: Final = 3
PLAIN: Final = 1
WEIGHTS: Final = (TITLED, PLAIN)
"""What a term weighs in a title, and in the other texts."""

_RUNS: Final = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+")
_BATCH: Final = 500
_IS: Final = "\x1f"
_ENDS: Final = "\x1e"
"""What parts a facet from its code, and that from the next: no text holds them."""


class Kind(StrEnum):
    """What can be looked for."""

    PRODUCT = "product"
    DIRECTORY = "directory"
    DEMAND = "demand"
    ORGANISATION = "organisation"


class SearchEntry(Base):
    """One thing that can be found. number: grows with the day on which it was shown first.

    shown: whether everybody finds it; what is not shown is found by its owner's own lists.
    codes: those of its facets, as `packed`, to be counted without looking each of them up.
    """

    __tablename__ = "search_entries"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id"),
        Index(None, "kind", "shown", "number"),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    kind: Mapped[str]
    subject_id: Mapped[str]
    shown: Mapped[bool]
    code: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    summary: Mapped[str]
    owner_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    codes: Mapped[str] = mapped_column(server_default="")


class SearchTerm(Base):
    """One term that stands in the texts of a thing, and what it weighs there.

    By them it is known on which lists a thing is. shown, kind: the entry's.
    """

    __tablename__ = "search_terms"
    __table_args__ = (Index(None, "entry"), {"sqlite_with_rowid": False})

    shown: Mapped[bool] = mapped_column(primary_key=True)
    term: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    weight: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry: Mapped[int] = mapped_column(
        Big, ForeignKey("search_entries.number"), primary_key=True, autoincrement=False
    )


class Entry(NamedTuple):
    """What a search shows of one thing."""

    number: int
    kind: str
    subject_id: str
    code: str
    title_zh: str
    title_en: str
    summary: str
    owner_id: str


RATED: Final = "rated"
"""The facet whose code puts rated products in order; nobody chooses of it."""


class SearchFacet(Base):
    """One code of a thing in one facet (分面): its type, its industry, a region and so on."""

    __tablename__ = "search_facets"
    __table_args__ = (Index(None, "facet", "value", "entry"), {"sqlite_with_rowid": False})

    entry: Mapped[int] = mapped_column(
        Big, ForeignKey("search_entries.number"), primary_key=True, autoincrement=False
    )
    facet: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a thing says of itself. facets: (facet, code) each.

    shown, facets: None leaves them as they are.
    """

    kind: Kind
    subject_id: str
    owner_id: str
    code: str
    title_zh: str
    title_en: str
    summary: str
    texts: tuple[str, ...] = ()
    shown: bool | None = None
    facets: frozenset[tuple[str, str]] | None = None


def terms(text: str, *, singles: bool) -> list[str]:
    """Return the terms of `text` in order, each once; width and case make no difference.

    singles: each Chinese character counts as a term as well, so that a query of one
    character finds something; an index needs them, a longer query does not.
    """
    found: dict[str, None] = {}
    for run in _RUNS.findall(unicodedata.normalize("NFKC", text).casefold()):
        if run[0] <= "z":
            found[run] = None
            continue
        pairs = [run[place : place + 2] for place in range(len(run) - 1)]
        found.update(dict.fromkeys(pairs or [run]))
        if singles:
            found.update(dict.fromkeys(run))
    return list(found)


def weighed(said: Said) -> list[tuple[str, int]]:
    """Return the terms by which a thing is found, each with its weight, TERMS_MAX at most."""
    titles = " ".join((said.code, said.title_zh, said.title_en))
    weights = dict.fromkeys(terms(titles, singles=True), TITLED)
    for term in terms(" ".join((said.summary, *said.texts)), singles=True):
        weights.setdefault(term, PLAIN)
    return list(weights.items())[:TERMS_MAX]


def packed(codes: Iterable[tuple[str, str]]) -> str:
    """Return facets and codes as one text, so that several may be put behind each other."""
    return "".join(f"{facet}{_IS}{value}{_ENDS}" for facet, value in sorted(codes))


def unpacked(packed: str) -> list[tuple[str, str]]:
    """Return facets and codes of what was packed."""
    parted = (code.partition(_IS) for code in packed.split(_ENDS)[:-1])
    return [(facet, value) for facet, _, value in parted]


def tallied(packed: str) -> list[tuple[str, str, int]]:
    """Return facet, code and how often it occurs in what was packed, most first."""
    told = Counter(packed.split(_ENDS)[:-1])
    parted = ((code.partition(_IS), count) for code, count in told.items())
    found = [(facet, value, count) for (facet, _, value), count in parted]
    return sorted(found, key=lambda one: (-one[2], one[1]))


def put(session: Session, said: Said) -> None:
    """Let a thing be found by what it says, and by nothing else.

    Three SELECTs, of a thing that is new one; what it says no more is deleted and what it
    says anew is inserted, by batches of 500, and the lists of what changes are written. What
    is shown anew goes to the front of the newest.
    """
    entry, new, before = _entry(session, said)
    shown = {"shown": entry.shown, "kind": entry.kind}
    rows = [{**shown, "term": term, "weight": weight} for term, weight in weighed(said)]
    there, now = _rewrite(session, _TERMS, entry.number, rows, new=new)
    if said.facets is not None:
        codes = [{"facet": facet, "value": value} for facet, value in sorted(said.facets)]
        _rewrite(session, _FACETS, entry.number, codes, new=new)
    was = _listed(there, before.codes) if before.shown else _NOWHERE
    is_ = _listed(now, entry.codes) if entry.shown else _NOWHERE
    titled, plain = zip(was, is_, strict=True)
    lists.move(session, entry.kind, entry.number, titled=titled, plain=plain)


def entries(session: Session, numbers: Sequence[int]) -> dict[int, Entry]:
    """Return number → what is shown of it. One SELECT by key; none for no numbers."""
    if not numbers:
        return {}
    return {row[0]: Entry(*row) for row in _SHOWN.rows(session, {"numbers": list(numbers)})}


def is_shown(session: Session, kind: Kind, subject_id: str) -> bool:
    """Tell whether everybody finds a thing as the index has it. One SELECT on an index."""
    statement = select(SearchEntry.shown).where(
        SearchEntry.kind == kind, SearchEntry.subject_id == subject_id
    )
    return bool(session.scalars(statement).one_or_none())


def holds(
    kind: Kind, subject_id: InstrumentedAttribute[str], text: str
) -> list[ColumnElement[bool]]:
    """Return the conditions under which a thing holds all terms of `text`; each on an index.

    None for a text without a single letter: it is no question.
    """
    return [
        there_is().where(
            SearchTerm.shown.in_((True, False)),
            SearchTerm.term == term,
            SearchTerm.kind == kind,
            SearchTerm.weight.in_(WEIGHTS),
            SearchTerm.entry == SearchEntry.number,
            SearchEntry.kind == kind,
            SearchEntry.subject_id == subject_id,
        )
        for term in terms(text, singles=False)[:QUERY_TERMS_MAX]
    ]


def sharing(terms: Sequence[str], kinds: Iterable[Kind]) -> Select[Any]:
    """Return entry, terms and weight of what is shown and shares some terms, most first.

    Of what holds a term, and of each kind, the first SHARED_MAX count: what is common to so
    many says little.
    """
    each = SearchTerm.__table__.c
    parts = [
        select(
            select(each.entry, each.weight)
            .where(each.shown, each.term == term, each.kind == kind)
            .order_by(each.weight.desc(), each.entry.desc())
            .limit(SHARED_MAX)
            .subquery()
        )
        for term in terms
        for kind in kinds
    ] or [select(each.entry, each.weight).where(false())]
    one = union_all(*parts).subquery().c
    return (
        select(one.entry, func.count().label("terms"), func.sum(one.weight).label("weight"))
        .group_by(one.entry)
        .order_by(func.count().desc(), func.sum(one.weight).desc(), one.entry.desc())
    )


class _Before(NamedTuple):
    """What an entry was before it was put: whether it was shown, and its codes."""

    shown: bool = False
    codes: str = ""


_NOWHERE: Final = (frozenset[lists.Key](), frozenset[lists.Key]())


def _listed(
    terms: Iterable[tuple[Any, ...]], codes: str
) -> tuple[frozenset[lists.Key], frozenset[lists.Key]]:
    """Return the lists on which a shown thing is: those of its titles, and the others.

    terms: its rows, each of shown, term, kind and weight. codes: as they are packed.
    """
    titled = frozenset(("", term) for _, term, _, weight in terms if weight == TITLED)
    plain = {("", term) for _, term, _, weight in terms if weight != TITLED}
    # Of ratings it is listed that there is one; in their order they stand in a table.
    coded = {(facet, "" if facet == RATED else value) for facet, value in unpacked(codes)}
    return titled, frozenset({*plain, *coded, lists.EVERYTHING})


def _entry(session: Session, said: Said) -> tuple[SearchEntry, bool, _Before]:
    """Return the entry of a thing, whether it is new, and what it was before."""
    entry = session.scalars(
        select(SearchEntry).where(
            SearchEntry.kind == said.kind, SearchEntry.subject_id == said.subject_id
        )
    ).one_or_none()
    shown = bool(said.shown if said.shown is not None else entry and entry.shown)
    if entry is not None and shown and not entry.shown:
        for table in (_TERMS, _FACETS):
            session.execute(delete(table).where(table.c.entry == entry.number))
        session.delete(entry)
        # One thing has one entry: the old one goes before the new one comes.
        session.flush()
        entry = None
    new = entry is None
    if entry is None:
        entry = SearchEntry(kind=said.kind, subject_id=said.subject_id, codes="")
        session.add(entry)
    before = _Before() if new else _Before(entry.shown, entry.codes)
    if said.facets is not None:
        entry.codes = packed(said.facets)
    entry.shown, entry.code, entry.owner_id = shown, said.code, said.owner_id
    entry.title_zh, entry.title_en = said.title_zh, said.title_en
    entry.summary = said.summary[:SUMMARY_MAX]
    # Its number is given by the database, and the terms refer to it.
    session.flush()
    return entry, new, before


def _rewrite(
    session: Session, table: Table, entry: int, rows: Iterable[dict[str, Any]], *, new: bool
) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
    """Let an entry have these rows of a table and no others. new: it has none yet.

    Return the rows that it had, and those that it has. By the table and not by its class:
    there is no object of it to be kept in step.
    """
    columns = [column for column in table.c if column.name != "entry"]
    names = [column.name for column in columns]
    wanted = {tuple(row[name] for name in names): {**row, "entry": entry} for row in rows}
    now, there = set(wanted), set[tuple[Any, ...]]()
    if not new:
        there = set(map(tuple, session.execute(select(*columns).where(table.c.entry == entry))))
        gone = sorted(there - wanted.keys())
        for begin in range(0, len(gone), _BATCH):
            some = tuple_(*columns).in_(gone[begin : begin + _BATCH])
            session.execute(delete(table).where(table.c.entry == entry, some))
        wanted = {key: row for key, row in wanted.items() if key not in there}
    added = list(wanted.values())
    for begin in range(0, len(added), _BATCH):
        session.execute(insert(table), added[begin : begin + _BATCH])
    return there, now


_TERMS: Final = cast("Table", SearchTerm.__table__)
_FACETS: Final = cast("Table", SearchFacet.__table__)
_ENTRIES: Final = SearchEntry.__table__.c
_SHOWN: Final = Direct(
    lambda among: select(*(_ENTRIES[name] for name in Entry._fields)).where(
        among(_ENTRIES.number, "numbers")
    )
)
