from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from kernel.work import Work
from settlement import ledger
from settlement.dividing.terms import Payable
from settlement.ledger import AccountRef, Row
from settlement.papers import movements, papers, party_statements
from settlement.papers.party_statements import PartyStatement, State
from settlement.reconciling import breaks, runs
from tests.settlement.money import WorkAs

AUGUST = datetime(2026, 8, 3, 4, tzinfo=UTC)
LATE = datetime(2026, 8, 20, 4, tzinfo=UTC)
JULY = (date(2026, 7, 1), date(2026, 7, 31))
MERCHANT = AccountRef("2202.merchant", "org_developer")


def settler(work_as: WorkAs, at: datetime = AUGUST) -> Work:
    return work_as("per_exchange_settler", at=at)


def earned(work_as: WorkAs, fen: int, on: date, line: str) -> None:
    """Let the merchant earn what an order of so many fen brings, without fees."""
    escrow, accepted = AccountRef("2241.escrow", "ord_1"), AccountRef("2241.accepted", "ord_1")
    suspense, custody = AccountRef("2241.suspense", line), AccountRef("1012.custody", "acc")
    work, amount = work_as("system", at=AUGUST), Money(fen)
    steps = (
        ("bank.received", custody, suspense),
        ("bank.matched", suspense, escrow),
        ("line.accepted", escrow, accepted),
        ("line.settled", accepted, MERCHANT),
    )
    for event, debit, credit in steps:
        ledger.post(
            work, event, line, [Row(debit, credit, amount)], effective_on=on, order_id="ord_1"
        )


def paid_out(work_as: WorkAs, fen: int, on: date) -> None:
    transit = AccountRef("2241.payout_transit", "pot_1")
    rows = [Row(MERCHANT, transit, Money(fen))]
    ledger.post(work_as("system", at=AUGUST), "payout.initiated", "pot_1", rows, effective_on=on)


def issued(work_as: WorkAs, at: datetime = AUGUST) -> PartyStatement:
    made = party_statements.issue(
        settler(work_as, at),
        party_id="org_developer",
        payable=Payable.MERCHANT,
        first_on=JULY[0],
        last_on=JULY[1],
    )
    work_as("system").session.flush()
    return made


@pytest.fixture
def summer(work_as: WorkAs) -> None:
    """Earnings in June and July, a payout in July, and earnings in August."""
    earned(work_as, 1_000, date(2026, 6, 30), "orl_1")
    earned(work_as, 2_000, date(2026, 7, 1), "orl_2")
    paid_out(work_as, 1_500, date(2026, 7, 31))
    earned(work_as, 4_000, date(2026, 8, 1), "orl_3")


@pytest.mark.usefixtures("summer")
def test_opening_and_lines_make_the_closing_and_that_is_the_ledgers(
    session: Session, work_as: WorkAs
) -> None:
    found = movements.of(session, MERCHANT, *JULY)
    whole = movements.of(session, MERCHANT, date(2026, 6, 1), date(2026, 8, 31))

    assert (found.opening, found.closing) == (Money(1_000), Money(1_500))
    assert [(line["event"], line["amount"], line["balance"]) for line in found.lines] == [
        ("line.settled", 2_000, 3_000),
        ("payout.initiated", -1_500, 1_500),
    ]
    assert whole.closing == ledger.balance(session, MERCHANT)
    assert movements.of(session, AccountRef("2202.merchant", "org_other"), *JULY).lines == []


@pytest.mark.usefixtures("summer")
def test_a_statement_is_signed_and_known_by_number_and_digest_alone(
    session: Session, work_as: WorkAs
) -> None:
    made = issued(work_as)
    paper = party_statements.paper(session, made)
    anybody = work_as("per_other_editor")

    assert (made.state, made.closing, made.line_count) == (State.ISSUED, Money(1_500), 2)
    assert paper.number == "ST-2026-000001"
    assert papers.known(anybody, paper.number, paper.digest) is paper
    assert papers.known(anybody, paper.number, "0" * 64) is None
    assert papers.known(anybody, "ST-2026-999999", paper.digest) is None
    assert papers.of(session, made.id) == [paper]


@pytest.mark.usefixtures("summer")
def test_a_paper_that_was_edited_is_not_ours(session: Session, work_as: WorkAs) -> None:
    paper = party_statements.paper(session, issued(work_as))

    paper.body = {**paper.body, "closing": 9_999}

    with session.no_autoflush:
        assert not papers.holds(work_as("system"), paper)
        assert papers.known(work_as("system"), paper.number, paper.digest) is None
    session.expire(paper)


