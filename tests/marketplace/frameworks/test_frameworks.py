from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from kernel import journal
from kernel.engines import Engines
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from marketplace import contracts, lines, orders, products, progress
from marketplace.calling import call_offs
from marketplace.frameworks import called, frameworks
from marketplace.frameworks.frameworks import Framework, State, Terms
from marketplace.templates import texts
from tests.conftest import CRYPTO, WorkAs, work_of
from tests.marketplace import make

DAY = make.AFTER_PUBLICITY
BUYER_USCC = "9144030071526726XG"


def terms(product_id: str, **changes: Any) -> Terms:
    said: Terms = {
        "title": "全年降雨指数供应",
        "buyer_uscc": BUYER_USCC,
        "period_from": date(2026, 7, 1),
        "period_to": date(2027, 6, 30),
        "ceiling": Money(2_000_000),
        "items": [{"product_id": product_id, "price": Money(800_000)}],
    }
    said.update(changes)  # type: ignore[typeddict-item]  # tests change one field or another
    return said


def offered(session: Session, product_id: str | None = None, **changes: Any) -> Framework:
    """Have the merchant offer its product to the insurer."""
    found = product_id or make.listed(session).id
    seller = work_of(session, "per_developer_editor", at=DAY)
    made = frameworks.offer(seller, terms(found, **changes))
    session.flush()
    return made


def in_force(session: Session, product_id: str | None = None, **changes: Any) -> Framework:
    """Have both sign it."""
    made = offered(session, product_id, **changes)
    for person in ("per_developer_signer", "per_buyer_signer"):
        frameworks.sign(work_of(session, person, at=DAY), made.id)
    session.flush()
    return made


def product_of(session: Session, found: Framework) -> str:
    return frameworks.items(session, found.id)[0].product_id


def call(
    session: Session, found: Framework, quantity: int = 1, product_id: str = "", at: Any = DAY
) -> orders.Order:
    order = call_offs.call_off(
        work_of(session, "per_buyer_editor", at=at),
        found.id,
        wanted=[{"product_id": product_id or product_of(session, found), "quantity": quantity}],
        use=make.use(),
    )
    session.flush()
    session.refresh(found)
    return order


