"""A bill (账单): what a month, a milestone or a report came to, confirmed by both, then paid.

Source: the bill states of the exchange: issued in the first days of the month, confirmed
by the supplier and by the buyer (silence counts as a yes once its clock has run out),
paid within its days; long overdue, delivery stands. Whether silence confirms is a matter
of the rules, which give each clock its days.

A bill that is paid by a wallet has its money in escrow already, and asks for none.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, or_, select, text
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel.actor import Duty, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import NotFound, Refusal
from kernel.journal import Event
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from settlement import access, escrow, ledger, payments
from settlement.ledger import AccountRef, Row
from settlement.metering import bill_lines, meters
from settlement.payments import Purpose


class State(StrEnum):
    """Where a bill stands."""

    TO_ISSUE = "to_issue"
    SELLER_CONFIRM = "seller_confirm"
    BUYER_CONFIRM = "buyer_confirm"
    TO_PAY = "to_pay"
    PAY_CONFIRMING = "pay_confirming"
    OVERDUE = "overdue"
    SETTLED = "settled"
    VOID = "void"


class Kind(StrEnum):
    """What a bill is for."""

    PREPAID = "prepaid"  # a month that a wallet has paid
    PERIODIC = "periodic"
    MILESTONE = "milestone"
    FINAL = "final"
    OVERAGE = "overage"


_LIVE = text("state <> 'void'")


class Bill(Living, Base):
    """One bill of one order.

    period: "2026-07", or "M1" of a milestone. number: in its order, also the slice of each
    line that it makes due. used_from, used_to: its days. drawn: paid from a wallet.
    """

    __tablename__ = "bills"
    __table_args__ = (
        UniqueConstraint("code"),
        UniqueConstraint("order_id", "number"),
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        CheckConstraint("used_from <= used_to", name="days_not_reversed"),
        Index(
            "uq_bills_one_live_per_period",
            "order_id",
            "basis",
            "period",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
        Index(None, "state", "id"),
    )

    code: Mapped[str]
    order_id: Mapped[str]
    order_code: Mapped[str]
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str]
    basis: Mapped[str]
    period: Mapped[str]
    number: Mapped[int]
    used_from: Mapped[date]
    used_to: Mapped[date]
    drawn: Mapped[bool]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    made_at: Mapped[Instant]
    confirmed_at: Mapped[Instant | None]
    settled_at: Mapped[Instant | None]


seller = its("seller", "seller_id", Duty.EDITOR, Duty.FINANCE, Duty.SIGNER)
buyer = its("buyer", "buyer_id", Duty.EDITOR, Duty.FINANCE, Duty.SIGNER)


def _is_paid(bill: Bill, work: Work) -> Refusal | None:
    if bill.drawn or bill.amount.minor == 0:
        return None
    payment = payments.live_for(work.session, Purpose.BILL, bill.id)
    if payment is None or payment.due.minor:
        return Refusal("NOT_FUNDED", "账单尚未足额付款", "the bill is not paid in full yet")
    return None


def _issue(bill: Bill, work: Work, _data: dict[str, Any]) -> None:
    if bill.drawn or bill.amount.minor == 0:
        return
    claim = AccountRef("1122.buyer", bill.buyer_id, bill.amount.currency)
    billed = AccountRef("2204.billed", bill.id, bill.amount.currency)
    _post(work, bill, "bill.issued", [Row(claim, billed, bill.amount)])


def _confirm(bill: Bill, work: Work, _data: dict[str, Any]) -> None:
    bill.confirmed_at = work.now
    if bill.drawn or bill.amount.minor == 0:
        return
    counter = AccountRef("9001.counter", bill.buyer_id, bill.amount.currency)
    rows = [
        Row(counter, AccountRef("9002.turnover", sale["order_line_id"], bill.amount.currency), fen)
        for sale in _sales(work.session, bill)
        if (fen := sale["amount"]).minor
    ]
    _post(work, bill, "bill.confirmed", rows)
    _recognised(work, bill)
    payments.ask(
        work,
        purpose=Purpose.BILL,
        target=bill.id,
        payer_id=bill.buyer_id,
        amount=bill.amount,
        escrow_order=bill.order_id,
    )


def _settle(bill: Bill, work: Work, _data: dict[str, Any]) -> None:
    bill.settled_at = work.now
    sales = [sale for sale in _sales(work.session, bill) if sale["amount"].minor]
    if not sales:
        return
    escrow.accept(work, bill.order_id, sales, counted=not bill.drawn)
    if bill.drawn:
        _recognised(work, bill)


def _void(bill: Bill, work: Work, _data: dict[str, Any]) -> None:
    bill_lines.let_go(work.session, bill.id)
    billed = AccountRef("2204.billed", bill.id, bill.amount.currency)
    owing = ledger.balance(work.session, billed)
    if owing.minor:
        claim = AccountRef("1122.buyer", bill.buyer_id, bill.amount.currency)
        _post(work, bill, "bill.voided", [Row(billed, claim, owing)])


_UNPAID: Final = frozenset({State.TO_PAY, State.PAY_CONFIRMING, State.OVERDUE})
_DISPUTABLE: Final = frozenset({State.TO_ISSUE, State.SELLER_CONFIRM, State.BUYER_CONFIRM})

# fmt: off
LIFE: Workflow[State, Bill] = Workflow(
    "bill", State, State.TO_ISSUE,
    step("issue",   {State.TO_ISSUE}, State.SELLER_CONFIRM, system_only, own_door=True,
         within="clocks.bill_seller", overdue="vouch", owner="seller_id",
         says="bill.drawn_up", label=Words("出账", "Draw up")),
    step("vouch",   {State.SELLER_CONFIRM}, State.BUYER_CONFIRM, (seller, system_only),
         then=(_issue,), within="clocks.bill_buyer", overdue="confirm", owner="buyer_id",
         moves_money=True,
         says="bill.issued", label=Words("供方确认", "Confirm as the seller")),
    step("confirm", {State.BUYER_CONFIRM}, State.TO_PAY, (buyer, system_only),
         then=(_confirm,), within="clocks.bill_payment", overdue="mark_overdue",
         owner="buyer_id", moves_money=True,
         says="bill.confirmed", label=Words("需方确认", "Confirm as the buyer")),
    step("object",  {State.BUYER_CONFIRM}, State.SELLER_CONFIRM, buyer, asks=(REASON,),
         says="bill.objected_to", label=Words("对账单有异议", "Object to it")),
    step("declare_paid", {State.TO_PAY, State.OVERDUE}, State.PAY_CONFIRMING, buyer,
         asks=(ask("reference", label=Words("付款凭证号", "Number of the transfer"), max=80),),
         within="clocks.bill_payment_check", overdue="not_arrived",
         says="bill.declared_paid", label=Words("已付款，待确认", "Say that it is paid")),
    step("not_arrived", {State.PAY_CONFIRMING}, State.OVERDUE, system_only, own_door=True,
         within="clocks.bill_default", overdue="default",
         says="bill.not_arrived", label=Words("款项未到账", "It has not arrived")),
    step("mark_overdue", {State.TO_PAY}, State.OVERDUE, system_only, own_door=True,
         within="clocks.bill_default", overdue="default",
         says="bill.overdue", label=Words("逾期", "Overdue")),
    step("default", {State.OVERDUE}, State.OVERDUE, system_only, own_door=True,
         within="clocks.bill_default", overdue="default",
         says="bill.defaulted", label=Words("逾期过久，暂停交付", "Long overdue")),
    step("settle",  _UNPAID, State.SETTLED, system_only, own_door=True,
         when=(_is_paid,), then=(_settle,),
         says="bill.settled", label=Words("结清", "Settle")),
    step("void",    _DISPUTABLE, State.VOID, (seller, access.settler), asks=(REASON,),
         then=(_void,), moves_money=True,
         says="bill.voided", label=Words("作废", "Void")),
)
# fmt: on


def paid(work: Work, event: Event) -> None:
    """After "payment.received" for a bill: it is settled, and its lines are due to the sellers."""
    if event.data.get("purpose") != Purpose.BILL:
        return
    bill = find(work.session, event.data["target"])
    if bill.state in _UNPAID:
        LIFE.take("settle", bill, work.as_system())


def issue(work: Work, bill: Bill) -> Bill:
    """Hand a bill that was just drawn up to its seller."""
    LIFE.take("issue", bill, work.as_system())
    return bill


def take(work: Work, bill_id: str, name: str, **data: Any) -> Bill:
    """Take one step in a bill's life, and what follows at once. Raises what LIFE raises."""
    bill = seen(work, bill_id)
    LIFE.take(name, bill, work, **data)
    if name == "confirm" and (bill.drawn or bill.amount.minor == 0):
        LIFE.take("settle", bill, work.as_system())
    return bill


