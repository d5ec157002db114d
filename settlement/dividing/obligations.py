"""An obligation (待结算款): one accepted line, or a slice of it, that is to be settled once."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel.db import Base, Big
from kernel.money import Money
from settlement.dividing import hold_list
from settlement.dividing.hold_list import ListedParty


class Kind(StrEnum):
    """What kind of data a line sold, which says who has a share in it."""

    PUBLIC = "public"  # authorised public data: treasury, operator and merchant
    OTHER = "other"  # the merchant's own


REOPENED: Final = 1_000_000
"""Slices beyond this are what came back; those below are numbered by who sells in slices."""


class State(StrEnum):
    """Whether the obligation has been divided among the parties, or given back before."""

    OPEN = "open"
    SETTLED = "settled"
    REFUNDED = "refunded"


class Obligation(Base):
    """One accepted line, or one slice of it, that is to be settled; once, by one batch.

    seq: the slice of the line, from 1. taken_minor: refunded out of it before it was
    settled. operator_id: of public data. shares: the weights that the parties agreed, a broker's
    as "broker:<owner>", or None for those of the rules. fee_rule_id, revenue_rule_id: the
    versions that hold for it; None for the jurisdiction's rules. waiver: on what ground no fee
    may be due. holds: how many holds keep it from being settled.
    batch_id: the batch that has it, so that no other takes it. draft: the digest of how it
    is divided there, which the checker saw.
    """

    __tablename__ = "obligations"
    __table_args__ = (
        UniqueConstraint("order_line_id", "seq"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("seq > 0", name="seq_positive"),
        CheckConstraint("holds >= 0", name="holds_not_negative"),
        CheckConstraint(
            "taken_minor >= 0 AND taken_minor <= amount_minor", name="taken_within_amount"
        ),
        CheckConstraint("kind <> 'public' OR operator_id IS NOT NULL", name="public_has_operator"),
        CheckConstraint("settled_on IS NULL OR batch_id IS NOT NULL", name="settled_by_a_batch"),
        Index(
            "ix_obligations_open_due_on",
            "due_on",
            "id",
            sqlite_where=text("batch_id IS NULL"),
            postgresql_where=text("batch_id IS NULL"),
        ),
        Index(None, "order_id", "id"),
        Index(None, "batch_id", "id"),
        Index(None, "seller_id", "order_id"),
        Index(None, "seller_id", "accepted_on"),
        Index(None, "buyer_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str]
    order_line_id: Mapped[str]
    seq: Mapped[int]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    taken_minor: Mapped[int] = mapped_column(Big)
    kind: Mapped[str]
    buyer_id: Mapped[str]
    seller_id: Mapped[str]
    operator_id: Mapped[str | None]
    shares: Mapped[dict[str, Any] | None]
    waiver: Mapped[str | None]
    fee_rule_id: Mapped[str | None] = mapped_column(ForeignKey("fee_rules.id"))
    revenue_rule_id: Mapped[str | None] = mapped_column(ForeignKey("revenue_rules.id"))
    accepted_on: Mapped[date]
    due_on: Mapped[date]
    settled_on: Mapped[date | None]
    batch_id: Mapped[str | None]
    draft: Mapped[str | None]
    holds: Mapped[int]

    @property
    def left(self) -> Money:
        """What of it is to be settled, or was: the amount without what was refunded before."""
        return Money(self.amount.minor - self.taken_minor, self.amount.currency)

    @property
    def state(self) -> State:
        """Whether it has been divided; the ledger's entry says the same."""
        if self.settled_on is not None:
            return State.SETTLED
        return State.OPEN if self.left.minor else State.REFUNDED


def of_order(session: Session, order_id: str) -> list[Obligation]:
    """Return the obligations of an order, at most one a line. One SELECT on an index."""
    statement = select(Obligation).where(Obligation.order_id == order_id).order_by(Obligation.id)
    return list(session.scalars(statement))


def reopen(
    session: Session, settled: Obligation, amount: Money, *, others: Iterable[Obligation],
    made_id: str, due_on: date,
) -> Obligation:  # fmt: skip
    """Owe again what was taken of a line that is settled by now: a slice of its own.

    A refund that was asked for before the settlement and is withdrawn after it brings money
    back that no batch will have any more. others: the obligations of the order, locked.
    """
    taken = [one.seq for one in others if one.order_line_id == settled.order_line_id]
    copied = (
        "order_id", "order_line_id", "kind", "buyer_id", "seller_id", "operator_id", "shares",
        "waiver", "fee_rule_id", "revenue_rule_id", "accepted_on", "holds",
    )  # fmt: skip
    made = Obligation(
        id=made_id,
        seq=max(REOPENED, *taken) + 1,
        amount=amount,
        taken_minor=0,
        due_on=due_on,
        settled_on=None,
        batch_id=None,
        draft=None,
        **{name: getattr(settled, name) for name in copied},
    )
    session.add(made)
    return made


def of_batch(
    session: Session, batch_id: str, *, after: str = "", limit: int, unsettled: bool = False
) -> list[Obligation]:
    """Return up to `limit` obligations that a batch has, by id. One SELECT on an index."""
    statement = select(Obligation).where(Obligation.batch_id == batch_id, Obligation.id > after)
    if unsettled:
        statement = statement.where(Obligation.settled_on.is_(None))
    return list(session.scalars(statement.order_by(Obligation.id).limit(limit)))


def claim(session: Session, on: date, batch_id: str, *, limit: int) -> int:
    """Give what is due by `on` to a batch, the oldest first, and return how many that were.

    Left out is what is held, what was refunded whole, what parties on the hold list sold,
    and what somebody else is just taking. One SELECT on an index and an UPDATE.
    """
    listed = select(ListedParty.party_id).where(ListedParty.state == hold_list.State.ON)
    free = (
        select(Obligation.id)
        .where(
            Obligation.batch_id.is_(None),
            Obligation.due_on <= on,
            Obligation.holds == 0,
            Obligation.taken_minor < literal_column("amount_minor"),
            Obligation.seller_id.not_in(listed),
        )
        .order_by(Obligation.due_on, Obligation.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(session.scalars(free))
    session.execute(
        update(Obligation)
        .where(Obligation.id.in_(found))
        .values(batch_id=batch_id)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return len(found)


def release(session: Session, batch_id: str) -> None:
    """Take back from a batch what it has not settled; the next batch may have it. One UPDATE."""
    session.execute(
        update(Obligation)
        .where(Obligation.batch_id == batch_id, Obligation.settled_on.is_(None))
        .values(batch_id=None, draft=None)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def locked(session: Session, order_ids: Iterable[str]) -> list[Obligation]:
    """Return all obligations of the orders, locked in one order. One SELECT on an index.

    So of two batches that settle the last lines of an order, the second sees the first.
    """
    statement = (
        select(Obligation)
        .where(Obligation.order_id.in_(sorted(set(order_ids))))
        .order_by(Obligation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(statement))