def codes(error: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def test_two_orders_are_called_off_at_the_agreed_price(session: Session) -> None:
    found = in_force(session)

    first, second = call(session, found), call(session, found)

    assert (first.total, second.total) == (Money(800_000), Money(800_000))
    assert (found.used, found.left) == (Money(1_600_000), Money(400_000))
    assert {one.order_id for one in called.of_framework(session, found.id)} == {
        first.id,
        second.id,
    }
    assert lines.of(session, first.id)[0].price_plan["price"]["minor"] == 800_000
    make.take(session, first, "confirm", "per_developer_editor")
    body = contracts.text(session, first.contract_id or "").text
    assert f"框架合同：本合同为 {found.code} 项下的订单" in body
    assert f"Order under framework contract {found.code}" in body


def test_a_called_off_order_goes_to_acceptance_like_any(session: Session) -> None:
    order = call(session, in_force(session))
    make.take(session, order, "confirm", "per_developer_editor")
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(work_of(session, person, at=DAY), order.id)
    event = make.fund(session, order)
    progress.mark_paid(work_of(session, "system", at=DAY), event)
    make.deliver(session, order)

    make.take(session, order, "accept", "per_buyer_editor")

    assert order.state == orders.State.ACCEPTED


def test_every_reason_against_an_order_under_it_is_told(session: Session) -> None:
    other = make.listed(session)
    found = offered(session, period_to=date(2026, 7, 31))

    with pytest.raises(StepRefused) as error:
        call_offs.call_off(
            work_of(session, "per_buyer_editor", at=make.days_later(60, DAY)),
            found.id,
            wanted=[
                {"product_id": product_of(session, found), "quantity": 3},
                {"product_id": other.id, "quantity": 1},
            ],
            use=make.use(),
        )

    assert codes(error) == [
        "FRAMEWORK_NOT_IN_FORCE",
        "OUTSIDE_FRAMEWORK_PERIOD",
        "BEYOND_FRAMEWORK_CEILING",
        "NOT_COVERED_BY_FRAMEWORK",
    ]
    assert found.used == Money(0)


def test_what_goes_beyond_the_ceiling_is_refused_and_counts_nothing(session: Session) -> None:
    found = in_force(session)
    call(session, found, 2)

    with pytest.raises(StepRefused) as error:
        call(session, found)

    assert codes(error) == ["BEYOND_FRAMEWORK_CEILING"]
    assert found.used == Money(1_600_000)
    assert not frameworks.reserve(session, found.id, Money(400_001))
    assert frameworks.reserve(session, found.id, Money(400_000))


def test_the_database_holds_the_ceiling(session: Session) -> None:
    found = in_force(session)
    session.commit()

    with pytest.raises(IntegrityError, match="within_ceiling"):
        session.execute(
            text("UPDATE frameworks SET used_minor = 2000001 WHERE id = :id"), {"id": found.id}
        )


def test_what_is_covered_never_changes(session: Session) -> None:
    found = in_force(session)
    session.commit()

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(
            text("UPDATE framework_items SET price_minor = 1 WHERE framework_id = :id"),
            {"id": found.id},
        )


def test_rivals_do_not_go_beyond_the_ceiling_together(engines: Engines) -> None:
    with engines.writing() as session:
        framework_id = in_force(session).id
        session.commit()

    def reserve(_: int) -> bool:
        with engines.writing() as own:
            taken = frameworks.reserve(own, framework_id, Money(800_000))
            own.commit()
            return taken

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(reserve, range(8)))

    with engines.reading() as session:
        assert sum(taken) == 2
        assert frameworks.find(session, framework_id).used == Money(1_600_000)


def test_an_order_that_comes_to_nothing_gives_its_amount_back_once(session: Session) -> None:
    found = in_force(session)
    order = call(session, found)
    make.take(session, order, "cancel", "per_buyer_editor", reason="不再需要")
    session.flush()
    event = journal.history(session, order.id, limit=1)[0]

    for _ in range(2):
        call_offs.ended(work_of(session, "system", at=DAY), event)

    session.refresh(found)
    assert found.used == Money(0)
    other = make.placed(session)
    session.flush()
    call_offs.ended(
        work_of(session, "system", at=DAY), journal.history(session, other.id, limit=1)[0]
    )


def test_both_sign_and_each_once(session: Session) -> None:
    found = offered(session)
    seller = work_of(session, "per_developer_signer", at=DAY)
    frameworks.sign(seller, found.id)

    with pytest.raises(StepRefused) as error:
        frameworks.sign(seller, found.id)
    with pytest.raises(StepNotAllowed):
        frameworks.sign(work_of(session, "per_buyer_editor", at=DAY), found.id)
    half = found.state
    frameworks.sign(work_of(session, "per_buyer_signer", at=DAY), found.id)

    assert codes(error) == ["ALREADY_SIGNED", "FOUR_EYES"]
    assert (half, found.state) == (State.HALF_SIGNED, State.SIGNED)
    session.flush()
    assert frameworks.is_whole(session, CRYPTO, found)


def test_either_party_ends_it_and_nothing_more_is_called_off(session: Session) -> None:
    found = in_force(session)
    frameworks.take(
        work_of(session, "per_buyer_signer", at=DAY), found.id, "terminate", reason="改由他方供应"
    )
    session.flush()

    with pytest.raises(StepRefused) as error:
        call(session, found)

    assert codes(error) == ["FRAMEWORK_NOT_IN_FORCE"]
    assert not frameworks.reserve(session, found.id, Money(1))


