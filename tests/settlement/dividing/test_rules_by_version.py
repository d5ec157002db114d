from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from settlement import escrow, fsck
from settlement.dividing import charges, fee_rules, revenue_rules
from settlement.dividing.charges import FeeCharge
from settlement.dividing.fee_rules import FeeRule, Kind, Payer, Scale, Waiver
from settlement.dividing.obligations import Obligation
from settlement.dividing.revenue_rules import RevenueRule, Scope, Shared
from settlement.ledger import AccountRef, balance
from settlement.shares import Base, Step
from tests.conftest import NOON, WorkAs
from tests.settlement import money

TODAY = date(2026, 7, 1)


def fee_rule(work_as: WorkAs, **changed: Any) -> FeeRule:
    terms: dict[str, Any] = {
        "kind": Kind.TRANSACTION, "payer": Payer.SELLER, "rate_bp": 100, "first_on": TODAY,
        **changed,
    }  # fmt: skip
    made = fee_rules.draft(work_as("per_exchange_settler"), **terms)
    money.made_session(work_as).flush()
    return fee_rules.take(work_as("per_exchange_checker"), made.id, "approve")


def revenue_rule(work_as: WorkAs, *shared: Shared, **changed: Any) -> RevenueRule:
    terms: dict[str, Any] = {
        "scope": Scope.PRODUCT, "scope_id": "prd_1", "shared": shared, "first_on": TODAY, **changed,
    }  # fmt: skip
    made = revenue_rules.draft(work_as("per_exchange_settler"), **terms)
    money.made_session(work_as).flush()
    return revenue_rules.take(work_as("per_exchange_checker"), made.id, "approve")


def settled(work_as: WorkAs, **line: Any) -> None:
    amount = Money(100_000)
    money.made_session(work_as).flush()
    money.paid(work_as, amount=amount)
    given = {"kind": "other", "operator_id": None, **line}
    money.accepted(work_as, "ord_1", money.line("orl_1", amount, **given))
    money.settled(work_as)


def on(session: Session, code: str, owner: str = "") -> int:
    return balance(session, AccountRef(code, owner)).minor


def fees(session: Session) -> int:
    return on(session, "6001.commission") + on(session, "2221.vat")


def test_a_rule_in_force_is_what_the_line_points_at(session: Session, work_as: WorkAs) -> None:
    rule = fee_rule(work_as)
    fee_rule(work_as, board_id="brd_1", rate_bp=50)
    fee_rule(work_as, first_on=date(2026, 8, 1), rate_bp=900)

    settled(work_as)

    (obligation,) = escrow.of_order(session, "ord_1")
    assert (obligation.fee_rule_id, fees(session)) == (rule.id, 1_000)


def test_a_rule_of_the_board_goes_before_the_general_one(session: Session, work_as: WorkAs) -> None:
    fee_rule(work_as)
    fee_rule(work_as, board_id="brd_1", rate_bp=50)

    settled(work_as, board_ids=["brd_1", "brd_2"])

    assert fees(session) == 500


@pytest.mark.parametrize(
    ("terms", "fee"),
    [({"min_fen": 2_000}, 2_000), ({"cap_fen": 700}, 700), ({"min_fen": 10**9}, 100_000)],
)
def test_minimum_and_cap_are_of_the_order(
    session: Session, work_as: WorkAs, terms: dict[str, int], fee: int
) -> None:
    fee_rule(work_as, **terms)

    settled(work_as)

    assert fees(session) == fee


@pytest.mark.parametrize("scale", list(Scale))
def test_each_part_of_an_amount_bears_the_rate_of_its_step(
    session: Session, work_as: WorkAs, scale: Scale
) -> None:
    fee_rule(work_as, steps=(Step(30_000, 50), Step(80_000, 0)), scale=scale)

    settled(work_as)

    assert fees(session) == 300 + 250


