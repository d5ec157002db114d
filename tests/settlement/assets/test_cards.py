from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from settlement.assets import cards, disclosures, movements, terms
from settlement.assets.cards import State
from settlement.assets.kinds import Condition, CostKind, Form, Kind, Method, Phase, needed
from tests.settlement.assets import town
from tests.settlement.assets.town import CHECKER, NEXT_YEAR, SIGNED, WRITER, cost
from tests.settlement.bookkeeping import unguard
from tests.settlement.money import WorkAs


def test_a_card_is_written_by_one_and_counts_once_another_has_signed_it_off(
    session: Session, work_as: WorkAs
) -> None:
    costs = (cost(100_000), cost(20_000, CostKind.DATA_CLEANING))
    card = town.recognised(work_as, costs=costs)

    assert (card.state, card.code) == (State.RECOGNISED, "AC-2027-000001")
    assert (card.gross_fen, card.carrying_fen) == (120_000, 120_000)
    (movement,) = movements.of_card(session, card.id)
    assert (movement.line, movement.fen, movement.on_day) == ("purchased", 120_000, town.BOUGHT_ON)
    assert (movement.prepared_by, movement.booked_by) == (WRITER, CHECKER)
    kinds = [event.kind for event in journal.history(session, card.id, limit=9)]
    assert kinds == ["asset_card.drafted", "asset_card.submitted", "asset_card.recognised"]


def test_who_wrote_or_submitted_a_card_does_not_sign_it_off(work_as: WorkAs) -> None:
    work = work_as("per_buyer_editor", at=NEXT_YEAR)  # writes, and has to do with finance
    said = town.terms_of(Kind.INVENTORY, Form.PURCHASED)
    card = cards.draft(work, name="x", kind=Kind.INVENTORY, form=Form.PURCHASED, said=said)
    cards.take(work, card.id, "submit")

    with pytest.raises(StepRefused) as caught:
        cards.take(work, card.id, "recognise", recognised_on=town.BOUGHT_ON, **SIGNED)

    assert "FOUR_EYES" in {refusal.code for refusal in caught.value.refusals}


def test_what_meets_not_all_conditions_is_expense_and_every_reason_is_told(
    work_as: WorkAs,
) -> None:
    met = tuple(each for each in needed(Kind.INTANGIBLE, Form.SELF_DEVELOPED)
                if each is not Condition.FEASIBLE)  # fmt: skip
    card = town.drafted(
        work_as,
        Kind.INTANGIBLE,
        Form.SELF_DEVELOPED,
        costs=(cost(5_000, CostKind.LABOUR, phase=Phase.RESEARCH),),
        conditions=met,
        right_until=date(2027, 3, 31),
    )

    with pytest.raises(StepRefused) as caught:
        cards.take(work_as(WRITER, at=NEXT_YEAR), card.id, "submit")

    codes = [refusal.code for refusal in caught.value.refusals]
    assert codes == ["CONDITIONS_NOT_MET", "NOTHING_CAPITALISED", "RIGHT_ENDS_EARLIER"]


def test_what_research_cost_is_no_part_of_the_asset(work_as: WorkAs) -> None:
    costs = (
        cost(70_000, CostKind.LABOUR, phase=Phase.RESEARCH),
        cost(30_000, CostKind.LABOUR, phase=Phase.DEVELOPMENT),
    )

    card = town.recognised(work_as, Kind.INTANGIBLE, Form.SELF_DEVELOPED, costs=costs)

    assert card.gross_fen == 30_000


@pytest.mark.parametrize(
    ("until", "life", "likely", "ok"),
    [
        (date(2028, 1, 19), 12, False, True),
        (date(2028, 1, 18), 12, False, False),
        (date(2028, 1, 31), 12, False, True),
        (date(2028, 1, 18), 12, True, True),
        (date(2028, 1, 19), None, False, False),
        (None, None, False, True),
    ],
)
def test_a_life_is_no_longer_than_the_right_unless_renewal_is_likely(
    work_as: WorkAs, until: date | None, life: int | None, *, likely: bool, ok: bool
) -> None:
    card = town.drafted(work_as, right_until=until, life_months=life, renewal_likely=likely)

    barred = cards.LIFE.refusals("submit", card, work_as(WRITER, at=NEXT_YEAR))

    assert [refusal.code for refusal in barred] == ([] if ok else ["RIGHT_ENDS_EARLIER"])


def test_versions_stay_as_they_were_written(session: Session, work_as: WorkAs) -> None:
    card = town.drafted(work_as)
    mended = town.terms_of(Kind.INTANGIBLE, Form.PURCHASED, life_months=24)
    cards.mend(work_as(WRITER, at=NEXT_YEAR), card.id, mended)
    session.flush()

    lives = [version.life_months for version in terms.all_of(session, card.id)]
    unguard(session)
    with pytest.raises(DBAPIError, match="append"):
        session.execute(text("UPDATE asset_card_versions SET life_months = 99"))
    session.rollback()

    assert lives == [24, 12]


