from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from settlement.assets import amortising, cards, months, movements
from settlement.assets.changes import What
from settlement.assets.kinds import Form, Kind, Method
from tests.settlement.assets import town
from tests.settlement.assets.town import CHECKER, NEXT_YEAR, WRITER, cost
from tests.settlement.money import WorkAs


def test_every_month_bears_its_share_and_the_last_one_bears_the_rest(
    session: Session, work_as: WorkAs
) -> None:
    card = town.recognised(work_as, costs=(cost(100_000),), life_months=7, residual_fen=9)

    charged = town.amortised(work_as, card, "2026-12")
    planned = amortising.plan(session, card)

    assert [charge.fen for charge in charged] == [14_284, 14_285, 14_284, 14_285, 14_284, 14_285]
    assert [(charge.month, charge.left) for charge in planned] == [("2027-01", 9)]
    assert card.amortised_fen + planned[0].fen == 100_000 - 9


def test_a_repeat_charges_nothing_and_leaves_no_movement(session: Session, work_as: WorkAs) -> None:
    card = town.recognised(work_as)
    town.amortised(work_as, card, "2026-09")

    again = town.amortised(work_as, card, "2026-09")
    later = town.amortised(work_as, card, "2026-10")

    assert (again, [charge.month for charge in later]) == ([], ["2026-10"])
    kept = [one.month for one in movements.of_card(session, card.id) if one.month]
    assert kept == ["2026-07", "2026-08", "2026-09", "2026-10"]


def test_only_months_that_are_over_and_only_a_checker_charges_them(work_as: WorkAs) -> None:
    card = town.recognised(work_as)
    none = town.brought({})

    with pytest.raises(Invalid, match="not over"):
        town.amortised(work_as, card, "2027-01")
    with pytest.raises(Invalid, match="month such as"):
        town.amortised(work_as, card, "2026-13")
    with pytest.raises(StepNotAllowed):
        amortising.run(work_as(WRITER, at=NEXT_YEAR), card.id, "2026-09", none)
    with pytest.raises(NotFound):
        amortising.run(work_as("per_other_editor", at=NEXT_YEAR), card.id, "2026-09", none)


@pytest.mark.parametrize(("kind", "life"), [(Kind.INVENTORY, None), (Kind.INTANGIBLE, None)])
def test_stock_and_what_lasts_for_ever_do_not_wear_off(
    session: Session, work_as: WorkAs, kind: Kind, life: int | None
) -> None:
    card = town.recognised(work_as, kind, Form.PURCHASED, life_months=life)

    with pytest.raises(StepRefused) as caught:
        town.amortised(work_as, card, "2026-09")

    assert [refusal.code for refusal in caught.value.refusals] == ["NOTHING_TO_AMORTISE"]
    assert amortising.plan(session, card) == []


def test_by_benefit_each_month_bears_as_much_as_it_brought(
    session: Session, work_as: WorkAs
) -> None:
    card = town.recognised(work_as, method=Method.BY_BENEFIT, expected_fen=1_000_000)
    benefit = town.brought({"2026-07": 250_000, "2026-09": 500_000, "2026-10": 900_000})
    work = work_as(CHECKER, at=NEXT_YEAR)

    first = amortising.run(work, card.id, "2026-08", benefit)
    rest = amortising.run(work, card.id, "2026-12", benefit)

    assert [(one.month, one.fen) for one in first] == [("2026-07", 30_000)]
    assert [(one.month, one.fen) for one in rest] == [("2026-09", 60_000), ("2026-10", 30_000)]
    assert (card.carrying_fen, card.amortised_through) == (0, "2026-12")
    assert amortising.plan(session, card) == []


def test_a_longer_life_is_borne_from_the_next_month_on(work_as: WorkAs) -> None:
    card = town.recognised(work_as)
    town.amortised(work_as, card, "2026-09")
    longer = town.terms_of(Kind.INTANGIBLE, Form.PURCHASED, life_months=21)
    cards.revise(work_as(WRITER, at=NEXT_YEAR), card.id, longer)
    cards.take(work_as(CHECKER, at=NEXT_YEAR), card.id, "approve")

    (charge,) = town.amortised(work_as, card, "2026-10")

    assert charge.fen == 90_000 // 18


