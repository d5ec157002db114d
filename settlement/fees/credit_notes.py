"""A credit note (贷项通知单) on a fee: what is not owed any more, or is given back.

What was not paid yet is asked no longer; what was paid goes into the payer's prepaid money,
from where it is used or returned. It only ever adds: the charge stays as it was written.
"""

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids, numbers
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, append_only
from kernel.money import Money, half_up, take_from
from kernel.work import Work
from settlement import ledger, payments, shares
from settlement.dividing.charges import DUE, FeeCharge
from settlement.fees.note_rows import FeeNote
from settlement.ledger import AccountRef, Row

WALLET = "2241.wallet"
"""Where what was paid already goes."""


class FeeCredit(Base):
    """One credit note on one charge. wallet_minor: of it, what had been paid already."""

    __tablename__ = "fee_credits"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("tax_minor >= 0 AND tax_minor <= amount_minor", name="tax_within_amount"),
        CheckConstraint(
            "wallet_minor >= 0 AND wallet_minor <= amount_minor", name="wallet_within_amount"
        ),
        Index(None, "charge_id", "id"),
        Index(None, "note_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    charge_id: Mapped[str] = mapped_column(ForeignKey("fee_charges.id"))
    note_id: Mapped[str | None] = mapped_column(ForeignKey("fee_notes.id"))
    amount_minor: Mapped[int] = mapped_column(Big)
    tax_minor: Mapped[int] = mapped_column(Big)
    wallet_minor: Mapped[int] = mapped_column(Big)
    currency: Mapped[str]
    reason: Mapped[str]
    given_by: Mapped[str]
    given_at: Mapped[Instant]

    @property
    def amount(self) -> Money:
        """What it takes off, tax included."""
        return Money(self.amount_minor, self.currency)

    @property
    def wallet(self) -> Money:
        """What of it went into the payer's prepaid money."""
        return Money(self.wallet_minor, self.currency)


append_only(FeeCredit.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def give(
    work: Work, charge: FeeCharge, amount: Money, *, note: FeeNote | None, reason: str
) -> FeeCredit:
    """Take `amount` off a charge, and off what its note still asks. Both must be locked.

    The amount is positive and within what is left. Says "fee.credited". One SELECT by key,
    and an entry.
    """
    unpaid = _unasked(work, note, amount)
    tax = tax_in(charge, amount)
    year = local_date(work.now).year
    made = FeeCredit(
        id=ids.new("fcr_", work.now),
        number=f"CN-{year}-{numbers.following(work.session, f'CN-{year}'):06}",
        charge_id=charge.id,
        note_id=charge.note_id,
        amount_minor=amount.minor,
        tax_minor=tax.minor,
        wallet_minor=(amount - unpaid).minor,
        currency=amount.currency,
        reason=reason,
        given_by=work.actor.person,
        given_at=work.now,
    )
    work.session.add(made)
    charge.credited_minor += amount.minor
    charge.credited_tax_minor += tax.minor
    if note is not None:
        note.credited_minor += amount.minor
    ledger.post(
        work,
        "service.credited",
        made.id,
        _rows(charge, amount - tax, tax, unpaid),
        effective_on=local_date(work.now),
        order_id=charge.order_id,
    )
    told = {"charge_id": charge.id, "note_id": charge.note_id, "reason": reason}
    work.record("fee.credited", made.id, **told, amount=amount, wallet=made.wallet)
    return made


def room(session: Session, note: FeeNote) -> Money:
    """Return what can be credited on a note: what is still asked, and what was paid. Two SELECTs.

    What was written off is neither.
    """
    payment = payments.find(session, str(note.payment_id))
    paid = payment.funded - Money(returned(session, [note.id]).get(note.id, 0))
    return paid if payment.state == payments.State.VOID else paid + payment.due


def tax_in(charge: FeeCharge, amount: Money) -> Money:
    """Return the tax of a part of a charge; the last part takes what is left of it. Pure."""
    own = half_up(amount.minor * charge.tax_minor, charge.amount.minor)
    tax_left = charge.tax_minor - charge.credited_tax_minor
    net_left = charge.left.minor - tax_left
    tax = shares.tax_of_part(amount.minor, own, net_left=net_left, tax_left=tax_left)
    return Money(tax, amount.currency)


def of_note(session: Session, note_id: str) -> list[FeeCredit]:
    """Return the credit notes on a note's charges, at most 500. One SELECT on an index."""
    statement = (
        select(FeeCredit).where(FeeCredit.note_id == note_id).order_by(FeeCredit.id).limit(500)
    )
    return list(session.scalars(statement))


def returned(session: Session, note_ids: list[str]) -> dict[str, int]:
    """Return note → what of it went back after it was paid, in fen. One SELECT on an index."""
    statement = (
        select(FeeCredit.note_id, func.sum(FeeCredit.wallet_minor))
        .where(FeeCredit.note_id.in_(note_ids))
        .group_by(FeeCredit.note_id)
    )
    return {str(note_id): int(minor) for note_id, minor in session.execute(statement)}


def _unasked(work: Work, note: FeeNote | None, amount: Money) -> Money:
    """Take what was not paid yet off the note's payment, and return how much that is."""
    if note is None or note.payment_id is None:
        return amount
    payment = payments.locked_by_id(work.session, note.payment_id)
    waits = payment.due if payment.state != payments.State.VOID else Money(0, amount.currency)
    unpaid = min(amount, waits)
    payments.lower(work, payment, unpaid)
    return unpaid


def _rows(charge: FeeCharge, net: Money, tax: Money, unpaid: Money) -> list[Row]:
    currency = net.currency
    owed = AccountRef(DUE, charge.payer_id, currency)
    wallet = AccountRef(WALLET, charge.payer_id, currency)
    income, vat = (AccountRef(code, "", currency) for code in (charge.income, shares.VAT))
    off_net, off_tax = take_from([net, tax], unpaid)
    return [
        Row(income, owed, off_net),
        Row(vat, owed, off_tax),
        Row(income, wallet, net - off_net),
        Row(vat, wallet, tax - off_tax),
    ]
