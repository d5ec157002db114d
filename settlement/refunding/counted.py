"""What a refund does to what was counted: the volume of lines, and what operators have earned.

Both are told in the transaction that moves the money, and count in the period in which it
happens; what was counted before stays as it was.
"""

from collections.abc import Iterable

from kernel.clock import local_date
from kernel.money import Money
from kernel.work import Work
from licensing.pricing import periods, revenues
from settlement import escrow
from settlement.dividing import obligations
from settlement.dividing.terms import Payable
from settlement.ledger import Row
from settlement.turnover import EXCLUDED

_COUNTED = frozenset({escrow.TURNOVER, EXCLUDED})


def volume(work: Work, order_id: str, source_id: str, rows: Iterable[Row]) -> None:
    """Say "turnover.moved" of each line whose volume these rows change.

    source_id: once for each; the refund, its withdrawal, the dispute, the voucher's return.
    """
    moved: dict[str, int] = {}
    for row in rows:
        if row.debit.code in _COUNTED:
            moved[row.debit.owner] = moved.get(row.debit.owner, 0) - row.amount.minor
        if row.credit.code in _COUNTED:
            moved[row.credit.owner] = moved.get(row.credit.owner, 0) + row.amount.minor
    lines = [
        {"order_line_id": line_id, "fen": fen} for line_id, fen in sorted(moved.items()) if fen
    ]
    if lines:
        work.as_system().record("turnover.moved", order_id, source_id=source_id, lines=lines)


def earnings(
    work: Work, order_id: str, source_id: str, moved: Iterable[tuple[str, str, int]]
) -> None:
    """Count what operators earned less, or more again, of settled lines of an order.

    moved: obligation, code of the share, fen; negative is less. What is no operator's is left
    out. One SELECT, and one for each operator.
    """
    sums: dict[str, int] = {}
    for obligation_id, code, fen in moved:
        if code == Payable.OPERATOR.code:
            sums[obligation_id] = sums.get(obligation_id, 0) + fen
    if not any(sums.values()):
        return
    today = local_date(work.now)
    for one in obligations.of_order(work.session, order_id):
        if one.operator_id is None or not sums.get(one.id):
            continue
        revenues.adjust(
            work,
            one.order_line_id if one.seq == 1 else f"{one.order_line_id}/{one.seq}",
            source_id=source_id,
            operator_id=one.operator_id,
            period=periods.in_force(work.session, one.operator_id, today),
            amount=Money(sums[one.id], one.amount.currency),
            on=today,
        )
