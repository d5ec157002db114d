"""A search finds all that holds its words and no other, counts it, and goes on page by page."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.orm import Session

from kernel.errors import Invalid
from marketplace.finding import results
from marketplace.finding.results import Question
from marketplace.indexing import index
from marketplace.indexing.index import Kind, Said


def put(session: Session, subject_id: str, title: str, *, text: str = "", **more: Any) -> None:
    """Let something be found by its title and text. facets: facet=code, or several."""
    facets = {
        (name, code)
        for name, codes in more.pop("facets", {}).items()
        for code in ([codes] if isinstance(codes, str) else codes)
    }
    said = {
        "kind": Kind.PRODUCT, "owner_id": "org_developer", "code": subject_id, "title_en": "",
        "shown": True, **more,
    }  # fmt: skip
    index.put(
        session,
        Said(subject_id=subject_id, title_zh=title, summary=text, facets=frozenset(facets), **said),
    )


def found(session: Session, text: str = "", **more: Any) -> list[str]:
    """Return the ids that are found, page after page of two."""
    question, ids, after = Question(text=text, **more), [], None
    while True:
        page = results.found(session, question, after=after, limit=2)
        ids += [row.entry.subject_id for row in page.items]
        if (after := page.next) is None:
            return ids


def selects(session: Session) -> list[str]:
    """Return the list to which every statement from now on is added."""
    session.flush()
    asked: list[str] = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    return asked


def test_words_of_two_characters_are_found_and_all_must_occur(session: Session) -> None:
    put(session, "a", "逐小时气象观测")
    put(session, "b", "停车泊位", text="含气象条件")
    put(session, "c", "气温象征")

    assert found(session, "气象") == ["a", "b"]
    assert found(session, "停车 气象") == ["b"]
    assert found(session, "地震") == []


def test_a_title_counts_more_than_a_text_and_then_the_newest_comes_first(session: Session) -> None:
    put(session, "old", "气象指数")
    put(session, "mentions", "指数", text="气象")
    put(session, "new", "气象日报")

    assert found(session, "气象") == ["new", "old", "mentions"]
    assert found(session) == ["new", "mentions", "old"]


def test_pages_follow_each_other_without_a_gap_or_a_double(session: Session) -> None:
    for number in range(7):
        put(session, f"p{number}", "气象" if number % 2 else "天气", text="气象数据")

    ids = found(session, "气象")

    assert sorted(ids) == sorted(set(ids)) == [f"p{number}" for number in range(7)]
    with pytest.raises(Invalid):
        results.found(session, Question(), after="made-up", limit=2)


def test_within_a_facet_any_code_will_do_and_between_facets_all_must_hold(session: Session) -> None:
    put(session, "a", "甲", facets={"grade": "G1", "region": ["430100", "430200"]})
    put(session, "b", "乙", facets={"grade": "G2", "region": "430100"})
    put(session, "c", "丙", facets={"grade": "G3"})

    assert found(session, chosen={"grade": ["G1", "G2"]}) == ["b", "a"]
    assert found(session, chosen={"grade": ["G1", "G3"], "region": ["430100"]}) == ["a"]


def test_the_counts_of_a_facet_are_told_as_if_nothing_were_chosen_in_it(session: Session) -> None:
    put(session, "a", "甲", facets={"grade": "G1", "region": "430100"})
    put(session, "b", "乙", facets={"grade": "G2", "region": "430100"})
    put(session, "c", "丙", facets={"grade": "G2", "region": "430200"})
    question = Question(kind=Kind.PRODUCT, chosen={"region": ["430100"]})

    told = results.facets(session, question)

    counted = {name: [(each.value, each.count) for each in codes] for name, codes in told.items()}
    assert counted == {
        "region": [("430100", 2), ("430200", 1)],
        "grade": [("G1", 1), ("G2", 1)],
    }
    assert results.facets(session, Question(chosen={"region": ["430100"]})) == {}


def test_each_kind_is_counted_and_a_facet_that_it_has_not_leaves_it_out(session: Session) -> None:
    put(session, "a", "气象", facets={"grade": "G1"})
    put(session, "d", "气象", kind=Kind.DIRECTORY, facets={"share": "shared"})

    assert results.counts(session, Question(text="气象"))[Kind.DIRECTORY] == 1
    with_grade = results.counts(session, Question(text="气象", chosen={"grade": ["G1"]}))
    assert (with_grade[Kind.PRODUCT], with_grade[Kind.DIRECTORY]) == (1, 0)


def test_hits_are_counted_to_a_bound_which_is_lower_where_words_meet() -> None:
    met = {"grade": ["G1"]}

    assert results.counted_max(Question(text="气象", chosen={"grade": []})) == results.COUNTED_MAX
    assert results.counted_max(Question(chosen=met)) == results.COUNTED_MAX
    assert results.counted_max(Question(text="气象 数据")) == results.MET_MAX
    assert results.counted_max(Question(text="气象", chosen=met)) == results.MET_MAX


def test_what_is_not_shown_is_neither_found_nor_counted(session: Session) -> None:
    put(session, "a", "气象", shown=False, facets={"grade": "G1"})

    assert found(session, "气象") == []
    assert results.counts(session, Question())[Kind.PRODUCT] == 0
    assert results.facets(session, Question(kind=Kind.PRODUCT)) == {}


def test_when_nothing_holds_all_words_what_holds_most_of_them_is_near(session: Session) -> None:
    put(session, "two", "农业气象")
    put(session, "one", "农业统计")
    question = Question(text="农业 气象 卫星")

    assert found(session, question.text) == []
    assert results.near(session, question)[0].subject_id == "two"
    assert results.near(session, Question(text="卫")) == []


def test_pages_of_all_kinds_follow_each_other_by_weight_whatever_the_kind(
    session: Session,
) -> None:
    put(session, "d1", "气象", kind=Kind.DIRECTORY)
    put(session, "p1", "指数", text="气象")
    put(session, "o1", "气象", kind=Kind.ORGANISATION)
    put(session, "p2", "气象")
    put(session, "d2", "统计", kind=Kind.DIRECTORY, text="气象")

    assert found(session, "气象") == ["p2", "o1", "d1", "d2", "p1"]
    assert found(session) == ["d2", "p2", "o1", "p1", "d1"]
    assert found(session, chosen={"share": ["shared"]}) == []
    assert set(results.counts(session, Question(chosen={"none": ["x"]})).values()) == {0}


def test_the_rarest_word_leads_whatever_the_order_of_the_words(session: Session) -> None:
    for number in range(9):
        put(session, f"p{number}", "气象" if number % 2 else "指数", text="气象数据",
            facets={"grade": "G1" if number == 3 else "G2"})  # fmt: skip
    put(session, "told", "气象", text="停车")
    put(session, "titled", "停车", text="气象")

    assert found(session, "气象 停车") == found(session, "停车 气象") == ["titled", "told"]
    assert found(session, "数据 气象") == [
        "p8", "p7", "p6", "p5", "p4", "p3", "p2", "p1", "p0",
    ]  # fmt: skip
    assert found(session, "气象", chosen={"grade": ["G1"]}) == ["p3"]
    assert found(session, chosen={"grade": ["G1"]}) == ["p3"]


def test_pages_go_on_by_the_word_that_led_though_another_is_rarer_by_then(
    session: Session,
) -> None:
    put(session, "a", "停车", text="气象")
    put(session, "b", "停车", text="气象")
    put(session, "c", "气象", text="停车")
    put(session, "d", "气象")
    question = Question(text="气象 停车")

    first = results.found(session, question, after=None, limit=2)
    for number in range(4):
        put(session, f"more{number}", "停车")
    session.info.clear()
    last = results.found(session, question, after=first.next, limit=2)

    assert [hit.entry.subject_id for hit in (*first.items, *last.items)] == ["b", "a", "c"]


@pytest.mark.parametrize("cursor", ["made-up", "9.WzMsMV0", "x.WzMsMV0", "0.", "0.WzNd"])
def test_a_cursor_that_was_made_up_is_refused(session: Session, cursor: str) -> None:
    with pytest.raises(Invalid):
        results.found(session, Question(text="气象"), after=cursor, limit=2)


def test_a_page_takes_two_selects_counts_none_and_facets_one_and_one_for_each_chosen(
    session: Session,
) -> None:
    put(session, "a", "气象", facets={"grade": "G1", "region": "430100"})
    taken = selects(session)
    plain = Question(text="气象", kind=Kind.PRODUCT)
    chosen = Question(text="气象", kind=Kind.PRODUCT, chosen={"grade": ["G1"]})

    results.found(session, plain, after=None, limit=20)
    assert len(taken) == 2
    results.found(session, Question(text="气象"), after=None, limit=20)
    assert len(taken) == 4
    results.counts(session, plain)
    assert len(taken) == 4
    results.facets(session, plain)
    assert len(taken) == 5
    results.found(session, chosen, after=None, limit=20)
    assert len(taken) == 7
    results.facets(session, chosen)
    assert len(taken) == 9
    results.counts(session, Question(text="气象"))
    results.found(session, Question(text="地震"), after=None, limit=20)
    # What the word finds is known by then, and of nothing there is nothing to be shown.
    assert len(taken) == 10


@settings(max_examples=30)
@given(st.lists(st.text(alphabet="气象农业保险数据", min_size=1, max_size=8), max_size=8),
       st.text(alphabet="气象农业保险数据", min_size=2, max_size=4))  # fmt: skip
def test_nothing_that_holds_a_word_is_missed(titles: list[str], word: str) -> None:
    pairs = set(index.terms(word, singles=False))

    for title in titles:
        if word in title:
            assert pairs <= set(index.terms(title, singles=True))


def test_the_best_rated_come_first_and_what_nobody_rated_comes_after(session: Session) -> None:
    for number, told in enumerate(("3600", "", "4400", "", "4400", "2500", "")):
        facets = {"rated": told} if told else {}
        title = "降雨气象" if number % 2 else "气象"
        put(session, f"p{number}", title, facets={**facets, "grade": "G1"})
    put(session, "hidden", "气象", facets={"rated": "5000"}, shown=False)
    put(session, "wind", "风速", facets={"rated": "4900"})
    put(session, "firm", "气象公司", kind=Kind.ORGANISATION)

    best: dict[str, Any] = {"kind": Kind.PRODUCT, "best_first": True}

    assert found(session, "气象", **best) == ["p4", "p2", "p0", "p5", "p6", "p3", "p1"]
    assert found(session, "降雨 气象", **best) == ["p5", "p3", "p1"]
    assert found(session, **best)[:3] == ["wind", "p4", "p2"]
    assert len(found(session, **best)) == 8
    assert found(session, chosen={"grade": ["G1"]}, **best)[:2] == ["p4", "p2"]
    assert found(session, "地震", **best) == []
    for wrong in ({"kind": Kind.DEMAND}, {"kind": None}):
        with pytest.raises(Invalid):
            found(session, "气象", **{**best, **wrong})
    for cursor in ("x", "x0.1", "r9.1", "o0.!"):
        with pytest.raises(Invalid):
            results.found(session, Question(**best), after=cursor, limit=2)
