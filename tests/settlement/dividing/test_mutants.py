"""The guards around shares, holds and batches: each is taken off, and its promise must be seen
broken. Every promise holds while the guards are on.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kernel.errors import Invalid
from kernel.money import Money, half_up
from settlement import batches, escrow, fsck, shares
from settlement.dividing import frozen, hold_list, obligations
from settlement.dividing.obligations import Obligation
from settlement.dividing.settled import SplitShare
from settlement.holding import holds
from settlement.ledger import AccountRef, balance
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.money import made_session as of
from tests.settlement.mutants import (
    Mutant,
    anything_goes,
    both,
    doing,
    promised,
    refused,
    taken_from,
    unguarded,
)
from tests.settlement.refunding import going_back

MERCHANT = AccountRef("2202.merchant", "org_developer")
SETTLER, CHECKER = "per_exchange_settler", "per_exchange_checker"
PART = Money(100_000)


def the_shares_of_a_sale_add_up_to_its_price(work_as: WorkAs) -> None:
    for fen in (3, 1_007, 99_999):
        going_back.settled_order(work_as, f"ord_{fen}", Money(fen))
    assert fsck.check(of(work_as)) == ()
    assert sum(one.amount_minor for one in of(work_as).scalars(select(SplitShare))) == 101_009


def shares_that_leave_something_over_are_no_rule(_work_as: WorkAs) -> None:
    parties = (shares.Party("2202.merchant", "m", 9_999),)
    with pytest.raises(Invalid):
        shares.Rule(fee_bp=300, fee_cap=None, vat_bp=600, parties=parties)


# --- what is promised: holds and batches ------------------------------------------------


def what_is_held_after_it_was_computed_is_not_posted(work_as: WorkAs) -> None:
    money.paid(work_as, amount=PART)
    money.accepted(work_as, "ord_1", money.line(amount=PART))
    batch = money.computed(work_as)
    going_back.held(work_as, 1)
    of(work_as).flush()
    batches.take(work_as(CHECKER, at=money.DUE), batch.id, "confirm")
    assert balance(of(work_as), MERCHANT) == Money(0)


def what_is_held_is_in_no_batch(work_as: WorkAs) -> None:
    money.paid(work_as, amount=PART)
    money.accepted(work_as, "ord_1", money.line(amount=PART))
    going_back.held(work_as, 1)
    with pytest.raises(batches.NothingDue):
        money.computed(work_as)


def a_hold_is_lifted_once(work_as: WorkAs) -> None:
    money.paid(work_as)
    money.accepted(work_as)
    hold = going_back.held(work_as, 1)
    holds.lift(work_as(SETTLER), hold.id, reason="x")
    of(work_as).flush()
    refused("ILLEGAL_TRANSITION", lambda: holds.lift(work_as(SETTLER), hold.id, reason="x"))


def who_is_on_the_hold_list_is_not_settled(work_as: WorkAs) -> None:
    money.paid(work_as, amount=PART)
    money.accepted(work_as, "ord_1", money.line(amount=PART))
    batch = money.computed(work_as)
    hold_list.put(work_as(SETTLER), "org_developer", reason="x")
    of(work_as).flush()
    batches.take(work_as(CHECKER, at=money.DUE), batch.id, "confirm")
    assert balance(of(work_as), MERCHANT) == Money(0)


def who_computes_a_batch_does_not_confirm_it(work_as: WorkAs) -> None:
    batch = computed(work_as)
    refused("FOUR_EYES", lambda: batches.take(work_as(SETTLER, at=money.DUE), batch.id, "confirm"))


def what_the_checker_did_not_see_is_not_posted(work_as: WorkAs) -> None:
    batch, session = computed(work_as), of(work_as)
    session.execute(update(Obligation).values(taken_minor=1))
    session.expire_all()
    checker = work_as(CHECKER, at=money.DUE)
    refused("INPUT_CHANGED", lambda: batches.take(checker, batch.id, "confirm"))


def what_is_charged_later_is_settled_later(work_as: WorkAs) -> None:
    money.paid(work_as, amount=Money(100_001))
    money.accepted(work_as, "ord_1", money.line(amount=PART))
    batch = money.computed(work_as)
    money.accepted(work_as, "ord_1", money.line(amount=Money(1), seq=2))
    batches.take(work_as(CHECKER, at=money.DUE), batch.id, "confirm")
    left = {one.seq: one.state for one in escrow.of_order(of(work_as), "ord_1")}
    assert left == {1: obligations.State.SETTLED, 2: obligations.State.OPEN}


def computed(work_as: WorkAs) -> batches.SettlementBatch:
    money.paid(work_as, amount=PART)
    money.accepted(work_as, "ord_1", money.line(amount=PART))
    return money.computed(work_as)


# --- who breaks them --------------------------------------------------------------------


def each_on_its_own(total: Money, weights: Sequence[int]) -> list[Money]:
    """Round each share by itself."""
    return [Money(half_up(total.minor * weight, sum(weights))) for weight in weights]


def whatever_is_open(
    session: Session, batch_id: str, *, after: str = "", limit: int, **_more: Any
) -> list[Obligation]:
    """Ask again what is open when it is time to post: the late ones are there as well."""
    late = select(Obligation).where(Obligation.settled_on.is_(None), Obligation.id > after)
    found = list(session.scalars(late.order_by(Obligation.id).limit(limit)))
    for one in found:
        one.batch_id = batch_id
    return found


def nothing_is_locked(_session: Session, _orders: Iterable[str]) -> list[Obligation]:
    return []


MUTANTS = {
    "shares rounded one by one": Mutant(
        the_shares_of_a_sale_add_up_to_its_price, doing(shares, "share", each_on_its_own)
    ),
    "shares of less than the whole": Mutant(
        shares_that_leave_something_over_are_no_rule,
        doing(shares.Rule, "__post_init__", anything_goes),
    ),
    "what was held meanwhile is posted": Mutant(
        what_is_held_after_it_was_computed_is_not_posted,
        doing(batches, "_ready", lambda *_: True),
    ),
    "a hold is not counted": Mutant(
        what_is_held_is_in_no_batch, doing(escrow, "locked", nothing_is_locked)
    ),
    "a hold is lifted twice": Mutant(
        a_hold_is_lifted_once, taken_from(holds.LIFE, "lift", frozen.State.LIFTED)
    ),
    "the hold list is not asked when posting": Mutant(
        who_is_on_the_hold_list_is_not_settled,
        doing(hold_list, "stopped", lambda *_: frozenset()),
    ),
    "a batch is confirmed by its maker": Mutant(
        who_computes_a_batch_does_not_confirm_it, unguarded(batches.LIFE, "confirm", "four_eyes")
    ),
    "a batch is posted unseen": Mutant(
        what_the_checker_did_not_see_is_not_posted,
        unguarded(batches.LIFE, "confirm", "_is_unchanged"),
    ),
    "the query runs again when posting": Mutant(
        what_is_charged_later_is_settled_later,
        both(
            doing(obligations, "of_batch", whatever_is_open),
            doing(batches, "_ready", lambda *_: True),
            doing(batches, "_as_drafted", lambda *_: True),
        ),
    ),
}

test_a_guard_taken_off_is_noticed, test_every_promise_holds_with_its_guards = promised(MUTANTS)