def test_the_year_of_a_seller_goes_on_over_its_orders_whichever_is_settled_first(
    session: Session, work_as: WorkAs
) -> None:
    fee_rule(work_as, steps=(Step(150_000, 50),), scale=Scale.YEAR)
    amount = Money(100_000)
    for hour, order in enumerate(("ord_1", "ord_2", "ord_3")):
        money.paid(work_as, order, amount=amount)
        line = money.line(f"orl_{order}", amount, kind="other", operator_id=None)
        at = NOON + timedelta(minutes=hour)
        escrow.accept(work_as("per_buyer_editor", at=at), order, [line])
    first = session.scalars(select(Obligation).where(Obligation.order_id == "ord_1")).one()
    first.holds = 1
    session.flush()

    money.settled(work_as)
    others = fees(session)
    first.holds = 0
    session.flush()
    money.settled(work_as)

    assert (others, fees(session)) == (750 + 500, 1_000 + 750 + 500)
    assert fsck.check(session) == ()


@pytest.mark.parametrize("by_rule", [False, True])
def test_what_is_waived_costs_nothing(session: Session, work_as: WorkAs, by_rule: bool) -> None:
    if by_rule:
        fee_rule(work_as, waived_for=(Waiver.WELFARE,))

    settled(work_as, waiver="welfare")

    assert fees(session) == 0
    assert on(session, "2202.merchant", "org_developer") == 100_000


@pytest.mark.parametrize(("payer", "kept"), [(Payer.BUYER, 0), (Payer.BOTH, 500)])
def test_the_buyers_part_is_asked_for_besides(
    session: Session, work_as: WorkAs, payer: Payer, kept: int
) -> None:
    fee_rule(work_as, payer=payer)

    settled(work_as)

    assert (
        on(session, "6001.commission") + on(session, "2221.vat") + on(session, "6001.service")
        == 1_000
    )
    assert on(session, "1122.fee", "org_buyer") == 1_000 - kept
    assert on(session, "2202.merchant", "org_developer") == 100_000 - kept
    (note,) = session.scalars(select(FeeCharge)).all()
    assert charges.charged(session, {"ord_1"}, Kind.TRANSACTION) == {"ord_1": note.amount}
    assert escrow.explain(session, "ord_1").difference == Money(0)
    assert fsck.check(session) == ()


def test_rules_are_approved_by_another_before_their_day(session: Session, work_as: WorkAs) -> None:
    settler = work_as("per_exchange_settler")
    made = fee_rules.draft(
        settler, kind=Kind.BROKER, payer=Payer.SELLER, rate_bp=1, first_on=date(2026, 6, 30)
    )
    shares = revenue_rules.draft(
        settler, scope=Scope.BOARD, scope_id="brd_1", first_on=date(2026, 6, 30),
        shared=[Shared("merchant", 10_000)],
    )  # fmt: skip
    session.flush()

    for rules, rule in ((fee_rules, made), (revenue_rules, shares)):
        with pytest.raises(StepRefused) as refused:
            rules.take(settler, rule.id, "approve")
        assert [one.code for one in refused.value.refusals] == ["FOUR_EYES", "BEGINS_IN_THE_PAST"]
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(FeeRule).values(state="approved"))
    with pytest.raises(StepNotAllowed):
        fee_rule(lambda _person: work_as("per_buyer_editor"))


