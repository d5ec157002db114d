"""The overdraft is foreseen: so that it is refused in words, and not by the database."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from kernel.money import Money
from settlement import chart
from settlement.entries import AccountRef
from settlement.posting.asked import ToPost
from settlement.posting.refusals import overdrawn

Kept: TypeAlias = dict[AccountRef, int]
"""Guarded account → what may be taken out of it, in minor units."""


def guarded(refs: Iterable[AccountRef]) -> list[AccountRef]:
    """Return those that have a balance of their own, which never goes below zero."""
    return [ref for ref in refs if chart.account(ref.code).guard is not chart.Guard.NONE]


def forbid_overdraft(asked: Sequence[ToPost], kept: Kept) -> None:
    """Play every row in its order, and refuse the first that takes what is not there.

    kept: what there is on every guarded account of the rows; it is used up.
    """
    for one in asked:
        for debit, credit, amount in one.rows:
            _move(kept, debit, amount, takes=chart.Guard.CREDIT)
            _move(kept, credit, amount, takes=chart.Guard.DEBIT)


def _move(kept: Kept, ref: AccountRef, amount: Money, *, takes: chart.Guard) -> None:
    left = kept.get(ref)
    if left is None:
        return
    guard = chart.account(ref.code).guard
    now_left = left - amount.minor if guard is takes else left + amount.minor
    if now_left < 0:
        raise overdrawn(ref, Money(left, ref.currency), amount)
    kept[ref] = now_left
