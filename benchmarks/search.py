"""The search over many entries, on both databases, beside a LIKE scan of the same texts.

Everything that is found is compared with a scan of every text, so that recall is 1 or the run
fails. Timed are a page of twenty, and the whole answer of a search: the page, how many there
are of each kind, and the facets; and turn by turn the same of LIKE: the same entries, in the same
order, with the same counts, by as many statements. `python -m benchmarks
search:1000000:postgresql` takes a million entries; those are loaded in the order of the index,
which is built afterwards.
"""

import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby, islice
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import psycopg
from sqlalchemy import Select, func, make_url, select, text
from sqlalchemy.orm import Session

from benchmarks import titles
from benchmarks.house import database
from kernel.engines import Engines
from marketplace.finding import results
from marketplace.finding.results import Question
from marketplace.indexing import index, lists
from marketplace.indexing.index import Kind, SearchEntry

ENTRIES: Final = 34_000
BATCH: Final = 10_000
TURNS: Final = 60
LIMIT: Final = 20
DEEP: Final = 9_000
PUTS: Final = 300

Rows = Iterable[tuple[Any, ...]]
Write = Callable[[str, tuple[str, ...], Rows], None]
Spans = list[float]


def run(entries: int = ENTRIES, where: str = "sqlite") -> None:
    """Index `entries` titles on SQLite or PostgreSQL, and ask."""
    with database(where) as url:
        began = perf_counter()
        with _loading(url) as write:
            postings = _fill(write, entries)
        took = perf_counter() - began
        engines = Engines(url)
        size = _bytes(engines)
        print(f"\n{where}: {entries:,} entries, {postings:,} postings in {took:.0f} s")
        print(f"  in bulk: {took / postings * 1e6:.2f} µs, {size / postings:.0f} bytes a posting")
        _put(engines, entries)
        print(f"  {'':<24} {'p50':>9} {'p95':>9}   {'LIKE p50':>9} {'p95':>9}"
              f"   {'times p50':>9} {'p95':>5}")  # fmt: skip
        for label, words in titles.WORDS.items():
            _ask(engines, label, words, scans=TURNS if entries <= ENTRIES else len(words))
        _further(engines, entries)
        engines.dispose()


def _ask(engines: Engines, label: str, words: Sequence[str], *, scans: int) -> None:
    """Print what a kind of query costs, having checked that it misses nothing.

    Turn by turn with LIKE, and each in a row. scans: how many turns LIKE takes.
    """
    found, scanned = 0, 0
    for word in words:
        with engines.reading() as session:
            truth, ours = set(_scan(session, word)), set(_all(session, word))
        assert truth <= ours, (word, len(truth), len(truth - ours))
        found, scanned = found + len(ours), scanned + len(truth)
    print(f"  {label}: recall 1, precision {scanned / found:.4f}, of {scanned:,}")
    for name, act, like in (("page", _page, _liked), ("whole answer", _whole, _liked_whole)):
        took, scan = _spans(engines, words, act, like, turns=scans)
        _tell(name, took, scan)
        # After a scan the caches of processor and server are full of it; searches follow searches.
        (took,), (scan,) = (
            _spans(engines, words, each, turns=turns)
            for each, turns in ((act, TURNS), (like, scans))
        )
        _tell(f"{name}, in a row", took, scan)


def _tell(name: str, took: Spans, scan: Spans) -> None:
    print(f"    {name:<22} {_ms(took, 0.5)} {_ms(took, 0.95)}   {_ms(scan, 0.5)}"
          f" {_ms(scan, 0.95)}   {_part(scan, 0.5) / _part(took, 0.5):>9.1f}"
          f" {_part(scan, 0.95) / _part(took, 0.95):>5.1f}", flush=True)  # fmt: skip


def _further(engines: Engines, entries: int) -> None:
    """Print what paging, browsing, facets and the newest of saved searches cost."""
    with engines.reading() as session:
        deep = results.found(session, _question("数据"), after=None, limit=DEEP).next
    browsing = Question(kind=Kind.PRODUCT)
    chosen = Question(kind=Kind.PRODUCT, chosen={"region": ["430100"], "grade": ["G1", "G2"]})
    kept = [
        (Question(text=word), entries - BATCH) for words in titles.WORDS.values() for word in words
    ]
    acts: dict[str, Callable[[Session, str], Any]] = {
        f"page after {DEEP:,} hits": lambda session, word: results.found(
            session, _question(word), after=deep, limit=LIMIT
        ),
        "page of all kinds": lambda session, word: results.found(
            session, Question(text=word), after=None, limit=LIMIT
        ),
        "counts of all kinds": lambda session, word: results.counts(session, Question(text=word)),
        "facets of one word": lambda session, word: results.facets(session, _question(word)),
        "whole answer, no word": lambda session, _: _answer(session, browsing),
        "whole answer, facets": lambda session, _: _answer(session, chosen),
        f"new in {len(kept)} searches": lambda session, _: results.newer(session, kept),
    }
    for label, act in acts.items():
        (spans,) = _spans(engines, ("数据",), act)
        print(f"  {label:<24} {_ms(spans, 0.5)} {_ms(spans, 0.95)}")


