"""What waits at the desk of settlement today, and what a payer has to pay: counted, not listed."""

from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)

from kernel.clock import local_date
from kernel.money import Money
from kernel.words import Words
from kernel.work import Work
from settlement import access, accounts, batches, payments
from settlement.bank import clearings
from settlement.deals import deals
from settlement.dividing import fee_rules, frozen, revenue_rules
from settlement.dividing.obligations import Obligation
from settlement.papers import invoices
from settlement.papers.invoice_rows import Invoice
from settlement.paying import rows as payouts
from settlement.payments import Payment
from settlement.reconciling import breaks
from settlement.refunding import adjustments, disputes
from settlement.refunding import rows as refunds
from settlement.vouchers import batches as voucher_batches
from settlement.vouchers import vouchers


class Matter(StrEnum):
    """What there is to do, in the order of the day."""

    BREAK = "break"
    CLEARING = "clearing"
    DUE = "due"
    BATCH = "batch"
    PAYOUT = "payout"
    REFUND = "refund"
    TO_SEND = "to_send"
    CAME_BACK = "came_back"
    CHARGEBACK = "chargeback"
    HELD = "held"
    ADJUSTMENT = "adjustment"
    RULE = "rule"
    DEAL = "deal"
    VOUCHER_BATCH = "voucher_batch"
    VOUCHER = "voucher"
    INVOICE = "invoice"
    ACCOUNT = "account"

    @property
    def label(self) -> Words:
        """What it is called, as something to do."""
        return _LABELS[self]


_LABELS: Final = {
    Matter.BREAK: Words("说明对账差异", "Explain breaks"),
    Matter.CLEARING: Words("复核核销", "Approve clearings"),
    Matter.DUE: Words("到期款项制单", "Compute what is due"),
    Matter.BATCH: Words("复核结算批次", "Check batches"),
    Matter.PAYOUT: Words("复核付款", "Approve payouts"),
    Matter.REFUND: Words("复核退款", "Approve refunds"),
    Matter.TO_SEND: Words("生成付款文件", "Make a payment file"),
    Matter.CAME_BACK: Words("处理失败与退汇", "Handle what failed or came back"),
    Matter.CHARGEBACK: Words("支付争议举证", "Answer disputes at providers"),
    Matter.HELD: Words("交易争议冻结款", "Money held for disputes"),
    Matter.ADJUSTMENT: Words("复核人工调整", "Check adjustments"),
    Matter.RULE: Words("批准收费与分配规则", "Approve rules"),
    Matter.DEAL: Words("复核场外备案", "Check registered deals"),
    Matter.VOUCHER_BATCH: Words("复核算力券批次", "Check voucher batches"),
    Matter.VOUCHER: Words("审核核销算力券", "Audit vouchers"),
    Matter.INVOICE: Words("开具发票", "Issue invoices"),
    Matter.ACCOUNT: Words("核验收款账户", "Verify bank accounts"),
}


class Waiting(NamedTuple):
    """What waits of one matter. total: in yuan, none where nothing is moved.

    own: how many of `number` the caller prepared, so that another person has to take them.
    """

    matter: Matter
    number: int
    total: Money
    own: int

    @property
    def mine(self) -> int:
        """How many the caller may take."""
        return self.number - self.own


def of_desk(work: Work) -> list[Waiting]:
    """Return what waits, to overseers, in the order of the day. One SELECT on indexes."""
    access.require(work, access.overseer, "settlement.waiting")
    found: dict[Matter, list[int]] = {}
    for matter, *sums in work.session.execute(union_all(*_counted(work))):
        before = found.setdefault(Matter(matter), [0, 0, 0])
        found[Matter(matter)] = [old + int(new) for old, new in zip(before, sums, strict=True)]
    return [
        Waiting(matter, count, Money(minor), own)
        for matter in Matter
        for count, minor, own in [found.get(matter, [0, 0, 0])]
        if count
    ]


def to_pay(work: Work, *, limit: int) -> list[Payment]:
    """Return what the caller's organisation is asked to pay, the oldest first. One SELECT."""
    statement = (
        select(Payment)
        .where(
            Payment.payer_id == work.actor.organisation,
            Payment.state.in_([payments.State.AWAITING, payments.State.PART_FUNDED]),
        )
        .order_by(Payment.id)
        .limit(limit)
    )
    return list(work.session.scalars(statement))


