from datetime import date

import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from settlement.assets import cards, changes, movements, terms
from settlement.assets.cards import State
from settlement.assets.changes import Proposed, What
from settlement.assets.kinds import CostKind, Form, Kind, Phase, needed
from tests.settlement.assets import town
from tests.settlement.assets.town import CHECKER, NEXT_YEAR, WRITER, cost
from tests.settlement.money import WorkAs

AUGUST = date(2026, 8, 10)


def codes(caught: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in caught.value.refusals]


def test_a_part_that_goes_takes_its_share_of_amortisation_and_provision(
    session: Session, work_as: WorkAs
) -> None:
    card = town.recognised(work_as)
    town.amortised(work_as, card, "2026-09")
    town.changed(work_as, card, What.IMPAIRMENT, 9_000, date(2026, 9, 30))

    town.changed(work_as, card, What.DISPOSAL, 40_000, date(2026, 10, 5))

    assert (card.gross_fen, card.amortised_fen, card.provision_fen) == (80_000, 20_000, 6_000)
    gone = [(one.section, one.line, one.fen) for one in movements.of_card(session, card.id)][-3:]
    assert gone == [
        ("amortisation", "disposed", 10_000),
        ("gross", "disposed", 40_000),
        ("provision", "disposed", 3_000),
    ]


def test_when_the_whole_goes_the_card_ends_at_nothing(work_as: WorkAs) -> None:
    card = town.recognised(work_as)
    town.amortised(work_as, card, "2026-09")

    town.changed(work_as, card, What.LAPSE, 120_000, date(2026, 10, 1))

    assert card.state == State.DERECOGNISED
    assert (card.gross_fen, card.amortised_fen, card.provision_fen) == (0, 0, 0)
    with pytest.raises(StepRefused) as caught:
        town.proposed(work_as, card, What.LAPSE, 1, date(2026, 10, 2))
    assert codes(caught) == ["NOT_RECOGNISED"]


def test_stock_is_written_down_back_up_and_off_when_it_is_sold(
    session: Session, work_as: WorkAs
) -> None:
    card = town.recognised(work_as, Kind.INVENTORY, Form.SELF_PROCESSED)

    town.changed(work_as, card, What.IMPAIRMENT, 30_000, AUGUST)
    town.changed(work_as, card, What.REVERSAL, 10_000, AUGUST)
    town.changed(work_as, card, What.SALE, 60_000, AUGUST)

    assert (card.gross_fen, card.provision_fen, card.carrying_fen) == (60_000, 10_000, 50_000)
    lines = sorted(one.line for one in movements.of_card(session, card.id))
    assert lines == ["charged", "processed", "reversed", "sold", "written_off"]


def test_what_is_proposed_moves_nothing_until_another_books_it(work_as: WorkAs) -> None:
    work = work_as("per_buyer_editor", at=NEXT_YEAR)  # writes, and has to do with finance
    said = town.terms_of(Kind.INVENTORY, Form.PURCHASED)
    card = cards.draft(work, name="x", kind=Kind.INVENTORY, form=Form.PURCHASED, said=said)
    cards.take(work, card.id, "submit")
    signer = work_as("per_other_editor", at=NEXT_YEAR)
    with pytest.raises(NotFound):
        cards.take(signer, card.id, "recognise", recognised_on=AUGUST, **town.SIGNED)
    mine = town.recognised(work_as, Kind.INVENTORY, Form.PURCHASED)

    made = town.proposed(work_as, mine, What.SALE, 1_000, AUGUST)
    with pytest.raises(StepNotAllowed):
        changes.take(work_as(WRITER, at=NEXT_YEAR), made.id, "book")
    before = mine.gross_fen
    changes.take(work_as(WRITER, at=NEXT_YEAR), made.id, "drop", reason="写错")

    assert (before, mine.gross_fen, made.state) == (120_000, 120_000, "dropped")


def test_who_proposes_does_not_book(session: Session, work_as: WorkAs) -> None:
    card = town.recognised(work_as, Kind.INVENTORY, Form.PURCHASED)
    made = town.proposed(work_as, card, What.SALE, 1_000, AUGUST)
    made.proposed_by = CHECKER
    session.flush()

    with pytest.raises(StepRefused) as caught:
        changes.take(work_as(CHECKER, at=NEXT_YEAR), made.id, "book")

    assert codes(caught) == ["FOUR_EYES"]


@pytest.mark.parametrize(
    ("through", "on", "code"),
    [
        (None, AUGUST, "AMORTISE_FIRST"),
        ("2026-08", AUGUST, "AMORTISED_ALREADY"),
        ("2026-10", AUGUST, "AMORTISED_ALREADY"),
        (None, date(2026, 6, 30), "BEFORE_RECOGNITION"),
    ],
)
def test_figures_move_in_the_order_of_their_months(
    work_as: WorkAs, through: str | None, on: date, code: str
) -> None:
    card = town.recognised(work_as)
    if through:
        town.amortised(work_as, card, through)

    with pytest.raises(StepRefused) as caught:
        town.changed(work_as, card, What.DISPOSAL, 10, on)

    assert codes(caught) == [code]