@pytest.mark.usefixtures("summer")
def test_only_its_party_and_overseers_read_a_statement(work_as: WorkAs) -> None:
    made = issued(work_as)

    assert party_statements.seen(work_as("per_developer_editor"), made.id) is made
    assert party_statements.seen(work_as("per_hub_supervisor"), made.id) is made
    assert papers.seen(work_as("per_developer_editor"), made.paper_id).subject == made.id
    for stranger in ("per_other_editor", "per_buyer_signer"):
        with pytest.raises(NotFound):
            party_statements.seen(work_as(stranger), made.id)
        with pytest.raises(NotFound):
            papers.seen(work_as(stranger), made.paper_id)
        assert party_statements.listed(work_as(stranger), after=None, limit=5).items == []
    with pytest.raises(NotFound):
        papers.seen(work_as("system"), "ppr_none")
    mine = party_statements.listed(work_as("per_developer_editor"), after=None, limit=5).items
    assert mine == [made]


@pytest.mark.usefixtures("summer")
def test_a_statement_is_issued_for_days_that_are_over_by_who_settles(work_as: WorkAs) -> None:
    ask: dict[str, Any] = {"party_id": "org_developer", "payable": Payable.MERCHANT}

    with pytest.raises(StepNotAllowed):
        party_statements.issue(
            work_as("per_developer_signer", at=AUGUST), **ask, first_on=JULY[0], last_on=JULY[1]
        )
    for first, last in ((JULY[1], JULY[0]), (JULY[0], AUGUST.date())):
        with pytest.raises(Invalid):
            party_statements.issue(settler(work_as), **ask, first_on=first, last_on=last)


@pytest.mark.usefixtures("summer")
def test_a_party_confirms_its_own_statement_and_silence_does_too(work_as: WorkAs) -> None:
    made = issued(work_as)
    second = party_statements.issue(
        settler(work_as),
        party_id="org_developer",
        payable=Payable.MERCHANT,
        first_on=date(2026, 6, 1),
        last_on=date(2026, 6, 30),
    )
    work_as("system").session.flush()

    with pytest.raises(StepNotAllowed):
        party_statements.take(settler(work_as), made.id, "confirm")
    party_statements.take(work_as("per_developer_signer", at=AUGUST), made.id, "confirm")
    party_statements.LIFE.take("fall_silent", second, work_as("system", at=LATE))

    assert (made.state, second.state) == (State.CONFIRMED, State.CONFIRMED)


@pytest.mark.usefixtures("summer")
def test_a_disputed_statement_is_a_break_until_a_right_one_takes_its_place(
    work_as: WorkAs,
) -> None:
    made = issued(work_as)
    party_statements.take(
        work_as("per_developer_signer", at=AUGUST),
        made.id,
        "dispute",
        claimed_fen=1_800,
        reason="少计一笔",
    )
    work_as("system").session.flush()

    runs.run(settler(work_as), AUGUST.date())
    work_as("system").session.flush()
    told = [it for it in breaks.listed(settler(work_as), after=None, limit=50).items
            if it.leg == "party"]  # fmt: skip
    second = issued(work_as)
    runs.run(settler(work_as), AUGUST.date())

    assert [(it.key, it.difference) for it in told] == [(f"statement:{made.id}", Money(-300))]
    assert told[0].state == breaks.State.CLEARED
    assert (made.state, second.state, second.issue) == (State.SUPERSEDED, State.ISSUED, 2)
    with pytest.raises(StepRefused):
        party_statements.take(work_as("per_developer_signer", at=AUGUST), made.id, "confirm")


@pytest.mark.usefixtures("summer")
def test_the_last_months_statements_are_issued_once_in_its_first_days(work_as: WorkAs) -> None:
    too_late = party_statements.issue_due(work_as("system", at=LATE))
    first = party_statements.issue_due(work_as("system", at=AUGUST))
    work_as("system").session.flush()
    again = party_statements.issue_due(work_as("system", at=AUGUST))

    assert (too_late, first, again) == (0, 1, 0)


@pytest.mark.usefixtures("summer")
def test_a_statement_that_would_be_too_long_says_so(
    session: Session, work_as: WorkAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movements, "LINES_MAX", 1)

    with pytest.raises(Invalid):
        issued(work_as)

    assert session.execute(text("SELECT count(*) FROM papers")).scalar_one() == 0


def test_a_statement_that_is_not_there_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        party_statements.find(session, "stm_none")
