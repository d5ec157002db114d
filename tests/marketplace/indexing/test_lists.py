"""What is on the lists of words and codes is what the entries' own rows say, after every put."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.engines import Engines
from marketplace.finding import results
from marketplace.finding.results import Question
from marketplace.indexing import index, lists
from marketplace.indexing.index import Kind, Said, SearchEntry, SearchTerm
from marketplace.indexing.lists import SearchList
from tests.marketplace.finding.test_results import put

NUMBERS = st.sets(st.integers(0, lists.BLOCK - 1))
FAR = st.sets(st.integers(0, 20 * lists.BLOCK))


def bits(numbers: Any) -> int:
    """Return some numbers as bits."""
    return sum(1 << number for number in numbers)


def listed(session: Session) -> dict[tuple[str, str, str], set[int]]:
    """Return kind, facet and term → the numbers on their list."""
    found: dict[tuple[str, str, str], set[int]] = {}
    for row in session.scalars(select(SearchList)):
        told = lists.unpacked(row.titled) | lists.unpacked(row.plain)
        numbers = {row.block * lists.BLOCK + one for one in lists.highest(told, lists.BLOCK)}
        assert numbers, "an empty row is deleted"
        found.setdefault((row.kind, row.facet, row.term), set()).update(numbers)
    session.expunge_all()
    return found


def told_by_rows(session: Session) -> dict[tuple[str, str, str], set[int]]:
    """Return the same by what is kept of each entry."""
    found: dict[tuple[str, str, str], set[int]] = {}
    for entry in session.scalars(select(SearchEntry).where(SearchEntry.shown)):
        found.setdefault((entry.kind, "", ""), set()).add(entry.number)
        for facet, value in index.unpacked(entry.codes):
            code = "" if facet == index.RATED else value
            found.setdefault((entry.kind, facet, code), set()).add(entry.number)
    for row in session.scalars(select(SearchTerm).where(SearchTerm.shown)):
        found.setdefault((row.kind, "", row.term), set()).add(row.entry)
    session.expunge_all()
    return found


@given(NUMBERS)
def test_what_is_packed_of_a_block_is_unpacked_the_same(numbers: set[int]) -> None:
    assert lists.unpacked(lists.packed(bits(numbers))) == bits(numbers)
    assert len(lists.packed(bits(numbers))) <= lists.BLOCK // 8
    assert lists.packed(0) == b""


@given(FAR, st.integers(0, 40))
def test_the_highest_numbers_come_first_and_no_more_of_them_than_asked(
    numbers: set[int], most: int
) -> None:
    first = sorted(numbers, reverse=True)[:most]

    assert lists.highest(bits(numbers), most) == first
    assert lists.top(bits(numbers), most) == bits(first)
    parts = lists.parted(bits(numbers))
    assert sum(part << block * lists.BLOCK for block, part in parts.items()) == bits(numbers)
    assert all(parts.values())


def test_lists_say_what_rows_say_whatever_is_put(session: Session) -> None:
    put(session, "a", "气象指数", text="停车", facets={"grade": "G1", "rated": "4400"})
    put(session, "b", "停车", text="气象", facets={"grade": ["G1", "G2"]})
    put(session, "hidden", "气象", shown=False, facets={"grade": "G1"})
    assert listed(session) == told_by_rows(session)

    put(session, "a", "指数", text="气象", facets={"grade": "G2", "rated": "4500"})
    assert listed(session) == told_by_rows(session)
    put(session, "b", "停车", text="气象", shown=False, facets={"grade": ["G1", "G2"]})
    put(session, "hidden", "气象", facets={"grade": "G1"})
    assert listed(session) == told_by_rows(session)
    said: dict[str, Any] = {"kind": Kind.PRODUCT, "subject_id": "a", "owner_id": "org_developer"}
    revised = Said(code="a", title_zh="降雨", title_en="", summary="", **said)
    index.put(session, revised)
    assert listed(session) == told_by_rows(session)
    index.put(
        session, Said(code="a", title_zh="降雨", title_en="", summary="", shown=False, **said)
    )
    for gone in ("hidden", "b"):
        put(session, gone, "", shown=False)
    assert listed(session) == {}


def test_a_word_weighs_by_where_it_stands_though_it_moved(session: Session) -> None:
    put(session, "a", "气象")
    put(session, "b", "指数", text="气象")
    put(session, "a", "指数", text="气象")
    put(session, "b", "气象")

    hits = results.found(session, Question(text="气象"), after=None, limit=5).items

    assert [(hit.entry.subject_id, hit.relevance) for hit in hits] == [
        ("b", index.TITLED), ("a", index.PLAIN),
    ]  # fmt: skip


def test_what_was_put_back_with_a_savepoint_is_not_found(session: Session) -> None:
    put(session, "a", "气象")
    question = Question(text="气象")
    assert results.counts(session, question)[Kind.PRODUCT] == 1

    savepoint = session.begin_nested()
    put(session, "b", "气象")
    assert results.counts(session, question)[Kind.PRODUCT] == 2
    savepoint.rollback()

    assert results.counts(session, question)[Kind.PRODUCT] == 1


def test_things_beyond_a_block_are_found_in_order_with_those_before(session: Session) -> None:
    put(session, "a", "气象", facets={"grade": "G1"})
    last = session.scalars(select(func.max(SearchEntry.number))).one()
    for number in (1, 3):
        far = last + number * lists.BLOCK + 7
        entry = SearchEntry(
            number=far, kind=Kind.PRODUCT, subject_id=f"p{number}", owner_id="org_developer",
            shown=True, code="", title_zh="气象", title_en="", summary="", codes="",
        )  # fmt: skip
        session.add(entry)
        session.flush()
        put(session, f"p{number}", "气象台", facets={"grade": "G1"})
    question = Question(text="气象", kind=Kind.PRODUCT)

    page = results.found(session, question, after=None, limit=2)
    rest = results.found(session, question, after=page.next, limit=2)

    assert [hit.entry.subject_id for hit in page.items] == ["p3", "p1"]
    assert [hit.entry.subject_id for hit in rest.items] == ["a"]
    assert results.counts(session, question)[Kind.PRODUCT] == 3
    assert results.facets(session, question)["grade"] == [results.Count("G1", 3)]
    assert results.newer(session, [(question, last)]) == [2]


def test_codes_are_counted_the_same_by_lists_and_by_hits(session: Session) -> None:
    for number in range(results.DENSE + 2):
        grade = f"G{1 + number % 3}"
        put(session, f"p{number}", "气象" if number else "台风", facets={"grade": grade})

    by_lists = results.facets(session, Question(text="气象", kind=Kind.PRODUCT))
    by_hits = results.facets(session, Question(text="台风", kind=Kind.PRODUCT))

    assert sum(count.count for count in by_lists["grade"]) == results.DENSE + 1
    assert [(one.value, one.count) for one in by_lists["grade"]] == [
        ("G2", 22), ("G3", 22), ("G1", 21),
    ]  # fmt: skip
    assert [(one.value, one.count) for one in by_hits["grade"]] == [("G1", 1)]


def test_of_two_who_write_at_once_nothing_is_lost(engines: Engines) -> None:
    def written(number: int) -> None:
        with engines.writing() as session:
            put(session, f"p{number}", "气象", facets={"grade": "G1"})
            session.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(written, range(24)))

    with engines.reading() as session:
        question = Question(text="气象", kind=Kind.PRODUCT, chosen={"grade": ["G1"]})
        assert results.counts(session, question)[Kind.PRODUCT] == 24
        assert listed(session) == told_by_rows(session)
