"""The guards around refunds, disputes and adjustments: each is taken off, and its promise must be
seen broken. Every promise holds while the guards are on.
"""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from kernel.errors import Invalid
from kernel.money import Money, half_up
from settlement import escrow
from settlement.dividing.settled import SplitShare
from settlement.ledger import AccountRef, balance
from settlement.refunding import adjustments, chargebacks, disputes, refunds, takings
from settlement.refunding.adjustments import Adjustment
from settlement.refunding.refunds import NotRefundable
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.money import made_session as of
from tests.settlement.mutants import (
    Mutant,
    anything_goes,
    doing,
    promised,
    refused,
    taken_from,
    unguarded,
)
from tests.settlement.refunding import going_back
from tests.settlement.refunding.test_chargebacks import moved, settled_by_card, told

MERCHANT = AccountRef("2202.merchant", "org_developer")
SETTLER, CHECKER = "per_exchange_settler", "per_exchange_checker"
PART = Money(100_000)


# --- what is promised: refunds and shares -----------------------------------------------


def who_asks_for_a_refund_does_not_approve_it(work_as: WorkAs) -> None:
    money.paid(work_as)
    refund = going_back.requested(work_as, 60_000)
    refused("FOUR_EYES", lambda: refunds.take(work_as(SETTLER), refund.id, "approve"))


def nothing_is_approved_while_the_provider_disputes_it(work_as: WorkAs) -> None:
    money.paid(work_as, amount=PART)
    refund = going_back.requested(work_as, 60_000)
    told(work_as, "warning")
    refused("DISPUTE_OPEN", lambda: going_back.approved(work_as, refund))


def nothing_is_asked_for_while_the_provider_disputes_it(work_as: WorkAs) -> None:
    going_back.paid_by_card(work_as, amount=PART)
    told(work_as, "warning")
    with pytest.raises(NotRefundable, match="dispute"):
        going_back.requested(work_as, 1)


def of_one_line_no_more_goes_back_than_it_cost(work_as: WorkAs) -> None:
    money.paid(work_as, amount=PART)
    half = Money(50_000)
    money.accepted(work_as, "ord_1", money.line("orl_1", half), money.line("orl_2", half))
    with pytest.raises(NotRefundable):
        going_back.requested(work_as, 50_001, order_line_id="orl_2")


def a_refund_that_was_sent_is_not_withdrawn(work_as: WorkAs) -> None:
    money.paid(work_as)
    refund = going_back.sent(work_as, going_back.requested(work_as, 50_000))
    checker = work_as(CHECKER)
    refused("ILLEGAL_TRANSITION", lambda: refunds.take(checker, refund.id, "cancel", reason="x"))


def any_run_of_refunds_ends_at_exact_zeros(work_as: WorkAs) -> None:
    going_back.settled_order(work_as, amount=Money(1_007))
    for fen in (7, 1, 500, 332, 167):
        going_back.requested(work_as, fen, fee_refund=True)
    assert not any(share.remaining_minor for share in of(work_as).scalars(select(SplitShare)))


# --- what is promised: disputes and adjustments -----------------------------------------


def a_word_moves_no_money(work_as: WorkAs) -> None:
    settled_by_card(work_as)
    told(work_as, "lost")
    assert balance(of(work_as), AccountRef("1221.dispute", "dp_1")) == Money(0)
    assert escrow.explain(of(work_as), "ord_1").refunded == Money(0)


def an_end_is_an_end(work_as: WorkAs) -> None:
    settled_by_card(work_as)
    told(work_as, "won")
    assert told(work_as, "needs_response").state == disputes.State.WON


def what_is_lost_is_borne_once(work_as: WorkAs) -> None:
    settled_by_card(work_as)
    told(work_as, "lost")
    moved(work_as, "withdrawn")
    assert told(work_as, "lost").lost_minor == 100_000
    assert balance(of(work_as), AccountRef("1221.dispute", "dp_1")) == Money(0)


