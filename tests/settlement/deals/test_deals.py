"""Deals made elsewhere: proof, two pairs of eyes, then volume and the fee."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from kernel.parties.organisations import Organisation
from settlement import fsck, payments
from settlement.bank import statements
from settlement.deals import deals, papers
from settlement.deals.deals import DirectDeal, State
from settlement.deals.papers import PaperKind
from settlement.dividing import charges
from settlement.dividing.charges import FeeCharge
from settlement.dividing.fee_rules import Kind, Payer
from settlement.fees import fee_notes
from settlement.ledger import AccountRef, balance
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.fees import billing

AMOUNT = Money(100_000_000)
FEE = Money(3_000_000)
PDF = b"%PDF-1.7 "
OUTSIDER = "91430100MA4L16JG95"
"""A buyer whom nobody knows here."""

MERCHANT = "per_developer_editor"
FIRST, SECOND = "per_exchange_compliance", "per_exchange_settler"


def drafted(work_as: WorkAs, person: str = MERCHANT, **changed: Any) -> DirectDeal:
    said: dict[str, Any] = {
        "buyer_name": "某采购公司",
        "buyer_uscc": OUTSIDER,
        "title": "气象指数年度服务",
        "contract_no": "HT-2026-001",
        "amount": AMOUNT,
        "signed_on": date(2026, 6, 1),
        "delivered_on": date(2026, 6, 20),
    }
    made = deals.draft(work_as(person), **{**said, **changed})
    work_as("system").session.flush()
    return made


def with_papers(work_as: WorkAs, deal: DirectDeal, *, contract: bytes = b"") -> DirectDeal:
    for kind in PaperKind:
        content = PDF + kind.encode() + contract
        deals.file(work_as(MERCHANT), deal.id, kind=kind, name=f"{kind}.pdf", content=content)
    return deal


def step(work_as: WorkAs, deal: DirectDeal, name: str, person: str, **data: Any) -> None:
    deals.take(work_as(person), deal.id, name, **data)
    work_as("system").session.flush()


def registered(work_as: WorkAs) -> DirectDeal:
    deal = with_papers(work_as, drafted(work_as))
    step(work_as, deal, "submit", MERCHANT)
    step(work_as, deal, "verify", FIRST)
    step(work_as, deal, "register", SECOND)
    return deal


def test_a_registered_deal_counts_and_its_fee_is_asked(session: Session, work_as: WorkAs) -> None:
    deal = registered(work_as)

    assert (deal.state, deal.fee) == (State.REGISTERED, FEE)
    assert balance(session, AccountRef("9002.turnover", deal.id)) == AMOUNT
    assert balance(session, AccountRef("9001.counter", f"uscc:{OUTSIDER}")) == AMOUNT
    assert balance(session, AccountRef("1122.fee", deal.merchant_id)) == FEE
    assert balance(session, AccountRef("6001.commission")) == Money(2_830_189)
    assert balance(session, AccountRef("2221.vat")) == Money(169_811)
    asked = payments.find(session, deal.payment_id or "")
    note = fee_notes.find(session, asked.target)
    assert (asked.purpose, asked.payer_id, note.amount) == ("fee", deal.merchant_id, FEE)
    assert [one.subject for one in charges.of_note(session, note.id)] == [deal.id]
    assert fsck.check(session) == ()


@pytest.mark.parametrize(
    ("buyer", "shares"),
    [
        (OUTSIDER, {"org_developer": 1_000_000}),
        ("9144030071526726XG", {"org_developer": 500_000, "org_buyer": 500_000}),
    ],
)
def test_the_rule_in_force_says_what_a_deal_costs_and_whom(
    session: Session, work_as: WorkAs, buyer: str, shares: dict[str, int]
) -> None:
    rule = billing.rule(work_as, Kind.TRANSACTION, payer=Payer.BOTH, rate_bp=100)
    deal = with_papers(work_as, drafted(work_as, buyer_uscc=buyer))
    for name, person in (("submit", MERCHANT), ("verify", FIRST), ("register", SECOND)):
        step(work_as, deal, name, person)

    owed = {party: balance(session, AccountRef("1122.fee", party)).minor for party in shares}

    assert owed == shares
    assert deal.fee == Money(shares["org_developer"])
    made = session.scalars(select(FeeCharge).where(FeeCharge.subject == deal.id)).all()
    assert {one.rule_id for one in made} == {rule.id}
    assert {one.income for one in made} == {"6001.commission"}


def test_a_rule_may_let_a_merchant_go_free(session: Session, work_as: WorkAs) -> None:
    billing.rule(work_as, Kind.TRANSACTION, rate_bp=0)

    deal = registered(work_as)

    assert (deal.fee, deal.payment_id) == (Money(0), None)


def test_the_fee_is_paid_by_a_transfer_with_its_code(session: Session, work_as: WorkAs) -> None:
    deal = registered(work_as)
    asked = payments.find(session, deal.payment_id or "")

    money.took(
        work_as, money.csv_of([("T1", FEE.minor, "演示·枫香科技", f"服务费 {asked.reference}")])
    )

    assert asked.state == payments.State.FUNDED
    assert balance(session, AccountRef("1122.fee", deal.merchant_id)) == Money(0)
    assert statements.standing(session, money.CUSTODY).booked == FEE


def test_a_buyer_that_is_known_here_is_named_by_its_id(session: Session, work_as: WorkAs) -> None:
    insurer = session.get_one(Organisation, "org_buyer")

    deal = drafted(work_as, buyer_uscc=insurer.uscc)

    assert (deal.buyer_id, deal.buyer) == ("org_buyer", "org_buyer")


def test_nothing_is_submitted_without_its_papers(work_as: WorkAs) -> None:
    deal = drafted(work_as)
    content = PDF + b"x"
    deals.file(work_as(MERCHANT), deal.id, kind=PaperKind.CONTRACT, name="c", content=content)

    with pytest.raises(StepRefused) as told:
        step(work_as, deal, "submit", MERCHANT)

    assert [refusal.code for refusal in told.value.refusals] == ["PAPERS_MISSING"]
    assert "proof of payment, proof of delivery" in told.value.refusals[0].en


def test_two_different_people_verify(work_as: WorkAs) -> None:
    deal = with_papers(work_as, drafted(work_as))
    step(work_as, deal, "submit", MERCHANT)
    step(work_as, deal, "verify", SECOND)

    with pytest.raises(StepRefused) as told:
        step(work_as, deal, "register", SECOND)
    step(work_as, deal, "register", "per_exchange_checker")

    assert [refusal.code for refusal in told.value.refusals] == ["FOUR_EYES"]
    assert deal.state == State.REGISTERED


def test_the_same_contract_is_not_registered_twice(work_as: WorkAs) -> None:
    registered(work_as)
    again = with_papers(work_as, drafted(work_as, contract_no="HT-2026-002"))
    step(work_as, again, "submit", MERCHANT)

    with pytest.raises(StepRefused) as told:
        step(work_as, again, "verify", FIRST)
    with pytest.raises(IntegrityError):
        drafted(work_as)

    assert [refusal.code for refusal in told.value.refusals] == ["CONTRACT_USED"]


def test_what_was_rejected_does_not_count_and_frees_its_contract(
    session: Session, work_as: WorkAs
) -> None:
    deal = with_papers(work_as, drafted(work_as))
    step(work_as, deal, "submit", MERCHANT)

    step(work_as, deal, "reject", FIRST, reason="付款凭证不清")
    again = with_papers(work_as, drafted(work_as))
    step(work_as, again, "submit", MERCHANT)
    step(work_as, again, "verify", FIRST)

    assert (deal.state, deal.fee, again.state) == (State.REJECTED, None, State.VERIFYING)
    assert balance(session, AccountRef("9002.turnover", deal.id)) == Money(0)


def test_the_fee_has_a_cap_and_may_be_nothing(session: Session, work_as: WorkAs) -> None:
    deal = with_papers(work_as, drafted(work_as, amount=Money(10)))
    step(work_as, deal, "submit", MERCHANT)
    step(work_as, deal, "verify", FIRST)
    step(work_as, deal, "register", SECOND)

    assert (deal.fee, deal.payment_id) == (Money(0), None)
    assert balance(session, AccountRef("9002.turnover", deal.id)) == Money(10)


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": Money(0)},
        {"buyer_uscc": "1"},
        {"delivered_on": date(2026, 5, 1)},
        {"delivered_on": date(2030, 1, 1)},
    ],
)
def test_what_is_no_deal_is_refused(work_as: WorkAs, changed: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        drafted(work_as, **changed)


def test_deals_are_registered_by_merchants_and_not_with_themselves(
    session: Session, work_as: WorkAs
) -> None:
    own = session.get_one(Organisation, "org_developer")

    with pytest.raises(Invalid):
        drafted(work_as, buyer_uscc=own.uscc)
    with pytest.raises(StepNotAllowed):
        drafted(work_as, "per_buyer_editor")


def test_papers_are_kept_sealed_and_read_back(session: Session, work_as: WorkAs) -> None:
    deal = drafted(work_as)
    made = deals.file(
        work_as(MERCHANT), deal.id, kind=PaperKind.CONTRACT, name="合同.pdf", content=PDF + b"1"
    )
    newer = deals.file(
        work_as(MERCHANT), deal.id, kind=PaperKind.CONTRACT, name="合同2.pdf", content=PDF + b"2"
    )

    paper, content = deals.paper(work_as(FIRST), deal.id, made.id)

    assert (paper.media_type, content) == ("application/pdf", PDF + b"1")
    assert b"1" not in made.sealed or made.sealed != content
    assert papers.in_force(session, deal.id)[PaperKind.CONTRACT].id in {made.id, newer.id}
    with pytest.raises(NotFound):
        deals.paper(work_as(FIRST), deal.id, "dpa_none")
    with pytest.raises(Invalid):
        deals.file(
            work_as(MERCHANT), deal.id, kind=PaperKind.CONTRACT, name="x", content=b"MZ program"
        )
    with pytest.raises(StepNotAllowed):
        deals.file(work_as(FIRST), deal.id, kind=PaperKind.CONTRACT, name="x", content=PDF)


def test_a_deal_has_not_too_many_papers(work_as: WorkAs, monkeypatch: pytest.MonkeyPatch) -> None:
    deal = with_papers(work_as, drafted(work_as))
    monkeypatch.setattr(papers, "PAPERS_MAX", 3)

    with pytest.raises(Invalid):
        deals.file(work_as(MERCHANT), deal.id, kind=PaperKind.CONTRACT, name="x", content=PDF)


def test_strangers_see_no_deal(work_as: WorkAs) -> None:
    deal = drafted(work_as)

    with pytest.raises(NotFound):
        deals.seen(work_as("per_buyer_editor"), deal.id)
    with pytest.raises(NotFound):
        deals.find(work_as("system").session, "dea_none")
    assert deals.listed(work_as("per_buyer_editor"), after=None, limit=9).items == []
    assert deals.listed(work_as(MERCHANT), after=None, limit=9).items == [deal]
    found = deals.listed(work_as(FIRST), state=State.SUBMITTED, after=None, limit=9).items
    assert found == []
