"""Escrow (资金监管): what is held for an order, what of it was accepted, where each fen went.

An obligation (待结算款) comes about when a line of an order is accepted: its amount leaves
escrow, counts as volume in the memo book, and is due for settlement T + N working days
later. Everything else here reads the books.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, NotRequired, Required, TypedDict

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.clock import local_date
from kernel.db import Base, Big
from kernel.errors import Invalid
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Rules, Work
from settlement import access, chart, ledger, rules, shares
from settlement.books import accounts, balances
from settlement.ledger import AccountRef, Entry, Row

ESCROW: Final = "2241.escrow"
ACCEPTED: Final = "2241.accepted"
TURNOVER: Final = "9002.turnover"
COUNTER: Final = "9001.counter"


class Kind(StrEnum):
    """What kind of data a line sold, which says who has a share in it."""

    PUBLIC = "public"  # authorised public data: treasury, operator and merchant
    OTHER = "other"  # the merchant's own


class Payable(StrEnum):
    """As what a party has a share in a sale."""

    MERCHANT = "merchant"
    OPERATOR = "operator"
    FISCAL = "fiscal"

    @property
    def code(self) -> str:
        """The account of the chart on which the share stands until it is paid."""
        return _CODES[self]


_CODES: Final = {
    Payable.MERCHANT: "2202.merchant",
    Payable.OPERATOR: "2202.operator",
    Payable.FISCAL: "2241.fiscal",
}


class State(StrEnum):
    """Whether the obligation has been divided among the parties."""

    OPEN = "open"
    SETTLED = "settled"


class Obligation(Base):
    """One accepted line that is to be settled; settled once, by one batch.

    operator_id: of public data. shares: the weights that the parties agreed, or None for
    those of the rules. batch_id: the batch that holds it, so that no other takes it.
    """

    __tablename__ = "obligations"
    __table_args__ = (
        UniqueConstraint("order_line_id"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
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
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str]
    order_line_id: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    kind: Mapped[str]
    seller_id: Mapped[str]
    operator_id: Mapped[str | None]
    shares: Mapped[dict[str, Any] | None]
    accepted_on: Mapped[date]
    due_on: Mapped[date]
    settled_on: Mapped[date | None]
    batch_id: Mapped[str | None]

    @property
    def state(self) -> State:
        """Whether it has been divided; the ledger's entry says the same."""
        return State.OPEN if self.settled_on is None else State.SETTLED


class AcceptedLine(TypedDict, total=False):
    """A line that was accepted. shares: account kind → basis points, when they were agreed."""

    order_line_id: Required[str]
    amount: Required[Money]
    buyer_id: Required[str]
    seller_id: Required[str]
    operator_id: NotRequired[str | None]
    kind: Required[str]
    shares: NotRequired[Mapping[str, int] | None]


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the money: from which account to which, how much, by which event."""

    entry_id: int
    event: str
    says: Words
    effective_on: date
    debit: AccountRef
    debit_name: Words
    credit: AccountRef
    credit_name: Words
    amount: Money


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where the money of one order came from and where it is (I-60)."""

    order_id: str
    paid_in: Money
    refunded: Money
    in_escrow: Money
    waiting: Money
    shared: Mapping[str, Money]
    hops: tuple[Hop, ...]

    @property
    def difference(self) -> Money:
        """What was paid in and is nowhere; always zero."""
        found = sum(self.shared.values(), self.refunded + self.in_escrow + self.waiting)
        return self.paid_in - found


def accept(
    work: Work, order_id: str, lines: Sequence[AcceptedLine | Mapping[str, Any]]
) -> list[Obligation]:
    """Make what was paid for the lines due to those who earned it; a repeat changes nothing.

    Posts `line.accepted` for each: out of escrow, and into volume. Raises Overdrawn when
    escrow does not hold the amount, Invalid when a line cannot be divided.
    One SELECT, and an entry a line.
    """
    there = {item.order_line_id: item for item in of_order(work.session, order_id)}
    made = [there.get(line["order_line_id"]) or _accept(work, order_id, line) for line in lines]
    fresh = [item.order_line_id for item in made if item.order_line_id not in there]
    if fresh:
        work.record("escrow.accepted", order_id, order_line_ids=fresh)
    return made


def memo_total(session: Session) -> Money:
    """Return all volume that counts, from the memo book. One SELECT over its balances."""
    statement = (
        select(func.coalesce(func.sum(balances.c.credits - balances.c.debits), 0))
        .join(accounts, accounts.c.id == balances.c.account_id)
        .where(accounts.c.code == TURNOVER)
    )
    return Money(int(session.scalars(statement).one()))  # PostgreSQL sums into a NUMERIC


def left(session: Session, order_id: str) -> Money:
    """Return what escrow still holds for the order. One SELECT."""
    return ledger.balance(session, AccountRef(ESCROW, order_id))


def explain(session: Session, order_id: str) -> Explanation:
    """Return every hop that the order's money has made, and what it comes to.

    Two SELECTs for each fifty entries of the order, and two balances.
    """
    entries = _entries(session, order_id)
    hops = tuple(_hop(entry, line.row) for entry in entries for line in entry.lines)
    net = _net(hops)
    return Explanation(
        order_id=order_id,
        paid_in=Money(-net.get("2241.suspense", 0)),
        refunded=Money(net.get("2241.refund_transit", 0) + net.get("1012.custody", 0)),
        in_escrow=left(session, order_id),
        waiting=ledger.balance(session, AccountRef(ACCEPTED, order_id)),
        shared={code: Money(minor) for code, minor in net.items() if code in _SHARED and minor},
        hops=hops,
    )


