"""How much of an order, or of a fee note, may be invoiced, and how much of that is taken (I-56).

Invoiced less what was written off in red is never more than paid less refunded, of an order
and of what the invoice is about. One row keeps the count; the database refuses more.
"""

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import CheckConstraint, case, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from kernel.actor import Role
from kernel.db import Base, Big
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from settlement import escrow, shares
from settlement.books import accounts, entries, postings
from settlement.dividing import obligations
from settlement.dividing.obligations import Obligation
from settlement.dividing.settled import SettlementLine, SplitShare
from settlement.dividing.terms import Payable
from settlement.fees import credit_notes
from settlement.fees.note_rows import FeeNote
from settlement.payments import Payment
from settlement.refunding.parts import RefundPart
from settlement.refunding.rows import Refund
from settlement.refunding.rows import State as Refunded


class About(StrEnum):
    """What is invoiced of an order."""

    PRICE = "price"  # the seller to the buyer
    COMMISSION = "commission"  # the exchange to the seller
    FEE = "fee"  # the exchange to who pays a fee note, which stands in the order's place

    @property
    def label(self) -> Words:
        """What it is about, in words."""
        return _LABELS[self]


_LABELS: Final = {
    About.PRICE: Words("货款", "the price"),
    About.COMMISSION: Words("交易服务费", "the exchange's fee"),
    About.FEE: Words("服务费通知", "fee note"),
}
_CURRENCY: Final = "CNY"
_OWN: Final = (shares.COMMISSION, shares.VAT)
_PAYS_IN: Final = ("bank.matched", "payment.captured", "wallet.drawn", "deposit.released")
"""By which events a buyer's own money comes into escrow; a voucher's is its sponsor's."""


class InvoiceRoom(Base):
    """What of an order can be invoiced about one thing, in fen.

    paid, refunded: when it was last looked at. room: what may stand on invoices then.
    asked: on requests and invoices; red: written off, or to be. fiscal: what the treasury
    gets of the price, which is on no invoice; noted: of that, on non-tax receipts.
    """

    __tablename__ = "invoice_rooms"
    __table_args__ = (
        CheckConstraint("asked_minor - red_minor <= room_minor", name="invoiced_within_room"),
        CheckConstraint("room_minor <= paid_minor - refunded_minor", name="room_within_paid"),
        CheckConstraint("room_minor >= 0", name="room_not_negative"),
        CheckConstraint("red_minor >= 0 AND red_minor <= asked_minor", name="red_within_invoiced"),
        CheckConstraint(
            "noted_minor >= 0 AND noted_minor <= fiscal_minor", name="noted_within_fiscal"
        ),
    )

    order_id: Mapped[str] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    paid_minor: Mapped[int] = mapped_column(Big)
    refunded_minor: Mapped[int] = mapped_column(Big)
    room_minor: Mapped[int] = mapped_column(Big)
    asked_minor: Mapped[int] = mapped_column(Big)
    red_minor: Mapped[int] = mapped_column(Big)
    fiscal_minor: Mapped[int] = mapped_column(Big)
    noted_minor: Mapped[int] = mapped_column(Big)

    @property
    def invoiced_minor(self) -> int:
        """What stands on requests and invoices and is not written off."""
        return self.asked_minor - self.red_minor


class Figures(NamedTuple):
    """What is so of an order, read from the books and the shares, in fen.

    within: what may be newly invoiced up to. room: what invoices that are there may keep;
    more than `within` while a refund is on its way, which may still fail.
    """

    order_id: str
    seller_id: str
    buyer_id: str
    paid: int
    refunded: int
    within: int
    room: int
    fiscal: int = 0


def locked(session: Session, order_id: str, about: About) -> InvoiceRoom:
    """Return the row of an order, locked; an empty one is made first. Two statements."""
    values = dict.fromkeys(
        ("paid_minor", "refunded_minor", "room_minor", "asked_minor", "red_minor",
         "fiscal_minor", "noted_minor"), 0,
    )  # fmt: skip
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = (sqlite if on_sqlite else postgresql).insert(InvoiceRoom)
    session.execute(
        insert.values(order_id=order_id, about=about.value, **values).on_conflict_do_nothing()
    )
    return session.get_one(
        InvoiceRoom, (order_id, about.value), with_for_update=True, populate_existing=True
    )


