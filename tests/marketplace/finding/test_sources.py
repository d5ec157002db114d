"""What is public is found by its words; what is not any more, is not."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.reactions import WITNESSES
from kernel import journal
from kernel.parties import organisations
from marketplace import products
from marketplace.aftercare.ratings import Said
from marketplace.finding import results, sources
from marketplace.finding.results import Question
from marketplace.indexing.index import Kind, SearchEntry, SearchFacet
from tests.catalogue import shelf
from tests.conftest import WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.aftercare.test_ratings import rated


def hits(session: Session, text: str, kind: Kind | None = None, **chosen: list[str]) -> list[str]:
    """Return the ids that a search finds, in order."""
    question = Question(text=text, kind=kind, chosen=chosen)
    page = results.found(session, question, after=None, limit=50)
    return [row.entry.subject_id for row in page.items]


def indexed(session: Session, kind: Kind, subject_id: str) -> None:
    """Look at a thing, as its events do in the house."""
    sources.refresh(work_of(session, "system"), kind, subject_id)


def test_a_product_is_found_while_it_is_listed(session: Session, work_as: WorkAs) -> None:
    draft = make.draft(session)
    indexed(session, Kind.PRODUCT, draft.id)
    assert hits(session, "降雨") == []
    listed = make.listed(session)
    indexed(session, Kind.PRODUCT, listed.id)

    assert hits(session, "降雨") == [listed.id]
    assert hits(session, "Rain") == [listed.id]
    assert hits(session, listed.code) == [listed.id]
    assert hits(session, "站点") == [listed.id]

    products.take(work_as("per_exchange_compliance"), listed.id, "suspend", reason="复核")
    indexed(session, Kind.PRODUCT, listed.id)

    assert hits(session, "降雨") == []


def test_a_draft_is_filed_under_what_it_says_since_it_was_revised(session: Session) -> None:
    draft = make.draft(session)
    seller = replace(work_of(session, "per_developer_editor"), witnesses=WITNESSES)

    products.revise(seller, draft.id, product_type="report", delivery_mode="model")
    session.flush()

    filed = session.execute(
        select(SearchFacet.facet, SearchFacet.value)
        .join(SearchEntry, SearchEntry.number == SearchFacet.entry)
        .where(SearchEntry.subject_id == draft.id, SearchFacet.facet.in_(("type", "mode")))
    )
    assert dict(filed.all()) == {"type": "report", "mode": "model"}


def test_what_is_listed_again_is_among_the_newest(session: Session, work_as: WorkAs) -> None:
    first, second = make.listed(session), make.listed(session)
    for one in (first, second):
        indexed(session, Kind.PRODUCT, one.id)
    assert hits(session, "", Kind.PRODUCT) == [second.id, first.id]

    products.take(work_as("per_exchange_compliance"), first.id, "suspend", reason="复核")
    indexed(session, Kind.PRODUCT, first.id)
    products.take(work_as("per_exchange_compliance"), first.id, "resume", reason="复核通过")
    indexed(session, Kind.PRODUCT, first.id)

    assert hits(session, "", Kind.PRODUCT) == [first.id, second.id]


def test_a_product_is_found_by_what_its_buyers_say_of_it(session: Session) -> None:
    good, bad = make.listed(session), make.listed(session, title_en="Second index")
    for one, level in ((good, 4), (bad, 2)):
        said = Said(level, level, level, level, level, "缺少两天")
        rating = rated(session, make.accepted(session, one), said)
        event = journal.history(session, rating.id, limit=1)[0]
        sources.rating_given(work_of(session, "system"), event)

    assert hits(session, "", Kind.PRODUCT) == [bad.id, good.id]
    assert hits(session, "", Kind.PRODUCT, rating=["4"]) == [good.id]
    assert hits(session, "", Kind.PRODUCT, rating=["3"]) == [good.id]
    assert hits(session, "", Kind.PRODUCT, rating=["5"]) == []


def test_a_directory_is_found_by_its_items(session: Session) -> None:
    version = shelf.published(session)
    indexed(session, Kind.DIRECTORY, version.directory_id)

    assert hits(session, "", Kind.DIRECTORY) == [version.directory_id]
    assert hits(session, "气温") == [version.directory_id]


def test_a_merchant_is_found_and_who_only_buys_is_not(session: Session) -> None:
    for one in ("org_developer", "org_buyer", "org_dept"):
        indexed(session, Kind.ORGANISATION, one)

    found = hits(session, "", Kind.ORGANISATION)

    assert "org_developer" in found
    assert "org_dept" in found
    assert "org_buyer" not in found
    name = organisations.find(session, "org_developer").name_zh
    assert hits(session, name)[0] == "org_developer"


def test_what_the_index_never_heard_of_is_caught_up_with(session: Session) -> None:
    version = shelf.published(session)
    house = work_of(session, "system")

    first = sources.catch_up(house, limit=500)

    assert first > 1
    assert sources.catch_up(house, limit=500) == 0
    assert hits(session, "", Kind.DIRECTORY) == [version.directory_id]


def test_a_rebuild_goes_through_all_of_a_kind_in_batches(session: Session) -> None:
    listed = sorted(make.listed(session).id for _ in range(3))
    house = work_of(session, "system")

    after, count = sources.rebuild(house, Kind.PRODUCT, after="", limit=2)
    assert (after, count) == (listed[1], 2)
    assert sources.rebuild(house, Kind.PRODUCT, after=listed[1], limit=2) == (None, 1)

    assert hits(session, "", Kind.PRODUCT) == listed[::-1]
