"""The tables around the books keep their own rules, whatever the program does; and each is needed:
with it off, what it refuses goes through.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel.money import Money
from settlement.metering import billing
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.bookkeeping import on_postgresql, unguard
from tests.settlement.metering import gauges
from tests.settlement.refunding import going_back
from tests.settlement.refunding.test_chargebacks import told
from tests.settlement.refunding.test_mutants import proposed
from tests.settlement.vouchers import gifts

PART = Money(100_000)

# fmt: off
CHECKS = {
    "a refund checked by its maker":
        ("refunds", "checked_by_another", "checker = maker"),
    "a large refund sent unchecked":
        ("refunds", "sent_when_checked", "state = 'sent', checker = NULL, alone_max_minor = 1"),
    "a refund that arrived on no day":
        ("refunds", "ended_on_a_day", "state = 'succeeded', checker = 'x', ended_on = NULL"),
    "a share of which more is left than there was":
        ("split_shares", "remaining_within_amount", "remaining_minor = amount_minor + 1"),
    "a share of which less than nothing is left":
        ("split_shares", "remaining_within_amount", "remaining_minor = -1"),
    "a share that is paid twice":
        ("split_shares", "claimed_within_amount", "claimed_minor = amount_minor + 1"),
    "fewer than no holds":
        ("obligations", "holds_not_negative", "holds = -1"),
    "more taken than was accepted":
        ("obligations", "taken_within_amount", "taken_minor = amount_minor + 1"),
    "a line settled by no batch":
        ("obligations", "settled_by_a_batch", "settled_on = '2026-07-10', batch_id = NULL"),
    "more held than was set aside":
        ("hold_pieces", "left_within", "left_minor = amount_minor + 1"),
    "a hold that is less than nothing":
        ("holds", "amount_not_negative", "amount_minor = -1"),
    "a batch checked by its maker":
        ("settlement_batches", "checked_by_another", "checker = maker"),
    "a batch posted unchecked":
        ("settlement_batches", "posted_when_checked", "state = 'posted', checker = NULL"),
    "a payout checked by its maker":
        ("payouts", "checked_by_another", "checker = maker"),
    "a payout sent unchecked":
        ("payouts", "sent_when_checked", "state = 'sent'"),
    "a payout paid on no day":
        ("payouts", "paid_on_a_day", "state = 'paid', checker = 'x'"),
    "more lost than was disputed":
        ("chargebacks", "lost_within", "lost_minor = amount_minor + 1"),
    "an adjustment checked by its maker":
        ("adjustments", "checked_by_another", "checker = maker"),
    "an adjustment posted unchecked":
        ("adjustments", "posted_when_checked", "state = 'posted'"),
    "an adjustment without a reason":
        ("adjustments", "reason_is_given", "reason = ''"),
    "an adjustment that rests on nothing":
        ("adjustments", "document_is_a_digest", "document = 'x'"),
    "a batch of vouchers opened by its maker":
        ("voucher_batches", "checked_by_another", "checker = maker"),
    "a batch of vouchers opened unchecked":
        ("voucher_batches", "opened_when_checked", "checker = NULL"),
    "a voucher that pays all":
        ("voucher_batches", "never_the_whole_price", "deduct_bp = 10000"),
    "a budget for less than one voucher":
        ("voucher_batches", "budget_for_one_at_least", "budget_minor = face_minor - 1"),
    "a voucher that pays more than it says":
        ("vouchers", "used_within_face",
         "used_minor = face_minor + 1, order_id = 'o', state = 'locked'"),
    "a voucher used for no order":
        ("vouchers", "used_for_an_order", "state = 'locked'"),
    "a voucher audited by who gave it":
        ("vouchers", "audited_by_another", "redeemed_by = issued_by"),
    "a voucher redeemed by nobody":
        ("vouchers", "redeemed_by_somebody", "used_minor = 1, order_id = 'o', state = 'redeemed'"),
    "use that is less than nothing":
        ("usage_buckets", "units_not_negative", "units = -1"),
    "more failures than events":
        ("usage_buckets", "failed_are_events", "failed = events + 1"),
    "an hour closed without its hash":
        ("usage_buckets", "closed_has_its_hash", "state = 'closed'"),
    "a bill of less than nothing":
        ("bills", "amount_not_negative", "amount_minor = -1"),
    "a bill that ends before it begins":
        ("bills", "days_not_reversed", "used_from = '2026-08-02', used_to = '2026-08-01'"),
}
UNIQUE = {
    "a line due twice": (
        "obligations", "ALTER TABLE obligations DROP CONSTRAINT uq_obligations_order_line_id_seq",
        "uq_obligations_order_line_id_seq",
    ),
    "a month billed twice": (
        "bills", "DROP INDEX uq_bills_one_live_per_period", "uq_bills_one_live_per_period",
    ),
}
# fmt: on


@pytest.fixture
def furnished(session: Session, work_as: WorkAs) -> Session:
    """A row in every table that is asked: an order that went all the way, and all around it."""
    going_back.settled_order(work_as, amount=PART)
    money.verified(work_as, "org_developer", "演示·枫香科技")
    money.requested(work_as, amount=Money(10_000))
    going_back.requested(work_as, 60_000)
    going_back.held(work_as, 1)
    told(work_as, "warning")
    proposed(work_as)
    gifts.claimed(work_as, gifts.opened(work_as))
    gauges.meter(session)
    gauges.told(session, ("e1", 1))
    gauges.closed(session, gauges.AUGUST)
    billing.run(work_as("system", at=gauges.AUGUST), limit=9)
    gauges.told(session, ("e2", 1), at=gauges.AUGUST)
    session.commit()
    unguard(session)
    return session


def came_of(session: Session, *statements: str) -> str:
    """Run raw SQL, undo it, and return why it was refused; nothing when it was not."""
    try:
        for statement in statements:
            session.execute(text(statement))
    except DBAPIError as error:
        return str(error.orig)
    finally:
        session.rollback()
    return ""


@contextmanager
def unchecked(session: Session, table: str, check: str) -> Iterator[list[str]]:
    """Give the statements after which the table has this rule no more."""
    if session.get_bind().dialect.name == "postgresql":
        yield [f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{check}"]
        return
    unguard(session)
    session.execute(text("PRAGMA ignore_check_constraints = ON"))
    yield []
    session.execute(text("PRAGMA ignore_check_constraints = OFF"))


def test_each_table_keeps_its_rules_and_each_rule_is_needed(furnished: Session) -> None:
    for name, (table, check, change) in CHECKS.items():
        statement, reason = f"UPDATE {table} SET {change}", f"ck_{table}_{check}"
        unguard(furnished)

        refused = came_of(furnished, statement)
        with unchecked(furnished, table, check) as off:
            passed = came_of(furnished, *off, statement)

        assert reason in refused, name
        assert reason not in passed, name


@on_postgresql
@pytest.mark.usefixtures("engines")
def test_nothing_is_there_twice_and_that_is_by_a_rule(furnished: Session) -> None:
    for name, (table, drop, reason) in UNIQUE.items():
        twin = "jsonb_build_object('id', 'twin', 'code', 'twin', 'number', 9)"
        again = f"SELECT (jsonb_populate_record(t, {twin})).* FROM {table} t LIMIT 1"
        statement = f"INSERT INTO {table} {again}"

        assert reason in came_of(furnished, statement), name
        assert came_of(furnished, drop, statement) == "", name
