"""A search that is kept tells what is new since its last look, to who kept it alone."""

import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed
from marketplace.finding import saved
from marketplace.finding.results import Question
from marketplace.indexing.index import Kind
from tests.conftest import WorkAs
from tests.marketplace.finding.test_results import put, selects

WEATHER = Question(text="气象", kind=Kind.PRODUCT, chosen={"grade": ["G1"]})


def test_only_what_came_after_the_last_look_is_new(session: Session, work_as: WorkAs) -> None:
    put(session, "a", "气象", facets={"grade": "G1"})
    buyer = work_as("per_buyer_editor")
    kept = saved.save(buyer, "我的气象", WEATHER)
    session.flush()
    assert saved.fresh(session, [kept]) == {kept.id: 0}

    put(session, "b", "气象", facets={"grade": "G1"})
    put(session, "c", "气象", facets={"grade": "G2"})
    assert saved.fresh(session, [kept]) == {kept.id: 1}

    saved.look(buyer, kept.id)
    assert saved.fresh(session, [kept]) == {kept.id: 0}
    assert kept.question == WEATHER


def test_what_is_new_in_all_searches_of_a_page_takes_one_select(
    session: Session, work_as: WorkAs
) -> None:
    buyer = work_as("per_buyer_editor")
    asked = (WEATHER, Question(text="气象"), Question(kind=Kind.PRODUCT), Question(text="地震"))
    kept = [saved.save(buyer, str(number), one) for number, one in enumerate(asked)]
    session.flush()
    put(session, "a", "气象", facets={"grade": "G2"})
    put(session, "d", "气象", kind=Kind.DIRECTORY, facets={"share": "shared"})
    taken = selects(session)

    fresh = saved.fresh(session, kept)

    assert [fresh[one.id] for one in kept] == [0, 2, 1, 0]
    assert len(taken) == 1
    assert saved.fresh(session, []) == {}


def test_a_saved_search_is_its_persons_own(session: Session, work_as: WorkAs) -> None:
    kept = saved.save(work_as("per_buyer_editor"), "气象", WEATHER)
    session.flush()

    with pytest.raises(NotFound):
        saved.own(work_as("per_developer_editor"), kept.id)
    assert saved.listed(work_as("per_developer_editor"), after=None, limit=10).items == []
    assert saved.listed(work_as("per_buyer_editor"), after=None, limit=10).items == [kept]

    saved.remove(work_as("per_buyer_editor"), kept.id)
    session.flush()
    with pytest.raises(NotFound):
        saved.own(work_as("per_buyer_editor"), kept.id)


def test_an_empty_question_and_one_too_many_are_refused(
    session: Session, work_as: WorkAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = work_as("per_buyer_editor")
    monkeypatch.setattr(saved, "SAVED_MAX", 1)
    with pytest.raises(Invalid):
        saved.save(buyer, "空", Question(text="，"))
    with pytest.raises(StepNotAllowed):
        saved.save(work_as("system"), "气象", WEATHER)
    saved.save(buyer, "气象", WEATHER)
    session.flush()

    with pytest.raises(Invalid) as refused:
        saved.save(buyer, "气象二", WEATHER)

    assert refused.value.pointer == "/name"
