from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kernel.errors import Invalid
from kernel.journal import Event
from kernel.money import Money
from kernel.parties.rows import Organisation
from settlement import escrow, fsck
from settlement.dividing import fee_rules
from settlement.dividing.charges import FeeCharge
from settlement.dividing.fee_rules import Every, Kind, Payer, Scale, Waiver
from settlement.fees import fee_notes, given_back, occasions
from settlement.fees.occasions import Listed
from settlement.ledger import AccountRef, balance
from settlement.shares import Step
from tests.conftest import NOON
from tests.settlement import money
from tests.settlement.fees import billing
from tests.settlement.fees.billing import MERCHANT
from tests.settlement.money import DUE, WorkAs
from tests.settlement.refunding import going_back

SOLD = Money(100_000)


def nowhere(_line_id: str) -> tuple[str, ...]:
    return ()


def accepted(work_as: WorkAs, *kinds: Kind, **line: Any) -> list[FeeCharge]:
    """Let two lines of an order be accepted, and charge what is due of them."""
    money.paid(work_as, amount=SOLD + SOLD)
    own = {"kind": "other", "operator_id": None, **line}
    money.accepted(
        work_as, "ord_1", money.line("orl_1", SOLD, **own), money.line("orl_2", SOLD, **own)
    )
    return charged(work_as, *kinds)


def charged(work_as: WorkAs, *kinds: Kind) -> list[FeeCharge]:
    work_as("system").session.flush()
    made = occasions.accepted(work_as("system"), "ord_1", kinds or [Kind.DELIVERY], nowhere)
    work_as("system").session.flush()
    return made


def figures(found: list[FeeCharge]) -> list[tuple[str, int]]:
    return [(one.payer_id, one.amount.minor) for one in found]


def test_a_listing_and_its_certificate_are_charged_once_a_product(work_as: WorkAs) -> None:
    listing = billing.rule(work_as, Kind.LISTING)
    billing.rule(work_as, Kind.CERTIFICATE, min_fen=106)
    billing.rule(work_as, Kind.LISTING, min_fen=50, board_id="brd_1")
    system = work_as("system")

    made = occasions.listed(system, Listed("prd_1", "prv_1", MERCHANT))
    again = occasions.listed(system, Listed("prd_1", "prv_2", MERCHANT, ("brd_1",)))
    other = occasions.listed(system, Listed("prd_2", "prv_3", MERCHANT, ("brd_1",)))

    assert figures(made) == [(MERCHANT, 10_600), (MERCHANT, 106)]
    assert (made[0].rule_id, made[0].tax) == (listing.id, Money(600))
    assert again == []
    assert figures(other) == [(MERCHANT, 50), (MERCHANT, 106)]


@pytest.mark.parametrize(
    ("every", "subjects"),
    [
        (Every.PRODUCT, ["prd_1"]),
        (Every.VERSION, ["prv_1", "prv_2"]),
        (Every.YEAR, ["prd_1:2026", "prd_1:2027"]),
    ],
)
def test_a_listing_is_charged_as_often_as_its_rule_says(
    session: Session, work_as: WorkAs, every: Every, subjects: list[str]
) -> None:
    billing.rule(work_as, Kind.LISTING, every=every)
    next_year = work_as("system", at=datetime(2027, 2, 1, 4, tzinfo=UTC))

    for version, work in (("prv_1", work_as("system")), ("prv_2", next_year)):
        for _twice in range(2):
            occasions.listed(work, Listed("prd_1", version, MERCHANT))

    assert session.scalars(select(FeeCharge.subject).order_by(FeeCharge.subject)).all() == subjects
    assert occasions.yearly(work_as("system")) == (every is Every.YEAR)


@pytest.mark.parametrize("kind", [Kind.REGISTRATION, Kind.ASSESSMENT])
def test_a_registration_and_an_assessment_are_charged_once_each(
    work_as: WorkAs, kind: Kind
) -> None:
    billing.rule(work_as, kind)

    found = [occasions.once(work_as("system"), kind, about, MERCHANT) for about in "aab"]

    assert [one and one.amount for one in found] == [Money(10_600), None, Money(10_600)]


