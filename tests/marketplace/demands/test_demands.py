"""A demand is answered under seal, awarded once, and becomes an order at the quoted price."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from marketplace import orders, products
from marketplace.bargaining import agreed_prices
from marketplace.bargaining.agreed_prices import Source
from marketplace.demands import answers, demands, matching
from marketplace.demands.answers import DemandAnswer, Offer
from marketplace.demands.demands import Demand
from marketplace.finding import sources
from marketplace.indexing.index import Kind
from tests.conftest import WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.make import AFTER_PUBLICITY

LATER = AFTER_PUBLICITY + timedelta(days=60)
DEADLINE = (AFTER_PUBLICITY + timedelta(days=30)).date()
OFFER = Offer(quote=Money(900_000), plan="按日更新，覆盖全省")


def wish(**changes: Any) -> dict[str, Any]:
    """Return what the insurer wants."""
    return {
        "title": "农业降雨指数",
        "wanted": "逐日各站降雨汇总，用于理赔参考",
        "purpose": "农业保险理赔",
        "field": "meteorological_services",
        "items": [{"name": "rain", "meaning": "降雨量"}],
        "regions": ["430100"],
        "budget_max": 1_000_000,
        "deadline": DEADLINE,
        **changes,
    }


def drafted(session: Session, **changes: Any) -> Demand:
    """Write a demand by the insurer."""
    work = work_of(session, "per_buyer_editor", at=AFTER_PUBLICITY)
    made = demands.create(work, **wish(**changes))
    session.flush()
    return made


def published(session: Session, **changes: Any) -> Demand:
    """Publish a demand."""
    made = drafted(session, **changes)
    demands.take(work_of(session, "per_buyer_editor", at=AFTER_PUBLICITY), made.id, "publish")
    session.flush()
    return made


def answered(session: Session, demand: Demand, offer: Offer = OFFER) -> DemandAnswer:
    """Have the merchant answer."""
    work = work_of(session, "per_developer_editor", at=AFTER_PUBLICITY)
    made = answers.answer(work, demand.id, offer)
    session.flush()
    return made


def awarded(session: Session) -> tuple[Demand, DemandAnswer]:
    """Have a demand awarded to a listed product of the merchant."""
    product = make.listed(session)
    demand = published(session)
    chosen = answered(session, demand, Offer(quote=OFFER.quote, plan="好", product_id=product.id))
    buyer = work_of(session, "per_buyer_editor", at=AFTER_PUBLICITY)
    demands.take(buyer, demand.id, "select")
    answers.award(buyer, demand.id, chosen.id)
    session.flush()
    return demand, chosen


def test_the_award_is_ordered_at_the_quote_contracted_and_closed(session: Session) -> None:
    demand, chosen = awarded(session)
    buyer = work_of(session, "per_buyer_editor", at=AFTER_PUBLICITY)
    agreed = agreed_prices.of_source(session, Source.DEMAND, chosen.id)
    assert agreed is not None
    assert (demand.state, chosen.state) == ("awarded", "chosen")

    order = orders.place(
        buyer,
        wanted=[{"product_id": agreed.product_id, "quantity": 1, "agreed_price_id": agreed.id}],
        use=make.use(),
    )
    session.flush()
    assert order.total == OFFER.quote

    house = work_of(session, "system", at=AFTER_PUBLICITY)
    event = journal.history(session, order.id, limit=1)[0]
    answers.ordered(house, event)
    answers.ordered(house, event)
    assert demand.state == "contracted"
    answers.completed(house, event)
    assert demand.state == "closed"


def test_an_answer_is_seen_by_its_merchant_the_buyer_and_overseers_alone(
    session: Session, work_as: WorkAs
) -> None:
    demand = published(session)
    given = answered(session, demand)

    for person in ("per_developer_editor", "per_buyer_editor", "per_exchange_compliance"):
        assert answers.seen(work_as(person), given.id) is given
        assert answers.listed(work_as(person), demand.id, after=None, limit=10).items == [given]
    outsider = work_as("per_operator_editor")
    with pytest.raises(NotFound):
        answers.seen(outsider, given.id)
    assert answers.listed(outsider, demand.id, after=None, limit=10).items == []


def test_a_draft_is_its_buyers_and_an_invitation_is_for_the_invited(
    session: Session, work_as: WorkAs
) -> None:
    draft = drafted(session)
    invited = published(session, visibility="invited", invited=["org_developer"])

    with pytest.raises(NotFound):
        demands.seen(work_as("per_developer_editor"), draft.id)
    assert demands.seen(work_as("per_developer_editor"), invited.id) is invited
    with pytest.raises(NotFound):
        demands.seen(work_as("per_operator_editor"), invited.id)
    mine = demands.listed(work_as("per_developer_editor"), after=None, limit=10).items
    assert invited in mine
    assert draft not in mine
    assert invited not in demands.listed(
        work_as("per_operator_editor"), field=invited.field, after=None, limit=10
    ).items  # fmt: skip
    own = demands.own(work_as("per_buyer_editor"), after=None, limit=10).items
    assert {one.id for one in own} == {invited.id, draft.id}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": " "}, "/title"),
        ({"field": "magic"}, "/field"),
        ({"update_frequency": "often"}, "/update_frequency"),
        ({"delivery_mode": "fax"}, "/delivery_mode"),
        ({"regions": ["4301"]}, "/regions"),
        ({"items": [{"name": "x", "meaning": ""}] * 51}, "/items"),
        ({"budget_min": 2, "budget_max": 1}, "/budget_max"),
        ({"visibility": "secret"}, "/visibility"),
        ({"visibility": "invited"}, "/invited"),
        ({"invited": ["org_developer"]}, "/invited"),
    ],
)
def test_a_wish_that_cannot_be_meant_is_refused_where_it_stands(
    session: Session, change: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        drafted(session, **change)

    assert refused.value.pointer == pointer


def test_a_draft_is_revised_and_what_is_published_is_not(session: Session) -> None:
    demand = drafted(session)
    buyer = work_of(session, "per_buyer_editor", at=AFTER_PUBLICITY)

    demands.revise(buyer, demand.id, title="逐日降雨", visibility="invited", invited=["org_dept"])

    assert (demand.title, demands.invited(session, demand.id)) == ("逐日降雨", ["org_dept"])
    demands.take(buyer, demand.id, "publish")
    with pytest.raises(StepRefused):
        demands.revise(buyer, demand.id, title="别的")


def test_merchants_have_some_working_days_to_answer(session: Session) -> None:
    demand = drafted(session, deadline=AFTER_PUBLICITY.date() + timedelta(days=1))

    with pytest.raises(StepRefused) as refused:
        demands.take(work_of(session, "per_buyer_editor", at=AFTER_PUBLICITY), demand.id, "publish")

    assert [one.code for one in refused.value.refusals] == ["WINDOW_TOO_SHORT"]


def test_who_only_sells_posts_no_demand_and_who_only_buys_answers_none(
    session: Session, work_as: WorkAs
) -> None:
    with pytest.raises(StepNotAllowed):
        demands.create(work_as("per_dept_editor"), **wish())
    with pytest.raises(StepNotAllowed):
        answers.answer(work_as("per_buyer_editor"), published(session).id, OFFER)


def test_one_answers_once_and_may_withdraw_and_answer_anew(session: Session) -> None:
    demand = published(session)
    first = answered(session, demand)
    with pytest.raises(StepRefused) as refused:
        answered(session, demand)
    assert [one.code for one in refused.value.refusals] == ["ANSWERED_ALREADY"]

    merchant = work_of(session, "per_developer_editor", at=AFTER_PUBLICITY)
    answers.take(merchant, first.id, "withdraw")
    session.flush()
    second = answered(session, demand)

    assert answers.counts(session, [demand.id]) == {demand.id: 1}
    own = answers.own(merchant, after=None, limit=10).items
    assert {one.id for one in own} == {first.id, second.id}


def test_two_live_answers_of_one_merchant_are_refused_by_the_database(session: Session) -> None:
    first = answered(session, published(session))
    copy = (
        "INSERT INTO demand_answers (id, state, version, code, demand_id, merchant_id, quantity,"
        " quote_minor, quote_currency, plan, answered_at) SELECT 'dan_x', state, version, 'DA-X',"
        " demand_id, merchant_id, quantity, quote_minor, quote_currency, plan, answered_at"
        " FROM demand_answers WHERE id = :id"
    )

    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text(copy), {"id": first.id})


@pytest.mark.parametrize(
    ("offer", "pointer"),
    [
        (Offer(quote=Money(0), plan="好"), "/quote"),
        (Offer(quote=Money(1), plan=" "), "/plan"),
    ],
)
def test_an_offer_of_nothing_is_refused(session: Session, offer: Offer, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        answered(session, published(session), offer)

    assert refused.value.pointer == pointer


def test_after_the_last_day_nobody_answers_and_the_buyer_selects(session: Session) -> None:
    with_answer, without = published(session), published(session)
    given = answered(session, with_answer)
    late = work_of(session, "per_developer_editor", at=LATER)
    with pytest.raises(StepRefused) as refused:
        answers.answer(late, without.id, OFFER)
    assert [one.code for one in refused.value.refusals] == ["DEMAND_NOT_OPEN"]

    assert demands.close_due(work_of(session, "system", at=LATER), limit=10) == 2

    assert (with_answer.state, without.state) == ("selecting", "expired")
    with pytest.raises(StepRefused):
        answers.take(late, given.id, "withdraw")


def test_what_could_not_be_ordered_is_not_awarded(session: Session) -> None:
    demand = published(session)
    bare = answered(session, demand)
    buyer = work_of(session, "per_buyer_editor", at=AFTER_PUBLICITY)
    demands.take(buyer, demand.id, "select")

    with pytest.raises(StepRefused) as refused, session.begin_nested():
        answers.award(buyer, demand.id, bare.id)

    assert [one.code for one in refused.value.refusals] == ["NO_PRODUCT"]


def test_an_award_that_is_not_ordered_in_time_lets_the_buyer_select_again(
    session: Session,
) -> None:
    demand, chosen = awarded(session)
    house = work_of(session, "system", at=LATER)

    assert answers.reopen_due(work_of(session, "system", at=AFTER_PUBLICITY), limit=10) == 0
    assert answers.reopen_due(house, limit=10) == 1

    assert (demand.state, demand.awarded_id, chosen.state) == ("selecting", None, "not_chosen")


def test_a_product_that_fits_better_scores_more(session: Session) -> None:
    weights = {"text": 40, "field": 15, "items": 20, "region": 10, "price": 10, "rating": 5}
    near, far = (
        make.draft(session),
        make.draft(session, application_field="transport", region_coverage=["110000"],
                   title_zh="公交到站", intro="公交车辆到站时间预测，供出行服务使用。",
                   dictionary=[{"name": "bus", "type": "string", "meaning": "线路"}], sample=[]),
    )  # fmt: skip
    demand = drafted(session)
    version = {one.id: products.show(work_of(session, "system"), one.id)[1] for one in (near, far)}

    good = matching.score(demand, version[near.id], weights)
    bad = matching.score(demand, version[far.id], weights)
    liked = matching.score(demand, version[near.id], weights, rated=500)

    assert good["field"] == 15
    assert good["items"] == 20
    assert good["region"] == 10
    assert (liked["rating"], good["rating"]) == (5, 3)
    assert bad["field"] == bad["items"] == bad["region"] == 0
    assert 0 <= sum(bad.values()) < sum(good.values()) <= 100


def test_what_fits_is_kept_and_told_to_the_merchant(session: Session) -> None:
    listed = make.listed(session)
    sources.refresh(work_of(session, "system"), Kind.PRODUCT, listed.id)
    demand = published(session)
    house = work_of(session, "system", at=AFTER_PUBLICITY)
    event = journal.history(session, demand.id, limit=1)[0]

    matching.published(house, event)
    session.flush()

    assert [fit.product.id for fit in matching.of_demand(session, demand.id)] == [listed.id]
    assert demand.id in matching.of_merchant(session, "org_developer", [demand.id])
    assert matching.of_merchant(session, "org_buyer", [demand.id]) == {}
    assert matching.match_open(house, limit=10) == 1


def test_a_public_demand_is_found_while_it_is_open(session: Session) -> None:
    demand = published(session)
    hidden = published(session, visibility="invited", invited=["org_developer"])
    assert sources.demand(session, demand.id).shown
    assert not sources.demand(session, hidden.id).shown

    buyer = work_of(session, "per_buyer_editor", at=AFTER_PUBLICITY)
    demands.take(buyer, demand.id, "withdraw", reason="不再需要")
    sources.refresh(buyer, Kind.DEMAND, demand.id)

    assert not sources.demand(session, demand.id).shown
    assert demands.titles(session, [demand.id]) == {demand.id: "农业降雨指数"}