def test_a_month_whose_life_is_over_has_nothing_to_catch_up(work_as: WorkAs) -> None:
    card = town.recognised(work_as, life_months=2)
    town.amortised(work_as, card, "2026-08")

    town.changed(work_as, card, What.DISPOSAL, 120_000, date(2026, 12, 1))

    assert card.state == State.DERECOGNISED


@pytest.mark.parametrize(
    ("what", "fen"),
    [(What.IMPAIRMENT, 120_001), (What.REVERSAL, 1), (What.SALE, 120_001)],
)
def test_no_more_goes_than_there_is(work_as: WorkAs, what: What, fen: int) -> None:
    card = town.recognised(work_as, Kind.INVENTORY, Form.PURCHASED)

    with pytest.raises(StepRefused) as caught:
        town.proposed(work_as, card, what, fen, AUGUST)

    assert codes(caught) == ["MORE_THAN_THERE_IS"]


def test_days_of_a_final_period_are_refused_when_proposed_and_when_booked(
    work_as: WorkAs,
) -> None:
    card = town.recognised(work_as, Kind.INVENTORY, Form.PURCHASED)
    made = town.proposed(work_as, card, What.SALE, 10, AUGUST)
    town.disclosed(work_as, date(2026, 1, 1), date(2026, 12, 31))

    with pytest.raises(StepRefused) as booked:
        changes.take(work_as(CHECKER, at=NEXT_YEAR), made.id, "book")
    with pytest.raises(StepRefused) as again:
        town.proposed(work_as, card, What.SALE, 10, AUGUST)

    assert (codes(booked), codes(again)) == (["PERIOD_FINAL"], ["PERIOD_FINAL"])


@pytest.mark.parametrize(
    ("kind", "what", "fen", "more", "pointer"),
    [
        (Kind.INTANGIBLE, What.REVERSAL, 1, {}, "/what"),
        (Kind.INVENTORY, What.SALE, 0, {}, "/fen"),
        (Kind.INVENTORY, What.ADDITION, 1, {}, "/cost_kind"),
        (Kind.INVENTORY, What.SALE, 1, {"cost_kind": CostKind.LABOUR}, "/cost_kind"),
    ],
)
def test_a_change_that_cannot_be_is_refused_where_it_stands(
    work_as: WorkAs, kind: Kind, what: What, fen: int, more: dict[str, CostKind], pointer: str
) -> None:
    card = town.recognised(work_as, kind, Form.PURCHASED)

    with pytest.raises(Invalid) as caught:
        town.proposed(work_as, card, what, fen, AUGUST, **more)

    assert caught.value.pointer == pointer


def test_development_that_is_done_becomes_an_intangible_asset_with_all_its_costs(
    session: Session, work_as: WorkAs
) -> None:
    developing = (Kind.DEVELOPMENT, Form.SELF_DEVELOPED)
    costs = (cost(50_000, CostKind.LABOUR, phase=Phase.DEVELOPMENT),)
    card = town.recognised(work_as, *developing, costs=costs, conditions=needed(*developing))
    town.changed(work_as, card, What.ADDITION, 8_000, AUGUST, cost_kind=CostKind.STORAGE)
    with pytest.raises(StepRefused) as caught:
        town.proposed(work_as, card, What.TRANSFER, 1_000, AUGUST)

    town.changed(work_as, card, What.TRANSFER, 58_000, AUGUST)

    assert (codes(caught), card.state) == (["ONLY_WHOLE"], State.DERECOGNISED)
    drafts = cards.listed(
        work_as(WRITER), state=State.DRAFT, after=None, limit=5
    ).items  # fmt: skip
    assert [(one.kind, one.from_card_id) for one in drafts] == [(Kind.INTANGIBLE, card.id)]
    said = terms.of(session, drafts[0].id, 1)
    assert (said.initial_fen, said.costs[1]["kind"]) == (58_000, "storage")


def test_a_change_is_its_owners_and_an_overseers_and_nobody_elses(work_as: WorkAs) -> None:
    card = town.recognised(work_as, Kind.INVENTORY, Form.PURCHASED)
    made = town.proposed(work_as, card, What.SALE, 10, AUGUST)
    stranger = work_as("per_other_editor", at=NEXT_YEAR)
    asked = Proposed(what=What.SALE, fen=1, on=AUGUST, document="x")

    with pytest.raises(NotFound):
        changes.seen(stranger, made.id)
    with pytest.raises(NotFound):
        changes.find(stranger.session, "asc_none")
    with pytest.raises(NotFound):
        changes.propose(stranger, card.id, asked)

    assert changes.listed(stranger, after=None, limit=5).items == []
    auditor = work_as("per_exchange_auditor")
    assert changes.listed(auditor, card_id=card.id, after=None, limit=5).items == [made]