@pytest.mark.parametrize(("scale", "fees"), [(Scale.ORDER, [600, 1_000]), (Scale.YEAR, [500, 600])])
def test_the_fee_of_a_delivery_grows_less_by_its_steps(
    work_as: WorkAs, scale: Scale, fees: list[int]
) -> None:
    # Another order of the seller came before, which counts towards the year alone.
    billing.rule(work_as, Kind.DELIVERY, steps=(Step(120_000, 50),), scale=scale)
    money.paid(work_as, "ord_0", amount=Money(100_000))
    own = {"kind": "other", "operator_id": None}
    before = work_as("per_buyer_editor", at=NOON - timedelta(hours=1))
    escrow.accept(before, "ord_0", [money.line("orl_0", Money(100_000), **own)])

    made = accepted(work_as)

    assert sorted(amount for _, amount in figures(made)) == fees


def test_without_a_rule_nothing_is_charged(session: Session, work_as: WorkAs) -> None:
    system = work_as("system")
    billing.rule(work_as, Kind.DELIVERY, first_on=date(2026, 8, 1))

    assert occasions.listed(system, Listed("prd_1", "prv_1", MERCHANT)) == []
    assert occasions.once(system, Kind.REGISTRATION, "reg_1", MERCHANT) is None
    assert not occasions.yearly(system)
    assert occasions.asked_for(system) == frozenset()
    assert accepted(work_as, Kind.DELIVERY, Kind.BROKER) == []
    assert occasions.charge_members(system, limit=9) == []


@pytest.mark.parametrize(
    ("terms", "fees"),
    [
        ({}, [(MERCHANT, 1_000), (MERCHANT, 1_000)]),
        ({"payer": Payer.BUYER}, [("org_buyer", 1_000), ("org_buyer", 1_000)]),
        ({"cap_fen": 1_500}, [(MERCHANT, 1_000), (MERCHANT, 500)]),
        ({"cap_fen": 1_000}, [(MERCHANT, 1_000)]),
        ({"min_fen": 1_700}, [(MERCHANT, 1_700), (MERCHANT, 1_000)]),
    ],
)
def test_the_fee_of_a_delivery_keeps_the_orders_minimum_and_cap(
    work_as: WorkAs, terms: dict[str, Any], fees: list[tuple[str, int]]
) -> None:
    billing.rule(work_as, Kind.DELIVERY, **terms)

    assert occasions.asked_for(work_as("system")) == {Kind.DELIVERY}
    assert figures(accepted(work_as)) == fees
    if len(fees) > 1:
        assert charged(work_as) == []


def test_both_bear_half_of_a_mediation(session: Session, work_as: WorkAs) -> None:
    billing.rule(work_as, Kind.BROKER, payer=Payer.BOTH)

    made = accepted(work_as, Kind.BROKER)

    assert sorted(figures(made)) == [
        ("org_buyer", 500), ("org_buyer", 500), (MERCHANT, 500), (MERCHANT, 500),
    ]  # fmt: skip
    assert balance(session, AccountRef("1122.fee", "org_buyer")) == Money(1_000)


def test_what_the_rule_waives_is_not_charged(work_as: WorkAs) -> None:
    billing.rule(work_as, Kind.DELIVERY, waived_for=(Waiver.WELFARE,))

    assert accepted(work_as, waiver="welfare") == []


def test_a_membership_is_charged_once_a_year_to_each_active_member(
    session: Session, work_as: WorkAs
) -> None:
    billing.rule(work_as, Kind.MEMBERSHIP)
    merchants = set(session.scalars(select(Organisation.id)))

    first = occasions.charge_members(work_as("system"), limit=1)
    rest = occasions.charge_members(work_as("system"), limit=99)
    again = occasions.charge_members(work_as("system"), limit=99)

    found = [*first, *rest]
    assert (len(first), again) == (1, [])
    assert MERCHANT in {one.payer_id for one in found} <= merchants
    assert "org_buyer" not in {one.payer_id for one in found}
    assert {one.subject for one in found} == {f"{one.payer_id}:2026" for one in found}
    assert {one.amount for one in found} == {Money(10_600)}
    notes = fee_notes.gather(work_as("system"), limit=99)
    assert sorted(note.payer_id for note in notes) == sorted(one.payer_id for one in found)