def test_a_retired_rule_holds_until_its_last_day(session: Session, work_as: WorkAs) -> None:
    fee = fee_rule(work_as)
    share = revenue_rule(work_as, Shared("merchant", 10_000))
    checker = work_as("per_exchange_checker")

    fee_rules.take(checker, fee.id, "retire", reason="新规")
    revenue_rules.take(checker, share.id, "retire", reason="新规")
    session.flush()

    def held(on: date) -> list[bool]:
        return [
            fee_rules.in_force(session, Kind.TRANSACTION, on) is not None,
            revenue_rules.in_force(session, on, product_id="prd_1") is not None,
        ]

    assert (held(TODAY), held(date(2026, 7, 2))) == ([True, True], [False, False])


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_bp": 10_001},
        {"min_fen": 5, "cap_fen": 4},
        {"last_on": date(2026, 6, 30)},
    ],
)
def test_figures_that_contradict_each_other_are_no_rule(
    work_as: WorkAs, wrong: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        fee_rule(work_as, **wrong)


@pytest.mark.parametrize(
    "shared",
    [
        [],
        [Shared("merchant", 9_999)],
        [Shared("merchant", 5_000), Shared("merchant", 5_000)],
        [Shared("friend", 10_000)],
        [Shared("broker", 10_000)],
        [Shared("merchant", 20_000), Shared("operator", -10_000)],
    ],
)
def test_shares_that_do_not_add_up_are_no_rule(work_as: WorkAs, shared: list[Shared]) -> None:
    with pytest.raises(Invalid):
        revenue_rule(work_as, *shared)
    with pytest.raises(Invalid):
        revenue_rule(work_as, Shared("merchant", 10_000), last_on=date(2026, 6, 30))


def test_parties_that_were_changed_behind_its_back_are_not_approved(
    session: Session, work_as: WorkAs
) -> None:
    made = revenue_rules.draft(
        work_as("per_exchange_settler"), scope=Scope.BOARD, scope_id="brd_1", first_on=TODAY,
        shared=[Shared("merchant", 10_000)],
    )  # fmt: skip
    session.flush()
    session.execute(update(revenue_rules.RevenueParty).values(share_bp=9_000))
    session.expire_all()

    with pytest.raises(StepRefused) as refused:
        revenue_rules.take(work_as("per_exchange_checker"), made.id, "approve")

    assert [one.code for one in refused.value.refusals] == ["SHARES_DO_NOT_ADD_UP"]


def test_a_broker_has_his_share_and_can_be_paid(session: Session, work_as: WorkAs) -> None:
    revenue_rule(work_as, Shared("merchant", 9_000), Shared("broker", 1_000, "org_operator"))

    settled(work_as, product_id="prd_1")

    assert on(session, "2202.broker", "org_operator") == 9_700
    assert on(session, "2202.merchant", "org_developer") == 87_300


@pytest.mark.parametrize(("merchant_bp", "merchant"), [(9_000, 87_000), (100, 0)])
def test_of_the_gross_the_merchant_bears_the_fee_first(
    session: Session, work_as: WorkAs, merchant_bp: int, merchant: int
) -> None:
    revenue_rule(
        work_as, Shared("merchant", merchant_bp), Shared("operator", 10_000 - merchant_bp),
        base=Base.GROSS,
    )  # fmt: skip

    settled(work_as, product_id="prd_1", operator_id="org_operator")

    assert on(session, "2202.merchant", "org_developer") == merchant
    assert on(session, "2202.operator", "org_operator") == 97_000 - merchant


def test_the_narrowest_rule_holds(session: Session, work_as: WorkAs) -> None:
    by = {
        scope: revenue_rule(work_as, Shared("merchant", 10_000), scope=scope, scope_id=scope).id
        for scope in Scope
    }
    session.flush()
    named: dict[str, Any] = {
        "product_id": Scope.PRODUCT, "board_ids": [Scope.BOARD],
        "agreement_id": Scope.OPERATION_AGREEMENT,
    }  # fmt: skip

    def found(**which: Any) -> str | None:
        rule = revenue_rules.in_force(session, TODAY, **{**named, **which})
        return rule.id if rule else None

    assert found() == by[Scope.PRODUCT]
    assert found(product_id=None) == by[Scope.BOARD]
    assert found(product_id=None, board_ids=[]) == by[Scope.OPERATION_AGREEMENT]
    assert found(product_id=None, board_ids=[], agreement_id=None) is None
    assert found(product_id="x", board_ids=[], agreement_id=None) is None


def test_drafts_are_seen_by_who_oversees_alone(session: Session, work_as: WorkAs) -> None:
    settler, stranger = work_as("per_exchange_settler"), work_as("per_buyer_editor")
    draft = fee_rules.draft(
        settler, kind=Kind.BROKER, payer=Payer.SELLER, rate_bp=1, first_on=TODAY
    )
    rule = revenue_rule(work_as, Shared("merchant", 10_000))
    session.flush()

    assert fee_rules.listed(settler, after=None, limit=9).items == [draft]
    assert fee_rules.listed(stranger, after=None, limit=9).items == []
    assert revenue_rules.listed(settler, after=None, limit=9).items == [rule]
    for who, find in ((stranger, fee_rules.seen), (stranger, revenue_rules.seen)):
        for rule_id in (draft.id, rule.id):
            with pytest.raises(NotFound):
                find(who, rule_id)
    assert replace(settler, now=NOON).now == NOON
