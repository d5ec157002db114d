from marketplace.seeking import orders, products
from tests.conftest import WorkAs, work_of
from tests.marketplace import make

MANY = 9


def test_an_order_is_found_by_its_number_its_parties_and_what_was_ordered(work_as: WorkAs) -> None:
    work = work_as("per_exchange_settler")
    order = make.accepted(work.session)
    work.session.flush()

    meant = (order.code, "od-2026", order.id, "保险公司", "Insur", "降雨", "rain", "")
    found = {text: [one.id for one in orders.sought(work, text, limit=MANY)] for text in meant}
    none = [orders.sought(work, text, limit=MANY) for text in ("OD-2025", "%", "没有此名")]

    assert all(ids == [order.id] for ids in found.values()), found
    assert none == [[], [], []]
    assert orders.titles(work.session, [order.id])[order.id].zh == "逐日降雨指数"
    assert orders.codes(work.session, [order.id, "ord_none"]) == {order.id: order.code}
    assert orders.codes(work.session, []) == {}


def test_nobody_finds_the_orders_of_others(work_as: WorkAs) -> None:
    session = work_as("per_buyer_editor").session
    order = make.accepted(session)
    session.flush()

    seen = {
        person: [one.id for one in orders.sought(work_of(session, person), "", limit=MANY)]
        for person in ("per_buyer_editor", "per_developer_editor", "per_other_editor")
    }

    assert seen["per_buyer_editor"] == [order.id]
    assert seen["per_developer_editor"] == [order.id]
    assert seen["per_other_editor"] == []


def test_a_merchant_chooses_among_its_own_products_and_overseers_among_all(
    work_as: WorkAs,
) -> None:
    session = work_as("per_developer_editor").session
    product = make.listed(session)
    session.flush()

    own = products.sought(work_of(session, "per_developer_editor"), "降雨", limit=MANY)
    strange = products.sought(work_of(session, "per_other_editor"), "降雨", limit=MANY)
    every = products.sought(work_of(session, "per_exchange_settler"), product.code, limit=MANY)

    assert ([one.id for one in own], strange) == ([product.id], [])
    assert [one.current.title_en for one in every] == ["Daily rain index"]
    assert products.titled(session, "index", limit=MANY) == [product.id]
    assert len(products.titled(session, "", limit=MANY)) == 1
