"""Receipts, files and answers, built for the tests of the bank desk."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.money import Money
from kernel.work import Rules, Work
from settlement import payouts
from settlement.bank import outgoing, statements
from settlement.bank.outgoing import Form, OutgoingFile
from settlement.bank.statements import BankLine
from settlement.escrow import Payable
from settlement.ledger import AccountRef, Row, ToPost, post_many
from tests.conftest import RULES
from tests.settlement import money
from tests.settlement.money import DUE, WorkAs

ALIEN: Final = "演示·旁人公司"
LARGE: Final = Money(6_000_000)
"""More than one person may explain alone."""

SMALL: Final = Money(10_000)


def rules(**settlement: Any) -> Rules:
    """Return the rules with other values in their section on settlement."""
    changed = {**RULES.table("settlement"), **settlement}
    return Rules(RULES.version, {**RULES.values, "settlement": changed})


def took(work_as: WorkAs, *movements: money.Movement, person: str = "per_exchange_settler") -> None:
    """Import a statement of these movements, after those before it."""
    session = work_as("system").session
    last = statements.last(session, money.CUSTODY)
    text = money.csv_of(
        movements,
        number=f"n{last.position + 1 if last else 1}",
        opening=last.closing.minor if last else 0,
        on=DUE.date().isoformat(),
    )
    money.took(work_as, text, person=person)
    session.flush()


def line(session: Session, bank_ref: str) -> BankLine:
    """Return the line with the bank's reference."""
    return session.scalars(select(BankLine).where(BankLine.bank_ref == bank_ref)).one()


def left(session: Session, bank_ref: str) -> Money:
    """Return what of a line is in suspense."""
    found = line(session, bank_ref)
    return statements.suspense(session, [found.id]).get(found.id, Money(0))


def settler(work_as: WorkAs, person: str = "per_exchange_settler", **changed: Any) -> Work:
    """Return the work of a settlement officer."""
    work: Work = work_as(person, at=DUE + timedelta(minutes=1))
    return replace(work, rules=rules(**changed)) if changed else work


def earned(work_as: WorkAs, party_id: str, amount: Money) -> None:
    """Let a party have something to get, backed by cash, without a sale before it."""
    work = work_as("system", at=DUE)
    key, code = f"{party_id}-{amount.minor}", "2202.merchant"
    custody = AccountRef("1012.custody", money.CUSTODY)
    suspense, escrow = AccountRef("2241.suspense", key), AccountRef("2241.escrow", key)
    accepted, on = AccountRef("2241.accepted", key), DUE.date()
    post_many(
        work,
        [
            ToPost("bank.received", key, [Row(custody, suspense, amount)], on),
            ToPost("bank.matched", key, [Row(suspense, escrow, amount)], on, 0, key),
            ToPost("line.accepted", key, [Row(escrow, accepted, amount)], on, 0, key),
            ToPost(
                "line.settled", key, [Row(accepted, AccountRef(code, party_id), amount)], on, 0, key
            ),
        ],
    )


def payout(
    work_as: WorkAs, party_id: str = "org_developer", amount: Money = SMALL
) -> payouts.Payout:
    """Let a party earn, and a payout of it be approved."""
    earned(work_as, party_id, amount)
    made = payouts.request(
        work_as("per_exchange_settler", at=DUE),
        payable=Payable.MERCHANT,
        party_id=party_id,
        amount=amount,
    )
    work_as("system").session.flush()
    return payouts.take(work_as("per_exchange_checker", at=DUE), made.id, "approve")


def sent(work_as: WorkAs, form: Form = Form.PAIN) -> OutgoingFile:
    """Put what is approved into a file."""
    made = outgoing.send(settler(work_as), form=form)
    work_as("system").session.flush()
    return made
