"""A refund as a row: what goes back to whom, by which rail, and how far it has come."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, Big, Living
from kernel.money import Money
from kernel.work import Work
from settlement import bank_files
from settlement.ledger import AccountRef
from settlement.refunding.origins import Origin

PREFIX: Final = "RX"
"""What the reference code of a refund begins with."""

SUSPENSE: Final = "2241.suspense"
"""Where money waits that belongs to nothing here."""


class State(StrEnum):
    """Where a refund stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SENT = "sent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    MANUAL = "manual"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    """What goes back."""

    ORDER = "order"  # what was paid for an order
    SUSPENSE = "suspense"  # what came in and belongs to nothing here
    GOODWILL = "goodwill"  # what the exchange makes good itself
    WALLET = "wallet"  # what a buyer had left of what it paid in beforehand


class Occasion(StrEnum):
    """Why the house asked for a refund by rule."""

    UNDELIVERED = "undelivered"  # what was ordered has ended before all of it was delivered


class Asked(NamedTuple):
    """What is asked to go back of an order, before it is divided over the receipts."""

    order_id: str
    amount: Money
    reason: str
    order_line_id: str | None = None
    fee_refund: bool = False
    occasion: Occasion | None = None


class Refund(Living, Base):
    """Money on its way back to who paid it.

    rail, account, object_id: as the receipt that it answers says (`Origin`). payee_id: the
    verified bank account, when it does not go back to where it came from. payer_id: who gets
    it. alone_max_minor: up to how much one person could refund when it was requested.
    first_id: the refund that it was asked for together with, because one receipt could not
    bear the whole. occasion: `Occasion`, None where somebody asked of their own accord.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("reference"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("maker <> checker", name="checked_by_another"),
        CheckConstraint(
            "state IN ('requested', 'cancelled') OR checker IS NOT NULL"
            " OR amount_minor <= alone_max_minor",
            name="sent_when_checked",
        ),
        CheckConstraint("kind <> 'order' OR order_id IS NOT NULL", name="order_is_named"),
        CheckConstraint("kind <> 'wallet' OR payer_id IS NOT NULL", name="wallet_is_somebodys"),
        CheckConstraint("state <> 'succeeded' OR ended_on IS NOT NULL", name="ended_on_a_day"),
        Index(None, "order_id", "id"),
        Index(None, "state", "id"),
        Index(None, "payer_id", "id"),
        Index(None, "object_id", "id"),
        Index(None, "first_id", "id"),
    )

    kind: Mapped[str]
    order_id: Mapped[str | None]
    order_line_id: Mapped[str | None]
    payer_id: Mapped[str | None]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    reason: Mapped[str]
    fee_refund: Mapped[bool]
    rail: Mapped[str]
    account: Mapped[str]
    object_id: Mapped[str]
    payee_id: Mapped[str | None] = mapped_column(ForeignKey("bank_accounts.id"))
    reference: Mapped[str]
    entry_id: Mapped[int] = mapped_column(Big, ForeignKey("ledger_entries.id"))
    alone_max_minor: Mapped[int] = mapped_column(Big)
    maker: Mapped[str]
    requested_at: Mapped[Instant]
    checker: Mapped[str | None]
    approved_at: Mapped[Instant | None]
    file_id: Mapped[str | None]
    ended_on: Mapped[date | None]
    failure: Mapped[str | None]
    first_id: Mapped[str | None] = mapped_column(ForeignKey("refunds.id"))
    occasion: Mapped[str | None]

    @property
    def transit(self) -> AccountRef:
        """Where the money stands until it has arrived."""
        return AccountRef("2241.refund_transit", self.id, self.amount.currency)

    @property
    def suspense(self) -> AccountRef:
        """Where the money waits for a person when it does not arrive."""
        return AccountRef(SUSPENSE, self.id, self.amount.currency)

    @property
    def stranded(self) -> AccountRef:
        """Where the money goes when it does not arrive: suspense, or the wallet it came from."""
        if self.kind != Kind.WALLET:
            return self.suspense
        return AccountRef("2241.wallet", self.payer_id or "", self.amount.currency)


def made(work: Work, kind: Kind, origin: Origin, amount: Money, reason: str) -> Refund:
    """Return a new refund that answers a receipt; its entry is still to be posted."""
    refund_id = ids.new("rfd_", work.now)
    return Refund(
        id=refund_id,
        state=State.REQUESTED,
        kind=kind,
        order_id=None,
        order_line_id=None,
        payer_id=None,
        amount=amount,
        reason=reason,
        fee_refund=False,
        rail=origin.rail,
        account=origin.account,
        object_id=origin.object_id,
        payee_id=None,
        reference=bank_files.code(PREFIX, refund_id),
        alone_max_minor=work.rules.number("settling.refund_alone_max_fen"),
        maker=work.actor.person,
        requested_at=work.now,
        checker=None,
        approved_at=None,
        file_id=None,
        ended_on=None,
        failure=None,
        first_id=None,
        occasion=None,
    )


def standing(session: Session, order_id: str) -> tuple[Money, Money]:
    """Return what of an order was refunded, and what is under way. One SELECT on an index."""
    statement = (
        select(Refund.state, func.sum(_AMOUNT))
        .where(Refund.order_id == order_id)
        .group_by(Refund.state)
    )
    sums = {state: int(minor) for state, minor in session.execute(statement)}
    arrived = sums.get(State.SUCCEEDED, 0) + sums.get(State.MANUAL, 0)
    on_the_way = (State.REQUESTED, State.APPROVED, State.SENT, State.FAILED)
    return Money(arrived), Money(sum(sums.get(state, 0) for state in on_the_way))


def fee_given_back(session: Session, order_id: str) -> bool:
    """Tell whether the exchange gave its fee of the order back with a refund. One SELECT."""
    statement = select(Refund.id).where(
        Refund.order_id == order_id, Refund.fee_refund, Refund.state != State.CANCELLED
    )
    return session.scalars(statement.limit(1)).first() is not None


def of_wallet(session: Session, buyer_id: str) -> dict[str, tuple[Money, bool]]:
    """Return receipt → what of it went back out of the buyer's wallet, and whether that failed.

    One SELECT on an index.
    """
    statement = select(Refund).where(
        Refund.payer_id == buyer_id, Refund.kind == Kind.WALLET, Refund.state != State.CANCELLED
    )
    found: dict[str, tuple[Money, bool]] = {}
    for each in session.scalars(statement):
        before, failed = found.get(each.object_id, (Money(0, each.amount.currency), False))
        has_failed = each.state == State.FAILED
        gone = before if has_failed else before + each.amount
        found[each.object_id] = (gone, failed or has_failed)
    return found


def used(session: Session, object_ids: Iterable[str], order_id: str) -> dict[str, Money]:
    """Return receipt → what of it was given back for the order. One SELECT on an index."""
    statement = (
        select(Refund.object_id, func.sum(_AMOUNT))
        .where(
            Refund.object_id.in_(sorted(set(object_ids))),
            Refund.order_id == order_id,
            Refund.state != State.CANCELLED,
        )
        .group_by(Refund.object_id)
    )
    return {object_id: Money(int(minor)) for object_id, minor in session.execute(statement)}


_AMOUNT: Final = Refund.__table__.c.amount_minor