def test_buyers_are_members_when_the_rule_says_so_and_who_is_frozen_is_not(
    session: Session, work_as: WorkAs
) -> None:
    billing.rule(work_as, Kind.MEMBERSHIP, payer=Payer.BUYER)
    session.flush()
    session.execute(update(Organisation).where(Organisation.id == MERCHANT).values(state="frozen"))

    found = occasions.charge_members(work_as("system"), limit=99)

    payers = {one.payer_id for one in found}
    assert "org_buyer" in payers
    assert MERCHANT not in payers


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": Kind.LISTING, "rate_bp": 1},
        {"kind": Kind.LISTING, "steps": (Step(9, 1),), "scale": Scale.YEAR},
        {"kind": Kind.REGISTRATION, "payer": Payer.BUYER},
        {"kind": Kind.DELIVERY, "every": Every.YEAR},
        {"kind": Kind.DELIVERY, "steps": (Step(9, 1),)},
        {"kind": Kind.DELIVERY, "scale": Scale.ORDER},
        {"kind": Kind.DELIVERY, "steps": (Step(9, 1), Step(9, 2)), "scale": Scale.ORDER},
        {"kind": Kind.DELIVERY, "steps": (Step(0, 1),), "scale": Scale.ORDER},
        {"kind": Kind.DELIVERY, "steps": (Step(9, 10_001),), "scale": Scale.ORDER},
        {
            "kind": Kind.DELIVERY,
            "scale": Scale.ORDER,
            "steps": tuple(Step(above, 1) for above in range(1, 12)),
        },
        {"kind": Kind.MEMBERSHIP, "min_fen": 0},
        {"kind": Kind.CERTIFICATE, "payer": Payer.BUYER},
    ],
)
def test_a_fixed_sum_has_no_rate_and_a_payer_that_is_there(
    work_as: WorkAs, wrong: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        billing.rule(work_as, **wrong)


def test_the_fee_goes_back_in_the_part_that_was_refunded(session: Session, work_as: WorkAs) -> None:
    billing.rule(work_as, Kind.TRANSACTION, payer=Payer.BUYER)
    billing.rule(work_as, Kind.DELIVERY)
    money.paid(work_as, amount=SOLD)
    money.accepted(work_as, "ord_1", money.line("orl_1", SOLD, kind="other", operator_id=None))
    delivery = charged(work_as)
    money.settled(work_as)
    fee_notes.gather(work_as("system", at=DUE), limit=9)
    back = Event(data={"order_id": "ord_1"})

    refund = going_back.requested(work_as, 25_000)
    under_way = given_back.refunded(work_as("system"), back)
    going_back.sent(work_as, refund)
    going_back.arrived(work_as, refund)
    given = given_back.refunded(work_as("system"), back)
    again = given_back.refunded(work_as("system"), back)

    assert figures(delivery) == [(MERCHANT, 1_000)]
    assert (under_way, again) == ([], [])
    assert [one.amount for one in given] == [Money(250), Money(250)]
    assert balance(session, AccountRef("1122.fee", "org_buyer")) == Money(750)
    assert balance(session, AccountRef("1122.fee", MERCHANT)) == Money(750)
    assert given_back.refunded(work_as("system"), Event(data={})) == []
    assert given_back.refunded(work_as("system"), Event(data={"order_id": "ord_9"})) == []
    assert fsck.check(session) == ()


def test_what_is_of_no_line_stays_when_its_order_is_refunded(
    session: Session, work_as: WorkAs
) -> None:
    billing.charged(work_as)
    session.execute(update(FeeCharge).values(order_id="ord_1", kind="transaction"))

    assert given_back.refunded(work_as("system"), Event(data={"order_id": "ord_1"})) == []


def test_a_figure_is_never_below_nothing(work_as: WorkAs) -> None:
    rule = billing.rule(work_as, Kind.DELIVERY, cap_fen=100)

    assert fee_rules.figure(rule, SOLD, charged=Money(150)) == Money(0)
    assert fee_rules.figure(rule, Money(50), charged=Money(0)) == Money(1)