def test_a_revision_counts_once_another_has_approved_it(session: Session, work_as: WorkAs) -> None:
    card = town.recognised(work_as)
    longer = town.terms_of(Kind.INTANGIBLE, Form.PURCHASED, life_months=24, costs=(cost(1),))

    cards.revise(work_as(WRITER, at=NEXT_YEAR), card.id, longer)
    still = cards.version(session, card).life_months
    with pytest.raises(StepNotAllowed):
        cards.take(work_as(WRITER, at=NEXT_YEAR), card.id, "approve")
    cards.take(work_as(CHECKER, at=NEXT_YEAR), card.id, "approve")

    now = cards.version(session, card)
    assert (still, now.life_months, now.initial_fen) == (12, 24, 120_000)
    assert card.state == State.RECOGNISED


def test_a_revision_that_is_declined_changes_nothing(session: Session, work_as: WorkAs) -> None:
    card = town.recognised(work_as)
    longer = town.terms_of(Kind.INTANGIBLE, Form.PURCHASED, life_months=24)
    cards.revise(work_as(WRITER, at=NEXT_YEAR), card.id, longer)

    cards.take(work_as(CHECKER, at=NEXT_YEAR), card.id, "decline", reason="依据不足")

    assert (card.version_in_force, card.version_written) == (1, 2)
    assert cards.version(session, card).life_months == 12


def test_a_card_that_was_sent_back_is_mended_and_no_other(work_as: WorkAs) -> None:
    card = town.submitted(work_as)
    said = town.terms_of(Kind.INTANGIBLE, Form.PURCHASED)
    writer = work_as(WRITER, at=NEXT_YEAR)

    with pytest.raises(StepRefused, match="only a draft"):
        cards.mend(writer, card.id, said)
    cards.take(work_as(CHECKER, at=NEXT_YEAR), card.id, "send_back", reason="补发票")
    cards.mend(writer, card.id, said)

    assert (card.state, card.version_written) == (State.DRAFT, 2)
    with pytest.raises(StepNotAllowed):
        cards.mend(work_as("per_exchange_settler"), card.id, said)


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"costs": ()}, "/costs"),
        ({"costs": (cost(0),)}, "/costs"),
        ({"residual_fen": 120_001}, "/residual_fen"),
        ({"life_months": 601}, "/life_months"),
        ({"method": Method.BY_BENEFIT}, "/expected_fen"),
    ],
)
def test_terms_that_cannot_be_are_refused_where_they_stand(
    work_as: WorkAs, more: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as caught:
        town.drafted(work_as, **more)

    assert caught.value.pointer == pointer


def test_each_kind_is_got_in_its_own_ways(work_as: WorkAs) -> None:
    with pytest.raises(Invalid, match="form"):
        town.drafted(work_as, Kind.INVENTORY, Form.SELF_DEVELOPED)


def test_a_card_is_its_owners_and_an_overseers_and_nobody_elses(work_as: WorkAs) -> None:
    card = town.drafted(work_as)
    stranger = work_as("per_other_editor")

    with pytest.raises(NotFound):
        cards.seen(stranger, card.id)
    with pytest.raises(NotFound):
        cards.find(stranger.session, "ast_none")

    assert cards.listed(stranger, after=None, limit=5).items == []
    assert cards.seen(work_as("per_exchange_auditor"), card.id) is card
    both = cards.listed(work_as("per_exchange_auditor"), state=State.DRAFT, after=None, limit=5)
    assert both.items == [card]


def test_nobody_without_the_duty_begins_a_card(work_as: WorkAs) -> None:
    said = town.terms_of(Kind.INTANGIBLE, Form.PURCHASED)

    with pytest.raises(StepNotAllowed):
        cards.draft(
            work_as(CHECKER), name="x", kind=Kind.INTANGIBLE, form=Form.PURCHASED, said=said
        )


@pytest.mark.parametrize("on", [date(2027, 1, 21), date(2026, 6, 30)])
def test_a_card_is_recognised_neither_before_its_costs_nor_in_days_to_come(
    work_as: WorkAs, on: date
) -> None:
    with pytest.raises(Invalid):
        town.recognised(work_as, on=on)


def test_nothing_is_recognised_in_a_period_that_is_final(work_as: WorkAs) -> None:
    town.disclosed(work_as, date(2026, 1, 1), date(2026, 12, 31))

    with pytest.raises(StepRefused) as caught:
        town.recognised(work_as)

    assert [refusal.code for refusal in caught.value.refusals] == ["PERIOD_FINAL"]
    assert disclosures.period_is_final(
        work_as("system").session, "org_developer", date(2027, 1, 1)
    ) is None  # fmt: skip


def test_the_database_lets_no_figure_fall_below_zero(session: Session, work_as: WorkAs) -> None:
    card = town.recognised(work_as)
    session.flush()
    unguard(session)

    with pytest.raises(DBAPIError, match="carrying_not_negative"):
        session.execute(
            text("UPDATE asset_cards SET provision_fen = gross_fen + 1 WHERE id = :id"),
            {"id": card.id},
        )
    session.rollback()
