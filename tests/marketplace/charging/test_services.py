"""What the exchange charges of the market: listings, deliveries, and the sales it mediated."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from kernel import journal
from kernel.clock import local_date
from kernel.journal import Event
from kernel.money import Money
from kernel.work import Work
from licensing import scenarios
from marketplace import boards, lines
from marketplace.bargaining import agreed_prices
from marketplace.bargaining.agreed_prices import Source
from marketplace.charging import services
from marketplace.orders import Order
from settlement.dividing.fee_rules import Every, Kind
from settlement.fees import given_back
from tests.catalogue import shelf
from tests.conftest import WorkAs, work_of
from tests.licensing import hall
from tests.marketplace import make
from tests.settlement.fees import billing

MERCHANT = "org_developer"


def system(session: Session) -> Work:
    return work_of(session, "system", at=make.AFTER_PUBLICITY)


def last(session: Session, subject: str, kind: str) -> Event:
    session.flush()
    found = journal.history(session, subject, limit=99)
    return next(event for event in found[::-1] if event.kind == kind)


def mediated(session: Session, order: Order) -> None:
    """Let the order's price have been found by a quotation."""
    (line,) = lines.of(session, order.id)
    work = system(session)
    made = agreed_prices.agree(
        work, source=Source.QUOTATION, source_id="quo_1", product_id=line.product_id,
        product_version_id=line.product_version_id, buyer_id=order.buyer_id,
        seller_id=order.seller_id, quantity=1, amount=line.amount,
        valid_until=local_date(work.now + timedelta(days=9)),
    )  # fmt: skip
    session.flush()
    assert agreed_prices.use(session, made.id, order.id)


def test_a_listing_is_charged_to_its_merchant_by_the_rule_of_its_board(
    session: Session, work_as: WorkAs
) -> None:
    board = make.board(session)
    billing.rule(work_as, Kind.LISTING)
    billing.rule(work_as, Kind.LISTING, min_fen=500, board_id=board.id)
    product = make.listed(session)
    session.add(
        boards.BoardProduct(
            board_id=board.id, product_id=product.id, admitted_at=make.AFTER_PUBLICITY,
            admitted_by="per_exchange_listing",
        )
    )  # fmt: skip
    event = last(session, product.id, "product.listed")

    (made,) = services.listed(system(session), event)
    session.flush()

    assert (made.subject, made.payer_id, made.amount) == (product.id, MERCHANT, Money(500))
    assert services.listed(system(session), event) == []


@pytest.mark.parametrize("by_quotation", [False, True])
def test_a_delivery_is_charged_and_a_mediation_only_of_what_was_mediated(
    session: Session, work_as: WorkAs, by_quotation: bool
) -> None:
    billing.rule(work_as, Kind.DELIVERY)
    billing.rule(work_as, Kind.BROKER)
    order = make.accepted(session)
    if by_quotation:
        mediated(session, order)

    made = services.accepted(system(session), last(session, order.id, "escrow.accepted"))

    fee = Money(order.total.minor // 100)
    kinds = ["broker", "delivery"] if by_quotation else ["delivery"]
    assert [(one.kind, one.payer_id, one.amount) for one in made] == [
        (kind, MERCHANT, fee) for kind in kinds
    ]
    assert {one.order_id for one in made} == {order.id}
    assert given_back.refunded(system(session), Event(data={"order_id": order.id})) == []


def test_without_a_rule_nothing_is_looked_at(session: Session) -> None:
    order = make.accepted(session)

    assert services.accepted(system(session), last(session, order.id, "escrow.accepted")) == []


def test_a_registration_is_charged_to_the_department_and_an_assessment_to_its_applicant(
    session: Session, work_as: WorkAs
) -> None:
    billing.rule(work_as, Kind.REGISTRATION)
    billing.rule(work_as, Kind.ASSESSMENT)
    registration = shelf.registered(session, shelf.published(session).directory_id)
    assessment = hall.concluded(session)
    registered = last(session, registration.id, "registration.registered")
    concluded = last(session, assessment.id, "assessment.concluded")
    applicant = scenarios.find(session, assessment.scenario_id).applicant_id

    made = [services.registered(system(session), registered) for _twice in range(2)]
    judged = [services.assessed(system(session), concluded) for _twice in range(2)]

    assert [one and one.payer_id for one in made] == [registration.department_id, None]
    assert [one and one.payer_id for one in judged] == [applicant, None]


def test_what_stands_listed_is_charged_once_a_year_where_the_rule_says_so(
    session: Session, work_as: WorkAs
) -> None:
    billing.rule(work_as, Kind.LISTING, every=Every.YEAR)
    make.listed(session)
    make.listed(session)
    session.flush()

    done = [services.charge_year(system(session), limit=limit) for limit in (1, 200, 200)]

    assert done == [1, 1, 0]


def test_no_listing_is_charged_by_the_year_without_such_a_rule(
    session: Session, work_as: WorkAs
) -> None:
    billing.rule(work_as, Kind.LISTING)
    make.listed(session)
    session.flush()

    assert services.charge_year(system(session), limit=9) == 0