def _question(words: str) -> Question:
    return Question(text=words, kind=Kind.DIRECTORY)


def _page(session: Session, words: str) -> object:
    return results.found(session, _question(words), after=None, limit=LIMIT)


def _whole(session: Session, words: str) -> object:
    return _answer(session, _question(words))


def _answer(session: Session, question: Question) -> object:
    page = results.found(session, question, after=None, limit=LIMIT)
    return page, results.counts(session, question), results.facets(session, question)


def _all(session: Session, words: str) -> Iterator[int]:
    """Yield the number of everything that is found, page after page."""
    after = None
    while True:
        page = results.found(session, Question(text=words), after=after, limit=BATCH)
        yield from (hit.entry.number for hit in page.items)
        session.expunge_all()
        if (after := page.next) is None:
            return


def _likes(words: str) -> list[Any]:
    columns = SearchEntry.title_zh, SearchEntry.title_en, SearchEntry.summary
    return [
        columns[0].contains(word) | columns[1].contains(word) | columns[2].contains(word)
        for word in words.split()
    ]


def _scan(session: Session, words: str) -> Iterable[int]:
    return session.scalars(select(SearchEntry.number).where(*_likes(words)))


def _liking(words: str) -> Select[SearchEntry]:
    """Return what finds by LIKE what `_page` finds, in its order."""
    first, here = words.split()[0], SearchEntry.kind == Kind.DIRECTORY
    titled = SearchEntry.title_zh.contains(first) | SearchEntry.title_en.contains(first)
    found = select(SearchEntry).where(SearchEntry.shown, here, *_likes(words))
    return found.order_by(titled.desc(), SearchEntry.number.desc())


def _liked(session: Session, words: str) -> object:
    return session.scalars(_liking(words).limit(LIMIT)).all()


def _liked_whole(session: Session, words: str) -> object:
    counting = select(SearchEntry.kind, func.count()).where(SearchEntry.shown, *_likes(words))
    first = _liking(words).with_only_columns(SearchEntry.codes).limit(results.FACETED_MAX)
    codes = select(func.aggregate_strings(first.subquery().c.codes, ""))
    return (
        _liked(session, words),
        session.execute(counting.group_by(SearchEntry.kind)).all(),
        index.tallied(session.execute(codes).scalar_one() or ""),
    )


def _spans(
    engines: Engines,
    words: Sequence[str],
    *acts: Callable[[Session, str], object],
    turns: int = TURNS,
) -> list[Spans]:
    """Return of each act how many seconds its turns took, sorted; they take turns.

    Each has a session of its own, and is done once with every word before it is timed.
    """
    took: list[Spans] = [[] for _ in acts]
    for turn in range(-len(words), turns):
        for act, spans in zip(acts, took, strict=True):
            began = perf_counter()
            with engines.reading() as session:
                act(session, words[turn % len(words)])
            if turn >= 0:
                spans.append(perf_counter() - began)
    return [sorted(spans) for spans in took]


def _part(spans: Spans, part: float) -> float:
    return spans[min(int(len(spans) * part), len(spans) - 1)]


def _ms(spans: Spans, part: float) -> str:
    return f"{_part(spans, part) * 1e3:6.2f} ms"


def _put(engines: Engines, entries: int) -> None:
    """Print what it costs to index one more, each in a transaction of its own."""
    written = 0
    began = perf_counter()
    for said in titles.drawn(PUTS, first=entries + 1):
        with engines.writing() as session:
            index.put(session, said)
            session.commit()
        written += len(index.weighed(said))
    took = perf_counter() - began
    print(f"  one more: {took / PUTS * 1e3:.2f} ms a transaction,"
          f" {took / written * 1e6:.0f} µs a posting")  # fmt: skip


def _fill(write: Write, entries: int) -> int:
    """Write titles, facets, postings and lists; return how many postings."""
    postings: defaultdict[tuple[str, str, int], array[int]] = defaultdict(lambda: array("I"))
    coded: defaultdict[tuple[str, str, str], array[int]] = defaultdict(lambda: array("I"))
    drawn = enumerate(titles.drawn(entries), 1)
    while chunk := list(islice(drawn, BATCH)):
        columns = ("number", "kind", "subject_id", "shown", "code", "title_zh", "title_en",
                   "summary", "owner_id", "codes")  # fmt: skip
        write("search_entries", columns, (
            (number, said.kind.value, said.subject_id, True, said.code, said.title_zh,
             said.title_en, said.summary, said.owner_id, index.packed(said.facets or ()))
            for number, said in chunk
        ))  # fmt: skip
        write("search_facets", ("entry", "facet", "value"), (
            (number, *code) for number, said in chunk for code in sorted(said.facets or ())
        ))  # fmt: skip
        for number, said in chunk:
            for term, weight in index.weighed(said):
                postings[term, said.kind.value, weight].append(number)
            for code in (*(said.facets or ()), lists.EVERYTHING):
                coded[said.kind.value, *code].append(number)
    write("search_terms", ("shown", "term", "kind", "weight", "entry"), (
        (True, *key, number) for key in sorted(postings) for number in postings[key]
    ))  # fmt: skip
    write("search_lists", ("kind", "facet", "term", "block", "titled", "plain"),
          sorted(_listed(postings, coded)))  # fmt: skip
    return sum(map(len, postings.values()))


