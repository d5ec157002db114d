"""A charge (计费): one fee that somebody owes the exchange, by the rule of its day, once.

What is kept of a price when a line is settled is no charge: it never comes due. Everything
else that the fee rules name is one, written when it falls due and posted with it; a fee
note (`settlement.fees`) gathers the charges of one payer and asks for them.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.clock import local_date
from kernel.db import Base, Big
from kernel.money import Money
from kernel.work import Work
from settlement import ledger, shares
from settlement.dividing.fee_rules import Kind
from settlement.ledger import AccountRef, Row
from settlement.posting.asked import ToPost

DUE: Final = "1122.fee"
"""The account of what a payer owes for fees."""

SERVICE: Final = "6001.service"
"""The income of services; of a registered deal it is the commission's."""

_OPEN: Final = text("note_id IS NULL")


class FeeCharge(Base):
    """One fee of one payer. subject: for what, unique with kind and payer.

    rule_id: the version of the rule; None for the jurisdiction's own rates. income: the account
    of the net. credited_minor, credited_tax_minor: what credit notes took off.
    """

    __tablename__ = "fee_charges"
    __table_args__ = (
        UniqueConstraint("kind", "subject", "payer_id"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("tax_minor >= 0 AND tax_minor <= amount_minor", name="tax_within_amount"),
        CheckConstraint(
            "credited_minor >= 0 AND credited_minor <= amount_minor", name="credited_within_amount"
        ),
        CheckConstraint(
            "credited_tax_minor >= 0 AND credited_tax_minor <= tax_minor"
            " AND credited_minor - credited_tax_minor <= amount_minor - tax_minor",
            name="credited_tax_within_tax",
        ),
        Index("ix_fee_charges_open", "payer_id", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "note_id", "id"),
        Index(None, "order_id", "kind"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    payer_id: Mapped[str]
    order_id: Mapped[str | None]
    rule_id: Mapped[str | None] = mapped_column(ForeignKey("fee_rules.id"))
    income: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    tax_minor: Mapped[int] = mapped_column(Big)
    credited_minor: Mapped[int] = mapped_column(Big, default=0)
    credited_tax_minor: Mapped[int] = mapped_column(Big, default=0)
    charged_on: Mapped[date]
    note_id: Mapped[str | None] = mapped_column(ForeignKey("fee_notes.id"))

    @property
    def tax(self) -> Money:
        """The tax in it."""
        return Money(self.tax_minor, self.amount.currency)

    @property
    def credited(self) -> Money:
        """What credit notes took off."""
        return Money(self.credited_minor, self.amount.currency)

    @property
    def left(self) -> Money:
        """What it still stands for."""
        return self.amount - self.credited


class Due(NamedTuple):
    """A fee that falls due. amount: tax included. order_id: of which order, if of one."""

    kind: Kind
    subject: str
    payer_id: str
    amount: Money
    order_id: str | None = None
    rule_id: str | None = None


def write(work: Work, due: Due, *, income: str = SERVICE) -> tuple[FeeCharge, list[Row]]:
    """Write a charge, and return it with the rows that make it due; the caller posts them."""
    net, tax = shares.vat(due.amount, work.rules.number("fees.vat_bp"))
    made = FeeCharge(
        id=ids.new("fch_", work.now),
        kind=Kind(due.kind),
        subject=due.subject,
        payer_id=due.payer_id,
        order_id=due.order_id,
        rule_id=due.rule_id,
        income=income,
        amount=due.amount,
        tax_minor=tax.minor,
        credited_minor=0,
        credited_tax_minor=0,
        charged_on=local_date(work.now),
        note_id=None,
    )
    work.session.add(made)
    told = {"fee": made.kind, "about": due.subject, "payer_id": due.payer_id}
    work.record("fee.charged", made.id, **told, order_id=due.order_id, amount=due.amount)
    currency = due.amount.currency
    owed = AccountRef(DUE, due.payer_id, currency)
    rows = [
        Row(owed, AccountRef(income, "", currency), net),
        Row(owed, AccountRef(shares.VAT, "", currency), tax),
    ]
    return made, rows


def entry(charge: FeeCharge, rows: list[Row]) -> ToPost:
    """Return the entry of a charge that stands for itself."""
    return ToPost("service.charged", charge.id, rows, charge.charged_on, order_id=charge.order_id)


def charge(work: Work, due: Due) -> FeeCharge | None:
    """Charge a fee, once; None for nothing, and for what has been charged before.

    One SELECT on an index, and an entry.
    """
    if due.amount.minor == 0 or there(work.session, due):
        return None
    made, rows = write(work, due)
    asked = entry(made, rows)
    ledger.post(
        work,
        asked.event,
        asked.source_id,
        rows,
        effective_on=asked.effective_on,
        order_id=asked.order_id,
    )
    return made


def there(session: Session, due: Due) -> bool:
    """Tell whether this was charged before. One SELECT on an index."""
    statement = select(FeeCharge.id).where(
        FeeCharge.kind == due.kind,
        FeeCharge.subject == due.subject,
        FeeCharge.payer_id == due.payer_id,
    )
    return session.scalars(statement).first() is not None


def charged(session: Session, order_ids: Iterable[str], kind: Kind) -> Mapping[str, Money]:
    """Return order → what was charged of a kind for it, of all payers. One SELECT on an index."""
    statement = (
        select(FeeCharge.order_id, func.sum(FeeCharge.__table__.c.amount_minor))
        .where(FeeCharge.order_id.in_(sorted(set(order_ids))), FeeCharge.kind == kind)
        .group_by(FeeCharge.order_id)
    )
    return {str(order): Money(int(minor)) for order, minor in session.execute(statement)}


def subjects(session: Session, order_id: str, kind: Kind) -> frozenset[str]:
    """Return for what of an order a kind of fee was charged. One SELECT on an index."""
    statement = select(FeeCharge.subject).where(
        FeeCharge.order_id == order_id, FeeCharge.kind == kind
    )
    return frozenset(session.scalars(statement))


def of_order(session: Session, order_id: str) -> list[FeeCharge]:
    """Return the charges of an order, locked, at most 1,000. One SELECT on an index."""
    statement = (
        select(FeeCharge)
        .where(FeeCharge.order_id == order_id)
        .order_by(FeeCharge.id)
        .limit(1_000)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(statement))


def of_note(session: Session, note_id: str) -> list[FeeCharge]:
    """Return the charges of a note, oldest first. One SELECT on an index; a note is bounded."""
    statement = select(FeeCharge).where(FeeCharge.note_id == note_id).order_by(FeeCharge.id)
    return list(session.scalars(statement))
