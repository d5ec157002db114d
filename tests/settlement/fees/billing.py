"""Fees that are charged and asked for: builders for the tests."""

from datetime import date
from typing import Any, Final

from kernel.money import Money
from settlement.bank import statements
from settlement.dividing import charges, fee_rules
from settlement.dividing.charges import Due, FeeCharge
from settlement.dividing.fee_rules import FeeRule, Kind, Payer
from settlement.fees import fee_notes
from settlement.fees.fee_notes import FeeNote
from settlement.payments import Payment
from tests.settlement import money
from tests.settlement.money import DUE, WorkAs

MERCHANT: Final = "org_developer"
MERCHANT_NAME: Final = "演示·枫香科技"
TODAY: Final = date(2026, 7, 1)


def rule(work_as: WorkAs, kind: Kind, **changed: Any) -> FeeRule:
    """Draft and approve a rule: a fixed sum of 106 yuan, or one percent."""
    flat = {"rate_bp": 0, "min_fen": 10_600} if kind.flat else {"rate_bp": 100}
    terms: dict[str, Any] = {"payer": Payer.SELLER, "first_on": TODAY, **flat, **changed}
    made = fee_rules.draft(work_as("per_exchange_settler"), kind=kind, **terms)
    money.made_session(work_as).flush()
    return fee_rules.take(work_as("per_exchange_checker"), made.id, "approve")


def charged(
    work_as: WorkAs, subject: str = "prd_1", fen: int = 10_600, payer_id: str = MERCHANT
) -> FeeCharge:
    """Charge somebody for a listing."""
    made = charges.charge(work_as("system"), Due(Kind.LISTING, subject, payer_id, Money(fen)))
    assert made is not None
    money.made_session(work_as).flush()
    return made


def noted(work_as: WorkAs, *fens: int) -> FeeNote:
    """Draw up the note of so many listings."""
    for number, fen in enumerate(fens or (10_600,), 1):
        charged(work_as, f"prd_{number}", fen)
    (made,) = fee_notes.gather(work_as("system"), limit=9)
    money.made_session(work_as).flush()
    return made


def payment(work_as: WorkAs, note: FeeNote) -> Payment:
    """Return the payment by which a note is asked for."""
    session = money.made_session(work_as)
    session.flush()
    return session.get_one(Payment, note.payment_id, populate_existing=True)


def arrived(work_as: WorkAs, note: FeeNote, fen: int) -> None:
    """Let so much of a note arrive at the bank, under its reference."""
    session = money.made_session(work_as)
    last = statements.last(session, money.CUSTODY)
    reference = payment(work_as, note).reference
    money.took(
        work_as,
        money.csv_of(
            [(f"F-{reference}-{fen}", fen, MERCHANT_NAME, f"服务费 {reference}")],
            number=f"fee {reference} {fen}",
            opening=last.closing.minor if last else 0,
        ),
    )
    session.flush()


def go(work_as: WorkAs, note: FeeNote, name: str, person: str = "settler", **data: Any) -> FeeNote:
    """Take a step of a note, by an officer of the exchange, on the tenth of July."""
    work = work_as(person if "per_" in person or person == "system" else f"per_exchange_{person}",
                   at=DUE)  # fmt: skip
    found = fee_notes.take(work, note.id, name, **data)
    money.made_session(work_as).flush()
    return found