def _listed(
    postings: Mapping[tuple[str, str, int], Sequence[int]],
    coded: Mapping[tuple[str, str, str], Sequence[int]],
) -> Iterator[tuple[Any, ...]]:
    """Yield the lists of words and codes, by blocks."""
    for term, kind in {key[:2] for key in postings}:
        titled, plain = (_blocks(postings.get((term, kind, w), ())) for w in index.WEIGHTS)
        for block in titled.keys() | plain.keys():
            two = (lists.packed(some.get(block, 0)) for some in (titled, plain))
            yield (kind, "", term, block, *two)
    for key, numbers in coded.items():
        for block, bits in _blocks(numbers).items():
            yield (*key, block, b"", lists.packed(bits))


def _blocks(numbers: Iterable[int]) -> dict[int, int]:
    """Return block → its numbers, as bits."""
    return {
        block: sum(1 << number % lists.BLOCK for number in some)
        for block, some in groupby(numbers, lambda number: number // lists.BLOCK)
    }


INDEXES: Final = ("ix_search_terms_entry", "ix_search_facets_facet_value_entry",
                  "ix_search_entries_kind_shown_number")  # fmt: skip


@contextmanager
def _loading(url: str) -> Iterator[Write]:
    """Yield what writes rows in bulk; the indexes beside the keys are built at the end."""
    parsed = make_url(url)
    opened = _loading_sqlite if parsed.drivername == "sqlite" else _loading_postgresql
    with opened(url) as write:
        yield write


@contextmanager
def _loading_sqlite(url: str) -> Iterator[Write]:
    path = make_url(url).database
    connection = sqlite3.connect(str(path), isolation_level=None)
    for pragma in ("journal_mode=DELETE", "journal_mode=OFF", "synchronous=OFF"):
        connection.execute(f"PRAGMA {pragma}")
    built = {name: connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,))
             .fetchone()[0] for name in INDEXES}  # fmt: skip
    for name in INDEXES:
        connection.execute(f"DROP INDEX {name}")
    connection.execute("BEGIN")

    def write(table: str, columns: tuple[str, ...], rows: Rows) -> None:
        marks = ", ".join("?" * len(columns))
        into = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - ours
        connection.executemany(into, rows)

    yield write
    connection.execute("COMMIT")
    for sql in built.values():
        connection.execute(sql)
    connection.close()


@contextmanager
def _loading_postgresql(url: str) -> Iterator[Write]:
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    key, foreign = "pk_search_terms", "fk_search_terms_entry_search_entries"
    with psycopg.connect(dsn, autocommit=True) as connection:
        built = [connection.execute("SELECT pg_get_indexdef(%s::regclass)", (name,)).fetchone()
                 for name in INDEXES]  # fmt: skip
        for name in INDEXES:
            connection.execute(f"DROP INDEX {name}")
        for name in (key, foreign):
            connection.execute(f"ALTER TABLE search_terms DROP CONSTRAINT {name}")

        def write(table: str, columns: tuple[str, ...], rows: Rows) -> None:
            into = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            with connection.cursor() as cursor, cursor.copy(into) as copy:
                for row in rows:
                    copy.write_row(row)

        yield write
        connection.execute("SET maintenance_work_mem = '512MB'")
        for sql in (
            "SELECT setval(pg_get_serial_sequence('search_entries', 'number'), max(number))"
            " FROM search_entries",
            f"ALTER TABLE search_terms ADD CONSTRAINT {key}"
            " PRIMARY KEY (shown, term, kind, weight, entry)",
            f"ALTER TABLE search_terms ADD CONSTRAINT {foreign}"
            " FOREIGN KEY (entry) REFERENCES search_entries (number) NOT VALID",
            *(found[0] for found in built if found),
            "VACUUM ANALYZE search_terms",
            "VACUUM ANALYZE search_lists",
            "VACUUM ANALYZE search_facets",
            "VACUUM ANALYZE search_entries",
        ):
            connection.execute(sql)


def _bytes(engines: Engines) -> int:
    """Return how much the postings take, with their indexes; on SQLite the whole file."""
    with engines.reading() as session:
        if engines.sqlite:
            return Path(str(engines.url.database)).stat().st_size
        size = text("SELECT pg_total_relation_size('search_terms')")
        return int(session.execute(size).scalar_one())
