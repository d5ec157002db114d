"""The guards around payouts: each is taken off, and its promise must be seen broken. Every promise
holds while the guards are on.
"""

from typing import Any

import pytest
from sqlalchemy import select

from kernel.money import Money
from settlement import accounts, payouts
from settlement.dividing import hold_list
from settlement.ledger import AccountRef, Overdrawn, balance
from settlement.paying import attempts, items
from settlement.paying.items import PayoutItem
from settlement.posting import on_sqlite as to_sqlite
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.bank import banking
from tests.settlement.money import made_session as of
from tests.settlement.mutants import (
    Mutant,
    anything_goes,
    doing,
    promised,
    refused,
    unguarded,
    without_effect,
)
from tests.settlement.refunding import going_back

MERCHANT = AccountRef("2202.merchant", "org_developer")
SETTLER, CHECKER = "per_exchange_settler", "per_exchange_checker"
PART = Money(100_000)


# --- what is promised: payouts ----------------------------------------------------------


def who_asks_for_a_payout_does_not_approve_it(work_as: WorkAs) -> None:
    payout = asked(work_as)
    refused("FOUR_EYES", lambda: payouts.take(work_as(SETTLER), payout.id, "approve"))


def a_retired_account_gets_nothing(work_as: WorkAs) -> None:
    payout = asked(work_as)
    accounts.take(work_as("per_developer_signer"), payout.account_id, "retire", reason="x")
    of(work_as).flush()
    refused("ACCOUNT_NOT_VERIFIED", lambda: money.approved(work_as, payout))


def who_is_on_the_hold_list_is_not_paid(work_as: WorkAs) -> None:
    payout = asked(work_as)
    hold_list.put(work_as(SETTLER), "org_developer", reason="x")
    of(work_as).flush()
    refused("ON_HOLD_LIST", lambda: money.approved(work_as, payout))


def more_than_is_there_is_not_paid_out(work_as: WorkAs) -> None:
    money.verified(work_as, "org_developer", "演示·枫香科技")
    banking.earned(work_as, "org_developer", PART)
    with pytest.raises(Overdrawn):
        money.requested(work_as, amount=PART + Money(1))


def what_the_bank_returns_is_payable_again(work_as: WorkAs) -> None:
    payout = asked(work_as)
    money.approved(work_as, payout)
    banking.sent(work_as)
    line: Any = {"account": money.CUSTODY, "booked_on": going_back.TODAY}
    payouts.pay(work_as("system"), payout, bank_line_id="P1", **line)
    payouts.returned(work_as("system"), payout, bank_line_id="R1", reason="AC04", **line)
    of(work_as).flush()
    assert balance(of(work_as), MERCHANT) == PART


def each_attempt_has_a_key_of_its_own(work_as: WorkAs) -> None:
    payout = failed(work_as)
    payouts.take(work_as(SETTLER), payout.id, "retry")
    of(work_as).flush()
    assert len({one.key for one in attempts.of(of(work_as), payout.id)}) == 2


def what_failed_pays_for_nothing(work_as: WorkAs) -> None:
    going_back.settled_order(work_as, amount=PART)
    money.verified(work_as, "org_developer", "演示·枫香科技")
    payout = money.requested(work_as)
    payouts.take(work_as(CHECKER), payout.id, "cancel", reason="x")
    of(work_as).flush()
    assert not of(work_as).scalars(select(PayoutItem).where(PayoutItem.live)).all()


def asked(work_as: WorkAs) -> payouts.Payout:
    money.verified(work_as, "org_developer", "演示·枫香科技")
    banking.earned(work_as, "org_developer", PART)
    return money.requested(work_as)


def failed(work_as: WorkAs) -> payouts.Payout:
    payout = money.approved(work_as, asked(work_as))
    banking.sent(work_as)
    payouts.take(work_as(CHECKER), payout.id, "fail", reason="x")
    of(work_as).flush()
    return payout


# --- who breaks them --------------------------------------------------------------------


NO_FORESIGHT = doing(to_sqlite, "forbid_overdraft", anything_goes)
MUTANTS = {
    "a payout is approved by its maker": Mutant(
        who_asks_for_a_payout_does_not_approve_it, unguarded(payouts.LIFE, "approve", "four_eyes")
    ),
    "a payout to a retired account": Mutant(
        a_retired_account_gets_nothing, unguarded(payouts.LIFE, "approve", "_has_account")
    ),
    "a payout to who is on the hold list": Mutant(
        who_is_on_the_hold_list_is_not_paid, unguarded(payouts.LIFE, "approve", "_is_free")
    ),
    "a payout above the balance": Mutant(more_than_is_there_is_not_paid_out, NO_FORESIGHT),
    "a returned payout reads as settled": Mutant(
        what_the_bank_returns_is_payable_again, without_effect(payouts.LIFE, "return")
    ),
    "one key for all attempts": Mutant(
        each_attempt_has_a_key_of_its_own, doing(attempts, "key", lambda payout, _number: payout)
    ),
    "a failed payout still pays": Mutant(
        what_failed_pays_for_nothing, doing(items, "release", anything_goes)
    ),
}

test_a_guard_taken_off_is_noticed, test_every_promise_holds_with_its_guards = promised(MUTANTS)