def of_order(session: Session, order_id: str) -> list[Obligation]:
    """Return the obligations of an order, at most one a line. One SELECT on an index."""
    statement = select(Obligation).where(Obligation.order_id == order_id).order_by(Obligation.id)
    return list(session.scalars(statement))


def of_batch(session: Session, batch_id: str) -> list[Obligation]:
    """Return the obligations that a batch holds. One SELECT on an index."""
    statement = select(Obligation).where(Obligation.batch_id == batch_id).order_by(Obligation.id)
    return list(session.scalars(statement))


def due(session: Session, on: date, *, limit: int) -> list[Obligation]:
    """Return obligations due by `on` that no batch holds, the oldest first, locked.

    Those that somebody else is just taking are left out. One SELECT on an index.
    """
    statement = (
        select(Obligation)
        .where(Obligation.batch_id.is_(None), Obligation.due_on <= on)
        .order_by(Obligation.due_on, Obligation.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(statement))


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


def listed(
    work: Work, *, order_id: str | None = None, after: str | None, limit: int
) -> Page[Obligation]:
    """Return obligations, newest first: all to overseers, to others what they sold.

    One SELECT on an index.
    """
    statement = select(Obligation)
    if not access.oversees(work.actor):
        statement = statement.where(Obligation.seller_id == work.actor.organisation)
    if order_id is not None:
        statement = statement.where(Obligation.order_id == order_id)
    order = ((Obligation.id, "desc"),)
    return keyset(work.session, statement, by=order, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def rule(obligation: Obligation, given: Rules, *, charged: Money) -> shares.Rule:
    """Return how the obligation is divided under the rules given.

    charged: fees that were taken from the same order before; the cap is one for the order.
    Raises Invalid when the shares agreed do not add up, or name somebody who is not there.
    """
    owners: dict[str, str | None] = {
        Payable.MERCHANT: obligation.seller_id,
        Payable.OPERATOR: obligation.operator_id,
        Payable.FISCAL: access.treasury(given),
    }
    parties = []
    weights = obligation.shares or given.table(f"revenue.{obligation.kind}")
    for name, share_bp in weights.items():
        owner = owners.get(name)
        if owner is None:
            raise Invalid(f"分配方“{name}”不存在", f"no {name} to share", pointer="/shares")
        parties.append(shares.Party(Payable(name).code, owner, share_bp))
    cap = Money(given.number("fees.transaction_cap_fen"), charged.currency)
    return shares.Rule(
        fee_bp=given.number("fees.transaction_bp"),
        fee_cap=max(cap - charged, Money(0, charged.currency)),
        vat_bp=given.number("fees.vat_bp"),
        parties=tuple(parties),
    )


def _accept(work: Work, order_id: str, line: Mapping[str, Any]) -> Obligation:
    line_id, amount, today = line["order_line_id"], line["amount"], local_date(work.now)
    ledger.post(
        work,
        "line.accepted",
        line_id,
        [
            Row(AccountRef(ESCROW, order_id), AccountRef(ACCEPTED, order_id), amount),
            Row(AccountRef(COUNTER, line["buyer_id"]), AccountRef(TURNOVER, line_id), amount),
        ],
        effective_on=today,
        order_id=order_id,
    )
    made = Obligation(
        id=ids.new("obl_", work.now),
        order_id=order_id,
        order_line_id=line_id,
        amount=amount,
        kind=Kind(line["kind"]),
        seller_id=line["seller_id"],
        operator_id=line.get("operator_id"),
        shares=None if line.get("shares") is None else dict(line["shares"]),
        accepted_on=today,
        due_on=work.calendar.due(today, work.rules.number("settlement.hold_wd")).date,
        settled_on=None,
        batch_id=None,
    )
    rule(made, work.rules, charged=Money(0, amount.currency))  # that it can be divided
    work.session.add(made)
    return made


_SHARED: Final = frozenset(credit for _, credit in rules.RULES["line.settled"].pairs)


def _entries(session: Session, order_id: str) -> list[Entry]:
    found: list[Entry] = []
    page = ledger.entries_of(session, order_id)
    found += page.items
    while page.next is not None:
        page = ledger.entries_of(session, order_id, after=page.next)
        found += page.items
    return found


def _hop(entry: Entry, row: Row) -> Hop:
    return Hop(
        entry_id=entry.id,
        event=entry.event,
        says=rules.RULES[entry.event].says,
        effective_on=entry.effective_on,
        debit=row.debit,
        debit_name=chart.account(row.debit.code).name,
        credit=row.credit,
        credit_name=chart.account(row.credit.code).name,
        amount=row.amount,
    )


def _net(hops: Iterable[Hop]) -> dict[str, int]:
    """Return account code → credits less debits, in fen."""
    net: dict[str, int] = {}
    for hop in hops:
        net[hop.credit.code] = net.get(hop.credit.code, 0) + hop.amount.minor
        net[hop.debit.code] = net.get(hop.debit.code, 0) - hop.amount.minor
    return net
