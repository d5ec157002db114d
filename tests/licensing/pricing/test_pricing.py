"""Permitted revenue and upper-limit fees: what may be earned, what may be charged."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from kernel import journal
from kernel.deadlines import Light
from kernel.errors import DomainError, Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from licensing.pricing import caps, periods, revenues
from tests.conftest import RULES, WorkAs, work_of
from tests.licensing.pricing import tolls

TODAY = date(2026, 7, 1)
AFTER = datetime(2028, 1, 3, 4, tzinfo=UTC)


def test_the_maximum_is_costs_profit_and_taxes_less_what_was_too_much() -> None:
    found = periods.maximum(1_200_000_000, 500, taxes_fen=72_000_000, carry_over_fen=30_000_000)

    assert found == 1_302_000_000


@given(costs=st.integers(0, 10**12), rate=st.integers(0, 800), taxes=st.integers(0, 10**10))
def test_the_maximum_grows_with_every_part(costs: int, rate: int, taxes: int) -> None:
    found = periods.maximum(costs, rate, taxes_fen=taxes, carry_over_fen=0)

    assert (
        costs + taxes
        <= found
        <= periods.maximum(costs + 1, rate, taxes_fen=taxes + 1, carry_over_fen=0)
    )


def test_a_period_is_filed_by_its_operator_and_approved_by_the_price_authority(
    session: Session, work_as: WorkAs
) -> None:
    made = tolls.proposed(session)
    with pytest.raises(StepNotAllowed):
        periods.take(work_as("per_agency_approver"), made.id, "file")
    periods.take(work_as("per_operator_signer"), made.id, "file")
    with pytest.raises(NotFound):
        periods.take(work_as("per_developer_signer"), made.id, "approve", doc_no="x")

    periods.take(work_as("per_hub_supervisor"), made.id, "approve", doc_no="演示价〔2026〕1号")

    assert made.max_revenue_fen == 1_332_000_000
    assert periods.in_force(session, "org_operator", TODAY) == made
    assert periods.in_force(session, "org_operator", date(2025, 12, 31)) is None
    assert [one.id for one in periods.listed(work_as("per_hub_officer"), after=None, limit=5).items]
    assert not periods.listed(work_as("per_buyer_signer"), after=None, limit=5).items


def test_two_periods_of_one_operator_never_overlap(session: Session, work_as: WorkAs) -> None:
    tolls.approved(session)
    second = tolls.proposed(session, first_on=date(2026, 12, 1))

    with pytest.raises(StepRefused) as refused:
        periods.take(work_as("per_operator_signer"), second.id, "file")

    assert [one.code for one in refused.value.refusals] == ["FEE_PERIOD_OVERLAPS"]


def test_a_returned_period_is_a_draft_again(session: Session, work_as: WorkAs) -> None:
    made = tolls.proposed(session)
    periods.take(work_as("per_operator_signer"), made.id, "file")

    periods.take(work_as("per_hub_supervisor"), made.id, "return", reason="补充折旧依据")

    assert made.state == periods.State.DRAFT


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"costs": {}}, "/costs"),
        ({"costs": {"donations": 1}}, "/costs"),
        ({"costs": {"staff": -1}}, "/costs"),
        ({"taxes_fen": -1}, "/costs"),
        ({"profit_rate_bp": 801}, "/profit_rate_bp"),
        ({"first_on": date(2028, 1, 1)}, "/last_on"),
        ({"carry_over_fen": 10**13}, "/carry_over_fen"),
    ],
)
def test_a_period_that_cannot_be_meant_is_refused(
    session: Session, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        tolls.proposed(session, **changes)

    assert refused.value.pointer == pointer


def test_only_an_operators_finance_or_signer_proposes(work_as: WorkAs) -> None:
    said: dict[str, Any] = {
        "first_on": TODAY,
        "last_on": TODAY,
        "costs": {"staff": 1},
        "profit_rate_bp": 0,
    }

    for person in ("per_developer_signer", "per_operator_editor"):
        with pytest.raises(StepNotAllowed):
            periods.propose(work_as(person), taxes_fen=0, **said)


def test_a_cap_is_fixed_within_an_approved_period_and_holds_alone(
    session: Session, work_as: WorkAs
) -> None:
    draft = tolls.proposed(session)
    with pytest.raises(StepRefused):
        tolls.cap(session, draft)
    periods.take(work_as("per_operator_signer"), draft.id, "file")
    periods.take(work_as("per_hub_supervisor"), draft.id, "approve", doc_no="1")
    made = tolls.cap(session, draft, valid_to=date(2026, 12, 31))

    later = tolls.cap(session, draft, valid_from=date(2027, 1, 1))
    with pytest.raises(caps.CapOverlaps):
        tolls.cap(session, draft, valid_from=date(2026, 12, 31))

    asked = {"operator_id": "org_operator", "authorisation_id": "aut_1",
             "product_type": "dataset"}  # fmt: skip
    assert caps.in_force(session, **asked, meter="product", on=TODAY) == made
    assert caps.in_force(session, **asked, meter="product", on=date(2027, 1, 1)) == later
    assert caps.in_force(session, **asked, meter="call", on=TODAY) is None
    assert caps.of_period(session, draft.id) == [made, later]
    assert {one.id for one in caps.listed(session, after=None, limit=5).items} == {
        made.id,
        later.id,
    }


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"product_type": "Data Set"}, "/product_type"),
        ({"meter": "hour"}, "/meter"),
        ({"cap_e6": 0}, "/cap_e6"),
        ({"valid_to": date(2029, 1, 1)}, "/valid_from"),
    ],
)
def test_a_cap_that_cannot_be_meant_is_refused(
    session: Session, changes: dict[str, Any], pointer: str
) -> None:
    period = tolls.approved(session)

    with pytest.raises(Invalid) as refused:
        tolls.cap(session, period, **changes)

    assert refused.value.pointer == pointer


def test_only_the_agencys_approver_fixes_caps(session: Session, work_as: WorkAs) -> None:
    period = tolls.approved(session)

    with pytest.raises(StepNotAllowed):
        caps.fix(
            work_as("per_operator_signer"), period.id, product_type="dataset", meter="call",
            cap_e6=1, valid_from=TODAY, valid_to=TODAY, doc_no="x",
        )  # fmt: skip


def test_i_49_revenue_is_counted_once_and_lights_turn_at_80_95_and_100_percent(
    session: Session, work_as: WorkAs
) -> None:
    period = tolls.approved(session, costs={"staff": 1_000}, profit_rate_bp=0, taxes_fen=0)
    house = work_as("system")
    seen: list[tuple[Light, bool, int]] = []

    for number, fen in enumerate((799, 1, 150, 50, 7)):
        revenues.recognise(
            house, f"orl_{number}", operator_id="org_operator", period=period,
            amount=Money(fen), on=TODAY,
        )  # fmt: skip
        standing = revenues.standing(session, period, RULES)
        seen.append((standing.light, standing.full, standing.excess_fen))

    assert seen == [
        (Light.GREEN, False, 0),
        (Light.YELLOW, False, 0),
        (Light.RED, False, 0),
        (Light.RED, True, 0),
        (Light.RED, True, 7),
    ]
    kinds = [event.kind for event in journal.history(session, period.id, limit=9)]
    assert kinds[-3:] == ["fee_period.near", "fee_period.red", "fee_period.full"]
    assert revenues.earned(session, period.id) == revenues.recomputed(session, period.id) == 1_007


def test_i_49_what_was_earned_too_much_is_deducted_in_the_next_period(
    session: Session, work_as: WorkAs
) -> None:
    period = tolls.approved(session, costs={"staff": 1_000}, profit_rate_bp=0, taxes_fen=0)
    revenues.recognise(
        work_as("system"), "orl_1", operator_id="org_operator", period=period,
        amount=Money(1_300), on=TODAY,
    )  # fmt: skip
    with pytest.raises(StepRefused):
        periods.take(work_as("per_hub_supervisor"), period.id, "close")

    closer = work_of(session, "per_hub_supervisor", at=AFTER)
    periods.take(closer, period.id, "close")
    forgetful = tolls.proposed(session, first_on=date(2028, 1, 1), last_on=date(2028, 12, 31))
    honest = tolls.proposed(
        session, first_on=date(2028, 1, 1), last_on=date(2028, 12, 31), carry_over_fen=300
    )
    with pytest.raises(StepRefused) as refused:
        periods.take(work_as("per_operator_signer"), forgetful.id, "file")
    periods.take(work_as("per_operator_signer"), honest.id, "file")

    assert period.excess_fen == 300
    assert [one.code for one in refused.value.refusals] == ["CARRY_OVER_WRONG"]
    assert honest.max_revenue_fen == 1_332_000_000 - 300


def test_revenue_without_a_period_is_kept_and_counts_for_none(
    session: Session, work_as: WorkAs
) -> None:
    revenues.recognise(
        work_as("system"), "orl_1", operator_id="org_operator", period=None,
        amount=Money(5), on=TODAY,
    )  # fmt: skip
    session.flush()

    kept = session.get(revenues.Revenue, "orl_1")
    assert kept is not None
    assert kept.period_id is None


@pytest.mark.parametrize(
    "forged",
    [
        "UPDATE fee_periods SET max_revenue_fen = max_revenue_fen + 1",
        "UPDATE fee_caps SET cap_e6 = cap_e6 + 1",
        "DELETE FROM fee_caps",
        "UPDATE fee_revenues SET amount_fen = 0",
    ],
)
def test_the_database_itself_refuses_forged_figures(
    session: Session, work_as: WorkAs, forged: str
) -> None:
    period = tolls.approved(session)
    tolls.cap(session, period)
    revenues.recognise(
        work_as("system"), "orl_1", operator_id="org_operator", period=period,
        amount=Money(5), on=TODAY,
    )  # fmt: skip
    session.flush()

    with pytest.raises(DatabaseError):
        session.execute(text(forged))


def test_a_cap_of_somebody_elses_authorisation_is_refused(session: Session) -> None:
    period = tolls.approved(session)

    with pytest.raises(DomainError):
        tolls.cap(session, period, authorisation_id="aut_nowhere")