def test_a_life_that_is_over_already_is_borne_by_the_next_month(work_as: WorkAs) -> None:
    card = town.recognised(work_as)
    town.amortised(work_as, card, "2026-09")
    shorter = town.terms_of(Kind.INTANGIBLE, Form.PURCHASED, life_months=2)
    cards.revise(work_as(WRITER, at=NEXT_YEAR), card.id, shorter)
    cards.take(work_as(CHECKER, at=NEXT_YEAR), card.id, "approve")

    (charge,) = town.amortised(work_as, card, "2026-12")

    assert (charge.month, charge.fen, card.carrying_fen) == ("2026-10", 90_000, 0)


def test_what_lasted_for_ever_and_no_longer_does_bears_its_cost_from_now_on(
    session: Session, work_as: WorkAs
) -> None:
    card = town.recognised(work_as, life_months=None)
    now = town.terms_of(Kind.INTANGIBLE, Form.PURCHASED, life_months=18)
    cards.revise(work_as(WRITER, at=NEXT_YEAR), card.id, now)
    cards.take(work_as(CHECKER, at=NEXT_YEAR), card.id, "approve")

    planned = amortising.plan(session, card)

    assert (planned[0].month, planned[-1].month) == ("2027-01", "2027-12")
    assert {charge.fen for charge in planned} == {10_000}


def test_impairment_leaves_less_to_bear(work_as: WorkAs) -> None:
    card = town.recognised(work_as)
    town.amortised(work_as, card, "2026-09")
    town.changed(work_as, card, What.IMPAIRMENT, 45_000, date(2026, 9, 30))

    (charge,) = town.amortised(work_as, card, "2026-10")

    assert (charge.fen, charge.left) == (5_000, 40_000)


def test_months_are_counted_as_calendars_have_them() -> None:
    assert months.whole(date(2026, 1, 31), date(2026, 2, 28)) == 1
    assert months.whole(date(2026, 1, 15), date(2026, 2, 13)) == 0
    assert months.whole(date(2026, 1, 15), date(2026, 2, 14)) == 1
    assert months.whole(date(2026, 1, 1), date(2026, 12, 31)) == 12
    assert months.after("2026-12") == "2027-01"
    assert months.after("2026-01", -1) == "2025-12"
    assert list(months.between("2026-11", "2027-01")) == ["2026-11", "2026-12", "2027-01"]


def test_the_house_charges_each_month_on_its_date_and_catches_up_with_those_missed(
    work_as: WorkAs,
) -> None:
    card = town.recognised(work_as)
    before, on_its_day = (datetime(2026, 10, day, 4, tzinfo=UTC) for day in (3, 4))

    early = _due(work_as, before)
    caught_up = card.amortised_through
    on_time = _due(work_as, on_its_day)
    again = _due(work_as, on_its_day)

    assert (early, caught_up, on_time, again) == (1, "2026-08", 1, 0)
    assert (card.amortised_through, card.amortised_fen) == ("2026-09", 30_000)


def test_a_card_whose_figures_are_final_does_not_hold_the_others_up(work_as: WorkAs) -> None:
    theirs = town.recognised(work_as)
    town.disclosed(work_as, date(2026, 7, 1), date(2026, 9, 30))
    later = town.recognised(work_as, costs=(cost(120_000, on=date(2026, 10, 1)),),
                            on=date(2026, 10, 1))  # fmt: skip

    done = _due(work_as, datetime(2026, 11, 4, 4, tzinfo=UTC), limit=1)

    assert (done, theirs.amortised_through, later.amortised_through) == (1, None, "2026-10")


def test_what_does_not_wear_off_and_what_is_to_come_is_not_charged(work_as: WorkAs) -> None:
    lasting = town.recognised(work_as, life_months=None)
    stock = town.recognised(work_as, Kind.INVENTORY)
    draft = town.drafted(work_as)

    done = _due(work_as, datetime(2026, 11, 4, 4, tzinfo=UTC))
    too_soon = _due(work_as, datetime(2026, 7, 31, 4, tzinfo=UTC))

    assert (done, too_soon) == (0, 0)
    assert {lasting.amortised_through, stock.amortised_through, draft.amortised_through} == {None}


def _due(work_as: WorkAs, at: datetime, *, limit: int = 200) -> int:
    return amortising.run_due(work_as("system", at=at), town.brought({}), limit=limit)
