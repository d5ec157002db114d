from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from settlement.assets import cards, disclosures, movements, tables
from settlement.assets.changes import What
from settlement.assets.disclosures import State
from settlement.assets.kinds import CostKind, Form, Kind
from settlement.assets.movements import Line, Section, Sum
from settlement.papers import papers
from tests.settlement.assets import town
from tests.settlement.assets.town import CHECKER, NEXT_YEAR, SIGNED, WRITER, cost
from tests.settlement.bookkeeping import on_sqlite, unguard
from tests.settlement.money import WorkAs

YEAR = (date(2026, 1, 1), date(2026, 12, 31))
AUTUMN = (date(2026, 9, 1), date(2026, 12, 31))


@pytest.fixture
def year(work_as: WorkAs) -> None:
    """A year: bought, developed, processed, worn, impaired, sold, lapsed."""
    bought = town.recognised(work_as)
    town.amortised(work_as, bought, "2026-09")
    town.changed(work_as, bought, What.IMPAIRMENT, 9_000, date(2026, 9, 30))
    town.changed(work_as, bought, What.DISPOSAL, 40_000, date(2026, 10, 5))
    town.recognised(work_as, Kind.INTANGIBLE, Form.SELF_DEVELOPED, costs=(cost(33_333),))
    stock = town.recognised(work_as, Kind.INVENTORY, Form.SELF_PROCESSED)
    added = {"cost_kind": CostKind.COLLECTION}
    town.changed(work_as, stock, What.ADDITION, 5_000, date(2026, 9, 2), **added)
    town.changed(work_as, stock, What.IMPAIRMENT, 25_000, date(2026, 9, 3))
    town.changed(work_as, stock, What.SALE, 25_000, date(2026, 11, 3))
    town.changed(work_as, stock, What.LAPSE, 1_000, date(2026, 11, 4))
    work_as("system").session.flush()


@pytest.mark.usefixtures("year")
def test_the_intangible_table_says_what_moved_and_adds_up(session: Session) -> None:
    table = tables.draw(session, "org_developer", Kind.INTANGIBLE, YEAR)

    assert tables.faults(table) == []
    assert table.columns == (Form.PURCHASED, Form.SELF_DEVELOPED, Form.OTHER)
    assert table.row("gross.opening").values == (0, 0, 0, 0)
    assert table.row("gross.added.purchased").values == (120_000, 0, 0, 120_000)
    assert table.row("gross.added.developed").values == (0, 33_333, 0, 33_333)
    assert table.row("gross.taken.disposed").values == (40_000, 0, 0, 40_000)
    assert table.row("amortisation.added").values == (30_000, 0, 0, 30_000)
    assert table.row("amortisation.taken.disposed").values == (10_000, 0, 0, 10_000)
    assert table.row("provision.closing").values == (6_000, 0, 0, 6_000)
    assert table.row("carrying.closing").values == (54_000, 33_333, 0, 87_333)


@pytest.mark.usefixtures("year")
def test_the_inventory_table_says_what_moved_and_adds_up(session: Session) -> None:
    table = tables.draw(session, "org_developer", Kind.INVENTORY, AUTUMN)

    assert tables.faults(table) == []
    assert table.row("gross.opening").values == (0, 120_000, 0, 120_000)
    assert table.row("gross.added.processed").values == (0, 5_000, 0, 5_000)
    assert table.row("gross.taken.sold").values == (0, 25_000, 0, 25_000)
    assert table.row("gross.taken.lapsed").values == (0, 1_000, 0, 1_000)
    assert table.row("provision.taken.written_off").values == (0, 5_200, 0, 5_200)
    assert table.row("carrying.opening").values == (0, 120_000, 0, 120_000)
    assert table.row("carrying.closing").values[-1] == 99_000 - 19_800


@pytest.mark.usefixtures("year")
def test_one_period_begins_where_the_last_one_ended(session: Session) -> None:
    first = (date(2026, 1, 1), date(2026, 8, 31))

    for kind in tables.DISCLOSED:
        before = tables.draw(session, "org_developer", kind, first)
        after = tables.draw(session, "org_developer", kind, AUTUMN)
        for section in ("gross", "provision"):
            ends = before.row(f"{section}.closing").values
            assert after.row(f"{section}.opening").values == ends


@pytest.mark.usefixtures("year")
def test_the_balance_sheet_lines_are_what_the_cards_say(session: Session, work_as: WorkAs) -> None:
    lines = tables.balance_lines(session, "org_developer", YEAR[1])
    found = cards.listed(work_as(WRITER), after=None, limit=50).items

    assert lines[Kind.INTANGIBLE] == 87_333
    for kind in Kind:
        assert lines[kind] == sum(one.carrying_fen for one in found if one.kind == kind)
    assert tables.balance_lines(session, "org_other", YEAR[1]) == dict.fromkeys(Kind, 0)