def known(session: Session, order_ids: Collection[str], about: About) -> dict[str, InvoiceRoom]:
    """Return order → its row, where there is one. One SELECT by key."""
    statement = select(InvoiceRoom).where(
        InvoiceRoom.order_id.in_(sorted(order_ids)), InvoiceRoom.about == about
    )
    return {room.order_id: room for room in session.scalars(statement)}


def orders_of(
    session: Session, party_id: str, about: About, *, after: str | None, limit: int
) -> Page[str]:
    """Return the orders, or the fee notes, of which a party gets the invoice, newest first.

    One SELECT on an index.
    """
    if about == About.FEE:
        own = select(FeeNote).where(FeeNote.payer_id == party_id)
        notes = keyset(session, own, by=((FeeNote.id, "desc"),), after=after, limit=limit)
        return Page([note.id for note in notes.items], notes.next)
    earlier = aliased(Obligation)
    before = select(earlier.id).where(
        earlier.order_id == Obligation.order_id, earlier.id < Obligation.id
    )
    mine = Obligation.buyer_id if about == About.PRICE else Obligation.seller_id
    statement = select(Obligation).where(mine == party_id, ~before.exists())
    found = keyset(session, statement, by=((Obligation.id, "desc"),), after=after, limit=limit)
    return Page([line.order_id for line in found.items], found.next)


def figures(session: Session, order_ids: Collection[str], about: About) -> dict[str, Figures]:
    """Return order → what is so of it; nothing before a line of it is accepted. Four SELECTs."""
    return _FIGURES[about](session, sorted(set(order_ids)))


def _price(session: Session, order_ids: list[str]) -> dict[str, Figures]:
    paid, back = _paid(session, order_ids), _refunds(session, order_ids)
    divided = _divided(session, order_ids)
    told = {}
    for order_id, seller_id, buyer_id, waiting in session.execute(_accepted(order_ids)):
        refunded, under_way = back.get(order_id, (0, 0))
        came = max(paid.get(order_id, 0), refunded)
        ours, fiscal = divided.get(order_id, (0, 0))
        sold = int(waiting) + ours
        told[order_id] = Figures(
            order_id,
            seller_id,
            buyer_id,
            paid=came,
            refunded=refunded,
            within=max(0, min(sold, came - refunded - under_way - fiscal)),
            room=max(0, min(sold + under_way, came - refunded)),
            fiscal=fiscal,
        )
    return told


def _commission(session: Session, order_ids: list[str]) -> dict[str, Figures]:
    (exchange, *_) = organisations.with_role(session, Role.EXCHANGE_OPERATOR)
    back = _returned(session, order_ids)
    statement = (
        select(
            SettlementLine.order_id,
            func.min(Obligation.seller_id),
            func.sum(SplitShare.amount_minor),
        )
        .join(SplitShare, SplitShare.obligation_id == SettlementLine.obligation_id)
        .join(Obligation, Obligation.id == SettlementLine.obligation_id)
        .where(SettlementLine.order_id.in_(order_ids), SplitShare.account_code.in_(_OWN))
        .group_by(SettlementLine.order_id)
    )
    told = {}
    for order_id, merchant_id, kept in session.execute(statement):
        refunded, under_way = back.get(order_id, (0, 0))
        told[order_id] = Figures(
            order_id,
            exchange.id,
            merchant_id,
            paid=int(kept),
            refunded=refunded,
            within=int(kept) - refunded - under_way,
            room=int(kept) - refunded,
        )
    return told


def _fee(session: Session, note_ids: list[str]) -> dict[str, Figures]:
    """Return note → what of it was paid, and what of that credit notes gave back."""
    (exchange, *_) = organisations.with_role(session, Role.EXCHANGE_OPERATOR)
    back = credit_notes.returned(session, note_ids)
    statement = (
        select(FeeNote.id, FeeNote.payer_id, Payment.__table__.c.funded_minor)
        .join(Payment, Payment.id == FeeNote.payment_id)
        .where(FeeNote.id.in_(note_ids))
    )
    told = {}
    for note_id, payer_id, funded in session.execute(statement):
        returned = back.get(note_id, 0)
        kept = int(funded) - returned
        told[note_id] = Figures(
            note_id, exchange.id, payer_id, int(funded), returned, within=kept, room=kept
        )
    return told