def who_proposes_an_adjustment_does_not_post_it(work_as: WorkAs) -> None:
    made = proposed(work_as)
    refused("FOUR_EYES", lambda: adjustments.take(work_as(SETTLER), made.id, "approve"))


def an_adjustment_moves_only_what_it_may(work_as: WorkAs) -> None:
    with pytest.raises(Invalid):
        proposed(work_as, credit=AccountRef("1012.custody", money.CUSTODY))


def an_adjustment_rests_on_a_document(work_as: WorkAs) -> None:
    with pytest.raises(Invalid):
        proposed(work_as, document="a letter")


def proposed(work_as: WorkAs, **changed: Any) -> Adjustment:
    kind = adjustments.Kind.WRITE_OFF
    (debit, credit), *_ = kind.pairs
    said: dict[str, Any] = {
        "kind": kind, "debit": AccountRef(debit), "credit": AccountRef(credit, "org_developer"),
        "amount": Money(1), "reason": "x", "document": "0" * 64, **changed,
    }  # fmt: skip
    made = adjustments.propose(work_as(SETTLER), **said)
    of(work_as).flush()
    return made


# --- who breaks them --------------------------------------------------------------------


def running_totals(items_: Sequence[Any], left: Sequence[Money], most: int) -> list[Any]:
    """Split anew what was taken in all, as if shares could not shrink by that."""
    there = sum(one.minor for one in left)
    if most <= 0 or not there:
        return []
    parts = [half_up(one.minor * min(most, there), there) for one in left]
    return [(item, part) for item, part in zip(items_, parts, strict=True) if part]


MUTANTS = {
    "a refund is approved by its maker": Mutant(
        who_asks_for_a_refund_does_not_approve_it, unguarded(refunds.LIFE, "approve", "four_eyes")
    ),
    "a refund is approved in a dispute": Mutant(
        nothing_is_approved_while_the_provider_disputes_it,
        unguarded(refunds.LIFE, "approve", "_no_dispute"),
    ),
    "no dispute bars a refund": Mutant(
        nothing_is_asked_for_while_the_provider_disputes_it,
        doing(disputes, "refusal", anything_goes),
    ),
    "one line lends to the other": Mutant(
        of_one_line_no_more_goes_back_than_it_cost,
        doing(takings._Desk, "from_waiting", lambda _self, most: most),
    ),
    "what was sent is withdrawn": Mutant(
        a_refund_that_was_sent_is_not_withdrawn,
        taken_from(refunds.LIFE, "cancel", refunds.State.SENT),
    ),
    "refunds rounded share by share": Mutant(
        any_run_of_refunds_ends_at_exact_zeros, doing(takings, "_spread", running_totals)
    ),
    "a dispute is borne by its word": Mutant(
        a_word_moves_no_money,
        lambda _, patch: patch.setattr(chargebacks, "min", lambda *found: found[-1], raising=False),
    ),
    "a dispute begins again": Mutant(
        an_end_is_an_end, taken_from(disputes.LIFE, "ask", disputes.State.WON)
    ),
    "a loss is forgotten": Mutant(
        what_is_lost_is_borne_once,
        doing(chargebacks, "_bear", anything_goes),
    ),
    "an adjustment is posted by its maker": Mutant(
        who_proposes_an_adjustment_does_not_post_it,
        unguarded(adjustments.LIFE, "approve", "four_eyes"),
    ),
    "an adjustment between any accounts": Mutant(
        an_adjustment_moves_only_what_it_may, doing(adjustments, "_check_accounts", anything_goes)
    ),
    "an adjustment without a document": Mutant(
        an_adjustment_rests_on_a_document, doing(adjustments, "_DIGEST", re.compile(".*"))
    ),
}

test_a_guard_taken_off_is_noticed, test_every_promise_holds_with_its_guards = promised(MUTANTS)