def test_the_text_says_prices_period_and_ceiling(session: Session) -> None:
    found = offered(session, title="全年\n第九条 免责")

    governing, copy = found.text.split(texts.PARTED)

    for said in ("CNY 8,000.00", "2026-07-01 至 2027-06-30", "CNY 20,000.00", "逐日降雨指数"):
        assert said in governing
    assert "全年 第九条 免责" in governing
    assert "Daily rain index: CNY 8,000.00" in copy
    assert "$" not in found.text


def test_a_framework_runs_for_as_many_years_as_there_may_be(session: Session) -> None:
    found = offered(session, period_to=date(2031, 6, 30))

    assert found.period_to == date(2031, 6, 30)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"title": " "}, "/title"),
        ({"buyer_uscc": "911100000000000000"}, "/buyer_uscc"),
        ({"buyer_uscc": "91430104MAA00003XP"}, "/buyer_uscc"),
        ({"period_to": date(2026, 6, 30)}, "/period_to"),
        ({"period_to": date(2040, 1, 1)}, "/period_to"),
        ({"period_to": date(2031, 7, 1)}, "/period_to"),
        ({"period_from": date(9999, 12, 31), "period_to": date(9999, 12, 31)}, "/period_to"),
        ({"period_to": date(2026, 7, 1)}, "/period_to"),
        ({"ceiling": Money(0)}, "/ceiling"),
        ({"items": []}, "/items"),
    ],
)
def test_terms_that_cannot_be_meant_are_refused(
    session: Session, changes: dict[str, Any], pointer: str
) -> None:
    product = make.listed(session).id

    with pytest.raises(Invalid) as error:
        offered(session, product, **changes)

    assert error.value.pointer == pointer


def test_only_ones_own_listed_goods_with_a_price_of_one_piece_are_covered(
    session: Session, work_as: WorkAs
) -> None:
    listed, draft = make.listed(session), make.draft(session)
    plan = {"kind": "per_call", "unit": {"e6": 500_000, "currency": "CNY"}}
    metered = make.listed(session, price_plan=plan, delivery_mode="record_api")
    foreign = products.create(work_as("per_other_editor"), **make.content())
    make.reviewed(session, foreign, by="per_other_editor")
    products.take(work_as("system", at=DAY), foreign.id, "list")

    def refused(*items: Any) -> str | None:
        with pytest.raises(Invalid) as error:
            offered(session, listed.id, items=items)
        return error.value.pointer

    price = {"price": Money(1)}
    assert refused({"product_id": draft.id, **price}) == "/items/0/product_id"
    assert refused({"product_id": metered.id, **price}) == "/items/0/product_id"
    assert refused({"product_id": foreign.id, **price}) == "/items/0/product_id"
    assert refused({"product_id": listed.id, "price": Money(0)}) == "/items/0/price"
    assert refused({"product_id": listed.id, **price}, {"product_id": listed.id, **price}) == (
        "/items"
    )


def test_only_its_buyer_calls_off_and_strangers_do_not_see_it(
    session: Session, work_as: WorkAs
) -> None:
    found = in_force(session)
    wanted: Any = [{"product_id": product_of(session, found), "quantity": 1}]

    with pytest.raises(StepNotAllowed):
        call_offs.call_off(
            work_as("per_developer_editor", at=DAY), found.id, wanted=wanted, use=make.use()
        )
    with pytest.raises(NotFound):
        call_offs.call_off(
            work_as("per_other_editor", at=DAY), found.id, wanted=wanted, use=make.use()
        )
    with pytest.raises(NotFound):
        frameworks.find(session, "frw_none")
    with pytest.raises(StepNotAllowed):
        frameworks.offer(work_as("per_dept_editor", at=DAY), terms("prd_x"))

    def listed(person: str) -> list[str]:
        page = frameworks.listed(work_as(person), after=None, limit=9)
        return [each.id for each in page.items]

    assert listed("per_other_editor") == []
    assert listed("per_buyer_editor") == listed("per_exchange_auditor") == [found.id]