_FIGURES: Final[Mapping[About, Callable[[Session, list[str]], dict[str, Figures]]]] = {
    About.PRICE: _price,
    About.COMMISSION: _commission,
    About.FEE: _fee,
}


def _accepted(order_ids: list[str]) -> Any:
    """Return each order's parties, and what waits of it for settlement.

    Of public data nothing counts before it is settled: how much of it the treasury gets, on
    which there is no VAT invoice, is known only then.
    """
    left = Obligation.__table__.c.amount_minor - Obligation.taken_minor
    waits = (Obligation.settled_on.is_(None)) & (Obligation.kind != obligations.Kind.PUBLIC)
    return (
        select(
            Obligation.order_id,
            func.min(Obligation.seller_id),
            func.min(Obligation.buyer_id),
            func.sum(case((waits, left), else_=0)),
        )
        .where(Obligation.order_id.in_(order_ids))
        .group_by(Obligation.order_id)
    )


def _divided(session: Session, order_ids: list[str]) -> Mapping[str, tuple[int, int]]:
    """Return order → what refunds have left of its settled lines: others' shares, treasury's."""
    treasury = SplitShare.account_code == Payable.FISCAL.code
    statement = (
        select(
            SettlementLine.order_id,
            func.sum(case((treasury, 0), else_=SplitShare.remaining_minor)),
            func.sum(case((treasury, SplitShare.remaining_minor), else_=0)),
        )
        .join(SplitShare, SplitShare.obligation_id == SettlementLine.obligation_id)
        .where(SettlementLine.order_id.in_(order_ids))
        .group_by(SettlementLine.order_id)
    )
    return {
        order_id: (int(ours), int(fiscal)) for order_id, ours, fiscal in session.execute(statement)
    }


def _paid(session: Session, order_ids: list[str]) -> Mapping[str, int]:
    """Return order → what its buyer paid into escrow, without what was reversed."""
    original = entries.alias("original")
    amount = postings.c.amount
    statement = (
        select(
            accounts.c.owner,
            func.sum(case((postings.c.credit_id == accounts.c.id, amount), else_=-amount)),
        )
        .join(
            postings,
            or_(postings.c.credit_id == accounts.c.id, postings.c.debit_id == accounts.c.id),
        )
        .join(entries, entries.c.id == postings.c.entry_id)
        .outerjoin(original, original.c.id == entries.c.reverses)
        .where(
            accounts.c.code == escrow.ESCROW,
            accounts.c.owner.in_(order_ids),
            accounts.c.currency == _CURRENCY,
            func.coalesce(original.c.event, entries.c.event).in_(_PAYS_IN),
        )
        .group_by(accounts.c.owner)
    )
    return {owner: int(minor) for owner, minor in session.execute(statement)}


def _refunds(session: Session, order_ids: list[str]) -> Mapping[str, tuple[int, int]]:
    amount = Refund.__table__.c.amount_minor
    statement = (
        select(Refund.order_id, Refund.state, func.sum(amount))
        .where(Refund.order_id.in_(order_ids))
        .group_by(Refund.order_id, Refund.state)
    )
    return _by_progress(session.execute(statement))


def _returned(session: Session, order_ids: list[str]) -> Mapping[str, tuple[int, int]]:
    """Return order → what the exchange gave back of its own fee, and what is on its way."""
    statement = (
        select(Refund.order_id, Refund.state, func.sum(RefundPart.amount_minor))
        .join(RefundPart, RefundPart.refund_id == Refund.id)
        .where(
            Refund.order_id.in_(order_ids),
            RefundPart.share_code.in_(_OWN),
            RefundPart.back_code.in_(_OWN),
        )
        .group_by(Refund.order_id, Refund.state)
    )
    return _by_progress(session.execute(statement))


def _by_progress(rows: Any) -> Mapping[str, tuple[int, int]]:
    """Sum up (order, state, fen): what has arrived, and what is on its way."""
    told: dict[str, tuple[int, int]] = {}
    for order_id, state, minor in rows:
        arrived, under_way = told.get(order_id, (0, 0))
        if state in {Refunded.SUCCEEDED, Refunded.MANUAL}:
            arrived += int(minor)
        elif state != Refunded.CANCELLED:
            under_way += int(minor)
        told[order_id] = (arrived, under_way)
    return told