@on_sqlite
@pytest.mark.usefixtures("year")
def test_a_movement_that_somebody_edited_makes_a_table_that_does_not_add_up(
    session: Session,
) -> None:
    table = tables.draw(session, "org_developer", Kind.INVENTORY, AUTUMN)
    rows = [row._replace(values=(1, *row.values[1:])) if row.code == "gross.added" else row
            for row in table.rows]  # fmt: skip
    edited = tables.Table(table.kind, table.first_on, table.last_on, table.columns, tuple(rows))

    assert tables.faults(edited) == ["gross.added", "gross.closing", "gross.added"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([Line.PURCHASED, Line.OTHER_IN, Line.DISPOSED, Line.LAPSED]),
            st.integers(0, 10**12),
            st.integers(0, 10**12),
        ),
        max_size=12,
    )
)
def test_lines_grow_or_shrink_a_figure_by_what_they_are(found: list[tuple[Line, int, int]]) -> None:
    sums = [Sum("purchased", Section.GROSS, *one) for one in found]

    signed = sum(one.before if one.line.adds else -one.before for one in sums)

    assert tables.opening(sums, Section.GROSS, Form.PURCHASED) == signed


@pytest.mark.usefixtures("year")
def test_a_final_disclosure_is_a_signed_paper_with_its_accountant(
    session: Session, work_as: WorkAs
) -> None:
    made = town.disclosed(work_as, *YEAR)
    paper = disclosures.paper(session, made)

    assert paper is not None
    assert (made.state, made.accountant, paper.number) == (
        State.FINAL, "陈会计", "DS-2027-000001",
    )  # fmt: skip
    assert papers.known(work_as("per_other_editor"), paper.number, paper.digest) is paper
    assert paper.body["tables"] == disclosures.figures(session, "org_developer", YEAR)
    assert paper.body["accountant_no"] == SIGNED["accountant_no"]


def test_figures_that_moved_after_it_was_prepared_are_prepared_again(work_as: WorkAs) -> None:
    made = disclosures.prepare(work_as(WRITER, at=NEXT_YEAR), *YEAR)
    work_as("system").session.flush()
    town.recognised(work_as)

    with pytest.raises(StepRefused) as caught:
        disclosures.take(work_as(CHECKER, at=NEXT_YEAR), made.id, "sign_off", **SIGNED)

    assert [refusal.code for refusal in caught.value.refusals] == ["FIGURES_MOVED"]
    disclosures.take(work_as(CHECKER, at=NEXT_YEAR), made.id, "drop", reason="重编")
    assert town.disclosed(work_as, *YEAR).state == State.FINAL


def test_nobody_signs_off_what_they_have_prepared_or_without_a_name(work_as: WorkAs) -> None:
    buyer = work_as("per_buyer_editor", at=NEXT_YEAR)
    made = disclosures.prepare(buyer, *YEAR)
    buyer.session.flush()

    with pytest.raises(StepRefused) as caught:
        disclosures.take(buyer, made.id, "sign_off", **SIGNED)
    with pytest.raises(StepRefused):
        disclosures.take(work_as("per_buyer_signer", at=NEXT_YEAR), made.id, "sign_off")

    assert [refusal.code for refusal in caught.value.refusals] == ["FOUR_EYES"]
    assert (made.state, disclosures.paper(buyer.session, made)) == (State.PREPARED, None)


@pytest.mark.parametrize(
    "period",
    [(date(2026, 12, 31), date(2026, 1, 1)), (date(2026, 1, 1), date(2027, 1, 21))],
)
def test_a_period_ends_after_it_begins_and_not_in_days_to_come(
    work_as: WorkAs, period: tuple[date, date]
) -> None:
    with pytest.raises(Invalid):
        disclosures.prepare(work_as(WRITER, at=NEXT_YEAR), *period)


def test_a_period_has_one_disclosure(work_as: WorkAs) -> None:
    town.disclosed(work_as, *YEAR)

    with pytest.raises(Invalid, match="already"):
        disclosures.prepare(work_as(WRITER, at=NEXT_YEAR), *YEAR)


def test_a_disclosure_is_its_owners_and_an_overseers_and_nobody_elses(work_as: WorkAs) -> None:
    made = town.disclosed(work_as, *YEAR)
    stranger = work_as("per_other_editor")

    with pytest.raises(NotFound):
        disclosures.seen(stranger, made.id)
    with pytest.raises(NotFound):
        disclosures.find(stranger.session, "adc_none")
    with pytest.raises(StepNotAllowed):
        disclosures.prepare(work_as(CHECKER, at=NEXT_YEAR), *AUTUMN)

    assert disclosures.listed(stranger, after=None, limit=5).items == []
    auditor = work_as("per_exchange_auditor")
    assert disclosures.listed(auditor, after=None, limit=5).items == [made]


@pytest.mark.usefixtures("year")
def test_what_a_card_stands_at_is_the_sum_of_its_movements(
    session: Session, work_as: WorkAs
) -> None:
    for card in cards.listed(work_as(WRITER), after=None, limit=50).items:
        figures: dict[str, int] = {}
        for one in movements.of_card(session, card.id):
            signed = one.fen if Line(one.line).adds else -one.fen
            figures[one.section] = figures.get(one.section, 0) + signed

        assert figures.get("gross", 0) == card.gross_fen
        assert figures.get("amortisation", 0) == card.amortised_fen
        assert figures.get("provision", 0) == card.provision_fen


@pytest.mark.usefixtures("year")
def test_movements_stay_as_they_were_written(session: Session) -> None:
    unguard(session)

    with pytest.raises(Exception, match="append"):
        session.execute(text("DELETE FROM asset_movements"))
    session.rollback()