def find(session: Session, bill_id: str) -> Bill:
    """Return the bill. Raises NotFound. One SELECT by key."""
    found = session.get(Bill, bill_id)
    if found is None:
        raise _missing(bill_id)
    return found


def seen(work: Work, bill_id: str) -> Bill:
    """Return the bill to its buyer, its seller and overseers; to others it does not exist."""
    found = find(work.session, bill_id)
    if work.actor.organisation != found.buyer_id:
        access.hide_from_strangers(work, found.seller_id, _missing(bill_id))
    return found


def listed(
    work: Work,
    *,
    order_id: str | None = None,
    state: str | None = None,
    after: str | None,
    limit: int,
) -> Page[Bill]:
    """Return the bills that the caller may see, newest first. One SELECT on an index."""
    statement = select(Bill)
    if not access.oversees(work.actor):
        own = work.actor.organisation
        statement = statement.where(or_(Bill.buyer_id == own, Bill.seller_id == own))
    if order_id is not None:
        statement = statement.where(Bill.order_id == order_id)
    if state is not None:
        statement = statement.where(Bill.state == state)
    return keyset(work.session, statement, by=((Bill.id, "desc"),), after=after, limit=limit)


def open_of(session: Session, order_id: str) -> bool:
    """Tell whether the order has a bill that is neither settled nor void. One SELECT."""
    ends = (State.SETTLED, State.VOID)
    statement = select(Bill.id).where(Bill.order_id == order_id, Bill.state.not_in(ends))
    return session.scalars(statement.limit(1)).first() is not None