def _counted(work: Work) -> list[Select[Any]]:
    owned = work.actor.organisation
    issuable = or_(Invoice.mandated, Invoice.seller_id == owned)
    return [
        _sum(work, Matter.BREAK, breaks.Break, breaks.State.OPEN),
        _sum(work, Matter.CLEARING, clearings.Clearing, clearings.State.PROPOSED, "maker"),
        _due(work),
        _sum(work, Matter.BATCH, batches.SettlementBatch, batches.State.COMPUTED, "maker"),
        _sum(work, Matter.PAYOUT, payouts.Payout, payouts.State.REQUESTED, "maker"),
        _sum(work, Matter.REFUND, refunds.Refund, refunds.State.REQUESTED, "maker"),
        _sum(work, Matter.TO_SEND, payouts.Payout, payouts.State.APPROVED),
        _sum(work, Matter.TO_SEND, refunds.Refund, refunds.State.APPROVED),
        _sum(work, Matter.CAME_BACK, payouts.Payout, payouts.State.FAILED),
        _sum(work, Matter.CAME_BACK, payouts.Payout, payouts.State.RETURNED),
        _sum(work, Matter.CAME_BACK, refunds.Refund, refunds.State.FAILED),
        *(_sum(work, Matter.CHARGEBACK, disputes.Chargeback, state)
          for state in (disputes.State.WARNING, disputes.State.NEEDS_RESPONSE)),
        _sum(work, Matter.HELD, frozen.Hold, frozen.State.OPEN,
             when=frozen.Hold.ground == frozen.Ground.DISPUTE),
        _sum(work, Matter.ADJUSTMENT, adjustments.Adjustment, adjustments.State.PROPOSED, "maker"),
        _sum(work, Matter.RULE, fee_rules.FeeRule, fee_rules.State.DRAFT, "drafted_by"),
        _sum(work, Matter.RULE, revenue_rules.RevenueRule, revenue_rules.State.DRAFT,
             "drafted_by"),
        _sum(work, Matter.DEAL, deals.DirectDeal, deals.State.VERIFYING, "verified_by"),
        _sum(work, Matter.VOUCHER_BATCH, voucher_batches.VoucherBatch,
             voucher_batches.State.DRAFT, "maker"),
        _sum(work, Matter.VOUCHER, vouchers.Voucher, vouchers.State.LOCKED, "issued_by",
             when=exists().where(Obligation.order_id == vouchers.Voucher.order_id)),
        _sum(work, Matter.INVOICE, Invoice, invoices.State.REQUESTED, when=issuable),
        _sum(work, Matter.ACCOUNT, accounts.BankAccount, accounts.State.REGISTERED,
             "registered_by"),
    ]  # fmt: skip


def _sum(
    work: Work,
    matter: Matter,
    noun: Any,
    state: Any,
    maker: str | None = None,
    *,
    when: ColumnElement[bool] | None = None,
) -> Select[Any]:
    table: Table = noun.__table__
    own = table.c[maker] == work.actor.person if maker else false()
    chosen = table.c.state == state
    return _row(matter, table, own).where(chosen if when is None else and_(chosen, when))


def _due(work: Work) -> Select[Any]:
    table: Any = Obligation.__table__
    return _row(Matter.DUE, table, false()).where(
        table.c.settled_on.is_(None),
        table.c.batch_id.is_(None),
        table.c.due_on <= local_date(work.now),
        table.c.holds == 0,
        table.c.taken_minor < table.c.amount_minor,
    )


def _row(matter: Matter, table: Table, own: ColumnElement[bool]) -> Select[Any]:
    amount: Any = next(
        (table.c[name] for name in ("amount_minor", "total_minor") if name in table.c), literal(0)
    )
    return select(
        literal(matter.value),
        func.count(),
        func.coalesce(func.sum(amount), 0),
        func.coalesce(func.sum(case((own, 1), else_=0)), 0),
    ).select_from(table)
