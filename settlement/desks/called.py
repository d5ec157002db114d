"""What people call a record of money: its number or its reference, not its id."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from settlement.bank.statements import BankLine
from settlement.deals.deals import DirectDeal
from settlement.dividing.frozen import Hold
from settlement.fees.note_rows import FeeNote
from settlement.metering.bills import Bill
from settlement.paying.rows import Payout
from settlement.payments import Payment
from settlement.refunding.rows import Refund
from settlement.vouchers.vouchers import Voucher

_CALLED: Final[dict[str, tuple[Any, Any]]] = {
    "bil_": (Bill.id, Bill.code),
    "bsl_": (BankLine.id, BankLine.bank_ref),
    "dea_": (DirectDeal.id, DirectDeal.contract_no),
    "fno_": (FeeNote.id, FeeNote.code),
    "hld_": (Hold.id, Hold.reference),
    "pay_": (Payment.id, Payment.reference),
    "pot_": (Payout.id, Payout.reference),
    "rfd_": (Refund.id, Refund.reference),
    "vch_": (Voucher.id, Voucher.code),
}
"""Prefix of an id → the columns of the id and of what it is called."""


def called(session: Session, references: Iterable[str]) -> dict[str, str]:
    """Return id → what it is called, of those that have a name. One SELECT by key a kind."""
    by_kind: dict[str, set[str]] = defaultdict(set)
    for reference in references:
        if reference[:4] in _CALLED:
            by_kind[reference[:4]].add(reference)
    found: dict[str, str] = {}
    for prefix, wanted in sorted(by_kind.items()):
        key, name = _CALLED[prefix]
        found.update(session.execute(select(key, name).where(key.in_(wanted))).all())
    return found