def overdue(session: Session, order_id: str) -> bool:
    """Tell whether a bill of the order is overdue. One SELECT on an index."""
    statement = select(Bill.id).where(Bill.order_id == order_id, Bill.state == State.OVERDUE)
    return session.scalars(statement.limit(1)).first() is not None


def there(session: Session, order_id: str, basis: str, period: str) -> Bill | None:
    """Return the order's live bill for a period, if there is one. One SELECT on an index."""
    statement = select(Bill).where(
        Bill.order_id == order_id,
        Bill.basis == basis,
        Bill.period == period,
        Bill.state != State.VOID,
    )
    return session.scalars(statement).one_or_none()


def not_issued(session: Session, buyer_id: str) -> Money:
    """Return what postpaid bills ask that are not in the books yet. One SELECT on an index."""
    statement = select(func.coalesce(func.sum(Bill.amount_minor), 0)).where(  # type: ignore[attr-defined]  # a column of the composite
        Bill.buyer_id == buyer_id,
        Bill.drawn.is_(False),
        Bill.state.in_((State.TO_ISSUE, State.SELLER_CONFIRM)),
    )
    return Money(int(session.scalars(statement).one()))


def billed(session: Session, meter_ids: Iterable[str]) -> dict[tuple[str, str], Money]:
    """Return (meter, period) → what its live bills charge, adjustments too. One SELECT."""
    statement = (
        select(
            bill_lines.BillLine.meter_id,
            Bill.period,
            func.sum(bill_lines.BillLine.amount_minor),  # type: ignore[attr-defined]  # as above
        )
        .join(Bill, Bill.id == bill_lines.BillLine.bill_id)
        .where(bill_lines.BillLine.meter_id.in_(sorted(set(meter_ids))), Bill.state != State.VOID)
        .group_by(bill_lines.BillLine.meter_id, Bill.period)
    )
    return {(meter, period): Money(int(fen)) for meter, period, fen in session.execute(statement)}


def _sales(session: Session, bill: Bill) -> list[dict[str, Any]]:
    """Return what the bill makes due, line by line of its order, as escrow takes it."""
    sums: dict[str, Money] = {}
    for line in bill_lines.of(session, [bill.id]):
        sums[line.meter_id] = sums.get(line.meter_id, Money(0)) + line.amount
    found = {meter.id: meter for meter in meters.of_order(session, bill.order_id)}
    return [
        {
            **found[meter_id].sale,
            "order_line_id": found[meter_id].order_line_id,
            "seq": bill.number,
            "amount": amount,
        }
        for meter_id, amount in sorted(sums.items())
    ]


def _recognised(work: Work, bill: Bill) -> None:
    lines = [
        {"order_line_id": sale["order_line_id"], "seq": bill.number, "amount": sale["amount"]}
        for sale in _sales(work.session, bill)
        if sale["amount"].minor
    ]
    work.record("sale.recognised", bill.order_id, bill_id=bill.id, lines=lines)


def _post(work: Work, bill: Bill, event: str, rows: list[Row]) -> None:
    ledger.post(
        work,
        event,
        bill.id,
        rows,
        effective_on=local_date(work.now),
        order_id=bill.order_id,
    )


def _missing(bill_id: str) -> NotFound:
    return NotFound("没有这张账单", f"no bill {bill_id}")
