"""What a buyer does over months, over HTTP: packs on paper, a subscription renewed to the day."""

from datetime import timedelta

import pytest

from app import demonstration, timetable, worker
from app.unit import Exchange
from kernel.actor import SYSTEM
from kernel.money import Money
from marketplace import orders
from settlement import escrow
from settlement.evidence import archive
from tests.conftest import As, work_of
from tests.journeys.speaking import post
from tests.marketplace import make
from tests.marketplace.renewing.test_renewals import MONTHLY
from tests.marketplace.trying.test_trials import tabled

NOW = make.AFTER_PUBLICITY


def later(application: Exchange, days: int) -> None:
    """Let it be so many days later, and the house do its work."""
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, NOW + timedelta(days=days))
        session.commit()
    for _ in range(2):  # a second run of the day's work changes nothing
        with application.house.engines.writing() as session:
            work = application.house.work(session, SYSTEM)
            timetable.earn_subscriptions(work)
            timetable.look_at_terms(work)
            session.commit()
        worker.drain(application.house)


@pytest.fixture
def order_id(application: Exchange) -> str:
    """Have a month of data ordered, delivered and accepted."""
    with application.house.engines.writing() as session:
        product = tabled(session, application.house.data_dir, price_plan=MONTHLY,
                         delivery_mode="record_api")  # fmt: skip
        made = make.delivered(session, product).id
        demonstration.begin_at(session, NOW)
        session.commit()
    return made


def paid(application: Exchange, order_id: str) -> None:
    """Let the bank bring the price of an order."""
    with application.house.engines.writing() as session:
        make.fund(session, orders.find(session, order_id))
        orders.take(work_of(session, "system", at=NOW), order_id, "mark_paid")
        session.commit()
    worker.drain(application.house)


def walked(application: Exchange, as_: As, following: str) -> None:
    """Have an order confirmed, signed, paid, delivered and accepted."""
    buyer, seller = as_("per_buyer_editor"), as_("per_developer_signer")
    post(seller, f"/orders/{following}/confirm")
    post(as_("per_buyer_signer"), f"/orders/{following}/sign")
    post(seller, f"/orders/{following}/sign")
    paid(application, following)
    (task,) = buyer.get(f"/api/deliveries?order_id={following}").json["items"]
    post(seller, f"/deliveries/{task['id']}/provision")
    post(seller, f"/deliveries/{task['id']}/complete")
    worker.drain(application.house)
    post(buyer, f"/orders/{following}/accept")


def test_a_subscription_goes_on_by_itself_to_the_day_and_is_paid_once(
    application: Exchange, as_: As, order_id: str
) -> None:
    buyer = as_("per_buyer_editor")
    post(buyer, f"/orders/{order_id}/accept")
    worker.drain(application.house)
    (term,) = buyer.get("/api/subscriptions").json["items"]
    told = post(buyer, f"/subscriptions/{term['id']}/arrange", renewal="auto")

    later(application, 25)
    renewing = buyer.get(f"/api/subscriptions/{term['id']}").json
    following = renewing["next_order_id"]
    walked(application, as_, following)
    later(application, 40)
    later(application, 75)

    after = {one["order_id"]: one for one in buyer.get("/api/subscriptions").json["items"]}
    pack = archive.read(buyer.get(f"/api/procurement-packs/orders/{following}").data)
    assert told["renewal"] == "auto"
    assert renewing["state"] == "renewing"
    assert after[order_id]["state"] == "renewed"
    assert (after[order_id]["ends_on"], after[following]["begun_on"]) == (
        "2026-08-12", "2026-08-13",
    )  # fmt: skip
    assert after[following]["renewal"] == "auto"
    assert "contracts" in {path.partition("/")[0] for path in pack}
    with application.house.engines.reading() as session:
        amounts = [each.amount for one in (order_id, following)
                   for each in escrow.of_order(session, one)]  # fmt: skip
    assert amounts == [Money(31_000), Money(31_000)]


def test_a_subscription_is_renewed_by_hand_paused_and_refused_to_others(
    application: Exchange, as_: As, order_id: str
) -> None:
    buyer, other = as_("per_buyer_editor"), as_("per_other_editor")
    post(buyer, f"/orders/{order_id}/accept")
    worker.drain(application.house)
    (term,) = buyer.get("/api/subscriptions").json["items"]

    paused = post(buyer, f"/subscriptions/{term['id']}/pause")
    resumed = post(buyer, f"/subscriptions/{term['id']}/resume")
    placed = post(buyer, f"/subscriptions/{term['id']}/order", 201)
    again = post(buyer, f"/subscriptions/{term['id']}/order", 409)

    assert (paused["state"], resumed["state"]) == ("paused", "running")
    assert placed["state"] == "submitted"
    assert "RENEWAL_ORDERED" in str(again)
    assert other.get(f"/api/subscriptions/{term['id']}").status_code == 404
    assert other.get("/api/subscriptions").json["items"] == []
